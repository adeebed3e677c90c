/*
 * cases.h - what every hello server must do, whatever its I/O model: one table
 * of cases, run against each server of a lesson; and what every fetch must.
 *
 * A case starts the server afresh on a free port, so cases neither disturb each
 * other nor other tests that run at the same time.
 */
#ifndef TEST_CASES_H
#define TEST_CASES_H

#include "client.h"
#include "harness.h"

/* True if nothing of the server (a struct proc) runs; for wait_until. */
bool sleeps(void *server);

/*
 * Runs all cases against all subjects, and the lesson's `own` tests; returns
 * main's status.
 */
int run_lesson_tests(const char *lesson, const struct subject *subjects, int n,
                     const struct CMUnitTest *own, int n_own);

/*
 * A peer that has always sent more when the server looks again: fails the test
 * unless others are served in between. For servers that read until EAGAIN.
 */
void expect_nobody_starves(const struct subject *s);

/*
 * A fetch client against slowd: gets `pages` and fails the test unless all came
 * whole, were counted, and slowd was asked for no more than there are.
 */
void expect_fetch(const char *program, int pages);

/* A fetch client without a backend, with a bad URL, with nonsense for -n. */
void expect_fetch_errors(const char *program);

#endif
