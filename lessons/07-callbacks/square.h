/*
 * square.h - an operation that takes its time: it squares a number. It stands
 * for whatever one waits for. Four programs do the same with it, 3*3 + 4*4, in
 * the four styles in which asynchronous results have been handed over:
 *
 *     style_callback.c      the result comes as a call
 *     style_placeholder.c   one gets an object at once, and its value later
 *     style_queue.c         results come out of a queue, whose ever they are
 *     style_registry.c      a function is registered for a kind of event once
 *
 * Read before: miniloop.h. Read after: the four, side by side.
 */
#ifndef LESSONS_SQUARE_H
#define LESSONS_SQUARE_H

#include "miniloop.h"

/* One operation; embedded by its user until it is done. */
struct square {
    int n, result;
    void (*done)(struct square *s);
    struct timer timer;
};

/* Calls done(s), in a later pass, when s->result is n * n. */
void square_start(struct miniloop *l, struct square *s, int n,
                  void (*done)(struct square *s));

#endif
