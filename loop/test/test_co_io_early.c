/*
 * test_co_io_early.c - waits for descriptors that end early: by a cancel, a
 * deadline, or because another task closes the descriptor. What ended early has
 * had no effect; what came first wins, and the cancel strikes next.
 *
 * Read before: test_co_io.c, co/wait.c. Read after: test_co_file.c.
 */
#include "loop/co.h"
#include "loop/test/random.h"
#include "loop/test/seen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

static void run(struct loop *loop, co_fn *fn, void *arg)
{
    assert_int_equal(co_run(loop, fn, arg), 0);
}

/* --- every wait ---------------------------------------------------------- */

/* A descriptor at which one waits in vain. */
struct scene {
    int fd, other; /* other: to be closed as well */
    struct sockaddr_storage addr;
    socklen_t len;
};

static void open_socket(struct scene *s)
{
    int pair[2];
    each_pair(pair);
    s->fd = pair[0];
    s->other = pair[1];
}

static void open_full_socket(struct scene *s)
{
    open_socket(s);
    while (write(s->fd, seen_text(), 4096) > 0)
        ;
}

static void open_pipe(struct scene *s)
{
    int ends[2];
    seen_pipe(ends);
    s->fd = ends[0];
    s->other = ends[1];
}

static void open_full_pipe(struct scene *s)
{
    int ends[2];
    seen_pipe(ends);
    s->fd = ends[1];
    s->other = ends[0];
    while (write(s->fd, seen_text(), 4096) > 0)
        ;
}

static void open_listener(struct scene *s)
{
    s->fd = each_listener(&s->addr, &s->len);
    s->other = dup(STDIN_FILENO);
}

/* One that answers no more: its queue is full. */
static void open_client(struct scene *s)
{
    s->other = each_listener(&s->addr, &s->len);
    assert_int_equal(listen(s->other, 0), 0);
    const int first = seen_tcp_socket();
    (void)connect(first, (struct sockaddr *)&s->addr, s->len);
    close(first); /* it stays in the queue */
    s->fd = seen_tcp_socket();
}

static ssize_t by_recv(struct scene *s)
{
    char byte;
    return co_recv(s->fd, &byte, 1);
}

static ssize_t by_read(struct scene *s)
{
    char byte;
    return co_read(s->fd, &byte, 1);
}

static ssize_t by_readv(struct scene *s)
{
    char bytes[2];
    struct iovec iov[] = {{bytes, 1}, {bytes + 1, 1}};
    return co_readv(s->fd, iov, 2);
}

static ssize_t by_wait_read(struct scene *s)
{
    return co_wait_fd(s->fd, LOOP_READ);
}

static ssize_t by_wait_write(struct scene *s)
{
    return co_wait_fd(s->fd, LOOP_WRITE);
}

static ssize_t by_send(struct scene *s)
{
    return co_send(s->fd, seen_text(), 100);
}

static ssize_t by_sendv(struct scene *s)
{
    struct iovec iov[] = {{seen_text(), 10}, {seen_text(), 10}};
    return co_sendv(s->fd, iov, 2);
}

static ssize_t by_write(struct scene *s)
{
    return co_write(s->fd, seen_text(), 100);
}

static ssize_t by_writev(struct scene *s)
{
    struct iovec iov[] = {{seen_text(), 10}, {seen_text(), 10}};
    return co_writev(s->fd, iov, 2);
}

static ssize_t by_accept(struct scene *s)
{
    return co_accept(s->fd);
}

static ssize_t by_connect(struct scene *s)
{
    return co_connect(s->fd, (struct sockaddr *)&s->addr, s->len);
}

static const struct {
    const char *name;
    void (*open)(struct scene *s);
    ssize_t (*wait)(struct scene *s);
} waits[] = {
    {"recv", open_socket, by_recv},
    {"read", open_pipe, by_read},
    {"read of a socket", open_socket, by_read},
    {"readv", open_pipe, by_readv},
    {"wait to read", open_socket, by_wait_read},
    {"wait to write", open_full_socket, by_wait_write},
    {"wait to write to a pipe", open_full_pipe, by_wait_write},
    {"send", open_full_socket, by_send},
    {"sendv", open_full_socket, by_sendv},
    {"write", open_full_pipe, by_write},
    {"writev", open_full_pipe, by_writev},
    {"accept", open_listener, by_accept},
    {"connect", open_client, by_connect},
};

struct trial {
    size_t i; /* of waits */
    struct scene scene;
    ssize_t result;
    int waited; /* times */
};

static int wait_in_vain(void *arg)
{
    struct trial *t = arg;
    t->waited++;
    t->result = waits[t->i].wait(&t->scene);
    t->waited++;
    return 0;
}

static void check(const struct trial *t, ssize_t result, const char *how)
{
    if (t->result != result)
        fail_msg("%s %s: %s", waits[t->i].name, how,
                 t->result >= 0 ? "no error" : strerror((int)-t->result));
}

static void end_trial(struct trial *t)
{
    loop_close(loop_current(), t->scene.fd);
    loop_close(loop_current(), t->scene.other);
    co_sleep(0);
}

static int cancel_each(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < N(waits); i++) {
        struct trial t = {.i = i};
        waits[i].open(&t.scene);
        struct co_task *task = co_spawn(loop_current(), wait_in_vain, &t);
        for (int turns = 0; turns < 5; turns++)
            co_yield_turn();
        assert_int_equal(t.waited, 1);
        co_cancel(task);
        assert_int_equal(t.waited, 1); /* not from inside */
        assert_int_equal(co_join(task, NULL), 0);
        check(&t, -ECANCELED, "cancelled");
        end_trial(&t);
    }
    return 0;
}

static void each_can_be_cancelled(struct loop *loop)
{
    run(loop, cancel_each, NULL);
}

/* Before it waits: the first wait that would suspend ends at once. */
static int cancel_each_before(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < N(waits); i++) {
        struct trial t = {.i = i};
        waits[i].open(&t.scene);
        struct co_task *task = co_spawn(loop_current(), wait_in_vain, &t);
        co_cancel(task);
        assert_int_equal(co_join(task, NULL), 0);
        check(&t, -ECANCELED, "cancelled before");
        end_trial(&t);
    }
    return 0;
}

static void each_can_be_cancelled_before_it_begins(struct loop *loop)
{
    run(loop, cancel_each_before, NULL);
}

static int time_out_each(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < N(waits); i++) {
        struct trial t = {.i = i};
        struct co_deadline d;
        waits[i].open(&t.scene);
        co_deadline_begin(&d, loop_now(loop_current()) + 5 * LOOP_MS);
        t.result = waits[i].wait(&t.scene);
        check(&t, -ETIMEDOUT, "with a deadline");
        t.result = waits[i].wait(&t.scene);
        check(&t, -ETIMEDOUT, "behind a deadline");
        assert_true(co_deadline_end(&d));
        end_trial(&t);
    }
    return 0;
}

static void each_can_time_out(struct loop *loop)
{
    run(loop, time_out_each, NULL);
}

static int close_each(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < N(waits); i++) {
        struct trial t = {.i = i};
        waits[i].open(&t.scene);
        struct co_task *task = co_spawn(loop_current(), wait_in_vain, &t);
        for (int turns = 0; turns < 5; turns++)
            co_yield_turn();
        end_trial(&t);
        assert_int_equal(co_join(task, NULL), 0);
        check(&t, -ECANCELED, "closed by another");
    }
    return 0;
}

static void closing_ends_each(struct loop *loop)
{
    run(loop, close_each, NULL);
}

/* A cancel and a deadline strike inside a shield when it has ended. */
static int shield_each(void *arg)
{
    struct trial *t = arg;
    co_shield_begin();
    t->waited++;
    t->result = waits[t->i].wait(&t->scene);
    co_shield_end();
    assert_int_equal(co_sleep(LOOP_SECOND), -ECANCELED);
    return 0;
}

static int cancel_the_shielded(void *arg)
{
    struct trial t = {.i = 0};
    (void)arg;
    waits[t.i].open(&t.scene);
    struct co_task *task = co_spawn(loop_current(), shield_each, &t);
    co_yield_turn();
    co_yield_turn();
    co_cancel(task);
    co_yield_turn();
    assert_int_equal(t.waited, 1);
    seen_feed(t.scene.other, 0, 1);
    assert_int_equal(co_join(task, NULL), 0);
    check(&t, 1, "shielded");
    end_trial(&t);
    return 0;
}

static void a_shielded_wait_goes_on(struct loop *loop)
{
    run(loop, cancel_the_shielded, NULL);
}

/* --- what came first wins ------------------------------------------------ */

struct race {
    int pair[2];
    struct co_deadline d;
    ssize_t results[3];
    int n;
};

static void note(struct race *r, ssize_t result)
{
    r->results[r->n++] = result;
}

/* Receives, and then waits for something else. */
static int receive_and_sleep(void *arg)
{
    struct race *r = arg;
    char byte;
    note(r, co_recv(r->pair[0], &byte, 1));
    note(r, co_sleep(LOOP_MS));
    return 0;
}

/* Passes until the operation has called back; its task has not run since. */
static void run_until_result(struct loop *loop)
{
    const uint64_t before = loop_stats(loop)->operations;
    while (loop_stats(loop)->operations == before)
        assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
}

static int join(void *arg)
{
    return co_join(arg, NULL);
}

static void finish_race(struct loop *loop, struct co_task *task, struct race *r)
{
    run(loop, join, task);
    seen_close_pair(loop, r->pair);
}

static void a_result_that_is_there_wins_over_a_cancel(struct loop *loop)
{
    struct race r = {.n = 0};
    each_pair(r.pair);
    struct co_task *task = co_spawn(loop, receive_and_sleep, &r);
    seen_passes(loop, 3);
    seen_feed(r.pair[1], 0, 1);
    run_until_result(loop);
    assert_int_equal(r.n, 0);
    co_cancel(task);
    finish_race(loop, task, &r);
    assert_int_equal(r.results[0], 1);
    assert_int_equal(r.results[1], -ECANCELED);
}

struct meeting {
    struct sockaddr_storage addr;
    socklen_t len;
    int fd, connected, slept;
};

static int connect_and_sleep(void *arg)
{
    struct meeting *m = arg;
    m->connected = co_connect(m->fd, (struct sockaddr *)&m->addr, m->len);
    m->slept = co_sleep(60 * LOOP_SECOND);
    return 0;
}

static int cancel_the_connected(void *arg)
{
    struct co_task *t = co_spawn(loop_current(), connect_and_sleep, arg);
    co_yield_turn();
    co_cancel(t);
    return co_join(t, NULL);
}

/* It was made in the call itself: only its last callback is still to come. */
static void a_connection_that_is_made_wins_over_a_cancel(struct loop *loop)
{
    struct meeting m = {.len = sizeof m.addr};
    const struct sockaddr_un any = {.sun_family = AF_UNIX};
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&any,
                          sizeof(sa_family_t)), /* unix(7), autobind */
                     0);
    assert_int_equal(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&m.addr, &m.len);
    m.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    run(loop, cancel_the_connected, &m);
    assert_int_equal(m.connected, 0);
    assert_int_equal(m.slept, -ECANCELED);
    loop_close(loop, m.fd);
    close(listener);
    seen_passes(loop, 2);
}

/* The cancel is on its way, and the bytes are there: either may win. */
static void a_cancel_and_bytes_at_once(struct loop *loop)
{
    for (int way = 0; way < 2; way++) {
        struct race r = {.n = 0};
        char byte;
        each_pair(r.pair);
        struct co_task *task = co_spawn(loop, receive_and_sleep, &r);
        seen_passes(loop, 3);
        if (way == 0)
            seen_feed(r.pair[1], 0, 1);
        co_cancel(task);
        if (way == 1)
            seen_feed(r.pair[1], 0, 1);
        run(loop, join, task);
        if (r.results[0] == -ECANCELED) { /* delivered, once */
            assert_int_equal(read(r.pair[0], &byte, 1), 1);
            assert_int_equal(r.results[1], 0);
        } else {
            assert_int_equal(r.results[0], 1);
            assert_int_equal(r.results[1], -ECANCELED);
        }
        seen_close_pair(loop, r.pair);
    }
}

/*
 * A deadline strikes, and before the operation has ended, a cancel comes: it
 * must not be lost behind the deadline.
 */
static int receive_until(void *arg)
{
    struct race *r = arg;
    char byte;
    co_deadline_begin(&r->d, loop_now(loop_current()) + 5 * LOOP_MS);
    note(r, co_recv(r->pair[0], &byte, 1));
    co_deadline_end(&r->d);
    note(r, co_sleep(60 * LOOP_SECOND));
    return 0;
}

static void a_cancel_behind_a_deadline_is_not_lost(struct loop *loop)
{
    struct race r = {.n = 0};
    each_pair(r.pair);
    struct co_task *task = co_spawn(loop, receive_until, &r);
    const uint64_t timers = loop_stats(loop)->timers;
    while (loop_stats(loop)->timers == timers)
        assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
    assert_int_equal(r.n, 0);
    co_cancel(task);
    finish_race(loop, task, &r);
    assert_int_equal(r.results[0], -ETIMEDOUT);
    assert_int_equal(r.results[1], -ECANCELED);
}

/* And the other way round: both are told, the cancel once. */
static int receive_twice(void *arg)
{
    struct race *r = arg;
    char byte;
    co_deadline_begin(&r->d, loop_now(loop_current()) + 5 * LOOP_MS);
    note(r, co_recv(r->pair[0], &byte, 1));
    note(r, co_recv(r->pair[0], &byte, 1));
    co_deadline_end(&r->d);
    return 0;
}

static void a_deadline_behind_a_cancel_is_not_lost(struct loop *loop)
{
    struct race r = {.n = 0};
    each_pair(r.pair);
    struct co_task *task = co_spawn(loop, receive_twice, &r);
    seen_passes(loop, 2);
    co_cancel(task);
    finish_race(loop, task, &r);
    assert_int_equal(r.results[0], -ECANCELED);
    assert_int_equal(r.results[1], -ETIMEDOUT);
}

/* --- nothing is lost ----------------------------------------------------- */

enum { TOTAL = 100000 };

struct storm {
    int pair[2];
    uint64_t random;
    size_t got;
    int cancelled, timeouts;
};

static ssize_t receive_somehow(struct storm *s, char *bytes, size_t len)
{
    struct iovec iov[] = {{bytes, len / 2}, {bytes + len / 2, len - len / 2}};
    switch (random_below(&s->random, 3)) {
    case 0:
        return co_recv(s->pair[0], bytes, len);
    case 1:
        return co_read(s->pair[0], bytes, len);
    default:
        return co_readv(s->pair[0], iov, 2);
    }
}

/* Goes on after deadlines, until it is cancelled or has all. */
static int read_in_a_storm(void *arg)
{
    struct storm *s = arg;
    char bytes[200];
    while (s->got < TOTAL) {
        struct co_deadline d;
        const int64_t ms = random_below(&s->random, 8);
        co_deadline_begin(&d, loop_now(loop_current()) + ms * LOOP_MS);
        const size_t len = 1 + random_below(&s->random, sizeof bytes);
        const ssize_t n = receive_somehow(s, bytes, len);
        co_deadline_end(&d);
        if (n == -ECANCELED)
            return (int)n;
        if (n > 0) {
            assert_memory_equal(bytes, seen_text() + s->got, (size_t)n);
            s->got += (size_t)n;
        } else {
            assert_int_equal(n, -ETIMEDOUT);
            s->timeouts++;
        }
    }
    return 0;
}

/* One reader after the other, each cancelled at any moment. */
static int read_all_in_a_storm(void *arg)
{
    struct storm *s = arg;
    while (s->got < TOTAL) {
        int result;
        struct co_task *t = co_spawn(loop_current(), read_in_a_storm, s);
        for (unsigned i = random_below(&s->random, 12); i > 0; i--)
            co_yield_turn();
        if (random_below(&s->random, 8) == 0)
            co_sleep((1 + random_below(&s->random, 4)) * LOOP_MS);
        co_cancel(t);
        assert_int_equal(co_join(t, &result), 0);
        assert_int_equal(result, s->got < TOTAL ? -ECANCELED : result);
        s->cancelled += result == -ECANCELED;
    }
    return 0;
}

static int feed_at_random(void *arg)
{
    struct storm *s = arg;
    for (size_t fed = 0; fed < TOTAL;) {
        size_t n = 1 + random_below(&s->random, 300);
        n = n < TOTAL - fed ? n : TOTAL - fed;
        seen_feed(s->pair[1], fed, n);
        fed += n;
        for (unsigned i = random_below(&s->random, 8); i > 0; i--)
            co_yield_turn();
        if (random_below(&s->random, 20) == 0)
            co_sleep(LOOP_MS);
    }
    return 0;
}

static int storm(void *arg)
{
    struct storm *s = arg;
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, read_all_in_a_storm, s);
    co_group_go(&g, feed_at_random, s);
    assert_int_equal(co_group_wait(&g), 0);
    loop_close(loop_current(), s->pair[0]);
    loop_close(loop_current(), s->pair[1]);
    return 0;
}

/* Each byte comes once, whatever ends the waits; and each cancel. */
static void cancels_and_deadlines_lose_no_byte(struct loop *loop)
{
    struct storm s = {.random = random_setting("SEED", 1)};
    seen_tcp_pair(s.pair);
    run(loop, storm, &s);
    assert_true(s.cancelled > 10);
    assert_true(s.timeouts > 0);
}

struct cuts {
    int pair[2];
    uint64_t random;
};

/* Sends with deadlines: a prefix has gone, of a length nobody knows; after it
 * comes what the next call sends. So the text is sent in blocks of one letter.
 */
static int send_in_cuts(void *arg)
{
    struct cuts *c = arg;
    char block[3000];
    for (int i = 0; i < 200; i++) {
        struct co_deadline d;
        memset(block, 'a' + i % 26, sizeof block);
        co_deadline_begin(&d, loop_now(loop_current()) + i % 3 * LOOP_MS);
        const ssize_t n = co_send(c->pair[1], block, sizeof block);
        assert_int_equal(n == sizeof block, !co_deadline_end(&d) || n > 0);
        if (n != sizeof block)
            assert_int_equal(n, -ETIMEDOUT);
    }
    loop_close(loop_current(), c->pair[1]);
    return 0;
}

/* Letters never go back: nothing is sent by a call that has returned. */
static int receive_cuts(void *arg)
{
    struct cuts *c = arg;
    char bytes[700];
    ssize_t n;
    char before = 'a';
    int run_of_letter = 0;
    while ((n = co_recv(c->pair[0], bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            const int step = (bytes[i] - before + 26) % 26;
            assert_true(step < 13);
            run_of_letter = step == 0 ? run_of_letter + 1 : 1;
            assert_true(run_of_letter <= 3000);
            before = bytes[i];
        }
        if (random_below(&c->random, 8) == 0)
            co_sleep(LOOP_MS);
    }
    assert_int_equal(n, 0);
    loop_close(loop_current(), c->pair[0]);
    return 0;
}

static int cuts(void *arg)
{
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, send_in_cuts, arg);
    co_group_go(&g, receive_cuts, arg);
    return co_group_wait(&g);
}

static void a_send_that_timed_out_sends_no_more(struct loop *loop)
{
    struct cuts c = {.random = 1};
    const int small = 4096;
    each_pair(c.pair);
    setsockopt(c.pair[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    run(loop, cuts, &c);
}

/* --- a new connection of the same number --------------------------------- */

enum { FOREIGN = 6 };

struct reuse {
    int old[2], fresh[2];
    int n; /* bytes, before it ended */
    bool foreign;
    ssize_t result;
};

static int close_and_open(void *arg)
{
    struct reuse *r = arg;
    loop_close(loop_current(), r->old[0]);
    each_pair(r->fresh);
    seen_feed(r->fresh[1], 1, FOREIGN);
    shutdown(r->fresh[1], SHUT_WR); /* so that who reads there comes back */
    return 0;
}

/* After the first wait it is known to be ready: no other, but for a turn. */
static int recv_until_closed(void *arg)
{
    struct reuse *r = arg;
    char byte;
    assert_int_equal(co_recv(r->old[0], &byte, 1), 1);
    co_go(loop_current(), close_and_open, r);
    while ((r->result = co_recv(r->old[0], &byte, 1)) == 1) {
        r->n++;
        r->foreign = r->foreign || byte != 'A';
    }
    return 0;
}

static void who_waits_its_turn_is_told_of_the_close(struct loop *loop)
{
    struct reuse r = {.n = 0};
    char bytes[300];
    if (strcmp(loop_backend(loop), "uring") == 0)
        return; /* there each is an operation */
    memset(bytes, 'A', sizeof bytes);
    each_pair(r.old);
    assert_int_equal(write(r.old[1], bytes, sizeof bytes), sizeof bytes);
    run(loop, recv_until_closed, &r);
    assert_int_equal(r.fresh[0], r.old[0]);
    assert_int_equal(r.result, -ECANCELED);
    assert_false(r.foreign);
    assert_true(r.n < (int)sizeof bytes - 1);
    assert_int_equal(seen_drain(r.fresh[0], 1), FOREIGN);
    close(r.old[1]);
    seen_close_pair(loop, r.fresh);
}

/* --- the loop is freed --------------------------------------------------- */

static int recv_until_freed(void *arg)
{
    struct race *r = arg;
    char byte;
    note(r, co_recv(r->pair[0], &byte, 1));
    note(r, co_recv(r->pair[0], &byte, 1));
    return 0;
}

static void a_wait_ends_as_its_loop_is_freed(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct race r = {.n = 0};
    each_pair(r.pair);
    assert_int_equal(co_go(other, recv_until_freed, &r), 0);
    seen_passes(other, 3);
    base_log_set_level(BASE_GENERAL, BASE_NONE);
    loop_free(other);
    base_log_set_level(BASE_GENERAL, BASE_INFO);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.results[0], -ECANCELED);
    assert_int_equal(r.results[1], -ECANCELED);
    close(r.pair[0]);
    close(r.pair[1]);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(each_can_be_cancelled),
        EACH(each_can_be_cancelled_before_it_begins),
        EACH(each_can_time_out),
        EACH(closing_ends_each),
        EACH(a_shielded_wait_goes_on),
        EACH(a_result_that_is_there_wins_over_a_cancel),
        EACH(a_connection_that_is_made_wins_over_a_cancel),
        EACH(a_cancel_and_bytes_at_once),
        EACH(a_cancel_behind_a_deadline_is_not_lost),
        EACH(a_deadline_behind_a_cancel_is_not_lost),
        EACH(cancels_and_deadlines_lose_no_byte),
        EACH(a_send_that_timed_out_sends_no_more),
        EACH(who_waits_its_turn_is_told_of_the_close),
        EACH(a_wait_ends_as_its_loop_is_freed),
    };
    return each_backend(tests, N(tests));
}
