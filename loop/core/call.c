/*
 * call.c - deferred calls: the next pass, never this one.
 *
 * A call that defers itself again must not keep the loop from looking at its
 * descriptors. So the calls of a pass are those that waited when it began; what
 * they defer goes into a new list.
 *
 * Read before: list in base.h. Read after: mailbox.c.
 */
#include "loop/core/core_internal.h"

void loop_defer_named(struct loop *loop, struct loop_call *c, loop_call_fn *fn,
                      void *arg, const char *place)
{
    if (c->loop != NULL || loop->closing)
        return;
    *c = (struct loop_call){.fn = fn, .arg = arg, .place = place, .loop = loop};
    base_list_append(&loop->calls, &c->link);
    loop->n_active++;
}

void loop_defer_cancel(struct loop_call *c)
{
    if (c->loop == NULL)
        return;
    base_list_remove(&c->link);
    c->loop->n_active--;
    c->loop = NULL;
}

void calls_run(struct loop *loop)
{
    struct base_list batch;
    base_list_init(&batch);
    base_list_splice(&batch, &loop->calls);
    while (!base_list_empty(&batch)) {
        struct loop_call *c =
            base_container(batch.next, struct loop_call, link);
        loop_defer_cancel(c);
        loop->stats.calls++;
        callback_begin(loop, CALL_DEFERRED, c->place);
        c->fn(c);
        callback_end(loop, CALL_DEFERRED);
    }
}

void calls_close(struct loop *loop)
{
    while (!base_list_empty(&loop->calls))
        loop_defer_cancel(
            base_container(loop->calls.next, struct loop_call, link));
}
