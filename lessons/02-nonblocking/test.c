/* test.c - lesson 02: the server works, never sleeps, and counts why. */
#include "../common/test/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVER "lessons/02-nonblocking/server"

static const struct subject subjects[] = {
    {"02-nonblocking", {SERVER}, 1000, 1, true},
};

/* With one connection that is silent, nearly all calls are useless. */
static void counts_useless_calls(void **state)
{
    (void)state;
    struct proc server;
    subject_start(&server, &subjects[0], 0);
    const int silent = client_connect(server.port);
    for (int i = 0; i < 100; i++) {
        const int fd = client_connect(server.port);
        client_send(fd, HELLO_REQUEST);
        client_expect_hello(fd, 1);
        close(fd);
    }
    close(silent);
    const char *line = server.said;
    subject_stop(&server);
    line = strchr(line, '\n') + 1; /* after "listening on" */
    unsigned long long all, useless;
    double share;
    assert_int_equal(sscanf(line,
                            "%llu system calls, %llu of them useless (%lf %%)",
                            &all, &useless, &share),
                     3);
    assert_true(useless < all);
    assert_true(useless > all / 2);
    assert_true(all - useless >= 300); /* accept, recv and send, 100 times */
}

static void fetch_gets_pages(void **state)
{
    (void)state;
    expect_fetch("lessons/02-nonblocking/fetch", 500);
}

static void fetch_explains_errors(void **state)
{
    (void)state;
    expect_fetch_errors("lessons/02-nonblocking/fetch");
}

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(counts_useless_calls),
        cmocka_unit_test(fetch_gets_pages),
        cmocka_unit_test(fetch_explains_errors),
    };
    return run_lesson_tests("02-nonblocking", subjects, 1, own,
                            sizeof own / sizeof own[0]);
}
