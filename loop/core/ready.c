/*
 * ready.c - operations done by readiness: for select, poll and epoll.
 *
 * An operation is attempted when its descriptor is ready, until it is done.
 * What is known of readiness stands in the slot: a bit is set by an event, and
 * cleared when an attempt finds nothing (EAGAIN) or receives less than it could
 * have, for then the socket is drained (epoll(7), question 9) - unless a
 * hang-up was reported: its event has come, so the end must be read now; or
 * urgent data, at which a read stops short (tcp(7)).
 *
 *              event                      EAGAIN, short read
 *     waits ----------> attempt, call back ------------------> waits
 *                        |          ^
 *                        +----------+  still ready, BUDGET times; then the
 *                                      others first (core_again)
 *
 * Writing starts with an attempt at once: a socket can almost always be written
 * to, and asking first would cost a system call.
 *
 * Read before: op.c. Read after: select.c.
 * Rests on: accept(2), connect(2), recv(2), sendmsg(2), read(2), writev(2).
 */
#include "loop/core/core_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUDGET = 4 }; /* attempts of one descriptor in one pass */

/* --- attempts: each returns a result, or -EAGAIN to wait ----------------- */

static ssize_t result_of(ssize_t n)
{
    return n == -1 ? -errno : n;
}

static ssize_t attempt_accept(struct loop_op *op, const struct slot *s)
{
    while (!s->paused) {
        const int fd =
            accept4(op->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd != -1)
            return fd;
        const int error = errno;
        if (!op_pause(op, error) && !op_accept_again(error))
            return -error;
    }
    return -EAGAIN;
}

static bool is_ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, 0) == 1;
}

/*
 * Asked once; the outcome is told when the socket becomes writable. An event
 * may be older than that, so whether it is writable now is asked.
 */
static ssize_t attempt_connect(struct loop_op *op)
{
    if (!op->asked) {
        op->asked = true;
        if (connect(op->fd, (struct sockaddr *)&op->addr, op->addr_len) == 0)
            return 0;
        if (errno == EAGAIN) /* of unix(7), for good: the queue is full */
            op_end_later(op, -EAGAIN);
        return errno == EINPROGRESS ? -EAGAIN : -errno;
    }
    if (!is_ready(op->fd, POLLOUT))
        return -EAGAIN;
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(op->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
        return -errno;
    return -error;
}

static ssize_t attempt_recv(struct loop_op *op, struct slot *s)
{
    const ssize_t n =
        result_of(recv(op->fd, op->one.iov_base, op->one.iov_len, 0));
    if (n > 0 && (size_t)n < op->one.iov_len && !s->hung_up)
        s->ready &= (uint8_t)~LOOP_READ;
    return n;
}

static ssize_t attempt_recv_slice(struct loop_op *op, struct slot *s)
{
    struct loop *loop = op->loop;
    if (loop->scratch == NULL)
        loop->scratch = base_alloc(SCRATCH_SIZE);
    op->one = (struct iovec){loop->scratch, SCRATCH_SIZE};
    const ssize_t n = attempt_recv(op, s);
    if (n > 0)
        op->data = (struct base_slice){loop->scratch, (size_t)n};
    return n;
}

/* A terminal gives one line at a time: a short read says nothing here. */
static ssize_t attempt_read(struct loop_op *op)
{
    if (op->n_iov == 1)
        return result_of(read(op->fd, op->iov->iov_base, op->iov->iov_len));
    return result_of(readv(op->fd, op->iov, (int)op_buffers(op)));
}

static ssize_t output_once(struct loop_op *op)
{
    if (op->kind == OP_WRITE)
        return op->n_iov == 1
                   ? write(op->fd, op->iov->iov_base, op->iov->iov_len)
                   : writev(op->fd, op->iov, (int)op_buffers(op));
    if (op->n_iov == 1)
        return send(op->fd, op->iov->iov_base, op->iov->iov_len, MSG_NOSIGNAL);
    op->msg = (struct msghdr){.msg_iov = op->iov, .msg_iovlen = op_buffers(op)};
    return sendmsg(op->fd, &op->msg, MSG_NOSIGNAL);
}

/* All buffers, or as far as it goes. */
static ssize_t attempt_output(struct loop_op *op)
{
    while (op->n_iov > 0) {
        const ssize_t n = output_once(op);
        if (n == -1)
            return -errno;
        op_sent(op, (size_t)n);
    }
    return (ssize_t)op->done;
}

static ssize_t attempt_poll(struct loop_op *op)
{
    const bool reading = op->event == LOOP_READ;
    struct pollfd p = {.fd = op->fd, .events = reading ? POLLIN : POLLOUT};
    const int n = poll(&p, 1, 0);
    if (n == -1)
        return -errno;
    if (p.revents & POLLNVAL)
        return -EBADF;
    return n == 0 ? -EAGAIN : op->event;
}

static ssize_t attempt(struct loop_op *op, struct slot *s)
{
    switch ((enum op_kind)op->kind) {
    case OP_ACCEPT:
        return attempt_accept(op, s);
    case OP_CONNECT:
        return attempt_connect(op);
    case OP_RECV:
        return op->once ? attempt_recv(op, s) : attempt_recv_slice(op, s);
    case OP_READ:
        return attempt_read(op);
    case OP_SEND:
    case OP_WRITE:
        return attempt_output(op);
    default:
        return attempt_poll(op);
    }
}

/* --- going on ------------------------------------------------------------ */

static void deliver(struct loop_op *op, ssize_t result)
{
    const bool more = !op->once && ((op->kind == OP_ACCEPT && result >= 0) ||
                                    (op->kind == OP_RECV && result > 0));
    if (more)
        op_progress(op, result);
    else
        op_end(op, result);
}

/* A callback may end the operation, start another, or close the descriptor. */
static void advance(struct loop *loop, int fd, struct slot *s, unsigned bit)
{
    for (int i = 0; i < BUDGET; i++) {
        struct loop_op *op = bit == LOOP_READ ? s->reader : s->writer;
        if (op == NULL || !(s->ready & bit))
            return;
        const ssize_t result = attempt(op, s);
        if (result == -EAGAIN) {
            s->ready &= (uint8_t)~bit;
            return;
        }
        deliver(op, result);
    }
    core_again(loop, fd, s);
}

void ready_resume(struct loop *loop, int fd, struct slot *s)
{
    advance(loop, fd, s, LOOP_READ);
    advance(loop, fd, s, LOOP_WRITE);
}

/* --- the seam ------------------------------------------------------------ */

/* What is asked of the kernel by the caller's own hands: done, or not yet. */
static void attempt_now(struct loop_op *op, struct slot *s)
{
    const ssize_t result = attempt(op, s);
    if (result == -EAGAIN)
        s->ready &= (uint8_t)~LOOP_WRITE;
    else
        op_end_later(op, result);
}

/* Errors, and what to do about them, are for the operation that is started: it
 * has to find the listener as ready as it was. */
static ssize_t accept_early(const struct loop_op *op, struct slot *s)
{
    const int fd = accept4(op->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd != -1)
        return fd;
    if (errno == EAGAIN)
        s->ready &= (uint8_t)~LOOP_READ;
    return -EAGAIN;
}

/*
 * For tasks, which would rather not wait: input that is known to be there, and
 * output that goes through. Nothing else of the kind may be under way.
 */
ssize_t ready_attempt(struct loop *loop, struct loop_op *op)
{
    struct slot *s = core_slot(loop, op->fd);
    const unsigned bit = op_is_reader(op) ? LOOP_READ : LOOP_WRITE;
    if (s == NULL || s->watcher != NULL || !(s->ready & bit) ||
        (bit == LOOP_READ ? s->reader : s->writer) != NULL)
        return -EAGAIN; /* to start it says what is wrong */
    if (op->kind == OP_ACCEPT)
        return accept_early(op, s);
    const ssize_t result = attempt(op, s);
    if (result == -EAGAIN)
        s->ready &= (uint8_t)~bit;
    return result;
}

void ready_start(struct loop_op *op)
{
    if (op_is_file(op)) {
        file_start(op);
        return;
    }
    struct slot *s = core_slot_find(op->loop, op->fd);
    core_changed(op->loop, op->fd, s);
    if (op_is_reader(op) || op->kind == OP_POLL) {
        if (s->ready & (op_is_reader(op) ? LOOP_READ : LOOP_WRITE))
            core_again(op->loop, op->fd, s);
    } else if (s->ready & LOOP_WRITE) {
        attempt_now(op, s);
    }
}

void ready_cancel(struct loop_op *op)
{
    if (op_is_file(op))
        file_cancel(op);
    else
        op_end_later(op, -ECANCELED);
}

/*
 * An edge-triggered registration goes with the descriptor. If a duplicate keeps
 * it, its rare events bear an old tag, and nobody turns round for them.
 */
int ready_release(struct loop *loop, int fd)
{
    const struct slot *s = core_slot_find(loop, fd);
    if (s != NULL && s->told != 0 && !(s->told & LOOP_EDGE))
        loop->backend->interest(loop, fd, s, 0);
    return close(fd) == 0 ? 0 : -errno;
}
