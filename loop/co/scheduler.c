/*
 * scheduler.c - which task runs next, and going there and back.
 *
 * The loop calls tasks_run once a pass (core_pass). It takes tasks from the
 * front of the ready queue and resumes each on its own stack, until the queue
 * is empty:
 *
 *     loop's stack      tasks_run: take --> resume ...........  take --> resume
 *                                             |             ^            |
 *     a task's stack                          | ... runs ...|            v
 *                                             parks, yields or ends
 *
 * Tasks that always are ready must not keep the loop from its descriptors. So a
 * pass runs BUDGET of them at most; and fewer if they take long, which the
 * coarse clock tells: it is read from memory and moves each few milliseconds.
 *
 * A task switches to the loop and the loop to the next task, never a task to
 * another one. That costs a second switch (3 ns), and keeps all of it in one
 * place: the trace, the watchdog, the bounds, and freeing the stack of a task
 * that has ended, on which nobody can stand meanwhile.
 *
 * Read before: co_internal.h. Read after: task.c, wait.c.
 * Rests on: clock_gettime(2), CLOCK_MONOTONIC_COARSE.
 */
#include "loop/co/co_internal.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { BUDGET = 256 };

struct co_task *co_current(void)
{
    return co_running;
}

/* --- the ready queue ----------------------------------------------------- */

static struct co_task *take(struct co_scheduler *s)
{
    struct co_task *t = s->first;
    s->first = t->next;
    if (s->first == NULL)
        s->last = &s->first;
    return t;
}

/* --- there and back ------------------------------------------------------ */

/* Inline, because each `ret` behind a switch is predicted wrong. */
static inline void resume(struct co_scheduler *s, struct co_task *t)
{
    t->state = TASK_RUNNING;
    co_running = s->running = t;
    s->stats.switches++;
    if (s->loop->trace != NULL)
        trace_task_runs(t);
    witness_leave(&s->witness, &t->witness, false);
    context_switch(&s->context, &t->context, t->wake);
    witness_arrive(&s->witness, &t->witness);
    if (s->loop->trace != NULL)
        trace_task_leaves(t);
    co_running = s->running = NULL;
    if (t->state == TASK_ENDED)
        task_ended(t);
}

void scheduler_resume(struct co_scheduler *s, struct co_task *t)
{
    resume(s, t);
}

int64_t scheduler_coarse_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * LOOP_SECOND + now.tv_nsec;
}

/* Looks at the clock now and then: to read it costs as much as a switch. */
static bool ticked(const struct co_scheduler *s, int n)
{
    return n % 4 == 0 && scheduler_coarse_ns() != s->coarse_ns;
}

static void tasks_run(struct loop *loop)
{
    struct co_scheduler *s = loop->scheduler;
    s->coarse_ns = scheduler_coarse_ns();
    for (int n = 1; s->first != NULL; n++) {
        struct co_task *t = take(s);
        callback_begin(loop, CALL_TASK, t->place);
        resume(s, t);
        callback_end(loop, CALL_TASK);
        if (n == BUDGET || ticked(s, n) || loop->born != core_forks)
            break; /* or this is a child: what is ready is its parent's */
    }
    loop->tasks_ready = s->first != NULL;
}

/* --- options ------------------------------------------------------------- */

/* A slot of whole pages, and not so small that nothing can run on it. */
static bool is_size(size_t size)
{
    return size == 0 ||
           (size >= SLOT_LEAST && size <= SLOT_MOST && size % PAGE_SIZE == 0);
}

static void set_options(struct co_scheduler *s, const struct co_options *o)
{
    stacks_init(&s->stacks, o);
    s->most_used = o->stacks_kept != 0 ? o->stacks_kept : 1024;
}

int co_setup(struct loop *loop, const struct co_options *options)
{
    if (!is_size(options->stack_size) || options->max_tasks < 0 ||
        options->stacks_kept < 0)
        return -EINVAL;
    struct co_scheduler *s = scheduler_of(loop);
    if (s->stats.spawned > 0)
        return -EBUSY;
    set_options(s, options);
    return 0;
}

void co_stats(const struct loop *loop, struct co_stats *stats)
{
    const struct co_scheduler *s = loop->scheduler;
    *stats = (struct co_stats){0};
    if (s == NULL)
        return;
    *stats = s->stats;
    stats->stacks = (size_t)s->stacks.n;
    stats->stacks_warm = (size_t)s->n_used;
    stats->stack_size = s->stacks.slot_size - GUARD_SIZE;
}

size_t co_stack_used(const struct co_task *t)
{
    return stack_used(t->stack);
}

size_t co_stack_high(const struct loop *loop)
{
    return loop->scheduler != NULL ? stacks_high(&loop->scheduler->stacks) : 0;
}

/* --- the end of the loop ------------------------------------------------- */

/* What the program has left behind; each of these is a mistake, or its haste.
 */
static void report(const struct co_task *t)
{
    if (t->state == TASK_ENDED)
        base_log_warning("the task %s has ended with %d, and nobody joined it",
                         t->place, t->result);
    else if (t->state == TASK_PARKED)
        base_log_warning("the task %s still waits (%s) as its loop is freed",
                         t->place, t->waits->name);
    else
        base_log_warning("the task %s is not done as its loop is freed",
                         t->place);
}

static void run_all(struct co_scheduler *s)
{
    while (s->first != NULL)
        tasks_run(s->loop);
}

/*
 * Every wait returns -ECANCELED from now on, so that tasks clean up and end.
 * Those that wait for an operation or a job do when its last callback comes,
 * while the loop ends them.
 */
static void tasks_cancel(struct loop *loop)
{
    struct co_scheduler *s = loop->scheduler;
    if (loop->born != core_forks)
        return;
    s->closing = true;
    struct base_list *link = s->all.next;
    while (link != &s->all) {
        struct co_task *t = base_container(link, struct co_task, link);
        link = link->next;
        report(t);
        task_interrupt(t, -ECANCELED);
    }
    run_all(s);
}

/* All have ended by now; but in the child of a fork, where they cannot run. */
static void forget_all(struct co_scheduler *s)
{
    struct base_list *link;
    while ((link = base_list_take(&s->all)) != NULL) {
        struct co_task *t = base_container(link, struct co_task, link);
        assert(t->state == TASK_ENDED || s->loop->born != core_forks);
        witness_fini(&t->witness);
    }
}

static void tasks_close(struct loop *loop)
{
    struct co_scheduler *s = loop->scheduler;
    if (loop->born == core_forks)
        run_all(s);
    forget_all(s);
    if (getenv("LOOP_STACKS") != NULL)
        base_log_info("stacks: at most %zu of %zu bytes were used",
                      stacks_high(&s->stacks),
                      s->stacks.slot_size - GUARD_SIZE);
    loop->tasks = NULL;
    loop->scheduler = NULL;
    stacks_fini(&s->stacks);
    overflow_unwatch();
    free(s->free_lanes);
    free(s);
}

static const struct loop_tasks hooks = {
    .run = tasks_run,
    .cancel = tasks_cancel,
    .close = tasks_close,
};

struct co_scheduler *scheduler_of(struct loop *loop)
{
    if (loop->scheduler != NULL)
        return loop->scheduler;
    struct co_scheduler *s = base_alloc(sizeof *s);
    s->loop = loop;
    s->closing = loop->closing;
    s->last = &s->first;
    base_list_init(&s->all);
    set_options(s, &(struct co_options){0});
    overflow_watch();
    loop->scheduler = s;
    loop->tasks = &hooks;
    return s;
}
