/*
 * test.c - lesson 01: the five models do what every server must, and show what
 * the lesson says of them.
 */
#include "../common/test/cases.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER "lessons/01-blocking/server"

static const struct subject subjects[] = {
    {"01-blocking/iterative", {SERVER, "--model", "iterative"}, 1, 1, false},
    {"01-blocking/fork", {SERVER, "--model", "fork"}, 200, 1, false},
    {"01-blocking/thread", {SERVER, "--model", "thread"}, 1000, 1, false},
    {"01-blocking/prefork", {SERVER, "--model", "prefork"}, 4, 5, false},
    {"01-blocking/pool", {SERVER, "--model", "pool"}, 4, 1, false},
};

/* True if an answer lies there to be read, without waiting for it. */
static bool has_answer(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/*
 * As many silent clients as the model serves at once: the next is not served
 * until one of them goes.
 */
static void silent_clients_stop(const struct subject *s)
{
    struct proc server;
    int silent[8];
    subject_start(&server, s, 0);
    for (int i = 0; i < s->at_once; i++) {
        silent[i] = client_connect(server.port);
        client_send(silent[i], HELLO_REQUEST);
        client_expect_hello(silent[i], 1); /* it has a worker of its own */
    }
    const int next = client_connect(server.port);
    client_send(next, HELLO_REQUEST);
    wait_until(sleeps, &server, "the server does not sleep");
    assert_false(has_answer(next));
    close(silent[0]);
    client_expect_hello(next, 1);
    for (int i = 1; i < s->at_once; i++)
        close(silent[i]);
    close(next);
    subject_stop(&server);
}

static void one_silent_client_stops_iterative(void **state)
{
    (void)state;
    silent_clients_stop(&subjects[0]);
}

static void four_busy_workers_stop_prefork(void **state)
{
    (void)state;
    silent_clients_stop(&subjects[3]);
}

static void four_busy_workers_stop_a_pool(void **state)
{
    (void)state;
    silent_clients_stop(&subjects[4]);
}

static bool has_five_processes(void *server)
{
    return proc_processes(server) == 5;
}

/* Dead and waited for: /proc knows it no more. */
static bool is_gone(void *worker)
{
    return proc_state(worker) == '\0';
}

/* A process whose parent is `parent`, or 0; the first that is found. */
static pid_t child_of(pid_t parent)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    const bool any = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    return any ? (pid_t)atoi(text) : 0;
}

static void a_killed_worker_is_replaced(void **state)
{
    (void)state;
    struct proc server;
    subject_start(&server, &subjects[3], 0);
    wait_until(has_five_processes, &server, "not all workers have started");
    const pid_t worker = child_of(server.pid);
    if (worker == 0) {
        proc_stop(&server);
        print_message("# skipped: the kernel has no /proc/PID/task/children\n");
        skip();
    }
    kill(worker, SIGKILL);
    struct proc gone = {.pid = worker};
    wait_until(is_gone, &gone, "the worker does not die");
    wait_until(has_five_processes, &server, "the worker was not replaced");
    subject_stop(&server);
}

static void fetch_gets_pages(void **state)
{
    (void)state;
    expect_fetch("lessons/01-blocking/fetch", 20);
}

static void fetch_explains_errors(void **state)
{
    (void)state;
    expect_fetch_errors("lessons/01-blocking/fetch");
}

static void unknown_model(void **state)
{
    (void)state;
    struct proc p;
    const char *const args[] = {SERVER, "--model", "forked", NULL};
    assert_int_equal(run_program(&p, args, 10000), 2);
    assert_non_null(strstr(p.said, "iterative,fork,thread,prefork,pool"));
}

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(one_silent_client_stops_iterative),
        cmocka_unit_test(four_busy_workers_stop_prefork),
        cmocka_unit_test(four_busy_workers_stop_a_pool),
        cmocka_unit_test(a_killed_worker_is_replaced),
        cmocka_unit_test(fetch_gets_pages),
        cmocka_unit_test(fetch_explains_errors),
        cmocka_unit_test(unknown_model),
    };
    return run_lesson_tests("01-blocking", subjects,
                            sizeof subjects / sizeof subjects[0], own,
                            sizeof own / sizeof own[0]);
}
