/*
 * each.h - runs tests of the loop on every back end, with a loop made for each
 * test, and counts descriptors before and after.
 *
 * A test's state is its loop; what the kernel refuses (io_uring) is skipped
 * with the reason.
 */
#ifndef LOOP_TEST_EACH_H
#define LOOP_TEST_EACH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loop/loop.h"

struct each_test {
    const char *name;
    void (*run)(struct loop *loop);
};

#define EACH(test)                                                             \
    {                                                                          \
#test, test                                                            \
    }

/*
 * Runs all tests on all back ends ("timer_order on epoll"); returns main's
 * status. After each, the loop is freed, nothing may be active, and as many
 * descriptors must be open as before.
 */
int each_backend(const struct each_test *tests, size_t n);

/* Ends the test whose loop this is as skipped: "# skipped: REASON". */
void each_skip(struct loop *loop, const char *reason) __attribute__((noreturn));

/* Another loop with the back end of `loop`, for tests that need two. */
struct loop *each_other(const struct loop *loop);

/* Runs passes until `done(arg)`; fails the test with `what` after 10 s. */
void each_until(struct loop *loop, bool (*done)(void *arg), void *arg,
                const char *what);

/* A connected pair of non-blocking sockets; a listener on a free port. */
void each_pair(int pair[2]);
int each_listener(struct sockaddr_storage *addr, socklen_t *len);

/* How many descriptors this process has open. */
int each_count_fds(void);

#endif
