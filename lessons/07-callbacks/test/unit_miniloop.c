/*
 * unit_miniloop.c - tests of miniloop, a part of test.c, which includes it. It
 * includes the loop in its turn, so that nothing but a compiler is needed to
 * build the lesson without its tests.
 *
 * Most tests let callbacks say letters, and compare the word: see said.h.
 */
/* NOLINTNEXTLINE(bugprone-suspicious-include): to see its lists, too */
#include "../miniloop.c"

#include "../../common/test/client.h"
#include "../../common/test/said.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct miniloop loop;
static int open_before;

/* *state: the name of the test. */
static int begin_loop(void **state)
{
    said_begin(*state);
    int next;
    open_before = open_descriptors(&next);
    return mini_init(&loop);
}

/* Not 0, which fails the test, if a descriptor was left open. */
static int end_loop(void **state)
{
    (void)state;
    said_end();
    /* A test that failed left things started that are gone with its stack. */
    struct call *const lists[] = {&loop.ready, &loop.later, &loop.timers,
                                  &loop.posted};
    for (int i = 0; i < 4; i++)
        list_init(lists[i]);
    loop.running = false;
    mini_fini(&loop);
    int next;
    return open_descriptors(&next) - open_before;
}

/* What the tests embed: a letter to say, and something to do. */
struct actor {
    struct call call;
    struct timer timer;
    struct watcher watcher;
    char letter;
    int fd; /* the far end of watcher.fd */
    int times;
    void (*act)(struct actor *a);
    struct actor *other;
};

static void perform(void *arg)
{
    struct actor *a = arg;
    say(a->letter);
    a->times++;
    if (a->act != NULL)
        a->act(a);
}

static struct actor actor(char letter, void (*act)(struct actor *a))
{
    return (struct actor){.letter = letter, .act = act, .fd = -1};
}

/* Makes all three of its calls lead to it. Not in actor(): that is copied. */
static void cast(struct actor *a)
{
    a->call = (struct call){.function = perform, .arg = a};
    a->timer = (struct timer){.call = {.function = perform, .arg = a}};
    a->watcher = (struct watcher){.call = {.function = perform, .arg = a}};
}

/* Gives it a socket, with `bytes` to read. */
static void connect_actor(struct actor *a, const char *bytes)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
                     0);
    a->watcher.fd = ends[0];
    a->fd = ends[1];
    client_send(a->fd, bytes);
}

static void disconnect_actor(struct actor *a)
{
    mini_unwatch(&loop, &a->watcher);
    close(a->watcher.fd);
    close(a->fd);
}

static void stop(struct actor *a)
{
    (void)a;
    mini_stop(&loop);
}

static void one_pass(void)
{
    struct actor last = actor('.', stop);
    cast(&last);
    mini_defer(&loop, &last.call);
    assert_int_equal(mini_run(&loop), 0);
}

/* --- timers --------------------------------------------------------------- */

static void timers_go_by_deadline_then_by_start(void **state)
{
    (void)state;
    static const int delays_ms[] = {3, 1, 2, 1, 0, 3, 4};
    struct actor actors[7];
    for (int i = 0; i < 7; i++) {
        actors[i] = actor((char)('a' + i), i == 6 ? stop : NULL);
        cast(&actors[i]);
    }
    loop.running = true; /* so that the clock stands still */
    loop.now_ns = clock_ns();
    for (int i = 0; i < 7; i++)
        mini_timer_start(&loop, &actors[i].timer, delays_ms[i]);
    loop.running = false;
    assert_int_equal(mini_run(&loop), 0);
    expect_said("ebdcafg");
}

static void stop_other_timer(struct actor *a)
{
    mini_timer_stop(&a->other->timer);
}

static void a_timer_stopped_in_the_same_pass_is_not_called(void **state)
{
    (void)state;
    struct actor a = actor('a', stop_other_timer), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    a.other = &b;
    mini_timer_start(&loop, &a.timer, 0);
    mini_timer_start(&loop, &b.timer, 0);
    one_pass();
    expect_said(".a");
    mini_timer_stop(&a.timer); /* has been called: harmless */
    mini_timer_stop(&b.timer);
    one_pass();
    expect_said(".a.");
}

static void timers_of_many_starts_and_stops(void **state)
{
    (void)state;
    struct actor actors[100];
    for (int i = 0; i < 100; i++) {
        actors[i] = actor('x', NULL);
        cast(&actors[i]);
    }
    for (int i = 0; i < 2000; i++) {
        mini_timer_start(&loop, &actors[i % 100].timer, i % 7);
        mini_timer_start(&loop, &actors[i % 100].timer, i % 5); /* anew */
        mini_timer_stop(&actors[i % 100].timer);
    }
    assert_true(list_is_empty(&loop.timers));
    one_pass();
    expect_said(".");
}

static void restart(struct actor *a)
{
    if (a->times < 3)
        mini_timer_start(&loop, &a->timer, 0);
    else
        mini_stop(&loop);
}

/* A timer that is due at once, again and again: one call a pass. */
static void a_timer_started_in_a_pass_waits_for_the_next(void **state)
{
    (void)state;
    struct actor a = actor('a', restart), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    connect_actor(&b, "x");
    assert_int_equal(mini_watch(&loop, &b.watcher, EPOLLIN), 0);
    mini_timer_start(&loop, &a.timer, -5); /* past: due at once */
    assert_int_equal(mini_run(&loop), 0);
    expect_said("bababa");
    disconnect_actor(&b);
}

static void the_loop_sleeps_until_the_timer(void **state)
{
    (void)state;
    struct actor a = actor('a', stop), far = actor('b', NULL);
    cast(&a);
    cast(&far);
    mini_timer_start(&loop, &far.timer, INT_MAX);
    mini_timer_start(&loop, &a.timer, 30);
    calls = 0;
    const int64_t start_ns = clock_ns();
    assert_int_equal(mini_run(&loop), 0);
    assert_true(clock_ns() - start_ns >= 30 * NS_PER_MS);
    expect_said("a");
    expect_calls(1); /* one epoll_wait: it neither spins nor polls */
    mini_timer_stop(&far.timer);
}

static int64_t seen_ns[2];

static void look_at_the_clock(struct actor *a)
{
    seen_ns[a->letter - 'a'] = mini_now(&loop);
    const int64_t start_ns = clock_ns();
    while (clock_ns() == start_ns)
        continue;
}

static void the_clock_stands_still_in_a_pass(void **state)
{
    (void)state;
    struct actor a = actor('a', look_at_the_clock);
    struct actor b = actor('b', look_at_the_clock);
    cast(&a);
    cast(&b);
    mini_defer(&loop, &a.call);
    mini_defer(&loop, &b.call);
    one_pass();
    assert_true(seen_ns[0] == seen_ns[1]);
    assert_true(mini_now(&loop) > seen_ns[1]); /* but outside it goes on */
}

/* --- deferred calls ------------------------------------------------------- */

static void defer_again(struct actor *a)
{
    if (a->times < 3)
        mini_defer(&loop, &a->call);
    else
        mini_stop(&loop);
}

/* A call that defers itself for ever still lets descriptors have their turn. */
static void a_call_deferred_in_a_pass_waits_for_the_next(void **state)
{
    (void)state;
    struct actor a = actor('a', defer_again), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    connect_actor(&b, "x");
    assert_int_equal(mini_watch(&loop, &b.watcher, EPOLLIN), 0);
    mini_defer(&loop, &a.call);
    assert_int_equal(mini_run(&loop), 0);
    expect_said("ababab");
    disconnect_actor(&b);
}

static void a_call_is_deferred_once_and_can_be_taken_back(void **state)
{
    (void)state;
    struct actor a = actor('a', NULL), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    mini_defer(&loop, &b.call);
    mini_defer(&loop, &a.call);
    mini_defer(&loop, &a.call);
    mini_undefer(&b.call);
    mini_undefer(&b.call);
    one_pass();
    mini_undefer(&a.call); /* has been called: harmless */
    expect_said("a.");
}

/* --- watchers ------------------------------------------------------------- */

static void stop_other_watcher(struct actor *a)
{
    disconnect_actor(a->other);
    free(a->other); /* at once: ASan would see the loop use it */
    mini_stop(&loop);
}

/* Two are ready: whichever is called first stops and frees the other. */
static void a_watcher_stopped_in_the_same_pass_is_not_called(void **state)
{
    (void)state;
    struct actor *pair[2];
    for (int i = 0; i < 2; i++) {
        pair[i] = calloc(1, sizeof *pair[i]);
        assert_non_null(pair[i]);
        *pair[i] = actor('a', stop_other_watcher);
        cast(pair[i]);
        connect_actor(pair[i], "x");
        assert_int_equal(mini_watch(&loop, &pair[i]->watcher, EPOLLIN), 0);
    }
    pair[0]->other = pair[1];
    pair[1]->other = pair[0];
    assert_int_equal(mini_run(&loop), 0);
    expect_said("a");
    struct actor *left = pair[0]->times == 1 ? pair[0] : pair[1];
    disconnect_actor(left);
    free(left);
}

static struct actor newcomer;

/* Closes the other's descriptor and opens one that gets its number. */
static void give_its_number_away(struct actor *a)
{
    const int number = a->other->watcher.fd;
    disconnect_actor(a->other);
    newcomer = actor('n', NULL);
    cast(&newcomer);
    connect_actor(&newcomer, "");
    assert_true(newcomer.watcher.fd == number || newcomer.fd == number);
    assert_int_equal(mini_watch(&loop, &newcomer.watcher, EPOLLIN), 0);
}

static void an_event_of_a_number_given_away_is_forgotten(void **state)
{
    (void)state;
    struct actor a = actor('a', give_its_number_away), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    connect_actor(&b, "x");
    assert_int_equal(mini_watch(&loop, &b.watcher, EPOLLIN), 0);
    a.other = &b;
    mini_defer(&loop, &a.call); /* is called before watchers */
    one_pass();
    expect_said("a.");
    disconnect_actor(&newcomer);
}

static void ask_other_to_write(struct actor *a)
{
    assert_int_equal(mini_watch(&loop, &a->other->watcher, EPOLLOUT), 0);
}

static void a_watcher_sees_what_it_asked_for_last(void **state)
{
    (void)state;
    struct actor a = actor('a', ask_other_to_write), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    connect_actor(&b, "x");
    assert_int_equal(mini_watch(&loop, &b.watcher, EPOLLIN), 0);
    a.other = &b;
    mini_defer(&loop, &a.call);
    one_pass();
    expect_said("a."); /* readable, but it writes now */
    one_pass();
    expect_said("a..b");
    assert_int_equal(b.watcher.found, EPOLLOUT);
    disconnect_actor(&b);
}

static void a_watcher_learns_of_a_hang_up(void **state)
{
    (void)state;
    struct actor a = actor('a', stop);
    cast(&a);
    connect_actor(&a, "");
    assert_int_equal(mini_watch(&loop, &a.watcher, EPOLLIN), 0);
    close(a.fd);
    a.fd = -1;
    assert_int_equal(mini_run(&loop), 0);
    assert_true((a.watcher.found & EPOLLHUP) != 0);
    disconnect_actor(&a);
}

static void watching_in_vain_is_an_error(void **state)
{
    (void)state;
    struct actor a = actor('a', NULL), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    connect_actor(&a, "");
    b.watcher.fd = a.watcher.fd;
    assert_int_equal(mini_watch(&loop, &a.watcher, EPOLLIN), 0);
    assert_int_equal(mini_watch(&loop, &b.watcher, EPOLLIN), -EEXIST);
    mini_unwatch(&loop, &b.watcher); /* not started: harmless */
    b.watcher.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(mini_watch(&loop, &b.watcher, EPOLLIN), -EPERM);
    close(b.watcher.fd);
    assert_int_equal(mini_watch(&loop, &b.watcher, EPOLLIN), -EBADF);
    b.watcher.fd = -1;
    assert_int_equal(mini_watch(&loop, &b.watcher, EPOLLIN), -EBADF);
    disconnect_actor(&a);
}

enum { CROWD = 3 * BATCH };

/* More are ready than one wait hands out: each is called all the same. */
static void a_crowd_that_is_ready(void **state)
{
    (void)state;
    static struct actor crowd[CROWD];
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = actor(MUTE, NULL);
        cast(&crowd[i]);
        connect_actor(&crowd[i], "x");
        assert_int_equal(mini_watch(&loop, &crowd[i].watcher, EPOLLIN), 0);
    }
    for (int i = 0; i < 3 * CROWD / BATCH; i++)
        one_pass();
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(crowd[i].times, 3);
        disconnect_actor(&crowd[i]);
    }
}

/* --- run and stop --------------------------------------------------------- */

static void run_again(struct actor *a)
{
    (void)a;
    assert_int_equal(mini_run(&loop), -EBUSY);
    mini_stop(&loop);
}

static void a_nested_run_is_refused(void **state)
{
    (void)state;
    struct actor a = actor('a', run_again);
    cast(&a);
    mini_defer(&loop, &a.call);
    assert_int_equal(mini_run(&loop), 0);
    expect_said("a");
}

static void stopped_before_it_runs(void **state)
{
    (void)state;
    struct actor a = actor('a', NULL);
    cast(&a);
    mini_defer(&loop, &a.call);
    mini_stop(&loop);
    assert_int_equal(mini_run(&loop), 0);
    expect_said(""); /* at once: not even one pass */
    for (int i = 0; i < 3; i++)
        one_pass();
    expect_said("a...");
}

static void a_pass_is_finished_after_stop(void **state)
{
    (void)state;
    struct actor a = actor('a', stop), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    mini_defer(&loop, &a.call);
    mini_defer(&loop, &b.call);
    assert_int_equal(mini_run(&loop), 0);
    expect_said("ab");
}

static void failures_of_the_system_are_returned(void **state)
{
    (void)state;
    struct miniloop other;
    assert_int_equal(mini_init(&other), 0);
    const int epoll = dup(other.epoll);
    close(other.epoll);
    assert_int_equal(mini_run(&other), -EBADF);
    other.epoll = epoll;
    mini_fini(&other);

    /* Room for one descriptor: there is an epoll, but no eventfd. */
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int lowest;
    const int open = open_descriptors(&lowest);
    for (rlim_t room = 0; room < 2; room++) {
        tight = before;
        tight.rlim_cur = (rlim_t)lowest + room;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
        const int error = mini_init(&other);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(error, -EMFILE);
    }
    assert_int_equal(open_descriptors(&lowest), open); /* none left open */
}

static atomic_int signals;

static void on_signal(int signo)
{
    (void)signo;
    signals++;
}

/* Waits until the main thread is asleep: 'S' in proc(5). */
static void until_main_sleeps(void)
{
    char path[64], stat[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
    for (char state = 'R'; state != 'S';) {
        FILE *file = fopen(path, "re");
        if (file == NULL || fgets(stat, sizeof stat, file) == NULL)
            abort();
        fclose(file);
        state = strrchr(stat, ')')[2];
    }
}

static void *interrupt(void *arg)
{
    const pthread_t sleeper = *(pthread_t *)arg;
    static struct actor last;
    last = actor('z', stop);
    cast(&last);
    for (int i = 0; i < 20; i++) {
        until_main_sleeps();
        pthread_kill(sleeper, SIGUSR1);
        while (signals == i)
            continue;
    }
    mini_post(&loop, &last.call);
    return NULL;
}

static void signals_do_not_end_the_loop(void **state)
{
    (void)state;
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    pthread_t self = pthread_self(), other;
    assert_int_equal(pthread_create(&other, NULL, interrupt, &self), 0);
    assert_int_equal(mini_run(&loop), 0);
    pthread_join(other, NULL);
    expect_said("z");
}

/* --- posts ---------------------------------------------------------------- */

enum { PRODUCERS = 4, POSTS = 20000 };

struct producer {
    pthread_t thread;
    struct posted {
        struct call call;
        struct producer *from;
        int number;
    } posts[POSTS];
    int next; /* number that is expected; the loop thread's */
    int disorder;
};

static int posts_seen;

static void on_post(void *arg)
{
    const struct posted *p = arg;
    p->from->disorder += p->number != p->from->next++;
    if (++posts_seen == PRODUCERS * POSTS)
        mini_stop(&loop);
}

static void *produce(void *arg)
{
    struct producer *p = arg;
    for (int i = 0; i < POSTS; i++) {
        p->posts[i].call = (struct call){.function = on_post};
        p->posts[i].call.arg = &p->posts[i];
        p->posts[i].from = p;
        p->posts[i].number = i;
        mini_post(&loop, &p->posts[i].call);
    }
    return NULL;
}

/* The loop has nothing else: if a wake-up were lost, it would sleep for ever.
 */
static void posts_of_threads_arrive_in_order(void **state)
{
    (void)state;
    struct producer *producers = calloc(PRODUCERS, sizeof *producers);
    assert_non_null(producers);
    posts_seen = 0;
    for (int i = 0; i < PRODUCERS; i++)
        assert_int_equal(
            pthread_create(&producers[i].thread, NULL, produce, &producers[i]),
            0);
    assert_int_equal(mini_run(&loop), 0);
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(producers[i].thread, NULL);
        assert_int_equal(producers[i].next, POSTS);
        assert_int_equal(producers[i].disorder, 0);
    }
    free(producers);
}

static void post_again(struct actor *a)
{
    if (a->times < 3)
        mini_post(&loop, &a->call);
    else
        mini_stop(&loop);
}

/* From the loop's own thread, too; and not in the same pass. */
static void a_callback_may_post(void **state)
{
    (void)state;
    struct actor a = actor('a', post_again), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    connect_actor(&b, "x");
    assert_int_equal(mini_watch(&loop, &b.watcher, EPOLLIN), 0);
    mini_post(&loop, &a.call);
    assert_int_equal(mini_run(&loop), 0);
    assert_int_equal(a.times, 3);
    assert_true(b.times >= 3);
    disconnect_actor(&b);
}

static void the_loop_sleeps_after_a_post(void **state)
{
    (void)state;
    struct actor a = actor('a', NULL), b = actor('b', stop);
    cast(&a);
    cast(&b);
    mini_post(&loop, &a.call);
    mini_timer_start(&loop, &b.timer, 30);
    calls = 0;
    assert_int_equal(mini_run(&loop), 0);
    expect_said("ab");
    expect_calls(4); /* epoll_wait, read of the eventfd; for a; for b */
}

/* What is still started when the loop ends is let go. */
static void the_loop_ends_with_things_started(void **state)
{
    (void)state;
    struct miniloop other;
    assert_int_equal(mini_init(&other), 0);
    struct actor a = actor('a', NULL), b = actor('b', NULL);
    cast(&a);
    cast(&b);
    mini_timer_start(&other, &a.timer, 1000);
    mini_defer(&other, &a.call);
    mini_post(&other, &b.call);
    mini_fini(&other);
    assert_null(a.timer.call.next);
    assert_null(a.call.next);
    assert_null(b.call.next);
    mini_timer_stop(&a.timer);
}

#define MINILOOP_TEST(name)                                                    \
    cmocka_unit_test_prestate_setup_teardown(name, begin_loop, end_loop,       \
                                             (void *)#name)

static const struct CMUnitTest miniloop_tests[] = {
    MINILOOP_TEST(timers_go_by_deadline_then_by_start),
    MINILOOP_TEST(a_timer_stopped_in_the_same_pass_is_not_called),
    MINILOOP_TEST(timers_of_many_starts_and_stops),
    MINILOOP_TEST(a_timer_started_in_a_pass_waits_for_the_next),
    MINILOOP_TEST(the_loop_sleeps_until_the_timer),
    MINILOOP_TEST(the_clock_stands_still_in_a_pass),
    MINILOOP_TEST(a_call_deferred_in_a_pass_waits_for_the_next),
    MINILOOP_TEST(a_call_is_deferred_once_and_can_be_taken_back),
    MINILOOP_TEST(a_watcher_stopped_in_the_same_pass_is_not_called),
    MINILOOP_TEST(an_event_of_a_number_given_away_is_forgotten),
    MINILOOP_TEST(a_watcher_sees_what_it_asked_for_last),
    MINILOOP_TEST(a_watcher_learns_of_a_hang_up),
    MINILOOP_TEST(watching_in_vain_is_an_error),
    MINILOOP_TEST(a_crowd_that_is_ready),
    MINILOOP_TEST(a_nested_run_is_refused),
    MINILOOP_TEST(stopped_before_it_runs),
    MINILOOP_TEST(a_pass_is_finished_after_stop),
    MINILOOP_TEST(failures_of_the_system_are_returned),
    MINILOOP_TEST(signals_do_not_end_the_loop),
    MINILOOP_TEST(posts_of_threads_arrive_in_order),
    MINILOOP_TEST(a_callback_may_post),
    MINILOOP_TEST(the_loop_sleeps_after_a_post),
    MINILOOP_TEST(the_loop_ends_with_things_started),
};

enum { MINILOOP_TESTS = sizeof miniloop_tests / sizeof miniloop_tests[0] };
