/*
 * workers.c - one process a CPU: forking workers and keeping them alive.
 *
 * A loop uses one CPU. To use all, a server forks before it makes a loop: each
 * worker is a whole process with a loop of its own, and they share nothing but
 * the descriptors that were open before, such as a listener. A worker that
 * crashes takes no other along, and is started again.
 *
 *     listen                     worker 0: loop_fork_workers returns 1
 *       |            fork  .---> worker 1: returns 1
 *     loop_fork_workers --<----> worker 2: returns 1 -- fails --> fork again
 *       |                            \___ all end with 0 ___
 *       `--- returns 0 in the parent <---------------------'
 *
 * The parent has nothing else to do, so it needs no loop: it blocks the signals
 * that matter, sigwaitinfo(2) hands them out one by one, and there is no
 * handler and no race. (It forks before it starts threads, too: those would
 * get the signals that it blocks, and a child has none of them.) Worker numbers
 * are reused, so that worker 1 is always one process, with its own log or CPU.
 *
 * A parent that dies without a word (SIGKILL) must not leave workers behind
 * that hold the port: the kernel then sends each SIGTERM (PR_SET_PDEATHSIG). A
 * parent that died between fork and that request is found by getppid(2).
 *
 * Left out: workers that are started slowly when they fail at once (the number
 * of restarts bounds it), and limits of CPU time by control groups, which are
 * no number of CPUs.
 *
 * Read before: signal.c. Read after: pool.c.
 * Rests on: fork(2), waitpid(2), sigwaitinfo(2), PR_SET_PDEATHSIG in prctl(2),
 * sched_getaffinity(2).
 */
#include "loop/core/core_internal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_S = 5 }; /* from SIGTERM to SIGKILL, after too many restarts */

/* The parent's view. */
struct crew {
    pid_t *pids; /* by number; 0: ended for good */
    int n, n_alive;
    int restarts_left;
    bool stopping; /* a signal to end was passed on */
    sigset_t mask_before;
    struct sigaction chld_before;
};

static int worker_number = -1;

int loop_worker_number(void)
{
    return worker_number;
}

int loop_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    /* More CPUs than a cpu_set_t holds: 1024. */
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

/* --- signals of the parent ----------------------------------------------- */

static sigset_t awaited(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

/* A program that ignores SIGCHLD would not learn how its children ended. */
static void signals_take(struct crew *crew)
{
    const sigset_t set = awaited();
    pthread_sigmask(SIG_BLOCK, &set, &crew->mask_before);
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigemptyset(&standard.sa_mask);
    sigaction(SIGCHLD, &standard, &crew->chld_before);
}

static void signals_give_back(const struct crew *crew)
{
    sigaction(SIGCHLD, &crew->chld_before, NULL);
    pthread_sigmask(SIG_SETMASK, &crew->mask_before, NULL);
}

static void signal_all(const struct crew *crew, int signo)
{
    for (int i = 0; i < crew->n; i++)
        if (crew->pids[i] != 0)
            kill(crew->pids[i], signo);
}

/* --- forking ------------------------------------------------------------- */

static void become_worker(struct crew *crew, int number, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    worker_number = number;
    signals_give_back(crew);
    free(crew->pids);
}

/* Returns 1 in the worker, 0 in the parent, or a negative errno value. */
static int fork_one(struct crew *crew, int number)
{
    const pid_t parent = getpid();
    fflush(NULL); /* or what is buffered would be written twice */
    const pid_t pid = fork();
    if (pid == -1)
        return -errno;
    if (pid == 0) {
        become_worker(crew, number, parent);
        return 1;
    }
    crew->pids[number] = pid;
    crew->n_alive++;
    return 0;
}

/* --- supervising --------------------------------------------------------- */

static bool has_failed(int status)
{
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void tell(int number, pid_t pid, int status)
{
    if (WIFEXITED(status))
        base_log_warning("worker %d (pid %d) ended with status %d", number,
                         (int)pid, WEXITSTATUS(status));
    else
        base_log_warning("worker %d (pid %d) was ended by signal %d", number,
                         (int)pid, WTERMSIG(status));
}

/* Reaps a worker if it has ended, and starts it again if it has failed. */
static int look_after(struct crew *crew, int number)
{
    int status = 0; /* so that one reaped by somebody else counts as ended */
    const pid_t pid = crew->pids[number];
    if (pid == 0 || waitpid(pid, &status, WNOHANG) == 0)
        return 0;
    crew->pids[number] = 0;
    crew->n_alive--;
    if (crew->stopping || !has_failed(status))
        return 0;
    tell(number, pid, status);
    if (crew->restarts_left-- == 0)
        return -ECHILD;
    return fork_one(crew, number);
}

/*
 * Waits for a signal and does what it asks for. What the terminal sends
 * (SI_KERNEL) has gone to the workers as well: passed on, it would come twice.
 */
static int supervise(struct crew *crew)
{
    const sigset_t set = awaited();
    siginfo_t info;
    const int signo = sigwaitinfo(&set, &info);
    if (signo == SIGTERM || signo == SIGINT) {
        crew->stopping = true;
        if (info.si_code != SI_KERNEL)
            signal_all(crew, signo);
        return 0;
    }
    /* SIGCHLD, one for any number of children; or EINTR. */
    int result = 0;
    for (int i = 0; i < crew->n && result == 0; i++)
        result = look_after(crew, i);
    return result;
}

/* Ends and reaps the workers; those that do not listen are killed. */
static void dismiss(struct crew *crew)
{
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    crew->stopping = true;
    signal_all(crew, SIGTERM);
    const struct timespec grace = {.tv_sec = GRACE_S};
    for (;;) { /* look first: the signal of some may have been taken already */
        for (int i = 0; i < crew->n; i++)
            look_after(crew, i);
        if (crew->n_alive == 0)
            return;
        if (sigtimedwait(&chld, NULL, &grace) == -1 && errno == EAGAIN)
            signal_all(crew, SIGKILL);
    }
}

int loop_fork_workers(int n, int max_restarts, int *worker)
{
    if (n < 0 || max_restarts < 0)
        return -EINVAL;
    if (atomic_load(&core_loops) > 0)
        return -EBUSY;
    struct crew crew = {.n = n > 0 ? n : loop_cpu_count(),
                        .restarts_left = max_restarts};
    crew.pids = base_alloc_array((size_t)crew.n, sizeof *crew.pids);
    signals_take(&crew);
    int result = 0;
    for (int i = 0; i < crew.n && result == 0; i++)
        result = fork_one(&crew, i);
    while (result == 0 && crew.n_alive > 0)
        result = supervise(&crew);
    if (result == 1) {
        *worker = worker_number;
        return 1;
    }
    if (result < 0)
        dismiss(&crew);
    signals_give_back(&crew);
    free(crew.pids);
    return result;
}
