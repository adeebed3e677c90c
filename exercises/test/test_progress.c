/*
 * test_progress.c - what counts as done, what two machines know together, and
 * that no line is lost.
 *
 * Read before: ../grader/progress.h.
 * Rests on: cmocka.
 */
#include "../grader/progress.h"

#include "tree_of.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static struct base_arena arena;

static struct progress read_it(void)
{
    struct progress p;
    assert_int_equal(progress_read(&p, &arena), 0);
    return p;
}

static int setup(void **state)
{
    base_arena_init(&arena, 1 << 14);
    return tree_setup(state);
}

static int teardown(void **state)
{
    base_arena_fini(&arena);
    return tree_teardown(state);
}

static void test_no_file_is_no_progress(void **state)
{
    (void)state;
    const struct progress p = read_it();
    assert_null(progress_find(&p, "05-drain", A));
    assert_null(progress_best(&p, "05-drain"));
    assert_null(progress_skeleton(&p, "05-drain"));
    assert_false(progress_finished(NULL));
}

static void test_a_note_is_of_one_content(void **state)
{
    (void)state;
    assert_int_equal(progress_note("05-drain", A, 10, 10), 0);
    assert_int_equal(progress_note("05-drain", B, 2.25, 10), 0);
    const struct progress p = read_it();
    assert_true(progress_finished(progress_find(&p, "05-drain", A)));
    const struct progress_line *b = progress_find(&p, "05-drain", B);
    assert_non_null(b);
    assert_false(progress_finished(b));
    assert_true(b->score == 2.25 && b->max == 10);
    assert_null(progress_find(&p, "05-drain", C));
    assert_null(progress_find(&p, "04-poll", A));
    assert_string_equal(progress_best(&p, "05-drain")->sha256, A);
}

static void test_no_points_at_all_is_not_finished(void **state)
{
    (void)state;
    assert_int_equal(progress_note("05-drain", A, 0, 0), 0);
    const struct progress p = read_it();
    assert_false(progress_finished(progress_find(&p, "05-drain", A)));
}

/* A student checks often: only what is finished, and the latest, stays. */
static void test_attempts_do_not_pile_up(void **state)
{
    (void)state;
    tree_write(PROGRESS_PATH, "05-drain " A " 9/10 2026-01-01T00:00:00Z\n"
                              "05-drain " B " 10/10 2026-01-02T00:00:00Z\n"
                              "05-drain " C " 3/10 2026-01-03T00:00:00Z\n");
    struct progress p = read_it();
    assert_int_equal(p.n, 2);
    assert_null(progress_find(&p, "05-drain", A));
    assert_non_null(progress_find(&p, "05-drain", B));
    assert_non_null(progress_find(&p, "05-drain", C));
}

static void test_the_best_of_one_content_wins(void **state)
{
    (void)state;
    tree_write(PROGRESS_PATH, "05-drain " A " 10/10 2026-01-01T00:00:00Z\n"
                              "05-drain " A " 4/10 2026-01-03T00:00:00Z\n"
                              "05-drain " A " 10/10 2026-01-02T00:00:00Z\n");
    const struct progress p = read_it();
    assert_int_equal(p.n, 1);
    assert_string_equal(p.lines[0].date, "2026-01-02T00:00:00Z");
    assert_true(progress_finished(&p.lines[0]));
}

static void test_lines_that_mean_nothing_to_us_stay(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "# mine",
        "05-drain " A " 10/10 2026-01-01T00:00:00Z and more",
        "05-drain " A " 11/10 2026-01-01T00:00:00Z",
        "05-drain " A " x/10 2026-01-01T00:00:00Z",
        "05-drain " A " inf/inf 2026-01-01T00:00:00Z",
        "05-drain " A " 10/10 yesterday",
        "05-drain abc 10/10 2026-01-01T00:00:00Z",
        "<<<<<<< HEAD",
    };
    char text[4096] = "";
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        strcat(strcat(text, odd[i]), "\n");
    tree_write(PROGRESS_PATH, text);
    assert_int_equal(progress_note("05-drain", B, 1, 10), 0);
    const char *after = tree_read(PROGRESS_PATH);
    assert_ptr_equal(strstr(after, text), after);
    const struct progress p = read_it();
    assert_null(progress_find(&p, "05-drain", A));
    assert_non_null(progress_find(&p, "05-drain", B));
}

static void test_an_end_is_not_needed_nor_a_plain_one(void **state)
{
    (void)state;
    tree_write(PROGRESS_PATH, "05-drain " A " 1/2 2026-01-01T00:00:00Z\r\n\n"
                              "04-poll  " B "  2/2  2026-01-01T00:00:00Z");
    const struct progress p = read_it();
    assert_int_equal(p.n, 2);
    assert_non_null(progress_find(&p, "05-drain", A));
    assert_true(progress_finished(progress_find(&p, "04-poll", B)));
}

/* --- two machines -------------------------------------------------------- */

static const char here[] = "# one\n"
                           "01-a " A " 10/10 2026-01-01T00:00:00Z\n"
                           "02-b " A " 1/10 2026-01-05T00:00:00Z\n"
                           "03-c " A " skeleton 2026-01-01T00:00:00Z\n";
static const char there[] = "# two\n"
                            "01-a " B " 10/10 2026-01-02T00:00:00Z\n"
                            "02-b " B " 2/10 2026-01-04T00:00:00Z\n"
                            "02-b " C " 10/10 2026-01-03T00:00:00Z\n"
                            "03-c " B " skeleton 2026-01-02T00:00:00Z\n";

static void assert_both(void)
{
    const struct progress p = read_it();
    assert_true(progress_finished(progress_find(&p, "01-a", A)));
    assert_true(progress_finished(progress_find(&p, "01-a", B)));
    assert_non_null(progress_find(&p, "02-b", A));
    assert_null(progress_find(&p, "02-b", B));
    assert_true(progress_finished(progress_find(&p, "02-b", C)));
    assert_string_equal(progress_skeleton(&p, "03-c")->sha256, B);
}

static void test_merging_goes_either_way(void **state)
{
    (void)state;
    tree_write(PROGRESS_PATH, here);
    tree_write("other", there);
    assert_int_equal(progress_merge("other"), 0);
    assert_both();
    char *once = base_strdup(tree_read(PROGRESS_PATH));
    assert_non_null(strstr(once, "# one\n# two\n"));
    assert_int_equal(progress_merge("other"), 0);
    assert_string_equal(tree_read(PROGRESS_PATH), once);
    free(once);
    tree_write(PROGRESS_PATH, there);
    tree_write("other", here);
    assert_int_equal(progress_merge("other"), 0);
    assert_both();
}

static void test_putting_the_files_together_is_as_good(void **state)
{
    (void)state;
    char both[sizeof here + sizeof there];
    tree_write(PROGRESS_PATH, strcat(strcpy(both, here), there));
    assert_both();
    tree_write("two", both);
    assert_int_equal(system("LC_ALL=C sort -u two >" PROGRESS_PATH), 0);
    assert_both();
}

static void test_merging_nothing_says_so(void **state)
{
    (void)state;
    assert_int_equal(progress_merge("nowhere"), -ENOENT);
    assert_int_equal(progress_merge("exercises"), -EISDIR);
    assert_null(tree_read(PROGRESS_PATH));
}

/* --- several checks at once ---------------------------------------------- */

static void note_many(int first)
{
    for (int i = first; i < first + 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "%02d-x", i);
        if (progress_note(name, A, 1, 1) != 0)
            _exit(1);
    }
    _exit(0);
}

static void test_checks_at_once_lose_nothing(void **state)
{
    (void)state;
    pid_t child[4];
    for (int i = 0; i < 4; i++) {
        child[i] = fork();
        assert_int_not_equal(child[i], -1);
        if (child[i] == 0)
            note_many(20 * i);
    }
    for (int i = 0; i < 4; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    const struct progress p = read_it();
    for (int i = 0; i < 80; i++) {
        char name[16];
        snprintf(name, sizeof name, "%02d-x", i);
        assert_non_null(progress_find(&p, name, A));
    }
}

static void test_a_new_beginning_forgets_the_old_skeleton(void **state)
{
    (void)state;
    assert_int_equal(progress_note_skeleton("05-drain", B), 0);
    assert_int_equal(progress_note_skeleton("05-drain", A), 0);
    assert_int_equal(progress_note_skeleton("04-poll", C), 0);
    const struct progress p = read_it();
    assert_string_equal(progress_skeleton(&p, "05-drain")->sha256, A);
    assert_string_equal(progress_skeleton(&p, "04-poll")->sha256, C);
    assert_null(progress_best(&p, "05-drain"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_file_is_no_progress),
        TEST(test_a_note_is_of_one_content),
        TEST(test_no_points_at_all_is_not_finished),
        TEST(test_attempts_do_not_pile_up),
        TEST(test_the_best_of_one_content_wins),
        TEST(test_lines_that_mean_nothing_to_us_stay),
        TEST(test_an_end_is_not_needed_nor_a_plain_one),
        TEST(test_merging_goes_either_way),
        TEST(test_putting_the_files_together_is_as_good),
        TEST(test_merging_nothing_says_so),
        TEST(test_checks_at_once_lose_nothing),
        TEST(test_a_new_beginning_forgets_the_old_skeleton),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
