/*
 * test_micro_co.c - the benchmarks of coroutines: every subject runs to its end
 * with every kind of work, what cannot be is a row with its reason, and what is
 * counted (not timed) is right.
 */
#include "fixture.h"

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

static void run(const char *program, const char *const *options)
{
    if (!fixture_measure(&fixture, &proc, program, options, &results))
        fail_msg("%s failed: %s", program, proc.said);
}

/* Why that server has no figure at x in round 1, or "". */
static const char *reason(const char *server, double x)
{
    const struct row *row = fixture_row(&results, server, "failed", x, 1);
    return row != NULL ? row->unit : "";
}

/* How many servers have rows of all rounds at x. No other may fail than those
 * whose language is not installed. */
static int count_runs(const char *metric, double x, int rounds)
{
    const char *servers[32];
    const int n = results_servers(&results, NULL, servers, 32);
    int ran = 0;
    for (int i = 0; i < n; i++) {
        int done = 0;
        for (int round = 1; round <= rounds; round++) {
            const struct row *row =
                fixture_row(&results, servers[i], metric, x, round);
            if (row != NULL && !(row->value > 0))
                fail_msg("%s: %s is %g", servers[i], metric, row->value);
            done += row != NULL;
        }
        const char *why = reason(servers[i], x);
        if (why[0] != '\0' && strcmp(why, "it is not installed") != 0)
            fail_msg("%s: %s", servers[i], why);
        assert_true(done == 0 || done == rounds);
        ran += done > 0;
    }
    return ran;
}

/* --- switch, spawn -------------------------------------------------------- */

static void switch_runs_with_every_subject(void **state)
{
    (void)state;
    run("switch", (const char *[]){"--times", "50", "--rounds", "2", NULL});
    /* by hand 2, ours, ucontext, threads 2 */
    assert_true(count_runs("pair", 1, 2) >= 6);
    /* ours, minico, threads */
    assert_true(count_runs("yield", 2, 2) >= 3);
    assert_true(count_runs("yield", 1000, 2) >= 3);
    assert_non_null(strstr(proc.said, "1000 tasks: ns a yield"));
}

static void spawn_runs_with_every_subject(void **state)
{
    (void)state;
    run("spawn", (const char *[]){"--times", "200", "--rounds", "2", NULL});
    /* ours 4, minico, ucontext, threads */
    assert_true(count_runs("spawn", 1, 2) >= 7);
}

static void only_leaves_the_others_out(void **state)
{
    (void)state;
    run("spawn", (const char *[]){"--times", "200", "--rounds", "1", "--only",
                                  "loop/co-g ucontext", NULL});
    const char *servers[32];
    assert_int_equal(results_servers(&results, NULL, servers, 32), 3);
    for (int i = 0; i < 3; i++)
        assert_true(strcmp(servers[i], "loop/co-go") == 0 ||
                    strcmp(servers[i], "ucontext") == 0 ||
                    strcmp(servers[i], "raw/jump") == 0);
}

/* --- messages ------------------------------------------------------------- */

static void channel_runs_with_every_subject(void **state)
{
    (void)state;
    run("channel", (const char *[]){"--capacity", "3", "--times", "500",
                                    "--rounds", "2", NULL});
    assert_int_equal(
        strcmp(fixture_row(&results, "loop/co", "message", 3, 1)->variant,
               "room for 3"),
        0);
    /* ours 2, threads 2 */
    assert_true(count_runs("message", 3, 2) >= 4);
}

static void who_cannot_hold_nothing_says_so(void **state)
{
    (void)state;
    run("channel", (const char *[]){"--capacity", "0", "--times", "50",
                                    "--rounds", "1", NULL});
    assert_string_equal(reason("loop/co-queue", 0),
                        "a queue holds at least one");
    assert_string_equal(reason("thread/pipe", 0), "a pipe holds at least one");
    const char *python = reason("python", 0);
    if (strcmp(python, "it is not installed") != 0)
        assert_string_equal(python, "it has none of this size");
    assert_string_equal(reason("loop/co", 0), "");
    assert_non_null(fixture_row(&results, "loop/co", "message", 0, 1));
    assert_non_null(fixture_row(&results, "thread/condvar", "message", 0, 1));
}

static void fan_runs_with_every_subject(void **state)
{
    (void)state;
    run("fan", (const char *[]){"--tasks", "7", "--times", "300", "--rounds",
                                "2", NULL});
    assert_true(count_runs("message", 7, 2) >= 2);
    assert_non_null(strstr(proc.said, "7 to one"));
    assert_non_null(strstr(proc.said, "one to 7"));
}

/* --- memory --------------------------------------------------------------- */

static double resident(const char *server, int n)
{
    const struct row *row = fixture_row(&results, server, "resident", n, 1);
    if (row == NULL)
        fail_msg("no row of %s in: %s", server, proc.said);
    return row->value;
}

/* A page at least, that of the stack; with a sanitizer it is more. */
static void parked_tasks_are_counted(void **state)
{
    (void)state;
    /* With so few, a collector of garbage may well end with less than before.
     */
    run("memory", (const char *[]){"--tasks", "300", "--rounds", "1", "--only",
                                   "loop/co thread", NULL});
    assert_true(resident("loop/co", 300) > 4000);
    assert_true(resident("loop/co-mprotect", 300) > 4000);
    assert_true(resident("thread/futex", 300) > 4000);
    assert_true(count_runs("resident", 300, 1) >= 3);
    /* a difference of times: with few tasks it may be anything */
    assert_non_null(fixture_row(&results, "loop/co", "make", 300, 1));
}

/* The bar of the kit: a shallow wait takes no more than a page and a bit. */
static void shallow_task_takes_a_page(void **state)
{
    (void)state;
    const char *build = getenv("KIT_BUILD");
    if (build != NULL && strcmp(build, "build") != 0) {
        print_message("# skipped: frames are larger in this variant\n");
        skip();
    }
    run("memory", (const char *[]){"--tasks", "5000", "--rounds", "1", "--only",
                                   "loop/co", NULL});
    assert_true(resident("loop/co", 5000) <= 4608);
}

static void what_does_not_fit_is_not_tried(void **state)
{
    (void)state;
    run("memory", (const char *[]){"--tasks", "2000000000", "--rounds", "1",
                                   "--only", "loop/co", NULL});
    assert_string_equal(reason("loop/co", 2e9),
                        "not enough memory is available");
    assert_non_null(strstr(proc.said, "not enough memory is available"));
}

/* --- bad input ------------------------------------------------------------ */

static void bad_options_end_with_status_2(void **state)
{
    (void)state;
    static const char *const programs[] = {"switch", "spawn", "channel", "fan",
                                           "memory"};
    for (int i = 0; i < 5; i++) {
        const char *const options[] = {"--rounds", "0", NULL};
        assert_int_equal(fixture_run(&proc, programs[i], options), 2);
        assert_non_null(strstr(proc.said, "rounds"));
    }
    const char *const nobody[] = {"--subject", "nobody", "--tasks", "1", NULL};
    assert_int_equal(fixture_run(&proc, "memory", nobody), 2);
}

int main(void)
{
#define CASE(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(switch_runs_with_every_subject),
        CASE(spawn_runs_with_every_subject),
        CASE(only_leaves_the_others_out),
        CASE(channel_runs_with_every_subject),
        CASE(who_cannot_hold_nothing_says_so),
        CASE(fan_runs_with_every_subject),
        CASE(parked_tasks_are_counted),
        CASE(shallow_task_takes_a_page),
        CASE(what_does_not_fit_is_not_tried),
        CASE(bad_options_end_with_status_2),
    };
    return cmocka_run_group_tests_name("micro_co", tests, NULL, NULL);
}
