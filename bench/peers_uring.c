/*
 * peers_uring.c - a ring of pipes on io_uring by hand: each pipe has a poll
 * that reports as often as something comes (multishot), so nothing is asked
 * anew. Reports come as at an edge: what is there is read to the end. And all
 * is read before anything is written: tokens that move with the batch would
 * else gather in one pipe, and a single event would stand for many.
 *
 * Read before: peers_raw.c. Read after: peers_loop.c.
 * Rests on: io_uring_enter(2), io_uring_prep_poll_multishot(3).
 */
#include "peers.h"

#include <liburing.h>
#include <poll.h>

enum { COMPLETIONS = 2048 };

static struct ring *ring;
static struct io_uring uring;

static struct io_uring_sqe *place(void)
{
    struct io_uring_sqe *sqe;
    while ((sqe = io_uring_get_sqe(&uring)) == NULL)
        io_uring_submit(&uring);
    return sqe;
}

static void watch(struct ring_end *end)
{
    struct io_uring_sqe *sqe = place();
    io_uring_prep_poll_multishot(sqe, end->from, POLLIN);
    io_uring_sqe_set_data(sqe, end);
}

static const char *ring_open(struct ring *r)
{
    ring = r;
    struct io_uring_params params = {.flags = IORING_SETUP_CQSIZE |
                                              IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN,
                                     .cq_entries = COMPLETIONS};
    if (io_uring_queue_init_params(256, &uring, &params) != 0)
        return "the kernel refuses io_uring";
    for (int i = 0; i < r->n; i++)
        watch(&r->ends[i]);
    io_uring_submit(&uring);
    return NULL;
}

/* Tokens that have been taken out, to be passed on. */
struct taken {
    const struct ring_end *end;
    ssize_t n;
};

static unsigned take(struct taken *taken)
{
    struct io_uring_cqe *cqe;
    unsigned head, n = 0;
    io_uring_for_each_cqe(&uring, head, cqe)
    {
        char tokens[64];
        struct ring_end *end = io_uring_cqe_get_data(cqe);
        taken[n].end = end;
        taken[n++].n = read(end->from, tokens, sizeof tokens);
        if (!(cqe->flags & IORING_CQE_F_MORE))
            watch(end);
    }
    io_uring_cq_advance(&uring, n);
    return n;
}

/* True if the last event was among them. */
static bool pass_on(const struct taken *taken)
{
    for (ssize_t i = 0; i < taken->n; i++) {
        if (ring->writes > 0) {
            ring->writes--;
            if (write(taken->end->next, ".", 1) != 1)
                abort();
        }
        if (--ring->events == 0)
            return true;
    }
    return false;
}

static void ring_run(void)
{
    for (;;) {
        static struct taken taken[COMPLETIONS];
        io_uring_submit_and_wait(&uring, 1);
        const unsigned n = take(taken);
        for (unsigned i = 0; i < n; i++)
            if (pass_on(&taken[i]))
                return;
    }
}

static void ring_close(void)
{
    io_uring_queue_exit(&uring);
}

static const struct ring_ops ring_ops = {ring_open, ring_run, ring_close};

const struct peer peer_raw_uring = {
    .name = "raw/uring", .ring = &ring_ops, .ring_sockets = &ring_ops};
