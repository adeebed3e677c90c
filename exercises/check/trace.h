/*
 * trace.h - sees every system call of the student's program: which it uses, how
 * often, and on what; for programs started with TRACED.
 *
 * It rests on ptrace(2): the program stands at every entry to the kernel until
 * the check lets it go on. That happens while the check waits, in pump.h, so
 * the check and the program take turns, and counts are exact.
 *
 * Counts are of the program with all its threads and children, from its start
 * or the last trace_mark on.
 *
 * Read before: check.h. Read after: stage.h, trace.c.
 */
#ifndef CHECK_TRACE_H
#define CHECK_TRACE_H

#include "check.h"

/* Begins to count anew. */
void trace_mark(struct program *p);

/* How often this was called: SYS_epoll_wait, ... of sys/syscall.h. */
long long trace_count(const struct program *p, long call);

/* The same for several, by name: "select pselect6". Unknown names are errors
 * of the check. */
long long trace_count_named(const struct program *p, const char *names);

/* All calls. */
long long trace_total(const struct program *p);

/* Lines "epoll_wait  12", the commonest first. */
char *trace_table(const struct program *p);

/*
 * The last calls in the form of strace(1), for a message: at most `n` lines.
 */
char *trace_last(const struct program *p, int n);

/* --- the I/O model -------------------------------------------------------- */

enum model {
    MODEL_BLOCKING, /* no waiting call but read, accept and the like */
    MODEL_POLLING,  /* non-blocking calls, and no waiting call */
    MODEL_SELECT,
    MODEL_POLL,
    MODEL_EPOLL,
    MODEL_EPOLL_EDGE, /* each connection registered with EPOLLET */
    MODEL_URING,
};

/*
 * Fails the check unless the program waits by this model and no other, with one
 * thread, without children, on non-blocking descriptors (but for
 * MODEL_BLOCKING), and without a call that blocks between two waits. The
 * message says what it used instead. To be called at the end of a TRACED check
 * that has given the program something to do.
 */
void model_expect(struct program *p, enum model model);

#endif
