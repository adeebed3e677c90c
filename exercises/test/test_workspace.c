/*
 * test_workspace.c - a student's files are made once, never written over, and
 * kept when the student begins anew.
 *
 * Read before: ../grader/workspace.h. Read after: test_workspace.sh.
 * Rests on: cmocka.
 */
#include "../grader/workspace.h"

#include "tree_of.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define WORK     "exercises/05-drain/server.c"
#define SKELETON "exercises/05-drain/skeleton/server.c"

static char *told; /* what the last call said */

static int setup(void **state)
{
    return tree_setup(state);
}

static int teardown(void **state)
{
    free(told);
    told = NULL;
    return tree_teardown(state);
}

typedef int work_fn(const struct exercise *e, struct base_buf *out);

static int run(work_fn *fn, const struct exercise *e)
{
    struct base_buf out;
    base_buf_init(&out, 1 << 16);
    const int error = fn(e, &out);
    free(told);
    told = base_slice_dup(base_buf_slice(&out));
    base_buf_fini(&out);
    return error;
}

static void assert_told(const char *part)
{
    if (strstr(told, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, told);
}

static void test_files_are_made_from_the_skeleton(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", "a.txt");
    assert_int_equal(run(workspace_prepare, &e), 0);
    assert_told("made " WORK);
    assert_string_equal(tree_read(WORK), tree_read(SKELETON));
    assert_non_null(tree_read("exercises/05-drain/a.txt"));
    assert_int_equal(run(workspace_prepare, &e), 0);
    assert_string_equal(told, "");
}

static void test_work_is_never_written_over(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", "a.txt");
    tree_write(WORK, "mine");
    assert_int_equal(run(workspace_prepare, &e), 0);
    assert_string_equal(tree_read(WORK), "mine");
    assert_null(strstr(told, WORK));
    assert_told("made exercises/05-drain/a.txt");
    tree_write(WORK, "");
    assert_int_equal(run(workspace_prepare, &e), 0);
    assert_string_equal(tree_read(WORK), "");
}

static void test_a_link_in_the_files_place_is_left_alone(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", NULL);
    assert_int_equal(symlink("nowhere", WORK), 0);
    assert_int_equal(run(workspace_prepare, &e), 0);
    assert_null(tree_read("exercises/05-drain/nowhere"));
}

static void test_a_changed_skeleton_is_told_until_seen(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", NULL);
    assert_int_equal(run(workspace_prepare, &e), 0);
    tree_write(WORK, "mine");
    tree_write(SKELETON, "new");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run(workspace_prepare, &e), 0);
        assert_told("has changed since you began");
        assert_told("diff -u " WORK " " SKELETON);
        assert_string_equal(tree_read(WORK), "mine");
    }
    assert_int_equal(workspace_seen(&e), 0);
    assert_int_equal(run(workspace_prepare, &e), 0);
    assert_string_equal(told, "");
}

static void test_a_missing_file_is_made_from_the_new_skeleton(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", NULL);
    assert_int_equal(run(workspace_prepare, &e), 0);
    tree_write(SKELETON, "new");
    assert_int_equal(unlink(WORK), 0);
    assert_int_equal(run(workspace_prepare, &e), 0);
    assert_string_equal(tree_read(WORK), "new");
    assert_null(strstr(told, "has changed"));
    assert_int_equal(run(workspace_prepare, &e), 0);
    assert_string_equal(told, "");
}

static void test_no_skeleton_is_an_error_that_says_what_to_do(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", NULL);
    assert_int_equal(unlink(SKELETON), 0);
    assert_int_equal(run(workspace_prepare, &e), -ENOENT);
    assert_told("cannot read " SKELETON);
    assert_told("try: ");
    assert_null(tree_read(WORK));
}

static void test_reset_keeps_every_copy(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", "a.txt");
    assert_int_equal(run(workspace_prepare, &e), 0);
    static const char *const works[] = {"one", "two", "one"};
    for (int i = 0; i < 3; i++) {
        tree_write(WORK, works[i]);
        assert_int_equal(run(workspace_reset, &e), 0);
        assert_told("kept " WORK " as " WORK ".bak-");
        assert_string_equal(tree_read(WORK), tree_read(SKELETON));
    }
    assert_string_equal(tree_read(WORK ".bak-1"), "one");
    assert_string_equal(tree_read(WORK ".bak-2"), "two");
    assert_string_equal(tree_read(WORK ".bak-3"), "one");
    assert_null(tree_read("exercises/05-drain/a.txt.bak-1"));
}

static void test_reset_of_nothing_keeps_nothing(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", NULL);
    assert_int_equal(run(workspace_prepare, &e), 0);
    assert_int_equal(run(workspace_reset, &e), 0);
    assert_null(tree_read(WORK ".bak-1"));
    assert_int_equal(unlink(WORK), 0);
    assert_int_equal(run(workspace_reset, &e), 0);
    assert_string_equal(tree_read(WORK), tree_read(SKELETON));
    assert_null(tree_read(WORK ".bak-1"));
}

/* What cannot be kept must not be replaced. */
static void test_reset_without_a_copy_changes_nothing(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", NULL);
    assert_int_equal(mkdir(WORK, 0777), 0);
    assert_int_equal(run(workspace_reset, &e), -EISDIR);
    assert_told("cannot read " WORK);
    struct stat st;
    assert_int_equal(stat(WORK, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
}

static void test_the_fingerprint_is_of_all_files(void **state)
{
    (void)state;
    const struct exercise e = tree_exercise("05-drain", "server.c", "a.txt");
    static const char *const works[][2] = {
        {"a", "b"}, {"ab", ""}, {"", "ab"}, {"b", "a"}};
    char hex[5][SHA256_HEX];
    for (int i = 0; i < 4; i++) {
        tree_write(WORK, works[i][0]);
        tree_write("exercises/05-drain/a.txt", works[i][1]);
        assert_int_equal(workspace_sha256(&e, hex[i]), 0);
    }
    assert_int_equal(unlink(WORK), 0);
    assert_int_equal(workspace_sha256(&e, hex[4]), 0);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(hex[i], hex[k]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_files_are_made_from_the_skeleton),
        TEST(test_work_is_never_written_over),
        TEST(test_a_link_in_the_files_place_is_left_alone),
        TEST(test_a_changed_skeleton_is_told_until_seen),
        TEST(test_a_missing_file_is_made_from_the_new_skeleton),
        TEST(test_no_skeleton_is_an_error_that_says_what_to_do),
        TEST(test_reset_keeps_every_copy),
        TEST(test_reset_of_nothing_keeps_nothing),
        TEST(test_reset_without_a_copy_changes_nothing),
        TEST(test_the_fingerprint_is_of_all_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
