/*
 * server.c - the hello server on completions: io_uring(7) by liburing.
 *
 * epoll tells that a receive would find bytes; the process then calls recv.
 * Here the process names the memory and asks for the bytes themselves; the
 * kernel tells when they lie there. So there is nothing to be non-blocking
 * about, and one system call a turn, io_uring_submit_and_wait, hands over all
 * that was asked and sleeps until something is done.
 *
 *     submission queue (arm)                  completion queue (take, serve)
 *     receive on 5, send on 7, close 9 ...    7: 79 sent, 5: 40 received ...
 *
 * --receive says how a connection asks for its bytes:
 *
 *     multishot   once and for all: each time bytes come, the kernel picks a
 *                 buffer of a ring that all connections share, and completes.
 *                 The listener is asked so in either mode
 *     oneshot     each time anew, into the connection's own memory
 *
 * The steps of a turn: arm, wait, take, serve, re-arm.
 *
 * What an operation names (memory, descriptor) belongs to the kernel until its
 * completion. So a connection that is over is cancelled first, and closed and
 * freed by its last completion. That is why no completion can be stale: while
 * one is due, the connection and its descriptor are there.
 *
 *     open --- over, or stopping ---> cancelled --- last completion ---> closed
 *
 * Back-pressure. Of a multishot receive bytes go on coming while the answers
 * find no way out. What hello.in cannot take is held beside it, and the receive
 * is cancelled. Until the cancel is submitted, the kernel can fill no more than
 * the shared buffers, so these, and the one at hand, bound what is held.
 * SIMPLIFIED: bytes are copied once more, from the shared buffer to hello.in.
 *
 * Read before: rings.c, uring.h, 05-epoll/server.c. Read after: fetch.c.
 * Rests on: io_uring(7), io_uring_prep_recv_multishot(3),
 * io_uring_register_buf_ring(3), io_uring_prep_cancel(3).
 */
#include "../common/common.h"
#include "uring.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 2048, /* of each shared buffer */
    GROUP = 0,          /* the name of the ring of buffers */
    PAUSE_MS = 100,     /* until the next try to accept, after a failure */
};

struct conn {
    int fd;
    bool receiving, sending; /* operations that have not had their last
                                completion: the kernel may write here */
    bool pausing;            /* the receive was told to end */
    bool ending;             /* all operations were told to end */
    bool failed;             /* the peer is gone */
    bool eof;                /* the peer sends no more; some may be held */
    char *held;              /* what hello.in could not take, or NULL: */
    unsigned held_len, held_used;
    struct hello http;
};

static struct io_uring ring;
static bool multishot;
static int listener;
static struct conn **conns; /* by descriptor; NULL where there is none */
static int conns_len, n_conns;

/* --- arm: operations, each with a name that comes back ------------------- */

enum kind { ACCEPT, PAUSE, RECEIVE, SEND, NOTHING };

static uint64_t name_of(enum kind kind, int fd)
{
    return (uint64_t)kind << 32 | (uint32_t)fd;
}

static void arm_accept(void)
{
    struct io_uring_sqe *sqe = uring_sqe(&ring);
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
    sqe->user_data = name_of(ACCEPT, listener);
}

static void arm_pause(void)
{
    static struct __kernel_timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    struct io_uring_sqe *sqe = uring_sqe(&ring);
    io_uring_prep_timeout(sqe, &pause, 0, 0);
    sqe->user_data = name_of(PAUSE, listener);
}

static void arm_receive(struct conn *c)
{
    struct hello *h = &c->http;
    struct io_uring_sqe *sqe = uring_sqe(&ring);
    if (multishot) {
        io_uring_prep_recv_multishot(sqe, c->fd, NULL, 0, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = GROUP;
    } else {
        io_uring_prep_recv(sqe, c->fd, h->in + h->in_len,
                           sizeof h->in - h->in_len, 0);
    }
    sqe->user_data = name_of(RECEIVE, c->fd);
    c->receiving = true;
}

static void arm_send(struct conn *c)
{
    struct hello *h = &c->http;
    struct io_uring_sqe *sqe = uring_sqe(&ring);
    io_uring_prep_send(sqe, c->fd, h->out + h->out_sent,
                       h->out_len - h->out_sent, MSG_NOSIGNAL);
    sqe->user_data = name_of(SEND, c->fd);
    c->sending = true;
}

/* Operations that nobody waits for: only a failure completes, to be ignored. */
static struct io_uring_sqe *ignored(struct io_uring_sqe *sqe)
{
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = name_of(NOTHING, listener);
    return sqe;
}

/* Asks the receive to end; its last completion comes all the same. */
static void pause_receive(struct conn *c)
{
    if (!c->receiving || c->pausing)
        return;
    c->pausing = true;
    struct io_uring_sqe *sqe = uring_sqe(&ring);
    io_uring_prep_cancel64(sqe, name_of(RECEIVE, c->fd), 0);
    ignored(sqe);
}

static void close_later(int fd)
{
    struct io_uring_sqe *sqe = uring_sqe(&ring);
    io_uring_prep_close(sqe, fd);
    ignored(sqe);
}

/* --- the buffers that all connections share ------------------------------- */

static struct {
    struct io_uring_buf_ring *ring; /* a third ring: the kernel takes out */
    char *bytes;
    int n; /* a power of two */
} shared;

static char *buffer(int id)
{
    return shared.bytes + (size_t)id * BUFFER_SIZE;
}

/* Puts a buffer into the ring, for the kernel to fill: no system call. */
static void give(int id)
{
    io_uring_buf_ring_add(shared.ring, buffer(id), BUFFER_SIZE,
                          (unsigned short)id,
                          io_uring_buf_ring_mask((unsigned)shared.n), 0);
    io_uring_buf_ring_advance(shared.ring, 1);
}

static void share_buffers(int n)
{
    if ((n & (n - 1)) != 0)
        die(0, "--buffers 256", "%d buffers: a ring has a power of two", n);
    shared.n = n;
    shared.bytes = allocate_array(n, BUFFER_SIZE);
    void *entries = mmap(NULL, (size_t)n * sizeof(struct io_uring_buf),
                         PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                         -1, 0); /* page-aligned, as it must be */
    if (entries == MAP_FAILED)
        die(errno, NULL, "cannot map the ring of buffers");
    shared.ring = entries;
    io_uring_buf_ring_init(shared.ring);
    struct io_uring_buf_reg group = {
        .ring_addr = (uintptr_t)entries,
        .ring_entries = (unsigned)n,
        .bgid = GROUP,
    };
    const int error = io_uring_register_buf_ring(&ring, &group, 0);
    if (error != 0)
        die(-error, NULL, "cannot register the ring of buffers");
    for (int i = 0; i < n; i++)
        give(i);
}

/* --- serve ---------------------------------------------------------------- */

/* Moves what fits of bytes[0..n) into the hello; returns how much. */
static unsigned pour(struct hello *h, const char *bytes, unsigned n)
{
    unsigned used = 0;
    while (used < n && h->in_len < sizeof h->in && !h->last) {
        const unsigned room = (unsigned)sizeof h->in - h->in_len;
        const unsigned part = n - used < room ? n - used : room;
        memcpy(h->in + h->in_len, bytes + used, part);
        hello_received(h, part);
        used += part;
    }
    return h->last ? n : used; /* behind the last request nothing counts */
}

/* Keeps what could not be poured, behind what is held already. */
static void hold(struct conn *c, const char *bytes, unsigned n)
{
    const unsigned bound = (unsigned)(shared.n + 1) * BUFFER_SIZE;
    if (c->held == NULL)
        c->held = allocate(bound);
    if (n > bound - c->held_len) {
        c->failed = true; /* see "Back-pressure": the kernel has no more */
        return;
    }
    memcpy(c->held + c->held_len, bytes, n);
    c->held_len += n;
}

/* `n` bytes have come in a shared buffer, which goes back to the kernel. */
static void take_buffer(struct conn *c, int id, unsigned n)
{
    const unsigned used = c->held == NULL ? pour(&c->http, buffer(id), n) : 0;
    if (used < n)
        hold(c, buffer(id) + used, n - used);
    give(id);
}

static void release(struct conn *c)
{
    free(c->held);
    c->held = NULL;
    c->held_len = c->held_used = 0;
}

static void pour_held(struct conn *c)
{
    if (c->held == NULL)
        return;
    c->held_used +=
        pour(&c->http, c->held + c->held_used, c->held_len - c->held_used);
    if (c->held_used == c->held_len)
        release(c);
}

/* Nothing is in flight: nobody else knows of this memory. */
static void drop(struct conn *c)
{
    conns[c->fd] = NULL;
    n_conns--;
    if (c->http.refused)
        hello_close(&c->http, c->fd); /* takes what is unread, see common.h */
    else
        close_later(c->fd);
    release(c);
    free(c);
}

/* The connection is over: cancels what is in flight; drops it after that. */
static void end(struct conn *c)
{
    if (!c->receiving && !c->sending) {
        drop(c);
    } else if (!c->ending) {
        c->ending = true;
        struct io_uring_sqe *sqe = uring_sqe(&ring);
        io_uring_prep_cancel_fd(sqe, c->fd, IORING_ASYNC_CANCEL_ALL);
        ignored(sqe);
    }
}

/* re-arm: asks for what the connection needs next, if it is not asked for. */
static void go_on(struct conn *c)
{
    struct hello *h = &c->http;
    pour_held(c);
    if (c->eof && !h->eof && c->held == NULL)
        hello_received(h, 0);
    const enum want want = hello_wants(h);
    if (c->failed || stopping || want == WANT_CLOSE) {
        end(c);
        return;
    }
    if (want == WANT_WRITE && !c->sending)
        arm_send(c);
    if (c->held != NULL)
        pause_receive(c);
    else if (want == WANT_READ && !c->receiving)
        arm_receive(c);
}

static void received(struct conn *c, int result, unsigned flags)
{
    c->receiving = flags & IORING_CQE_F_MORE;
    if (!c->receiving)
        c->pausing = false;
    if (flags & IORING_CQE_F_BUFFER)
        take_buffer(c, (int)(flags >> IORING_CQE_BUFFER_SHIFT),
                    result > 0 ? (unsigned)result : 0);
    else if (result > 0)
        hello_received(&c->http, (size_t)result); /* they lie in hello.in */
    if (result == 0)
        c->eof = true;
    else if (result < 0 && result != -ECANCELED && result != -ENOBUFS)
        c->failed = true; /* ENOBUFS: all buffers were full; we re-arm */
    go_on(c);
}

static void sent(struct conn *c, int result)
{
    c->sending = false;
    if (result > 0)
        hello_sent(&c->http, (size_t)result);
    else
        c->failed = true;
    go_on(c);
}

/* take: a connection, or why there is none; and no MORE: accept has ended. */
static void take(int result, unsigned flags)
{
    if (result < 0)
        arm_pause(); /* EMFILE: those that wait will still be there */
    else if (!(flags & IORING_CQE_F_MORE))
        arm_accept();
    if (result < 0)
        return;
    if (stopping) {
        close_later(result);
        return;
    }
    struct conn *c = allocate(sizeof *c);
    memset(c, 0, offsetof(struct conn, http));
    c->fd = result;
    hello_init(&c->http);
    conns[result] = c;
    n_conns++;
    go_on(c);
}

static void complete(const struct io_uring_cqe *cqe)
{
    struct conn *c = conns[(uint32_t)cqe->user_data];
    switch ((enum kind)(cqe->user_data >> 32)) {
    case ACCEPT:
        take(cqe->res, cqe->flags);
        break;
    case PAUSE:
        arm_accept();
        break;
    case RECEIVE:
        received(c, cqe->res, cqe->flags);
        break;
    case SEND:
        sent(c, cqe->res);
        break;
    case NOTHING:
        break;
    }
}

/* One turn: submit and wait, then take or serve each completion. */
static void turn(void)
{
    uring_check(io_uring_submit_and_wait(&ring, 1));
    struct io_uring_cqe *cqe;
    unsigned head, n = 0;
    io_uring_for_each_cqe(&ring, head, cqe)
    {
        complete(cqe);
        n++;
    }
    io_uring_cq_advance(&ring, n); /* their places are the kernel's again */
}

/* --- start and end -------------------------------------------------------- */

/* A signal ends a wait, but may come before it: see stop_on_signal. */
static void arm_stop(int stop)
{
    struct io_uring_sqe *sqe = uring_sqe(&ring);
    io_uring_prep_poll_add(sqe, stop, POLLIN);
    sqe->user_data = name_of(NOTHING, listener);
}

/* Before its memory goes, each operation has its last completion. */
static void end_all(void)
{
    for (int fd = 0; fd < conns_len; fd++)
        if (conns[fd] != NULL)
            end(conns[fd]);
    while (n_conns > 0)
        turn();
    io_uring_queue_exit(&ring);
    munmap(shared.ring, (size_t)shared.n * sizeof(struct io_uring_buf));
    free(shared.bytes);
    free(conns);
    close(listener);
}

int main(int argc, char **argv)
{
    int port = 8000, entries = 256, buffers = 256;
    const char *word = "multishot";
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {"receive", "how bytes are asked for", NULL, 0, 0, &word,
         "multishot,oneshot"},
        {"entries", "places in the submission queue", &entries, 1, 4096, NULL,
         NULL},
        {"buffers", "shared buffers, a power of two", &buffers, 1, 32768, NULL,
         NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "The hello server on io_uring, one thread.",
                  options);
    multishot = word[0] == 'm';

    uring_open(&ring, entries);
    share_buffers(buffers);
    conns_len = raise_descriptor_limit();
    conns = allocate_array(conns_len, sizeof(struct conn *));
    listener = listen_on(port, 0); /* blocking: only the kernel waits on it */
    arm_stop(stop_on_signal());
    arm_accept();
    announce(listener);
    while (!stopping)
        turn();
    end_all();
}
