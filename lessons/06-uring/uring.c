/* uring.c - see uring.h. */
#include "uring.h"

#include "../common/common.h"

#include <errno.h>

/*
 * SINGLE_ISSUER: one thread alone submits; the kernel holds us to it, and
 * DEFER_TASKRUN needs it.
 * DEFER_TASKRUN: the kernel finishes operations while we wait in
 * io_uring_enter, not in the middle of anything else; so completions come in
 * batches. It is of Linux 6.1: a kernel that knows it knows all that the
 * lesson uses (multishot accept and buffer rings 5.19, multishot recv 6.0).
 */
int uring_try(struct io_uring *ring, int entries)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
        .cq_entries = (unsigned)(entries * CQ_FACTOR),
    };
    calls += 3; /* io_uring_setup, and mmap of the rings and of the entries */
    return io_uring_queue_init_params((unsigned)entries, ring, &params);
}

const char *uring_advice(int error)
{
    switch (error) {
    case ENOSYS:
        return "a virtual machine with Debian 12: this kernel, or the "
               "container, has no io_uring";
    case EPERM:
    case EACCES:
        return "sysctl kernel.io_uring_disabled=0 as root; if it is 0, a "
               "virtual machine: containers forbid io_uring";
    case EINVAL:
        return "Linux 6.1 or newer, as in Debian 12: this kernel's io_uring "
               "is older";
    case ENOMEM:
        return "a greater ulimit -l, or fewer --entries";
    default:
        return "lesson 05, which needs no io_uring";
    }
}

noreturn void uring_refused(int error)
{
    die(error, uring_advice(error), "cannot open a ring (io_uring_setup)");
}

void uring_open(struct io_uring *ring, int entries)
{
    const int error = uring_try(ring, entries);
    if (error != 0)
        uring_refused(-error);
}

struct io_uring_sqe *uring_sqe(struct io_uring *ring)
{
    struct io_uring_sqe *sqe;
    while ((sqe = io_uring_get_sqe(ring)) == NULL)
        uring_check(CALL(io_uring_submit(ring)));
    return sqe;
}

void uring_check(int result)
{
    switch (-result) {
    case EINTR:  /* a signal came while we waited */
    case EBUSY:  /* more completions than the queue holds: take those first */
    case EAGAIN: /* no memory for an operation: it stays in the queue */
        return;
    default:
        if (result < 0)
            die(-result, NULL, "io_uring_enter failed");
    }
}
