/*
 * trace_task.c - tasks in the picture of the trace: a lane for each.
 *
 *     loop     | pass                                   | pass
 *                | crawl      | on_read |                 | crawl |
 *     task 1   | crawl .................................................
 *                | run        | wait: recv ...........    | run   |
 *
 * A task's slice lasts from its spawn to its end; within it stand what it does
 * and what it waits for. Lanes of tasks that have ended are used again.
 *
 * Read before: core/trace_internal.h, scheduler.c. Read after: dump.c.
 */
#include "loop/co/co_internal.h"

#include <stdio.h>

static int lane(struct co_scheduler *s)
{
    if (s->n_free_lanes > 0)
        return s->free_lanes[--s->n_free_lanes];
    char name[32];
    snprintf(name, sizeof name, "task %d", ++s->n_lanes);
    s->free_lanes =
        base_realloc(s->free_lanes, (size_t)s->n_lanes * sizeof *s->free_lanes);
    return trace_lane(s->loop->trace, name);
}

void trace_task_spawned(struct co_task *t)
{
    struct trace *trace = t->scheduler->loop->trace;
    t->lane = lane(t->scheduler);
    trace_begin(trace, t->lane, "task", t->place);
    trace_begin(trace, t->lane, "task", "ready");
}

void trace_task_runs(struct co_task *t)
{
    struct trace *trace = t->scheduler->loop->trace;
    trace_end(trace, t->lane); /* ready, or what it waited for */
    trace_begin(trace, t->lane, "task", "run");
}

void trace_task_leaves(struct co_task *t)
{
    struct co_scheduler *s = t->scheduler;
    struct trace *trace = s->loop->trace;
    trace_end(trace, t->lane);
    if (t->state == TASK_ENDED) {
        trace_end(trace, t->lane);
        s->free_lanes[s->n_free_lanes++] = t->lane;
        return;
    }
    trace_begin(trace, t->lane, t->state == TASK_PARKED ? "wait" : "task",
                t->state == TASK_PARKED ? t->waits->name : "ready");
}
