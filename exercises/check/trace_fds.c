/*
 * trace_fds.c - what each descriptor of a program is, whether it blocks, and
 * which epoll watches it for what: learned from the calls that made it so. See
 * trace_internal.h.
 *
 * A number is an entry of a process; O_NONBLOCK belongs to the open file behind
 * it, which dup(2) and fork(2) share. So entries of one open file have one
 * serial number, and change together, in their process.
 *
 * Left out: descriptors that came over a UNIX socket, and the shared flag
 * between a parent and its child.
 *
 * Read before: trace_internal.h. Read after: trace.c.
 * Rests on: open(2) for open file descriptions, epoll(7) question 6, fcntl(2).
 */
#include "trace_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct trace_fds *trace_fds_new(void)
{
    struct trace_fds *fds = base_alloc(sizeof *fds);
    fds->users = 1;
    return fds;
}

struct trace_fds *trace_fds_copy(const struct trace_fds *fds)
{
    struct trace_fds *copy = trace_fds_new();
    if (fds->n == 0)
        return copy;
    copy->n = fds->n;
    copy->at = base_alloc_array((size_t)fds->n, sizeof *fds->at);
    memcpy(copy->at, fds->at, (size_t)fds->n * sizeof *fds->at);
    return copy;
}

void trace_fds_release(struct trace_fds *fds)
{
    if (fds == NULL || --fds->users > 0)
        return;
    free(fds->at);
    free(fds);
}

struct trace_fd *trace_fd(struct trace_fds *fds, int fd)
{
    static struct trace_fd nobody;
    if (fds == NULL || fd < 0 || fd >= TRACE_FDS) {
        nobody = (struct trace_fd){.epoll = -1};
        return &nobody;
    }
    if (fd >= fds->n) {
        const int n = fd + 64;
        fds->at = base_realloc(fds->at, (size_t)n * sizeof *fds->at);
        for (int i = fds->n; i < n; i++)
            fds->at[i] = (struct trace_fd){.epoll = -1};
        fds->n = n;
    }
    return &fds->at[fd];
}

/* --- made, closed, copied ------------------------------------------------- */

static void made(struct trace_fds *fds, int fd, enum trace_fd_kind kind,
                 bool nonblocking)
{
    static int serial;
    serial++;
    *trace_fd(fds, fd) = (struct trace_fd){.kind = kind,
                                           .nonblocking = nonblocking,
                                           .epoll = -1,
                                           .serial = serial};
}

static void closed(struct trace_fds *fds, int fd)
{
    *trace_fd(fds, fd) = (struct trace_fd){.epoll = -1};
    for (int i = 0; i < fds->n; i++)
        if (fds->at[i].epoll == fd)
            fds->at[i].epoll = -1;
}

static void copied(struct trace_fds *fds, int from, int to)
{
    if (from == to)
        return;
    struct trace_fd copy = *trace_fd(fds, from);
    copy.epoll = -1; /* epoll knows the number that it was given */
    copy.owed = 0;
    closed(fds, to);
    *trace_fd(fds, to) = copy;
}

/* A pair of descriptors that the kernel wrote to memory at `address`. */
static void made_pair(struct trace_task *t, uint64_t address,
                      enum trace_fd_kind kind, bool nonblocking)
{
    int pair[2];
    if (trace_peek(t->tid, address, pair, sizeof pair) < sizeof pair)
        return;
    made(t->fds, pair[0], kind, nonblocking);
    made(t->fds, pair[1], kind, nonblocking);
}

static void set_nonblocking(struct trace_fds *fds, int fd, bool nonblocking)
{
    const struct trace_fd *changed = trace_fd(fds, fd);
    if (changed->kind == TRACE_FD_NONE)
        made(fds, fd, TRACE_FD_OTHER, nonblocking);
    const int serial = changed->serial;
    for (int i = 0; i < fds->n; i++)
        if (fds->at[i].serial == serial)
            fds->at[i].nonblocking = nonblocking;
}

/* --- epoll ---------------------------------------------------------------- */

static void epoll_ctl_done(struct trace_task *t)
{
    const uint64_t *args = t->call.args;
    struct trace_fd *fd = trace_fd(t->fds, (int)args[2]);
    struct epoll_event event;
    if ((int)args[1] == EPOLL_CTL_DEL) {
        fd->epoll = -1;
        fd->owed = 0;
        return;
    }
    if (trace_peek(t->tid, args[3], &event, sizeof event) < sizeof event)
        return;
    if (fd->kind == TRACE_FD_NONE)
        made(t->fds, (int)args[2], TRACE_FD_OTHER, false);
    fd->epoll = (int)args[0];
    fd->events = event.events;
    fd->data = event.data.u64;
    fd->owed = 0; /* the kernel looks anew, and tells what is ready */
}

/* --- the calls ------------------------------------------------------------ */

static void learn_fcntl(struct trace_task *t)
{
    const uint64_t *args = t->call.args;
    const int operation = (int)args[1];
    if (operation == F_SETFL)
        set_nonblocking(t->fds, (int)args[0], (args[2] & O_NONBLOCK) != 0);
    else if (operation == F_DUPFD || operation == F_DUPFD_CLOEXEC)
        copied(t->fds, (int)args[0], (int)t->call.result);
}

static void learn_ioctl(struct trace_task *t)
{
    int on;
    if (t->call.args[1] == FIONBIO &&
        trace_peek(t->tid, t->call.args[2], &on, sizeof on) == sizeof on)
        set_nonblocking(t->fds, (int)t->call.args[0], on != 0);
}

/* Its arguments are unsigned: the last one is often ~0U. */
static void learn_close_range(struct trace_task *t)
{
    const unsigned first = (unsigned)t->call.args[0];
    const unsigned last = (unsigned)t->call.args[1];
    if (((unsigned)t->call.args[2] & CLOSE_RANGE_CLOEXEC) != 0)
        return; /* it closes nothing yet */
    for (unsigned fd = first; fd < (unsigned)t->fds->n && fd <= last; fd++)
        closed(t->fds, (int)fd);
}

static void learn_accept(struct trace_task *t, uint64_t flags)
{
    trace_fd(t->fds, (int)t->call.args[0])->kind = TRACE_FD_LISTENER;
    made(t->fds, (int)t->call.result, TRACE_FD_ACCEPTED,
         (flags & SOCK_NONBLOCK) != 0);
}

/* A call that returns a new descriptor: its kind, and which argument has the
 * flags. SOCK_NONBLOCK, EFD_NONBLOCK and the others are all O_NONBLOCK. */
static const struct {
    long number;
    enum trace_fd_kind kind;
    int flags; /* -1: none */
} makers[] = {
    {SYS_socket, TRACE_FD_SOCKET, 1},
    {SYS_openat, TRACE_FD_OTHER, 2},
    {SYS_memfd_create, TRACE_FD_OTHER, -1},
    {SYS_inotify_init1, TRACE_FD_EVENT, 0},
    {SYS_eventfd2, TRACE_FD_EVENT, 1},
    {SYS_signalfd4, TRACE_FD_EVENT, 3},
    {SYS_timerfd_create, TRACE_FD_TIMER, 1},
    {SYS_pidfd_open, TRACE_FD_EVENT, 1},
    {SYS_epoll_create1, TRACE_FD_EPOLL, -1},
    {SYS_io_uring_setup, TRACE_FD_URING, -1},
#ifdef SYS_open
    {SYS_open, TRACE_FD_OTHER, 1},
    {SYS_eventfd, TRACE_FD_EVENT, -1},
    {SYS_signalfd, TRACE_FD_EVENT, -1},
    {SYS_epoll_create, TRACE_FD_EPOLL, -1},
#endif
};

static bool learn_made(struct trace_task *t)
{
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        if (makers[i].number != t->call.number)
            continue;
        const int flags = makers[i].flags;
        made(t->fds, (int)t->call.result, makers[i].kind,
             flags != -1 && (t->call.args[flags] & O_NONBLOCK) != 0);
        return true;
    }
    return false;
}

static void learn_old(struct trace_task *t)
{
#ifdef SYS_open
    const uint64_t *args = t->call.args;
    if (t->call.number == SYS_dup2)
        copied(t->fds, (int)args[0], (int)args[1]);
    else if (t->call.number == SYS_pipe)
        made_pair(t, args[0], TRACE_FD_PIPE, false);
#else
    (void)t;
#endif
}

static void learn_connect(struct trace_task *t)
{
    struct trace_fd *fd = trace_fd(t->fds, (int)t->call.args[0]);
    if (fd->kind == TRACE_FD_SOCKET &&
        (t->call.result == 0 || t->call.result == -EINPROGRESS))
        fd->kind = TRACE_FD_CONNECTED;
}

void trace_fds_learn(struct trace_task *t)
{
    const uint64_t *args = t->call.args;
    const long number = t->call.number;
    if (number == SYS_connect)
        learn_connect(t);
    else if (t->call.result < 0)
        return;
    else if (number == SYS_close)
        closed(t->fds, (int)args[0]);
    else if (number == SYS_accept)
        learn_accept(t, 0);
    else if (number == SYS_accept4)
        learn_accept(t, args[3]);
    else if (number == SYS_listen)
        trace_fd(t->fds, (int)args[0])->kind = TRACE_FD_LISTENER;
    else if (number == SYS_epoll_ctl)
        epoll_ctl_done(t);
    else if (number == SYS_fcntl)
        learn_fcntl(t);
    else if (number == SYS_ioctl)
        learn_ioctl(t);
    else if (number == SYS_close_range)
        learn_close_range(t);
    else if (number == SYS_dup || number == SYS_dup3)
        copied(t->fds, (int)args[0], (int)t->call.result);
    else if (number == SYS_pipe2)
        made_pair(t, args[0], TRACE_FD_PIPE, (args[1] & O_NONBLOCK) != 0);
    else if (number == SYS_socketpair)
        made_pair(t, args[3], TRACE_FD_PIPE, (args[1] & O_NONBLOCK) != 0);
    else if (!learn_made(t))
        learn_old(t);
}
