/*
 * test_run.c - one submission, whose checks do not come to an end in time: what
 * was heard until then counts.
 *
 * Read before: ../grader/run.h. Read after: test_class.sh.
 * Rests on: class/checks.c, cmocka.
 */
#include "../grader/run.h"

#include <errno.h>
#include <libgen.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/run-XXXXXX";

static void shell(const char *commands)
{
    if (system(commands) != 0) /* NOLINT(cert-env33-c): the test's own words */
        fail_msg("this failed: %s", commands);
}

/* A kit in `folder`, with one exercise, handed in to its folder. */
static int setup(void **state)
{
    (void)state;
    char build[4096];
    const ssize_t n = readlink("/proc/self/exe", build, sizeof build - 1);
    assert_true(n > 0);
    build[n] = '\0';
    dirname(dirname(dirname(build))); /* it changes its argument */
    assert_non_null(mkdtemp(folder));
    assert_return_code(chdir(folder), errno);
    assert_return_code(setenv("BUILD", build, 1), errno);
    assert_return_code(setenv("KIT_BUILD", "build", 1), errno);
    shell("mkdir -p build/exercises/check build/exercises/kit "
          "build/exercises/90-late exercises/90-late; chmod 755 .");
    shell("cp $BUILD/exercises/check/warden build/exercises/check; "
          "cp $BUILD/exercises/test/class/checks build/exercises/90-late");
    shell("cd exercises/90-late; echo answer = hang > answers.txt; "
          "echo 'int main(void) { return 0; }' > main.c; "
          "printf 'title = Late\nkind = write\nfiles = answers.txt main.c\n"
          "program = main\n[checks]\nends = 2\nanswer = 3\n' > exercise.ini");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void test_what_was_heard_in_time_counts(void **state)
{
    (void)state;
    struct base_arena arena;
    struct exercise e;
    struct scratch scratch;
    struct submission s = {.student = "ann"};
    const char *why = "";
    base_arena_init(&arena, 1 << 16);
    assert_int_equal(exercise_load("90-late", &arena, &e, &why), 0);
    assert_int_equal(scratch_make(&scratch, run_build_folder(), &why), 0);
    const struct run_options o = {
        .tier = JAIL_LIMITS, .scratch = &scratch, .limit_ms = 5000};
    assert_int_equal(run_submission(&e, e.dir, &o, &s, &arena), 0);
    scratch_end(&scratch);
    assert_int_equal(s.state, SUBMISSION_GRADED);
    assert_int_equal(s.n_marks, 2);
    assert_int_equal(s.marks[0].finding.outcome, OUTCOME_PASSED);
    assert_true(s.score >= 2 && s.score <= 2);
    assert_int_equal(s.marks[1].finding.outcome, OUTCOME_ERROR);
    assert_string_equal(s.marks[1].finding.came,
                        "the time for all checks was over");
    assert_false(submission_final(&s));
    base_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_what_was_heard_in_time_counts),
    };
    return cmocka_run_group_tests(all, setup, teardown);
}
