/*
 * wait.c - parking and waking, and the two ways to end a wait early: cancelling
 * and deadlines.
 *
 * Both are the same from a wait's point of view: `interrupt` with an error.
 * They differ in what stays behind. A cancel is an event: it is delivered once,
 * and the waits that follow, in the task's own cleaning up, are as ever. A
 * deadline that has passed is a state: each wait between its begin and end
 * fails.
 *
 * A shield holds both back: cancels wait for the shield's end, and a deadline
 * does not count while there are more shields than when it began.
 *
 * Read before: scheduler.c. Read after: io.c.
 * Rests on: structured concurrency as in Trio (cancel scopes, shields), and
 * asyncio, where a cancel is delivered once.
 */
#include "loop/co/co_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* --- parking and waking -------------------------------------------------- */

static bool timed_out(const struct co_task *t)
{
    for (const struct co_deadline *d = t->deadlines; d != NULL; d = d->outer)
        if (d->expired && d->shields >= t->shields)
            return true;
    return false;
}

/* The loop is freed, and the task waits again and again: it would never end. */
static int refuse(struct co_task *t)
{
    enum { PATIENCE = 100000 };
    if (t->refused++ == PATIENCE) {
        base_log_error("the task %s does not end: it must return when a wait "
                       "returns -ECANCELED",
                       t->place);
        abort();
    }
    return -ECANCELED;
}

int task_check_closely(struct co_task *t)
{
    if (t->scheduler->closing)
        return refuse(t);
    if (t->cancelled && t->shields == 0) {
        t->cancelled = false;
        return -ECANCELED;
    }
    return t->deadlines != NULL && timed_out(t) ? -ETIMEDOUT : 0;
}

int task_park(struct co_task *t, const struct wait_kind *kind, void *wait)
{
    struct co_scheduler *s = t->scheduler;
    if (s->coarse_ns == 0)
        s->coarse_ns = scheduler_coarse_ns();
    t->waits = kind;
    t->wait = wait;
    t->since_ns = s->coarse_ns;
    t->state = TASK_PARKED;
    return scheduler_leave(t);
}

void task_wake(struct co_task *t, int result)
{
    assert(t->state == TASK_PARKED);
    t->wake = result;
    scheduler_add(t->scheduler, t);
}

/* --- lists --------------------------------------------------------------- */

int waiters_wait(struct co_waiters *w, struct waiter *waiter,
                 const struct wait_kind *kind, void *object, void *slot)
{
    struct co_task *t = co_running;
    *waiter = (struct waiter){.task = t, .object = object, .slot = slot};
    if (kind->interrupt != NULL) {
        const int error = task_check(t);
        if (error != 0)
            return error;
    }
    waiters_append(w, waiter);
    return task_park(t, kind, waiter);
}

void waiter_wake(struct waiter *waiter, int result)
{
    base_list_remove(&waiter->link);
    task_wake(waiter->task, result);
}

void waiters_wake_all(struct co_waiters *w)
{
    struct waiter *first;
    while ((first = waiters_first(w)) != NULL)
        waiter_wake(first, 0);
}

void waiter_interrupt(struct co_task *t, int error)
{
    waiter_wake(t->wait, error);
}

/* --- interrupting -------------------------------------------------------- */

static bool can_end_early(const struct co_task *t)
{
    return t->state == TASK_PARKED && t->waits->interrupt != NULL;
}

void task_interrupt(struct co_task *t, int error)
{
    if (can_end_early(t))
        t->waits->interrupt(t, error);
}

int task_too_late(struct co_task *t, int error)
{
    if (error == -ECANCELED)
        t->cancelled = true;
    return 0;
}

/*
 * Cancels that have not struck yet are one, also if it is on its way. (One in a
 * life would be too few: who took the first for an excuse could not be ended.)
 */
void co_cancel(struct co_task *t)
{
    const bool on_its_way = t->state == TASK_READY && t->wake == -ECANCELED;
    if (on_its_way)
        return;
    if (t->shields == 0 && can_end_early(t))
        t->waits->interrupt(t, -ECANCELED);
    else
        t->cancelled = true;
}

void co_shield_begin(void)
{
    if (co_running != NULL)
        co_running->shields++;
}

void co_shield_end(void)
{
    if (co_running == NULL)
        return;
    assert(co_running->shields > 0);
    co_running->shields--;
}

/* --- deadlines ----------------------------------------------------------- */

static void on_deadline(struct loop_timer *timer)
{
    struct co_deadline *d = timer->arg;
    d->expired = true;
    if (d->shields >= d->task->shields)
        task_interrupt(d->task, -ETIMEDOUT);
}

void co_deadline_begin(struct co_deadline *d, int64_t deadline_ns)
{
    struct co_task *t = co_running;
    *d = (struct co_deadline){.task = t};
    if (t == NULL)
        return;
    struct loop *loop = t->scheduler->loop;
    d->shields = t->shields;
    d->outer = t->deadlines;
    t->deadlines = d;
    if (deadline_ns <= loop_now(loop))
        d->expired = true;
    else if (deadline_ns != LOOP_NEVER)
        loop_timer_start_named(loop, &d->timer, deadline_ns, on_deadline, d,
                               "co_deadline");
}

bool co_deadline_end(struct co_deadline *d)
{
    if (d->task == NULL)
        return d->expired;
    assert(d->task->deadlines == d);
    loop_timer_stop(&d->timer);
    d->task->deadlines = d->outer;
    d->task = NULL;
    return d->expired;
}

/* --- waiting for time, and for the others -------------------------------- */

struct sleep {
    struct loop_timer timer;
    struct co_task *task;
};

static void sleep_interrupt(struct co_task *t, int error)
{
    struct sleep *s = t->wait;
    loop_timer_stop(&s->timer);
    task_wake(t, error);
}

static const struct wait_kind sleeps = {"sleep", sleep_interrupt, NULL};

static void on_awake(struct loop_timer *timer)
{
    struct sleep *s = timer->arg;
    task_wake(s->task, 0);
}

int co_sleep_until(int64_t deadline_ns)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    struct loop *loop = t->scheduler->loop;
    if (deadline_ns <= loop_now(loop))
        return co_yield_turn();
    const int error = task_check(t);
    if (error != 0)
        return error;
    struct sleep sleep = {.task = t};
    if (deadline_ns != LOOP_NEVER)
        loop_timer_start_named(loop, &sleep.timer, deadline_ns, on_awake,
                               &sleep, "co_sleep");
    return task_park(t, &sleeps, &sleep);
}

int co_sleep(int64_t duration_ns)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    const int64_t now_ns = core_clock(t->scheduler->loop);
    if (duration_ns > LOOP_NEVER - now_ns)
        return co_sleep_until(LOOP_NEVER);
    return co_sleep_until(now_ns + duration_ns);
}

int co_yield_turn(void)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    const int error = task_check(t);
    if (error != 0)
        return error;
    t->wake = 0;
    scheduler_add(t->scheduler, t);
    return scheduler_leave(t);
}
