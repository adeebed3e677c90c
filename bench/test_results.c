/*
 * test_results.c - results are read, or refused with a reason; numbers and axes
 * are as a person reads them.
 */
#include "axis.h"
#include "class.h"
#include "fixture.h"
#include "html.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fixture fixture;
static struct results results;
static struct problem problem;

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

static int load(const char *name)
{
    return results_load(&results, fixture_path(&fixture, name), &problem);
}

static void assert_near(double a, double b)
{
    if (fabs(a - b) > 1e-9 * fabs(b) + 1e-12)
        fail_msg("%.12g is not %.12g", a, b);
}

static void assert_says(const char *sentence, const char *part)
{
    if (strstr(sentence, part) == NULL)
        fail_msg("'%s' does not say '%s'", sentence, part);
}

/* --- reading ------------------------------------------------------------- */

static void expect_refusal(const char *text, int error, const char *says)
{
    FILE *out = fopen(fixture_path(&fixture, "bad.tsv"), "we");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    results_free(&results);
    assert_int_equal(load("bad.tsv"), error);
    assert_says(problem.what, says);
    assert_says(problem.what, "bad.tsv");
}

#define HEAD                                                                   \
    "# course-kit results 1\n"                                                 \
    "bench\tserver\tvariant\tx\tmetric\tvalue\tunit\tround\n"

static void other_formats_are_refused(void **state)
{
    (void)state;
    expect_refusal("# course-kit results 2\n", -EPROTO,
                   "has results of format 2; this kit reads format 1");
    expect_refusal("# course-kit results 12\n", -EPROTO, "format 12");
    expect_refusal("hello\n", -EPROTO, "is no results file");
    expect_refusal("", -EPROTO, "is no results file");
}

static void malformed_lines_are_named(void **state)
{
    (void)state;
    expect_refusal(HEAD "a\tb\tc\t1\td\t2\te\n", -EINVAL, ":3: ");
    expect_refusal(HEAD "a\tb\tc\t1\td\t2\te\t1\tf\n", -EINVAL, "8 columns");
    expect_refusal(HEAD "\n", -EINVAL, "8 columns");
    expect_refusal(HEAD "a\t\tc\t1\td\t2\te\t1\n", -EINVAL, "empty");
    expect_refusal(HEAD "a\tb\tc\tx\td\t2\te\t1\n", -EINVAL, "'x' is no x");
    expect_refusal(HEAD "a\tb\tc\t1\td\tfast\te\t1\n", -EINVAL,
                   "'fast' is no value");
    expect_refusal(HEAD "a\tb\tc\t1\td\tnan\te\t1\n", -EINVAL, "no value");
    expect_refusal(HEAD "a\tb\tc\t1\td\tinf\te\t1\n", -EINVAL, "no value");
    expect_refusal(HEAD "a\tb\tc\t-1\td\t2\te\t1\n", -EINVAL, "'-1' is no x");
    expect_refusal(HEAD "a\tb\tc\t1\td\t2\te\t-1\n", -EINVAL, "no round");
    expect_refusal(HEAD "a\tb\tc\t1\td\t2\te\t1000\n", -EINVAL, "no round");
    expect_refusal("# course-kit results 1\n# cpu\n", -EINVAL, "no fact");
    expect_refusal("# course-kit results 1\na\tb\n", -EINVAL,
                   "column line is missing");
}

static void no_results_are_told_from_bad_ones(void **state)
{
    (void)state;
    assert_int_equal(load("nothing.tsv"), -ENOENT);
    assert_string_equal(problem.try, "make course");
    assert_int_equal(load("."), -ENOENT); /* an empty folder */
}

static void facts_stand_once(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(load("."), 0);
    assert_string_equal(results_fact(&results, "cpu", "?"), "Test CPU");
    assert_string_equal(results_fact(&results, "colour", "?"), "?");
    int n = 0;
    for (int i = 0; i < results.n_facts; i++)
        n += strcmp(results.facts[i].key, "cpu") == 0;
    assert_int_equal(n, 1);
}

static void servers_come_in_course_order(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(load("."), 0);
    const char *names[SERVERS_MAX];
    const int n = results_servers(&results, "connections", names, SERVERS_MAX);
    assert_int_equal(n, 6);
    assert_string_equal(names[0], "01-blocking/fork");
    assert_string_equal(names[4], "05-epoll/level");
    assert_string_equal(names[5], "floor");
}

/* --- a class ------------------------------------------------------------- */

static void folder_is_one_person_or_many(void **state)
{
    (void)state;
    static struct class class;
    fixture_course(&fixture);
    assert_int_equal(class_load(&class, fixture.folder, &problem), 0);
    assert_int_equal(class.n, 1); /* every bench stands in one file */
    class_free(&class);
    fclose(fixture_open(&fixture, "empty.tsv"));
    FILE *out = fixture_open(&fixture, "anna.tsv");
    fixture_rounds(out, "fetch\t02-x\tall\t1", "wall", (const double[]){1}, 1);
    fclose(out);
    assert_int_equal(class_load(&class, fixture.folder, &problem), 0);
    assert_int_equal(class.n, 7); /* "fetch" stands in two */
    assert_string_equal(class.members[0].name.text, "anna");
    class_free(&class);
}

/* --- words and axes ------------------------------------------------------ */

static void numbers_are_written_for_people(void **state)
{
    (void)state;
    assert_string_equal(words_number(71347).text, "71,300");
    assert_string_equal(words_number(1234567).text, "1,230,000");
    assert_string_equal(words_number(999.7).text, "1,000");
    assert_string_equal(words_number(0.10249).text, "0.102");
    assert_string_equal(words_number(0).text, "0");
    assert_string_equal(words_number(NAN).text, "-");
    assert_string_equal(words_ratio(1.499).text, "1.50");
    assert_string_equal(words_time(12345).text, "12.3 ms");
    assert_string_equal(words_bytes(400).text, "400 B");
    assert_string_equal(words_count(9000).text, "9,000");
    assert_string_equal(words_cut("abcdefghij", 8).text, "abcde...");
    assert_string_equal(words_cut("\u00e4\u00e4\u00e4\u00e4\u00e4", 6).text,
                        "\u00e4...");
}

static void axes_hold_their_data(void **state)
{
    (void)state;
    const struct axis a = axis_linear(163000, 5);
    assert_near(a.low, 0);
    assert_true(a.high >= 163000);
    assert_string_equal(a.ticks[1].label.text, "50k");
    const double xs[] = {0, 100, 9000};
    const struct axis log = axis_measured(xs, 3, true);
    assert_string_equal(log.ticks[0].label.text, "0");
    assert_near(axis_fraction(&log, 0), 0);
    assert_near(axis_fraction(&log, 9000), 1);
    assert_true(axis_fraction(&log, 100) > 0);
}

static void ticks_do_not_touch(void **state)
{
    (void)state;
    const double xs[] = {1, 900, 1000};
    struct axis a = axis_measured(xs, 3, true);
    axis_thin(&a, 0.05);
    assert_int_equal(a.n_ticks, 2); /* the last is kept */
    assert_string_equal(a.ticks[1].label.text, "1k");
}

static void markup_is_escaped(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    html_text(out, "<b> & \"x\"\001");
    fclose(out);
    assert_string_equal(text, "&lt;b&gt; &amp; &quot;x&quot; ");
    free(text);
}

int main(void)
{
#define CASE(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(other_formats_are_refused),
        CASE(malformed_lines_are_named),
        CASE(no_results_are_told_from_bad_ones),
        CASE(facts_stand_once),
        CASE(servers_come_in_course_order),
        CASE(folder_is_one_person_or_many),
        CASE(numbers_are_written_for_people),
        CASE(axes_hold_their_data),
        CASE(ticks_do_not_touch),
        CASE(markup_is_escaped),
    };
    return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
