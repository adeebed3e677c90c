/*
 * test_compare.c - the plots of the slides; what is exported tells nothing of
 * who and where, and can be compared.
 */
#include "fixture.h"
#include "gnuplot.h"
#include "results.h"
#include "xml.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

/* --- slides, export, compare --------------------------------------------- */

static void slides_get_their_plots(void **state)
{
    (void)state;
    need_gnuplot();
    fixture_course(&fixture);
    assert_int_equal(
        fixture_run(&proc, "report",
                    (const char *[]){"--data", fixture.folder, "--reference",
                                     "none", "--slides", output.folder, NULL}),
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

static void slides_show_a_lesson_that_was_measured(void **state)
{
    (void)state;
    need_gnuplot();
    fixture_course(&fixture);
    FILE *out = fixture_open(&fixture, "fetch-07.tsv");
    const double seconds[] = {0.1, 0.1, 0.1};
    fixture_rounds(out, "fetch\t07-callbacks\tall-at-once\t10", "wall", seconds,
                   3);
    fclose(out);
    assert_int_equal(
        fixture_run(&proc, "report",
                    (const char *[]){"--data", fixture.folder, "--reference",
                                     "none", "--slides", output.folder, NULL}),
        0);
    assert_holds(proc.said, "left out: calls, no results of 06-uring");
    const char *path = fixture_path(&output, "fetch-wall-07-callbacks.svg");
    char *svg = fixture_text(path);
    assert_non_null(svg);
    assert_well_formed(svg);
    assert_non_null(strstr(svg, ">callbacks<"));
    free(svg);
}

static void slides_show_coroutines(void **state)
{
    (void)state;
    need_gnuplot();
    fixture_course(&fixture);
    FILE *out = fixture_open(&fixture, "switch.tsv");
    const double ours[] = {6, 6, 6}, theirs[] = {11, 11, 11};
    fixture_rounds(out, "switch\tloop/co\tpair\t1", "pair", ours, 3);
    fixture_rounds(out, "switch\tboost\tpair\t1", "pair", theirs, 3);
    fclose(out);
    assert_int_equal(
        fixture_run(&proc, "report",
                    (const char *[]){"--data", fixture.folder, "--reference",
                                     "none", "--slides", output.folder, NULL}),
        0);
    char *svg = fixture_text(fixture_path(&output, "switch-pair.svg"));
    assert_non_null(svg);
    assert_well_formed(svg);
    assert_non_null(strstr(svg, ">boost<"));
    free(svg);
}

static void slides_take_the_reference_without_results(void **state)
{
    (void)state;
    need_gnuplot();
    fixture_course(&fixture);
    assert_int_equal(
        fixture_run(&proc, "report",
                    (const char *[]){"--data", "nothing", "--reference",
                                     fixture.folder, "--slides", output.folder,
                                     NULL}),
        0);
    assert_int_equal(access(fixture_path(&output, "fetch-wall.svg"), R_OK), 0);
}

static int export_as(const char *name)
{
    return fixture_run(&proc, "export",
                       (const char *[]){"--data", fixture.folder, "--out",
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
    assert_int_equal(fixture_run(&proc, "compare", options), 0);
    assert_holds(proc.said, "compared: 2 results");
    char *page = fixture_text(fixture_path(&output, "page.html"));
    assert_non_null(page);
    assert_well_formed(page);
    assert_holds(page, "anna");
    assert_holds(page, "bert");
    assert_ids_unique(page, 50);
    free(page);
}

static void compare_needs_results(void **state)
{
    (void)state;
    assert_int_equal(
        fixture_run(&proc, "compare", (const char *[]){"--results", "", NULL}),
        2);
    assert_holds(proc.said, "no results were named");
}

int main(void)
{
#define CASE(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(slides_get_their_plots),
        CASE(slides_show_a_lesson_that_was_measured),
        CASE(slides_show_coroutines),
        CASE(slides_take_the_reference_without_results),
        CASE(exported_results_are_the_same),
        CASE(export_hides_who_and_where),
        CASE(export_refuses_a_path_as_name),
        CASE(exports_can_be_compared),
        CASE(compare_needs_results),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
