/*
 * hang.h - explains why a process does not go on: in which call it is blocked,
 * on which descriptor and what that is, what lies unread elsewhere, and for
 * which descriptors it has registered an interest.
 *
 * For a course on I/O the hang is the lesson: "timed out" teaches nothing. All
 * of it is seen from outside, while the process stands: in /proc the call of
 * each thread, its descriptors, the list of an epoll and the table of TCP; in
 * its memory the array of poll and the sets of select; and a borrowed copy of a
 * descriptor tells what lies unread in it. Nothing is read from any, and
 * nothing is changed; only a thread that burns the processor is stopped for a
 * moment, as strace(1) would, to see which calls it makes.
 *
 * The caller needs the right to trace it (ptrace(2), "Ptrace access mode
 * checking"): the same user, or a user namespace above its own. It may be in
 * other namespaces, and may be traced already, but then its busy loops are seen
 * less closely.
 *
 *     the program waits in epoll_wait(4), and nothing will wake it
 *       descriptor 6   a connection from 127.0.0.1:41234: 87 bytes lie unread
 *                      interest in epoll 4: EPOLLIN | EPOLLET (edge-triggered)
 *     Edge-triggered interest is reported once, ...
 *     read: lessons/05-epoll/README.md, "Level repeats, edge speaks once, ..."
 *
 * Rests on: proc(5), pidfd_getfd(2), process_vm_readv(2), tcp(7).
 * Read before: finding.h. Read after: hang_parts.h, hang.c.
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
    HANG_CONNECT,     /* blocked in connect: nobody answers */
    HANG_NOT_WATCHED, /* waits for events; bytes wait where no interest is */
    HANG_EDGE,    /* ... where the interest is edge-triggered: not drained */
    HANG_ONESHOT, /* ... or one-shot, and not armed again */
    HANG_NOT_ACCEPTED, /* waits for events; a connection waits to be accepted */
    HANG_UNSENT,       /* waits for events, but not for room to write where a
                          part of an answer had none */
    HANG_LOCK,         /* futex: a lock or a join */
    HANG_CHILD,        /* waits for a child */
    HANG_SLEEP,        /* nanosleep: a blocking sleep */
    HANG_IDLE,         /* waits for events, and there are none: the answer
                          lies in the program, or was never made */
    HANG_STOPPED,      /* by a signal */
    HANG_OTHER,        /* none of these, or it may not be looked at */
};

struct hang {
    enum hang_kind kind;
    pid_t tid;      /* the thread looked at: the one that is blocked */
    long call;      /* number of the system call it is in; -1: none */
    int fd;         /* the descriptor it is blocked on; -1: none */
    int other;      /* the descriptor where something waits; -1: none */
    size_t waiting; /* bytes (or connections) that wait there */
    char *text;     /* several lines, for the student; the caller frees it */
    const char *lesson;  /* the sentences of it that tell the cause, in one
                            line; NULL if it has ended */
    const char *section; /* of a lesson, or NULL if none tells of it:
                            lessons/05-epoll/README.md, "Level repeats, ..." */
};

/*
 * Looks at process `pid` and its threads and children, and tells of the one
 * that explains most. `dump`: what the program's own loop printed of itself
 * (co_dump, lesson 08), or NULL. Takes some 50 ms, so that it sees what lasts.
 * Returns 0, or a negative errno value if the process may not be looked at, as
 * -EPERM; then `*h` is HANG_OTHER without a text.
 */
int hang_explain(pid_t pid, const char *dump, struct hang *h);

/* "reads, and bytes wait elsewhere", ...: one line, for lists and tests. */
const char *hang_kind_name(enum hang_kind kind);

#endif
