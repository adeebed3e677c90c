/*
 * uring.c - the back end on io_uring(7): operations are done by the kernel.
 *
 * What the loop wants is written into the submission queue, shared memory; one
 * io_uring_enter(2) hands all of it over and sleeps until results stand in the
 * completion queue. So a pass costs one system call, however much it starts.
 *
 *     loop    accept recv send ... -> [ submission queue ] ->  kernel
 *     loop    <- callbacks         <- [ completion queue ] <-  kernel
 *     loop    memory for recv      -> [ ring of buffers  ] ->  kernel
 *
 * This file has the three rings, and the table of the seam; uring_op.c does
 * operations, uring_watch.c watchers.
 *
 * A full submission queue is handed over in between. A full completion queue
 * loses nothing: the kernel keeps the rest until there is room (NODROP).
 *
 * Needs Linux 6.0 (multishot receive); 6.1 for DEFER_TASKRUN, without which it
 * does more interrupts. Read before: epoll.c. Read after: uring_internal.h.
 * Rests on: io_uring_setup(2), io_uring_enter(2), io_uring_register(2), and
 * liburing.
 */
#include "loop/core/uring_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    SUBMISSIONS = 256,
    COMPLETIONS = 1024,
    BUFFERS = 256, /* a power of two */
    BUFFER_SIZE = 8192,
};

/* --- the submission queue ------------------------------------------------ */

static void submit(struct loop *loop)
{
    struct uring *u = loop->back;
    io_uring_submit(&u->ring);
}

/*
 * Whatever it thinks of a submission, the kernel takes it: errors come as
 * completions. It takes none if it has no memory even for that (EAGAIN), which
 * may pass; or if the ring is ours no more, its descriptor closed by others
 * (EBADF). Then what the loop was promised cannot be kept: the program ends, as
 * it does for want of memory elsewhere. (EINTR and EBUSY are for those who
 * wait for completions, and EBADR tells of lost ones.)
 */
void uring_reserve(struct loop *loop, unsigned n)
{
    enum { TRIES = 10 };
    struct uring *u = loop->back;
    for (int tries = 1; io_uring_sq_space_left(&u->ring) < n; tries++) {
        const int error = io_uring_submit(&u->ring);
        if (tries == TRIES) {
            base_log_error("io_uring takes nothing: %s", strerror(-error));
            abort();
        }
    }
}

struct io_uring_sqe *next_sqe(struct loop *loop)
{
    struct uring *u = loop->back;
    uring_reserve(loop, 1);
    return io_uring_get_sqe(&u->ring);
}

void uring_cancel_tag(struct loop *loop, uint64_t tag)
{
    struct io_uring_sqe *sqe = next_sqe(loop);
    io_uring_prep_cancel64(sqe, tag, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, 0);
}

/* Behind the cancels that are queued already. */
static int uring_release(struct loop *loop, int fd)
{
    struct io_uring_sqe *sqe = next_sqe(loop);
    io_uring_prep_close(sqe, fd);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, 0);
    return 0;
}

/* --- the completion queue ------------------------------------------------ */

static int enter(struct io_uring *ring, int64_t timeout_ns)
{
    if (timeout_ns == 0)
        return io_uring_submit_and_get_events(ring);
    if (timeout_ns < 0)
        return io_uring_submit_and_wait(ring, 1);
    struct io_uring_cqe *cqe;
    struct __kernel_timespec timeout = {.tv_sec = timeout_ns / LOOP_SECOND,
                                        .tv_nsec = timeout_ns % LOOP_SECOND};
    return io_uring_submit_and_wait_timeout(ring, &cqe, 1, &timeout, NULL);
}

static void report(struct loop *loop, const struct io_uring_cqe *cqe)
{
    const uint64_t tag = cqe->user_data;
    if (tag & TAG_WATCHER)
        watcher_completed(loop, cqe);
    else if (tag != 0)
        op_completed(op_tagged(tag), cqe);
}

/* Places in the queue are given back in one go, after the callbacks. */
static int uring_wait(struct loop *loop, int64_t timeout_ns)
{
    struct uring *u = loop->back;
    const int error = enter(&u->ring, timeout_ns);
    struct io_uring_cqe *cqe;
    unsigned head;
    int n = 0;
    io_uring_for_each_cqe(&u->ring, head, cqe)
    {
        report(loop, cqe);
        n++;
    }
    io_uring_cq_advance(&u->ring, (unsigned)n);
    return error < 0 && error != -ETIME && n == 0 ? error : n;
}

/* --- the ring of buffers ------------------------------------------------- */

char *uring_buffer(const struct uring *u, unsigned id)
{
    return u->buffers + (size_t)id * BUFFER_SIZE;
}

void uring_buffer_give(struct uring *u, unsigned id)
{
    io_uring_buf_ring_add(u->free, uring_buffer(u, id), BUFFER_SIZE,
                          (unsigned short)id, io_uring_buf_ring_mask(BUFFERS),
                          0);
    io_uring_buf_ring_advance(u->free, 1);
}

enum {
    RING_SIZE = BUFFERS * sizeof(struct io_uring_buf),
    MEMORY_SIZE = RING_SIZE + BUFFERS * BUFFER_SIZE
};

/* The ring has to begin with a page; the buffers stand behind it. */
int uring_buffers_open(struct uring *u)
{
    if (u->free != NULL)
        return 0;
    char *memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -ENOMEM;
    struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)memory,
                                   .ring_entries = BUFFERS,
                                   .bgid = URING_GROUP};
    const int error = io_uring_register_buf_ring(&u->ring, &reg, 0);
    if (error != 0) {
        munmap(memory, MEMORY_SIZE);
        return error;
    }
    u->free = (struct io_uring_buf_ring *)(void *)memory;
    u->buffers = memory + RING_SIZE;
    io_uring_buf_ring_init(u->free);
    for (unsigned id = 0; id < BUFFERS; id++)
        uring_buffer_give(u, id);
    return 0;
}

/* --- life, and the seam -------------------------------------------------- */

static int setup(struct io_uring *ring, unsigned flags)
{
    struct io_uring_params params = {.flags = IORING_SETUP_CQSIZE |
                                              IORING_SETUP_CLAMP | flags,
                                     .cq_entries = COMPLETIONS};
    return io_uring_queue_init_params(SUBMISSIONS, ring, &params);
}

static int uring_open(struct loop *loop)
{
    struct uring *u = base_alloc(sizeof *u);
    int error = setup(&u->ring,
                      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    if (error == -EINVAL) /* before Linux 6.1 */
        error = setup(&u->ring, 0);
    if (error != 0) {
        free(u);
        return error;
    }
    loop->back = u;
    return 0;
}

static void uring_close(struct loop *loop)
{
    struct uring *u = loop->back;
    if (loop->born == core_forks)
        submit(loop); /* closes that were queued */
    io_uring_queue_exit(&u->ring);
    if (u->free != NULL)
        munmap(u->free, MEMORY_SIZE);
    free(u);
}

static int uring_fd(const struct loop *loop)
{
    const struct uring *u = loop->back;
    return u->ring.ring_fd;
}

const struct backend backend_uring = {
    .name = "uring",
    .completes = true,
    .open = uring_open,
    .close = uring_close,
    .flush = submit,
    .fd = uring_fd,
    .interest = uring_interest,
    .wait = uring_wait,
    .start = uring_start,
    .cancel = uring_cancel,
    .release = uring_release,
};
