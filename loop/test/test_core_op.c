/*
 * test_core_op.c - the life of operations, whatever they do: that each ends
 * with one last callback: cancelled, closed or with the loop. Starts that are
 * refused are in test_core_op_start.c; what the single kinds do in
 * test_core_op_stream.c, test_core_op_pipe.c and test_core_op_accept.c.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const struct base_slice hello = {"hello", 5};

static void close_both(struct loop *loop, const int pair[2])
{
    loop_close(loop, pair[0]);
    loop_close(loop, pair[1]);
    seen_passes(loop, 3);
}

/* --- cancelling ---------------------------------------------------------- */

enum { KINDS = 8 };

/* Starts an operation of each kind that has to wait; pair[1] is its peer. */
static void start_waiting(struct loop *loop, struct seen *s, int kind, int fd,
                          char *memory)
{
    const struct iovec iov = {memory, 1};
    int error = -1;
    if (kind == 0)
        error = loop_accept(loop, &s->op, fd, seen_note, NULL);
    else if (kind == 1)
        error = loop_recv(loop, &s->op, fd, seen_note, NULL);
    else if (kind == 2)
        error = loop_read(loop, &s->op, fd, iov, seen_note, NULL);
    else if (kind == 3)
        error = loop_poll(loop, &s->op, fd, LOOP_READ, seen_note, NULL);
    else if (kind == 4)
        error = loop_poll(loop, &s->op, fd, LOOP_WRITE, seen_note, NULL);
    else if (kind == 5)
        error = loop_send(loop, &s->op, fd, hello, seen_note, NULL);
    else if (kind == 6)
        error = loop_write(loop, &s->op, fd, hello, seen_note, NULL);
    else
        error = loop_read(loop, &s->op, fd, iov, seen_note, NULL);
    assert_int_equal(error, 0);
}

/* A socket on which an operation of that kind waits for ever. */
static void waiting_pair(int kind, int pair[2])
{
    struct sockaddr_storage addr;
    socklen_t len;
    if (kind >= 6) {
        seen_pipe(pair);
        const int end = pair[0];
        pair[0] = kind == 6 ? pair[1] : end;
        pair[1] = kind == 6 ? end : pair[1];
    } else {
        each_pair(pair);
    }
    if (kind == 0) {
        close(pair[0]);
        pair[0] = each_listener(&addr, &len);
    }
    char much[4096] = {0};
    while (kind >= 4 && kind <= 6 && write(pair[0], much, sizeof much) > 0)
        ;
}

static void all_kinds_can_be_cancelled(struct loop *loop)
{
    for (int kind = 0; kind < KINDS; kind++)
        for (int passes = 0; passes < 2; passes++) {
            struct seen s = {0};
            int pair[2];
            char memory[1];
            waiting_pair(kind, pair);
            start_waiting(loop, &s, kind, pair[0], memory);
            seen_passes(loop, passes); /* the kernel knows of it, or not */
            loop_cancel(&s.op);
            loop_cancel(&s.op);
            assert_int_equal(s.last, 0);
            seen_until_last(loop, &s);
            assert_int_equal(s.result, -ECANCELED);
            assert_int_equal(s.progress, 0);
            loop_cancel(&s.op); /* harmless now */
            close_both(loop, pair);
        }
}

static void closing_cancels_all_kinds(struct loop *loop)
{
    for (int kind = 0; kind < KINDS; kind++)
        for (int passes = 0; passes < 2; passes++) {
            struct seen s = {0};
            int pair[2];
            char memory[1];
            waiting_pair(kind, pair);
            start_waiting(loop, &s, kind, pair[0], memory);
            seen_passes(loop, passes);
            assert_int_equal(loop_close(loop, pair[0]), 0);
            assert_int_equal(s.last, 0);
            seen_until_last(loop, &s);
            assert_int_equal(s.result, -ECANCELED);
            assert_int_equal(fcntl(pair[0], F_GETFD), -1); /* it is closed */
            close(pair[1]);
        }
}

static void cancel_self(struct seen *s, ssize_t result)
{
    (void)result;
    if (s->op.more)
        loop_cancel(&s->op);
}

static void an_operation_may_cancel_itself(struct loop *loop)
{
    struct seen s = {.then = cancel_self};
    int pair[2];
    char bytes[10];
    each_pair(pair);
    assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), 0);
    seen_pattern(bytes, sizeof bytes, 0);
    assert_int_equal(write(pair[1], bytes, 10), 10);
    seen_until_last(loop, &s);
    assert_int_equal(s.progress, 1);
    assert_int_equal(s.result, -ECANCELED);
    assert_int_equal(write(pair[1], bytes, 10), 10); /* nobody reads it */
    seen_passes(loop, 3);
    close_both(loop, pair);
}

static void close_self(struct seen *s, ssize_t result)
{
    (void)result;
    if (s->op.more)
        loop_close(s->op.loop, s->op.fd);
}

static void an_operation_may_close_its_descriptor(struct loop *loop)
{
    struct seen s = {.then = close_self};
    int pair[2];
    char byte;
    seen_pattern(&byte, 1, 0);
    each_pair(pair);
    assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), 0);
    assert_int_equal(write(pair[1], &byte, 1), 1);
    seen_until_last(loop, &s);
    assert_int_equal(s.progress, 1);
    assert_int_equal(s.result, -ECANCELED);
    assert_int_equal(fcntl(pair[0], F_GETFD), -1);
    close(pair[1]);
}

/* --- a batch that changes under one's hands ------------------------------- */

/* Two connections with bytes; the first to be called closes the other one and
 * gives its number to a socket that connects, and will never get there. */
struct batch {
    struct seen of[2], successor;
    int fds[2], third;
    struct sockaddr_storage full; /* listens and has no room */
    socklen_t len;
    int calls;
};

static void take_over(struct batch *b, int victim)
{
    struct loop *loop = loop_current();
    loop_close(loop, b->fds[victim]);
    if (strcmp(loop_backend(loop), "uring") == 0)
        return; /* there the number is free after this pass */
    assert_int_equal(dup2(b->third, b->fds[victim]), b->fds[victim]);
    assert_int_equal(loop_connect(loop, &b->successor.op, b->fds[victim],
                                  (struct sockaddr *)&b->full, b->len,
                                  seen_note, NULL),
                     0);
}

static void on_batch(struct seen *s, ssize_t result)
{
    struct batch *b = s->arg;
    if (result > 0 && b->calls++ == 0)
        take_over(b, s == &b->of[0]);
}

/* Its writability would look like the end of connecting. */
static void
an_event_of_a_closed_descriptor_does_not_reach_its_successor(struct loop *loop)
{
    struct batch b = {.third = seen_tcp_socket()};
    int peers[2];
    const int listener = each_listener(&b.full, &b.len);
    const int guest = seen_tcp_socket();
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(connect(guest, (struct sockaddr *)&b.full, b.len), -1);
    for (int i = 0; i < 2; i++) {
        int pair[2];
        each_pair(pair);
        b.fds[i] = pair[0];
        peers[i] = pair[1];
        seen_reset(&b.of[i], on_batch, &b);
        loop_recv(loop, &b.of[i].op, b.fds[i], seen_note, NULL);
    }
    seen_passes(loop, 1);
    char byte;
    seen_pattern(&byte, 1, 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(write(peers[i], &byte, 1), 1);
    seen_passes(loop, 4);
    assert_int_equal(b.of[0].progress + b.of[1].progress, b.calls);
    if (strcmp(loop_backend(loop), "uring") != 0)
        assert_int_equal(b.calls, 1); /* bytes may be on their way there */
    assert_int_equal(b.of[0].last + b.of[1].last, 1);
    assert_int_equal(b.successor.last, 0);
    loop_close(loop, b.fds[0]);
    loop_close(loop, b.fds[1]);
    close_both(loop, peers);
    assert_int_equal(b.of[0].last + b.of[1].last, 2);
    close(b.third);
    close(guest);
    close(listener);
}

/* A number that is given out anew at once starts with a clean slate. */
static void a_number_may_be_used_again_and_again(struct loop *loop)
{
    for (int i = 0; i < 200; i++) {
        struct seen in = {0}, out = {0};
        int pair[2];
        seen_tcp_pair(pair);
        assert_int_equal(loop_recv(loop, &in.op, pair[0], seen_note, NULL), 0);
        char byte;
        seen_pattern(&byte, 1, 0);
        const struct base_slice one = {&byte, 1};
        assert_int_equal(loop_send(loop, &out.op, pair[1], one, seen_note, 0),
                         0);
        seen_until_bytes(loop, &in, 1);
        assert_int_equal(out.result, 1);
        loop_close(loop, pair[1]);
        if (i % 2 == 0)
            seen_until_last(loop, &in);
        loop_close(loop, pair[0]);
        seen_until_last(loop, &in);
        assert_false(in.wrong);
    }
}

/* --- the end -------------------------------------------------------------- */

static void restart(struct seen *s, ssize_t result)
{
    int *left = s->arg;
    if (result != 5 || (*left)-- == 0)
        return;
    s->last = 0;
    assert_int_equal(
        loop_send(loop_current(), &s->op, s->op.fd, hello, seen_note, NULL), 0);
}

static void an_operation_may_start_anew_in_its_last_callback(struct loop *loop)
{
    int left = 9, pair[2];
    struct seen s = {.then = restart, .arg = &left};
    char bytes[100];
    each_pair(pair);
    assert_int_equal(loop_send(loop, &s.op, pair[0], hello, seen_note, NULL),
                     0);
    assert_int_equal(s.last, 0); /* not from inside */
    seen_until_last(loop, &s);
    while (left >= 0)
        seen_passes(loop, 1);
    assert_int_equal(read(pair[1], bytes, sizeof bytes), 50);
    close_both(loop, pair);
}

static int freed;

static void free_self(struct seen *s, ssize_t result)
{
    (void)result;
    if (s->op.more)
        return;
    freed++;
    memset(s, 0xee, sizeof *s);
    free(s);
}

/* The address sanitizer tells if the loop still looks. */
static void memory_may_go_in_the_last_callback(struct loop *loop)
{
    freed = 0;
    for (int kind = 0; kind < KINDS; kind++)
        for (int way = 0; way < 4; way++) {
            struct seen *s = base_alloc(sizeof *s);
            int pair[2];
            static char memory[1];
            s->then = free_self;
            waiting_pair(kind, pair);
            start_waiting(loop, s, kind, pair[0], memory);
            if (way == 0)
                loop_cancel(&s->op);
            else if (way == 1)
                seen_passes(loop, 1);
            else if (way == 2 && kind != 0)
                shutdown(pair[1], SHUT_RDWR); /* an end of its own */
            seen_passes(loop, 1);
            close_both(loop, pair);
        }
    for (int i = 0; i < 100 && freed < KINDS * 4; i++)
        loop_run_once(loop, loop_now(loop) + LOOP_SECOND);
    assert_int_equal(freed, KINDS * 4);
}

static void freeing_the_loop_cancels_all_operations(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct seen s[KINDS] = {0};
    int pairs[KINDS][2];
    char memory[1];
    for (int kind = 0; kind < KINDS; kind++) {
        waiting_pair(kind, pairs[kind]);
        start_waiting(other, &s[kind], kind, pairs[kind][0], memory);
        if (kind % 2 == 0)
            seen_passes(other, 1);
    }
    assert_int_equal(loop_active(other), KINDS);
    loop_free(other);
    for (int kind = 0; kind < KINDS; kind++) {
        assert_int_equal(s[kind].last, 1);
        assert_int_equal(s[kind].result, -ECANCELED);
        close(pairs[kind][0]);
        close(pairs[kind][1]);
    }
}

static void start_another(struct seen *s, ssize_t result)
{
    assert_int_equal(result, -ECANCELED);
    s->last = 0;
    assert_int_equal(
        loop_recv(loop_current(), &s->op, s->op.fd, seen_note, NULL),
        -ESHUTDOWN);
    s->last = 1;
}

static void a_loop_that_ends_starts_nothing(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct seen s = {.then = start_another};
    int pair[2];
    each_pair(pair);
    assert_int_equal(loop_recv(other, &s.op, pair[0], seen_note, NULL), 0);
    loop_free(other);
    assert_int_equal(s.last, 1);
    close(pair[0]);
    close(pair[1]);
}

static void closing_all_ends_all_operations(struct loop *loop)
{
    struct seen s[KINDS] = {0};
    int pairs[KINDS][2];
    char memory[1];
    for (int kind = 0; kind < KINDS; kind++) {
        waiting_pair(kind, pairs[kind]);
        start_waiting(loop, &s[kind], kind, pairs[kind][0], memory);
    }
    loop_close_all(loop);
    for (int kind = 0; kind < KINDS; kind++) {
        seen_until_last(loop, &s[kind]);
        assert_int_equal(s[kind].result, -ECANCELED);
        assert_int_equal(fcntl(pairs[kind][0], F_GETFD), -1);
        close(pairs[kind][1]);
    }
    assert_int_equal(loop_active(loop), 0);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(all_kinds_can_be_cancelled),
        EACH(closing_cancels_all_kinds),
        EACH(an_operation_may_cancel_itself),
        EACH(an_operation_may_close_its_descriptor),
        EACH(an_event_of_a_closed_descriptor_does_not_reach_its_successor),
        EACH(a_number_may_be_used_again_and_again),
        EACH(an_operation_may_start_anew_in_its_last_callback),
        EACH(memory_may_go_in_the_last_callback),
        EACH(freeing_the_loop_cancels_all_operations),
        EACH(a_loop_that_ends_starts_nothing),
        EACH(closing_all_ends_all_operations),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
