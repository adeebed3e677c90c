/*
 * test_core_op_start.c - operations on what cannot do them: what is refused at
 * the start, and what the callback tells.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct base_slice hello = {"hello", 5};

static void close_both(struct loop *loop, const int pair[2])
{
    loop_close(loop, pair[0]);
    loop_close(loop, pair[1]);
    seen_passes(loop, 3);
}

/* --- starts that are refused --------------------------------------------- */

static void a_negative_descriptor_is_refused(struct loop *loop)
{
    struct seen s = {0};
    char memory[8];
    const struct iovec iov = {memory, sizeof memory};
    assert_int_equal(loop_accept(loop, &s.op, -1, seen_note, NULL), -EBADF);
    assert_int_equal(loop_recv(loop, &s.op, -1, seen_note, NULL), -EBADF);
    assert_int_equal(loop_send(loop, &s.op, -1, hello, seen_note, NULL),
                     -EBADF);
    assert_int_equal(loop_read(loop, &s.op, -1, iov, seen_note, NULL), -EBADF);
    assert_int_equal(loop_poll(loop, &s.op, INT_MIN, LOOP_READ, seen_note, 0),
                     -EBADF);
    assert_int_equal(loop_close(loop, -1), -EBADF);
    seen_passes(loop, 3);
    assert_int_equal(s.last, 0);
}

/* Either at once or by the callback, but not by a table of that size. */
static void an_absurd_descriptor_costs_no_memory(struct loop *loop)
{
    struct seen s = {0};
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    const int error = loop_recv(loop, &s.op, INT_MAX, seen_note, NULL);
    if (error == 0) {
        seen_until_last(loop, &s);
        assert_int_equal(s.result, -EBADF);
    }
    loop_close(loop, INT_MAX);
    seen_passes(loop, 1);
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 16 * 1024); /* KiB */
}

static void a_closed_descriptor_is_told(struct loop *loop)
{
    struct seen in = {0}, out = {0}, ready = {0}, line = {0};
    char memory[8];
    const struct iovec iov = {memory, sizeof memory};
    int pair[2], other[2];
    each_pair(pair);
    each_pair(other);
    close(pair[0]);
    close(other[0]);
    assert_int_equal(loop_read(loop, &line.op, other[0], iov, seen_note, NULL),
                     0);
    assert_int_equal(loop_recv(loop, &in.op, pair[0], seen_note, NULL), 0);
    assert_int_equal(loop_send(loop, &out.op, pair[0], hello, seen_note, NULL),
                     0);
    assert_int_equal(
        loop_poll(loop, &ready.op, other[0], LOOP_WRITE, seen_note, NULL), 0);
    seen_until_last(loop, &in);
    seen_until_last(loop, &out);
    seen_until_last(loop, &ready);
    seen_until_last(loop, &line);
    assert_int_equal(line.result, -EBADF);
    assert_int_equal(in.result, -EBADF);
    assert_int_equal(out.result, -EBADF);
    assert_int_equal(ready.result, -EBADF);
    close(pair[1]);
    close(other[1]);
}

static void a_second_reader_or_writer_is_refused(struct loop *loop)
{
    struct seen in = {0}, second = {0}, out = {0};
    static char much[1 << 20];
    int pair[2];
    each_pair(pair);
    assert_int_equal(loop_recv(loop, &in.op, pair[0], seen_note, NULL), 0);
    assert_int_equal(loop_recv(loop, &second.op, pair[0], seen_note, NULL),
                     -EBUSY);
    assert_int_equal(
        loop_poll(loop, &second.op, pair[0], LOOP_READ, seen_note, NULL),
        -EBUSY);
    const struct base_slice all = {much, sizeof much};
    assert_int_equal(loop_send(loop, &out.op, pair[0], all, seen_note, NULL),
                     0);
    assert_int_equal(
        loop_send(loop, &second.op, pair[0], hello, seen_note, NULL), -EBUSY);
    close_both(loop, pair);
    assert_int_equal(in.last, 1);
    assert_int_equal(out.last, 1);
    assert_int_equal(second.last, 0);
}

static void never(struct loop_watcher *w, unsigned events)
{
    (void)w;
    (void)events;
    fail();
}

static void a_descriptor_has_a_watcher_or_operations(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen s = {0};
    int pair[2];
    each_pair(pair);
    assert_int_equal(
        loop_watcher_start(loop, &w, pair[0], LOOP_READ, never, NULL), 0);
    assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), -EEXIST);
    assert_int_equal(loop_send(loop, &s.op, pair[0], hello, seen_note, NULL),
                     -EEXIST);
    loop_watcher_stop(&w);
    assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), 0);
    assert_int_equal(
        loop_watcher_start(loop, &w, pair[0], LOOP_READ, never, NULL), -EEXIST);
    close_both(loop, pair);
    assert_int_equal(s.last, 1);
}

/* The next user of the descriptor sees all that is there. */
static void watchers_and_operations_take_turns(struct loop *loop)
{
    struct loop_watcher w = {0};
    int pair[2];
    each_pair(pair);
    for (int turn = 0; turn < 3; turn++) {
        struct seen s = {0};
        char bytes[100];
        seen_pattern(bytes, sizeof bytes, 0);
        assert_int_equal(write(pair[1], bytes, sizeof bytes), sizeof bytes);
        assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), 0);
        seen_until_bytes(loop, &s, sizeof bytes);
        loop_cancel(&s.op);
        seen_until_last(loop, &s);
        assert_int_equal(s.result, -ECANCELED);
        assert_int_equal(
            loop_watcher_start(loop, &w, pair[0], LOOP_READ, never, NULL), 0);
        seen_passes(loop, 2);
        loop_watcher_stop(&w);
    }
    close_both(loop, pair);
}

static void select_refuses_a_descriptor_beyond_its_sets(struct loop *loop)
{
    struct seen s = {0};
    int pair[2];
    each_pair(pair);
    const int high = fcntl(pair[0], F_DUPFD_CLOEXEC, 1100);
    if (high == -1) {
        assert_int_equal(errno, EINVAL); /* the limit is lower */
    } else if (strcmp(loop_backend(loop), "select") == 0) {
        assert_int_equal(loop_recv(loop, &s.op, high, seen_note, NULL),
                         -ERANGE);
        assert_int_equal(loop_close(loop, high), 0);
    } else {
        assert_int_equal(loop_recv(loop, &s.op, high, seen_note, NULL), 0);
        assert_int_equal(write(pair[1], "", 1), 1);
        seen_until_bytes(loop, &s, 1);
        loop_close(loop, high);
        seen_until_last(loop, &s);
    }
    close_both(loop, pair);
}

/* epoll(7) cannot watch one; the others try, and recv(2) refuses. */
static void a_regular_file_is_told(struct loop *loop)
{
    struct seen in = {0};
    const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_not_equal(fd, -1);
    assert_int_equal(loop_recv(loop, &in.op, fd, seen_note, NULL), 0);
    seen_until_last(loop, &in);
    const bool epoll = strcmp(loop_backend(loop), "epoll") == 0;
    assert_int_equal(in.result, epoll ? -EPERM : -ENOTSOCK);
    loop_close(loop, fd);
    seen_passes(loop, 2);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_negative_descriptor_is_refused),
        EACH(an_absurd_descriptor_costs_no_memory),
        EACH(a_closed_descriptor_is_told),
        EACH(a_second_reader_or_writer_is_refused),
        EACH(a_descriptor_has_a_watcher_or_operations),
        EACH(watchers_and_operations_take_turns),
        EACH(select_refuses_a_descriptor_beyond_its_sets),
        EACH(a_regular_file_is_told),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
