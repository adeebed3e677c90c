/*
 * test.c - lesson 07: the server and fetch do what the others do; and miniloop
 * keeps what its header promises; and crawl gets what there is, once.
 */
#include "../common/common.h"
#include "../common/test/cases.h"

/* NOLINTBEGIN(bugprone-suspicious-include): parts of this file */
#include "test/crawl_tests.c"
#include "test/style_tests.c"
#include "test/unit_miniloop.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVER "lessons/07-callbacks/server"

static const struct subject subjects[] = {
    {"07-callbacks", {SERVER}, 1000, 1, false},
};

/* Silent from the start, or after half a request: both are thrown out. */
static void a_silent_client_is_thrown_out(void **state)
{
    (void)state;
    struct proc server;
    const struct subject hasty = {
        "hasty", {SERVER, "--idle", "1"}, 1000, 1, false};
    subject_start(&server, &hasty, 0);
    const int mute = client_connect(server.port);
    const int half = client_connect(server.port);
    client_send(half, "GET / HT");
    client_expect_close(mute);
    client_expect_close(half);
    const int asks = client_connect(server.port);
    client_send(asks, HELLO_REQUEST);
    client_expect_hello(asks, 1);
    subject_stop(&server);
    close(mute);
    close(half);
    close(asks);
}

/* Who asks gets its time anew: it outlives one that came later, and is silent.
 */
static void a_client_that_asks_is_kept(void **state)
{
    (void)state;
    struct proc server;
    const struct subject hasty = {
        "hasty", {SERVER, "--idle", "2"}, 1000, 1, false};
    subject_start(&server, &hasty, 0);
    const int asks = client_connect(server.port);
    const int silent = client_connect(server.port);
    do {
        client_send(asks, HELLO_REQUEST);
        client_expect_hello(asks, 1);
    } while (poll(&(struct pollfd){.fd = silent, .events = POLLIN}, 1, 100) ==
             0);
    client_expect_close(silent);
    client_send(asks, HELLO_REQUEST);
    client_expect_hello(asks, 1);
    close(silent);
    subject_stop(&server);
    close(asks);
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

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(a_silent_client_is_thrown_out),
        cmocka_unit_test(a_client_that_asks_is_kept),
        cmocka_unit_test(fetch_gets_pages),
        cmocka_unit_test(fetch_explains_errors),
    };
    enum { OWN = sizeof own / sizeof own[0] };
    struct CMUnitTest all[OWN + MINILOOP_TESTS + CRAWL_TESTS + STYLE_TESTS];
    struct CMUnitTest *at = all;
    at = mempcpy(at, own, sizeof own);
    at = mempcpy(at, miniloop_tests, sizeof miniloop_tests);
    at = mempcpy(at, crawl_tests, sizeof crawl_tests);
    memcpy(at, style_tests, sizeof style_tests);
    return run_lesson_tests("07-callbacks", subjects,
                            sizeof subjects / sizeof subjects[0], all,
                            sizeof all / sizeof all[0]);
}
