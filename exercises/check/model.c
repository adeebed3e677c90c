/*
 * model.c - learns from each call how a program waits. See model_judge.c for
 * what is made of it.
 *
 *     waits        select, poll, epoll_wait, io_uring_enter, that do wait: for
 *                  descriptors. With none (poll(NULL, 0, 10)) they are sleeps.
 *     sleeps       what blocks beside them: nanosleep, wait4, a futex, connect
 *                  or recv on a blocking descriptor. Before the first wait and
 *                  after the last everything may sleep.
 *     fruitless    a wait with a time-out of 0 that finds nothing, or EAGAIN,
 *                  again and again: a busy loop
 *     idle         a wait that finds something, and nothing is done: the same,
 *                  often because room to send is always asked for
 *
 * Reading a file blocks too; but a file is always ready, and no model of these
 * lessons can wait for it.
 *
 * Read before: model_internal.h. Read after: model_judge.c.
 * Rests on: the pages of the calls; signal(7), "Interruption of system calls".
 */
#include "model_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Keeps the text of this call at `slot`, if it is the first. */
static void keep(char **slot, const struct trace_task *t)
{
    if (*slot == NULL)
        *slot = base_slice_dup(base_buf_slice(&t->text));
}

/* --- what a call is ------------------------------------------------------- */

/* The kind of a wait, or -1. */
static int wait_kind(const struct trace_call *c)
{
    switch (c->number) {
#ifdef SYS_select
    case SYS_select:
#endif
    case SYS_pselect6:
        return c->args[0] > 0 ? WAIT_SELECT : -1;
#ifdef SYS_poll
    case SYS_poll:
#endif
    case SYS_ppoll:
        return c->args[1] > 0 ? WAIT_POLL : -1;
#ifdef SYS_epoll_wait
    case SYS_epoll_wait:
#endif
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
        return WAIT_EPOLL;
    case SYS_io_uring_enter:
        return WAIT_URING;
    default:
        return -1;
    }
}

/* True if the two numbers of a timespec or timeval are 0. */
static bool is_zero(const struct trace_task *t, uint64_t address)
{
    int64_t time[2];
    return address != 0 &&
           trace_peek(t->tid, address, time, sizeof time) == sizeof time &&
           time[0] == 0 && time[1] == 0;
}

/* True if this wait does not wait, but only asks. */
static bool only_asks(const struct trace_task *t)
{
    const struct trace_call *c = &t->call;
    switch (c->number) {
#ifdef SYS_select
    case SYS_select:
        return is_zero(t, c->args[4]);
    case SYS_poll:
        return (int)c->args[2] == 0;
    case SYS_epoll_wait:
#endif
    case SYS_epoll_pwait:
        return (int)c->args[3] == 0;
    case SYS_epoll_pwait2:
        return is_zero(t, c->args[3]);
    case SYS_pselect6:
        return is_zero(t, c->args[4]);
    case SYS_ppoll:
        return is_zero(t, c->args[2]);
    default:
        return false;
    }
}

/* The flags of recv and send; calls without have none. */
static bool has_dontwait(const struct trace_call *c)
{
    switch (c->number) {
    case SYS_recvfrom:
    case SYS_sendto:
        return (c->args[3] & MSG_DONTWAIT) != 0;
    case SYS_recvmsg:
    case SYS_sendmsg:
        return (c->args[2] & MSG_DONTWAIT) != 0;
    default:
        return false;
    }
}

static bool is_transfer(long number)
{
    switch (number) {
    case SYS_read:
    case SYS_readv:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_write:
    case SYS_writev:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendfile:
    case SYS_accept:
    case SYS_accept4:
    case SYS_connect:
        return true;
    default:
        return false;
    }
}

static bool is_socket(const struct trace_fd *fd)
{
    return fd->kind >= TRACE_FD_SOCKET && fd->kind <= TRACE_FD_CONNECTED;
}

/* A wait for nothing but time. */
static bool waits_for_time(const struct trace_task *t)
{
    const struct trace_call *c = &t->call;
    switch (c->number) {
#ifdef SYS_select
    case SYS_select:
#endif
    case SYS_pselect6:
        return c->args[0] == 0 && !only_asks(t);
#ifdef SYS_poll
    case SYS_poll:
#endif
    case SYS_ppoll:
        return c->args[1] == 0 && !only_asks(t);
    default:
        return c->number == SYS_nanosleep || c->number == SYS_clock_nanosleep;
    }
}

/* A call that may block, and is neither a wait nor about a connection. */
static bool sleeps(const struct trace_task *t)
{
    const struct trace_call *c = &t->call;
    const int futex = (int)c->args[1] & FUTEX_CMD_MASK;
    switch (c->number) {
#ifdef SYS_pause
    case SYS_pause:
#endif
    case SYS_rt_sigsuspend:
        return true;
    case SYS_rt_sigtimedwait:
        return !is_zero(t, c->args[2]);
    case SYS_wait4:
        return (c->args[2] & WNOHANG) == 0 && c->result != -ECHILD;
    case SYS_waitid:
        return (c->args[3] & WNOHANG) == 0 && c->result != -ECHILD;
    case SYS_futex:
        return c->result != -EAGAIN &&
               (futex == FUTEX_WAIT || futex == FUTEX_WAIT_BITSET ||
                futex == FUTEX_LOCK_PI);
    case SYS_flock:
        return (c->args[1] & (LOCK_NB | LOCK_UN)) == 0;
    case SYS_fcntl:
        return c->args[1] == F_SETLKW || c->args[1] == F_OFD_SETLKW;
    default:
        return waits_for_time(t);
    }
}

/* --- rows of calls that bring nothing ------------------------------------- */

static void add_to_row(int *row, int *most, char **first,
                       const struct trace_task *t)
{
    (*row)++;
    if (*row > *most)
        *most = *row;
    if (*row >= MODEL_FRUITLESS)
        keep(first, t);
}

static void learn_wait(struct model_seen *m, struct trace_task *t, int kind)
{
    m->waits[kind]++;
    keep(&m->wait[kind], t);
    if (m->sleeping != NULL && m->between == NULL) {
        m->between = m->sleeping;
        m->sleeping = NULL;
    }
    if (t->call.result == 0 && only_asks(t)) {
        add_to_row(&m->fruitless, &m->most_fruitless, &m->fruitless_call, t);
        return;
    }
    m->fruitless = 0;
    if (t->call.result > 0 && kind != WAIT_URING)
        add_to_row(&m->idle, &m->most_idle, &m->idle_call, t);
    else
        m->idle = 0;
}

/* Waits were made before: what sleeps now may be between two. */
static void learn_sleep(struct model_seen *m, struct trace_task *t)
{
    m->fruitless = 0;
    for (int i = 0; i < WAIT_KINDS; i++)
        if (m->waits[i] > 0)
            keep(&m->sleeping, t);
}

static void learn_transfer(struct model_seen *m, struct trace_task *t)
{
    const struct trace_fd *fd = trace_fd(t->fds, (int)t->call.args[0]);
    if (t->call.result == -EAGAIN) {
        m->polls = true;
        add_to_row(&m->fruitless, &m->most_fruitless, &m->fruitless_call, t);
        return;
    }
    m->fruitless = m->idle = 0;
    if (is_socket(fd) && !fd->nonblocking && !has_dontwait(&t->call))
        keep(&m->left_blocking, t);
}

/* --- epoll's triggers, io_uring ------------------------------------------- */

static void learn_epoll_ctl(struct model_seen *m, struct trace_task *t)
{
    const struct trace_fd *fd = trace_fd(t->fds, (int)t->call.args[2]);
    if (t->call.result != 0 || (int)t->call.args[1] == EPOLL_CTL_DEL ||
        (fd->kind != TRACE_FD_ACCEPTED && fd->kind != TRACE_FD_CONNECTED))
        return;
    m->connections++;
    keep((fd->events & EPOLLET) != 0 ? &m->edge : &m->level, t);
}

void model_learn(struct trace_task *t)
{
    if (t->trace->model == NULL)
        t->trace->model = base_alloc(sizeof *t->trace->model);
    struct model_seen *m = t->trace->model;
    const int kind = wait_kind(&t->call);
    if (t->call.number == SYS_io_uring_setup && t->call.result >= 0)
        keep(&m->uring, t);
    else if (kind != -1)
        learn_wait(m, t, kind);
    else if (is_transfer(t->call.number))
        learn_transfer(m, t);
    else if (sleeps(t))
        learn_sleep(m, t);
    else if (t->call.number == SYS_epoll_ctl)
        learn_epoll_ctl(m, t);
    else if (t->call.number == SYS_close)
        m->idle = 0;
}
