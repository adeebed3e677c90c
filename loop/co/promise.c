/*
 * promise.c - a task whose end settles a future: start now, wait later.
 *
 * co_join is for one who waits; a future has any number of them, and can be
 * handed to code that knows nothing of tasks.
 *
 *     task     fn returns --> cleanups --> settles the future
 *     future   is settled by somebody else --> co_cancel(task)
 *
 * Either may be over first. A future that somebody else has settled, as one
 * does who cancels it, is not looked at again: it may go at once, although the
 * task still cleans up. If that fails it is logged, as nobody is left to tell.
 *
 * Read before: task.c, await.c. Read after: work.c.
 */
#include "loop/co/co_internal.h"

#include <errno.h>
#include <stdlib.h>

struct promise {
    struct loop_waiter waiter; /* in the future's list as long as it pends */
    struct co_task *task;
    struct co_cleanup cleanup; /* the task's last */
    co_fn *fn;
    void *arg;
};

static void on_settled(struct loop_waiter *w)
{
    const struct promise *p = w->arg;
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
    const bool pending = !base_list_empty(&p->waiter.link);
    loop_future_forget(&p->waiter);
    if (pending) {
        settle(p->waiter.future, t->result, p->arg);
        t->result = 0; /* it has been told */
    }
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
    p->fn = fn;
    p->arg = arg;
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
