/*
 * observe.c - who looks on when the loop calls back: the trace writes down when
 * and for how long, the watchdog looks that it does not take too long.
 *
 * A loop that nobody observes pays a branch before and after a callback; see
 * callback_begin.
 *
 * Read before: core_internal.h. Read after: trace.c, watchdog.c.
 */
#include "loop/core/core_internal.h"
#include "loop/core/trace_internal.h"

static const char *const categories[CALL_KINDS] = {
    [CALL_WATCHER] = "watcher",   [CALL_TIMER] = "timer",
    [CALL_DEFERRED] = "deferred", [CALL_POST] = "post",
    [CALL_OP] = "operation",      [CALL_SIGNAL] = "signal",
    [CALL_JOB] = "job",           [CALL_TASK] = "task",
};

void observe_begin(struct loop *loop, enum callback_kind kind)
{
    if (loop->trace != NULL)
        trace_begin(loop->trace, TRACE_LOOP, categories[kind], loop->place);
    if (loop->watchdog != NULL)
        watchdog_begin(loop);
}

void observe_end(struct loop *loop, enum callback_kind kind)
{
    (void)kind;
    if (loop->watchdog != NULL)
        watchdog_end(loop);
    if (loop->trace != NULL)
        trace_end(loop->trace, TRACE_LOOP);
}
