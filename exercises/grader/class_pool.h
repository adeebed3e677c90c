/*
 * class_pool.h - much work at once, each piece in a process of its own.
 *
 *     task 0   worker --- answer ---> |
 *     task 1   worker --- answer ---> | one thread, one loop ---> on_end
 *     task 2     (waits for a place)  |
 *
 * A worker is a fork of this process: it has all that the task needs, and what
 * becomes of it becomes of nobody else. It writes its answer to a pipe and
 * ends. One that crashes, hangs or writes without end is recognised, and costs
 * its own task alone.
 *
 * Rests on: fork(2), pidfd_open(2), prctl(2) PR_SET_PDEATHSIG, libloop.
 * Read before: ../../loop/loop.h. Read after: class_pool.c.
 */
#ifndef GRADER_CLASS_POOL_H
#define GRADER_CLASS_POOL_H

#include "../../loop/loop.h"

struct class_task {
    bool alone;       /* beside no other, and after those that need not be */
    int64_t limit_ns; /* from its start on; then the worker is ended */
};

enum class_end {
    CLASS_ANSWERED,    /* it has ended with status 0, `bytes` is its answer */
    CLASS_DIED,        /* ... with another status, or by a signal */
    CLASS_TOO_LONG,    /* it was ended at its limit */
    CLASS_TOO_MUCH,    /* ... at `answer_max` */
    CLASS_NOT_STARTED, /* `status` is an errno value */
};

struct class_answer {
    enum class_end end;
    int status;              /* of exit(3), or minus the signal's number */
    struct base_slice bytes; /* valid during the call */
};

struct class_pool {
    int jobs;          /* workers at once */
    size_t answer_max; /* bytes of an answer */
    void *arg;         /* of all functions below */

    /* In the worker: does task `i`, returns the status of its exit(3). */
    int (*work)(size_t i, int fd, void *arg);

    /* In this process; each may be NULL but for on_end. */
    void (*on_start)(size_t i, void *arg);
    void (*on_end)(size_t i, const struct class_answer *answer, void *arg);
    void (*on_second)(void *arg); /* every second */
};

/*
 * Does all tasks. Returns 0; the number of the signal (SIGINT, SIGTERM)
 * by which it was stopped: all workers have been ended then, and on_end was not
 * called for them; or a negative errno value if there is no loop to be had.
 */
int class_pool_run(const struct class_pool *pool,
                   const struct class_task *tasks, size_t n);

#endif
