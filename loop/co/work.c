/*
 * work.c - a call that blocks, made by a thread of the pool while the task
 * waits.
 *
 *     task     co_work: parks .............................. returns
 *     thread              work(arg) runs, or blocks -----------^
 *
 * The job lies on the task's stack, and `arg` often does too. So the wait ends
 * when the thread is done with them, and not before: a wait that is to end
 * early takes the job back from the queue if it is still there, or else stays
 * until it has run. Then the work was first, and the cancel strikes next.
 *
 * Read before: await.c, core/pool.c. Read after: group.c.
 * Rests on: run_on_executor of tornado.concurrent.
 */
#include "loop/co/co_internal.h"

#include <errno.h>

struct work {
    struct loop_job job;
    struct co_task *task;
    void (*fn)(void *arg);
    void *arg;
    int interrupted; /* by this error, and taken back; 0: not */
};

/* In the thread. */
static void call(struct loop_job *job)
{
    const struct work *w = job->arg;
    w->fn(w->arg);
}

static void on_end(struct loop_job *job, int result)
{
    const struct work *w = job->arg;
    task_wake(w->task, result == 0 ? 0 : w->interrupted);
}

/* The callback comes in any case, and wakes the task. */
static void work_interrupt(struct co_task *t, int error)
{
    struct work *w = t->wait;
    if (loop_job_cancel(&w->job) == 0)
        w->interrupted = error;
    else
        task_too_late(t, error);
}

static const struct wait_kind for_work = {"work", work_interrupt, NULL};

int co_work(struct loop_pool *pool, void (*fn)(void *arg), void *arg)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    int error = task_check(t);
    if (error != 0)
        return error;
    struct work w = {.task = t, .fn = fn, .arg = arg};
    error = loop_job_start_named(t->scheduler->loop, pool, &w.job, call, on_end,
                                 &w, "co_work");
    return error != 0 ? error : task_park(t, &for_work, &w);
}
