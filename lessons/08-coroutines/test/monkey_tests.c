/*
 * monkey_tests.c - tests of monkey.so, a part of test.c, which includes it:
 * programs that know nothing of it run in one thread, and still wait for many
 * things at once.
 *
 * The origin is the test itself. It answers nobody before all have asked, so
 * that a client which waits for one page after the other would never end; and
 * meanwhile it counts the client's threads.
 */
#include "../../common/common.h"
#include "../../common/test/cases.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A sanitizer wants to be the first library of a program itself. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CAN_PRELOAD = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { CAN_PRELOAD = 0 };
#else
enum { CAN_PRELOAD = 1 };
#endif
#else
enum { CAN_PRELOAD = 1 };
#endif

#define MONKEY       "lessons/08-coroutines/monkey/"
#define MONKEY_FETCH "lessons/08-coroutines/monkey/fetch"

enum { AT_ONCE = 10 };

/* What is started from now on begins with monkey.so; or no more. */
static void preload(bool on)
{
    const char *build = getenv("KIT_BUILD");
    char path[512];
    snprintf(path, sizeof path, "%s/" MONKEY "monkey.so",
             build != NULL ? build : "build");
    if (on)
        setenv("LD_PRELOAD", path, 1);
    else
        unsetenv("LD_PRELOAD");
}

static void need_preload(void)
{
    if (CAN_PRELOAD)
        return;
    print_message("# skipped: no LD_PRELOAD under a sanitizer\n");
    skip();
}

static int threads_of(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    int n = -2; /* "." and ".." */
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

/* --- a client ------------------------------------------------------------- */

static void accept_all(int listener, int clients[AT_ONCE])
{
    for (int i = 0; i < AT_ONCE; i++) {
        struct pollfd ready = {.fd = listener, .events = POLLIN};
        if (poll(&ready, 1, 30000) != 1)
            fail_msg("only %d of %d have connected", i, AT_ONCE);
        clients[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_int_not_equal(clients[i], -1);
    }
}

static void answer_all(const int clients[AT_ONCE])
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                                 "Connection: close\r\n\r\nhello";
    for (int i = 0; i < AT_ONCE; i++) {
        char request[512];
        assert_true(recv(clients[i], request, sizeof request, 0) > 0);
        assert_int_equal(strncmp(request, "GET / HTTP/1.1\r\n", 16), 0);
        client_send(clients[i], answer);
        close(clients[i]);
    }
}

/* A listener, and the address of its root. */
static int listen_at(char *url, size_t size)
{
    const int listener = listen_on(0, 0);
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    snprintf(url, size, "http://127.0.0.1:%d/", ntohs(addr.sin_port));
    return listener;
}

/* Starts fetch, lets it wait for ten pages at once; returns its threads. */
static int threads_of_fetch(struct proc *fetch)
{
    const char *build = getenv("KIT_BUILD");
    char path[512], url[64];
    const int listener = listen_at(url, sizeof url);
    snprintf(path, sizeof path, "%s/" MONKEY "fetch",
             build != NULL ? build : "build");
    const char *const args[] = {path, "-n", "10", "-c", "10", url, NULL};
    assert_int_equal(proc_spawn(fetch, args, NULL), 0);

    int clients[AT_ONCE];
    accept_all(listener, clients);
    const int n = threads_of(fetch->pid);
    answer_all(clients);
    close(listener);
    const int status = proc_wait(fetch, 30000);
    if (status != 0 || strstr(fetch->said, "10 pages, 620 bytes, ") == NULL)
        fail_msg("fetch ended with status 0x%x and said: %s", (unsigned)status,
                 fetch->said);
    return n;
}

static void threads_become_tasks_of_one_thread(void **state)
{
    (void)state;
    need_preload();
    struct proc fetch;
    preload(true);
    const int with = threads_of_fetch(&fetch);
    preload(false);
    assert_int_equal(with, 1);
}

/* The same program as it is: what the test before would see without us. */
static void threads_are_threads_without_it(void **state)
{
    (void)state;
    struct proc fetch;
    assert_in_range(threads_of_fetch(&fetch), AT_ONCE + 1, AT_ONCE + 2);
}

/* Errors come back as the C library has them. */
static void a_refused_connection_is_an_error(void **state)
{
    (void)state;
    need_preload();
    char url[64];
    const int gone = listen_at(url, sizeof url);
    close(gone);
    struct proc p;
    preload(true);
    const int status = run_program(
        &p, (const char *[]){MONKEY_FETCH, "-n", "3", url, NULL}, 30000);
    preload(false);
    assert_int_equal(status, 2);
    assert_non_null(strstr(p.said, "Connection refused"));
}

/* --- sleeping ------------------------------------------------------------- */

static void sleep_suspends_the_task(void **state)
{
    (void)state;
    need_preload();
    struct proc p;
    preload(true);
    const int status =
        run_program(&p, (const char *[]){MONKEY "naps", NULL}, 30000);
    preload(false);
    assert_int_equal(status, 0);
    assert_string_equal(p.said,
                        "1 lies down\n2 lies down\n3 lies down\n4 lies down\n"
                        "4 gets up\n3 gets up\n2 gets up\n1 gets up\n");
}

/* --- servers -------------------------------------------------------------- */

/* A server with one worker for each of these clients, who all stay. */
static void expect_one_thread(const char *model)
{
    struct proc server;
    int clients[AT_ONCE];
    preload(true);
    start_program(&server,
                  (const char *[]){"lessons/01-blocking/server", "--model",
                                   model, "--workers", "10", "--port", "0",
                                   NULL},
                  0);
    preload(false);
    for (int i = 0; i < AT_ONCE; i++)
        clients[i] = client_connect(server.port);
    for (int i = AT_ONCE - 1; i >= 0; i--) { /* the last to come is served */
        client_send(clients[i], HELLO_REQUEST);
        client_expect_hello(clients[i], 1);
    }
    assert_int_equal(threads_of(server.pid), 1);
    for (int i = 0; i < AT_ONCE; i++)
        close(clients[i]);
    subject_stop(&server);
}

static void blocking_servers_serve_many(void **state)
{
    (void)state;
    need_preload();
    expect_one_thread("thread");
    expect_one_thread("pool");
}

/* A socket that the program itself made non-blocking stays that. */
static void programs_that_do_not_block_run_as_ever(void **state)
{
    (void)state;
    need_preload();
    static const char *const servers[] = {"lessons/04-poll/server",
                                          "lessons/05-epoll/server"};
    for (int i = 0; i < 2; i++) {
        struct proc server;
        preload(true);
        start_program(&server,
                      (const char *[]){servers[i], "--port", "0", NULL}, 0);
        preload(false);
        const int silent = client_connect(server.port);
        const int asks = client_connect(server.port);
        client_send(asks, HELLO_REQUEST);
        client_expect_hello(asks, 1);
        close(silent);
        close(asks);
        subject_stop(&server);
    }
}

/* Asks without reading the answers, until the server takes no more. */
static void ask_until_it_waits(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    while (poll(&ready, 1, 200) == 1)
        assert_true(send(fd, HELLO_REQUEST, strlen(HELLO_REQUEST),
                         MSG_DONTWAIT | MSG_NOSIGNAL) > 0 ||
                    errno == EAGAIN);
}

/* Nobody starves, for a task that is served at once yields now and then. */
static void a_greedy_client_stops_nobody(void **state)
{
    (void)state;
    need_preload();
    preload(true);
    expect_nobody_starves(&(const struct subject){
        "thread, as tasks",
        {"lessons/01-blocking/server", "--model", "thread"},
        1000,
        1,
        false});
    preload(false);
}

/* A client that never reads makes a send wait, and nobody else. */
static void a_mute_client_stops_nobody(void **state)
{
    (void)state;
    need_preload();
    struct proc server;
    preload(true);
    start_program(&server,
                  (const char *[]){"lessons/01-blocking/server", "--model",
                                   "thread", "--port", "0", NULL},
                  0);
    preload(false);
    const int mute = client_connect_small(server.port);
    ask_until_it_waits(mute);
    const int other = client_connect(server.port);
    client_send(other, HELLO_REQUEST);
    client_expect_hello(other, 1);
    close(mute);
    close(other);
    subject_stop(&server);
}

static const struct CMUnitTest monkey_tests[] = {
    cmocka_unit_test(threads_become_tasks_of_one_thread),
    cmocka_unit_test(threads_are_threads_without_it),
    cmocka_unit_test(a_refused_connection_is_an_error),
    cmocka_unit_test(sleep_suspends_the_task),
    cmocka_unit_test(blocking_servers_serve_many),
    cmocka_unit_test(programs_that_do_not_block_run_as_ever),
    cmocka_unit_test(a_greedy_client_stops_nobody),
    cmocka_unit_test(a_mute_client_stops_nobody),
};
enum { MONKEY_TESTS = sizeof monkey_tests / sizeof monkey_tests[0] };
