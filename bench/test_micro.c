/*
 * test_micro.c - the benchmarks of the loop: every subject runs to its end with
 * every kind of work, what cannot be is a row with its reason, and what is
 * counted (not timed) is right.
 */
#include "fixture.h"
#include "results.h"

#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fixture fixture;
static struct proc proc;
static struct results results;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    results_free(&results);
    fixture_fini(&fixture);
    return 0;
}

/* Runs a program with these options, and reads the rows that it keeps. */
static void run(const char *program, const char *const *options)
{
    if (!fixture_measure(&fixture, &proc, program, options, &results))
        fail_msg("%s failed: %s", program, proc.said);
}

static const struct row *find(const char *server, const char *metric, double x,
                              int round)
{
    return fixture_row(&results, server, metric, x, round);
}

static double value(const char *server, const char *metric, double x)
{
    const struct row *row = find(server, metric, x, 1);
    if (row == NULL)
        fail_msg("no row of %s for %s in: %s", metric, server, proc.said);
    return row->value;
}

static bool uring_is_refused(void)
{
    struct loop *loop;
    const struct loop_options options = {.backend = "uring"};
    if (loop_new(&loop, &options) != 0)
        return true;
    loop_free(loop);
    return false;
}

/* Rows of all rounds, and no other failure than of what the kernel refuses. */
static void assert_all_ran(const char *metric, double x, int rounds, int least)
{
    const char *servers[32];
    const int n = results_servers(&results, NULL, servers, 32);
    assert_true(n >= least);
    for (int i = 0; i < n; i++)
        for (int round = 1; round <= rounds; round++) {
            const struct row *row = find(servers[i], metric, x, round);
            const struct row *failed = find(servers[i], "failed", x, round);
            if (row == NULL && failed != NULL && uring_is_refused() &&
                strcmp(failed->unit, "the kernel refuses io_uring") == 0)
                continue;
            if (row == NULL || !(row->value > 0))
                fail_msg("%s has no %s in round %d: %s", servers[i], metric,
                         round, failed != NULL ? failed->unit : proc.said);
        }
}

/* --- ring ----------------------------------------------------------------- */

static void ring_runs_with_every_subject(void **state)
{
    (void)state;
    run("ring", (const char *[]){"--pipes", "10", "--active", "3", "--writes",
                                 "200", "--rounds", "2", NULL});
    assert_all_ran("event", 10, 2, 5);
    assert_non_null(strstr(proc.said, "10 pipes, 3 active: us an event"));
}

static void ring_runs_on_sockets(void **state)
{
    (void)state;
    run("ring", (const char *[]){"--pipes", "5", "--active", "5", "--sockets",
                                 "--writes", "200", "--rounds", "1", NULL});
    assert_all_ran("event", 5, 1, 3);
    assert_string_equal(results.rows[0].variant, "5 active, sockets");
}

static void select_says_where_it_ends(void **state)
{
    (void)state;
    run("ring",
        (const char *[]){"--pipes", "1100", "--writes", "10", "--rounds", "1",
                         "--only", "loop/select", NULL});
    const struct row *failed = find("loop/select", "failed", 1100, 1);
    assert_non_null(failed);
    assert_string_equal(failed->unit, "FD_SETSIZE is 1024");
    assert_true(value("raw/epoll", "event", 1100) > 0);
}

static void only_leaves_the_others_out(void **state)
{
    (void)state;
    run("ring", (const char *[]){"--pipes", "3", "--writes", "10", "--rounds",
                                 "1", "--only", "loop/poll", NULL});
    const char *servers[32];
    assert_int_equal(results_servers(&results, NULL, servers, 32), 2);
    assert_string_equal(servers[0], "loop/poll");
    assert_string_equal(servers[1], "raw/epoll");
}

/* --- timers, wakeup ------------------------------------------------------- */

/* That all timers fired, the program itself makes sure of. */
static void timers_fire_with_every_subject(void **state)
{
    (void)state;
    run("timers", (const char *[]){"--timers", "50", "--rounds", "1", NULL});
    static const char *const metrics[] = {"cancel", "rearm", "fire", "expire"};
    for (int i = 0; i < 4; i++)
        assert_all_ran(metrics[i], 50, 1, 2);
}

static void posts_arrive_with_every_subject(void **state)
{
    (void)state;
    run("wakeup", (const char *[]){"--trips", "20", "--posts", "3000",
                                   "--rounds", "1", NULL});
    assert_all_ran("trip", 1, 1, 4);
    assert_all_ran("rate", 1, 1, 4);
}

/* --- what is counted ------------------------------------------------------ */

static void watchers_and_timers_are_small(void **state)
{
    (void)state;
    run("footprint", (const char *[]){"--rounds", "1", NULL});
    assert_true(value("loop/epoll", "watcher", 1) <= 64);
    assert_true(value("loop/epoll", "timer", 1) <= 64);
    assert_true(value("loop/epoll", "resident", 1) >= 0);
}

static void uring_echoes_with_fewer_than_half_the_calls(void **state)
{
    (void)state;
    /* LeakSanitizer cannot work in a program that is traced. */
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    run("echo", (const char *[]){"--rounds", "2", NULL});
    const double epoll = value("loop/epoll", "calls", 64);
    assert_true(epoll > 2 &&
                epoll < 2.2); /* receive, send, a share of a wait */
    if (uring_is_refused()) {
        print_message("# skipped: the kernel refuses io_uring\n");
        skip();
    }
    assert_true(2 * value("loop/uring", "calls", 64) < epoll);
    assert_true(find("loop/uring", "calls", 64, 1)->value ==
                find("loop/uring", "calls", 64, 2)->value);
}

/* --- bad input ------------------------------------------------------------ */

static void bad_options_end_with_status_2(void **state)
{
    (void)state;
    static const char *const programs[] = {"ring", "timers", "wakeup",
                                           "footprint", "echo"};
    for (int i = 0; i < 5; i++) {
        const char *const options[] = {"--rounds", "0", NULL};
        assert_int_equal(fixture_run(&proc, programs[i], options), 2);
        assert_non_null(strstr(proc.said, "rounds"));
    }
}

static void no_folder_is_told(void **state)
{
    (void)state;
    const char *const options[] = {
        "--pipes", "2", "--writes", "2", "--out", "/no/such/folder", NULL};
    assert_int_equal(fixture_run(&proc, "ring", options), 2);
    assert_non_null(strstr(proc.said, "cannot write results to /no/such"));
}

int main(void)
{
#define CASE(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(ring_runs_with_every_subject),
        CASE(ring_runs_on_sockets),
        CASE(select_says_where_it_ends),
        CASE(only_leaves_the_others_out),
        CASE(timers_fire_with_every_subject),
        CASE(posts_arrive_with_every_subject),
        CASE(watchers_and_timers_are_small),
        CASE(uring_echoes_with_fewer_than_half_the_calls),
        CASE(bad_options_end_with_status_2),
        CASE(no_folder_is_told),
    };
    return cmocka_run_group_tests_name("micro", tests, NULL, NULL);
}
