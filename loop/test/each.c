/*
 * each.c - see each.h.
 */
#include "loop/test/each.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One test on one back end. */
struct trial {
    char name[128];
    const char *backend;
    const struct each_test *test;
    int fds;
};

int each_count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    int n = 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n - 3; /* . and .. and dir's own */
}

static struct loop *make(const char *backend)
{
    struct loop *loop;
    const struct loop_options options = {.backend = backend};
    const int error = loop_new(&loop, &options);
    if (error == -ENOSYS || error == -EPERM) {
        print_message("# skipped: the kernel refuses %s: %s\n", backend,
                      strerror(-error));
        skip();
    }
    if (error != 0)
        fail_msg("no loop on %s: %s", backend, strerror(-error));
    return loop;
}

void each_skip(struct loop *loop, const char *reason)
{
    loop_free(loop);
    print_message("# skipped: %s\n", reason);
    skip();
    abort();
}

struct loop *each_other(const struct loop *loop)
{
    return make(loop_backend(loop));
}

static void run_trial(void **state)
{
    struct trial *trial = *state;
    trial->fds = each_count_fds();
    struct loop *loop = make(trial->backend);
    trial->test->run(loop);
    assert_int_equal(loop_active(loop), 0);
    loop_free(loop);
    assert_int_equal(each_count_fds(), trial->fds);
}

int each_backend(const struct each_test *tests, size_t n)
{
    size_t backends = 0;
    while (loop_backends()[backends] != NULL)
        backends++;
    struct trial *trials = base_alloc_array(n * backends, sizeof *trials);
    struct CMUnitTest *units = base_alloc_array(n * backends, sizeof *units);
    for (size_t i = 0; i < n * backends; i++) {
        struct trial *t = &trials[i];
        t->backend = loop_backends()[i / n];
        t->test = &tests[i % n];
        snprintf(t->name, sizeof t->name, "%s on %s", t->test->name,
                 t->backend);
        units[i] = (struct CMUnitTest){
            .name = t->name, .test_func = run_trial, .initial_state = t};
    }
    const int failed =
        _cmocka_run_group_tests("loop", units, n * backends, NULL, NULL);
    free(units);
    free(trials);
    return failed;
}

void each_until(struct loop *loop, bool (*done)(void *arg), void *arg,
                const char *what)
{
    const int64_t deadline_ns = loop_now(loop) + 10 * LOOP_SECOND;
    while (!done(arg)) {
        assert_true(loop_run_once(loop, deadline_ns) >= 0);
        if (loop_now(loop) >= deadline_ns && !done(arg))
            fail_msg("waited 10 s for: %s", what);
    }
}

void each_pair(int pair[2])
{
    assert_int_equal(socketpair(AF_UNIX,
                                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                                pair),
                     0);
}

int each_listener(struct sockaddr_storage *addr, socklen_t *len)
{
    const int fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_not_equal(fd, -1);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(fd, SOMAXCONN), 0);
    *len = sizeof *addr;
    assert_int_equal(getsockname(fd, (struct sockaddr *)addr, len), 0);
    return fd;
}
