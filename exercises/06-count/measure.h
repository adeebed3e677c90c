/*
 * measure.h - the numbers that the questions are about, and the runs in which
 * they are counted. What is asked follows from the student's seed; no answer is
 * stored anywhere.
 *
 * Read before: ../check/trace.h. Read after: checks.c.
 */
#ifndef COUNT_MEASURE_H
#define COUNT_MEASURE_H

#include "../check/check.h"

/* The student's own numbers: clients, and requests of each. */
int clients(void);
int requests(void);

enum server {
    EPOLL,         /* lesson 05's, --trigger level */
    URING,         /* lesson 06's, --receive multishot */
    URING_ONESHOT, /* ... --receive oneshot */
};

enum workload {
    ONE_BY_ONE,   /* clients connect; each asks and waits for the answer */
    IN_ONE_PIECE, /* ... each sends all its requests at once */
    ALL_AT_ONCE,  /* connected clients ask while the server stands still */
};

/* What the server has done until it slept again. */
struct counts {
    long long waits;      /* epoll_wait, io_uring_enter */
    long long transfers;  /* recv, send and their like */
    long long operations; /* put into the submission queue */
    long long completions;
};

struct counts measure(enum server server, enum workload workload);

/*
 * Fails the check unless the answer is a number that runs give: `field` of
 * struct counts, as an offset. Does not tell it.
 */
void expect_answer(const char *name, enum server server, enum workload workload,
                   size_t field);

#endif
