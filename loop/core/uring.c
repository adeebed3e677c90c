/*
 * uring.c - the back end on io_uring(7): operations are done by the kernel.
 *
 * What the loop wants is written into the submission queue, shared memory; one
 * io_uring_enter(2) hands all of it over and sleeps until results stand in the
 * completion queue. So a pass costs one system call, however much it starts.
 *
 *     loop    accept recv send ... -> [ submission queue ] ->  kernel
 *     loop    <- callbacks         <- [ completion queue ] <-  kernel
 *
 * - accept and recv are multishot: asked once, they complete many times. Where
 *   the kernel ends one without an error (F_MORE missing), it is asked anew.
 * - recv takes its memory when bytes are there, from a ring of buffers that
 *   kernel and loop pass to and fro; so idle connections hold none.
 * - A watcher is a poll for one event, asked anew before the next wait: that is
 *   level-triggered, and costs no system call of its own. With LOOP_EDGE it is
 *   a multishot poll, which speaks when something comes.
 * - Half closed: the kernel polls for POLLRDHUP too, asked or not. So a socket
 *   whose peer has shut down its side looks ready at once, and again and again,
 *   to those who wait to write. Such a poll is asked anew as a multishot one,
 *   which speaks of changes.
 * - A cancelled operation ends when its completion says so; until then the
 *   kernel may write to its memory. loop_close queues the cancelling, and the
 *   close behind it.
 *
 * A completion's name (user_data): an operation's address; or, with the lowest
 * bit set, the name of a watcher's slot; or, with the second bit set, that of a
 * poll in front of an operation; or 0, for which nobody waits.
 *
 * Needs Linux 6.0 (multishot receive); 6.1 for DEFER_TASKRUN, without which it
 * does more interrupts. Read before: epoll.c. Rests on: io_uring_setup(2),
 * io_uring_enter(2), io_uring_register(2), and liburing.
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    SUBMISSIONS = 256,
    COMPLETIONS = 2048,
    BUFFERS = 256, /* a power of two */
    BUFFER_SIZE = 8192,
    GROUP = 1, /* the number of the ring of buffers */
};

struct uring {
    struct io_uring ring;
    struct io_uring_buf_ring *free; /* NULL: nothing was received yet */
    char *buffers;
};

/* --- names -------------------------------------------------------------------
 */

static uint64_t watcher_name(uint32_t serial, int fd)
{
    return (uint64_t)serial << 32 | (uint32_t)fd << 1 | 1;
}

static uint64_t poll_name(const struct loop_op *op)
{
    return (uint64_t)(uintptr_t)op | 2;
}

static uint64_t slot_name_of(uint64_t name)
{
    return (name & ~UINT64_C(0xffffffff)) | (uint32_t)name >> 1;
}

/* --- submitting ---------------------------------------------------------- */

static void submit(struct loop *loop)
{
    struct uring *u = loop->back;
    io_uring_submit(&u->ring);
}

/* A place in the submission queue; a full one is handed over first. */
static struct io_uring_sqe *place(struct loop *loop)
{
    struct uring *u = loop->back;
    struct io_uring_sqe *sqe;
    while ((sqe = io_uring_get_sqe(&u->ring)) == NULL)
        submit(loop);
    return sqe;
}

static void cancel(struct loop *loop, uint64_t name)
{
    struct io_uring_sqe *sqe = place(loop);
    io_uring_prep_cancel64(sqe, name, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, 0);
}

/* --- the ring of buffers ------------------------------------------------- */

static void buffer_give(struct uring *u, unsigned id)
{
    io_uring_buf_ring_add(u->free, u->buffers + (size_t)id * BUFFER_SIZE,
                          BUFFER_SIZE, (unsigned short)id,
                          io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(u->free, 1);
}

enum {
    RING_SIZE = BUFFERS * sizeof(struct io_uring_buf),
    MEMORY_SIZE = RING_SIZE + BUFFERS * BUFFER_SIZE
};

/* The ring has to begin with a page; the buffers stand behind it. */
static int buffers_open(struct uring *u)
{
    if (u->free != NULL)
        return 0;
    char *memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -ENOMEM;
    struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)memory,
                                   .ring_entries = BUFFERS,
                                   .bgid = GROUP};
    const int error = io_uring_register_buf_ring(&u->ring, &reg, 0);
    if (error != 0) {
        munmap(memory, MEMORY_SIZE);
        return error;
    }
    u->free = (struct io_uring_buf_ring *)(void *)memory;
    u->buffers = memory + RING_SIZE;
    io_uring_buf_ring_init(u->free);
    for (unsigned id = 0; id < BUFFERS; id++)
        buffer_give(u, id);
    return 0;
}

/* --- operations ---------------------------------------------------------- */

static void prepare_recv(struct loop_op *op, struct io_uring_sqe *sqe)
{
    io_uring_prep_recv_multishot(sqe, op->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = GROUP;
}

/* Of 32 bits in a submission: a gigabyte at a time is enough. */
static unsigned length(const struct iovec *iov)
{
    enum { MOST = 1 << 30 };
    return iov->iov_len < MOST ? (unsigned)iov->iov_len : MOST;
}

/*
 * Not to wait inside: once the peer has shut down its side, Linux 6.18 waits in
 * a thread of its own, where no cancel finds it.
 */
static void prepare_send(struct loop_op *op, struct io_uring_sqe *sqe)
{
    enum { FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT };
    if (op->n_iov == 1) {
        io_uring_prep_send(sqe, op->fd, op->iov->iov_base, length(op->iov),
                           FLAGS);
        return;
    }
    op->msg = (struct msghdr){.msg_iov = op->iov, .msg_iovlen = op_buffers(op)};
    io_uring_prep_sendmsg(sqe, op->fd, &op->msg, FLAGS);
}

static unsigned poll_bits(unsigned events)
{
    return (events & LOOP_READ ? POLLIN : 0U) |
           (events & LOOP_WRITE ? POLLOUT : 0U);
}

static bool is_broken(int result)
{
    return result < 0 || result & (POLLERR | POLLHUP);
}

static unsigned events_of(int result)
{
    return (is_broken(result) || result & POLLIN ? LOOP_READ : 0U) |
           (is_broken(result) || result & POLLOUT ? LOOP_WRITE : 0U);
}

static void prepare_poll(struct loop_op *op, struct io_uring_sqe *sqe,
                         unsigned events)
{
    io_uring_prep_poll_add(sqe, op->fd, poll_bits(events));
    if (op->half_closed)
        sqe->len = IORING_POLL_ADD_MULTI;
    op->result = 0;
}

/* -1: at the file's position, as read(2) does, and what a pipe needs. */
static void prepare_file(struct loop_op *op, struct io_uring_sqe *sqe)
{
    const unsigned len = length(&op->one);
    void *base = op->one.iov_base;
    switch ((enum op_kind)op->kind) {
    case OP_READ:
        io_uring_prep_read(sqe, op->fd, base, len, (uint64_t)-1);
        break;
    case OP_WRITE:
        io_uring_prep_write(sqe, op->fd, base, len, (uint64_t)-1);
        break;
    case OP_FILE_OPEN:
        io_uring_prep_openat(sqe, AT_FDCWD, base, op->flags | O_CLOEXEC,
                             op->mode);
        break;
    case OP_FILE_READ:
        io_uring_prep_read(sqe, op->fd, base, len, (uint64_t)op->offset);
        break;
    case OP_FILE_WRITE:
        io_uring_prep_write(sqe, op->fd, base, len, (uint64_t)op->offset);
        break;
    default:
        io_uring_prep_fsync(sqe, op->fd, 0);
        break;
    }
}

static void prepare(struct loop_op *op, struct io_uring_sqe *sqe)
{
    switch ((enum op_kind)op->kind) {
    case OP_ACCEPT:
        io_uring_prep_multishot_accept(sqe, op->fd, NULL, NULL,
                                       SOCK_NONBLOCK | SOCK_CLOEXEC);
        break;
    case OP_CONNECT:
        io_uring_prep_connect(sqe, op->fd, (struct sockaddr *)&op->addr,
                              op->addr_len);
        break;
    case OP_RECV:
        prepare_recv(op, sqe);
        break;
    case OP_SEND:
        prepare_send(op, sqe);
        break;
    case OP_POLL:
        prepare_poll(op, sqe, (unsigned)op->offset);
        break;
    default:
        prepare_file(op, sqe);
        break;
    }
}

static void ask(struct loop_op *op)
{
    struct io_uring_sqe *sqe = place(op->loop);
    prepare(op, sqe);
    io_uring_sqe_set_data(sqe, op);
}

/*
 * A poll in front: of what does not wait by itself. It is linked to the
 * operation and completes without a word; if it fails, it completes instead of
 * what is linked to it. A link ends with what is handed over: so both must find
 * a place. One for changes says what it sees, and nothing is linked to it.
 */
static void ask_when_ready(struct loop_op *op)
{
    const struct uring *u = op->loop->back;
    if (io_uring_sq_space_left(&u->ring) < 2)
        submit(op->loop);
    struct io_uring_sqe *sqe = place(op->loop);
    prepare_poll(op, sqe, op_is_reader(op) ? LOOP_READ : LOOP_WRITE);
    io_uring_sqe_set_data64(sqe, poll_name(op));
    op->behind_poll = true;
    if (op->half_closed)
        return;
    sqe->flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
    ask(op);
}

static void uring_start(struct loop_op *op)
{
    struct uring *u = op->loop->back;
    const int error = op->kind == OP_RECV ? buffers_open(u) : 0;
    if (error != 0)
        op_end_later(op, error);
    else if ((op->kind == OP_SEND || op->kind == OP_WRITE) && op->n_iov == 0)
        op_end_later(op, 0);
    else if (op->kind == OP_READ)
        ask_when_ready(op);
    else
        ask(op);
}

static void uring_cancel(struct loop_op *op)
{
    const struct slot *s =
        op_is_file(op) ? NULL : core_slot_find(op->loop, op->fd);
    if (s != NULL && s->paused && s->reader == op)
        op_end_later(op, -ECANCELED); /* the kernel knows nothing of it */
    else
        cancel(op->loop, (uint64_t)(uintptr_t)op);
    if (op->behind_poll)
        cancel(op->loop, poll_name(op)); /* and so what is linked to it */
}

static int uring_release(struct loop *loop, int fd)
{
    struct io_uring_sqe *sqe = place(loop);
    io_uring_prep_close(sqe, fd);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, 0);
    return 0;
}

/* --- completions of operations ------------------------------------------- */

/* Ended without an error, or with one that passes: on, unless cancelled. */
static void go_on(struct loop_op *op)
{
    if (op->state == OP_CANCELLING)
        op_end(op, -ECANCELED);
    else
        ask(op);
}

static void accepted(struct loop_op *op, int result, bool more)
{
    if (result >= 0)
        op_progress(op, result);
    if (more)
        return;
    if (result >= 0 || op_accept_again(-result))
        go_on(op);
    else if (op->state == OP_CANCELLING || !op_pause(op, -result))
        op_end(op, op->state == OP_CANCELLING ? -ECANCELED : result);
}

static void received(struct loop_op *op, const struct io_uring_cqe *cqe)
{
    struct uring *u = op->loop->back;
    const bool more = cqe->flags & IORING_CQE_F_MORE;
    const unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
    const int result = cqe->res;
    if (result > 0) {
        op->data = (struct base_slice){u->buffers + (size_t)id * BUFFER_SIZE,
                                       (size_t)result};
        op_progress(op, result);
    }
    if (cqe->flags & IORING_CQE_F_BUFFER)
        buffer_give(u, id);
    if (more)
        return;
    if (result > 0 || result == -ENOBUFS) /* none was free: now one is */
        go_on(op);
    else
        op_end(op, result);
}

/* Asked too early. If a poll was in front, what it saw was the peer's end. */
static void not_ready(struct loop_op *op)
{
    op->half_closed |= op->behind_poll;
    if (op->state == OP_CANCELLING)
        op_end(op, -ECANCELED);
    else
        ask_when_ready(op);
}

/* The rest of a short send, unless there is none, waits for room. */
static void sent(struct loop_op *op, int result)
{
    op_sent(op, (size_t)result);
    op->behind_poll = false;
    if (op->n_iov == 0)
        op_end(op, (ssize_t)op->done);
    else
        not_ready(op);
}

/* See "half closed" above. A poll for changes is to be ended before it ends. */
static void poll_completed(struct loop_op *op, const struct io_uring_cqe *cqe)
{
    const bool more = cqe->flags & IORING_CQE_F_MORE;
    const unsigned event = op_is_reader(op) ? LOOP_READ : LOOP_WRITE;
    if (cqe->res > 0 && events_of(cqe->res) & event)
        op->result = event;
    if (more && op->result != 0) {
        cancel(op->loop, cqe->user_data);
    } else if (!more && op->result != 0 && op->kind == OP_POLL) {
        op_end(op, op->result);
    } else if (!more && op->result == 0 && cqe->res < 0) {
        op_end(op, cqe->res);
    } else if (!more) {
        op->half_closed = true;
        op->behind_poll = false;
        go_on(op);
    }
}

static void completed(struct loop_op *op, const struct io_uring_cqe *cqe)
{
    const bool sends = op->kind == OP_SEND || op->kind == OP_WRITE;
    if (op->kind == OP_POLL || cqe->user_data == poll_name(op)) {
        poll_completed(op, cqe);
    } else if (op->kind == OP_ACCEPT) {
        accepted(op, cqe->res, cqe->flags & IORING_CQE_F_MORE);
    } else if (op->kind == OP_RECV) {
        received(op, cqe);
    } else if (cqe->res == -EAGAIN && (sends || op->kind == OP_READ)) {
        not_ready(op);
    } else if (cqe->res >= 0 && sends) {
        sent(op, cqe->res);
    } else {
        op_end(op, cqe->res);
    }
}

/* --- watchers
 * ----------------------------------------------------------------------------------
 */

static int uring_interest(struct loop *loop, int fd, const struct slot *s,
                          unsigned wanted)
{
    if (s->told != 0)
        cancel(loop, watcher_name(s->told_serial, fd));
    if (wanted == 0)
        return 0;
    struct io_uring_sqe *sqe = place(loop);
    io_uring_prep_poll_add(sqe, fd, poll_bits(wanted));
    if (wanted & LOOP_EDGE || s->hung_up)
        sqe->len = IORING_POLL_ADD_MULTI;
    io_uring_sqe_set_data64(sqe, watcher_name(s->serial, fd));
    return 0;
}

/*
 * A poll that has ended is asked anew before waiting; one for changes too, if
 * it has told what a level-triggered watcher wants to hear as long as it holds.
 */
static void polled(struct loop *loop, uint64_t name, int result, bool more)
{
    struct slot *s = slot_named(loop, slot_name_of(name));
    if (s == NULL || s->watcher == NULL || result == -ECANCELED)
        return;
    const int fd = (int)(uint32_t)slot_name_of(name);
    const unsigned wanted = s->watcher->events;
    s->hung_up = result > 0 && result & POLLRDHUP; /* see "half closed" */
    if (!more)
        s->told = 0;
    else if (!(wanted & LOOP_EDGE) && events_of(result) != 0)
        s->told |= LOOP_EDGE; /* what it is, and is not to be */
    if (s->told != wanted)
        core_changed(loop, fd, s);
    core_ready(loop, slot_name_of(name), events_of(result), is_broken(result));
}

/* --- the seam
 * ------------------------------------------------------------------------------------
 */

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

static int enter(struct io_uring *ring, int64_t timeout_ns)
{
    struct io_uring_cqe *cqe;
    struct __kernel_timespec timeout = {.tv_sec = timeout_ns / LOOP_SECOND,
                                        .tv_nsec = timeout_ns % LOOP_SECOND};
    if (timeout_ns == 0)
        return io_uring_submit_and_get_events(ring);
    if (timeout_ns < 0)
        return io_uring_submit_and_wait(ring, 1);
    return io_uring_submit_and_wait_timeout(ring, &cqe, 1, &timeout, NULL);
}

static void report(struct loop *loop, const struct io_uring_cqe *cqe)
{
    const uint64_t name = cqe->user_data;
    if (name & 1)
        polled(loop, name, cqe->res, cqe->flags & IORING_CQE_F_MORE);
    else if (name != 0)
        completed((struct loop_op *)(uintptr_t)(name & ~UINT64_C(2)), cqe);
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
