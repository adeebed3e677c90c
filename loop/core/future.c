/*
 * future.c - a result that somebody will set, and those who wait for it.
 *
 * A callback ties who does the work to who wants its result. A future stands
 * between them: the one side sets it, at any time, the other waits for it,
 * before or after, and neither knows the other.
 *
 *                     set --> done
 *     pending --+--- fail --> failed      and there it stays: the first wins
 *               `- cancel --> cancelled
 *
 * Nobody is called from inside set: waiters become deferred calls (call.c) and
 * come in the next pass, also where the future is settled already. So the code
 * after loop_future_set runs before its waiters, always, and a chain of futures
 * that settle each other does not grow the stack.
 *
 * A thread must not touch a future. It posts to the loop, whose thread sets it:
 * loop_future_deliver; and loop_future_run does that for a job.
 *
 * Read before: call.c, pool.c. Read after: ../co.h, where a task waits instead.
 * Rests on: tornado.concurrent and concurrent.futures of Python, whose rules it
 * keeps.
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>

void loop_future_init(struct loop *loop, struct loop_future *f)
{
    *f = (struct loop_future){.state = LOOP_PENDING, .loop = loop};
    base_list_init(&f->waiters);
}

/* --- waiting ------------------------------------------------------------- */

static void on_settled(struct loop_call *c)
{
    struct loop_waiter *w = c->arg;
    w->fn(w);
}

/* call.place has been the waiter's since loop_future_then. */
static void call_later(struct loop_future *f, struct loop_waiter *w)
{
    loop_defer_named(f->loop, &w->call, on_settled, w, w->call.place);
}

void loop_future_then_named(struct loop_future *f, struct loop_waiter *w,
                            loop_waiter_fn *fn, void *arg, const char *place)
{
    assert(w->link.next == NULL || base_list_empty(&w->link));
    assert(w->call.loop == NULL);
    *w = (struct loop_waiter){
        .call.place = place, .future = f, .fn = fn, .arg = arg};
    base_list_init(&w->link);
    if (f->state == LOOP_PENDING)
        base_list_append(&f->waiters, &w->link);
    else
        call_later(f, w);
}

void loop_future_forget(struct loop_waiter *w)
{
    if (w->future == NULL)
        return;
    base_list_remove(&w->link);
    loop_defer_cancel(&w->call);
}

/* --- settling ------------------------------------------------------------ */

static bool settle(struct loop_future *f, enum loop_future_state state,
                   int error, void *value)
{
    if (f->state != LOOP_PENDING)
        return false;
    f->state = state;
    f->error = error;
    f->value = value;
    struct base_list *link;
    while ((link = base_list_take(&f->waiters)) != NULL)
        call_later(f, base_container(link, struct loop_waiter, link));
    return true;
}

bool loop_future_set(struct loop_future *f, void *value)
{
    return settle(f, LOOP_DONE, 0, value);
}

bool loop_future_fail(struct loop_future *f, int error)
{
    assert(error < 0);
    return settle(f, LOOP_FAILED, error, NULL);
}

bool loop_future_cancel(struct loop_future *f)
{
    return settle(f, LOOP_CANCELLED, -ECANCELED, NULL);
}

static void copy(struct loop_waiter *w)
{
    const struct loop_future *from = w->future;
    settle(w->arg, from->state, from->error, from->value);
}

void loop_future_chain(struct loop_future *from, struct loop_future *to,
                       struct loop_waiter *waiter)
{
    loop_future_then_named(from, waiter, copy, to, "loop_future_chain");
}

/* --- a job's result ------------------------------------------------------ */

static void on_job(struct loop_job *job, int result)
{
    struct loop_future *f = job->post.arg;
    if (result == 0)
        loop_future_set(f, job->arg);
    else
        loop_future_cancel(f);
}

/* The pool passes post.arg through; job->arg is the work's. */
int loop_future_run(struct loop_future *f, struct loop_pool *pool,
                    struct loop_job *job, loop_work_fn *work, void *arg)
{
    job->post.arg = f;
    return loop_job_start_named(f->loop, pool, job, work, on_job, arg,
                                "loop_future_run");
}

/* --- a result from another thread ---------------------------------------- */

static void on_delivery(struct loop *loop, struct loop_post *post)
{
    (void)loop;
    struct loop_delivery *d = base_container(post, struct loop_delivery, post);
    if (d->error != 0)
        loop_future_fail(d->future, d->error);
    else
        loop_future_set(d->future, d->value);
}

int loop_future_deliver(struct loop_mailbox *mailbox, struct loop_delivery *d,
                        struct loop_future *f, void *value, int error)
{
    d->future = f;
    d->value = value;
    d->error = error;
    return loop_post_named(mailbox, &d->post, on_delivery, NULL,
                           "loop_future_deliver");
}

/* --- blocking for it ----------------------------------------------------- */

static void stop(struct loop_waiter *w)
{
    loop_stop(w->future->loop);
}

int loop_future_wait(struct loop_future *f, int64_t deadline_ns)
{
    if (f->state != LOOP_PENDING)
        return f->error;
    struct loop_waiter waiter = {0};
    loop_future_then_named(f, &waiter, stop, NULL, "loop_future_wait");
    const int error = loop_run_until(f->loop, deadline_ns);
    loop_future_forget(&waiter);
    if (f->state != LOOP_PENDING)
        return f->error;
    return error != 0 ? error : -EINTR;
}
