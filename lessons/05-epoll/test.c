/* test.c - lesson 05: the server works with each trigger; nobody starves. */
#include "../common/test/cases.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER "lessons/05-epoll/server"

static const struct subject subjects[] = {
    {"05-epoll/level", {SERVER, "--trigger", "level"}, 1000, 1, false},
    {"05-epoll/edge", {SERVER, "--trigger", "edge"}, 1000, 1, false},
    {"05-epoll/oneshot", {SERVER, "--trigger", "oneshot"}, 1000, 1, false},
};

/*
 * A peer that never stops asking, served by edge: the others are served in
 * between. It sends and reads as fast as it can from a process of its own.
 */
static void a_busy_peer_starves_nobody(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct proc server, busy;
        subject_start(&server, &subjects[i], 0);
        char url[64];
        snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
        const char *build = getenv("KIT_BUILD");
        char load[256];
        snprintf(load, sizeof load, "%s/bench/load",
                 build != NULL ? build : "build");
        const char *const args[] = {load,    "-c", "1", "--ms",
                                    "60000", url,  NULL};
        assert_int_equal(proc_spawn(&busy, args, NULL), 0);
        for (int j = 0; j < 100; j++) {
            const int fd = client_connect(server.port);
            client_send(fd, HELLO_REQUEST);
            client_expect_hello(fd, 1);
            close(fd);
        }
        proc_stop(&busy);
        subject_stop(&server);
    }
}

/* More input at once than one turn's budget of reads takes. */
static void input_beyond_the_budget(void **state)
{
    (void)state;
    enum { N = 20000, LEN = sizeof HELLO_REQUEST - 1 };
    static char all[N * LEN + 1];
    for (int i = 0; i < N; i++)
        memcpy(all + (size_t)i * LEN, HELLO_REQUEST, LEN + 1);
    for (int i = 0; i < 3; i++) {
        struct proc server;
        subject_start(&server, &subjects[i], 0);
        kill(server.pid, SIGSTOP);
        const int fd = client_connect(server.port);
        const ssize_t sent = send(fd, all, sizeof all - 1, MSG_DONTWAIT);
        assert_true(sent > 0);
        kill(server.pid, SIGCONT);
        client_send(fd, all + sent);
        client_expect_hello(fd, N);
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
