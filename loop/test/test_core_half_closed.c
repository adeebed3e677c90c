/*
 * test_core_half_closed.c - waiting to write, and sending, to a peer that will
 * send no more, on every back end: whether there is room is all that counts.
 * (io_uring reports the peer's shutdown to those who wait to write, asked or
 * not.)
 *
 * Rests on: shutdown(2), poll(2), POLLRDHUP.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* A full socket, and its other side. */
static void fill_pair(int pair[2])
{
    static const char bytes[4096];
    each_pair(pair);
    while (send(pair[0], bytes, sizeof bytes, 0) > 0)
        ;
    assert_int_equal(errno, EAGAIN);
}

/* The same, and the other side has shut down what it sends. */
static void open_pair(int pair[2])
{
    fill_pair(pair);
    assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
}

static void make_room(const int pair[2])
{
    char bytes[4096];
    while (recv(pair[1], bytes, sizeof bytes, 0) > 0)
        ;
}

/* Sleeps: a handful of waits, where a loop that turns makes thousands. */
static void expect_silence(struct loop *loop)
{
    const uint64_t waits = loop_stats(loop)->waits;
    const uint64_t callbacks = loop_stats(loop)->callbacks;
    loop_run_until(loop, loop_now(loop) + 10 * LOOP_MS);
    assert_true(loop_stats(loop)->waits - waits <= 10);
    assert_int_equal(loop_stats(loop)->callbacks, callbacks);
}

static unsigned seen;

static void see(struct loop_watcher *w, unsigned events)
{
    (void)w;
    seen = events;
}

static bool is_seen(void *arg)
{
    (void)arg;
    return seen != 0;
}

static void expect_writable(struct loop *loop)
{
    for (int i = 0; i < 3; i++) { /* as long as it lasts */
        seen = 0;
        each_until(loop, is_seen, NULL, "room to write");
        assert_int_equal(seen, LOOP_WRITE);
    }
}

static void a_watcher_waits_for_room(struct loop *loop)
{
    struct loop_watcher w = {0};
    int pair[2];
    open_pair(pair);
    loop_watcher_start(loop, &w, pair[0], LOOP_WRITE, see, NULL);
    expect_silence(loop);
    make_room(pair);
    expect_writable(loop);
    loop_watcher_stop(&w);
    close(pair[0]);
    close(pair[1]);
}

/* What comes while nothing is asked is reported when it is asked again. */
static void a_watcher_that_looked_away_sees_it_again(struct loop *loop)
{
    struct loop_watcher w = {0};
    int pair[2];
    open_pair(pair);
    loop_watcher_start(loop, &w, pair[0], LOOP_WRITE, see, NULL);
    expect_silence(loop);
    make_room(pair);
    expect_writable(loop);
    loop_watcher_change(&w, 0);
    expect_silence(loop);
    loop_watcher_change(&w, LOOP_WRITE);
    expect_writable(loop);
    loop_watcher_stop(&w);
    close(pair[0]);
    close(pair[1]);
}

static void on_room(struct loop_op *op, ssize_t result)
{
    *(ssize_t *)op->arg = result;
}

static bool has_result(void *result)
{
    return *(ssize_t *)result != 0;
}

static void a_poll_waits_for_room(struct loop *loop)
{
    struct loop_op op = {0};
    ssize_t result = 0;
    int pair[2];
    open_pair(pair);
    assert_int_equal(
        loop_poll(loop, &op, pair[0], LOOP_WRITE, on_room, &result), 0);
    expect_silence(loop);
    make_room(pair);
    each_until(loop, has_result, &result, "room to write");
    assert_int_equal(result, LOOP_WRITE);
    loop_close(loop, pair[0]);
    close(pair[1]);
}

static void a_poll_that_waits_may_be_cancelled(struct loop *loop)
{
    struct loop_op op = {0};
    ssize_t result = 0;
    int pair[2];
    open_pair(pair);
    assert_int_equal(
        loop_poll(loop, &op, pair[0], LOOP_WRITE, on_room, &result), 0);
    expect_silence(loop);
    loop_cancel(&op);
    each_until(loop, has_result, &result, "the end of the poll");
    assert_int_equal(result, -ECANCELED);
    loop_close(loop, pair[0]);
    close(pair[1]);
}

/* --- sending -------------------------------------------------------------- */

typedef int send_fn(struct loop *loop, struct loop_op *op, int fd,
                    ssize_t *result);

static int by_send(struct loop *loop, struct loop_op *op, int fd,
                   ssize_t *result)
{
    return loop_send(loop, op, fd, base_slice_of("hello"), on_room, result);
}

static int by_write(struct loop *loop, struct loop_op *op, int fd,
                    ssize_t *result)
{
    return loop_write(loop, op, fd, base_slice_of("hello"), on_room, result);
}

static send_fn *const ways[] = {by_send, by_write};

enum { WAYS = sizeof ways / sizeof *ways };

static void sending_waits_for_room(struct loop *loop)
{
    for (int i = 0; i < WAYS; i++) {
        struct loop_op op = {0};
        ssize_t result = 0;
        int pair[2];
        open_pair(pair);
        assert_int_equal(ways[i](loop, &op, pair[0], &result), 0);
        expect_silence(loop);
        make_room(pair);
        each_until(loop, has_result, &result, "room to send");
        assert_int_equal(result, 5);
        char bytes[8];
        assert_int_equal(recv(pair[1], bytes, sizeof bytes, 0), 5);
        assert_memory_equal(bytes, "hello", 5);
        loop_close(loop, pair[0]);
        close(pair[1]);
    }
}

/* Much more than there is room for: it waits again and again. */
static void all_is_sent_bit_by_bit(struct loop *loop)
{
    enum { MUCH = 1 << 20 };
    struct loop_op op = {0};
    ssize_t result = 0;
    char *memory = base_alloc(MUCH);
    int pair[2];
    open_pair(pair);
    const struct base_slice much = {memory, MUCH};
    loop_send(loop, &op, pair[0], much, on_room, &result);
    while (result == 0) {
        make_room(pair);
        assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
    }
    assert_int_equal(result, MUCH);
    loop_close(loop, pair[0]);
    close(pair[1]);
    free(memory);
}

/* The peer may shut down its side before the send begins to wait, or after. */
static void a_send_that_waits_may_be_cancelled(struct loop *loop)
{
    for (int i = 0; i < 2 * WAYS; i++) {
        struct loop_op op = {0};
        ssize_t result = 0;
        int pair[2];
        fill_pair(pair);
        if (i < WAYS)
            shutdown(pair[1], SHUT_WR);
        assert_int_equal(ways[i % WAYS](loop, &op, pair[0], &result), 0);
        expect_silence(loop);
        shutdown(pair[1], SHUT_WR);
        expect_silence(loop);
        loop_cancel(&op);
        each_until(loop, has_result, &result, "the end of the send");
        assert_int_equal(result, -ECANCELED);
        loop_close(loop, pair[0]);
        close(pair[1]);
    }
}

static void freeing_ends_a_send_that_waits(struct loop *loop)
{
    for (int i = 0; i < WAYS; i++) {
        struct loop *other = each_other(loop);
        struct loop_op op = {0};
        ssize_t result = 0;
        int pair[2];
        open_pair(pair);
        assert_int_equal(ways[i](other, &op, pair[0], &result), 0);
        expect_silence(other);
        loop_free(other);
        assert_int_equal(result, -ECANCELED);
        close(pair[0]);
        close(pair[1]);
    }
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_watcher_waits_for_room),
        EACH(a_watcher_that_looked_away_sees_it_again),
        EACH(a_poll_waits_for_room),
        EACH(a_poll_that_waits_may_be_cancelled),
        EACH(sending_waits_for_room),
        EACH(all_is_sent_bit_by_bit),
        EACH(a_send_that_waits_may_be_cancelled),
        EACH(freeing_ends_a_send_that_waits),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
