/*
 * test.c - lesson 08: the server, fetch and crawl do what the others do; minico
 * keeps what its header promises; two coroutines take turns, whatever they are
 * made of; and the recipes and the gallery show what they are there to show.
 */
#include "../common/test/cases.h"

/* NOLINTBEGIN(bugprone-suspicious-include): parts of this file */
#include "test/gallery_tests.c"
#include "test/mini_tests.c"
#include "test/monkey_tests.c"
#include "test/recipe_tests.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <string.h>

#define SERVER "lessons/08-coroutines/server"
#define FETCH  "lessons/08-coroutines/fetch"
#define CRAWL  "lessons/08-coroutines/crawl"

static const struct subject subjects[] = {
    {"08-coroutines", {SERVER}, 1000, 1, false},
};

/* E15: a line of what the program says (a sanitizer may speak first). */
static void expect_turns(const char *program)
{
    struct proc p;
    assert_int_equal(run_program(&p, (const char *[]){program, NULL}, 10000),
                     0);
    const char *turns = strstr(p.said, "abababab\n");
    assert_non_null(turns);
    assert_true(turns == p.said || turns[-1] == '\n');
}

static void generators_take_turns(void **state)
{
    (void)state;
    expect_turns("lessons/08-coroutines/generator");
}

static void contexts_take_turns(void **state)
{
    (void)state;
    expect_turns("lessons/08-coroutines/ucontext");
}

/* A task that always finds bytes to receive still lets others run. */
static void nobody_starves(void **state)
{
    (void)state;
    expect_nobody_starves(&subjects[0]);
}

static void a_silent_client_is_thrown_out(void **state)
{
    (void)state;
    expect_silence_ends(SERVER);
}

static void a_client_that_asks_is_kept(void **state)
{
    (void)state;
    expect_asking_keeps(SERVER);
}

static void fetch_gets_pages(void **state)
{
    (void)state;
    expect_fetch(FETCH, 1500);
}

static void fetch_explains_errors(void **state)
{
    (void)state;
    expect_fetch_errors(FETCH);
}

static void crawl_gets_each_page_once(void **state)
{
    (void)state;
    expect_crawl_once(CRAWL);
}

static void crawl_of_an_odd_site(void **state)
{
    (void)state;
    expect_crawl_of_an_odd_site(CRAWL);
}

static void crawl_gives_up(void **state)
{
    (void)state;
    expect_crawl_gives_up(CRAWL);
}

static void crawl_explains_errors(void **state)
{
    (void)state;
    expect_crawl_errors(CRAWL);
}

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(generators_take_turns),
        cmocka_unit_test(contexts_take_turns),
        cmocka_unit_test(nobody_starves),
        cmocka_unit_test(a_silent_client_is_thrown_out),
        cmocka_unit_test(a_client_that_asks_is_kept),
        cmocka_unit_test(fetch_gets_pages),
        cmocka_unit_test(fetch_explains_errors),
        cmocka_unit_test(crawl_gets_each_page_once),
        cmocka_unit_test(crawl_of_an_odd_site),
        cmocka_unit_test(crawl_gives_up),
        cmocka_unit_test(crawl_explains_errors),
    };
    enum { OWN = sizeof own / sizeof own[0] };
    struct CMUnitTest
        all[OWN + MINI_TESTS + RECIPE_TESTS + GALLERY_TESTS + MONKEY_TESTS];
    struct CMUnitTest *at = all;
    at = mempcpy(at, own, sizeof own);
    at = mempcpy(at, mini_tests, sizeof mini_tests);
    at = mempcpy(at, recipe_tests, sizeof recipe_tests);
    at = mempcpy(at, gallery_tests, sizeof gallery_tests);
    memcpy(at, monkey_tests, sizeof monkey_tests);
    return run_lesson_tests("08-coroutines", subjects,
                            sizeof subjects / sizeof subjects[0], all,
                            sizeof all / sizeof all[0]);
}
