/*
 * watchdog.c - reports a callback that holds the loop for too long, with the
 * stack that it blocks on, while it blocks.
 *
 * A thread a loop looks on. The loop's thread notes when a callback begins, and
 * counts its turns: odd while a callback runs. When the thread finds a turn
 * that is too old, it asks the loop's thread for its stack by a signal:
 *
 *     loop's thread                  watchdog's thread
 *     turn 7, begun_ns ----------->  too old? not yet: sleeps until it would be
 *       ... blocks ...               too old: asked = 7, sends the signal
 *     handler: asked is my turn      logs "has held the loop"
 *       backtrace(3), sem_post --->  logs the frames, sleeps
 *       ... goes on blocking ...
 *     turn 8: logs "held the loop
 *       for 350 ms"
 *
 * If the callback has ended when the signal comes, the handler finds another
 * turn and takes no stack; the loop's thread knows how long it took, so that
 * every slow callback is logged and counted at its end, and once. One that
 * blocks signals gives no stack until it unblocks them.
 *
 * The signal is the highest real-time signal that nobody handles when the first
 * watchdog opens; it is given back when the last one closes. It interrupts the
 * call that blocks: read(2) and its kin go on (SA_RESTART), poll(2) and
 * nanosleep(2) return EINTR, see signal(7). The frames have functions' names if
 * the program is linked with -rdynamic, and else addresses for addr2line(1).
 * Time is the system's, also where the loop has a clock of its own.
 *
 * SIMPLIFIED: backtrace(3) is not on the list of async-signal-safe functions.
 * What is unsafe in it, loading libgcc, is done before; the rest unwinds
 * without locks or memory since glibc 2.35.
 *
 * Read before: observe.c. Read after: loop.c.
 * Rests on: pthread_sigqueue(3), sigaction(2), backtrace(3),
 * signal-safety(7), sem_clockwait(3).
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>
#include <execinfo.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_FRAMES = 64,
    OWN_FRAMES = 2, /* the handler, and what the kernel has it return to */
};

/* Below this the watchdog's thread would never sleep; above, times overflow. */
static const int64_t least_limit_ns = LOOP_MS, most_limit_ns = LOOP_NEVER / 2;

struct watchdog {
    pthread_t thread, watched;
    pid_t pid;
    int64_t limit_ns;
    sem_t stop;

    /* Written by the loop's thread. */
    atomic_uint_fast64_t turn;
    atomic_int_fast64_t begun_ns;
    _Atomic(const char *) place;

    /* The question: a turn, or 0: none, or it is being answered. */
    atomic_uint_fast64_t asked;
    /* The answer. */
    sem_t answered;
    atomic_int n_frames; /* 0: the turn was over */
    void *frames[MOST_FRAMES];
};

/* True if the semaphore was posted before `deadline_ns`. */
static bool wait_until(sem_t *sem, int64_t deadline_ns)
{
    const struct timespec deadline = {.tv_sec = deadline_ns / LOOP_SECOND,
                                      .tv_nsec = deadline_ns % LOOP_SECOND};
    int result;
    do
        result = sem_clockwait(sem, CLOCK_MONOTONIC, &deadline);
    while (result == -1 && errno == EINTR);
    return result == 0;
}

/* --- the signal ---------------------------------------------------------- */

/* Shared by the watchdogs of all loops. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int signo;
    int users;
    struct sigaction before;
} shared;

/* In the loop's thread, within whatever it is doing. */
static void on_signal(int signo, siginfo_t *info, void *context)
{
    (void)signo;
    (void)context;
    if (info->si_code != SI_QUEUE || info->si_pid != getpid())
        return; /* not one of ours: it carries no watchdog */
    struct watchdog *w = info->si_value.sival_ptr;
    const uint64_t asked = atomic_exchange(&w->asked, 0);
    if (asked == 0)
        return; /* it came too late, nobody waits any more */
    const int error = errno;
    int n = 0;
    if (asked == atomic_load(&w->turn))
        n = backtrace(w->frames, MOST_FRAMES);
    atomic_store(&w->n_frames, n);
    sem_post(&w->answered);
    errno = error;
}

/* The highest real-time signal that is neither handled nor blocked, or 0. */
static int find_signal(void)
{
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    for (int signo = SIGRTMAX; signo >= SIGRTMIN; signo--) {
        struct sigaction now;
        if (sigaction(signo, NULL, &now) == 0 && now.sa_handler == SIG_DFL &&
            sigismember(&blocked, signo) == 0)
            return signo;
    }
    return 0;
}

static int signal_hold(void)
{
    const struct sigaction act = {.sa_sigaction = on_signal,
                                  .sa_flags = SA_SIGINFO | SA_RESTART};
    int error = 0;
    pthread_mutex_lock(&lock);
    if (shared.users == 0)
        shared.signo = find_signal();
    if (shared.signo == 0)
        error = -EBUSY;
    else if (shared.users == 0 &&
             sigaction(shared.signo, &act, &shared.before) == -1)
        error = -errno;
    if (error == 0)
        shared.users++;
    pthread_mutex_unlock(&lock);
    return error;
}

/* In the loop's thread: no signal of the watchdog may come after this. */
static void signal_release(void)
{
    const struct timespec at_once = {0};
    sigset_t ours, before;
    sigemptyset(&ours);
    pthread_mutex_lock(&lock);
    sigaddset(&ours, shared.signo);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    while (sigtimedwait(&ours, NULL, &at_once) > 0)
        continue; /* one that this thread had blocked */
    if (--shared.users == 0)
        sigaction(shared.signo, &shared.before, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_mutex_unlock(&lock);
}

/* --- the watchdog's thread ----------------------------------------------- */

/*
 * Has the loop's thread note its stack, and waits as long as that turn lasts.
 * Returns the number of frames; 0: it has ended.
 */
static int ask_stack(struct watchdog *w, uint64_t turn)
{
    const union sigval value = {.sival_ptr = w};
    atomic_store(&w->asked, turn);
    if (pthread_sigqueue(w->watched, shared.signo, value) != 0) {
        atomic_store(&w->asked, 0);
        return 0;
    }
    while (!wait_until(&w->answered, core_monotonic_ns() + w->limit_ns))
        /* If the question is gone, the handler has begun to answer. */
        if (atomic_load(&w->turn) != turn &&
            atomic_exchange(&w->asked, 0) == turn)
            return 0;
    return atomic_load(&w->n_frames);
}

static void report(struct watchdog *w, uint64_t turn, int64_t held_ns)
{
    const char *place = atomic_load(&w->place);
    if (atomic_load(&w->turn) != turn)
        return; /* it is over: its place may be another's */
    base_log_warning("%s has held the loop for %lld ms", place,
                     (long long)(held_ns / LOOP_MS));
    const int n = ask_stack(w, turn);
    char **names = n > 0 ? backtrace_symbols(w->frames, n) : NULL;
    for (int i = OWN_FRAMES; i < n && names != NULL; i++)
        base_log_warning("  #%d %s", i - OWN_FRAMES, names[i]);
    free(names);
}

static void *watch(void *arg)
{
    struct watchdog *w = arg;
    uint64_t reported = 0;
    int64_t wake_ns = core_monotonic_ns() + w->limit_ns;
    while (!wait_until(&w->stop, wake_ns)) {
        const uint64_t turn = atomic_load(&w->turn);
        const int64_t now = core_monotonic_ns();
        const int64_t held_ns = now - atomic_load(&w->begun_ns);
        wake_ns = now + w->limit_ns;
        if (turn % 2 == 0 || turn == reported)
            continue;
        if (held_ns < w->limit_ns) {
            wake_ns -= held_ns;
            continue;
        }
        report(w, turn, held_ns);
        reported = turn;
    }
    return NULL;
}

/* --- the loop's thread --------------------------------------------------- */

void watchdog_begin(struct loop *loop)
{
    struct watchdog *w = loop->watchdog;
    const uint64_t turn = atomic_load(&w->turn);
    assert(turn % 2 == 0);
    /* In this order: who sees a new turn sees its time. */
    atomic_store(&w->place, loop->place);
    atomic_store(&w->begun_ns, core_monotonic_ns());
    atomic_store(&w->turn, turn + 1);
}

void watchdog_end(struct loop *loop)
{
    struct watchdog *w = loop->watchdog;
    const int64_t held_ns = core_monotonic_ns() - atomic_load(&w->begun_ns);
    atomic_fetch_add(&w->turn, 1);
    if (held_ns < w->limit_ns)
        return;
    loop->stats.slow++;
    base_log_warning("%s held the loop for %lld ms", loop->place,
                     (long long)(held_ns / LOOP_MS));
}

/* Starts the thread with all signals blocked: they are for other threads. */
static int start_thread(struct watchdog *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&w->thread, NULL, watch, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        pthread_setname_np(w->thread, "loop-watchdog");
    return -error;
}

int watchdog_open(struct loop *loop, int64_t limit_ns)
{
    int error = signal_hold();
    if (error != 0)
        return error;
    struct watchdog *w = base_alloc(sizeof *w);
    *w = (struct watchdog){
        .watched = pthread_self(),
        .pid = getpid(),
        .limit_ns = limit_ns < least_limit_ns  ? least_limit_ns
                    : limit_ns > most_limit_ns ? most_limit_ns
                                               : limit_ns,
    };
    sem_init(&w->stop, 0, 0);
    sem_init(&w->answered, 0, 0);
    backtrace(w->frames, MOST_FRAMES); /* loads libgcc, see above */
    error = start_thread(w);
    if (error != 0) {
        free(w);
        signal_release();
        return error;
    }
    loop->watchdog = w;
    loop->observed = true;
    return 0;
}

void watchdog_close(struct loop *loop)
{
    struct watchdog *w = loop->watchdog;
    if (w == NULL)
        return;
    /* The child of a fork has the memory, and not the thread. */
    if (w->pid == getpid()) {
        sem_post(&w->stop);
        pthread_join(w->thread, NULL);
        sem_destroy(&w->stop);
        sem_destroy(&w->answered);
    }
    signal_release();
    free(w);
    loop->watchdog = NULL;
    loop->observed = loop->trace != NULL;
}
