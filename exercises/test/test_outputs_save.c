/*
 * test_outputs_save.c - results on disk: the old file or the new one, whatever
 * happens; and folders for any name.
 *
 * Read before: ../grader/out_save.c. Read after: test_outputs.sh.
 * Rests on: cmocka, setrlimit(2) (RLIMIT_FSIZE).
 */
#include "exercises/grader/folder.h"
#include "exercises/grader/outputs.h"
#include "exercises/test/sample_results.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_LEN = 256, LARGE = 4 << 20, ROUNDS = 30 };

static int setup(void **state)
{
    char *dir = base_strdup("/tmp/outputs-save.XXXXXX");
    *state = dir;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    char command[PATH_LEN];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    /* NOLINTNEXTLINE(bugprone-command-processor,cert-env33-c): our own name */
    const int status = system(command);
    free(*state);
    return status;
}

static char *path_in(void **state, const char *name)
{
    static char path[PATH_LEN];
    snprintf(path, sizeof path, "%s/%s", (char *)*state, name);
    return path;
}

static void assert_file(const char *path, const char *expected)
{
    char text[100] = "";
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

/* How many names there are in a folder. */
static size_t count_names(const char *path)
{
    size_t n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n - 2; /* "." and ".." */
}

static void test_a_file_is_replaced(void **state)
{
    const char *path = path_in(state, "grades.csv");
    assert_int_equal(output_save(path, base_slice_of("old")), 0);
    assert_file(path, "old");
    assert_int_equal(output_save(path, base_slice_of("new")), 0);
    assert_file(path, "new");
    assert_int_equal(count_names(*state), 1);
}

static void test_others_may_read_it(void **state)
{
    const char *path = path_in(state, "grades.csv");
    const mode_t before = umask(022);
    assert_int_equal(output_save(path, base_slice_of("x")), 0);
    umask(before);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
}

/* In a child: the limit would hold for the rest of the tests as well. */
static int save_under_limit(const char *path)
{
    char *bytes = base_alloc(LARGE);
    const struct rlimit limit = {LARGE / 2, LARGE / 2};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) == -1)
        return 1;
    const int error = output_save(path, (struct base_slice){bytes, LARGE});
    free(bytes);
    return error == -EFBIG ? 0 : 2;
}

static void test_a_write_that_fails_leaves_the_old_file(void **state)
{
    const char *path = path_in(state, "grades.csv");
    assert_int_equal(output_save(path, base_slice_of("old")), 0);
    const pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0)
        _exit(save_under_limit(path));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_file(path, "old");
    assert_int_equal(count_names(*state), 1);
}

static void save_for_ever(const char *path)
{
    char *bytes = base_alloc(LARGE);
    for (int c = 'a';; c = c == 'z' ? 'a' : c + 1) {
        memset(bytes, c, LARGE);
        if (output_save(path, (struct base_slice){bytes, LARGE}) != 0)
            _exit(1);
    }
}

/* All of one letter, and as long as it should be. */
static void assert_whole(const char *path)
{
    char *bytes = base_alloc(LARGE + 1);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, LARGE + 1, file), LARGE);
    fclose(file);
    for (size_t i = 1; i < LARGE; i++)
        if (bytes[i] != bytes[0])
            fail_msg("byte %zu is of another file", i);
    free(bytes);
}

/* Killed at any moment, and read at any moment: the file is always whole. */
static void test_who_is_killed_leaves_a_whole_file(void **state)
{
    const char *path = path_in(state, "grades.csv");
    for (int round = 0; round < ROUNDS; round++) {
        unlink(path);
        const pid_t child = fork();
        assert_int_not_equal(child, -1);
        if (child == 0)
            save_for_ever(path);
        while (access(path, F_OK) == -1)
            assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
        for (int reads = 0; reads < round % 4; reads++)
            assert_whole(path);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_whole(path);
    }
}

static void test_a_folder_that_is_not_there_is_an_error(void **state)
{
    assert_int_equal(
        output_save(path_in(state, "no/grades.csv"), base_slice_of("x")),
        -ENOENT);
    assert_int_equal(output_save(path_in(state, "."), base_slice_of("x")),
                     -EBUSY);
    assert_int_equal(count_names(*state), 0);
}

/* --- folders -------------------------------------------------------------- */

static void assert_folder(const char *name, const char *expected)
{
    struct base_buf out;
    base_buf_init(&out, 4096);
    struct sink to = sink_of(&out);
    folder_name(&to, name);
    sink_fill(&to, '\0', 1);
    assert_int_equal(to.error, 0);
    assert_string_equal(out.memory, expected);
    base_buf_fini(&out);
}

static void test_a_name_that_can_be_a_folder_is_one(void **state)
{
    (void)state;
    assert_folder("ada", "ada");
    assert_folder("zo\xc3\xab h. 2", "zo\xc3\xab h. 2");
    assert_folder("-rf", "-rf");
}

/* No other is taken as it is, and no two become one. */
static void test_any_other_name_becomes_one(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",       ".",          "..",      "../../etc",   "a/b",
        "a\nb",   "a\x01z",     "a\xff",   "index.html",  ".hidden",
        "a\\nb/", "grades.csv", "\033[2J", "\xe2\x80\xae"};
    enum { N = sizeof names / sizeof names[0] };
    char folders[N][PATH_LEN];
    for (size_t i = 0; i < N; i++) {
        struct base_buf out;
        base_buf_init(&out, PATH_LEN - 1);
        struct sink to = sink_of(&out);
        folder_name(&to, names[i]);
        assert_int_equal(to.error, 0);
        snprintf(folders[i], PATH_LEN, "%.*s",
                 BASE_SLICE_ARGS(base_buf_slice(&out)));
        base_buf_fini(&out);
        assert_string_not_equal(folders[i], names[i]);
        assert_int_equal(strspn(folders[i],
                                "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
                         strlen(folders[i]));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(folders[i], folders[k]);
    }
}

static void test_a_long_name_fits_into_a_folder(void **state)
{
    (void)state;
    char name[5000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct base_buf out;
    base_buf_init(&out, 4096);
    struct sink to = sink_of(&out);
    folder_name(&to, name);
    assert_true(base_buf_len(&out) < 255);
    base_buf_fini(&out);
}

static void test_a_class_writes_below_its_folder_alone(void **state)
{
    struct base_arena arena;
    base_arena_init(&arena, 64 << 10);
    size_t n;
    struct sample *samples = samples_make(&arena, &n);
    const struct class_result c = samples_class(samples, n, &arena);
    assert_int_equal(outputs_class(&c, path_in(state, "a/b")), 0);
    assert_int_equal(count_names(*state), 1);
    assert_int_equal(count_names(path_in(state, "a")), 1);
    /* Five files, and six students. */
    assert_int_equal(count_names(path_in(state, "a/b")), 5 + 6);
    assert_int_equal(count_names(path_in(state, "a/b/ada/01-exercise")), 6);
    /* Once more, over what is there. */
    assert_int_equal(outputs_class(&c, path_in(state, "a/b")), 0);
    assert_int_equal(count_names(path_in(state, "a/b")), 5 + 6);
    base_arena_fini(&arena);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_is_replaced),
        TEST(test_others_may_read_it),
        TEST(test_a_write_that_fails_leaves_the_old_file),
        TEST(test_who_is_killed_leaves_a_whole_file),
        TEST(test_a_folder_that_is_not_there_is_an_error),
        TEST(test_a_name_that_can_be_a_folder_is_one),
        TEST(test_any_other_name_becomes_one),
        TEST(test_a_long_name_fits_into_a_folder),
        TEST(test_a_class_writes_below_its_folder_alone),
    };
    return cmocka_run_group_tests_name("outputs_save", tests, NULL, NULL);
}
