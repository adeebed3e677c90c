/*
 * hang.h - explains why a process does not go on: in which call it is blocked,
 * on which descriptor and what that is, what lies unread elsewhere, and for
 * which descriptors it has registered an interest.
 *
 * For a course on I/O the hang is the lesson: "timed out" teaches nothing. All
 * of it is read from outside, while the process stands: /proc/PID/task/TID/
 * syscall, stack of calls (wchan), fd, fdinfo, net/tcp, and its memory for the
 * sets of select and the array of poll. The caller needs the right to ptrace
 * it (ptrace(2), "Ptrace access mode checking"), which a parent user namespace
 * has. Nothing is stopped or changed.
 *
 * Rests on: proc(5), epoll(7) fdinfo, tcp(7), process_vm_readv(2).
 * Read before: check.h. Read after: hang.c.
 */
#ifndef CHECK_HANG_H
#define CHECK_HANG_H

#include "../../loop/base.h"

#include <sys/types.h>

/* What kind of hang it is; each has its words and its section of a lesson. */
enum hang_kind {
    HANG_GONE,        /* the process has ended */
    HANG_SPINS,       /* it burns the processor: a busy loop */
    HANG_READ,        /* blocked in read, recv: nothing is there */
    HANG_READ_OTHER,  /* ... while bytes wait on another descriptor */
    HANG_WRITE,       /* blocked in write, send: the peer does not read */
    HANG_ACCEPT,      /* blocked in accept while a connection has bytes */
    HANG_CONNECT,     /* */
    HANG_NOT_WATCHED, /* waits for events; bytes wait where no interest is */
    HANG_EDGE,    /* ... where the interest is edge-triggered: not drained */
    HANG_ONESHOT, /* ... or one-shot, and not armed again */
    HANG_NOT_ACCEPTED, /* waits for events; a connection waits to be accepted */
    HANG_LOCK,         /* futex: a lock or a join */
    HANG_CHILD,        /* waits for a child */
    HANG_SLEEP,        /* nanosleep: a blocking sleep */
    HANG_IDLE,         /* waits for events, and there are none: the answer
                          lies in the program, or was never made */
    HANG_STOPPED,      /* by a signal */
    HANG_OTHER,        /* */
};

struct hang {
    enum hang_kind kind;
    pid_t tid;      /* the thread looked at: the one that is blocked */
    long call;      /* number of the system call it is in; -1: none */
    int fd;         /* the descriptor it is blocked on; -1: none */
    int other;      /* the descriptor where something waits; -1: none */
    size_t waiting; /* bytes (or connections) that wait there */
    char *text;     /* several lines, for the student; the caller frees it */
    const char *section; /* of a lesson: "lessons/05-epoll/README.md, ..." */
};

/*
 * Looks at process `pid` and its threads and children. `dump`: what the
 * program's own loop printed of itself (lesson 08's and libloop's dump), or
 * NULL. Returns 0, or a negative errno value if /proc may not be read.
 */
int hang_explain(pid_t pid, const char *dump, struct hang *h);

#endif
