/*
 * uring.h - what the programs of this lesson share: to open a ring, or to say
 * why not, and to find a place for the next operation.
 *
 * A kernel may lack io_uring, and a container often forbids it. Then a program
 * ends at its start with status 2 and says what to do; tests, measurements and
 * claims say that they were left out, and why.
 *
 * Read before: rings.c. Read after: server.c.
 * Rests on: io_uring_setup(2), liburing's man pages in section 3.
 */
#ifndef LESSONS_URING_H
#define LESSONS_URING_H

#include <liburing.h>
#include <stdnoreturn.h>

/*
 * Opens a ring for one thread with room for `entries` operations (rounded up to
 * a power of two) and CQ_FACTOR times as many completions. Returns 0, or a
 * negative errno value. The caller ends with io_uring_queue_exit.
 */
enum { CQ_FACTOR = 16 };
int uring_try(struct io_uring *ring, int entries);

/* The same, or dies. */
void uring_open(struct io_uring *ring, int entries);

/* Dies because io_uring_setup failed with `error`, an errno value. */
noreturn void uring_refused(int error);

/* What uring_refused tells to do about `error`; a constant text. */
const char *uring_advice(int error);

/*
 * A place for an operation in the submission queue. If the queue is full, what
 * stands there is submitted first: a system call, counted by `calls`.
 */
struct io_uring_sqe *uring_sqe(struct io_uring *ring);

/*
 * Looks at the result of a submission: dies, unless it is 0 or more, or an
 * error after which the loop goes on.
 */
void uring_check(int result);

#endif
