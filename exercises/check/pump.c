/*
 * pump.c - see pump.h: a poll(2) over a few descriptors, among them one that
 * tells of children.
 *
 * Rests on: poll(2), signalfd(2), wait(2).
 */
#include "pump.h"

#include "../../loop/base.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    WATCHED_MAX = 64,
    TURN_MS = 20,
    FIRST_TURN_MS = 1, /* what is quick is seen soon */
    IDLE_TURNS = 3,
};

static struct watched {
    int fd;
    pump_fn *fn;
    void *arg;
} watched[WATCHED_MAX];
static int n_watched;
static int children = -1; /* a signalfd */

bool (*pump_on_stop)(pid_t pid, int status);
void (*pump_on_gone)(pid_t pid, int status);
void (*pump_on_idle)(void);

static int64_t limit_ns;
static void (*on_limit)(void);

int64_t pump_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void pump_add(int fd, pump_fn *fn, void *arg)
{
    assert(n_watched < WATCHED_MAX);
    watched[n_watched++] = (struct watched){fd, fn, arg};
}

void pump_remove(int fd)
{
    for (int i = 0; i < n_watched; i++)
        if (watched[i].fd == fd) {
            watched[i] = watched[--n_watched];
            return;
        }
}

void pump_limit(int64_t deadline_ns, void (*fn)(void))
{
    limit_ns = deadline_ns;
    on_limit = fn;
}

static void look_at_limit(void)
{
    void (*const fn)(void) = on_limit;
    if (fn == NULL || pump_clock_ns() < limit_ns)
        return;
    on_limit = NULL; /* fn may wait, too */
    fn();
}

/* From the first wait on: signals are blocked, and told by a descriptor. */
static void open_children(void)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True if any had something to tell. */
static bool hear_children(void)
{
    struct signalfd_siginfo info;
    while (read(children, &info, sizeof info) > 0)
        ;
    bool news = false;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
        news = true;
        if (WIFSTOPPED(status)) {
            if (pump_on_stop != NULL)
                pump_on_stop(pid, status);
        } else if (pump_on_gone != NULL) {
            pump_on_gone(pid, status);
        }
    }
    return news;
}

/*
 * One turn: waits up to `ms`, handles what there is. Returns whether `fd` has
 * one of `events`; *news: whether anything happened.
 */
static bool turn(int fd, short events, int ms, bool *news)
{
    struct pollfd fds[WATCHED_MAX + 2];
    struct watched now[WATCHED_MAX]; /* a function may add and remove */
    look_at_limit();
    const int n = n_watched;
    for (int i = 0; i < n; i++) {
        now[i] = watched[i];
        fds[i] = (struct pollfd){.fd = now[i].fd, .events = POLLIN};
    }
    fds[n] = (struct pollfd){.fd = children, .events = POLLIN};
    fds[n + 1] = (struct pollfd){.fd = fd, .events = events};
    *news = poll(fds, (nfds_t)n + 2, ms) > 0;
    for (int i = 0; i < n; i++)
        if (fds[i].revents != 0)
            now[i].fn(now[i].fd, now[i].arg);
    if (hear_children())
        *news = true;
    return fd != -1 && fds[n + 1].revents != 0;
}

/*
 * To ask `done` may cost more than a turn: it may have to look through /proc.
 * As long as things happen, it is not asked more than half of the time; nor
 * before there was a turn, lest no time be left for what it waits for.
 */
int pump_until(bool (*done)(void *arg), void *arg, int fd, short events,
               int64_t deadline_ns)
{
    if (children == -1)
        open_children();
    if (done != NULL && done(arg))
        return 1;
    int ms = FIRST_TURN_MS;
    int64_t ask_again_ns = 0;
    for (int idle = 0;;) {
        bool news;
        if (turn(fd, events, ms, &news))
            return 1;
        ms = news ? FIRST_TURN_MS : ms < TURN_MS ? ms * 2 : TURN_MS;
        idle = news ? 0 : idle + 1;
        if (idle >= IDLE_TURNS && pump_on_idle != NULL)
            pump_on_idle();
        const int64_t now_ns = pump_clock_ns();
        const bool late = now_ns >= deadline_ns;
        if (done != NULL && (late || !news || now_ns >= ask_again_ns)) {
            if (done(arg))
                return 1;
            ask_again_ns = 2 * pump_clock_ns() - now_ns;
        }
        if (late)
            return 0;
    }
}

void pump_now(void)
{
    if (children == -1)
        open_children();
    bool news;
    do
        turn(-1, 0, 0, &news);
    while (news);
}
