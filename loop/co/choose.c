/*
 * choose.c - co_select: waiting at several channels at once.
 *
 * What select(2) is for descriptors, and more: it does not say which case could
 * be done, it does it, so that nobody can come in between.
 *
 * If none can be done the task takes a place in the line of each channel, and
 * is served by the first to come, a task that sends or receives there, or
 * closes. That moment takes its other places back (choice_made), as a cancel or
 * a deadline takes all.
 *
 * By turns. If the first case that can be done were taken, a busy channel would
 * starve those behind it. So each side of a channel remembers when it was
 * chosen last, and the one goes first whose turn was longest ago. The count is
 * the highest of the cases at hand and one more: channels that are never chosen
 * among together need no common clock.
 *
 * Read before: channel.c. Read after: ../examples.
 * Rests on: the select statement of Go, which throws dice; CSP's alternative.
 */
#include "loop/co/channel_internal.h"

#include <errno.h>

/* --- turns --------------------------------------------------------------- */

static uint64_t *turn_of(const struct co_case *c)
{
    return c->send != NULL ? &c->channel->send_turn : &c->channel->receive_turn;
}

/* Of those that can be done, the one whose turn was longest ago; -1: none. */
static int find(const struct co_case *cases, int n)
{
    int best = -1;
    for (int i = 0; i < n; i++)
        if (channel_can(&cases[i]) &&
            (best == -1 || *turn_of(&cases[i]) < *turn_of(&cases[best])))
            best = i;
    return best;
}

/* A single case, as of co_channel_send, takes no turn from anybody. */
static void note_turn(const struct co_case *cases, int n, int chosen)
{
    if (n == 1)
        return;
    uint64_t last = 0;
    for (int i = 0; i < n; i++)
        if (*turn_of(&cases[i]) > last)
            last = *turn_of(&cases[i]);
    *turn_of(&cases[chosen]) = last + 1;
}

/* --- places -------------------------------------------------------------- */

struct place *place_first(const struct co_waiters *line)
{
    struct waiter *w = waiters_first(line);
    return w != NULL ? base_container(w, struct place, waiter) : NULL;
}

static void choice_leave(struct choice *choice)
{
    for (int i = 0; i < choice->n; i++)
        base_list_remove(&choice->places[i].waiter.link);
}

/* The channels are not touched when the task runs: they may have gone then. */
void choice_made(struct place *place, int result)
{
    struct choice *choice = place->choice;
    choice->chosen = (int)(place - choice->places);
    choice->cases[choice->chosen].result = result;
    note_turn(choice->cases, choice->n, choice->chosen);
    choice_leave(choice);
    task_wake(place->waiter.task, 0);
}

static void choice_interrupt(struct co_task *t, int error)
{
    choice_leave(t->wait);
    task_wake(t, error);
}

static void choice_describe(const struct co_task *t, struct base_buf *out)
{
    const struct choice *choice = t->wait;
    if (choice->n > 1)
        base_buf_printf(out, ", one of %d", choice->n);
    else
        base_buf_printf(out, choice->cases[0].send != NULL ? " to send"
                                                           : " to receive");
}

static const struct wait_kind for_channel = {"channel", choice_interrupt,
                                             choice_describe};

static void take_place(struct choice *choice, int i)
{
    const struct co_case *c = &choice->cases[i];
    struct co_waiters *line = channel_line(c);
    void *slot = c->send != NULL ? (void *)(uintptr_t)c->send : c->receive;
    choice->places[i] = (struct place){
        .waiter = {.task = co_running, .object = c->channel, .slot = slot},
        .choice = choice,
    };
    waiters_append(line, &choice->places[i].waiter);
}

int choice_wait(struct co_case *cases, struct place *places, int n)
{
    const int refused = task_check(co_running);
    if (refused != 0)
        return refused;
    struct choice choice = {.cases = cases, .places = places, .n = n};
    for (int i = 0; i < n; i++)
        take_place(&choice, i);
    const int error = task_park(co_running, &for_channel, &choice);
    return error != 0 ? error : choice.chosen;
}

/* --- choosing ------------------------------------------------------------ */

int co_select(struct co_case *cases, int n, bool wait)
{
    struct place places[CO_CASES_MAX];
    if (n < 1 || n > CO_CASES_MAX)
        return -EINVAL;
    if (wait && co_running == NULL)
        return -EPERM;
    const int chosen = find(cases, n);
    if (chosen < 0)
        return wait ? choice_wait(cases, places, n) : -EAGAIN;
    note_turn(cases, n, chosen);
    channel_do(&cases[chosen]);
    return chosen;
}
