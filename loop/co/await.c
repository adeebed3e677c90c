/*
 * await.c - waiting for a future: where callbacks end and tasks begin.
 *
 * Whatever ends in a callback can settle a future, and whatever settles a
 * future can be waited for. So this one function is the bridge between the two
 * ways of writing:
 *
 *     callback   loop_future_set --> deferred call --> task_wake
 *     task       co_wait --> settled? --yes--> its value, at once
 *                               `--no--> parks ........ woken: its value
 *
 * The outcome is copied in the call, not by the task when it runs: between the
 * two the future's owner may free it. If a cancel or a deadline strikes between
 * set and call, the future was first, and its outcome is returned.
 *
 * Read before: wait.c, core/future.c. Read after: gather.c, promise.c.
 * Rests on: await of Python and its Future, whose rules it keeps.
 */
#include "loop/co/co_internal.h"

#include <errno.h>

/* On the stack of the task that waits. */
struct await {
    struct loop_waiter waiter;
    struct co_task *task;
    void *value;
};

int future_check(const struct loop_future *f)
{
    if (co_running == NULL)
        return -EPERM;
    const struct loop *loop = co_running->scheduler->loop;
    return f != NULL && f->loop == loop ? 0 : -EINVAL;
}

static void on_settled(struct loop_waiter *w)
{
    struct await *a = w->arg;
    a->value = w->future->value;
    task_wake(a->task, w->future->error);
}

static void await_interrupt(struct co_task *t, int error)
{
    struct await *a = t->wait;
    loop_future_forget(&a->waiter);
    if (a->waiter.future->state == LOOP_PENDING) {
        task_wake(t, error);
    } else {
        task_too_late(t, error);
        on_settled(&a->waiter);
    }
}

static const struct wait_kind for_future = {"future", await_interrupt, NULL};

static int wait_until_settled(struct loop_future *f, void **value)
{
    struct await a = {.task = co_running};
    int error = task_check(a.task);
    if (error != 0)
        return error;
    loop_future_then_named(f, &a.waiter, on_settled, &a, "co_wait");
    error = task_park(a.task, &for_future, &a);
    if (error == 0 && value != NULL)
        *value = a.value;
    return error;
}

int co_wait(struct loop_future *f, void **value)
{
    const int error = future_check(f);
    if (error != 0)
        return error;
    if (f->state == LOOP_PENDING)
        return wait_until_settled(f, value);
    if (f->error == 0 && value != NULL)
        *value = f->value;
    return f->error;
}
