/*
 * harness.h - runs the kit's programs for a test: each on a free port, stopped
 * and looked after, so that nothing of one test is left for the next.
 */
#ifndef TEST_HARNESS_H
#define TEST_HARNESS_H

#include <stdbool.h>

#include "../../../bench/proc.h"

enum { ARGS_MAX = 16 }; /* of a program, with its name and the NULL */

/* A server as a lesson's test names it. */
struct subject {
    const char *name;     /* "01-blocking/fork", for the result lines */
    const char *args[12]; /* the program (below KIT_BUILD) and options; NULL */
    int at_once;          /* connections it can serve at the same time */
    int processes;        /* that it consists of when idle */
    bool spins;           /* it never sleeps */
};

/*
 * Starts a program of the kit (its path below KIT_BUILD, and options; NULL at
 * the end) and waits until it listens; fails the test if it does not.
 * `nofile`: hard limit of descriptors, 0: as it is.
 */
void start_program(struct proc *p, const char *const *args, int nofile);

/* The same for a subject, with --port 0. */
void subject_start(struct proc *p, const struct subject *s, int nofile);

/* Stops it, and fails the test unless it ends with status 0 and nothing left.
 */
void subject_stop(struct proc *p);

/* Runs a program of the kit; returns its exit status, `said` holds its words.
 */
int run_program(struct proc *p, const char *const *args, int timeout_ms);

/*
 * Calls `done` until it returns true; fails the test with `what` after 10 s.
 * The way to wait for a condition that nobody announces.
 */
void wait_until(bool (*done)(void *arg), void *arg, const char *what);

#endif
