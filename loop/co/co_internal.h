/*
 * co_internal.h - what the files of loop/co/ share: a task, the scheduler of a
 * loop, and how a task waits.
 *
 * How a task waits. It notes for what (a wait_kind) and where, and parks, which
 * switches to the loop. Then exactly one of two things happens.
 *
 * Granted: whoever has what it waits for takes it off the list and calls
 * task_wake(t, 0). What was waited for is the task's.
 *
 * Interrupted: a cancel or a deadline calls the kind's `interrupt`, which takes
 * it off the list and calls task_wake(t, error).
 *
 * A task that is woken is ready, not parked: nothing can interrupt it any more.
 * So what was granted is never lost, and an interrupted wait leaves no trace.
 *
 *          spawn          scheduler             park
 *     none ------> ready -----------> running ------> parked
 *                    ^                   |               |
 *                    +------ yield ------+               |
 *                    +-------------- wake ---------------+
 *                                        |
 *                                        +--> ended; joined or detached: gone
 *
 * Read before: ../co.h, context.h, stack.h. Read after: scheduler.c, task.c,
 * wait.c.
 */
#ifndef LOOP_CO_INTERNAL_H
#define LOOP_CO_INTERNAL_H

#include "loop/co/context.h"
#include "loop/co/stack.h"
#include "loop/co/witness.h"
#include "loop/core/core_internal.h"
#include "loop/core/trace_internal.h"

enum task_state { TASK_READY, TASK_RUNNING, TASK_PARKED, TASK_ENDED };

/* What tasks wait for: one const table a kind. */
struct wait_kind {
    const char *name; /* "lock" */

    /*
     * Ends the wait early with `error`, now or (operations) later. NULL: the
     * wait cannot end early.
     */
    void (*interrupt)(struct co_task *t, int error);

    /* Appends what more co_dump should say: " 7"; NULL: nothing. */
    void (*describe)(const struct co_task *t, struct base_buf *out);
};

/*
 * Lies at the top of its own stack. What a switch touches stands first, in two
 * lines of the CPU's cache.
 */
struct co_task {
    struct context context;
    struct co_scheduler *scheduler;
    struct co_task *next; /* in the ready queue, or among those to be reused */
    const char *place;
    struct co_deadline *deadlines; /* the innermost */
    uint8_t state;                 /* enum task_state */
    bool detached, stops_loop;
    bool cancelled; /* and it has not struck yet */
    int wake;       /* what task_park returns */
    int shields;
    int budget; /* of operations that did not suspend, see io.c */
    const struct wait_kind *waits; /* if parked: */
    void *wait;                    /* the kind's own */
    int64_t since_ns;              /* coarse, see scheduler.c */
    co_fn *fn;
    void *arg;
    const char *name; /* NULL: it is the function's */
    int result;
    int n_locks;                 /* that it holds */
    int n_groups;                /* that it has begun and not waited for */
    int refused;                 /* waits, as the loop is freed */
    int lane;                    /* in the trace */
    struct base_list link;       /* in the scheduler's list of all */
    struct co_cleanup *cleanups; /* the latest */
    struct task_value *values;   /* see value.c */
    struct co_task *joiner;
    struct co_group *group;
    struct base_list sibling; /* in the group */
    uint64_t number;
    struct stack stack;
    struct witness witness;
};

struct co_scheduler {
    struct loop *loop;
    struct context context; /* of the loop, while a task runs */
    struct witness witness;
    struct co_task *first, **last; /* the ready queue */
    struct co_task *running;
    struct co_task *used; /* tasks that have gone, to be used again */
    int n_used, most_used;
    int64_t coarse_ns; /* 0: to be read by who needs it first */
    bool closing;      /* no wait suspends any more */
    struct base_list all;
    struct stacks stacks;
    struct co_stats stats;
    struct loop_signal dump_signal;
    int *free_lanes, n_free_lanes; /* in the trace */
    int n_lanes;
};

/* --- scheduler.c --------------------------------------------------------- */

/* The loop's scheduler, made at the first use. */
struct co_scheduler *scheduler_of(struct loop *loop);

/* The time of since_ns, now. */
int64_t scheduler_coarse_ns(void);

/* At the end of the ready queue. */
static inline void scheduler_add(struct co_scheduler *s, struct co_task *t)
{
    t->state = TASK_READY;
    t->next = NULL;
    *s->last = t;
    s->last = &t->next;
    s->loop->tasks_ready = true;
}

/* Runs a task, which is in no queue, until it parks, yields or ends. */
void scheduler_resume(struct co_scheduler *s, struct co_task *t);

/*
 * From the running task back to the loop; returns t->wake when it is resumed.
 *
 * To be the last call of its caller: then the compiler jumps there instead of
 * calling, and the switch returns where the task's own code goes on. Each `ret`
 * less is one less that the CPU predicts wrong after a switch: 10 ns.
 */
static inline int scheduler_leave(struct co_task *t)
{
    struct co_scheduler *s = t->scheduler;
    witness_leave(&t->witness, &s->witness, false);
    const int wake = context_switch(&t->context, &s->context, 0);
    witness_arrive(&t->witness, &s->witness);
    return wake;
}

/* --- task.c -------------------------------------------------------------- */

/* On the loop's stack, when it has ended: tells who waits, or frees it. */
void task_ended(struct co_task *t);

/* --- wait.c -------------------------------------------------------------- */

/* The rest of task_check, for a task that something is the matter with. */
int task_check_closely(struct co_task *t);

/*
 * Before a wait that would suspend: 0; or -ECANCELED, -ETIMEDOUT, which have
 * been delivered then.
 */
static inline int task_check(struct co_task *t)
{
    if (t->cancelled || t->deadlines != NULL || t->scheduler->closing)
        return task_check_closely(t);
    return 0;
}

/* Suspends; returns what task_wake was given. After task_check. */
int task_park(struct co_task *t, const struct wait_kind *kind, void *wait);

/* Makes a parked task ready. */
void task_wake(struct co_task *t, int result);

/* Ends a task's wait early, if that can be; it is parked or not. */
void task_interrupt(struct co_task *t, int error);

/*
 * For an `interrupt` that comes when the wait has been granted already: a
 * cancel is kept for the next wait, and so is a deadline, by itself. Returns 0.
 */
int task_too_late(struct co_task *t, int error);

/* --- trace_task.c: called where loop->trace is not NULL ------------------ */

void trace_task_spawned(struct co_task *t);
void trace_task_runs(struct co_task *t);
void trace_task_leaves(struct co_task *t); /* parked, ready or ended */

/* --- lists of those who wait: locks, queues, ... ------------------------- */

/* On the stack of the task that waits. */
struct waiter {
    struct base_list link;
    struct co_task *task;
    void *object; /* what it waits for, for co_dump */
    void *slot;   /* what it brings or takes; the object's affair */
};

static inline bool waiters_empty(const struct co_waiters *w)
{
    return w->list.next == NULL || base_list_empty(&w->list);
}

/* The first that waits; NULL: nobody. */
static inline struct waiter *waiters_first(const struct co_waiters *w)
{
    return waiters_empty(w) ? NULL
                            : base_container(w->list.next, struct waiter, link);
}

/*
 * Waits in a list: returns what waiter_wake was given, or what ended the wait,
 * when the waiter is in the list no more.
 */
int waiters_wait(struct co_waiters *w, struct waiter *waiter,
                 const struct wait_kind *kind, void *object, void *slot);

/* The place in a list alone, which the waiter has to fill in before. */
static inline void waiters_append(struct co_waiters *w, struct waiter *waiter)
{
    if (w->list.next == NULL)
        base_list_init(&w->list);
    base_list_append(&w->list, &waiter->link);
}

/* Takes it off its list and makes its task ready; or all of a list. */
void waiter_wake(struct waiter *waiter, int result);
void waiters_wake_all(struct co_waiters *w);

/* The `interrupt` of all kinds that wait in a list. */
void waiter_interrupt(struct co_task *t, int error);

/* --- lock.c -------------------------------------------------------------- */

/* Waits for the lock however long it takes: no wait that can end early. */
void lock_again(struct co_lock *lock);

/* --- await.c ------------------------------------------------------------- */

/* 0 if the running task may wait for it; -EPERM: none runs; -EINVAL. */
int future_check(const struct loop_future *f);

/* --- group.c, value.c ---------------------------------------------------- */

void group_ended(struct co_group *g, struct co_task *t);
void values_drop(struct co_task *t);

/* --- overflow.c ---------------------------------------------------------- */

/*
 * From watch to unwatch, which nest, a task of this thread that runs into its
 * guard ends the program with a line that names it.
 */
void overflow_watch(void);
void overflow_unwatch(void);

#endif
