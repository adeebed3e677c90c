/*
 * uring_op.c - operations on io_uring(7): what the kernel is asked, and what
 * comes of it.
 *
 * - accept and recv are multishot: asked once, they complete many times. Where
 *   the kernel ends one without an error (F_MORE missing), it is asked anew.
 * - recv takes its memory when bytes are there, from a ring of buffers that
 *   kernel and loop pass to and fro; so idle connections hold none.
 * - send, read and write do not wait inside the kernel: they say EAGAIN. A poll
 *   stands in front of them then, and of a read from the beginning:
 *
 *        send, write          read
 *            |                  |
 *            v     EAGAIN       v        ready
 *          asked ----------> behind a poll ---------> asked, and so on
 *            |     or short
 *            v
 *           done
 *
 *   The poll is linked to what it waits for, so the whole arrow costs neither
 *   a completion nor a pass.
 * - Half closed: the kernel polls for POLLRDHUP too, asked or not. So a socket
 *   whose peer has shut down its side looks ready at once, and again and again,
 *   to those who wait to write. Who was told so in vain polls for changes from
 *   then on (multishot): that speaks when something comes. It is told by a
 *   completion, ended by a cancel, and only then the operation is asked anew.
 * - A cancelled operation ends when its completion says so; until then the
 *   kernel may write to its memory. loop_close queues the cancelling, and the
 *   close behind it.
 *
 * Read before: uring.c, uring_internal.h, op.c. Read after: uring_watch.c.
 * Rests on: io_uring_enter(2), "IORING_OP_..." there.
 */
#include "loop/core/uring_internal.h"

#include <errno.h>

/* --- asking -------------------------------------------------------------- */

/* Of 32 bits in a submission: a gigabyte at a time is enough. */
static unsigned length(const struct iovec *iov)
{
    enum { MOST = 1 << 30 };
    return iov->iov_len < MOST ? (unsigned)iov->iov_len : MOST;
}

static void prepare_accept(struct loop_op *op, struct io_uring_sqe *sqe)
{
    enum { FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC };
    if (op->once)
        io_uring_prep_accept(sqe, op->fd, NULL, NULL, FLAGS);
    else
        io_uring_prep_multishot_accept(sqe, op->fd, NULL, NULL, FLAGS);
}

static void prepare_recv(struct loop_op *op, struct io_uring_sqe *sqe)
{
    if (op->once) {
        io_uring_prep_recv(sqe, op->fd, op->one.iov_base, length(&op->one), 0);
        return;
    }
    io_uring_prep_recv_multishot(sqe, op->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = URING_GROUP;
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

static void prepare_poll(struct loop_op *op, struct io_uring_sqe *sqe,
                         unsigned events)
{
    io_uring_prep_poll_add(sqe, op->fd, poll_bits(events));
    if (op->half_closed)
        sqe->len = IORING_POLL_ADD_MULTI;
    op->result = 0;
}

/* -1: at the file's position, as read(2) does, and what a pipe needs. */
static void prepare_stream(struct loop_op *op, struct io_uring_sqe *sqe)
{
    const bool reads = op->kind == OP_READ;
    const unsigned n = (unsigned)op_buffers(op), len = length(op->iov);
    if (n > 1 && reads)
        io_uring_prep_readv(sqe, op->fd, op->iov, n, (uint64_t)-1);
    else if (n > 1)
        io_uring_prep_writev(sqe, op->fd, op->iov, n, (uint64_t)-1);
    else if (reads)
        io_uring_prep_read(sqe, op->fd, op->iov->iov_base, len, (uint64_t)-1);
    else
        io_uring_prep_write(sqe, op->fd, op->iov->iov_base, len, (uint64_t)-1);
}

static void prepare_file(struct loop_op *op, struct io_uring_sqe *sqe)
{
    const unsigned len = length(&op->one);
    void *base = op->one.iov_base;
    switch ((enum op_kind)op->kind) {
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
        prepare_accept(op, sqe);
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
        prepare_poll(op, sqe, op->event);
        break;
    case OP_READ:
    case OP_WRITE:
        prepare_stream(op, sqe);
        break;
    default:
        prepare_file(op, sqe);
        break;
    }
}

static void ask(struct loop_op *op)
{
    struct io_uring_sqe *sqe = next_sqe(op->loop);
    prepare(op, sqe);
    io_uring_sqe_set_data64(sqe, op_tag(op));
}

/*
 * The poll completes without a word; if it fails, it completes instead of what
 * is linked to it. A link ends with what is handed over: so both must find a
 * place. To a poll for changes nothing is linked: it says what it sees.
 */
static void ask_when_ready(struct loop_op *op)
{
    uring_reserve(op->loop, 2);
    struct io_uring_sqe *sqe = next_sqe(op->loop);
    prepare_poll(op, sqe, op_is_reader(op) ? LOOP_READ : LOOP_WRITE);
    io_uring_sqe_set_data64(sqe, poll_tag(op));
    op->behind_poll = true;
    if (op->half_closed)
        return;
    sqe->flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
    ask(op);
}

/* --- the seam ------------------------------------------------------------ */

static bool moves_bytes(const struct loop_op *op)
{
    return op->kind == OP_SEND || op->kind == OP_WRITE || op->kind == OP_READ;
}

void uring_start(struct loop_op *op)
{
    struct uring *u = op->loop->back;
    const bool slices = op->kind == OP_RECV && !op->once;
    const int error = slices ? uring_buffers_open(u) : 0;
    if (error != 0)
        op_end_later(op, error);
    else if (moves_bytes(op) && op->n_iov == 0)
        op_end_later(op, 0);
    else if (op->kind == OP_READ)
        ask_when_ready(op);
    else
        ask(op);
}

void uring_cancel(struct loop_op *op)
{
    const struct slot *s =
        op_is_file(op) ? NULL : core_slot_find(op->loop, op->fd);
    if (s != NULL && s->paused && s->reader == op)
        op_end_later(op, -ECANCELED); /* the kernel knows nothing of it */
    else
        uring_cancel_tag(op->loop, op_tag(op));
    if (op->behind_poll) /* with it ends what is linked to it */
        uring_cancel_tag(op->loop, poll_tag(op));
}

/* --- completions --------------------------------------------------------- */

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
    if (result >= 0 && op->once) {
        op_end(op, result);
        return;
    }
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
        op->data = (struct base_slice){uring_buffer(u, id), (size_t)result};
        op_progress(op, result);
    }
    if (cqe->flags & IORING_CQE_F_BUFFER)
        uring_buffer_give(u, id);
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

/* A poll for changes is to be ended before it ends. */
static void poll_completed(struct loop_op *op, const struct io_uring_cqe *cqe)
{
    const bool more = cqe->flags & IORING_CQE_F_MORE;
    const unsigned event = op_is_reader(op) ? LOOP_READ : LOOP_WRITE;
    if (cqe->res > 0 && events_of(cqe->res) & event)
        op->result = event;
    if (more) {
        if (op->result != 0)
            uring_cancel_tag(op->loop, cqe->user_data);
    } else if (op->result == 0 && cqe->res < 0) {
        op_end(op, cqe->res);
    } else if (op->result != 0 && op->kind == OP_POLL) {
        op_end(op, op->result);
    } else {
        op->half_closed = true; /* known now, or before */
        op->behind_poll = false;
        go_on(op);
    }
}

void op_completed(struct loop_op *op, const struct io_uring_cqe *cqe)
{
    const bool sends = op->kind == OP_SEND || op->kind == OP_WRITE;
    if (op->kind == OP_POLL || cqe->user_data == poll_tag(op)) {
        poll_completed(op, cqe);
    } else if (op->kind == OP_ACCEPT) {
        accepted(op, cqe->res, cqe->flags & IORING_CQE_F_MORE);
    } else if (op->kind == OP_RECV && !op->once) {
        received(op, cqe);
    } else if (cqe->res == -EAGAIN && (sends || op->kind == OP_READ)) {
        not_ready(op);
    } else if (cqe->res >= 0 && sends) {
        sent(op, cqe->res);
    } else {
        op_end(op, cqe->res);
    }
}
