/*
 * test_core_op_once.c - operations that end with their first result, and those
 * of several buffers: nothing is lost between two of them, whatever the pieces,
 * and whoever cancels. And futures that threads set.
 *
 * Read before: seen.h, test_core_op_stream.c.
 */
#include "loop/test/random.h"
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- accept_once --------------------------------------------------------- */

struct place {
    int listener;
    struct sockaddr_storage addr;
    socklen_t len;
};

static int client_of(const struct place *p)
{
    const int fd = seen_tcp_socket();
    if (connect(fd, (const struct sockaddr *)&p->addr, p->len) == -1)
        assert_int_equal(errno, EINPROGRESS);
    return fd;
}

static void close_place(struct loop *loop, struct place *p)
{
    loop_close(loop, p->listener);
    seen_passes(loop, 3);
}

/* The second connection waits for the second call. */
static void it_accepts_one_connection(struct loop *loop)
{
    struct place p;
    int clients[2];
    p.listener = each_listener(&p.addr, &p.len);
    for (int i = 0; i < 2; i++)
        clients[i] = client_of(&p);
    for (int i = 0; i < 2; i++) {
        struct seen s = {0};
        assert_int_equal(
            loop_accept_once(loop, &s.op, p.listener, seen_note, NULL), 0);
        seen_until_last(loop, &s);
        seen_passes(loop, 2);
        assert_int_equal(s.progress, 0);
        assert_true(s.result >= 0);
        const int fd = (int)s.result;
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
        close(clients[i]);
    }
    close_place(loop, &p);
}

/* Cancelled again and again, at any moment: each connection is accepted once.
 */
static void a_cancelled_accept_loses_no_connection(struct loop *loop)
{
    enum { ROUNDS = 300 };
    uint64_t random = random_setting("SEED", 1);
    struct place p;
    int clients[ROUNDS], n = 0;
    p.listener = each_listener(&p.addr, &p.len);
    for (int i = 0; i < ROUNDS; i++) {
        struct seen s = {0};
        const unsigned order = random_below(&random, 3);
        if (order == 0)
            clients[i] = client_of(&p);
        loop_accept_once(loop, &s.op, p.listener, seen_note, NULL);
        seen_passes(loop, (int)random_below(&random, 3));
        if (order == 1)
            clients[i] = client_of(&p);
        loop_cancel(&s.op);
        if (order == 2)
            clients[i] = client_of(&p);
        seen_until_last(loop, &s);
        if (s.result >= 0) {
            close((int)s.result);
            n++;
        } else {
            assert_int_equal(s.result, -ECANCELED);
        }
    }
    for (; n < ROUNDS; n++) {
        struct seen s = {0};
        loop_accept_once(loop, &s.op, p.listener, seen_note, NULL);
        seen_until_last(loop, &s);
        assert_true(s.result >= 0);
        close((int)s.result);
    }
    for (int i = 0; i < ROUNDS; i++)
        close(clients[i]);
    struct seen none = {0};
    loop_accept_once(loop, &none.op, p.listener, seen_note, NULL);
    seen_passes(loop, 3);
    assert_int_equal(none.last, 0);
    close_place(loop, &p);
    seen_until_last(loop, &none);
}

/* How many descriptors may be open; returns how many might before. */
static rlim_t limit_fds(rlim_t most)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = most;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

/* The lowest free number is the limit then: no descriptor is to be had. */
static rlim_t allow_no_more(void)
{
    const int lowest = dup(STDIN_FILENO);
    assert_int_not_equal(lowest, -1);
    close(lowest);
    return limit_fds((rlim_t)lowest);
}

static void out_of_descriptors_it_pauses(struct loop *loop)
{
    for (int way = 0; way < 3; way++) {
        struct seen s = {0};
        struct place p;
        const uint64_t pauses = loop_stats(loop)->accept_pauses;
        p.listener = each_listener(&p.addr, &p.len);
        const int client = client_of(&p), spare = dup(client);
        const rlim_t before = allow_no_more();
        loop_accept_once(loop, &s.op, p.listener, seen_note, NULL);
        while (loop_stats(loop)->accept_pauses == pauses)
            assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
        assert_int_equal(s.last, 0);
        if (way == 0) /* there is one again, and the loop knows */
            loop_close(loop, spare);
        else if (way == 1) /* and the loop finds out */
            close(spare);
        else
            loop_cancel(&s.op);
        if (way == 2) { /* the kernel need not be asked */
            seen_passes(loop, 2);
            assert_int_equal(s.last, 1);
        }
        seen_until_last(loop, &s);
        limit_fds(before);
        if (way == 2) {
            assert_int_equal(s.result, -ECANCELED);
            close(spare);
        } else {
            assert_true(s.result >= 0);
            close((int)s.result);
        }
        close(client);
        close_place(loop, &p);
    }
}

/* --- recv_once ----------------------------------------------------------- */

static void start_recv(struct loop *loop, struct seen *s, int fd, void *bytes,
                       size_t len)
{
    const struct iovec memory = {bytes, len};
    assert_int_equal(loop_recv_once(loop, &s->op, fd, memory, seen_note, NULL),
                     0);
}

static ssize_t recv_once(struct loop *loop, int fd, void *memory, size_t len)
{
    struct seen s = {0};
    start_recv(loop, &s, fd, memory, len);
    seen_until_last(loop, &s);
    assert_int_equal(s.progress, 0);
    return s.result;
}

/* Fails unless these are the `n` bytes of the text from `from` on. */
static void assert_text(const char *bytes, size_t n, size_t from)
{
    assert_memory_equal(bytes, seen_text() + from, n);
}

static void it_receives_once_into_the_caller_s_memory(struct loop *loop)
{
    char bytes[16];
    int pair[2];
    seen_tcp_pair(pair);
    seen_feed(pair[1], 0, 40);
    size_t got = 0;
    while (got < 40) {
        const ssize_t n = recv_once(loop, pair[0], bytes, sizeof bytes);
        assert_true(n > 0 && n <= (ssize_t)sizeof bytes);
        assert_text(bytes, (size_t)n, got);
        got += (size_t)n;
    }
    shutdown(pair[1], SHUT_WR);
    assert_int_equal(recv_once(loop, pair[0], bytes, sizeof bytes), 0);
    assert_int_equal(recv_once(loop, pair[0], bytes, sizeof bytes), 0);
    seen_close_pair(loop, pair);
}

static void a_reset_is_told(struct loop *loop)
{
    char bytes[16];
    int pair[2];
    seen_tcp_pair(pair);
    const struct linger hard = {.l_onoff = 1};
    setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(pair[1]);
    assert_int_equal(recv_once(loop, pair[0], bytes, 16), -ECONNRESET);
    loop_close(loop, pair[0]);
    seen_passes(loop, 3);
}

/*
 * A short read counts as drained, and then only an event makes the descriptor
 * ready. Bytes come before, between and after, in pieces of every size, with
 * passes in between: no receive may wait for ever.
 */
static void no_bytes_are_overlooked(struct loop *loop)
{
    enum { TOTAL = 60000 };
    uint64_t random = random_setting("SEED", 7);
    char bytes[512];
    int pair[2];
    size_t fed = 0, got = 0;
    seen_tcp_pair(pair);
    while (got < TOTAL) {
        struct seen s = {0};
        const size_t most = 1 + random_below(&random, sizeof bytes);
        const size_t piece = 1 + random_below(&random, 300);
        const unsigned when = random_below(&random, 4);
        if (when == 0 || (fed == got && when == 3)) {
            seen_feed(pair[1], fed, piece);
            fed += piece;
        }
        start_recv(loop, &s, pair[0], bytes, most);
        if (when == 1)
            seen_passes(loop, 1 + (int)random_below(&random, 2));
        if (fed == got || when == 2) {
            seen_feed(pair[1], fed, piece);
            fed += piece;
        }
        seen_until_last(loop, &s);
        assert_true(s.result > 0);
        assert_text(bytes, (size_t)s.result, got);
        got += (size_t)s.result;
    }
    while (got < fed) {
        const ssize_t n = recv_once(loop, pair[0], bytes, sizeof bytes);
        assert_true(n > 0);
        got += (size_t)n;
    }
    seen_close_pair(loop, pair);
}

static void the_end_behind_a_short_receive_is_seen(struct loop *loop)
{
    for (int way = 0; way < 4; way++) {
        char bytes[200];
        int pair[2];
        seen_tcp_pair(pair);
        seen_feed(pair[1], 0, 100);
        if (way == 0)
            shutdown(pair[1], SHUT_WR);
        struct seen s = {0};
        start_recv(loop, &s, pair[0], bytes, 200);
        seen_passes(loop, way == 1 ? 0 : 1);
        if (way == 1)
            shutdown(pair[1], SHUT_WR);
        seen_until_last(loop, &s);
        assert_int_equal(s.result, 100);
        if (way == 3)
            seen_passes(loop, 1);
        if (way >= 2)
            shutdown(pair[1], SHUT_WR);
        assert_int_equal(recv_once(loop, pair[0], bytes, 200), 0);
        seen_close_pair(loop, pair);
    }
}

/* What was not delivered is still there. */
static void a_cancelled_receive_loses_nothing(struct loop *loop)
{
    enum { ROUNDS = 400 };
    uint64_t random = random_setting("SEED", 3);
    char bytes[64];
    int pair[2];
    size_t fed = 0, got = 0;
    seen_tcp_pair(pair);
    for (int i = 0; i < ROUNDS; i++) {
        struct seen s = {0};
        const size_t piece = 1 + random_below(&random, 64);
        const unsigned when = random_below(&random, 3);
        if (when == 0)
            seen_feed(pair[1], fed, piece);
        start_recv(loop, &s, pair[0], bytes, sizeof bytes);
        seen_passes(loop, (int)random_below(&random, 3));
        if (when == 1 && s.last == 0)
            seen_feed(pair[1], fed, piece);
        fed += when == 0 || (when == 1 && s.last == 0) ? piece : 0;
        loop_cancel(&s.op);
        seen_until_last(loop, &s);
        if (s.result == -ECANCELED)
            continue;
        assert_true(s.result > 0);
        assert_text(bytes, (size_t)s.result, got);
        got += (size_t)s.result;
    }
    while (got < fed) {
        const ssize_t n = recv_once(loop, pair[0], bytes, sizeof bytes);
        assert_true(n > 0);
        assert_text(bytes, (size_t)n, got);
        got += (size_t)n;
    }
    seen_close_pair(loop, pair);
}

/* --- readv, writev ------------------------------------------------------- */

static void readv_fills_buffers_in_order(struct loop *loop)
{
    for (int way = 0; way < 2; way++) {
        struct seen s = {0};
        char bytes[100] = {0};
        struct iovec iov[] = {
            {bytes, 1}, {bytes + 1, 0}, {bytes + 1, 30}, {bytes + 31, 60}};
        int ends[2];
        if (way == 0)
            seen_pipe(ends);
        else
            seen_tcp_pair(ends);
        assert_int_equal(
            loop_readv(loop, &s.op, ends[0], iov, 4, seen_note, NULL), 0);
        seen_passes(loop, 2);
        assert_int_equal(s.last, 0);
        seen_feed(ends[1], 0, 50);
        seen_until_last(loop, &s);
        assert_int_equal(s.result, 50);
        assert_text(bytes, 50, 0);
        assert_int_equal(bytes[50], 0);
        seen_close_pair(loop, ends);
    }
}

static void readv_of_nothing_reads_nothing(struct loop *loop)
{
    struct seen s = {0};
    char byte;
    int ends[2];
    seen_pipe(ends);
    seen_feed(ends[1], 0, 1);
    assert_int_equal(loop_readv(loop, &s.op, ends[0], NULL, 0, seen_note, NULL),
                     0);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, 0);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    seen_close_pair(loop, ends);
}

static void a_cancelled_readv_loses_nothing(struct loop *loop)
{
    struct seen s = {0};
    char bytes[40];
    struct iovec iov[] = {{bytes, 20}, {bytes + 20, 20}};
    int ends[2];
    seen_pipe(ends);
    for (int i = 0; i < 100; i++) {
        seen_reset(&s, NULL, NULL);
        loop_readv(loop, &s.op, ends[0], iov, 2, seen_note, NULL);
        seen_passes(loop, i % 3);
        seen_feed(ends[1], 0, 30);
        seen_passes(loop, i % 2);
        loop_cancel(&s.op);
        seen_until_last(loop, &s);
        if (s.result == -ECANCELED)
            assert_int_equal(read(ends[0], bytes, 40), 30);
        else
            assert_int_equal(s.result, 30);
        assert_text(bytes, 30, 0);
    }
    seen_close_pair(loop, ends);
}

/* Buffers of all sizes, also of none, that are `len` bytes of the text. */
static int cut(struct iovec *iov, int most, size_t len)
{
    uint64_t random = 5;
    size_t at = 0;
    int n = 0;
    for (; n < most - 1 && at < len; n++) {
        size_t piece = random_below(&random, 600);
        piece = piece < len - at ? piece : len - at;
        iov[n] = (struct iovec){seen_text() + at, piece};
        at += piece;
    }
    iov[n++] = (struct iovec){seen_text() + at, len - at};
    return n;
}

enum { BUFFERS = 3000 };
_Static_assert(BUFFERS > 2 * IOV_MAX, "more than a system call takes");

/* To a pipe that is emptied slowly: partial writes go on where they stopped. */
static void writev_writes_all(struct loop *loop)
{
    for (int way = 0; way < 2; way++) {
        struct seen s = {0};
        static struct iovec iov[BUFFERS];
        const int n = cut(iov, BUFFERS, SEEN_MUCH);
        int ends[2];
        size_t got = 0;
        if (way == 0)
            seen_pipe(ends);
        else
            seen_tcp_pair(ends);
        assert_int_equal(
            loop_writev(loop, &s.op, ends[1], iov, n, seen_note, NULL), 0);
        while (s.last == 0) {
            got += seen_drain(ends[0], got);
            assert_true(loop_run_once(loop, loop_now(loop) + LOOP_MS) >= 0);
        }
        assert_int_equal(s.result, SEEN_MUCH);
        while (got < SEEN_MUCH)
            got += seen_drain(ends[0], got);
        assert_int_equal(got, SEEN_MUCH);
        seen_close_pair(loop, ends);
    }
}

/* op->done says how much had gone, and no more goes afterwards. */
static void a_cancelled_writev_says_how_much_has_gone(struct loop *loop)
{
    for (int passes = 0; passes < 4; passes++) {
        struct seen s = {0};
        static struct iovec iov[BUFFERS];
        const int n = cut(iov, BUFFERS, SEEN_MUCH);
        int ends[2];
        seen_pipe(ends);
        loop_writev(loop, &s.op, ends[1], iov, n, seen_note, NULL);
        seen_passes(loop, passes);
        size_t got = passes >= 2 ? seen_drain(ends[0], 0) : 0;
        seen_passes(loop, passes);
        loop_cancel(&s.op);
        seen_until_last(loop, &s);
        assert_int_equal(s.result, -ECANCELED);
        got += seen_drain(ends[0], got);
        assert_int_equal(got, s.op.done);
        seen_close_pair(loop, ends);
    }
}

static void writev_of_nothing_writes_nothing(struct loop *loop)
{
    struct seen s = {0}, empty = {0};
    struct iovec iov[] = {{NULL, 0}, {NULL, 0}};
    int ends[2];
    seen_pipe(ends);
    loop_writev(loop, &s.op, ends[1], NULL, 0, seen_note, NULL);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, 0);
    loop_writev(loop, &empty.op, ends[1], iov, 2, seen_note, NULL);
    seen_until_last(loop, &empty);
    assert_int_equal(empty.result, 0);
    assert_int_equal(seen_drain(ends[0], 0), 0);
    seen_close_pair(loop, ends);
}

/* --- futures that threads set -------------------------------------------- */

enum { THREADS = 4, FUTURES = 2000 };

struct sender {
    pthread_t thread;
    struct loop_mailbox *mailbox;
    struct loop_delivery *deliveries;
    struct loop_future *futures;
    struct loop_waiter *waiters;
    int *values;
};

static int n_settled;

/* Every third fails, the others bring their own value. */
static void *deliver_all(void *arg)
{
    struct sender *s = arg;
    for (int i = 0; i < FUTURES; i++) {
        s->values[i] = i;
        if (loop_future_deliver(s->mailbox, &s->deliveries[i], &s->futures[i],
                                &s->values[i], i % 3 == 0 ? -EIO : 0) != 0)
            abort();
    }
    return NULL;
}

static void on_settled(struct loop_waiter *w)
{
    const struct sender *s = w->arg;
    const int i = (int)(w->future - s->futures);
    if (i % 3 == 0) {
        assert_int_equal(w->future->state, LOOP_FAILED);
        assert_int_equal(w->future->error, -EIO);
    } else {
        assert_int_equal(w->future->state, LOOP_DONE);
        assert_ptr_equal(w->future->value, &s->values[i]);
        assert_int_equal(s->values[i], i);
    }
    if (++n_settled == THREADS * FUTURES)
        loop_stop(w->future->loop);
}

static void sender_init(struct loop *loop, struct sender *s)
{
    s->mailbox = loop_mailbox_hold(loop);
    s->deliveries = base_alloc_array(FUTURES, sizeof *s->deliveries);
    s->futures = base_alloc_array(FUTURES, sizeof *s->futures);
    s->waiters = base_alloc_array(FUTURES, sizeof *s->waiters);
    s->values = base_alloc_array(FUTURES, sizeof *s->values);
    for (int i = 0; i < FUTURES; i++) {
        loop_future_init(loop, &s->futures[i]);
        loop_future_then(&s->futures[i], &s->waiters[i], on_settled, s);
    }
}

static void sender_fini(struct sender *s)
{
    loop_mailbox_release(s->mailbox);
    free(s->deliveries);
    free(s->futures);
    free(s->waiters);
    free(s->values);
}

static void threads_settle_futures(struct loop *loop)
{
    struct sender senders[THREADS];
    n_settled = 0;
    for (int i = 0; i < THREADS; i++)
        sender_init(loop, &senders[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&senders[i].thread, NULL, deliver_all, &senders[i]);
    assert_int_equal(loop_run(loop), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        sender_fini(&senders[i]);
    }
}

/* The first wins: a delivery that comes too late changes nothing. */
static void a_delivery_to_a_settled_future_is_no_matter(struct loop *loop)
{
    struct loop_future f;
    struct loop_delivery first, second;
    struct loop_mailbox *mailbox = loop_mailbox_hold(loop);
    int value;
    loop_future_init(loop, &f);
    loop_future_deliver(mailbox, &first, &f, &value, 0);
    loop_future_deliver(mailbox, &second, &f, NULL, -EIO);
    assert_int_equal(f.state, LOOP_PENDING);
    seen_passes(loop, 3);
    assert_int_equal(f.state, LOOP_DONE);
    assert_ptr_equal(f.value, &value);
    loop_mailbox_release(mailbox);
}

struct late {
    struct loop_mailbox *mailbox;
    struct loop_delivery *deliveries;
    struct loop_future *futures;
    atomic_int accepted; /* so many, in order */
};

/* Delivers until the loop has gone. */
static void *deliver_until_refused(void *arg)
{
    struct late *late = arg;
    for (int i = 0; i < FUTURES; i++) {
        if (loop_future_deliver(late->mailbox, &late->deliveries[i],
                                &late->futures[i], NULL, 0) == -ESHUTDOWN)
            break;
        atomic_fetch_add(&late->accepted, 1);
    }
    return NULL;
}

/* Freed while a thread delivers: what was accepted is settled, no other. */
static void a_loop_that_has_gone_refuses(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct late late = {.mailbox = loop_mailbox_hold(other)};
    pthread_t thread;
    late.deliveries = base_alloc_array(FUTURES, sizeof *late.deliveries);
    late.futures = base_alloc_array(FUTURES, sizeof *late.futures);
    for (int i = 0; i < FUTURES; i++)
        loop_future_init(other, &late.futures[i]);
    pthread_create(&thread, NULL, deliver_until_refused, &late);
    while (atomic_load(&late.accepted) == 0)
        assert_true(loop_run_once(other, 0) >= 0);
    loop_free(other);
    pthread_join(thread, NULL);
    const int accepted = atomic_load(&late.accepted);
    for (int i = 0; i < FUTURES; i++)
        assert_int_equal(late.futures[i].state,
                         i < accepted ? LOOP_DONE : LOOP_PENDING);
    assert_int_equal(loop_future_deliver(late.mailbox, &late.deliveries[0],
                                         &late.futures[0], NULL, 0),
                     -ESHUTDOWN);
    loop_mailbox_release(late.mailbox);
    free(late.deliveries);
    free(late.futures);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(it_accepts_one_connection),
        EACH(a_cancelled_accept_loses_no_connection),
        EACH(out_of_descriptors_it_pauses),
        EACH(it_receives_once_into_the_caller_s_memory),
        EACH(a_reset_is_told),
        EACH(no_bytes_are_overlooked),
        EACH(the_end_behind_a_short_receive_is_seen),
        EACH(a_cancelled_receive_loses_nothing),
        EACH(readv_fills_buffers_in_order),
        EACH(readv_of_nothing_reads_nothing),
        EACH(a_cancelled_readv_loses_nothing),
        EACH(writev_writes_all),
        EACH(a_cancelled_writev_says_how_much_has_gone),
        EACH(writev_of_nothing_writes_nothing),
        EACH(threads_settle_futures),
        EACH(a_delivery_to_a_settled_future_is_no_matter),
        EACH(a_loop_that_has_gone_refuses),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
