/*
 * test_core_op_many.c - many operations at once: more than the queues and
 * buffers of uring hold, and none starved by another.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static char text[65536]; /* of the pattern */

/* --- many ----------------------------------------------------------------- */

struct connection {
    struct seen in, out;
    int pair[2];
};

/* As many as the back end and this process can have, up to 3,000. */
static int number_of_connections(const struct loop *loop)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (strcmp(loop_backend(loop), "select") == 0)
        return 400;
    return limit.rlim_cur < 6200 ? (int)(limit.rlim_cur - 200) / 2 : 3000;
}

static struct connection *connections_open(struct loop *loop, int n)
{
    struct connection *c = base_alloc_array((size_t)n, sizeof *c);
    for (int i = 0; i < n; i++) {
        each_pair(c[i].pair);
        assert_int_equal(
            loop_recv(loop, &c[i].in.op, c[i].pair[0], seen_note, NULL), 0);
    }
    return c;
}

struct goal {
    const struct connection *c;
    int n;
    size_t bytes;
    int last;
};

/* Of each connection so many bytes, and so many last callbacks. */
static bool is_reached(void *arg)
{
    const struct goal *g = arg;
    for (int i = 0; i < g->n; i++)
        if (g->c[i].in.bytes < g->bytes || g->c[i].in.last < g->last)
            return false;
    return true;
}

static void until(struct loop *loop, const struct connection *c, int n,
                  size_t bytes, int last)
{
    struct goal g = {c, n, bytes, last};
    each_until(loop, is_reached, &g, "all connections");
    for (int i = 0; i < n; i++) {
        assert_int_equal(c[i].in.bytes, bytes);
        assert_int_equal(c[i].in.last, last);
        assert_false(c[i].in.wrong);
    }
}

/* All at once, from other hands than the loop's. */
static void feed_all(struct connection *c, int n, size_t from, size_t len)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(write(c[i].pair[1], text + from, len), len);
}

static void thousands_of_connections_get_all_their_bytes(struct loop *loop)
{
    const int n = number_of_connections(loop);
    struct connection *c = connections_open(loop, n);
    seen_passes(loop, 2);
    feed_all(c, n, 0, 1);
    until(loop, c, n, 1, 0);
    feed_all(c, n, 1, 10000); /* two buffers of uring each */
    until(loop, c, n, 10001, 0);
    for (int i = 0; i < n; i++)
        if (i % 2 == 0)
            close(c[i].pair[1]);
        else
            loop_close(loop, c[i].pair[0]);
    until(loop, c, n, 10001, 1);
    for (int i = 0; i < n; i++) {
        assert_int_equal(c[i].in.result, i % 2 == 0 ? 0 : -ECANCELED);
        if (i % 2 == 0)
            loop_close(loop, c[i].pair[0]);
        else
            close(c[i].pair[1]);
    }
    seen_passes(loop, 3);
    free(c);
}

/* The bytes wait before anybody asks for them: more than all buffers hold. */
static void bytes_that_wait_are_more_than_the_buffers(struct loop *loop)
{
    enum { N = 100, LEN = 50000 };
    struct connection *c = base_alloc_array(N, sizeof *c);
    for (int i = 0; i < N; i++)
        each_pair(c[i].pair);
    feed_all(c, N, 0, LEN);
    for (int i = 0; i < N; i++)
        assert_int_equal(
            loop_recv(loop, &c[i].in.op, c[i].pair[0], seen_note, NULL), 0);
    until(loop, c, N, LEN, 0);
    for (int i = 0; i < N; i++)
        loop_cancel(&c[i].in.op);
    until(loop, c, N, LEN, 1);
    for (int i = 0; i < N; i++) {
        loop_close(loop, c[i].pair[0]);
        close(c[i].pair[1]);
    }
    seen_passes(loop, 3);
    free(c);
}

/* Started, sent and cancelled in one go: the queue of uring overflows. */
static void thousands_of_starts_and_cancels_in_one_go(struct loop *loop)
{
    const int n = number_of_connections(loop);
    const struct base_slice data = {text, 100};
    struct connection *c = connections_open(loop, n);
    for (int i = 0; i < n; i++) {
        loop_send(loop, &c[i].out.op, c[i].pair[1], data, seen_note, NULL);
        if (i % 3 == 0)
            loop_cancel(&c[i].in.op);
    }
    for (int i = 0; i < n; i++) {
        seen_until_last(loop, &c[i].out);
        assert_int_equal(c[i].out.result, 100);
        if (i % 3 == 0)
            seen_until_last(loop, &c[i].in);
        else
            seen_until_bytes(loop, &c[i].in, 100);
    }
    loop_close_all(loop);
    for (int i = 0; i < n; i++)
        seen_until_last(loop, &c[i].in);
    for (int i = 0; i < n; i++) {
        loop_close(loop, c[i].pair[1]);
        if (i % 3 == 0) /* it had no operation any more */
            loop_close(loop, c[i].pair[0]);
    }
    seen_passes(loop, 3);
    assert_int_equal(loop_active(loop), 0);
    free(c);
}

static void freeing_ends_thousands(struct loop *loop)
{
    struct loop *other = each_other(loop);
    const int n = number_of_connections(loop);
    struct connection *c = connections_open(other, n);
    seen_passes(other, 1);
    feed_all(c, n / 2, 0, 1);
    loop_free(other);
    for (int i = 0; i < n; i++) {
        assert_int_equal(c[i].in.last, 1);
        assert_int_equal(c[i].in.result, -ECANCELED);
        close(c[i].pair[0]);
        close(c[i].pair[1]);
    }
    free(c);
}

/* --- fairness ------------------------------------------------------------- */

/* Its own callback keeps it full, so that no receive drains it. */
static void feed_itself(struct seen *s, ssize_t result)
{
    const int peer = *(int *)s->arg;
    while (result > 0 && write(peer, text, sizeof text) > 0)
        ;
}

static void a_busy_connection_does_not_starve_another(struct loop *loop)
{
    enum { PASSES = 100 };
    int busy_pair[2], pair[2];
    each_pair(busy_pair);
    each_pair(pair);
    struct seen busy = {.then = feed_itself, .arg = &busy_pair[1]};
    struct seen quiet = {0};
    loop_recv(loop, &busy.op, busy_pair[0], seen_note, NULL);
    loop_recv(loop, &quiet.op, pair[0], seen_note, NULL);
    feed_itself(&busy, 1);
    for (int i = 0; i < PASSES; i++) {
        const int before = busy.progress;
        assert_int_equal(write(pair[1], text + i, 1), 1);
        seen_passes(loop, 1);
        assert_true(busy.progress - before <= 64); /* and a pass ends */
    }
    seen_passes(loop, 1);
    assert_true(busy.progress > PASSES / 2);
    assert_int_equal(quiet.bytes, PASSES);
    assert_true(quiet.progress > PASSES / 2);
    for (int i = 0; i < 2; i++) {
        loop_close(loop, busy_pair[i]);
        loop_close(loop, pair[i]);
    }
    seen_until_last(loop, &busy);
    seen_until_last(loop, &quiet);
}

/* A timer and a deferred call have their turn in each pass as well. */
static void count(struct loop_timer *t)
{
    ++*(int *)t->arg;
    loop_timer_again(t, 0);
}

static void send_again(struct seen *s, ssize_t result)
{
    assert_int_equal(result, 1);
    s->last = 0;
    s->progress++;
    const struct base_slice one = {text, 1};
    loop_send(loop_current(), &s->op, s->op.fd, one, seen_note, NULL);
}

static void a_sender_without_end_does_not_starve_timers(struct loop *loop)
{
    enum { PASSES = 100 };
    struct seen sender = {.then = send_again};
    struct loop_timer timer = {0};
    const struct base_slice one = {text, 1};
    int pair[2], beats = 0;
    each_pair(pair);
    loop_timer_start(loop, &timer, 0, count, &beats);
    loop_send(loop, &sender.op, pair[0], one, seen_note, NULL);
    seen_passes(loop, PASSES);
    assert_int_equal(beats, PASSES);
    assert_true(sender.progress > PASSES / 2);
    assert_true(sender.progress <= 64 * PASSES);
    loop_timer_stop(&timer);
    sender.then = NULL;
    loop_close(loop, pair[0]);
    seen_until_last(loop, &sender);
    loop_close(loop, pair[1]);
    seen_passes(loop, 2);
}

static void send_once_more(struct seen *s, ssize_t result)
{
    assert_int_equal(result, 1);
    const struct base_slice second = {text + 1, 1};
    const int fd = s->op.fd;
    *s = (struct seen){0};
    loop_send(loop_current(), &s->op, fd, second, seen_note, NULL);
}

/*
 * Sends come and go, in a callback and between: of a descriptor that waits to
 * read nothing else is told.
 */
static void a_send_makes_one_event_at_most(struct loop *loop)
{
    enum { ROUNDS = 50, SLACK = 10 };
    struct seen in = {0}, out = {0};
    const struct base_slice one = {text, 1};
    int pair[2];
    each_pair(pair);
    loop_recv(loop, &in.op, pair[0], seen_note, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        out = (struct seen){.then = send_once_more};
        loop_send(loop, &out.op, pair[0], one, seen_note, NULL);
        seen_until_last(loop, &out);
        assert_int_equal(seen_drain(pair[1], 0), 2);
        seen_passes(loop, 2);
    }
    assert_true(loop_stats(loop)->events <= 2 * ROUNDS + SLACK);
    loop_close(loop, pair[0]);
    seen_until_last(loop, &in);
    loop_close(loop, pair[1]);
    seen_passes(loop, 2);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(thousands_of_connections_get_all_their_bytes),
        EACH(bytes_that_wait_are_more_than_the_buffers),
        EACH(thousands_of_starts_and_cancels_in_one_go),
        EACH(freeing_ends_thousands),
        EACH(a_busy_connection_does_not_starve_another),
        EACH(a_sender_without_end_does_not_starve_timers),
        EACH(a_send_makes_one_event_at_most),
    };
    seen_pattern(text, sizeof text, 0);
    return each_backend(tests, sizeof tests / sizeof *tests);
}
