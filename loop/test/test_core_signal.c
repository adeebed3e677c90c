/*
 * test_core_signal.c - signals as events: who is called, in which order, and
 * what the thread's mask is before and after.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

/* What a watcher has seen. */
struct seen {
    struct loop_signal signal;
    int n, last_int;
    pid_t sender;
    struct loop_signal *stops; /* which its callback stops */
    struct seen *starts;       /* which its callback starts */
};

static void on_signal(struct loop_signal *s,
                      const struct signalfd_siginfo *info)
{
    struct seen *seen = s->arg;
    assert_int_equal(info->ssi_signo, s->signo);
    seen->n++;
    seen->last_int = info->ssi_int;
    seen->sender = (pid_t)info->ssi_pid;
    struct loop *loop = s->loop;
    if (seen->stops != NULL)
        loop_signal_stop(seen->stops);
    if (seen->starts != NULL && seen->starts->signal.loop == NULL)
        assert_int_equal(loop_signal_start(loop, &seen->starts->signal, SIGUSR1,
                                           on_signal, seen->starts),
                         0);
}

static void start(struct loop *loop, struct seen *seen, int signo)
{
    assert_int_equal(
        loop_signal_start(loop, &seen->signal, signo, on_signal, seen), 0);
}

static bool is_blocked(int signo)
{
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    return sigismember(&now, signo) == 1;
}

static bool was_called(void *arg)
{
    return ((struct seen *)arg)->n > 0;
}

/* Another pass, so that what must not come had its chance. */
static void pass(struct loop *loop)
{
    assert_true(loop_run_once(loop, 0) >= 0);
}

static void signal_is_an_event(struct loop *loop)
{
    struct seen a = {0};
    start(loop, &a, SIGUSR1);
    assert_int_equal(loop_active(loop), 1);
    kill(getpid(), SIGUSR1);
    assert_int_equal(a.n, 0);
    each_until(loop, was_called, &a, "the signal");
    assert_int_equal(a.n, 1);
    assert_int_equal(a.sender, getpid());
    pass(loop);
    assert_int_equal(a.n, 1);
    loop_signal_stop(&a.signal);
    loop_signal_stop(&a.signal);
    assert_int_equal(loop_active(loop), 0);
}

static void all_watchers_of_a_signal_are_called(struct loop *loop)
{
    struct seen a = {0}, b = {0}, other = {0};
    start(loop, &a, SIGUSR1);
    start(loop, &b, SIGUSR1);
    start(loop, &other, SIGUSR2);
    kill(getpid(), SIGUSR1);
    each_until(loop, was_called, &b, "the second watcher");
    assert_int_equal(a.n, 1);
    assert_int_equal(other.n, 0);
    loop_signal_stop(&a.signal);
    kill(getpid(), SIGUSR1);
    b.n = 0;
    each_until(loop, was_called, &b, "the one that is left");
    assert_int_equal(a.n, 1);
    loop_signal_stop(&b.signal);
    loop_signal_stop(&other.signal);
}

/* a stops b, which would be next, and itself; c comes nevertheless. */
static void a_callback_stops_the_next(struct loop *loop)
{
    struct seen a = {0}, b = {0}, c = {0};
    start(loop, &a, SIGUSR1);
    start(loop, &b, SIGUSR1);
    start(loop, &c, SIGUSR1);
    a.stops = &b.signal;
    c.stops = &c.signal;
    kill(getpid(), SIGUSR1);
    each_until(loop, was_called, &c, "the third watcher");
    assert_int_equal(a.n, 1);
    assert_int_equal(b.n, 0);
    assert_null(c.signal.loop);
    assert_int_equal(loop_active(loop), 1);
    loop_signal_stop(&a.signal);
}

/* b stops a, which has been called: it is not lost, and not called twice. */
static void a_callback_stops_the_one_before(struct loop *loop)
{
    struct seen a = {0}, b = {0};
    start(loop, &a, SIGUSR1);
    start(loop, &b, SIGUSR1);
    b.stops = &a.signal;
    kill(getpid(), SIGUSR1);
    each_until(loop, was_called, &b, "the second watcher");
    kill(getpid(), SIGUSR1);
    b.n = 0;
    each_until(loop, was_called, &b, "the second signal");
    assert_int_equal(a.n, 1);
    loop_signal_stop(&b.signal);
}

static void started_in_a_callback_means_the_next_signal(struct loop *loop)
{
    struct seen a = {0}, late = {0};
    start(loop, &a, SIGUSR1);
    a.starts = &late;
    kill(getpid(), SIGUSR1);
    each_until(loop, was_called, &a, "the first signal");
    pass(loop);
    assert_int_equal(late.n, 0);
    kill(getpid(), SIGUSR1);
    each_until(loop, was_called, &late, "the second signal");
    assert_int_equal(late.n, 1);
    loop_signal_stop(&a.signal);
    loop_signal_stop(&late.signal);
}

/* The last of a signal stops in its own callback and is started again there. */
static void the_only_watcher_restarts_itself(struct loop *loop)
{
    struct seen a = {0};
    start(loop, &a, SIGUSR1);
    a.stops = &a.signal;
    a.starts = &a;
    for (int i = 0; i < 3; i++) {
        a.n = 0;
        kill(getpid(), SIGUSR1);
        each_until(loop, was_called, &a, "a signal to one that restarts");
        assert_true(is_blocked(SIGUSR1));
    }
    loop_signal_stop(&a.signal);
}

static void the_mask_is_restored(struct loop *loop)
{
    struct seen a = {0}, b = {0};
    assert_false(is_blocked(SIGUSR1));
    start(loop, &a, SIGUSR1);
    start(loop, &b, SIGUSR1);
    assert_true(is_blocked(SIGUSR1));
    loop_signal_stop(&a.signal);
    assert_true(is_blocked(SIGUSR1));
    loop_signal_stop(&b.signal);
    assert_false(is_blocked(SIGUSR1));
}

static void a_mask_of_the_program_stays(struct loop *loop)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct seen a = {0};
    start(loop, &a, SIGUSR1);
    loop_signal_stop(&a.signal);
    assert_true(is_blocked(SIGUSR1));
    /* And what comes is the program's: the loop leaves it pending. */
    kill(getpid(), SIGUSR1);
    pass(loop);
    const struct timespec at_once = {0};
    assert_int_equal(sigtimedwait(&set, NULL, &at_once), SIGUSR1);
    assert_int_equal(a.n, 0);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Two loops of a thread: the first to stop must not unblock it for the other.
 */
static void two_loops_share_the_mask(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct seen a = {0}, b = {0};
    start(loop, &a, SIGUSR1);
    start(other, &b, SIGUSR1);
    loop_signal_stop(&a.signal);
    assert_true(is_blocked(SIGUSR1));
    kill(getpid(), SIGUSR1);
    each_until(other, was_called, &b, "the signal in the other loop");
    loop_signal_stop(&b.signal);
    assert_false(is_blocked(SIGUSR1));
    loop_free(other);
}

static volatile sig_atomic_t n_handled;

static void handle(int signo)
{
    (void)signo;
    n_handled++;
}

/*
 * Both are pending when the first (of the lower number) is read; its callback
 * stops the watcher of the second, which then goes where it went before.
 */
static void a_signal_that_is_not_watched_any_more_is_not_lost(struct loop *loop)
{
    struct sigaction before, action = {.sa_handler = handle};
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR2, &action, &before);
    struct seen a = {0}, b = {0};
    start(loop, &a, SIGUSR1);
    start(loop, &b, SIGUSR2);
    a.stops = &b.signal;
    n_handled = 0;
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR2);
    each_until(loop, was_called, &a, "the first signal");
    assert_int_equal(b.n, 0);
    assert_int_equal(n_handled, 1);
    loop_signal_stop(&a.signal);
    sigaction(SIGUSR2, &before, NULL);
}

static bool saw_last(void *arg)
{
    return ((struct seen *)arg)->last_int == 199;
}

/* More than one pass reads; real-time signals queue, none is merged. */
static void queued_signals_all_come(struct loop *loop)
{
    struct seen a = {0};
    start(loop, &a, SIGRTMIN + 1);
    for (int i = 0; i < 200; i++)
        assert_int_equal(
            sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i}),
            0);
    each_until(loop, saw_last, &a, "the last queued signal");
    assert_int_equal(a.n, 200);
    loop_signal_stop(&a.signal);
}

static void what_cannot_be_caught_is_refused(struct loop *loop)
{
    const int bad[] = {0, -1, SIGKILL, SIGSTOP, SIGRTMAX + 1, 32};
    struct loop_signal s = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(loop_signal_start(loop, &s, bad[i], on_signal, NULL),
                         -EINVAL);
    loop_signal_stop(&s);
    assert_int_equal(loop_active(loop), 0);
}

static void free_stops_without_a_call(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct seen a = {0}, b = {0};
    start(other, &a, SIGUSR1);
    start(other, &b, SIGWINCH); /* ignored once it is delivered */
    kill(getpid(), SIGWINCH);
    loop_free(other);
    assert_int_equal(b.n, 0);
    assert_null(a.signal.loop);
    assert_false(is_blocked(SIGUSR1));
    assert_false(is_blocked(SIGWINCH));
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(signal_is_an_event),
        EACH(all_watchers_of_a_signal_are_called),
        EACH(a_callback_stops_the_next),
        EACH(a_callback_stops_the_one_before),
        EACH(started_in_a_callback_means_the_next_signal),
        EACH(the_only_watcher_restarts_itself),
        EACH(the_mask_is_restored),
        EACH(a_mask_of_the_program_stays),
        EACH(two_loops_share_the_mask),
        EACH(a_signal_that_is_not_watched_any_more_is_not_lost),
        EACH(queued_signals_all_come),
        EACH(what_cannot_be_caught_is_refused),
        EACH(free_stops_without_a_call),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
