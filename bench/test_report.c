/*
 * test_report.c - the programs that read results: the page is whole,
 * well-formed and needs nothing but itself, or it is not there; bad results are
 * refused with status 2.
 */
#include "fixture.h"
#include "gnuplot.h"
#include "outfile.h"
#include "xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct fixture fixture; /* results */
static struct fixture output;  /* what the programs write */
static struct proc proc;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    fixture_init(&output);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_fini(&fixture);
    fixture_fini(&output);
    return 0;
}

static int run_report(void)
{
    return fixture_run(
        &proc, "report",
        (const char *[]){"--data", fixture.folder, "--reference", "none",
                         "--out", fixture_path(&output, "page.html"), NULL});
}

static void need_gnuplot(void)
{
    struct gnuplot gnuplot;
    struct problem problem;
    if (gnuplot_start(&gnuplot, &problem) != 0) {
        print_message("# skipped: gnuplot is not installed\n");
        skip();
    }
    gnuplot_stop(&gnuplot);
}

/* The page of the whole made-up course; the caller frees it. */
static char *course_page(void)
{
    need_gnuplot();
    fixture_course(&fixture);
    if (run_report() != 0)
        fail_msg("the report failed: %s", proc.said);
    char *page = fixture_text(fixture_path(&output, "page.html"));
    assert_non_null(page);
    return page;
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("there is no '%s' in it", part);
}

static void assert_holds_not(const char *text, const char *part)
{
    const char *at = strstr(text, part);
    if (at != NULL)
        fail_msg("there is '%.60s' in it", at);
}

static void assert_well_formed(const char *page)
{
    const char *fault = xml_fault(page);
    if (fault != NULL)
        fail_msg("%s", fault);
}

static void assert_ids_unique(const char *page, int at_least)
{
    int n;
    const char *id = xml_double_id(page, &n);
    if (id != NULL)
        fail_msg("the id '%s' comes twice", id);
    assert_true(n > at_least);
}

static void assert_nothing_written(void)
{
    assert_int_equal(access(fixture_path(&output, "page.html"), F_OK), -1);
    assert_int_equal(access(fixture_path(&output, "page.html.part"), F_OK), -1);
}

/* --- the page ------------------------------------------------------------ */

static void page_is_well_formed(void **state)
{
    (void)state;
    char *page = course_page();
    assert_well_formed(page);
    assert_ids_unique(page, 100);
    free(page);
}

static void page_needs_nothing_but_itself(void **state)
{
    (void)state;
    char *page = course_page();
    assert_holds_not(page, "<script");
    assert_holds_not(page, "src=");
    assert_holds_not(page, "@import");
    assert_holds_not(page, "<link");
    /* Names of name spaces are no addresses that anybody fetches. */
    for (const char *at = page; (at = strstr(at, "http")) != NULL; at++)
        assert_memory_equal(at, "http://www.w3.org/", 18);
    free(page);
}

static void page_holds_every_part(void **state)
{
    (void)state;
    char *page = course_page();
    assert_holds(page, "On this machine 16 pages arrive in 0.1 s");
    assert_holds(page, "Test CPU, 2 CPUs, Linux 6.0, gcc 12");
    assert_holds(page, "\u2713 holds");
    assert_holds(page, "\u2717 does not hold here");
    assert_holds(page, "<section id=\"lesson-01-blocking\">");
    assert_holds(page, "<section id=\"lesson-05-epoll\">");
    assert_holds(page, "make bench LESSONS=\"03\"");
    assert_holds(page, "blocking/iterative leaves 63 of 64");
    assert_holds(page, "throughput-connections-05-epoll-wide-title");
    assert_holds(page, "throughput-connections-05-epoll-narrow-title");
    assert_holds(page, ">starved</text>");
    free(page);
}

static void reasons_are_escaped(void **state)
{
    (void)state;
    char *page = course_page();
    assert_holds(page, "FD_SETSIZE &lt;1024&gt; &amp; more");
    assert_holds_not(page, "<1024>");
    assert_holds(page, "select &lt;scans&gt; &amp; copies");
    free(page);
}

static void report_ends_with_what_is_next(void **state)
{
    (void)state;
    free(course_page());
    assert_holds(proc.said, "63 of 64 starved");
    assert_holds(proc.said, "beside 9,000 idle");
    const char *last = strstr(proc.said, "report: ");
    assert_non_null(last);
    assert_holds(last, "page.html\nnext:   make run LESSON=01\n");
    assert_string_equal(strstr(last, "next:"), "next:   make run LESSON=01\n");
}

static void loop_has_its_section(void **state)
{
    (void)state;
    fixture_loop(&fixture, 1.2);
    char *page = course_page();
    assert_well_formed(page);
    assert_ids_unique(page, 100);
    assert_holds(page, "<a href=\"#loop\">the loop</a>");
    assert_holds(page, "ring-1-wide-title");
    assert_holds(page, "timers-cancel-narrow-title");
    assert_holds(page, "Not measured: loop/select");
    assert_holds_not(page, "<section id=\"lesson-loop");
    assert_holds_not(page, "<section id=\"lesson-libev");
    assert_holds_not(proc.said, "the loop");
    free(page);
}

static void coroutines_have_their_section(void **state)
{
    (void)state;
    fixture_co(&fixture, 2);
    char *page = course_page();
    assert_well_formed(page);
    assert_ids_unique(page, 100);
    assert_holds(page, "<a href=\"#coroutines\">coroutines</a>");
    assert_holds_not(page, "<a href=\"#loop\">");
    assert_holds(page, "switch-pair-wide-title");
    assert_holds(page, "memory-million-narrow-title");
    assert_holds(page, "Not measured: thread/pipe");
    assert_holds_not(page, "<section id=\"lesson-thread");
    assert_holds_not(proc.said, "coroutines");
    free(page);
}

static void missing_bench_is_left_out(void **state)
{
    (void)state;
    need_gnuplot();
    fixture_course(&fixture);
    assert_int_equal(unlink(fixture_path(&fixture, "idle.tsv")), 0);
    assert_int_equal(run_report(), 0);
    assert_holds(proc.said, "left out: wrk, idle, the loop, coroutines;");
    char *page = fixture_text(fixture_path(&output, "page.html"));
    assert_non_null(page);
    assert_well_formed(page);
    assert_holds_not(page, "id=\"throughput-idle");
    free(page);
}

/* --- refusals ------------------------------------------------------------ */

static void no_results_end_with_status_2(void **state)
{
    (void)state;
    assert_int_equal(run_report(), 2);
    assert_holds(proc.said, "no results in ");
    assert_holds(proc.said, "try:     make course");
    assert_nothing_written();
}

static void other_version_ends_with_status_2(void **state)
{
    (void)state;
    FILE *out = fopen(fixture_path(&fixture, "x.tsv"), "we");
    assert_non_null(out);
    fputs("# course-kit results 7\n", out);
    fclose(out);
    assert_int_equal(run_report(), 2);
    assert_holds(proc.said, "format 7; this kit reads format 1");
    assert_holds(proc.said, "try:     measure again");
    assert_nothing_written();
}

static void malformed_line_leaves_the_old_page(void **state)
{
    (void)state;
    char *before = course_page();
    FILE *out = fixture_open(&fixture, "zz.tsv");
    fputs("half a line", out);
    fclose(out);
    assert_int_equal(run_report(), 2);
    assert_holds(proc.said, "zz.tsv:13: 'half a line' begins a row");
    char *after = fixture_text(fixture_path(&output, "page.html"));
    assert_string_equal(before, after);
    assert_int_equal(access(fixture_path(&output, "page.html.part"), F_OK), -1);
    free(before);
    free(after);
}

static void missing_gnuplot_is_told(void **state)
{
    (void)state;
    fixture_course(&fixture);
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nonexistent", 1);
    const int status = run_report();
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(status, 2);
    assert_holds(proc.said, "gnuplot is not installed");
    assert_holds(proc.said, "try:     make deps SET=course");
    assert_nothing_written();
}

/* Puts a shell script in gnuplot's place and runs the report. */
static int run_with_gnuplot(const char *script)
{
    const char *fake = fixture_path(&output, "gnuplot");
    FILE *out = fopen(fake, "we");
    assert_non_null(out);
    fprintf(out, "#!/bin/sh\n%s\n", script);
    fclose(out);
    assert_int_equal(chmod(fake, 0755), 0);
    char *path = strdup(getenv("PATH"));
    char with_fake[4096];
    snprintf(with_fake, sizeof with_fake, "%s:%s", output.folder, path);
    setenv("PATH", with_fake, 1);
    const int status = run_report();
    setenv("PATH", path, 1);
    free(path);
    return status;
}

/* It answers when it is started, and dies at the first drawing. */
static void dying_gnuplot_leaves_no_half_page(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(run_with_gnuplot("read a; read b; read c\n"
                                      "echo 'course-kit: done'\n"
                                      "read d; exit 1"),
                     2);
    assert_holds(proc.said, "gnuplot gave up");
    assert_nothing_written();
}

/* It goes on after an error, as gnuplot does, and draws nothing. */
static void gnuplot_without_a_drawing_is_noticed(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(run_with_gnuplot("while read -r line; do\n"
                                      "case $line in \"print 'course\"*)\n"
                                      "echo 'course-kit: done';; esac; done"),
                     2);
    assert_holds(proc.said, "gnuplot gave up");
    assert_nothing_written();
}

static void file_appears_whole_or_not_at_all(void **state)
{
    (void)state;
    struct outfile file;
    struct problem problem;
    const char *path = fixture_path(&output, "a/b/c.txt");
    assert_int_equal(outfile_open(&file, path, &problem), 0);
    fputs("half", file.out);
    assert_int_equal(access(path, F_OK), -1);
    outfile_abandon(&file);
    assert_int_equal(access(fixture_path(&output, "a/b/c.txt.part"), F_OK), -1);
    assert_int_equal(outfile_open(&file, path, &problem), 0);
    fputs("whole", file.out);
    assert_int_equal(outfile_commit(&file, &problem), 0);
    assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
#define CASE(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(page_is_well_formed),
        CASE(page_needs_nothing_but_itself),
        CASE(page_holds_every_part),
        CASE(reasons_are_escaped),
        CASE(report_ends_with_what_is_next),
        CASE(loop_has_its_section),
        CASE(coroutines_have_their_section),
        CASE(missing_bench_is_left_out),
        CASE(no_results_end_with_status_2),
        CASE(other_version_ends_with_status_2),
        CASE(malformed_line_leaves_the_old_page),
        CASE(missing_gnuplot_is_told),
        CASE(dying_gnuplot_leaves_no_half_page),
        CASE(gnuplot_without_a_drawing_is_noticed),
        CASE(file_appears_whole_or_not_at_all),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
