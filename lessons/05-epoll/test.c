/* test.c - lesson 05: the server works with each trigger; nobody starves. */
#include "../common/common.h"
#include "../common/test/cases.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER "lessons/05-epoll/server"

static const struct subject subjects[] = {
    {"05-epoll/level", {SERVER, "--trigger", "level"}, 1000, 1, false},
    {"05-epoll/edge", {SERVER, "--trigger", "edge"}, 1000, 1, false},
    {"05-epoll/oneshot", {SERVER, "--trigger", "oneshot"}, 1000, 1, false},
};

/* By each trigger. */
static void a_busy_peer_starves_nobody(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        expect_nobody_starves(&subjects[i]);
}

/*
 * More input lies there than one turn's budget of reads takes, and no more will
 * come: no edge will tell of the rest.
 */
static void input_beyond_the_budget(void **state)
{
    (void)state;
    enum { N = 20000, LEN = sizeof HELLO_REQUEST - 1 };
    static char many[N * LEN + 1];
    for (int i = 0; i < N; i++)
        memcpy(many + (size_t)i * LEN, HELLO_REQUEST, LEN + 1);
    for (int i = 0; i < 3; i++) {
        struct proc server;
        subject_start(&server, &subjects[i], 0);
        const int fd = client_connect(server.port);
        client_send(fd, HELLO_REQUEST);
        client_expect_hello(fd, 1); /* it is accepted, and watched */
        kill(server.pid, SIGSTOP);
        const ssize_t sent = send(fd, many, N * LEN, MSG_DONTWAIT);
        assert_true(sent > 5 * (ssize_t)HEAD_MAX);
        kill(server.pid, SIGCONT);
        client_expect_hello(fd, (int)(sent / LEN));
        close(fd);
        subject_stop(&server);
    }
}

static void fetch_gets_pages(void **state)
{
    (void)state;
    expect_fetch("lessons/05-epoll/fetch", 1500);
}

static void fetch_explains_errors(void **state)
{
    (void)state;
    expect_fetch_errors("lessons/05-epoll/fetch");
}

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(a_busy_peer_starves_nobody),
        cmocka_unit_test(input_beyond_the_budget),
        cmocka_unit_test(fetch_gets_pages),
        cmocka_unit_test(fetch_explains_errors),
    };
    return run_lesson_tests("05-epoll", subjects,
                            sizeof subjects / sizeof subjects[0], own,
                            sizeof own / sizeof own[0]);
}
