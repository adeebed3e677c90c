/*
 * timer.c - timers, on the wheel of the floor below.
 *
 * A tick of the wheel is a millisecond. Deadlines round up to it, the present
 * rounds down, so no timer is early. Due timers are moved to a list and called
 * from there: one that a callback starts goes to the wheel and comes in a later
 * pass, one that a callback stops leaves the list and is not called.
 *
 * Read before: base/wheel_internal.h. Read after: periodic.c.
 * Rests on: clock_gettime(2), CLOCK_MONOTONIC: jumps of the wall clock do not
 * matter, and a fake clock that runs backwards only delays.
 */
#include "loop/core/core_internal.h"

static uint64_t tick_of(int64_t deadline_ns)
{
    return deadline_ns <= 0
               ? 0
               : ((uint64_t)deadline_ns + LOOP_MS - 1) / (uint64_t)LOOP_MS;
}

void loop_timer_start_named(struct loop *loop, struct loop_timer *t,
                            int64_t deadline_ns, loop_timer_fn *fn, void *arg,
                            const char *place)
{
    t->fn = fn;
    t->arg = arg;
    t->place = place;
    t->loop = loop;
    loop_timer_again(t, deadline_ns);
}

void loop_timer_again(struct loop_timer *t, int64_t deadline_ns)
{
    struct base_wheel *wheel = &t->loop->wheel;
    if (t->loop->closing)
        return;
    if (base_wheel_holds(&t->entry))
        base_wheel_remove(wheel, &t->entry);
    base_wheel_add(wheel, &t->entry, tick_of(deadline_ns));
}

void loop_timer_stop(struct loop_timer *t)
{
    if (base_wheel_holds(&t->entry))
        base_wheel_remove(&t->loop->wheel, &t->entry);
}

bool loop_timer_active(const struct loop_timer *t)
{
    return base_wheel_holds(&t->entry);
}

static void call(struct loop *loop, struct loop_timer *t, int64_t now_ns)
{
    const int64_t lag_ns = now_ns - (int64_t)t->entry.tick * LOOP_MS;
    const uint64_t lag_us = lag_ns > 0 ? (uint64_t)lag_ns / 1000 : 0;
    loop->stats.timer_lag_us[stats_bucket(lag_us)]++;
    loop->stats.timers++;
    callback_begin(loop, CALL_TIMER, t->place);
    t->fn(t);
    callback_end(loop, CALL_TIMER);
}

void timers_run(struct loop *loop)
{
    const int64_t now_ns = loop_now(loop);
    struct base_list due;
    base_list_init(&due);
    base_wheel_advance(&loop->wheel, (uint64_t)(now_ns / LOOP_MS), &due);
    struct base_wheel_entry *e;
    while ((e = base_wheel_take(&loop->wheel, &due)) != NULL)
        call(loop, base_container(e, struct loop_timer, entry), now_ns);
}

void timers_close(struct loop *loop)
{
    struct base_list all;
    base_list_init(&all);
    base_wheel_advance(&loop->wheel, WHEEL_MAX, &all);
    while (base_wheel_take(&loop->wheel, &all) != NULL)
        ;
}
