/*
 * gather.c - waiting for many futures: in the order in which they are settled,
 * for the first, for all.
 *
 * One mechanism does for the three. Each future gets a waiter, and a waiter
 * that is called goes to the end of the list of the settled; the task takes
 * from its front, and sleeps while it is empty:
 *
 *     futures    [0]   [1]   [2]   [3]
 *     waiters    [0]   [1]   [2]   [3]     settled: 2 -> 0
 *                                                   ^ co_each_next
 *
 * A waiter is in its future's list or in this one, so the two share its link.
 * Nothing is searched: n futures take n steps, however they come. co_wait_all
 * needs no results either: the values stand in the futures, in their order.
 *
 * A future that is settled between two calls is heard of when its waiter is
 * called, in the next pass; so co_each_next may suspend for it.
 *
 * Read before: await.c. Read after: promise.c.
 * Rests on: multi and WaitIterator of tornado.gen, whose rules it keeps.
 */
#include "loop/co/co_internal.h"

#include <errno.h>
#include <stdlib.h>

enum { FEW = 8 }; /* futures whose waiters find room on the stack */

/* --- in the order in which they are settled ------------------------------ */

static void add(struct co_each *each, struct loop_waiter *w)
{
    base_list_append(&each->settled, &w->link);
}

static void on_settled(struct loop_waiter *w)
{
    struct co_each *each = w->arg;
    struct co_task *t = each->sleeper;
    add(each, w);
    if (t != NULL && t->state == TASK_PARKED)
        task_wake(t, 0);
}

/* `waiters` are n, all zero. */
static void begin(struct co_each *each, struct loop_future *const futures[],
                  int n, struct loop_waiter *waiters)
{
    *each = (struct co_each){.futures = futures, .waiters = waiters, .n = n};
    base_list_init(&each->settled);
    for (int i = 0; i < n; i++)
        if (futures[i]->state != LOOP_PENDING)
            add(each, &waiters[i]);
        else
            loop_future_then_named(futures[i], &waiters[i], on_settled, each,
                                   "co_each");
}

static void end(struct co_each *each)
{
    for (int i = 0; i < each->n; i++)
        loop_future_forget(&each->waiters[i]);
}

static int check(struct loop_future *const futures[], int n)
{
    if (co_running == NULL)
        return -EPERM;
    int error = n < 0 ? -EINVAL : 0;
    for (int i = 0; i < n && error == 0; i++)
        error = future_check(futures[i]);
    return error;
}

int co_each_begin(struct co_each *each, struct loop_future *const futures[],
                  int n)
{
    *each = (struct co_each){0};
    const int error = check(futures, n);
    if (error != 0)
        return error;
    begin(each, futures, n, base_alloc_array((size_t)n, sizeof *each->waiters));
    return 0;
}

void co_each_end(struct co_each *each)
{
    end(each);
    free(each->waiters);
    *each = (struct co_each){0};
}

/* Those that are settled, and whose call is on its way. */
static void add_early(struct co_each *each)
{
    for (int i = 0; i < each->n; i++) {
        struct loop_waiter *w = &each->waiters[i];
        if (w->call.loop == NULL)
            continue;
        loop_defer_cancel(&w->call);
        add(each, w);
    }
}

static void each_interrupt(struct co_task *t, int error)
{
    struct co_each *each = t->wait;
    add_early(each);
    if (!base_list_empty(&each->settled))
        error = task_too_late(t, error);
    task_wake(t, error);
}

static void each_describe(const struct co_task *t, struct base_buf *out)
{
    const struct co_each *each = t->wait;
    base_buf_printf(out, ", %d of %d left", each->n - each->taken, each->n);
}

static const struct wait_kind for_futures = {"futures", each_interrupt,
                                             each_describe};

static int sleep_until_settled(struct co_each *each)
{
    struct co_task *t = co_running;
    int error = task_check(t);
    if (error != 0)
        return error;
    each->sleeper = t; /* until it runs: what is settled is its own */
    error = task_park(t, &for_futures, each);
    each->sleeper = NULL;
    return error;
}

int co_each_next(struct co_each *each)
{
    if (co_running == NULL)
        return -EPERM;
    if (each->sleeper != NULL)
        return -EBUSY;
    if (each->taken == each->n)
        return -ENOENT;
    if (base_list_empty(&each->settled)) {
        const int error = sleep_until_settled(each);
        if (error != 0)
            return error;
    }
    each->taken++;
    return (int)(base_container(base_list_take(&each->settled),
                                struct loop_waiter, link) -
                 each->waiters);
}

/* --- for all, for the first ---------------------------------------------- */

static void log_other(int i, int error)
{
    if (error != -ECANCELED)
        base_log_error("co_wait_all in the task %s: future %d failed as well: "
                       "%s",
                       co_name(co_running), i, strerror(-error));
}

/* Takes those that are there; with `fast` only until one has failed. */
static int take_all(struct co_each *each, bool fast, bool quiet)
{
    struct loop_future *const *futures = each->futures;
    struct loop_future *failed = NULL;
    for (;;) {
        if (fast && failed != NULL && base_list_empty(&each->settled))
            return failed->error;
        const int i = co_each_next(each);
        if (i == -ENOENT)
            return failed != NULL ? failed->error : 0;
        if (i < 0)
            return i;
        if (futures[i]->error == 0 || futures[i] == failed)
            continue;
        if (failed == NULL)
            failed = futures[i];
        else if (!quiet)
            log_other(i, futures[i]->error);
    }
}

/* What is settled is not touched: after a success that is all. */
static void cancel_all(struct loop_future *const futures[], int n)
{
    for (int i = 0; i < n; i++)
        loop_future_cancel(futures[i]);
}

static struct loop_waiter *waiters_for(int n, struct loop_waiter few[FEW])
{
    if (n > FEW)
        return base_alloc_array((size_t)n, sizeof *few);
    memset(few, 0, FEW * sizeof *few);
    return few;
}

int co_wait_all(struct loop_future *const futures[], int n, unsigned flags)
{
    int error = check(futures, n);
    if (error != 0)
        return error;
    struct loop_waiter few[FEW];
    struct loop_waiter *waiters = waiters_for(n, few);
    struct co_each each;
    begin(&each, futures, n, waiters);
    error = take_all(&each, flags & (CO_FAIL_FAST | CO_CANCEL_REST),
                     flags & CO_QUIET);
    end(&each);
    if (waiters != few)
        free(waiters);
    if (flags & CO_CANCEL_REST)
        cancel_all(futures, n);
    return error;
}

int co_wait_any(struct loop_future *const futures[], int n)
{
    const int error = n > 0 ? check(futures, n) : -EINVAL;
    if (error != 0)
        return error;
    struct loop_waiter few[FEW];
    struct loop_waiter *waiters = waiters_for(n, few);
    struct co_each each;
    begin(&each, futures, n, waiters);
    const int i = co_each_next(&each);
    end(&each);
    if (waiters != few)
        free(waiters);
    return i;
}
