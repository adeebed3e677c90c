/*
 * confined.h - runs a program of the system's on data of unknown people, in a
 * process that can do little harm, and reads what it prints.
 *
 * It has no descriptor but its input and two pipes, may write to no file, start
 * no other process, and use so much memory and time. Where the grader is root,
 * it is nobody. A student's own program needs more than this: see jail.h.
 *
 * Rests on: setrlimit(2), poll(2), pidfd_open(2).
 * Read before: ../../loop/base.h. Read after: confined.c, unpack.h.
 */
#ifndef GRADER_CONFINED_H
#define GRADER_CONFINED_H

#include "../../loop/base.h"

struct confined_how {
    char *const *command; /* as for execvp(3) */
    int input;            /* its standard input */
    const char *dir;      /* where it runs */
    int seconds;          /* by the clock, and as many of the processor */
};

struct confined {
    pid_t pid;   /* 0: there is none */
    int out;     /* what it prints */
    int err;     /* what it says on standard error; -1: no more */
    int process; /* a pidfd of pid */
    int64_t deadline_ns;
    size_t words_len;
    char words[300]; /* what it said, cut */
};

/* All of `how` is borrowed during the call. Returns 0 or -errno. */
int confined_start(struct confined *c, const struct confined_how *how);

/*
 * As read(2) of what it prints, but returns negative errno values: -ETIMEDOUT
 * if it took too long. 0 comes when both of its pipes are closed.
 */
ssize_t confined_read(struct confined *c, char *bytes, size_t len);

/*
 * Ends the process; if confined_read has said 0, waits for it. Returns 0;
 * -EPROTO if it failed or was stopped early; -ENOENT if it is not installed.
 */
int confined_end(struct confined *c);

#endif
