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

/* A server with --idle: throws out who is silent, and keeps who asks. */
void expect_silence_ends(const char *program);
void expect_asking_keeps(const char *program);

/* A crawl client against slowd: each page once, never more than -c at once. */
void expect_crawl_once(const char *program);

/* ... against a site of links and answers of all kinds. */
void expect_crawl_of_an_odd_site(const char *program);

/* ... without an answer; without a URL, and with nonsense for -c. */
void expect_crawl_gives_up(const char *program);
void expect_crawl_errors(const char *program);

#endif
