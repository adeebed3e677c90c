/*
 * test_co_task.c - tasks: how they start, take turns, end, and are joined.
 *
 * Tasks note what they do, the tests compare; see stage.h.
 *
 * Read before: stage.h, heard.h. Read after: test_co_wait.c, test_co_end.c.
 * Rests on: GenBasicTest and GenCoroutineTest of Tornado, in their rules.
 */
#include "loop/test/each.h"
#include "loop/test/heard.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <string.h>

/* --- how they start ------------------------------------------------------ */

static int note_name(void *arg)
{
    stage_note("%s", (const char *)arg);
    return 0;
}

static int spawn_from_task(void *arg)
{
    struct loop *loop = arg;
    stage_note("before");
    stage_go(loop, note_name, "spawned");
    co_go(loop, note_name, "gone");
    co_start(loop, note_name, "started");
    stage_note("after");
    return 0;
}

static void spawn_and_go_never_run_inside(struct loop *like)
{
    struct loop *loop = stage_open(like);
    stage_go(loop, note_name, "spawned");
    assert_int_equal(co_go(loop, note_name, "gone"), 0);
    stage_expect("");
    stage_settle(loop);
    stage_expect("spawned gone");
    assert_int_equal(co_go(loop, spawn_from_task, loop), 0);
    stage_settle(loop);
    stage_expect("before after spawned gone started");
    stage_close(loop);
}

static int start_and_sleep(void *arg)
{
    stage_note("%s begins", (const char *)arg);
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    return 0;
}

static void on_call(struct loop_call *c)
{
    stage_note("before");
    assert_int_equal(co_start(loop_current(), start_and_sleep, c->arg), 0);
    assert_null(co_current());
    stage_note("after");
}

static void start_runs_at_once_in_a_callback(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_call call = {0};
    static char name[] = "it";
    loop_defer(loop, &call, on_call, name);
    stage_expect("");
    stage_settle(loop);
    stage_expect("before it begins after");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok");
    assert_int_equal(co_start(loop, note_name, "main"), 0);
    stage_expect("main");
    stage_close(loop);
}

static int return_7(void *arg)
{
    stage_note("%s", (const char *)arg);
    return 7;
}

static void on_spawn_now(struct loop_call *c)
{
    struct co_task **t = c->arg;
    *t = co_spawn_now(loop_current(), return_7, "now");
    stage_note("%s", co_ended(*t) ? "ended" : "goes on");
}

static int spawn_now_from_task(void *arg)
{
    struct co_task *t = co_spawn_now(arg, return_7, "later");
    int result = 0;
    stage_note("%s", co_ended(t) ? "ended" : "waits");
    co_join(t, &result);
    return result;
}

static void spawn_now_leaves_a_handle(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_call call = {0};
    struct co_task *t = NULL;
    int result = 0;
    loop_defer(loop, &call, on_spawn_now, &t);
    stage_settle(loop);
    stage_expect("now ended");
    assert_int_equal(co_join(t, &result), 0);
    assert_int_equal(result, 7);
    t = co_spawn(loop, spawn_now_from_task, loop);
    stage_settle(loop);
    stage_expect("waits later");
    assert_int_equal(co_join(t, &result), 0);
    assert_int_equal(result, 7);
    stage_close(loop);
}

static int sleep_then_return_7(void *arg)
{
    stage_note("%s", (const char *)arg);
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    return 7;
}

/* One that has ended at once, and one that goes on; both are given up. */
static void on_spawn_now_and_detach(struct loop_call *c)
{
    (void)c;
    co_detach(co_spawn_now(loop_current(), return_7, "short"));
    struct co_task *t =
        co_spawn_now(loop_current(), sleep_then_return_7, "long");
    stage_note("%s", co_ended(t) ? "ended" : "goes on");
    assert_null(co_current());
    co_detach(t);
}

static int spawn_now_and_detach(void *arg)
{
    co_detach(co_spawn_now(arg, return_7, "short"));
    co_detach(co_spawn_now(arg, sleep_then_return_7, "long"));
    stage_note("before");
    return 0;
}

static size_t tasks_of(const struct loop *loop)
{
    struct co_stats stats;
    co_stats(loop, &stats);
    return stats.tasks;
}

static void spawn_now_may_be_detached(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_call call = {0};
    loop_defer(loop, &call, on_spawn_now_and_detach, NULL);
    stage_settle(loop);
    stage_expect("short long goes on");
    assert_int_equal(tasks_of(loop), 1);
    co_go(loop, spawn_now_and_detach, loop);
    stage_settle(loop);
    stage_expect("before short long");
    assert_int_equal(tasks_of(loop), 2);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok ok");
    assert_int_equal(tasks_of(loop), 0);
    stage_close(loop);
}

/* Its end, and that of one that main starts, may be waited for. */
static int join_and_note(void *arg)
{
    int result = 0;
    stage_note("%s", stage_word(co_join(arg, &result)));
    stage_note("%d", result);
    return 0;
}

static void who_was_spawned_now_may_be_joined_by_a_task(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *t = co_spawn_now(loop, sleep_then_return_7, "long");
    stage_expect("long");
    co_go(loop, join_and_note, t);
    stage_settle(loop);
    stage_expect("");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok ok 7");
    stage_close(loop);
}

/* --- turns: FEATURES 1.6, point 4 ---------------------------------------- */

static char letters[32];

struct player {
    const char *letter;
    struct loop_future *ready; /* what is waited for; NULL: the others */
};

static int play(void *arg)
{
    const struct player *p = arg;
    int error = 0;
    for (int i = 0; i < 5 && error == 0; i++) {
        strcat(letters, p->letter);
        error = p->ready != NULL ? co_wait(p->ready, NULL) : co_yield_turn();
    }
    return error;
}

static void expect_game(struct loop *loop, struct loop_future *a_waits,
                        struct loop_future *b_waits, const char *expected)
{
    struct player a = {"a", a_waits}, b = {"b", b_waits};
    *letters = '\0';
    co_go(loop, play, &a);
    co_go(loop, play, &b);
    stage_settle(loop);
    assert_string_equal(letters, expected);
}

static void what_is_ready_does_not_switch_and_a_yield_does(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future ready;
    loop_future_init(loop, &ready);
    loop_future_set(&ready, NULL);
    expect_game(loop, &ready, &ready, "aaaaabbbbb");
    expect_game(loop, NULL, NULL, "ababababab");
    expect_game(loop, NULL, &ready, "abbbbbaaaa");
    stage_close(loop);
}

/* Tasks that always are ready let the loop look at its timers. */
static int spin(void *arg)
{
    const bool *stop = arg;
    while (!*stop)
        co_yield_turn();
    return 0;
}

static void on_stop(struct loop_timer *t)
{
    *(bool *)t->arg = true;
}

static bool is_true(void *arg)
{
    return *(bool *)arg;
}

static void yields_do_not_starve_the_loop(struct loop *loop)
{
    struct loop_timer timer = {0};
    bool stop = false;
    co_go(loop, spin, &stop);
    co_go(loop, spin, &stop);
    loop_timer_start(loop, &timer, loop_now(loop) + LOOP_MS, on_stop, &stop);
    each_until(loop, is_true, &stop, "a timer beside tasks that yield");
    stage_settle(loop);
}

/* --- joining ------------------------------------------------------------- */

static int return_at_once(void *arg)
{
    return *(int *)arg;
}

static int return_later(void *arg)
{
    co_sleep(LOOP_SECOND);
    return *(int *)arg;
}

static int join_all_four(void *arg)
{
    struct co_task **tasks = arg;
    for (int i = 0; i < 4; i++) {
        int result = 99;
        const int error = co_join(tasks[i], &result);
        stage_note("%s:%d", stage_word(error), result);
    }
    return 0;
}

/* FEATURES 1.6, point 6: also an error before the first wait, and after it. */
static void join_brings_the_result_from_before_and_after(struct loop *like)
{
    struct loop *loop = stage_open(like);
    int good = 7, bad = -EIO;
    struct co_task *tasks[] = {
        co_spawn(loop, return_at_once, &good),
        co_spawn(loop, return_at_once, &bad),
        co_spawn(loop, return_later, &good),
        co_spawn(loop, return_later, &bad),
    };
    co_go(loop, join_all_four, tasks);
    stage_settle(loop);
    stage_expect("ok:7 ok:-5");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok:7 ok:-5");
    stage_close(loop);
}

static struct co_task *joined;

static int join_it(void *arg)
{
    int result = 99;
    const int error = co_join(joined, &result);
    stage_note("%s:%s:%d", (const char *)arg, stage_word(error), result);
    return 0;
}

static int wait_for_event(void *arg)
{
    return co_event_wait(arg);
}

/* The second is refused as long as the first has not gone on: that is also
 * between the end of the task and the first one's turn. */
static void join_by_two_is_refused(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_event event = {0};
    joined = co_spawn(loop, wait_for_event, &event);
    stage_go(loop, join_it, "a");
    stage_settle(loop);
    stage_go(loop, join_it, "b");
    stage_settle(loop);
    stage_expect("b:Device or resource busy:99");
    co_event_set(&event); /* the queue: the task, c, and at its end a */
    stage_go(loop, join_it, "c");
    stage_settle(loop);
    stage_expect("c:Device or resource busy:99 a:ok:0");
    stage_close(loop);
}

static int join_myself(void *arg)
{
    (void)arg;
    stage_note("%s", strerror(-co_join(co_current(), NULL)));
    return 0;
}

static void join_of_oneself_is_refused(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, join_myself, NULL);
    stage_settle(loop);
    stage_expect("Resource deadlock avoided");
    stage_close(loop);
}

static void a_join_that_is_cancelled_keeps_the_handle(struct loop *like)
{
    struct loop *loop = stage_open(like);
    int value = 3;
    joined = co_spawn(loop, return_later, &value);
    struct co_task *first = stage_go(loop, join_it, "first");
    stage_settle(loop);
    co_cancel(first);
    stage_settle(loop);
    stage_expect("first:cancelled:99");
    stage_go(loop, join_it, "second");
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("second:ok:3");
    stage_close(loop);
}

static int join_with_deadline(void *arg)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(arg) + LOOP_MS);
    stage_note("%s", stage_word(co_join(joined, NULL)));
    co_deadline_end(&d);
    return 0;
}

static void a_join_that_is_late_keeps_the_handle(struct loop *like)
{
    struct loop *loop = stage_open(like);
    int value = 3;
    joined = co_spawn(loop, return_later, &value);
    co_go(loop, join_with_deadline, loop);
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    stage_settle(loop);
    stage_expect("late");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    int result = 0;
    assert_int_equal(co_join(joined, &result), 0);
    assert_int_equal(result, 3);
    stage_close(loop);
}

static void main_joins_only_what_has_ended(struct loop *like)
{
    struct loop *loop = stage_open(like);
    int value = 5, result = 0;
    struct co_task *t = co_spawn(loop, return_at_once, &value);
    assert_false(co_ended(t));
    assert_int_equal(co_join(t, &result), -EPERM);
    stage_settle(loop);
    assert_true(co_ended(t));
    assert_int_equal(co_join(t, &result), 0);
    assert_int_equal(result, 5);
    stage_close(loop);
}

/* --- tasks that nobody joins --------------------------------------------- */

static void an_error_that_nobody_joins_is_logged(struct loop *like)
{
    struct loop *loop = stage_open(like);
    int bad = -EIO, good = 1, cancelled = -ECANCELED;
    heard_begin();
    co_detach(co_spawn(loop, return_at_once, &bad));
    co_detach(co_spawn(loop, return_at_once, &good));
    co_detach(co_spawn(loop, return_at_once, &cancelled));
    stage_settle(loop);
    heard_expect("return_at_once (loop/test/test_co_task.c:");
    heard_nothing();
    co_go(loop, return_at_once, &bad);
    co_start(loop, return_at_once, &bad);
    stage_settle(loop);
    heard_expect("failed: Input/output error");
    heard_expect("failed: Input/output error");
    struct co_task *late = co_spawn(loop, return_at_once, &bad);
    stage_settle(loop);
    heard_nothing();
    co_detach(late);
    heard_expect("failed: Input/output error");
    heard_end();
    stage_close(loop);
}

static void a_result_that_is_joined_is_not_logged(struct loop *like)
{
    struct loop *loop = stage_open(like);
    int bad = -EIO, result = 0;
    heard_begin();
    struct co_task *t = co_spawn(loop, return_at_once, &bad);
    stage_settle(loop);
    assert_int_equal(co_join(t, &result), 0);
    heard_end();
    assert_int_equal(result, -EIO);
    stage_close(loop);
}

/* --- names --------------------------------------------------------------- */

static int look_at_names(void *arg)
{
    struct co_task **self = arg;
    *self = co_current();
    stage_note("%s", strstr(co_name(co_current()), "look_at_names (") != NULL
                         ? "function"
                         : co_name(co_current()));
    co_set_name("chef");
    stage_note("%s", co_name(co_current()));
    co_yield_turn();
    stage_note("%s", co_current() == *self ? "same" : "other");
    return 0;
}

static void a_task_has_a_name(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *self;
    assert_null(co_current());
    co_set_name("nobody's");
    co_go(loop, look_at_names, &self);
    stage_settle(loop);
    stage_expect("function chef same");
    struct co_task *t = co_spawn_named(loop, note_name, "x", "elsewhere");
    assert_string_equal(co_name(t), "elsewhere");
    co_detach(t);
    stage_settle(loop);
    stage_expect("x");
    assert_null(co_current());
    stage_close(loop);
}

/* --- co_run -------------------------------------------------------------- */

static int sleep_then_return(void *arg)
{
    const int error = co_sleep(LOOP_MS);
    return error != 0 ? error : *(int *)arg;
}

static void run_returns_the_result(struct loop *loop)
{
    int good = 42, bad = -EIO;
    heard_begin();
    assert_int_equal(co_run(loop, return_at_once, &good), 42);
    assert_int_equal(co_run(loop, sleep_then_return, &good), 42);
    assert_int_equal(co_run(loop, sleep_then_return, &bad), -EIO);
    heard_end();
    struct co_stats stats;
    co_stats(loop, &stats);
    assert_int_equal(stats.tasks, 0);
}

/* Cancelled, it takes its time to clean up. */
static int wait_and_clean_up(void *arg)
{
    (void)arg;
    const int error = co_sleep(LOOP_NEVER);
    stage_note("%s", stage_word(error));
    stage_note("%s", stage_word(co_sleep(LOOP_MS)));
    return error;
}

static int stop_the_loop(void *arg)
{
    loop_stop(arg);
    return 0;
}

static void stop_cancels_what_run_runs(struct loop *loop)
{
    co_go(loop, stop_the_loop, loop);
    assert_int_equal(co_run(loop, wait_and_clean_up, NULL), -ECANCELED);
    stage_expect("cancelled ok");
}

static int run_inside(void *arg)
{
    int value = 0;
    return co_run(arg, return_at_once, &value);
}

static void run_inside_is_refused(struct loop *loop)
{
    struct co_stats stats;
    assert_int_equal(co_run(loop, run_inside, loop), -EBUSY);
    co_stats(loop, &stats);
    assert_int_equal(stats.spawned, 1);
}

/* --- as many as are allowed ---------------------------------------------- */

static void no_more_tasks_than_allowed(struct loop *loop)
{
    const struct co_options options = {.max_tasks = 2};
    struct co_task *t[2];
    int value = 0;
    heard_begin();
    assert_int_equal(co_setup(loop, &options), 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2; i++)
            assert_non_null(t[i] = co_spawn(loop, return_at_once, &value));
        heard_nothing();
        assert_null(co_spawn(loop, return_at_once, &value));
        heard_expect("no stack for a task beside 2: co_options.max_tasks");
        assert_int_equal(co_go(loop, return_at_once, &value), -ENOMEM);
        assert_int_equal(co_start(loop, return_at_once, &value), -ENOMEM);
        assert_int_equal(co_run(loop, return_at_once, &value), -ENOMEM);
        heard_nothing(); /* once is enough */
        stage_settle(loop);
        for (int i = 0; i < 2; i++)
            assert_int_equal(co_join(t[i], NULL), 0);
    }
    heard_end();
}

static void options_are_checked_and_come_before_tasks(struct loop *loop)
{
    int value = 0;
    const struct co_options good = {0}, odd = {.stack_size = 65537},
                            tiny = {.stack_size = 4096},
                            few = {.max_tasks = -1}, kept = {.stacks_kept = -1};
    assert_int_equal(co_setup(loop, &odd), -EINVAL);
    assert_int_equal(co_setup(loop, &tiny), -EINVAL);
    assert_int_equal(co_setup(loop, &few), -EINVAL);
    assert_int_equal(co_setup(loop, &kept), -EINVAL);
    assert_int_equal(co_setup(loop, &good), 0);
    assert_int_equal(co_run(loop, return_at_once, &value), 0);
    assert_int_equal(co_setup(loop, &good), -EBUSY);
}

/* --- cleanups ------------------------------------------------------------ */

struct named {
    struct co_cleanup cleanup;
    const char *name;
};

static void clean(void *arg)
{
    const struct named *n = arg;
    stage_note("%s", n->name);
}

static void clean_slowly(void *arg)
{
    const struct named *n = arg;
    stage_note("%s", n->name);
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
}

static struct named first = {.name = "first"}, second = {.name = "second"},
                    third = {.name = "third"};

static int defer_three(void *arg)
{
    co_defer(&first.cleanup, clean, &first);
    co_defer(&second.cleanup, clean_slowly, &second);
    co_defer(&third.cleanup, clean, &third);
    if (arg != NULL)
        co_defer_run(arg);
    if (arg != NULL)
        co_defer_run(arg);
    stage_note("returns");
    return 0;
}

static void cleanups_run_last_first_and_may_wait(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *t = co_spawn(loop, defer_three, NULL);
    stage_settle(loop);
    stage_expect("returns third second");
    assert_false(co_ended(t)); /* not before they are done */
    co_cancel(t);              /* it does not concern it any more */
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok first");
    assert_true(co_ended(t));
    assert_int_equal(co_join(t, NULL), 0);
    stage_close(loop);
}

static void a_cleanup_may_run_out_of_turn_and_only_once(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, defer_three, &second.cleanup);
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("second ok returns third first");
    stage_close(loop);
}

/* --- what may suspend, called by nobody's task --------------------------- */

static void what_may_suspend_is_refused_outside_a_task(struct loop *loop)
{
    struct co_group g;
    struct co_lock lock = {0};
    struct co_semaphore s;
    struct co_condition c = {0};
    struct co_event e = {0};
    struct co_deadline d;
    co_semaphore_init(&s, 1, 1);
    assert_int_equal(co_yield_turn(), -EPERM);
    assert_int_equal(co_sleep(0), -EPERM);
    assert_int_equal(co_sleep_until(loop_now(loop) + 1), -EPERM);
    co_group_begin(&g);
    assert_int_equal(co_group_go(&g, note_name, "never"), -EPERM);
    assert_int_equal(co_group_wait(&g), -EPERM);
    assert_int_equal(co_lock(&lock), -EPERM);
    assert_int_equal(co_unlock(&lock), -EPERM);
    assert_int_equal(co_semaphore_acquire(&s), -EPERM);
    assert_int_equal(co_condition_wait(&c, NULL), -EPERM);
    assert_int_equal(co_event_wait(&e), -EPERM);
    co_shield_begin();
    co_shield_end();
    co_deadline_begin(&d, loop_now(loop));
    assert_false(co_deadline_end(&d));
}

static void futures_and_queues_are_refused_outside_a_task(struct loop *loop)
{
    struct loop_future f, *futures[] = {&f};
    struct co_each each = {0};
    struct co_queue q;
    struct co_channel ch;
    void *item = NULL;
    struct co_case one = {.channel = &ch, .send = "x"};
    loop_future_init(loop, &f);
    loop_future_set(&f, NULL);
    assert_int_equal(co_wait(&f, NULL), -EPERM);
    assert_int_equal(co_wait_all(futures, 1, 0), -EPERM);
    assert_int_equal(co_wait_all(NULL, 0, 0), -EPERM);
    assert_int_equal(co_wait_any(futures, 1), -EPERM);
    assert_int_equal(co_each_begin(&each, futures, 1), -EPERM);
    assert_int_equal(co_each_next(&each), -EPERM);
    co_each_end(&each);
    assert_int_equal(co_work(NULL, NULL, NULL), -EPERM);
    co_queue_init(&q, CO_FIFO, 1, NULL);
    assert_int_equal(co_queue_put(&q, &item), -EPERM);
    assert_int_equal(co_queue_get(&q, &item), -EPERM);
    assert_int_equal(co_queue_join(&q), -EPERM);
    co_queue_fini(&q);
    co_channel_init(&ch, 1, 1);
    assert_int_equal(co_channel_send(&ch, "x"), -EPERM);
    assert_int_equal(co_channel_receive(&ch, &item), -EPERM);
    assert_int_equal(co_select(&one, 1, true), -EPERM);
    co_channel_fini(&ch);
}

static void descriptors_are_refused_outside_a_task(struct loop *loop)
{
    char byte = 0;
    struct iovec iov = {&byte, 1};
    const struct sockaddr addr = {.sa_family = AF_INET};
    int pair[2];
    each_pair(pair);
    assert_int_equal(co_wait_fd(pair[0], LOOP_WRITE), -EPERM);
    assert_int_equal(co_accept(pair[0]), -EPERM);
    assert_int_equal(co_connect(pair[0], &addr, sizeof addr), -EPERM);
    assert_int_equal(co_recv(pair[0], &byte, 1), -EPERM);
    assert_int_equal(co_read(pair[0], &byte, 1), -EPERM);
    assert_int_equal(co_readv(pair[0], &iov, 1), -EPERM);
    assert_int_equal(co_send(pair[0], &byte, 1), -EPERM);
    assert_int_equal(co_sendv(pair[0], &iov, 1), -EPERM);
    assert_int_equal(co_write(pair[0], &byte, 1), -EPERM);
    assert_int_equal(co_writev(pair[0], &iov, 1), -EPERM);
    assert_int_equal(co_sendfile(pair[0], 0, 0, 1), -EPERM);
    assert_int_equal(co_file_open("/dev/null", 0, 0), -EPERM);
    assert_int_equal(co_file_read(0, &byte, 1, 0), -EPERM);
    assert_int_equal(co_file_write(0, &byte, 1, 0), -EPERM);
    assert_int_equal(co_file_sync(0), -EPERM);
    loop_close(loop, pair[0]);
    loop_close(loop, pair[1]);
    loop_run_once(loop, 0);
}

static void on_refused(struct loop_call *c)
{
    *(int *)c->arg = co_yield_turn();
}

static void a_callback_is_no_task(struct loop *loop)
{
    struct loop_call call = {0};
    int result = 0;
    loop_defer(loop, &call, on_refused, &result);
    assert_int_equal(loop_run_once(loop, 0), 1);
    assert_int_equal(result, -EPERM);
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(spawn_and_go_never_run_inside),
        EACH(start_runs_at_once_in_a_callback),
        EACH(spawn_now_leaves_a_handle),
        EACH(spawn_now_may_be_detached),
        EACH(who_was_spawned_now_may_be_joined_by_a_task),
        EACH(what_is_ready_does_not_switch_and_a_yield_does),
        EACH(yields_do_not_starve_the_loop),
        EACH(join_brings_the_result_from_before_and_after),
        EACH(join_by_two_is_refused),
        EACH(join_of_oneself_is_refused),
        EACH(a_join_that_is_cancelled_keeps_the_handle),
        EACH(a_join_that_is_late_keeps_the_handle),
        EACH(main_joins_only_what_has_ended),
        EACH(an_error_that_nobody_joins_is_logged),
        EACH(a_result_that_is_joined_is_not_logged),
        EACH(a_task_has_a_name),
        EACH(run_returns_the_result),
        EACH(stop_cancels_what_run_runs),
        EACH(run_inside_is_refused),
        EACH(no_more_tasks_than_allowed),
        EACH(options_are_checked_and_come_before_tasks),
        EACH(cleanups_run_last_first_and_may_wait),
        EACH(a_cleanup_may_run_out_of_turn_and_only_once),
        EACH(what_may_suspend_is_refused_outside_a_task),
        EACH(futures_and_queues_are_refused_outside_a_task),
        EACH(descriptors_are_refused_outside_a_task),
        EACH(a_callback_is_no_task),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
