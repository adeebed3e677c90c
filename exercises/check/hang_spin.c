/*
 * hang_spin.c - a thread that burns the processor: which calls does it make,
 * again and again, and what do they return?
 *
 * The kernel does not show the call of a thread that runs, so we look over its
 * shoulder with ptrace(2) for some dozens of calls, and let it go. That is not
 * possible if it is traced already; then the interests have to tell. Nobody's
 * status is reaped: we wait for stops alone.
 *
 * Read before: hang_judge.c. Read after: hang_words.c.
 * Rests on: ptrace(2): PTRACE_SEIZE, PTRACE_GET_SYSCALL_INFO; waitid(2).
 */
#include "hang_parts.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

enum {
    STOPS_MAX = 128,
    LOOKS_MAX = 2000, /* for one stop, ... */
    LOOK_NS = 100000, /* ... so long apart */
};

/* --- what it calls -------------------------------------------------------- */

/* Waits for a stop. False: none came, or the thread has ended. */
static bool wait_for_stop(pid_t tid, int *status)
{
    for (int i = 0; i < LOOKS_MAX; i++) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOHANG | __WALL) == -1)
            return false;
        if (info.si_pid == tid) {
            *status = info.si_status;
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    return false;
}

static void note(struct hang_case *c, const struct hang_call *call, int fd,
                 long long result)
{
    int i = 0;
    while (i < c->n_turns && (c->turns[i].call != call || c->turns[i].fd != fd))
        i++;
    if (i == HANG_TURNS)
        return;
    if (i == c->n_turns)
        c->turns[c->n_turns++] = (struct hang_turn){.call = call, .fd = fd};
    c->turns[i].times++;
    c->turns[i].result = result;
}

/* An entry is kept until its exit, which has the result. */
static void note_stop(struct hang_case *c, struct hang_turn *entered)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, c->task.tid, (void *)sizeof info,
               &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        entered->call = hang_call_of((long)info.entry.nr);
        const int arg = entered->call->fd_arg;
        entered->fd = arg == -1 ? -1 : (int)info.entry.args[arg];
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && entered->call != NULL) {
        note(c, entered->call, entered->fd, (long long)info.exit.rval);
        entered->call = NULL;
    }
}

/* From stop to stop; a signal that comes by is handed on. */
static void follow(struct hang_case *c)
{
    struct hang_turn entered = {0};
    const pid_t tid = c->task.tid;
    int status;
    long signal = 0;
    for (int i = 0; i < STOPS_MAX && wait_for_stop(tid, &status); i++) {
        signal = 0;
        if (status == (SIGTRAP | 0x80))
            note_stop(c, &entered);
        else if (status >> 8 == 0)
            signal = status;
        if (ptrace(PTRACE_SYSCALL, tid, 0, (void *)signal) == -1)
            return;
    }
}

static void watch(struct hang_case *c)
{
    const pid_t tid = c->task.tid;
    if (ptrace(PTRACE_SEIZE, tid, 0, (void *)PTRACE_O_TRACESYSGOOD) == -1)
        return;
    c->followed = true;
    int status;
    if (ptrace(PTRACE_INTERRUPT, tid, 0, 0) == 0)
        follow(c);
    /* It runs, or stands at a stop that was not waited for. */
    if (ptrace(PTRACE_DETACH, tid, 0, 0) == -1 &&
        ptrace(PTRACE_INTERRUPT, tid, 0, 0) == 0 && wait_for_stop(tid, &status))
        ptrace(PTRACE_DETACH, tid, 0, 0);
}

/* --- what keeps it awake -------------------------------------------------- */

static bool is_level(const struct hang_interest *i)
{
    return i->flaw == FLAW_NONE && !(i->events & EPOLLET);
}

/* Asked for at level, and true: the wait returns at once, for ever. */
static void find_ready(struct hang_case *c)
{
    for (size_t i = 0; i < c->interests.n; i++) {
        const struct hang_interest *in = &c->interests.at[i];
        const struct hang_fd *f = hang_fds_find(&c->fds, in->fd);
        if (f == NULL || f->ready == -1 || !is_level(in) ||
            !((uint32_t)f->ready & (in->events | POLLHUP | POLLERR)) ||
            f->kind == FD_EPOLL)
            continue;
        c->there = f;
        c->why = in;
        c->other = f->fd;
        c->waiting = f->unread > 0 ? (size_t)f->unread : 0;
        if (in->source == CALL_EPOLL)
            c->fd = in->from;
        return;
    }
}

/* The call that names the loop: the wait, else the commonest. */
static const struct hang_turn *heart(const struct hang_case *c)
{
    const struct hang_turn *best = NULL;
    for (int i = 0; i < c->n_turns; i++) {
        const struct hang_turn *t = &c->turns[i];
        if (best == NULL ||
            hang_waits_for_events(t->call) >
                hang_waits_for_events(best->call) ||
            (hang_waits_for_events(t->call) ==
                 hang_waits_for_events(best->call) &&
             t->times > best->times))
            best = t;
    }
    return best;
}

void hang_spin(struct hang_case *c)
{
    c->fd = -1;
    find_ready(c);
    watch(c);
    const struct hang_turn *t = heart(c);
    if (t == NULL)
        return;
    c->task.number = t->call->number;
    c->task.call = t->call;
    c->fd = t->fd;
    c->on = c->fd == -1 ? NULL : hang_fds_find(&c->fds, c->fd);
}
