/*
 * hang_calls.c - the calls in which a program can stand, by name. A number
 * that one CPU has and another has not is left out there: the one place in
 * these files that asks the compiler.
 *
 * Read before: hang_parts.h. Read after: hang_tasks.c. Rests on: syscalls(2).
 */
#include "hang_parts.h"

#include <sys/syscall.h>

static const struct hang_call calls[] = {
    {SYS_read, "read", CALL_READ, 0, -1},
    {SYS_readv, "readv", CALL_READ, 0, -1},
    {SYS_recvfrom, "recv", CALL_READ, 0, -1},
    {SYS_recvmsg, "recvmsg", CALL_READ, 0, -1},
    {SYS_recvmmsg, "recvmmsg", CALL_READ, 0, -1},
    {SYS_write, "write", CALL_WRITE, 0, -1},
    {SYS_writev, "writev", CALL_WRITE, 0, -1},
    {SYS_sendto, "send", CALL_WRITE, 0, -1},
    {SYS_sendmsg, "sendmsg", CALL_WRITE, 0, -1},
    {SYS_sendmmsg, "sendmmsg", CALL_WRITE, 0, -1},
    {SYS_sendfile, "sendfile", CALL_WRITE, 0, -1},
    {SYS_splice, "splice", CALL_READ, 0, -1},
    {SYS_accept, "accept", CALL_ACCEPT, 0, -1},
    {SYS_accept4, "accept4", CALL_ACCEPT, 0, -1},
    {SYS_connect, "connect", CALL_CONNECT, 0, -1},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait", CALL_EPOLL, 0, -1},
#endif
    {SYS_epoll_pwait, "epoll_wait", CALL_EPOLL, 0, -1},
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, "epoll_pwait2", CALL_EPOLL, 0, -1},
#endif
#ifdef SYS_poll
    {SYS_poll, "poll", CALL_POLL, -1, -1},
#endif
    {SYS_ppoll, "poll", CALL_POLL, -1, 2},
#ifdef SYS_select
    {SYS_select, "select", CALL_SELECT, -1, -1},
#endif
    {SYS_pselect6, "select", CALL_SELECT, -1, 4},
    {SYS_io_uring_enter, "io_uring_enter", CALL_URING, 0, -1},
    {SYS_futex, "futex", CALL_FUTEX, -1, -1},
    {SYS_wait4, "wait4", CALL_CHILD, -1, -1},
    {SYS_waitid, "waitid", CALL_CHILD, -1, -1},
    {SYS_nanosleep, "nanosleep", CALL_SLEEP, -1, 0},
    {SYS_clock_nanosleep, "clock_nanosleep", CALL_SLEEP, -1, 2},
#ifdef SYS_pause
    {SYS_pause, "pause", CALL_OTHER, -1, -1},
#endif
    {SYS_rt_sigsuspend, "sigsuspend", CALL_OTHER, -1, -1},
    {SYS_rt_sigtimedwait, "sigtimedwait", CALL_OTHER, -1, -1},
    {SYS_flock, "flock", CALL_OTHER, 0, -1},
    {SYS_fcntl, "fcntl", CALL_OTHER, 0, -1},
    {SYS_fsync, "fsync", CALL_OTHER, 0, -1},
    {SYS_close, "close", CALL_OTHER, 0, -1},
    {SYS_epoll_ctl, "epoll_ctl", CALL_OTHER, 0, -1},
    {SYS_openat, "open", CALL_OTHER, -1, -1},
    {SYS_sched_yield, "sched_yield", CALL_OTHER, -1, -1},
    {SYS_exit_group, "exit", CALL_OTHER, -1, -1},
    {-1, "system call", CALL_OTHER, -1, -1},
};

const struct hang_call *hang_call_of(long number)
{
    const struct hang_call *c = calls;
    while (c->number != number && c->number != -1)
        c++;
    return c;
}

const struct hang_call *hang_call_named(const char *name)
{
    const struct hang_call *c = calls;
    while (strcmp(c->name, name) != 0)
        c++;
    return c;
}

bool hang_call_is_restart(long number)
{
    return number == SYS_restart_syscall;
}
