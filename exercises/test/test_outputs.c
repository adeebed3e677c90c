/*
 * test_outputs.c - what every output says of every result, compared with golden
 * files; and that nothing of a student's steers a terminal.
 *
 * `test_outputs DIR` writes the same results as files, for test_outputs.sh,
 * which reads them with parsers that are not ours.
 *
 * Read before: sample_results.h, golden_file.h. Read after: test_outputs.sh.
 * Rests on: cmocka.
 */
#include "exercises/grader/outputs.h"
#include "exercises/test/golden_file.h"
#include "exercises/test/sample_results.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { OUT_MAX = 64 << 20, PATH_LEN = 200, NAME_LEN = 100 };

struct fixture {
    struct base_arena arena;
    struct base_buf out;
    struct sample *samples;
    size_t n;
};

static int setup(void **state)
{
    struct fixture *f = base_alloc(sizeof *f);
    base_arena_init(&f->arena, 64 << 10);
    base_buf_init(&f->out, OUT_MAX);
    f->samples = samples_make(&f->arena, &f->n);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    base_buf_fini(&f->out);
    base_arena_fini(&f->arena);
    free(f);
    return 0;
}

static bool is_hostile(const struct sample *sample)
{
    return strncmp(sample->name, "hostile", strlen("hostile")) == 0;
}

static bool has(const struct base_buf *out, const char *text)
{
    return base_slice_find(base_buf_slice(out), base_slice_of(text)) >= 0;
}

static void compare(const struct base_buf *out, const char *name)
{
    char path[PATH_LEN];
    snprintf(path, sizeof path, "exercises/test/golden/outputs/%s", name);
    golden_file_compare(path, base_buf_slice(out));
}

/* --- the terminal --------------------------------------------------------- */

static void test_the_terminal_tells_each_result(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->n; i++) {
        char name[NAME_LEN];
        if (is_hostile(&f->samples[i]))
            continue;
        base_buf_clear(&f->out);
        assert_int_equal(output_terminal(&f->samples[i].s,
                                         &(struct output_options){0}, &f->out),
                         0);
        snprintf(name, sizeof name, "terminal_%s.txt", f->samples[i].name);
        compare(&f->out, name);
    }
}

static void test_the_terminal_shows_hidden_checks_to_instructors(void **state)
{
    struct fixture *f = *state;
    const struct submission *s = sample_named(f->samples, f->n, "hidden");
    output_terminal(s, &(struct output_options){.show_hidden = true}, &f->out);
    assert_true(has(&f->out, "The secret cause."));
    base_buf_clear(&f->out);
    output_terminal(s, &(struct output_options){0}, &f->out);
    assert_true(has(&f->out, "hidden check"));
    assert_false(has(&f->out, "The secret cause."));
}

static void test_color_comes_only_where_it_is_allowed(void **state)
{
    struct fixture *f = *state;
    const struct submission *s = sample_named(f->samples, f->n, "failed");
    struct base_buf plain;
    base_buf_init(&plain, OUT_MAX);
    output_terminal(s, &(struct output_options){0}, &plain);
    assert_false(has(&plain, "\033"));
    output_terminal(s, &(struct output_options){.color = true}, &f->out);
    assert_true(has(&f->out, "\033[1;31mFAILED\033[0m"));
    /* But for the colours, the two are the same. */
    const size_t colors = strlen("\033[1;31m") + strlen("\033[0m");
    assert_int_equal(base_buf_len(&f->out), base_buf_len(&plain) + colors);
    base_buf_fini(&plain);
}

static void test_prose_is_wrapped_to_the_terminal(void **state)
{
    struct fixture *f = *state;
    const struct submission *s = sample_named(f->samples, f->n, "hidden");
    output_terminal(s, &(struct output_options){.width = 60}, &f->out);
    struct base_slice rest = base_buf_slice(&f->out);
    while (rest.len > 0)
        assert_true(base_slice_cut(&rest, '\n', NULL).len <= 60);
}

static void test_nothing_steers_the_terminal(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->n; i++) {
        base_buf_clear(&f->out);
        output_terminal(&f->samples[i].s, &(struct output_options){0}, &f->out);
        const struct base_slice text = base_buf_slice(&f->out);
        for (size_t k = 0; k < text.len; k++)
            assert_true(text.ptr[k] == '\n' || text.ptr[k] == '\t' ||
                        (unsigned char)text.ptr[k] >= ' ');
        /* DEL, CSI, and what turns the direction of writing. */
        static const char *const steers[] = {
            "\x7f",         "\xc2\x9b",     "\xe2\x80\xae", "\xe2\x80\xa8",
            "\xe2\x81\xa6", "\xe2\x80\x8f", "\xd8\x9c",     "\xef\xbb\xbf"};
        for (size_t k = 0; k < sizeof steers / sizeof steers[0]; k++)
            assert_false(has(&f->out, steers[k]));
        assert_true(text.len < 64 << 10);
    }
}

static void test_the_last_line_is_the_next_command(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->n; i++) {
        base_buf_clear(&f->out);
        output_terminal(&f->samples[i].s, &(struct output_options){0}, &f->out);
        struct base_slice rest = base_buf_slice(&f->out), line = rest;
        while (rest.len > 0)
            line = base_slice_cut(&rest, '\n', NULL);
        assert_true(base_slice_starts(line, base_slice_of("next:   make ")));
    }
}

/* --- the other formats ---------------------------------------------------- */

typedef int output_fn(const struct submission *s,
                      const struct output_options *o, struct base_buf *out);

static int junit(const struct submission *s, const struct output_options *o,
                 struct base_buf *out)
{
    return output_junit(s, 1, o, out);
}

static const struct format {
    const char *golden;
    output_fn *put;
} formats[] = {
    {"gradescope.json", output_gradescope},
    {"autolab.txt", output_autolab},
    {"report.tap", output_tap},
    {"junit.xml", junit},
    {"page.html", output_html},
    {NULL, output_classroom50},
    {NULL, output_terminal},
};
enum { N_FORMATS = sizeof formats / sizeof formats[0] };

static void test_each_format_is_as_its_golden_file(void **state)
{
    struct fixture *f = *state;
    const struct submission *s = sample_named(f->samples, f->n, "failed");
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (formats[i].golden == NULL)
            continue;
        base_buf_clear(&f->out);
        formats[i].put(s, &(struct output_options){0}, &f->out);
        compare(&f->out, formats[i].golden);
    }
}

/* It has the time of day in it; the rest is as it was. */
static void test_classroom50_is_as_its_golden_file(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {
        "CLASSROOM",       "ASSIGNMENT", "SUBMISSION_TAG", "OWNER",
        "ASSIGNMENT_TYPE", "COMMIT_URL", "RELEASE_URL",    "REVIEW_URL"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    setenv("COMMIT_URL", "https://example.org/commit/1", 1);
    output_classroom50(sample_named(f->samples, f->n, "failed"),
                       &(struct output_options){0}, &f->out);
    unsetenv("COMMIT_URL");
    static const char key[] = "\"datetime\": \"";
    const ssize_t at =
        base_slice_find(base_buf_slice(&f->out), base_slice_of(key));
    assert_true(at > 0);
    char *date = f->out.memory + f->out.start + at + sizeof key - 1;
    for (const char *like = "2026-11-21T17:39:54Z"; *like != '\0'; like++)
        *date++ = *like;
    compare(&f->out, "classroom50.json");
}

static void test_the_class_is_as_its_golden_files(void **state)
{
    struct fixture *f = *state;
    size_t n = 0;
    while (n < f->n && !is_hostile(&f->samples[n]))
        n++;
    const struct class_result c = samples_class(f->samples, n, &f->arena);
    assert_int_equal(output_csv(&c, &f->out), 0);
    compare(&f->out, "grades.csv");
    base_buf_clear(&f->out);
    assert_int_equal(output_gradebook(&c, &f->out), 0);
    compare(&f->out, "gradebook.csv");
    base_buf_clear(&f->out);
    assert_int_equal(output_class_html(&c, &f->out), 0);
    compare(&f->out, "class.html");
    base_buf_clear(&f->out);
    assert_int_equal(output_hidden_html(&c, &f->out), 0);
    compare(&f->out, "hidden.html");
}

static void test_a_page_says_that_no_hidden_check_has_failed(void **state)
{
    struct fixture *f = *state;
    const struct class_result c = {
        .submissions = sample_named(f->samples, f->n, "passed"), .n = 1};
    assert_int_equal(output_hidden_html(&c, &f->out), 0);
    assert_true(has(&f->out, "No hidden check has failed."));
    assert_false(has(&f->out, "<h2>"));
}

/* Not run, they have failed for nobody. */
static void test_hidden_checks_of_what_is_not_graded_are_not_told(void **state)
{
    struct fixture *f = *state;
    struct submission *s = sample_named(f->samples, f->n, "hidden");
    assert_int_equal(output_hidden_count(s), 1);
    s->state = SUBMISSION_BROKEN;
    assert_int_equal(output_hidden_count(s), 0);
    s->state = SUBMISSION_GRADED;
    s->marks[1].finding.outcome = OUTCOME_NOISY;
    assert_int_equal(output_hidden_count(s), 0);
}

/* Two graded, one with a failure and what is skipped for it, and one that is
 * not there. */
static void test_the_class_counts_what_there_is(void **state)
{
    struct fixture *f = *state;
    struct submission three[] = {*sample_named(f->samples, f->n, "failed"),
                                 *sample_named(f->samples, f->n, "failed"),
                                 *sample_named(f->samples, f->n, "empty")};
    three[1].student = "ben";
    three[2].student = "zoe";
    struct class_result c = {.submissions = three,
                             .n = 3,
                             .title = "Events",
                             .grader = "0123abc",
                             .started = "2026-11-21T17:39:54Z"};
    assert_int_equal(output_class_html(&c, &f->out), 0);
    assert_true(has(&f->out, ">2 submissions: 3 students, 1 exercise<"));
    assert_true(has(&f->out, "<span>whole-reply</span>"));
    assert_true(has(&f->out, "<span>2 of 2 failed</span>"));
    assert_true(has(&f->out, "<span>many</span>"));
    assert_true(has(&f->out, "<span>0 of 2 failed, 2 skipped</span>"));
    assert_false(has(&f->out, "<span>accept</span>"));
    assert_true(has(&f->out, "what hidden checks said</a>, 2 failed."));
}

static void test_the_class_tells_what_was_left_out(void **state)
{
    struct fixture *f = *state;
    struct submission one = *sample_named(f->samples, f->n, "failed");
    struct class_result c = {.submissions = &one,
                             .n = 1,
                             .title = "Events",
                             .grader = "0123abc",
                             .started = "2026-11-21T17:39:54Z"};
    assert_int_equal(output_class_html(&c, &f->out), 0);
    assert_false(has(&f->out, "Left out"));
    base_buf_clear(&f->out);
    c.left_out = "<b>.txt: neither folder nor archive\nada.zip: twice";
    assert_int_equal(output_class_html(&c, &f->out), 0);
    assert_true(has(&f->out, "<h2>Left out</h2>\n<ul>\n"
                             "<li>&lt;b&gt;.txt: neither folder nor archive"
                             "</li>\n<li>ada.zip: twice</li>\n</ul>\n"));
}

/* Canvas finds people by its number. */
static void test_the_gradebook_has_the_number(void **state)
{
    struct fixture *f = *state;
    struct submission one = *sample_named(f->samples, f->n, "failed");
    one.student = "brookada";
    one.id = "4711";
    const struct class_result c = {.submissions = &one, .n = 1};
    assert_int_equal(output_gradebook(&c, &f->out), 0);
    assert_true(has(&f->out, "\r\nbrookada,4711,,brookada,"));
}

static void test_what_the_compiler_says_is_called_so(void **state)
{
    struct fixture *f = *state;
    struct submission *s = sample_named(f->samples, f->n, "unprotected");
    s->compiler = "drain.c:3:7: warning: unused variable 'n'\n"
                  "    3 |   int n;";
    output_html(s, &(struct output_options){0}, &f->out);
    assert_true(has(&f->out, "<dt>files</dt>\n<dd class=\"prose\">ignored: "
                             "a.out\nignored: notes.txt</dd>\n"
                             "<dt>the compiler says</dt>\n"
                             "<dd><pre tabindex=\"0\">drain.c:3:7: "));
    base_buf_clear(&f->out);
    output_gradescope(s, &(struct output_options){0}, &f->out);
    assert_true(has(&f->out, "ignored: notes.txt\\nThe compiler says:\\n"
                             "drain.c:3:7: "));
}

static void test_no_format_tells_a_hidden_check(void **state)
{
    struct fixture *f = *state;
    const struct submission *s = sample_named(f->samples, f->n, "failed");
    for (size_t i = 0; i < N_FORMATS; i++) {
        base_buf_clear(&f->out);
        formats[i].put(s, &(struct output_options){0}, &f->out);
        assert_false(has(&f->out, "secret cause"));
        assert_false(has(&f->out, "4097"));
        assert_false(has(&f->out, "replies of"));
        assert_true(has(&f->out, "other-sizes"));
        base_buf_clear(&f->out);
        formats[i].put(s, &(struct output_options){.show_hidden = true},
                       &f->out);
        /* The terminal tells the first failure alone. */
        if (formats[i].put != output_terminal)
            assert_true(has(&f->out, "secret cause"));
    }
}

static void test_a_full_buffer_is_an_error(void **state)
{
    struct fixture *f = *state;
    const struct submission *s = sample_named(f->samples, f->n, "failed");
    for (size_t i = 0; i < N_FORMATS; i++) {
        struct base_buf small;
        base_buf_init(&small, 100);
        assert_int_equal(formats[i].put(s, &(struct output_options){0}, &small),
                         -ENOBUFS);
        assert_true(base_buf_len(&small) <= 100);
        base_buf_fini(&small);
    }
}

/* --- for the script ------------------------------------------------------- */

static int save_all(const char *dir)
{
    struct fixture *f;
    void *state;
    setup(&state);
    f = state;
    int error = 0;
    for (size_t i = 0; i < f->n && error == 0; i++) {
        char path[PATH_LEN];
        snprintf(path, sizeof path, "%s/%s", dir, f->samples[i].name);
        error = outputs_submission(&f->samples[i].s,
                                   &(struct output_options){0}, path);
    }
    const struct class_result c = samples_class(f->samples, f->n, &f->arena);
    /* Hostile texts also where students are told none. */
    sample_named(f->samples, f->n, "hostile")->marks[1].hidden = true;
    char path[PATH_LEN];
    snprintf(path, sizeof path, "%s/class", dir);
    if (error == 0)
        error = outputs_class(&c, path);
    teardown(&state);
    if (error != 0)
        fprintf(stderr, "test_outputs: cannot write to %s: %s\n", dir,
                strerror(-error));
    return error == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return save_all(argv[1]);
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_terminal_tells_each_result),
        TEST(test_the_terminal_shows_hidden_checks_to_instructors),
        TEST(test_color_comes_only_where_it_is_allowed),
        TEST(test_prose_is_wrapped_to_the_terminal),
        TEST(test_nothing_steers_the_terminal),
        TEST(test_the_last_line_is_the_next_command),
        TEST(test_each_format_is_as_its_golden_file),
        TEST(test_classroom50_is_as_its_golden_file),
        TEST(test_the_class_is_as_its_golden_files),
        TEST(test_a_page_says_that_no_hidden_check_has_failed),
        TEST(test_hidden_checks_of_what_is_not_graded_are_not_told),
        TEST(test_the_class_counts_what_there_is),
        TEST(test_what_the_compiler_says_is_called_so),
        TEST(test_the_class_tells_what_was_left_out),
        TEST(test_the_gradebook_has_the_number),
        TEST(test_no_format_tells_a_hidden_check),
        TEST(test_a_full_buffer_is_an_error),
    };
    return cmocka_run_group_tests_name("outputs", tests, NULL, NULL);
}
