/*
 * test_core_op_stream.c - receiving and sending: that every byte comes once, in
 * order, and the end behind them, whatever the pieces.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- receiving ----------------------------------------------------------- */

static void bytes_come_in_order_and_then_the_end(struct loop *loop)
{
    struct seen s = {0};
    int pair[2];
    seen_tcp_pair(pair);
    assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), 0);
    size_t fed = 0;
    for (size_t n = 1; n < 3000; n = n * 3 + 1) {
        seen_feed(pair[1], fed, n);
        fed += n;
        if (n % 2 != 0)
            seen_until_bytes(loop, &s, fed); /* else it is gathered */
    }
    close(pair[1]);
    seen_until_last(loop, &s);
    assert_int_equal(s.bytes, fed);
    assert_int_equal(s.result, 0);
    assert_false(s.wrong);
    loop_close(loop, pair[0]);
}

/* More than the loop's own memory holds at once. */
static void a_long_text_comes_whole(struct loop *loop)
{
    struct seen in = {0}, out = {0};
    int pair[2];
    seen_tcp_pair(pair);
    assert_int_equal(loop_recv(loop, &in.op, pair[0], seen_note, NULL), 0);
    assert_int_equal(
        loop_send(loop, &out.op, pair[1], seen_much(), seen_note, NULL), 0);
    seen_until_last(loop, &out);
    assert_int_equal(out.result, SEEN_MUCH);
    assert_int_equal(out.progress, 0);
    loop_close(loop, pair[1]);
    seen_until_last(loop, &in);
    assert_int_equal(in.bytes, SEEN_MUCH);
    assert_false(in.wrong);
    loop_close(loop, pair[0]);
}

/* A read that is shorter than the memory drains; but an end that has been
 * reported with the bytes is not reported again. */
static void an_end_right_behind_the_bytes_is_seen(struct loop *loop)
{
    for (int way = 0; way < 3; way++) {
        struct seen s = {0};
        int pair[2];
        seen_tcp_pair(pair);
        if (way == 2) {
            seen_feed(pair[1], 0, 100);
            shutdown(pair[1], SHUT_WR);
        }
        assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), 0);
        seen_passes(loop, way);
        if (way < 2) {
            seen_feed(pair[1], 0, 100);
            shutdown(pair[1], SHUT_WR);
        }
        seen_until_last(loop, &s);
        assert_int_equal(s.bytes, 100);
        assert_int_equal(s.result, 0);
        seen_close_pair(loop, pair);
    }
}

/* A read stops at the mark of urgent data: what follows must not lie there. */
static void bytes_behind_urgent_data_are_received(struct loop *loop)
{
    for (int way = 0; way < 2; way++) {
        struct seen s = {0};
        int pair[2];
        seen_tcp_pair(pair);
        loop_recv(loop, &s.op, pair[0], seen_note, NULL);
        seen_passes(loop, way);
        assert_int_equal(send(pair[1], "abc", 3, 0), 3);
        assert_int_equal(send(pair[1], "!", 1, MSG_OOB), 1);
        assert_int_equal(send(pair[1], "def", 3, 0), 3);
        seen_until_bytes(loop, &s, 6);
        shutdown(pair[1], SHUT_WR);
        seen_until_last(loop, &s);
        assert_int_equal(s.bytes, 6);
        seen_close_pair(loop, pair);
    }
}

static void feed_and_end(struct seen *s, ssize_t result)
{
    int *peer = s->arg;
    if (result <= 0 || *peer == -1)
        return;
    seen_feed(*peer, 1, 99);
    close(*peer);
    *peer = -1;
}

/* The event of the second is in the loop's hands when its peer goes on. */
static void an_end_between_event_and_read_is_seen(struct loop *loop)
{
    int pairs[2][2], peers[2];
    struct seen s[2];
    for (int i = 0; i < 2; i++) {
        seen_tcp_pair(pairs[i]);
        peers[i] = pairs[i][1];
    }
    for (int i = 0; i < 2; i++) {
        seen_reset(&s[i], feed_and_end, &peers[1 - i]);
        loop_recv(loop, &s[i].op, pairs[i][0], seen_note, NULL);
    }
    seen_passes(loop, 1);
    seen_feed(pairs[0][1], 0, 1);
    seen_feed(pairs[1][1], 0, 1);
    for (int i = 0; i < 2; i++) {
        seen_until_last(loop, &s[i]);
        assert_int_equal(s[i].bytes, 100);
        assert_int_equal(s[i].result, 0);
        loop_close(loop, pairs[i][0]);
    }
}

static void a_reset_is_an_error(struct loop *loop)
{
    struct seen s = {0};
    const struct linger at_once = {.l_onoff = 1};
    int pair[2];
    seen_tcp_pair(pair);
    assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), 0);
    seen_passes(loop, 1);
    setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(pair[1]);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -ECONNRESET);
    loop_close(loop, pair[0]);
}

/* Stopped for a while, as back-pressure does. */
static void receiving_can_be_taken_up_again(struct loop *loop)
{
    int pair[2];
    each_pair(pair);
    for (int i = 0; i < 5; i++) {
        struct seen s = {0};
        assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), 0);
        if (i % 2 != 0)
            seen_passes(loop, 1);
        seen_feed(pair[1], 0, 10);
        seen_until_bytes(loop, &s, 10);
        loop_cancel(&s.op);
        seen_until_last(loop, &s);
        assert_int_equal(s.result, -ECANCELED);
        seen_feed(pair[1], 0, 10); /* comes to the next */
        s = (struct seen){0};
        assert_int_equal(loop_recv(loop, &s.op, pair[0], seen_note, NULL), 0);
        seen_until_bytes(loop, &s, 10);
        loop_cancel(&s.op);
        seen_until_last(loop, &s);
        assert_false(s.wrong);
    }
    seen_close_pair(loop, pair);
}

/* --- sending ------------------------------------------------------------- */

static void more_than_the_socket_holds_is_sent_whole(struct loop *loop)
{
    struct seen s = {0};
    int pair[2];
    each_pair(pair);
    assert_int_equal(
        loop_send(loop, &s.op, pair[0], seen_much(), seen_note, NULL), 0);
    seen_passes(loop, 2);
    assert_int_equal(s.last, 0); /* nobody reads */
    size_t got = 0;
    while (got < SEEN_MUCH) {
        seen_passes(loop, 1);
        got += seen_drain(pair[1], got);
    }
    seen_until_last(loop, &s);
    assert_int_equal(s.result, SEEN_MUCH);
    seen_close_pair(loop, pair);
}

/* More than sendmsg(2) takes at once, of all lengths, empty ones between. */
static void many_buffers_are_sent_whole(struct loop *loop)
{
    enum { N = 3 * IOV_MAX };
    struct seen s = {0};
    struct iovec *iov = base_alloc_array(N, sizeof *iov);
    int pair[2];
    size_t all = 0, got = 0;
    for (size_t i = 0; i < N; i++) {
        iov[i] = (struct iovec){seen_text() + all, i % 7 == 0 ? 0 : i % 500};
        all += iov[i].iov_len;
    }
    each_pair(pair);
    assert_int_equal(loop_sendv(loop, &s.op, pair[0], iov, N, seen_note, NULL),
                     0);
    for (int i = 0; got < all && i < 100000; i++) {
        seen_passes(loop, 1);
        got += seen_drain(pair[1], got);
        assert_true(s.last == 0 || s.result >= 0);
    }
    seen_until_last(loop, &s);
    assert_int_equal(s.result, all);
    assert_int_equal(got, all);
    free(iov);
    seen_close_pair(loop, pair);
}

static void nothing_is_sent_at_once(struct loop *loop)
{
    struct seen a = {0}, b = {0}, c = {0};
    struct iovec empty[3] = {{seen_text(), 0}, {seen_text(), 0}, {NULL, 0}};
    const struct base_slice nothing = {seen_text(), 0};
    int pair[2];
    each_pair(pair);
    loop_send(loop, &a.op, pair[0], nothing, seen_note, NULL);
    seen_until_last(loop, &a);
    loop_sendv(loop, &b.op, pair[0], empty, 3, seen_note, NULL);
    seen_until_last(loop, &b);
    loop_sendv(loop, &c.op, pair[0], NULL, 0, seen_note, NULL);
    seen_until_last(loop, &c);
    assert_int_equal(a.result, 0);
    assert_int_equal(b.result, 0);
    assert_int_equal(c.result, 0);
    seen_close_pair(loop, pair);
}

/* Its length is 0 in the 32 bits that io_uring has for it. */
static void four_gigabytes_are_not_nothing(struct loop *loop)
{
    struct seen s = {0};
    const struct base_slice zeros = {
        mmap(NULL, (size_t)1 << 32, PROT_READ,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
        (size_t)1 << 32};
    int pair[2];
    assert_ptr_not_equal(zeros.ptr, MAP_FAILED);
    each_pair(pair);
    loop_send(loop, &s.op, pair[0], zeros, seen_note, NULL);
    seen_passes(loop, 5);
    assert_int_equal(s.last, 0);
    close(pair[1]);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -EPIPE);
    assert_true(s.op.done > 0);
    loop_close(loop, pair[0]);
    seen_passes(loop, 2);
    munmap((void *)zeros.ptr, zeros.len);
}

/* Without SIGPIPE, which would end this program. */
static void a_closed_peer_is_an_error(struct loop *loop)
{
    struct seen s = {0};
    int pair[2];
    each_pair(pair);
    close(pair[1]);
    assert_int_equal(
        loop_send(loop, &s.op, pair[0], seen_much(), seen_note, NULL), 0);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -EPIPE);
    assert_int_equal(s.op.done, 0);
    struct iovec iov[2] = {{seen_text(), 1}, {seen_text(), 1}};
    s = (struct seen){0};
    assert_int_equal(loop_sendv(loop, &s.op, pair[0], iov, 2, seen_note, NULL),
                     0);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -EPIPE);
    loop_close(loop, pair[0]);
}

static void a_peer_that_closes_half_way_is_an_error(struct loop *loop)
{
    struct seen s = {0};
    int pair[2];
    each_pair(pair);
    assert_int_equal(
        loop_send(loop, &s.op, pair[0], seen_much(), seen_note, NULL), 0);
    seen_passes(loop, 2);
    close(pair[1]);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -EPIPE);
    assert_true(s.op.done > 0 && s.op.done < SEEN_MUCH);
    loop_close(loop, pair[0]);
}

/* What had gone is told, and no more. */
static void a_send_cancelled_half_way_says_how_far_it_got(struct loop *loop)
{
    for (int way = 0; way < 2; way++) {
        struct seen s = {0};
        struct iovec iov[2] = {{seen_text(), SEEN_MUCH / 2},
                               {seen_text() + SEEN_MUCH / 2, SEEN_MUCH / 2}};
        int pair[2];
        each_pair(pair);
        if (way == 0)
            loop_send(loop, &s.op, pair[0], seen_much(), seen_note, NULL);
        else
            loop_sendv(loop, &s.op, pair[0], iov, 2, seen_note, NULL);
        seen_passes(loop, 2);
        loop_cancel(&s.op);
        seen_until_last(loop, &s);
        assert_int_equal(s.result, -ECANCELED);
        assert_int_equal(s.op.done, seen_drain(pair[1], 0));
        assert_true(s.op.done > 0);
        seen_close_pair(loop, pair);
    }
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(bytes_come_in_order_and_then_the_end),
        EACH(a_long_text_comes_whole),
        EACH(an_end_right_behind_the_bytes_is_seen),
        EACH(bytes_behind_urgent_data_are_received),
        EACH(an_end_between_event_and_read_is_seen),
        EACH(a_reset_is_an_error),
        EACH(receiving_can_be_taken_up_again),
        EACH(more_than_the_socket_holds_is_sent_whole),
        EACH(many_buffers_are_sent_whole),
        EACH(nothing_is_sent_at_once),
        EACH(four_gigabytes_are_not_nothing),
        EACH(a_closed_peer_is_an_error),
        EACH(a_peer_that_closes_half_way_is_an_error),
        EACH(a_send_cancelled_half_way_says_how_far_it_got),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
