/*
 * cases.h - what every hello server must do, whatever its I/O model: one table
 * of cases, run against each server of a lesson.
 *
 * A case starts the server afresh on a free port, so cases neither disturb each
 * other nor other tests that run at the same time.
 */
#ifndef TEST_CASES_H
#define TEST_CASES_H

#include <stdbool.h>

#include "../../../bench/proc.h"
#include "client.h"

/* A server as a lesson's test names it. */
struct subject {
    const char *name;     /* "01-blocking/fork", for the result lines */
    const char *args[12]; /* the program (below KIT_BUILD) and options; NULL */
    int at_once;          /* connections it can serve at the same time */
    int processes;        /* that it consists of when idle */
    bool spins;           /* it never sleeps */
};

/*
 * Starts the subject with --port 0 and fails the test if it does not listen.
 * `nofile`: hard limit of descriptors, 0: as it is.
 */
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

/*
 * Runs all cases against all subjects, and the lesson's `own` tests; returns
 * main's status.
 */
int run_lesson_tests(const char *lesson, const struct subject *subjects, int n,
                     const struct CMUnitTest *own, int n_own);

/*
 * A fetch client against slowd: gets `pages` and fails the test unless all came
 * whole, were counted, and slowd was asked for no more than there are.
 */
void expect_fetch(const char *program, int pages);

/* A fetch client without a backend, with a bad URL, with nonsense for -n. */
void expect_fetch_errors(const char *program);

#endif
