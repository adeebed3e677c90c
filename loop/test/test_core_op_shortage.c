/*
 * test_core_op_shortage.c - accepting when there are no descriptors left: it
 * pauses, and the loop does not spin meanwhile; it goes on when there are some.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CLIENTS = 5 };

static bool all_accepted(void *arg)
{
    const struct seen *s = arg;
    return s->progress >= CLIENTS;
}

/* --- out of descriptors --------------------------------------------------- */

/* Takes all descriptors that this process may have; gives them back. */
static struct {
    struct rlimit limit;
    int fds[1024];
    int n;
} hoard;

static void hoard_all(void)
{
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &hoard.limit), 0);
    struct rlimit low = hoard.limit;
    low.rlim_cur = 200;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    hoard.n = 0;
    for (int fd; (fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) != -1;)
        hoard.fds[hoard.n++] = fd;
    assert_int_equal(errno, EMFILE);
}

static void hoard_release(void)
{
    while (hoard.n > 0)
        close(hoard.fds[--hoard.n]);
    setrlimit(RLIMIT_NOFILE, &hoard.limit);
}

struct shortage {
    struct sockaddr_storage addr;
    socklen_t len;
    int listener;
    int clients[CLIENTS];
    struct seen s;
};

static void keep_accepted(struct seen *s, ssize_t result)
{
    if (result >= 0)
        ((int *)s->arg)[s->progress - 1] = (int)result;
}

/* A listener with clients, and not a descriptor to accept them. */
static void shortage_begin(struct loop *loop, struct shortage *x, int *accepted)
{
    x->listener = each_listener(&x->addr, &x->len);
    for (int i = 0; i < CLIENTS; i++) {
        x->clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const struct sockaddr *addr = (struct sockaddr *)&x->addr;
        assert_int_equal(connect(x->clients[i], addr, x->len), 0);
    }
    seen_reset(&x->s, keep_accepted, accepted);
    hoard_all();
    assert_int_equal(loop_accept(loop, &x->s.op, x->listener, seen_note, NULL),
                     0);
    seen_passes(loop, 3);
}

static void shortage_end(struct loop *loop, struct shortage *x)
{
    hoard_release();
    for (int i = 0; i < CLIENTS; i++)
        close(x->clients[i]);
    loop_close(loop, x->listener);
    seen_passes(loop, 3);
}

static bool one_accepted(void *arg)
{
    const struct seen *s = arg;
    return s->progress == 1;
}

static void accepting_pauses_without_spinning(struct loop *loop)
{
    struct shortage x;
    int accepted[CLIENTS];
    const struct loop_stats *stats = loop_stats(loop);
    shortage_begin(loop, &x, accepted);
    assert_int_equal(x.s.progress + x.s.last, 0);
    assert_int_equal(stats->accept_pauses, 1);
    assert_int_equal(loop_active(loop), 1);
    const uint64_t passes = stats->passes;
    loop_run_until(loop, loop_now(loop) + 30 * LOOP_MS);
    assert_true(stats->passes - passes < 20); /* a spin is thousands */
    loop_close(loop, hoard.fds[--hoard.n]);
    each_until(loop, one_accepted, &x.s, "one connection");
    seen_passes(loop, 3);
    assert_int_equal(x.s.progress, 1); /* and a new pause */
    close(hoard.fds[--hoard.n]);       /* of which the loop knows nothing */
    for (int i = 0; i < CLIENTS; i++)
        close(hoard.fds[--hoard.n]);
    each_until(loop, all_accepted, &x.s, "the timer");
    assert_int_equal(x.s.progress, CLIENTS);
    loop_cancel(&x.s.op);
    seen_until_last(loop, &x.s);
    for (int i = 0; i < CLIENTS; i++)
        close(accepted[i]);
    shortage_end(loop, &x);
    assert_int_equal(loop_active(loop), 0);
}

/* It is one pause, whoever knocks meanwhile. */
static void those_who_come_in_a_pause_wait(struct loop *loop)
{
    struct shortage x;
    int accepted[CLIENTS];
    x.listener = each_listener(&x.addr, &x.len);
    int late[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        late[i] = seen_tcp_socket();
    close(x.listener);
    shortage_begin(loop, &x, accepted);
    const uint64_t pauses = loop_stats(loop)->accept_pauses;
    const uint64_t passes = loop_stats(loop)->passes;
    for (int i = 0; i < CLIENTS; i++) {
        const struct sockaddr *addr = (struct sockaddr *)&x.addr;
        assert_int_equal(connect(late[i], addr, x.len), -1);
        assert_int_equal(errno, EINPROGRESS);
        loop_run_once(loop, 0);
    }
    if (loop_stats(loop)->passes - passes == CLIENTS) /* no timer between */
        assert_true(loop_stats(loop)->accept_pauses - pauses <= 1);
    loop_close(loop, x.listener);
    seen_until_last(loop, &x.s);
    assert_int_equal(x.s.result, -ECANCELED);
    for (int i = 0; i < CLIENTS; i++)
        close(late[i]);
    x.listener = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    shortage_end(loop, &x);
}

/* Cancelled in the pause and started anew: the pause is not inherited. */
static void a_pause_ends_with_its_operation(struct loop *loop)
{
    for (int way = 0; way < 2; way++) {
        struct shortage x;
        int accepted[CLIENTS] = {0};
        shortage_begin(loop, &x, accepted);
        loop_cancel(&x.s.op);
        seen_until_last(loop, &x.s);
        assert_int_equal(x.s.result, -ECANCELED);
        assert_int_equal(x.s.progress, 0);
        hoard_release();
        seen_reset(&x.s, keep_accepted, accepted);
        loop_accept(loop, &x.s.op, x.listener, seen_note, NULL);
        if (way == 0)
            each_until(loop, all_accepted, &x.s, "connections");
        else
            seen_passes(loop, 1);
        loop_cancel(&x.s.op);
        seen_until_last(loop, &x.s);
        loop_run_until(loop, loop_now(loop) + 150 * LOOP_MS); /* the timer */
        for (int i = 0; i < x.s.progress; i++)
            close(accepted[i]);
        shortage_end(loop, &x);
    }
}

static void a_loop_may_end_in_a_pause(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct shortage x;
    int accepted[CLIENTS];
    shortage_begin(other, &x, accepted);
    loop_free(other);
    assert_int_equal(x.s.last, 1);
    assert_int_equal(x.s.result, -ECANCELED);
    shortage_end(loop, &x);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(accepting_pauses_without_spinning),
        EACH(those_who_come_in_a_pause_wait),
        EACH(a_pause_ends_with_its_operation),
        EACH(a_loop_may_end_in_a_pause),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
