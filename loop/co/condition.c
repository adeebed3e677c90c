/*
 * condition.c - conditions and events: waiting until something was said, or is
 * true.
 *
 * A condition has no memory: a notify reaches those who wait at that moment and
 * is lost if there are none. So one waits in a loop, and looks at what it is
 * about each time:
 *
 *     while (work == NULL)
 *         co_condition_wait(&there_is_work, NULL);
 *
 * An event remembers: once set, nobody waits for it until it is cleared.
 *
 * Those who are notified are woken in the order in which they came, and are off
 * the list at once: a notify from one of them reaches others.
 *
 * Read before: lock.c. Read after: queue.c.
 * Rests on: tornado.locks, whose rules it keeps; pthread_cond_wait(3).
 */
#include "loop/co/co_internal.h"

#include <errno.h>

static const struct wait_kind for_condition = {"condition", waiter_interrupt,
                                               NULL};
static const struct wait_kind for_event = {"event", waiter_interrupt, NULL};

/* The lock is taken again whatever happened: by a task that is cancelled, and
 * also while the loop is freed, when every other wait is refused. */
int co_condition_wait(struct co_condition *c, struct co_lock *lock)
{
    if (co_running == NULL)
        return -EPERM;
    if (lock != NULL && co_unlock(lock) != 0)
        return -EPERM;
    struct waiter w;
    const int error = waiters_wait(&c->waiters, &w, &for_condition, c, NULL);
    if (lock != NULL)
        lock_again(lock);
    return error;
}

void co_condition_notify(struct co_condition *c, int n)
{
    struct waiter *w;
    while (n-- > 0 && (w = waiters_first(&c->waiters)) != NULL)
        waiter_wake(w, 0);
}

void co_condition_notify_all(struct co_condition *c)
{
    waiters_wake_all(&c->waiters);
}

int co_event_wait(struct co_event *e)
{
    if (co_running == NULL)
        return -EPERM;
    if (e->is_set)
        return 0;
    struct waiter w;
    return waiters_wait(&e->waiters, &w, &for_event, e, NULL);
}

void co_event_set(struct co_event *e)
{
    e->is_set = true;
    waiters_wake_all(&e->waiters);
}

void co_event_clear(struct co_event *e)
{
    e->is_set = false;
}
