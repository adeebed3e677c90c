/*
 * context.h - a cure for torn stacks: who starts something leaves a context,
 * and whatever is deferred from then on takes it along.
 *
 *     context_enter     from here on, errors come to me
 *     context_defer     notes the present context, and restores it around the
 *     context_timer     callback: also when that defers something in its turn
 *     context_fail      an error goes to the nearest context that takes it
 *
 * So the chain of contexts stands for the stack that is gone. It works as long
 * as everybody defers through it; one plain mini_defer in the chain, and what
 * follows has the context of nobody. Lesson 08 needs none of this: a coroutine
 * keeps its stack.
 *
 * Read before: miniloop.h. Read after: flow.c.
 */
#ifndef LESSONS_CONTEXT_H
#define LESSONS_CONTEXT_H

#include "miniloop.h"

/* Embedded by who wants to hear of errors; must outlive what it started. */
struct context {
    /* Returns true if the error ends here; false: the one outside is asked. */
    bool (*on_error)(void *arg, int error);
    void *arg;
    struct context *outer; /* filled by context_enter */
};

/* The context of what runs now; NULL: none. Only for the loop's thread. */
struct context *context_now(void);

/* Makes `c` the present context, inside the one before. */
void context_enter(struct context *c);

/* The present context becomes the one outside of `c`, which must be it. */
void context_leave(struct context *c);

/* A call that remembers a context. The user fills in function and argument. */
struct context_call {
    void (*function)(void *arg);
    void *arg;
    struct context *context; /* filled when it is deferred or started */
    struct timer timer;      /* serves as call and as timer */
};

/* mini_defer and mini_timer_start, with the present context. */
void context_defer(struct miniloop *l, struct context_call *c);
void context_timer(struct miniloop *l, struct context_call *c, int delay_ms);

/*
 * Tells `error` to the present context, then to those outside of it, until one
 * takes it. Returns false if none does: the error is lost.
 */
bool context_fail(int error);

#endif
