/*
 * test_co_wait.c - sleeping, and the ways in which a wait ends early: cancels,
 * deadlines, and shields against both. The clock is the test's own.
 *
 * Read before: stage.h. Read after: test_co_group.c, test_co_future.c.
 * Rests on: WithTimeoutTest of Tornado; cancel scopes of Trio, in their rules.
 */
#include "loop/test/each.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- sleeping ------------------------------------------------------------ */

/* The name is the duration in seconds. */
static int sleep_by_name(void *arg)
{
    stage_note("%s", stage_word(co_sleep(atoi(arg) * LOOP_SECOND)));
    stage_note("%s", (const char *)arg);
    return 0;
}

static void sleepers_wake_by_their_deadlines(struct loop *like)
{
    struct loop *loop = stage_open(like);
    stage_go(loop, sleep_by_name, "3");
    stage_go(loop, sleep_by_name, "1");
    stage_go(loop, sleep_by_name, "2");
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND - LOOP_MS);
    stage_settle(loop);
    stage_expect("");
    stage_advance(loop, LOOP_MS);
    stage_settle(loop);
    stage_expect("ok 1");
    for (int i = 0; i < 2; i++) {
        stage_advance(loop, LOOP_SECOND);
        stage_settle(loop);
    }
    stage_expect("ok 2 ok 3");
    stage_close(loop);
}

/* FEATURES 1.6, point 12: to wait for nothing resumes on the next pass. */
static int sleep_not_at_all(void *arg)
{
    struct loop *loop = loop_current();
    const char *name = arg;
    stage_note("%s1", name);
    co_sleep(0);
    stage_note("%s2", name);
    co_sleep(-LOOP_SECOND);
    stage_note("%s3", name);
    co_sleep_until(loop_now(loop));
    stage_note("%s4", name);
    co_sleep_until(INT64_MIN);
    return 0;
}

/* As if a long computation stood between: the loop's time is old by then. */
static int64_t clock_ns;

static int64_t tell_time(void *arg)
{
    (void)arg;
    return clock_ns;
}

static int compute_and_sleep(void *arg)
{
    struct loop *loop = arg;
    const int64_t before_ns = loop_now(loop);
    clock_ns += 30 * LOOP_MS;
    stage_note("%s", loop_now(loop) == before_ns ? "old" : "new");
    stage_note("%s", stage_word(co_sleep(20 * LOOP_MS)));
    return 0;
}

static void a_sleep_begins_when_it_is_called(struct loop *like)
{
    const struct loop_options options = {.backend = loop_backend(like),
                                         .clock_ns = tell_time};
    struct loop *loop;
    clock_ns = LOOP_SECOND;
    assert_int_equal(loop_new(&loop, &options), 0);
    co_go(loop, compute_and_sleep, loop);
    stage_settle(loop);
    stage_expect("old");
    clock_ns += 19 * LOOP_MS;
    stage_settle(loop);
    stage_settle(loop);
    stage_expect("");
    clock_ns += LOOP_MS;
    loop_run_once(loop, 0);
    stage_settle(loop);
    stage_expect("ok");
    stage_close(loop);
}

static void to_sleep_no_time_is_to_yield(struct loop *like)
{
    struct loop *loop = stage_open(like);
    stage_go(loop, sleep_not_at_all, "a");
    stage_go(loop, sleep_not_at_all, "b");
    stage_settle(loop);
    stage_expect("a1 b1 a2 b2 a3 b3 a4 b4");
    assert_int_equal(loop_stats(loop)->timers, 0);
    stage_close(loop);
}

static int sleep_for_ever(void *arg)
{
    const int64_t *duration_ns = arg;
    stage_note("%s", stage_word(co_sleep(*duration_ns)));
    return 0;
}

static int sleep_until_for_ever(void *arg)
{
    (void)arg;
    stage_note("%s", stage_word(co_sleep_until(LOOP_NEVER)));
    return 0;
}

static void a_sleep_for_ever_never_wakes(struct loop *like)
{
    struct loop *loop = stage_open(like);
    int64_t never = LOOP_NEVER, nearly_never = LOOP_NEVER - 1;
    struct co_task *t[] = {
        co_spawn(loop, sleep_for_ever, &never),
        co_spawn(loop, sleep_for_ever, &nearly_never),
        co_spawn(loop, sleep_until_for_ever, NULL),
    };
    stage_settle(loop);
    stage_advance(loop, 1000000 * LOOP_SECOND);
    stage_settle(loop);
    stage_expect("");
    assert_int_equal(loop_active(loop), 0); /* not even a timer */
    for (int i = 0; i < 3; i++) {
        co_cancel(t[i]);
        stage_settle(loop);
        stage_expect("cancelled");
        assert_int_equal(co_join(t[i], NULL), 0);
    }
    stage_close(loop);
}

/* --- cancelling ---------------------------------------------------------- */

/* Waits three times, whatever comes. */
static int sleep_three_times(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    return 0;
}

static void finish(struct loop *loop)
{
    for (int i = 0; i < 3; i++) {
        stage_advance(loop, LOOP_SECOND);
        stage_settle(loop);
    }
}

static void a_cancel_is_delivered_once(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *t = stage_go(loop, sleep_three_times, "");
    stage_settle(loop);
    co_cancel(t);
    stage_expect(""); /* not by the one who cancels */
    assert_int_equal(loop_active(loop), 0);
    stage_settle(loop);
    stage_expect("cancelled");
    finish(loop);
    stage_expect("ok ok");
    stage_close(loop);
}

static void cancels_that_have_not_struck_are_one(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *t = stage_go(loop, sleep_three_times, "");
    stage_settle(loop);
    co_cancel(t);
    co_cancel(t); /* it is ready, and the first is on its way */
    stage_settle(loop);
    stage_expect("cancelled");
    co_cancel(t); /* it waits again */
    stage_settle(loop);
    stage_expect("cancelled");
    finish(loop);
    stage_expect("ok");
    stage_close(loop);
}

static void a_task_that_has_not_run_can_be_cancelled(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *t = stage_go(loop, sleep_three_times, "");
    co_cancel(t);
    co_cancel(t);
    stage_settle(loop);
    stage_expect("cancelled");
    finish(loop);
    stage_expect("ok ok");
    stage_close(loop);
}

static int return_7(void *arg)
{
    (void)arg;
    return 7;
}

static void to_cancel_what_has_ended_is_harmless(struct loop *like)
{
    struct loop *loop = stage_open(like);
    int result = 0;
    struct co_task *t = co_spawn(loop, return_7, NULL);
    stage_settle(loop);
    co_cancel(t);
    stage_settle(loop);
    assert_int_equal(co_join(t, &result), 0);
    assert_int_equal(result, 7);
    stage_close(loop);
}

/* What does not suspend is not told of the cancel. */
static int cancel_myself(void *arg)
{
    struct loop_future *settled = arg;
    struct co_lock lock = {0};
    struct co_event event = {.is_set = true};
    co_cancel(co_current());
    stage_note("%s", stage_word(co_wait(settled, NULL)));
    stage_note("%s", stage_word(co_lock(&lock)));
    stage_note("%s", stage_word(co_event_wait(&event)));
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    stage_note("%s", stage_word(co_yield_turn()));
    return co_unlock(&lock);
}

static void a_cancel_strikes_only_where_a_task_would_suspend(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future settled;
    loop_future_init(loop, &settled);
    loop_future_set(&settled, NULL);
    co_go(loop, cancel_myself, &settled);
    stage_settle(loop);
    stage_expect("ok ok ok cancelled ok");
    stage_close(loop);
}

static int yield_twice(void *arg)
{
    (void)arg;
    stage_note("%s", stage_word(co_yield_turn()));
    stage_note("%s", stage_word(co_yield_turn()));
    return 0;
}

static int cancel_it(void *arg)
{
    co_cancel(arg);
    return 0;
}

/* It is ready all the time, so the cancel is for its next wait. */
static void a_task_that_yields_can_be_cancelled(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *t = stage_go(loop, yield_twice, "");
    co_go(loop, cancel_it, t);
    stage_settle(loop);
    stage_expect("ok cancelled");
    stage_close(loop);
}

/* What came first wins: the event was set, then the task was cancelled. */
static int wait_for_event(void *arg)
{
    stage_note("%s", stage_word(co_event_wait(arg)));
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    return 0;
}

static void what_was_granted_before_the_cancel_is_kept(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_event event = {0};
    struct co_task *t = co_spawn(loop, wait_for_event, &event);
    stage_settle(loop);
    co_event_set(&event);
    co_cancel(t);
    stage_settle(loop);
    stage_expect("ok cancelled");
    assert_int_equal(co_join(t, NULL), 0);

    event.is_set = false;
    t = co_spawn(loop, wait_for_event, &event);
    stage_settle(loop);
    co_cancel(t);
    co_event_set(&event);
    stage_settle(loop);
    finish(loop);
    stage_expect("cancelled ok");
    assert_int_equal(co_join(t, NULL), 0);
    stage_close(loop);
}

/* --- deadlines ----------------------------------------------------------- */

static int64_t in_s(double seconds)
{
    return loop_now(loop_current()) + (int64_t)(seconds * (double)LOOP_SECOND);
}

static void note_sleep(double seconds)
{
    stage_note("%s", stage_word(co_sleep_until(in_s(seconds))));
}

static void note_end(struct co_deadline *d)
{
    stage_note("%s", co_deadline_end(d) ? "struck" : "kept");
}

static int sleep_beyond_a_deadline(void *arg)
{
    (void)arg;
    struct co_deadline d;
    co_deadline_begin(&d, in_s(2));
    note_sleep(1);
    note_sleep(2);
    note_sleep(1); /* the deadline is a state: all of these fail */
    stage_note("%s", stage_word(co_yield_turn()));
    note_end(&d);
    note_sleep(1);
    return 0;
}

static void each_wait_after_a_deadline_fails_until_its_end(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, sleep_beyond_a_deadline, NULL);
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("late late late struck");
    finish(loop);
    stage_expect("ok");
    stage_close(loop);
}

/* What is there already comes also after a deadline. */
static int begin_too_late(void *arg)
{
    struct loop_future *settled = arg;
    struct co_deadline d;
    co_deadline_begin(&d, in_s(-1));
    stage_note("%s", stage_word(co_wait(settled, NULL)));
    note_sleep(1);
    note_end(&d);
    co_deadline_begin(&d, in_s(0));
    note_sleep(1);
    note_end(&d);
    co_deadline_begin(&d, INT64_MIN);
    note_sleep(1);
    note_end(&d);
    return 0;
}

static void a_deadline_in_the_past(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future settled;
    loop_future_init(loop, &settled);
    loop_future_set(&settled, NULL);
    co_go(loop, begin_too_late, &settled);
    stage_settle(loop);
    stage_expect("ok late struck late struck late struck");
    stage_close(loop);
}

static int keep_a_deadline(void *arg)
{
    (void)arg;
    struct co_deadline d;
    co_deadline_begin(&d, in_s(2));
    note_sleep(1);
    note_end(&d);
    co_deadline_begin(&d, LOOP_NEVER);
    note_sleep(9);
    note_end(&d);
    return 0;
}

static void a_deadline_that_was_kept_leaves_no_trace(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, keep_a_deadline, NULL);
    stage_settle(loop);
    assert_int_equal(loop_active(loop), 2);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    assert_int_equal(loop_active(loop), 1); /* the second sleep */
    stage_advance(loop, 9 * LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok kept ok kept");
    assert_int_equal(loop_active(loop), 0);
    stage_close(loop);
}

struct nest {
    double outer, inner;
};

static int nest_deadlines(void *arg)
{
    const struct nest *n = arg;
    struct co_deadline outer, inner;
    co_deadline_begin(&outer, in_s(n->outer));
    co_deadline_begin(&inner, in_s(n->inner));
    note_sleep(10);
    note_sleep(10); /* also late, whichever of the two it is that struck */
    note_end(&inner);
    note_sleep(1);
    note_end(&outer);
    return 0;
}

static void of_nested_deadlines_the_nearest_counts(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct nest inside = {.outer = 5, .inner = 1};
    struct nest outside = {.outer = 1, .inner = 5};
    struct nest both = {.outer = 1, .inner = 1};
    struct nest *nests[] = {&inside, &outside, &both};
    static const char *const expected[] = {
        "late late struck ok kept",
        "late late kept late struck",
        "late late struck late struck",
    };
    for (int i = 0; i < 3; i++) {
        co_go(loop, nest_deadlines, nests[i]);
        stage_settle(loop);
        finish(loop);
        stage_expect(expected[i]);
        assert_int_equal(loop_active(loop), 0);
    }
    stage_close(loop);
}

/* The two in one pass: what struck first is told, the other stays. */
static int sleep_with_deadline(void *arg)
{
    (void)arg;
    struct co_deadline d;
    co_deadline_begin(&d, in_s(1));
    note_sleep(5);
    note_sleep(5);
    note_end(&d);
    note_sleep(1);
    return 0;
}

static void a_cancel_and_a_deadline_are_both_told(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *t = stage_go(loop, sleep_with_deadline, "");
    stage_settle(loop);
    co_cancel(t);
    stage_advance(loop, LOOP_SECOND); /* runs it, then the timer */
    stage_settle(loop);
    stage_expect("cancelled late struck");
    finish(loop);
    stage_expect("ok");

    t = stage_go(loop, sleep_with_deadline, "");
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    co_cancel(t); /* it is ready by the deadline */
    stage_settle(loop);
    stage_expect("late cancelled struck");
    finish(loop);
    stage_expect("ok");
    stage_close(loop);
}

/* The deadline strikes when its task has what it waited for. */
static int wait_with_deadline(void *arg)
{
    struct co_deadline d;
    co_deadline_begin(&d, in_s(1));
    stage_note("%s", stage_word(co_event_wait(arg)));
    note_sleep(1);
    note_end(&d);
    return 0;
}

static void on_event(struct loop_timer *t)
{
    co_event_set(t->arg);
}

static void what_was_granted_before_the_deadline_is_kept(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_event event = {0};
    struct loop_timer timer = {0};
    /* Armed before the deadline's timer, so due before it in one pass. */
    loop_timer_start(loop, &timer, loop_now(loop) + LOOP_SECOND, on_event,
                     &event);
    co_go(loop, wait_with_deadline, &event);
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok late struck");
    stage_close(loop);
}

/* --- shields ------------------------------------------------------------- */

static int sleep_behind_shields(void *arg)
{
    (void)arg;
    co_shield_begin();
    co_shield_begin();
    note_sleep(1);
    co_shield_end();
    note_sleep(1);
    co_shield_end();
    note_sleep(1);
    note_sleep(1);
    return 0;
}

static void a_cancel_waits_for_the_last_shield_to_end(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *t = stage_go(loop, sleep_behind_shields, "");
    stage_settle(loop);
    co_cancel(t);
    co_cancel(t);
    stage_settle(loop);
    stage_expect("");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok cancelled");
    finish(loop);
    stage_expect("ok");
    stage_close(loop);
}

static int shield_from_a_deadline(void *arg)
{
    (void)arg;
    struct co_deadline before, within;
    co_deadline_begin(&before, in_s(1));
    co_shield_begin();
    note_sleep(2); /* `before` strikes meanwhile */
    note_sleep(1);
    co_deadline_begin(&within, in_s(1));
    note_sleep(5);
    note_end(&within);
    co_shield_end();
    note_sleep(1);
    note_end(&before);
    return 0;
}

static void a_shield_holds_back_only_deadlines_from_before(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, shield_from_a_deadline, NULL);
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("late struck late struck");
    stage_close(loop);
}

/* A deadline that began behind one shield does not reach behind a second. */
static int shield_twice(void *arg)
{
    (void)arg;
    struct co_deadline d;
    co_shield_begin();
    co_deadline_begin(&d, in_s(1));
    co_shield_begin();
    note_sleep(2);
    co_shield_end();
    note_sleep(1);
    note_end(&d);
    co_shield_end();
    note_sleep(1);
    return 0;
}

static void shields_and_deadlines_nest(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, shield_twice, NULL);
    stage_settle(loop);
    finish(loop);
    stage_expect("ok late struck ok");
    stage_close(loop);
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(sleepers_wake_by_their_deadlines),
        EACH(a_sleep_begins_when_it_is_called),
        EACH(to_sleep_no_time_is_to_yield),
        EACH(a_sleep_for_ever_never_wakes),
        EACH(a_cancel_is_delivered_once),
        EACH(cancels_that_have_not_struck_are_one),
        EACH(a_task_that_has_not_run_can_be_cancelled),
        EACH(to_cancel_what_has_ended_is_harmless),
        EACH(a_cancel_strikes_only_where_a_task_would_suspend),
        EACH(a_task_that_yields_can_be_cancelled),
        EACH(what_was_granted_before_the_cancel_is_kept),
        EACH(each_wait_after_a_deadline_fails_until_its_end),
        EACH(a_deadline_in_the_past),
        EACH(a_deadline_that_was_kept_leaves_no_trace),
        EACH(of_nested_deadlines_the_nearest_counts),
        EACH(a_cancel_and_a_deadline_are_both_told),
        EACH(what_was_granted_before_the_deadline_is_kept),
        EACH(a_cancel_waits_for_the_last_shield_to_end),
        EACH(a_shield_holds_back_only_deadlines_from_before),
        EACH(shields_and_deadlines_nest),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
