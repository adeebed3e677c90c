/*
 * signal.c - signals as events: signalfd(2) instead of handlers.
 *
 * A signal handler interrupts the program between any two instructions and may
 * do almost nothing (signal-safety(7)). So no handler is used. A signal that is
 * watched is blocked, so that it stays pending instead of being delivered, and
 * a descriptor is readable as long as one is pending: the loop reads signals
 * as it reads sockets, and the callback may do whatever it likes.
 *
 *     kill(2) --> pending, as it is blocked --> signalfd readable
 *                                                     |
 *        s->fn of each watcher <-- deliver <-- read one siginfo
 *
 * One descriptor serves all signals of a loop. It is made at the first use and
 * stays until the loop is freed, for the set of signals can be changed.
 *
 * A callback may stop any watcher, also one that waits for the same signal and
 * comes next. So those to be called are moved to a list of this delivery, and
 * each goes back before it is called: one that stops leaves the list in which
 * it stands, and one that starts is called from the next signal on. Signals are
 * read one at a time: one that a callback has just stopped to watch is still
 * pending then, and does what it does to a program that does not watch it.
 *
 * Left out: signals sent to one thread of several (pthread_kill(3)) are seen by
 * the loop of that thread alone; those of the process by whichever loop that
 * watches them reads first.
 *
 * Read before: watcher.c. Read after: child.c.
 * Rests on: signalfd(2), signal(7), pthread_sigmask(3).
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIGNALS = _NSIG, READS_A_PASS = 64 };

struct signals {
    struct loop_watcher watcher;
    int fd;
    sigset_t watched;
    struct watched {
        struct base_list watchers; /* struct loop_signal */
        int n; /* of them, also while some stand in a delivery's list */
    } of[SIGNALS];
};

/* Signal masks belong to threads, and a thread may have several loops. */
static _Thread_local struct {
    int loops; /* that watch the signal */
    bool was_blocked;
} masked[SIGNALS];

static void call(struct loop *loop, struct loop_signal *s,
                 const struct signalfd_siginfo *info)
{
    callback_begin(loop, CALL_SIGNAL, s->place);
    s->fn(s, info);
    callback_end(loop, CALL_SIGNAL);
}

static void deliver(struct loop *loop, const struct signalfd_siginfo *info)
{
    struct watched *watched = &loop->signals->of[info->ssi_signo];
    struct base_list due;
    base_list_init(&due);
    base_list_splice(&due, &watched->watchers);
    struct base_list *link;
    while ((link = base_list_take(&due)) != NULL) {
        base_list_append(&watched->watchers, link);
        call(loop, base_container(link, struct loop_signal, link), info);
    }
}

static void on_readable(struct loop_watcher *w, unsigned events)
{
    (void)events;
    struct signalfd_siginfo info;
    for (int i = 0; i < READS_A_PASS; i++) {
        if (read(w->fd, &info, sizeof info) != (ssize_t)sizeof info)
            return; /* EAGAIN: none is pending */
        deliver(w->loop, &info);
    }
}

/* Makes the descriptor, if there is none yet. */
static int signals_open(struct loop *loop)
{
    if (loop->signals != NULL)
        return 0;
    struct signals *signals = base_alloc(sizeof *signals);
    sigemptyset(&signals->watched);
    for (int i = 0; i < SIGNALS; i++)
        base_list_init(&signals->of[i].watchers);
    signals->fd = signalfd(-1, &signals->watched, SFD_NONBLOCK | SFD_CLOEXEC);
    int error = signals->fd == -1 ? -errno : 0;
    if (error == 0)
        error = watcher_start_internal(loop, &signals->watcher, signals->fd,
                                       on_readable, NULL);
    if (error == 0) {
        loop->signals = signals;
        return 0;
    }
    if (signals->fd != -1)
        close(signals->fd);
    free(signals);
    return error;
}

static sigset_t only(int signo)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signo);
    return set;
}

/* Blocks the signal and lets the descriptor report it. */
static void watch(struct signals *signals, int signo)
{
    const sigset_t one = only(signo);
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &one, &before);
    if (masked[signo].loops++ == 0)
        masked[signo].was_blocked = sigismember(&before, signo) == 1;
    sigaddset(&signals->watched, signo);
    signalfd(signals->fd, &signals->watched, 0);
}

/*
 * The reverse; a signal that is pending comes now, to whom it may concern. The
 * child of a fork has the same descriptor: what it reports is the parent's.
 */
static void unwatch(const struct loop *loop, int signo)
{
    struct signals *signals = loop->signals;
    sigdelset(&signals->watched, signo);
    if (loop->born == core_forks)
        signalfd(signals->fd, &signals->watched, 0);
    const sigset_t one = only(signo);
    if (--masked[signo].loops == 0 && !masked[signo].was_blocked)
        pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static bool can_be_caught(int signo)
{
    sigset_t set;
    sigemptyset(&set);
    return signo != SIGKILL && signo != SIGSTOP && sigaddset(&set, signo) == 0;
}

int loop_signal_start_named(struct loop *loop, struct loop_signal *s, int signo,
                            loop_signal_fn *fn, void *arg, const char *place)
{
    assert(s->loop == NULL);
    if (!can_be_caught(signo))
        return -EINVAL;
    if (loop->closing)
        return -ESHUTDOWN;
    const int error = signals_open(loop);
    if (error != 0)
        return error;
    struct watched *watched = &loop->signals->of[signo];
    if (watched->n++ == 0)
        watch(loop->signals, signo);
    s->loop = loop;
    s->signo = signo;
    s->fn = fn;
    s->arg = arg;
    s->place = place;
    base_list_append(&watched->watchers, &s->link);
    loop->n_active++;
    return 0;
}

void loop_signal_stop(struct loop_signal *s)
{
    if (s->loop == NULL)
        return;
    struct loop *loop = s->loop;
    base_list_remove(&s->link);
    loop->n_active--;
    s->loop = NULL;
    if (--loop->signals->of[s->signo].n == 0)
        unwatch(loop, s->signo);
}

void signals_close(struct loop *loop)
{
    struct signals *signals = loop->signals;
    if (signals == NULL)
        return;
    for (int i = 0; i < SIGNALS; i++) {
        struct base_list *list = &signals->of[i].watchers;
        while (!base_list_empty(list))
            loop_signal_stop(
                base_container(list->next, struct loop_signal, link));
    }
    loop_watcher_stop(&signals->watcher);
    close(signals->fd);
    free(signals);
    loop->signals = NULL;
}
