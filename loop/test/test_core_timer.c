/*
 * test_core_timer.c - timers and beats, on every back end. The order of random
 * timers against a naive loop is the business of test_core_model.c.
 */
#include "loop/core/periodic_internal.h"
#include "loop/test/each.h"

#include <errno.h>
#include <string.h>

/* --- a log of what was called, by letters --------------------------------- */

static char calls[64];

static void note(const char *letter)
{
    assert_true(strlen(calls) + strlen(letter) < sizeof calls);
    strcat(calls, letter);
}

static void on_timer(struct loop_timer *t)
{
    note(t->arg);
}

static void start_after(struct loop *loop, struct loop_timer *t, int64_t ms,
                        char *letter)
{
    loop_timer_start(loop, t, loop_now(loop) + ms * LOOP_MS, on_timer, letter);
}

static bool called(void *n)
{
    return strlen(calls) >= *(size_t *)n;
}

static void until_called(struct loop *loop, size_t n)
{
    each_until(loop, called, &n, "timers");
}

/* --- order --------------------------------------------------------------- */

static void due_timers_are_called_by_deadline(struct loop *loop)
{
    struct loop_timer a = {0}, b = {0}, c = {0};
    *calls = '\0';
    start_after(loop, &a, 3, "a");
    start_after(loop, &b, 1, "b");
    start_after(loop, &c, 2, "c");
    until_called(loop, 3);
    assert_string_equal(calls, "bca");
}

static void
timers_of_one_millisecond_are_called_in_order_of_start(struct loop *loop)
{
    struct loop_timer t[5] = {0};
    static char letters[5][2] = {"a", "b", "c", "d", "e"};
    *calls = '\0';
    const int64_t deadline_ns = loop_now(loop) + 2 * LOOP_MS;
    for (int i = 0; i < 5; i++)
        loop_timer_start(loop, &t[i], deadline_ns, on_timer, letters[i]);
    loop_timer_again(&t[1], deadline_ns); /* moved: to the end */
    until_called(loop, 5);
    assert_string_equal(calls, "acdeb");
}

static void a_deadline_that_has_passed_counts_as_now(struct loop *loop)
{
    struct loop_timer a = {0}, b = {0};
    *calls = '\0';
    loop_timer_start(loop, &a, loop_now(loop) - LOOP_SECOND, on_timer, "a");
    loop_timer_start(loop, &b, INT64_MIN, on_timer, "b");
    assert_int_equal(loop_run_once(loop, LOOP_NEVER), 2);
    assert_string_equal(calls, "ab");
}

static void an_absurd_deadline_never_comes(struct loop *loop)
{
    struct loop_timer a = {0}, b = {0};
    *calls = '\0';
    loop_timer_start(loop, &a, LOOP_NEVER, on_timer, "a");
    loop_timer_start(loop, &b, LOOP_NEVER - 1, on_timer, "b");
    for (int i = 0; i < 3; i++)
        assert_int_equal(loop_run_once(loop, 0), 0);
    assert_true(loop_timer_active(&a));
    loop_timer_stop(&a);
    loop_timer_stop(&b);
}

static void no_timer_is_early(struct loop *loop)
{
    struct loop_timer t = {0};
    *calls = '\0';
    const int64_t deadline_ns = loop_now(loop) + 1234567;
    loop_timer_start(loop, &t, deadline_ns, on_timer, "x");
    while (*calls == '\0') {
        loop_run_once(loop, LOOP_NEVER);
        if (*calls != '\0')
            assert_true(loop_now(loop) >= deadline_ns);
    }
}

/* --- stopping ------------------------------------------------------------ */

static struct loop_timer victim;

static void stop_victim(struct loop_timer *t)
{
    note(t->arg);
    loop_timer_stop(&victim);
}

/* FEATURES: a timer cancelled by an earlier one of its pass is not called. */
static void a_timer_stopped_by_an_earlier_one_is_not_called(struct loop *loop)
{
    struct loop_timer first = {0};
    *calls = '\0';
    const int64_t deadline_ns = loop_now(loop) - LOOP_MS;
    loop_timer_start(loop, &first, deadline_ns, stop_victim, "a");
    loop_timer_start(loop, &victim, deadline_ns, on_timer, "v");
    assert_int_equal(loop_run_once(loop, 0), 1);
    assert_string_equal(calls, "a");
    assert_false(loop_timer_active(&victim));
}

static void stopping_after_the_call_is_harmless(struct loop *loop)
{
    struct loop_timer t = {0};
    *calls = '\0';
    loop_timer_start(loop, &t, 0, on_timer, "a");
    loop_run_once(loop, 0);
    loop_timer_stop(&t);
    loop_timer_stop(&t);
    assert_string_equal(calls, "a");
    assert_int_equal(loop_active(loop), 0);
}

static void restart(struct loop_timer *t)
{
    note(t->arg);
    loop_timer_again(t, 0);
}

/* One that is always due must not keep the loop from its other work. */
static void
a_timer_that_starts_itself_waits_for_the_next_pass(struct loop *loop)
{
    struct loop_timer t = {0};
    *calls = '\0';
    loop_timer_start(loop, &t, 0, restart, "a");
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(loop_run_once(loop, LOOP_NEVER), 1);
        assert_int_equal(strlen(calls), i);
    }
    loop_timer_stop(&t);
}

static void two_thousand_starts_and_stops_leave_nothing(struct loop *loop)
{
    struct loop_timer t = {0};
    for (int i = 0; i < 2000; i++) {
        start_after(loop, &t, 1000 + i, "x");
        loop_timer_stop(&t);
    }
    assert_int_equal(loop_active(loop), 0);
}

static void a_timer_is_no_larger_than_a_cache_line(struct loop *loop)
{
    (void)loop;
    assert_true(sizeof(struct loop_timer) <= 64);
    assert_true(sizeof(struct loop_watcher) <= 64);
}

/* --- beats ---------------------------------------------------------------- */

/* TestPeriodicCallbackMath: seconds at which the beats come. */
static void expect_beats(const double *durations, const double *beats, int n)
{
    int64_t beat_ns = 1000 * LOOP_SECOND, now_ns = beat_ns;
    for (int i = 0; i < n; i++) {
        beat_ns = periodic_next(beat_ns, now_ns, 10 * LOOP_SECOND, 0, 0);
        assert_true(beat_ns == (int64_t)(beats[i] * 1e9));
        now_ns = beat_ns + (int64_t)(durations[i] * 1e9);
    }
}

static void missed_beats_are_skipped(struct loop *loop)
{
    (void)loop;
    const double durations[] = {9, 9, 10, 11, 20, 20, 35, 35, 0, 0, 0};
    const double beats[] = {1010, 1020, 1030, 1050, 1070, 1100,
                            1130, 1170, 1210, 1220, 1230};
    expect_beats(durations, beats, 11);
}

static void a_clock_that_runs_backwards_keeps_the_beat(struct loop *loop)
{
    (void)loop;
    const int64_t s = LOOP_SECOND;
    assert_true(periodic_next(1010 * s, 900 * s, 10 * s, 0, 0) == 1020 * s);
    assert_true(periodic_next(1020 * s, 1020 * s, 10 * s, 0, 0) == 1030 * s);
}

static void jitter_varies_each_period(struct loop *loop)
{
    (void)loop;
    const double random[] = {0.5, 1, 0, 0.75};
    const double beats[] = {1010, 1022.5, 1030, 1041.25};
    int64_t beat_ns = 1000 * LOOP_SECOND;
    for (int i = 0; i < 4; i++) {
        beat_ns =
            periodic_next(beat_ns, beat_ns, 10 * LOOP_SECOND, 0.5, random[i]);
        assert_true(beat_ns == (int64_t)(beats[i] * 1e9));
    }
}

static void on_beat(struct loop_periodic *p)
{
    note(p->arg);
    if (strlen(calls) == 3)
        loop_periodic_stop(p);
}

static void a_beat_goes_on_until_it_is_stopped(struct loop *loop)
{
    struct loop_periodic p = {0};
    *calls = '\0';
    assert_int_equal(loop_periodic_start(loop, &p, LOOP_MS, 0, on_beat, "b"),
                     0);
    assert_true(loop_periodic_active(&p));
    until_called(loop, 3);
    assert_false(loop_periodic_active(&p));
    assert_int_equal(loop_active(loop), 0);
}

static void hold_beat(struct loop_periodic *p)
{
    note(p->arg);
    loop_periodic_hold(p);
}

static void a_held_beat_never_overlaps(struct loop *loop)
{
    struct loop_periodic p = {0};
    struct loop_timer later = {0};
    *calls = '\0';
    loop_periodic_start(loop, &p, LOOP_MS, 0, hold_beat, "b");
    start_after(loop, &later, 20, "t"); /* 20 periods */
    until_called(loop, 2);
    assert_string_equal(calls, "bt");
    loop_periodic_release(&p);
    until_called(loop, 3);
    assert_string_equal(calls, "btb");
    loop_periodic_stop(&p);
}

/* Holding for a while costs no beat but those that came meanwhile. */
static void a_beat_released_in_time_is_not_missed(struct loop *loop)
{
    struct loop_periodic p = {0};
    loop_periodic_start(loop, &p, LOOP_SECOND, 0, on_beat, "");
    const int64_t first_ns = p.next_ns;
    loop_periodic_hold(&p);
    loop_periodic_release(&p);
    assert_true(p.next_ns == first_ns);
    assert_true(loop_timer_active(&p.timer));
    loop_periodic_stop(&p);
}

/* Also one that is held, and so in no wheel. */
static void beats_end_with_their_loop(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct loop_periodic p = {0}, held = {0};
    loop_periodic_start(other, &p, LOOP_SECOND, 0, on_beat, "");
    loop_periodic_start(other, &held, LOOP_SECOND, 0, on_beat, "");
    loop_periodic_hold(&held);
    loop_free(other);
    assert_false(loop_periodic_active(&p));
    assert_false(loop_periodic_active(&held));
    loop_periodic_release(&held);
    loop_periodic_stop(&held);
    loop_periodic_stop(&p);
}

static void nonsense_for_a_beat_is_refused(struct loop *loop)
{
    struct loop_periodic p = {0};
    assert_int_equal(loop_periodic_start(loop, &p, 0, 0, on_beat, ""), -EINVAL);
    assert_int_equal(loop_periodic_start(loop, &p, LOOP_SECOND, 2, on_beat, ""),
                     -EINVAL);
    assert_int_equal(loop_periodic_start(loop, &p, LOOP_NEVER, 0, on_beat, ""),
                     -EINVAL);
    assert_int_equal(loop_active(loop), 0);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(due_timers_are_called_by_deadline),
        EACH(timers_of_one_millisecond_are_called_in_order_of_start),
        EACH(a_deadline_that_has_passed_counts_as_now),
        EACH(an_absurd_deadline_never_comes),
        EACH(no_timer_is_early),
        EACH(a_timer_stopped_by_an_earlier_one_is_not_called),
        EACH(stopping_after_the_call_is_harmless),
        EACH(a_timer_that_starts_itself_waits_for_the_next_pass),
        EACH(two_thousand_starts_and_stops_leave_nothing),
        EACH(a_timer_is_no_larger_than_a_cache_line),
        EACH(missed_beats_are_skipped),
        EACH(a_clock_that_runs_backwards_keeps_the_beat),
        EACH(jitter_varies_each_period),
        EACH(a_beat_goes_on_until_it_is_stopped),
        EACH(a_held_beat_never_overlaps),
        EACH(a_beat_released_in_time_is_not_missed),
        EACH(beats_end_with_their_loop),
        EACH(nonsense_for_a_beat_is_refused),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
