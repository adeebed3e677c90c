/*
 * test.c - lesson 07: the server and fetch do what the others do; and miniloop
 * keeps what its header promises; and crawl gets what there is, once.
 */
#include "../common/common.h"
#include "../common/test/cases.h"

/* NOLINTBEGIN(bugprone-suspicious-include): parts of this file */
#include "test/style_tests.c"
#include "test/unit_miniloop.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <string.h>

#define SERVER "lessons/07-callbacks/server"
#define CRAWL  "lessons/07-callbacks/crawl"

static const struct subject subjects[] = {
    {"07-callbacks", {SERVER}, 1000, 1, false},
};

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
    expect_fetch("lessons/07-callbacks/fetch", 1500);
}

static void fetch_explains_errors(void **state)
{
    (void)state;
    expect_fetch_errors("lessons/07-callbacks/fetch");
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
    struct CMUnitTest all[OWN + MINILOOP_TESTS + STYLE_TESTS];
    struct CMUnitTest *at = all;
    at = mempcpy(at, own, sizeof own);
    at = mempcpy(at, miniloop_tests, sizeof miniloop_tests);
    memcpy(at, style_tests, sizeof style_tests);
    return run_lesson_tests("07-callbacks", subjects,
                            sizeof subjects / sizeof subjects[0], all,
                            sizeof all / sizeof all[0]);
}
