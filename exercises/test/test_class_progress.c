/*
 * test_class_progress.c - the time that is left, in words.
 *
 * Read before: ../grader/class_progress.h. Rests on: cmocka.
 */
#include "../grader/class_progress.h"

#include <setjmp.h>

#include <cmocka.h>

static void assert_left(int64_t elapsed_s, size_t done, size_t left,
                        const char *expected)
{
    char text[32];
    assert_string_equal(
        class_progress_left(elapsed_s * 1000000000, done, left, text),
        expected);
}

static void test_too_few_tell_nothing(void **state)
{
    (void)state;
    assert_left(10, 0, 40, "");
    assert_left(10, 2, 40, "");
    assert_left(10, 40, 0, "");
}

static void test_the_rest_takes_as_long_as_the_beginning(void **state)
{
    (void)state;
    assert_left(10, 10, 40, "about 41 s left");
    assert_left(0, 10, 40, "about 1 s left");
    assert_left(100, 10, 30, "about 5 min left");
    assert_left(600, 3, 300, "about 17 h left");
    assert_left(1000000, 3, 1000000, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_few_tell_nothing),
        cmocka_unit_test(test_the_rest_takes_as_long_as_the_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
