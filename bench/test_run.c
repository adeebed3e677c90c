/*
 * test_run.c - the driver tells what it saw: who starved, who failed and with
 * which words, and keeps a whole file or none.
 */
#include "measure.h"
#include "proc.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct bench_setup setup = {
    .server_cpu = -1, .load_cpu = -1, .ms = 300, .descriptors = 1000};
static char folder[] = "/tmp/test_run.XXXXXX";

static const char *build(void)
{
    const char *folder_of_build = getenv("KIT_BUILD");
    return folder_of_build != NULL ? folder_of_build : "build";
}

/* The subject with this name, as the driver finds it. */
static struct subject find(const char *name)
{
    static struct subject table[SUBJECTS_MAX];
    const int n = subjects_find(table, build(), "");
    for (int i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i];
    fail_msg("no subject %s among %d", name, n);
    return table[0];
}

/* A server that is a shell script, to fail as we like. */
static struct subject script(const char *text)
{
    struct subject s = {.name = "script", .lesson = "x", .most = INT_MAX};
    snprintf(s.path, sizeof s.path, "%s/script", folder);
    FILE *file = fopen(s.path, "we");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", text);
    fclose(file);
    assert_int_equal(chmod(s.path, 0755), 0);
    return s;
}

/* All rows recorded so far, as they would be written. */
static const char *rows(const char *bench)
{
    static char text[65536];
    char path[256];
    const struct run_facts facts = {
        .command = "test", .mode = "quick", .rounds = 1};
    assert_int_equal(record_write(folder, &facts), 0);
    snprintf(path, sizeof path, "%s/%s.tsv", folder, bench);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* The value of a metric of a point in `bench`, as text up to the unit. */
static double value(const char *bench, const char *server, int x,
                    const char *metric)
{
    char key[128];
    snprintf(key, sizeof key, "%s\t%s\tkeep-alive\t%d\t%s\t", bench, server, x,
             metric);
    const char *at = strstr(rows(bench), key);
    if (at != NULL)
        return atof(at + strlen(key));
    fail_msg("no row '%s' in:\n%s", key, rows(bench));
    return 0;
}

static double measure(measure_fn *kind, const char *bench,
                      const struct subject *s, int x)
{
    const struct row at = {.bench = bench,
                           .server = s->name,
                           .variant = "keep-alive",
                           .x = x,
                           .round = 1};
    return kind(&setup, s, &at);
}

/*
 * wrk hides it: an iterative server under 64 keep-alive connections gives all
 * its answers to one of them, and looks fast. The driver must see the 63.
 */
static void iterative_comes_out_as_starved(void **state)
{
    (void)state;
    const struct subject s = find("01-blocking/iterative");
    assert_true(measure(measure_connections, "connections", &s, 64) > 0);
    assert_int_equal(value("connections", s.name, 64, "answered"), 1);
    /* The wait of the 63 is in the latency: no less than what was counted. */
    assert_true(value("connections", s.name, 64, "p99") > 0);
}

static void pool_serves_as_many_as_it_has_workers(void **state)
{
    (void)state;
    const struct subject s = find("01-blocking/pool");
    assert_true(measure(measure_connections, "connections", &s, 64) > 0);
    assert_int_equal(value("connections", s.name, 64, "answered"), 4);
}

static void epoll_starves_nobody(void **state)
{
    (void)state;
    const struct subject s = find("05-epoll/level");
    assert_true(measure(measure_connections, "connections", &s, 64) > 0);
    assert_int_equal(value("connections", s.name, 64, "answered"), 64);
    assert_true(value("connections", s.name, 64, "cpu") > 0);
}

static void expect_failure(const struct subject *s, int x, const char *reason)
{
    char key[256];
    assert_true(measure(measure_connections, "connections", s, x) < 0);
    snprintf(key, sizeof key, "connections\t%s\tkeep-alive\t%d\tfailed\t-\t%s",
             s->name, x, reason);
    if (strstr(rows("connections"), key) == NULL)
        fail_msg("no row '%s' in:\n%s", key, rows("connections"));
}

static void a_server_that_does_not_start(void **state)
{
    (void)state;
    struct subject s = script("echo 'out of cheese' >&2; exit 3");
    expect_failure(&s, 2, "the server ended at once: out of cheese");
}

static void a_server_that_never_answers(void **state)
{
    (void)state;
    char text[512];
    snprintf(text, sizeof text,
             "echo listening on http://127.0.0.1:1; sleep 0.1; exit 4");
    struct subject s = script(text);
    expect_failure(&s, 3, "no connection got an answer");
}

static void a_bound_that_is_known(void **state)
{
    (void)state;
    const struct subject s = find("01-blocking/fork");
    expect_failure(&s, 1000, "capped at 200");
}

static void idle_connections_are_held(void **state)
{
    (void)state;
    const struct subject s = find("04-poll");
    assert_true(measure(measure_idle, "idle", &s, 300) > 0);
    assert_int_equal(value("idle", s.name, 300, "held"), 300);
    /* At least the struct's fields, at most all of it and a little more. */
    const double memory = value("idle", s.name, 300, "memory");
    assert_true(memory > 100 && memory < 20000);
}

/* What the program says of its calls agrees with what the kernel counts. */
static void calls_are_counted(void **state)
{
    (void)state;
    const struct subject s = find("05-epoll/level");
    assert_true(measure(measure_calls, "calls", &s, 4) > 0);
    const double calls = value("calls", s.name, 4, "calls");
    assert_true(calls > 2 && calls < 4); /* recv, send, a share of the wait */
}

static void a_low_limit_of_descriptors(void **state)
{
    (void)state;
    const struct subject s = find("04-poll");
    expect_failure(&s, 960, "ulimit -n is 1000");
}

/* What fetch says of its calls, and what the kernel counted besides. */
static unsigned long uncounted(const char *lesson, int pages, int port)
{
    char calls[300], fetch[300], n[16], url[64];
    snprintf(calls, sizeof calls, "%s/bench/calls", build());
    snprintf(fetch, sizeof fetch, "%s/lessons/%s/fetch", build(), lesson);
    snprintf(n, sizeof n, "%d", pages);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    struct proc p;
    const char *const argv[] = {calls, fetch, "-n", n, url, NULL};
    assert_int_equal(proc_spawn(&p, argv, NULL), 0);
    const int status = proc_wait(&p, 30000);
    unsigned long said = 0, counted = 0;
    const char *line = strstr(p.said, " s cpu, ");
    if (status != 0 || line == NULL ||
        sscanf(line, " s cpu, %lu system calls\n%lu", &said, &counted) != 2)
        fail_msg("%s: status %d, said: %s", lesson, status, p.said);
    return counted - said;
}

/*
 * fetch counts the calls that fetching takes. Beside them the program starts
 * and ends, which costs the same for one page and for eleven, but for a call or
 * two of a sanitizer's runtime. What fetch overlooks, it overlooks for each
 * page.
 */
static void fetch_counts_all_its_calls(void **state)
{
    (void)state;
    static struct subject table[SUBJECTS_MAX];
    const int n = subjects_find(table, build(), "");
    char path[300];
    snprintf(path, sizeof path, "%s/bench/slowd", build());
    const char *const argv[] = {path, "--port", "0", "--delay", "1", NULL};
    struct proc slowd;
    assert_int_equal(proc_start(&slowd, argv, NULL), 0);
    int lessons = 0;
    for (int i = 1; i < n; i++) {
        if (!subject_has_fetch(&table[i], build()) ||
            strcmp(table[i].lesson, table[i - 1].lesson) == 0)
            continue;
        lessons++;
        const unsigned long one = uncounted(table[i].lesson, 1, slowd.port);
        const unsigned long many = uncounted(table[i].lesson, 11, slowd.port);
        assert_in_range(many + 9 - one, 0, 18);
    }
    assert_true(lessons >= 5);
    assert_int_equal(proc_stop(&slowd), 0);
}

static void lessons_are_found_and_chosen(void **state)
{
    (void)state;
    static struct subject table[SUBJECTS_MAX];
    const int n = subjects_find(table, build(), "03 05");
    assert_int_equal(n, 5);
    assert_string_equal(table[0].name, "floor");
    assert_string_equal(table[1].name, "03-select");
    assert_string_equal(table[2].name, "05-epoll/level");
    assert_string_equal(table[4].name, "05-epoll/oneshot");
}

/* A folder that cannot be written to: an error, and no half file. */
static void nothing_half_written(void **state)
{
    (void)state;
    const struct run_facts facts = {.command = "test", .mode = "quick"};
    record_failure(
        &(struct row){.bench = "connections", .server = "x", .variant = "y"},
        "a\treason\nwith two lines");
    assert_int_equal(record_write("/no/such/folder", &facts), -ENOENT);
    assert_non_null(strstr(rows("connections"), "a reason with two lines\t0"));
    char part[256];
    snprintf(part, sizeof part, "%s/connections.tsv.part", folder);
    assert_int_equal(access(part, F_OK), -1);
}

static int make_folder(void **state)
{
    (void)state;
    setup.build = build();
    /* LeakSanitizer cannot work in a program that calls.c traces. */
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const files[] = {"script", "connections.tsv", "idle.tsv",
                                        "calls.tsv"};
    char path[256];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iterative_comes_out_as_starved),
        cmocka_unit_test(pool_serves_as_many_as_it_has_workers),
        cmocka_unit_test(epoll_starves_nobody),
        cmocka_unit_test(a_server_that_does_not_start),
        cmocka_unit_test(a_server_that_never_answers),
        cmocka_unit_test(a_bound_that_is_known),
        cmocka_unit_test(idle_connections_are_held),
        cmocka_unit_test(calls_are_counted),
        cmocka_unit_test(a_low_limit_of_descriptors),
        cmocka_unit_test(fetch_counts_all_its_calls),
        cmocka_unit_test(lessons_are_found_and_chosen),
        cmocka_unit_test(nothing_half_written),
    };
    return cmocka_run_group_tests_name("run", tests, make_folder,
                                       remove_folder);
}
