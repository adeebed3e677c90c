/*
 * uring_internal.h - what the files of the io_uring back end share.
 *
 * A completion's tag (user_data): an operation's address; or, with the second
 * bit set, that of a poll in front of an operation; or, with the lowest bit
 * set, the tag of a watcher's slot; or 0, for which nobody waits.
 *
 * Read before: core_internal.h, uring.c. Read after: uring_op.c, uring_watch.c.
 */
#ifndef LOOP_URING_INTERNAL_H
#define LOOP_URING_INTERNAL_H

#include "loop/core/core_internal.h"

#include <liburing.h>
#include <poll.h>

struct uring {
    struct io_uring ring;
    struct io_uring_buf_ring *free; /* NULL: nothing was received yet */
    char *buffers;
};

enum { URING_GROUP = 1 }; /* the number of the ring of buffers */

/* --- tags ---------------------------------------------------------------- */

enum { TAG_WATCHER = 1, TAG_POLL = 2 };

static inline uint64_t op_tag(const struct loop_op *op)
{
    return (uint64_t)(uintptr_t)op;
}

static inline uint64_t poll_tag(const struct loop_op *op)
{
    return op_tag(op) | TAG_POLL;
}

/* The operation of either of these tags. */
static inline struct loop_op *op_tagged(uint64_t tag)
{
    return (struct loop_op *)(uintptr_t)(tag & ~(uint64_t)TAG_POLL);
}

/* --- uring.c: what is handed to the kernel ------------------------------- */

/* Makes room for `n` submissions, which are then handed over together. */
void uring_reserve(struct loop *loop, unsigned n);

/* A place in the submission queue. */
struct io_uring_sqe *next_sqe(struct loop *loop);

/* Has the kernel end what bears this tag. */
void uring_cancel_tag(struct loop *loop, uint64_t tag);

/* The ring of buffers: made if need be; and one of them given back to it. */
int uring_buffers_open(struct uring *u);
char *uring_buffer(const struct uring *u, unsigned id);
void uring_buffer_give(struct uring *u, unsigned id);

/* --- polls: what the kernel is asked, what it says ----------------------- */

static inline unsigned poll_bits(unsigned events)
{
    return (events & LOOP_READ ? POLLIN : 0U) |
           (events & LOOP_WRITE ? POLLOUT : 0U);
}

static inline bool is_broken(int result)
{
    return result < 0 || result & (POLLERR | POLLHUP);
}

static inline unsigned events_of(int result)
{
    return (is_broken(result) || result & POLLIN ? LOOP_READ : 0U) |
           (is_broken(result) || result & POLLOUT ? LOOP_WRITE : 0U);
}

/* --- uring_op.c, uring_watch.c ------------------------------------------- */

void uring_start(struct loop_op *op);
void uring_cancel(struct loop_op *op);
void op_completed(struct loop_op *op, const struct io_uring_cqe *cqe);

int uring_interest(struct loop *loop, int fd, const struct slot *s,
                   unsigned wanted);
void watcher_completed(struct loop *loop, const struct io_uring_cqe *cqe);

#endif
