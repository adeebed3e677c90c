/*
 * model_internal.h - what model.c has learned of a program from its calls, and
 * model_judge.c judges.
 *
 * Read before: trace_internal.h. Read after: model.c.
 */
#ifndef CHECK_MODEL_INTERNAL_H
#define CHECK_MODEL_INTERNAL_H

#include "trace_internal.h"

enum model_wait { WAIT_SELECT, WAIT_POLL, WAIT_EPOLL, WAIT_URING, WAIT_KINDS };

enum {
    /* So many calls in a row that brought nothing are a busy loop. A loop that
     * waits makes one or two: a wake-up whose cause has gone. */
    MODEL_FRUITLESS = 50,
};

/* Something seen for the first time: the call, as text. NULL: never. */
struct model_seen {
    long long waits[WAIT_KINDS];
    char *wait[WAIT_KINDS];

    /* Calls in a row: that found nothing, and between them no call has slept
     * or done anything; and of those the longest row. */
    int fruitless, most_fruitless;
    char *fruitless_call;
    /* Wake-ups in a row after which nothing was done. */
    int idle, most_idle;
    char *idle_call;
    bool polls; /* it got EAGAIN, and has no call that waits */

    int connections; /* registered with an epoll */
    char *level, *edge;

    char *left_blocking; /* I/O of a connection on a blocking descriptor */
    char *sleeping;      /* a call that blocks, after the last wait */
    char *between;       /* ... and one between two waits */
    char *uring;
};

#endif
