/*
 * channel_internal.h - what channel.c and choose.c share: a task's place in the
 * lines of channels.
 *
 * A task may stand in several lines and is served in one. A `choice` is its
 * wait, and has a `place` for each line:
 *
 *     choice (the task) ----- places[0]      places[1]      places[2]
 *                               |              |              |
 *     channels' lines         receivers      receivers      senders
 *
 * Who serves a place calls choice_made, which takes the others out of their
 * lines in the same moment. So a line holds only places that can be served, and
 * nobody is served twice.
 *
 * Read before: co_internal.h. Read after: channel.c, choose.c.
 */
#ifndef LOOP_CHANNEL_INTERNAL_H
#define LOOP_CHANNEL_INTERNAL_H

#include "loop/co/co_internal.h"

struct place {
    struct waiter waiter;
    struct choice *choice;
};

/* Both lie on the stack of the task. */
struct choice {
    struct co_case *cases;
    struct place *places; /* one a case */
    int n, chosen;
};

/* --- channel.c ----------------------------------------------------------- */

/* Whether the case can be done now: which is also true if it is closed. */
bool channel_can(const struct co_case *c);

/* Does a case that can be done, and says in its result how it went. */
void channel_do(struct co_case *c);

/* The line in which one waits for it. */
struct co_waiters *channel_line(const struct co_case *c);

/* --- choose.c ------------------------------------------------------------ */

/* The first in a line; NULL: nobody. */
struct place *place_first(const struct co_waiters *line);

/* The place's case has been done by somebody else: its task goes on. */
void choice_made(struct place *place, int result);

/* Waits until one of n cases has been done: its index, or what ended the wait.
 */
int choice_wait(struct co_case *cases, struct place *places, int n);

#endif
