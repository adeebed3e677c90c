/* context.c - see context.h. */
#include "context.h"

#include <assert.h>
#include <stddef.h>

static struct context *present;

struct context *context_now(void)
{
    return present;
}

void context_enter(struct context *c)
{
    c->outer = present;
    present = c;
}

void context_leave(struct context *c)
{
    assert(present == c);
    present = c->outer;
}

/* Runs a callback as if the one who deferred it were still on the stack. */
static void restore(void *arg)
{
    struct context_call *c = arg;
    struct context *const before = present;
    present = c->context;
    c->function(c->arg); /* may free c */
    present = before;
}

static void capture(struct context_call *c)
{
    c->context = present;
    c->timer.call.function = restore;
    c->timer.call.arg = c;
}

void context_defer(struct miniloop *l, struct context_call *c)
{
    capture(c);
    mini_defer(l, &c->timer.call);
}

void context_timer(struct miniloop *l, struct context_call *c, int delay_ms)
{
    capture(c);
    mini_timer_start(l, &c->timer, delay_ms);
}

bool context_fail(int error)
{
    for (struct context *c = present; c != NULL; c = c->outer)
        if (c->on_error(c->arg, error))
            return true;
    return false;
}
