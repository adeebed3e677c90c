/*
 * test_report.c - the programs that read results: the page is whole,
 * well-formed and needs nothing but itself, or it is not there; bad results are
 * refused with status 2; what is exported can be compared.
 */
#include "fixture.h"
#include "gnuplot.h"
#include "outfile.h"
#include "proc.h"
#include "results.h"
#include "words.h"

#include <ctype.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/* Runs build/bench/NAME; proc.said holds its words. Returns its status. */
static int run(const char *name, const char *const *options)
{
    const char *build = getenv("KIT_BUILD");
    char path[300];
    snprintf(path, sizeof path, "%s/bench/%s", build != NULL ? build : "build",
             name);
    const char *argv[16] = {path};
    for (int i = 0; options[i] != NULL; i++)
        argv[i + 1] = options[i];
    assert_int_equal(proc_spawn(&proc, argv, NULL), 0);
    const int status = proc_wait(&proc, 60000);
    proc_stop(&proc);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int run_report(void)
{
    return run("report",
               (const char *[]){"--data", fixture.folder, "--reference", "none",
                                "--out", fixture_path(&output, "page.html"),
                                NULL});
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

static void assert_nothing_written(void)
{
    assert_int_equal(access(fixture_path(&output, "page.html"), F_OK), -1);
    assert_int_equal(access(fixture_path(&output, "page.html.part"), F_OK), -1);
}

/* --- is it XML? ---------------------------------------------------------- */

enum { DEPTH_MAX = 64 };

struct xml {
    char open[DEPTH_MAX][32];
    int depth;
};

/* An entity that we write; anything else behind '&' is a fault. */
static bool is_entity(const char *at)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
    for (size_t i = 0; i < 4; i++)
        if (strncmp(at, entities[i], strlen(entities[i])) == 0)
            return true;
    return false;
}

/* Behind the end of a tag, which may hold '>' in a quoted value. */
static const char *tag_end(const char *at)
{
    char quote = '\0';
    for (; *at != '\0'; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '<')
            fail_msg("a tag in a tag: %.60s", at);
        else if (*at == '>')
            return at + 1;
    }
    fail_msg("a tag without an end");
    return at;
}

static const char *check_tag(struct xml *xml, const char *at)
{
    if (at[1] == '!')
        return tag_end(at + 1);
    const bool closes = at[1] == '/';
    const char *name = at + 1 + closes;
    const int len = (int)strspn(name, "abcdefghijklmnopqrstuvwxyzDCOTYPE0123456"
                                      "789");
    const char *end = tag_end(at + 1);
    if (closes) {
        if (xml->depth == 0 ||
            strncmp(xml->open[xml->depth - 1], name, (size_t)len) != 0)
            fail_msg("</%.*s> closes <%s>", len, name,
                     xml->depth > 0 ? xml->open[xml->depth - 1] : "nothing");
        xml->depth--;
    } else if (end[-2] != '/') {
        assert_true(len > 0 && len < 32 && xml->depth < DEPTH_MAX);
        snprintf(xml->open[xml->depth++], 32, "%.*s", len, name);
    }
    return end;
}

static void assert_well_formed(const char *page)
{
    struct xml xml = {.depth = 0};
    for (const char *at = page; *at != '\0';) {
        if (*at == '<') {
            at = check_tag(&xml, at);
        } else if (*at == '&' && !is_entity(at)) {
            fail_msg("not escaped: %.40s", at);
        } else {
            at++;
        }
    }
    if (xml.depth != 0)
        fail_msg("<%s> is never closed", xml.open[xml.depth - 1]);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Cuts `page` into its ids; fails if one comes twice. Returns how many. */
static int assert_ids_unique(char *page)
{
    enum { IDS_MAX = 20000 };
    static const char *ids[IDS_MAX];
    int n = 0;
    for (char *at = page; (at = strstr(at, " id=\"")) != NULL && n < IDS_MAX;) {
        ids[n++] = at += 5;
        at = strchr(at, '"');
        *at++ = '\0';
    }
    qsort(ids, (size_t)n, sizeof *ids, by_text);
    for (int i = 1; i < n; i++)
        if (strcmp(ids[i - 1], ids[i]) == 0)
            fail_msg("the id '%s' comes twice", ids[i]);
    return n;
}

/* --- the page ------------------------------------------------------------ */

static void page_is_well_formed(void **state)
{
    (void)state;
    char *page = course_page();
    assert_well_formed(page);
    assert_true(assert_ids_unique(page) > 100);
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

static void missing_bench_is_left_out(void **state)
{
    (void)state;
    need_gnuplot();
    fixture_course(&fixture);
    assert_int_equal(unlink(fixture_path(&fixture, "idle.tsv")), 0);
    assert_int_equal(run_report(), 0);
    assert_holds(proc.said, "left out: wrk, idle");
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

/* --- slides, export, compare --------------------------------------------- */

static void slides_get_their_plots(void **state)
{
    (void)state;
    need_gnuplot();
    fixture_course(&fixture);
    assert_int_equal(
        run("report",
            (const char *[]){"--data", fixture.folder, "--reference", "none",
                             "--slides", output.folder, NULL}),
        0);
    static const char *const names[] = {
        "throughput-connections.svg", "throughput-idle.svg",
        "cpu-connections.svg", "fetch-wall.svg"};
    for (size_t i = 0; i < 4; i++) {
        char *svg = fixture_text(fixture_path(&output, names[i]));
        assert_non_null(svg);
        assert_memory_equal(svg, "<svg ", 5);
        assert_well_formed(svg);
        free(svg);
    }
}

static void slides_take_the_reference_without_results(void **state)
{
    (void)state;
    need_gnuplot();
    fixture_course(&fixture);
    assert_int_equal(
        run("report",
            (const char *[]){"--data", "nothing", "--reference", fixture.folder,
                             "--slides", output.folder, NULL}),
        0);
    assert_int_equal(access(fixture_path(&output, "fetch-wall.svg"), R_OK), 0);
}

static int export_as(const char *name)
{
    return run("export", (const char *[]){"--data", fixture.folder, "--out",
                                          output.folder, "--name", name, NULL});
}

static void exported_results_are_the_same(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(export_as("anna"), 0);
    struct results before = {.n_rows = 0}, after = {.n_rows = 0};
    struct problem problem;
    assert_int_equal(results_load(&before, fixture.folder, &problem), 0);
    assert_int_equal(
        results_load(&after, fixture_path(&output, "anna.tsv"), &problem), 0);
    assert_int_equal(before.n_rows, after.n_rows);
    assert_int_equal(before.n_facts, after.n_facts);
    for (int i = 0; i < before.n_rows; i++) {
        const struct row *a = &before.rows[i], *b = &after.rows[i];
        assert_string_equal(a->server, b->server);
        assert_string_equal(a->metric, b->metric);
        assert_string_equal(a->text, b->text);
        assert_string_equal(a->unit, b->unit);
        assert_int_equal(a->round, b->round);
        assert_true(a->x == b->x || (a->x != a->x && b->x != b->x));
    }
    results_free(&before);
    results_free(&after);
}

static void export_hides_who_and_where(void **state)
{
    (void)state;
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    const char *home = getpwuid(getuid())->pw_dir;
    FILE *out = fixture_open(&fixture, "x.tsv");
    fprintf(out,
            "idle\t04-poll\tkeep-alive\t9\tfailed\t-\tended: %s/x on %s\t1\n",
            home, host);
    fclose(out);
    assert_int_equal(export_as("anna"), 0);
    char *text = fixture_text(fixture_path(&output, "anna.tsv"));
    assert_non_null(text);
    assert_holds_not(text, home);
    assert_holds(text, "ended: ~/x on ");
    if (strlen(host) >= 3 && strcmp(host, "localhost") != 0)
        assert_holds(text, " on HOST\t");
    free(text);
}

static void export_refuses_a_path_as_name(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(export_as("../anna"), 2);
    assert_holds(proc.said, "is no name for a file");
}

static void exports_can_be_compared(void **state)
{
    (void)state;
    need_gnuplot();
    fixture_course(&fixture);
    assert_int_equal(export_as("anna"), 0);
    assert_int_equal(export_as("bert"), 0);
    char list[256];
    snprintf(list, sizeof list, "%s %s", fixture_path(&output, "anna.tsv"),
             fixture_path(&output, "bert.tsv"));
    const char *const options[] = {
        "--results",   list,   "--data", fixture.folder,
        "--reference", "none", "--out",  fixture_path(&output, "page.html"),
        NULL};
    assert_int_equal(run("compare", options), 0);
    assert_holds(proc.said, "compared: 2 results");
    char *page = fixture_text(fixture_path(&output, "page.html"));
    assert_non_null(page);
    assert_well_formed(page);
    assert_holds(page, "anna");
    assert_holds(page, "bert");
    assert_true(assert_ids_unique(page) > 50);
    free(page);
}

static void compare_needs_results(void **state)
{
    (void)state;
    assert_int_equal(run("compare", (const char *[]){"--results", "", NULL}),
                     2);
    assert_holds(proc.said, "no results were named");
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
        CASE(missing_bench_is_left_out),
        CASE(no_results_end_with_status_2),
        CASE(other_version_ends_with_status_2),
        CASE(malformed_line_leaves_the_old_page),
        CASE(missing_gnuplot_is_told),
        CASE(dying_gnuplot_leaves_no_half_page),
        CASE(gnuplot_without_a_drawing_is_noticed),
        CASE(file_appears_whole_or_not_at_all),
        CASE(slides_get_their_plots),
        CASE(slides_take_the_reference_without_results),
        CASE(exported_results_are_the_same),
        CASE(export_hides_who_and_where),
        CASE(export_refuses_a_path_as_name),
        CASE(exports_can_be_compared),
        CASE(compare_needs_results),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
