/*
 * test_core_loop.c - the loop's life: running, stopping, nesting, deferred
 * calls, options, embedding, what is left when it is freed.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int n_calls;

static void count_call(struct loop_call *c)
{
    (void)c;
    n_calls++;
}

/* --- running and stopping ------------------------------------------------ */

static void stop_loop(struct loop_call *c)
{
    loop_stop(c->arg);
}

static void a_run_ends_when_it_is_stopped(struct loop *loop)
{
    struct loop_call c = {0};
    for (int i = 0; i < 3; i++) {
        loop_defer(loop, &c, stop_loop, loop);
        assert_int_equal(loop_run(loop), 0);
    }
}

static void a_stop_before_the_run_ends_it_at_once(struct loop *loop)
{
    struct loop_call c = {0};
    n_calls = 0;
    loop_defer(loop, &c, count_call, NULL);
    loop_stop(loop);
    loop_stop(loop);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(n_calls, 0);
    assert_int_equal(loop_run_until(loop, loop_now(loop) + 1), -ETIMEDOUT);
    assert_int_equal(n_calls, 1);
}

static void a_run_with_a_deadline_times_out(struct loop *loop)
{
    const int64_t deadline_ns = loop_now(loop) + 3 * LOOP_MS;
    assert_int_equal(loop_run_until(loop, deadline_ns), -ETIMEDOUT);
    assert_true(loop_now(loop) >= deadline_ns);
    assert_int_equal(loop_run_until(loop, 1), -ETIMEDOUT);
}

static int nested_run, nested_once;

static void run_again(struct loop_call *c)
{
    assert_ptr_equal(loop_current(), c->arg);
    nested_run = loop_run(c->arg);
    nested_once = loop_run_once(c->arg, 0);
    loop_stop(c->arg);
}

static void a_nested_run_is_refused(struct loop *loop)
{
    struct loop_call c = {0};
    assert_null(loop_current());
    loop_defer(loop, &c, run_again, loop);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(nested_run, -EBUSY);
    assert_int_equal(nested_once, -EBUSY);
    assert_null(loop_current());
}

static void *stop_from_thread(void *loop)
{
    loop_stop(loop);
    return NULL;
}

static void another_thread_may_stop_the_loop(struct loop *loop)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_from_thread, loop), 0);
    assert_int_equal(loop_run(loop), 0);
    pthread_join(thread, NULL);
}

/* --- deferred calls ------------------------------------------------------ */

static void defer_again(struct loop_call *c)
{
    n_calls++;
    loop_defer(loop_current(), c, defer_again, NULL);
}

static void a_call_deferred_in_a_call_waits_for_the_next_pass(struct loop *loop)
{
    struct loop_call c = {0};
    n_calls = 0;
    loop_defer(loop, &c, defer_again, NULL);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(loop_run_once(loop, LOOP_NEVER), 1);
        assert_int_equal(n_calls, i);
    }
    loop_defer_cancel(&c);
    loop_defer_cancel(&c);
}

static char order[16];

static void note(struct loop_call *c)
{
    strcat(order, c->arg);
}

static void calls_come_in_order_and_can_be_cancelled(struct loop *loop)
{
    struct loop_call a = {0}, b = {0}, c = {0}, d = {0};
    *order = '\0';
    loop_defer(loop, &a, note, "a");
    loop_defer(loop, &b, note, "b");
    loop_defer(loop, &c, note, "c");
    loop_defer(loop, &d, note, "d");
    loop_defer(loop, &a, note, "a"); /* waits already: keeps its place */
    loop_defer_cancel(&c);
    assert_int_equal(loop_run_once(loop, 0), 3);
    assert_string_equal(order, "abd");
}

static void cancel_other(struct loop_call *c)
{
    strcat(order, "x");
    loop_defer_cancel(c->arg);
}

static void a_call_may_cancel_a_later_one_of_its_pass(struct loop *loop)
{
    struct loop_call a = {0}, b = {0};
    *order = '\0';
    loop_defer(loop, &a, cancel_other, &b);
    loop_defer(loop, &b, note, "b");
    assert_int_equal(loop_run_once(loop, 0), 1);
    assert_string_equal(order, "x");
}

/* A call that defers itself for ever must leave time for a descriptor. */
static int reads;

static void count_read(struct loop_watcher *w, unsigned events)
{
    assert_int_equal(events, LOOP_READ);
    reads++;
    loop_watcher_stop(w);
}

static void calls_do_not_starve_descriptors(struct loop *loop)
{
    struct loop_call c = {0};
    struct loop_watcher w = {0};
    int pair[2];
    each_pair(pair);
    assert_int_equal(write(pair[1], "x", 1), 1);
    n_calls = reads = 0;
    loop_defer(loop, &c, defer_again, NULL);
    loop_watcher_start(loop, &w, pair[0], LOOP_READ, count_read, NULL);
    for (int i = 0; i < 3; i++)
        loop_run_once(loop, LOOP_NEVER);
    assert_int_equal(reads, 1);
    loop_defer_cancel(&c);
    close(pair[0]);
    close(pair[1]);
}

/* --- failing ------------------------------------------------------------- */

static void go_wrong(struct loop_call *c)
{
    loop_fail(loop_current(), -EIO, "cannot read the disk");
    loop_defer(loop_current(), c->arg, count_call, NULL);
}

static char logged[512];

static void keep(enum base_logger logger, enum base_level level,
                 const char *message, void *arg)
{
    (void)logger;
    (void)arg;
    assert_int_equal(level, BASE_ERROR);
    snprintf(logged, sizeof logged, "%s", message);
}

static void a_failing_callback_is_logged_and_the_loop_goes_on(struct loop *loop)
{
    struct loop_call c = {0}, next = {0};
    struct base_log_config config = base_log_default;
    config.sink = keep;
    assert_int_equal(base_log_open(&config), 0);
    n_calls = 0;
    loop_defer(loop, &c, go_wrong, &next);
    loop_run_once(loop, 0);
    loop_run_once(loop, 0);
    base_log_close();
    assert_int_equal(n_calls, 1);
    assert_int_equal(loop_stats(loop)->failed, 1);
    assert_non_null(strstr(logged, "cannot read the disk"));
    assert_non_null(strstr(logged, "Input/output error"));
    assert_non_null(strstr(logged, "go_wrong (loop/test/test_core_loop.c:"));
}

/* --- options ------------------------------------------------------------- */

static void an_unknown_back_end_is_refused(struct loop *loop)
{
    (void)loop;
    struct loop *other = (struct loop *)&other;
    const struct loop_options options = {.backend = "kqueue"};
    assert_int_equal(loop_new(&other, &options), -EINVAL);
    assert_null(other);
}

static void the_environment_chooses_the_back_end(struct loop *loop)
{
    struct loop *other;
    setenv("LOOP_BACKEND", loop_backend(loop), 1);
    assert_int_equal(loop_new(&other, NULL), 0);
    unsetenv("LOOP_BACKEND");
    assert_string_equal(loop_backend(other), loop_backend(loop));
    loop_free(other);
    assert_int_equal(loop_new(&other, NULL), 0);
    assert_string_equal(loop_backend(other), "epoll");
    loop_free(other);
    setenv("LOOP_WATCHDOG", "soon", 1);
    assert_int_equal(loop_new(&other, NULL), -EINVAL);
    setenv("LOOP_WATCHDOG", "9223372036854775", 1);
    assert_int_equal(loop_new(&other, NULL), -EINVAL);
    unsetenv("LOOP_WATCHDOG");
}

/* --- time ---------------------------------------------------------------- */

static int64_t fake_ns;

static int64_t fake_clock(void *arg)
{
    (void)arg;
    return fake_ns;
}

static void compare_times(struct loop_call *c)
{
    int64_t *seen_ns = c->arg;
    *seen_ns = loop_now(loop_current());
    fake_ns += LOOP_SECOND;
    assert_true(loop_now(loop_current()) == *seen_ns);
}

/* Within a pass it stands still; between runs it is never old. */
static void
the_time_is_read_once_a_pass_and_between_runs_anew(struct loop *loop)
{
    struct loop *other;
    struct loop_call c = {0};
    int64_t seen_ns = 0;
    fake_ns = 100 * LOOP_SECOND;
    assert_int_equal(
        loop_new(&other, &(struct loop_options){.backend = loop_backend(loop),
                                                .clock_ns = fake_clock}),
        0);
    loop_defer(other, &c, compare_times, &seen_ns);
    loop_run_once(other, 0);
    assert_true(seen_ns == 100 * LOOP_SECOND);
    assert_true(loop_now(other) == 101 * LOOP_SECOND);
    fake_ns += LOOP_SECOND;
    assert_true(loop_now(other) == 102 * LOOP_SECOND);
    loop_free(other);
}

/* --- inside another loop ------------------------------------------------- */

static void run_inner(struct loop_watcher *w, unsigned events)
{
    (void)events;
    assert_true(loop_run_once(w->arg, 0) >= 0);
    assert_ptr_equal(loop_current(), w->loop);
    loop_prepare(w->arg);
    loop_stop(w->loop);
}

static void count_inner(struct loop_timer *t)
{
    (void)t;
    n_calls++;
}

static void a_loop_can_be_watched_by_another(struct loop *loop)
{
    struct loop *outer = each_other(loop);
    int pair[2];
    each_pair(pair);
    if (loop_fd(loop) == -ENOTSUP) {
        assert_true(strcmp(loop_backend(loop), "select") == 0 ||
                    strcmp(loop_backend(loop), "poll") == 0);
    } else {
        struct loop_watcher w = {0}, bridge = {0};
        struct loop_timer timer = {0};
        reads = n_calls = 0;
        loop_watcher_start(loop, &w, pair[0], LOOP_READ, count_read, NULL);
        assert_int_equal(loop_prepare(loop), LOOP_NEVER);
        assert_int_equal(loop_watcher_start(outer, &bridge, loop_fd(loop),
                                            LOOP_READ, run_inner, loop),
                         0);
        assert_int_equal(write(pair[1], "x", 1), 1);
        while (reads == 0)
            assert_int_equal(loop_run(outer), 0);
        loop_timer_start(loop, &timer, loop_now(loop) + 2 * LOOP_MS,
                         count_inner, NULL);
        while (n_calls == 0) {
            loop_run_until(outer, loop_prepare(loop));
            loop_run_once(loop, 0);
        }
        loop_watcher_stop(&bridge);
    }
    loop_free(outer);
    close(pair[0]);
    close(pair[1]);
}

/* --- the end -------------------------------------------------------------- */

static void *make_and_free(void *backend)
{
    const struct loop_options options = {.backend = backend};
    for (int i = 0; i < 50; i++) {
        struct loop *loop;
        if (loop_new(&loop, &options) != 0)
            return backend;
        loop_run_once(loop, 0);
        loop_free(loop);
    }
    return NULL;
}

#ifdef __SANITIZE_THREAD__
enum { UNDER_TSAN = true };
#else
enum { UNDER_TSAN = false };
#endif

static void two_threads_may_make_and_free_loops(struct loop *loop)
{
    if (UNDER_TSAN && strcmp(loop_backend(loop), "uring") == 0)
        each_skip(loop, "ThreadSanitizer does not see a ring unmapped, and "
                        "takes the next at its place for the same");
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_and_free,
                                        (void *)loop_backend(loop)),
                         0);
    for (int i = 0; i < 2; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

static void on_nothing(struct loop_watcher *w, unsigned events)
{
    (void)w;
    (void)events;
    fail_msg("called back after the loop was freed");
}

static void late(struct loop_timer *t)
{
    (void)t;
    fail_msg("called back after the loop was freed");
}

static void freeing_stops_all_without_a_call(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct loop_watcher w = {0};
    struct loop_timer t = {0};
    struct loop_call c = {0};
    int pair[2];
    each_pair(pair);
    assert_int_equal(write(pair[1], "x", 1), 1);
    n_calls = 0;
    loop_watcher_start(other, &w, pair[0], LOOP_READ, on_nothing, NULL);
    loop_timer_start(other, &t, 0, late, NULL);
    loop_defer(other, &c, count_call, NULL);
    assert_int_equal(loop_active(other), 3);
    loop_free(other);
    assert_int_equal(n_calls, 0);
    assert_null(w.loop);
    assert_false(loop_timer_active(&t));
    assert_int_equal(write(pair[1], "x", 1), 1); /* still open */
    close(pair[0]);
    close(pair[1]);
}

static void all_descriptors_can_be_closed(struct loop *loop)
{
    struct loop_watcher w = {0};
    int pair[2];
    each_pair(pair);
    loop_watcher_start(loop, &w, pair[0], LOOP_READ, on_nothing, NULL);
    loop_close_all(loop);
    assert_null(w.loop);
    loop_run_once(loop, 0);
    char byte;
    assert_int_equal(read(pair[1], &byte, 1), 0); /* the peer has closed */
    close(pair[1]);
}

/* What it maps beside (rings) is counted by bench/micro. */
static void an_empty_loop_takes_less_than_64_kib(struct loop *loop)
{
    const size_t before = mallinfo2().uordblks;
    struct loop *other = each_other(loop);
    assert_true(mallinfo2().uordblks - before < 65536);
    loop_free(other);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_run_ends_when_it_is_stopped),
        EACH(a_stop_before_the_run_ends_it_at_once),
        EACH(a_run_with_a_deadline_times_out),
        EACH(a_nested_run_is_refused),
        EACH(another_thread_may_stop_the_loop),
        EACH(a_call_deferred_in_a_call_waits_for_the_next_pass),
        EACH(calls_come_in_order_and_can_be_cancelled),
        EACH(a_call_may_cancel_a_later_one_of_its_pass),
        EACH(calls_do_not_starve_descriptors),
        EACH(a_failing_callback_is_logged_and_the_loop_goes_on),
        EACH(an_unknown_back_end_is_refused),
        EACH(the_environment_chooses_the_back_end),
        EACH(the_time_is_read_once_a_pass_and_between_runs_anew),
        EACH(a_loop_can_be_watched_by_another),
        EACH(two_threads_may_make_and_free_loops),
        EACH(freeing_stops_all_without_a_call),
        EACH(all_descriptors_can_be_closed),
        EACH(an_empty_loop_takes_less_than_64_kib),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
