/*
 * test_core_op_pipe.c - reading, writing and polling of pipes, terminals and
 * sockets, whose blocking is hidden.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* --- pipes and terminals --------------------------------------------- */

static void a_pipe_is_read_and_ends(struct loop *loop)
{
    struct seen s = {0};
    char memory[64];
    const struct iovec iov = {memory, sizeof memory};
    int ends[2];
    seen_pipe(ends);
    assert_int_equal(loop_read(loop, &s.op, ends[0], iov, seen_note, NULL), 0);
    seen_passes(loop, 3);
    assert_int_equal(s.last, 0); /* hidden: the pipe said EAGAIN */
    seen_feed(ends[1], 0, 100);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, 64);
    assert_memory_equal(memory, seen_text(), 64);
    s = (struct seen){0};
    assert_int_equal(loop_read(loop, &s.op, ends[0], iov, seen_note, NULL), 0);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, 36);
    assert_memory_equal(memory, seen_text() + 64, 36);
    s = (struct seen){0};
    assert_int_equal(loop_read(loop, &s.op, ends[0], iov, seen_note, NULL), 0);
    close(ends[1]);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, 0);
    loop_close(loop, ends[0]);
}

/* Also where the queue of uring, which has 256 places, is full in between. */
static void a_read_is_cancelled_behind_many_others(struct loop *loop)
{
    enum { FIRST = 250, LAST = 260 };
    struct seen others[LAST] = {0}, s = {0};
    int pairs[LAST][2], ends[2];
    char memory[64];
    const struct iovec iov = {memory, sizeof memory};
    seen_pipe(ends);
    for (int i = 0; i < LAST; i++)
        each_pair(pairs[i]);
    for (int n = FIRST; n < LAST; n++) {
        for (int i = 0; i < n; i++) {
            others[i] = (struct seen){0};
            loop_recv(loop, &others[i].op, pairs[i][0], seen_note, NULL);
        }
        s = (struct seen){0};
        loop_read(loop, &s.op, ends[0], iov, seen_note, NULL);
        loop_cancel(&s.op);
        seen_until_last(loop, &s);
        assert_int_equal(s.result, -ECANCELED);
        seen_passes(loop, 1); /* and no other callback comes */
        for (int i = 0; i < n; i++)
            loop_cancel(&others[i].op);
        for (int i = 0; i < n; i++)
            seen_until_last(loop, &others[i]);
    }
    for (int i = 0; i < LAST; i++)
        seen_close_pair(loop, pairs[i]);
    seen_close_pair(loop, ends);
}

static void more_than_a_pipe_holds_is_written_whole(struct loop *loop)
{
    struct seen s = {0};
    int ends[2];
    seen_pipe(ends);
    assert_int_equal(
        loop_write(loop, &s.op, ends[1], seen_much(), seen_note, NULL), 0);
    seen_passes(loop, 3);
    assert_int_equal(s.last, 0);
    size_t got = 0;
    while (got < SEEN_MUCH) {
        seen_passes(loop, 1);
        got += seen_drain(ends[0], got);
    }
    seen_until_last(loop, &s);
    assert_int_equal(s.result, SEEN_MUCH);
    seen_close_pair(loop, ends);
}

static void a_write_cancelled_half_way_says_how_far_it_got(struct loop *loop)
{
    struct seen s = {0};
    int ends[2];
    seen_pipe(ends);
    assert_int_equal(
        loop_write(loop, &s.op, ends[1], seen_much(), seen_note, NULL), 0);
    seen_passes(loop, 3);
    loop_cancel(&s.op);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -ECANCELED);
    assert_int_equal(s.op.done, seen_drain(ends[0], 0));
    assert_true(s.op.done > 0);
    seen_close_pair(loop, ends);
}

static void a_pipe_without_reader_is_an_error(struct loop *loop)
{
    struct seen s = {0};
    int ends[2];
    signal(SIGPIPE, SIG_IGN); /* as programs do that write to pipes */
    seen_pipe(ends);
    assert_int_equal(
        loop_write(loop, &s.op, ends[1], seen_much(), seen_note, NULL), 0);
    seen_passes(loop, 3);
    close(ends[0]);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -EPIPE);
    assert_true(s.op.done > 0 && s.op.done < SEEN_MUCH);
    loop_close(loop, ends[1]);
    signal(SIGPIPE, SIG_DFL);
}

/* A socket can be read and written as a pipe is. */
static void a_socket_is_read_and_written(struct loop *loop)
{
    struct seen in = {0}, out = {0};
    char *memory = base_alloc(SEEN_MUCH);
    size_t got = 0;
    int pair[2];
    seen_tcp_pair(pair);
    loop_write(loop, &out.op, pair[1], seen_much(), seen_note, NULL);
    while (got < SEEN_MUCH) {
        const struct iovec rest = {memory + got, SEEN_MUCH - got};
        in = (struct seen){0};
        loop_read(loop, &in.op, pair[0], rest, seen_note, NULL);
        seen_until_last(loop, &in);
        assert_true(in.result > 0);
        got += (size_t)in.result;
    }
    assert_memory_equal(memory, seen_text(), SEEN_MUCH);
    seen_until_last(loop, &out);
    assert_int_equal(out.result, SEEN_MUCH);
    free(memory);
    seen_close_pair(loop, pair);
}

/* read(2) gives one line at a time: a short read says nothing of the next. */
static void all_lines_of_a_terminal_are_read(struct loop *loop)
{
    char memory[64];
    const struct iovec iov = {memory, sizeof memory};
    const int keyboard = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_int_not_equal(keyboard, -1);
    assert_int_equal(grantpt(keyboard) | unlockpt(keyboard), 0);
    const int fd =
        open(ptsname(keyboard), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    assert_int_not_equal(fd, -1);
    assert_int_equal(write(keyboard, "one\ntwo\nthree\n", 14), 14);
    const char *const lines[] = {"one\n", "two\n", "three\n"};
    for (int i = 0; i < 3; i++) {
        struct seen s = {0};
        loop_read(loop, &s.op, fd, iov, seen_note, NULL);
        seen_until_last(loop, &s);
        assert_int_equal(s.result, strlen(lines[i]));
        assert_memory_equal(memory, lines[i], strlen(lines[i]));
    }
    loop_close(loop, fd);
    seen_passes(loop, 2);
    close(keyboard);
}

/* --- polling --------------------------------------------------------- */

static void readiness_is_told_once_a_poll(struct loop *loop)
{
    int pair[2];
    char byte;
    each_pair(pair);
    for (int i = 0; i < 3; i++) {
        struct seen in = {0}, out = {0};
        loop_poll(loop, &in.op, pair[0], LOOP_READ, seen_note, NULL);
        loop_poll(loop, &out.op, pair[0], LOOP_WRITE, seen_note, NULL);
        seen_until_last(loop, &out);
        assert_int_equal(out.result, LOOP_WRITE);
        seen_passes(loop, 2);
        assert_int_equal(in.last, 0);
        seen_feed(pair[1], 0, 2);
        seen_until_last(loop, &in);
        assert_int_equal(in.result, LOOP_READ);
        assert_int_equal(read(pair[0], &byte, 1), 1); /* one is left: */
        in = (struct seen){0};
        loop_poll(loop, &in.op, pair[0], LOOP_READ, seen_note, NULL);
        seen_until_last(loop, &in);
        assert_int_equal(read(pair[0], &byte, 1), 1);
    }
    struct seen end = {0};
    loop_poll(loop, &end.op, pair[0], LOOP_READ, seen_note, NULL);
    seen_passes(loop, 1);
    close(pair[1]);
    seen_until_last(loop, &end);
    assert_int_equal(end.result, LOOP_READ);
    loop_close(loop, pair[0]);
}

static void a_poll_is_for_one_event(struct loop *loop)
{
    struct seen s = {0};
    const unsigned both = LOOP_READ | LOOP_WRITE;
    int pair[2];
    each_pair(pair);
    assert_int_equal(loop_poll(loop, &s.op, pair[0], both, seen_note, NULL),
                     -EINVAL);
    assert_int_equal(loop_poll(loop, &s.op, pair[0], 0, seen_note, NULL),
                     -EINVAL);
    seen_close_pair(loop, pair);
    assert_int_equal(s.last, 0);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_pipe_is_read_and_ends),
        EACH(a_read_is_cancelled_behind_many_others),
        EACH(more_than_a_pipe_holds_is_written_whole),
        EACH(a_write_cancelled_half_way_says_how_far_it_got),
        EACH(a_pipe_without_reader_is_an_error),
        EACH(a_socket_is_read_and_written),
        EACH(all_lines_of_a_terminal_are_read),
        EACH(readiness_is_told_once_a_poll),
        EACH(a_poll_is_for_one_event),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
