/* test.c - lesson 03: the server works, and its limit is guarded. */
#include "../common/test/cases.h"

#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define SERVER "lessons/03-select/server"
#define FETCH  "lessons/03-select/fetch"

static const struct subject subjects[] = {
    {"03-select", {SERVER}, 1000, 1, false},
};

/*
 * More connections than an fd_set holds: the first ones are served, the rest is
 * refused with one line that says why, and nothing breaks.
 */
static void guards_fd_setsize(void **state)
{
    (void)state;
    enum { N = FD_SETSIZE + 50 };
    static int fds[N];
    struct proc server;
    subject_start(&server, &subjects[0], 0);
    for (int i = 0; i < N; i++)
        fds[i] = client_connect(server.port);
    for (int i = 0; i < 1000; i++) {
        client_send(fds[i], HELLO_REQUEST);
        client_expect_hello(fds[i], 1);
    }
    client_expect_close(fds[N - 1]);
    for (int i = 0; i < N; i++)
        close(fds[i]);
    const int again = client_connect(server.port);
    client_send(again, HELLO_REQUEST);
    client_expect_hello(again, 1);
    close(again);
    subject_stop(&server);
    const char *line = strstr(server.said, "does not fit in an fd_set of 1024");
    assert_non_null(line);
    assert_null(strstr(line + 1, "does not fit"));
}

static void fetch_gets_pages(void **state)
{
    (void)state;
    expect_fetch(FETCH, 500);
}

static void fetch_refuses_too_many_at_once(void **state)
{
    (void)state;
    struct proc p;
    const char *const args[] = {
        FETCH, "-n", "2000", "-c", "2000", "http://127.0.0.1:1/", NULL};
    assert_int_equal(run_program(&p, args, 10000), 2);
    assert_non_null(strstr(p.said, "more than 1024 descriptors"));
}

static void fetch_explains_errors(void **state)
{
    (void)state;
    expect_fetch_errors(FETCH);
}

#ifdef __SANITIZE_THREAD__
enum { THREAD_SANITIZER = 1 };
#else
enum { THREAD_SANITIZER = 0 };
#endif

int main(void)
{
    if (THREAD_SANITIZER) {
        puts("1..0 # SKIP ThreadSanitizer holds signals back in select, which "
             "it does not know; there are no threads in this lesson");
        return 0;
    }
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(guards_fd_setsize),
        cmocka_unit_test(fetch_gets_pages),
        cmocka_unit_test(fetch_refuses_too_many_at_once),
        cmocka_unit_test(fetch_explains_errors),
    };
    return run_lesson_tests("03-select", subjects, 1, own,
                            sizeof own / sizeof own[0]);
}
