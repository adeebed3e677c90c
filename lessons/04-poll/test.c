/* test.c - lesson 04: the server works, past the limit of select too. */
#include "../common/test/cases.h"

#include <string.h>
#include <unistd.h>

#define SERVER "lessons/04-poll/server"

static const struct subject subjects[] = {
    {"04-poll", {SERVER}, 1000, 1, false},
};

static void fetch_gets_pages(void **state)
{
    (void)state;
    expect_fetch("lessons/04-poll/fetch", 1500);
}

static void fetch_explains_errors(void **state)
{
    (void)state;
    expect_fetch_errors("lessons/04-poll/fetch");
}

/*
 * Connections end in all places of the array and new ones come: the array must
 * stay dense, and no answer go to another's connection.
 */
static void places_are_reused(void **state)
{
    (void)state;
    enum { N = 1500 };
    static int fds[N];
    struct proc server;
    subject_start(&server, &subjects[0], 0);
    for (int i = 0; i < N; i++)
        fds[i] = client_connect(server.port);
    for (int i = 0; i < N; i += 3)
        client_vanish(fds[i]);
    for (int i = 0; i < N; i += 3)
        fds[i] = client_connect(server.port);
    for (int i = 0; i < N; i++)
        client_send(fds[i], HELLO_REQUEST);
    for (int i = 0; i < N; i++)
        client_expect_hello(fds[i], 1);
    for (int i = 0; i < N; i++)
        close(fds[i]);
    subject_stop(&server);
}

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(fetch_gets_pages),
        cmocka_unit_test(fetch_explains_errors),
        cmocka_unit_test(places_are_reused),
    };
    return run_lesson_tests("04-poll", subjects, 1, own,
                            sizeof own / sizeof own[0]);
}
