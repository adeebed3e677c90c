/*
 * recipe_tests.c - tests of the recipes, each named after its recipe; a part of
 * test.c, which includes it. What they print does not depend on how long the
 * waits take, only on their order.
 */
#include "../../common/test/client.h"
#include "../../common/test/harness.h"

#include <string.h>

/* Runs a recipe; a sanitizer may speak before it, and nobody after it. */
static void expect_recipe(const char *program, const char *words)
{
    struct proc p;
    const int status = run_program(&p, (const char *[]){program, NULL}, 30000);
    const char *at = strstr(p.said, words);
    if (status != 0 || at == NULL || strcmp(at, words) != 0)
        fail_msg("%s ended with %d and said: %s", program, status, p.said);
}

static void from_callback(void **state)
{
    (void)state;
    expect_recipe("lessons/08-coroutines/recipes/from_callback",
                  "they ended with 3 and 4\n");
}

static void blocking(void **state)
{
    (void)state;
    expect_recipe("lessons/08-coroutines/recipes/blocking",
                  "the loop goes on: 1\nthe loop goes on: 2\n"
                  "the loop goes on: 3\nread got \"hello\"\n");
}

static void parallel(void **state)
{
    (void)state;
    expect_recipe("lessons/08-coroutines/recipes/parallel",
                  "answered: 10\nanswered: 20\nanswered: 30\n"
                  "30 * 30 = 900\n10 * 10 = 100\n20 * 20 = 400\n");
}

static void interleave(void **state)
{
    (void)state;
    expect_recipe("lessons/08-coroutines/recipes/interleave",
                  "fetch 1 begins\nfetch 2 begins\nwrite 1 ends: 1000 bytes\n"
                  "fetch 3 begins\nwrite 2 ends: 2000 bytes\n"
                  "write 3 ends: 3000 bytes\n");
}

static void loop_of_waits(void **state)
{
    (void)state;
    expect_recipe("lessons/08-coroutines/recipes/loop",
                  "line: one\nline: two\nline: three\n");
}

/* The error is in the log, and the program ends well. */
static void background(void **state)
{
    (void)state;
    struct proc p;
    assert_int_equal(
        run_program(
            &p,
            (const char *[]){"lessons/08-coroutines/recipes/background", NULL},
            30000),
        0);
    assert_non_null(strstr(p.said, "tidied up: 2\n"));
    assert_null(strstr(p.said, "tidied up: 3\n"));
    assert_non_null(strstr(p.said, "served: 5\n"));
    assert_non_null(strstr(p.said, "] the task tidy_up ("));
    assert_non_null(strstr(p.said, ") failed: No space left on device\n"));
}

static const struct CMUnitTest recipe_tests[] = {
    cmocka_unit_test(from_callback), cmocka_unit_test(blocking),
    cmocka_unit_test(parallel),      cmocka_unit_test(interleave),
    cmocka_unit_test(loop_of_waits), cmocka_unit_test(background),
};
enum { RECIPE_TESTS = sizeof recipe_tests / sizeof recipe_tests[0] };
