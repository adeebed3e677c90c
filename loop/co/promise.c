/*
 * promise.c - a task whose end settles a future: start now, wait later.
 *
 * co_join is for one who waits; a future has any number of them, and can be
 * handed to code that knows nothing of tasks.
 *
 *     task     fn returns --> cleanups --> settles the future
 *     future   is cancelled ------------> co_cancel(task)
 *
 * Either may be over first. Once the future is settled, by whomever, the task
 * knows it no more: the future may go although the task still cleans up, and if
 * that fails it is logged, as there is nobody left to tell.
 *
 * Read before: task.c, await.c. Read after: work.c.
 */
#include "loop/co/co_internal.h"

#include <errno.h>
#include <stdlib.h>

struct promise {
    struct loop_future *future; /* NULL: it is settled */
    struct loop_waiter waiter;
    struct co_task *task;
    struct co_cleanup cleanup; /* the task's last */
    co_fn *fn;
    void *arg;
};

static void on_settled(struct loop_waiter *w)
{
    struct promise *p = w->arg;
    p->future = NULL;
    if (w->future->state == LOOP_CANCELLED)
        co_cancel(p->task);
}

static void settle(struct loop_future *f, int result, void *value)
{
    if (result >= 0)
        loop_future_set(f, value);
    else if (result == -ECANCELED)
        loop_future_cancel(f);
    else
        loop_future_fail(f, result);
}

static void promise_end(void *arg)
{
    struct promise *p = arg;
    struct co_task *t = p->task;
    if (p->future != NULL && p->future->state == LOOP_PENDING) {
        settle(p->future, t->result, p->arg);
        t->result = 0; /* it has been told */
    }
    loop_future_forget(&p->waiter);
    free(p);
}

static int promise_main(void *arg)
{
    struct promise *p = arg;
    co_defer(&p->cleanup, promise_end, p);
    return p->fn(p->arg);
}

int co_promise_named(struct loop *loop, struct loop_future *f, co_fn *fn,
                     void *arg, const char *place)
{
    struct promise *p = base_alloc(sizeof *p);
    *p = (struct promise){.future = f, .fn = fn, .arg = arg};
    loop_future_init(loop, f);
    p->task = co_spawn_named(loop, promise_main, p, place);
    if (p->task == NULL) {
        free(p);
        return -ENOMEM;
    }
    co_detach(p->task);
    loop_future_then_named(f, &p->waiter, on_settled, p, place);
    return 0;
}
