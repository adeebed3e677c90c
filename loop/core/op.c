/*
 * op.c - operations: their life, whatever the back end.
 *
 *            start                 result, error, or cancelled
 *     idle --------> active ----------------------------------> idle, and the
 *                      |                                    ^   last callback
 *                      | cancel, close                      |
 *                      +----------> cancelling -------------+
 *                      |                                    |
 *                      +----------> finished ---------------+
 *                                   (known, not yet called back)
 *
 * The promise is one last callback, never from inside the function that started
 * or cancelled. So what is known there (a send that went through at once, a
 * cancelled accept) becomes finished and is called back later in the pass,
 * after input and output.
 *
 * Read before: watcher.c. Read after: pause.c, close.c, ready.c.
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* --- start --------------------------------------------------------------- */

/* The place of the operation in its descriptor's slot. */
static int enter_slot(struct loop *loop, struct loop_op *op)
{
    if (op->fd < 0)
        return -EBADF;
    if (loop->backend->limit != 0 && op->fd >= loop->backend->limit)
        return -ERANGE;
    struct slot *s = core_slot(loop, op->fd);
    if (s == NULL)
        return -EBADF;
    if (s->watcher != NULL)
        return -EEXIST;
    struct loop_op **place = op_is_reader(op) ? &s->reader : &s->writer;
    if (*place != NULL)
        return -EBUSY;
    *place = op;
    return 0;
}

int op_start_common(struct loop *loop, struct loop_op *op, enum op_kind kind,
                    int fd, loop_op_fn *fn, void *arg, const char *place)
{
    assert(op->loop == NULL);
    if (loop->closing)
        return -ESHUTDOWN;
    op->kind = (uint8_t)kind;
    op->fd = fd;
    const int error = op_is_file(op) ? 0 : enter_slot(loop, op);
    if (error != 0)
        return error;
    op->loop = loop;
    op->fn = fn;
    op->arg = arg;
    op->place = place;
    op->state = OP_ACTIVE;
    op->asked = false;
    op->behind_poll = op->half_closed = false;
    base_list_append(&loop->ops, &op->link);
    loop->n_active++;
    loop->backend->start(op);
    return 0;
}

int loop_accept_named(struct loop *loop, struct loop_op *op, int fd,
                      loop_op_fn *fn, void *arg, const char *place)
{
    op->once = false;
    return op_start_common(loop, op, OP_ACCEPT, fd, fn, arg, place);
}

int loop_accept_once_named(struct loop *loop, struct loop_op *op, int fd,
                           loop_op_fn *fn, void *arg, const char *place)
{
    op->once = true;
    return op_start_common(loop, op, OP_ACCEPT, fd, fn, arg, place);
}

int loop_connect_named(struct loop *loop, struct loop_op *op, int fd,
                       const struct sockaddr *addr, socklen_t addr_len,
                       loop_op_fn *fn, void *arg, const char *place)
{
    if (addr_len > sizeof op->addr)
        return -EINVAL;
    memcpy(&op->addr, addr, addr_len);
    op->addr_len = addr_len;
    return op_start_common(loop, op, OP_CONNECT, fd, fn, arg, place);
}

int loop_recv_named(struct loop *loop, struct loop_op *op, int fd,
                    loop_op_fn *fn, void *arg, const char *place)
{
    op->once = false;
    return op_start_common(loop, op, OP_RECV, fd, fn, arg, place);
}

/* --- with memory of the caller's --- */

static int start_one(struct loop *loop, struct loop_op *op, enum op_kind kind,
                     int fd, struct iovec memory, loop_op_fn *fn, void *arg,
                     const char *place)
{
    op_set_memory(op, memory);
    return op_start_common(loop, op, kind, fd, fn, arg, place);
}

static int start_many(struct loop *loop, struct loop_op *op, enum op_kind kind,
                      int fd, struct iovec *iov, int n, loop_op_fn *fn,
                      void *arg, const char *place)
{
    op_set_vector(op, iov, n);
    return op_start_common(loop, op, kind, fd, fn, arg, place);
}

static struct iovec memory_of(struct base_slice data)
{
    return (struct iovec){(void *)data.ptr, data.len};
}

int loop_recv_once_named(struct loop *loop, struct loop_op *op, int fd,
                         struct iovec memory, loop_op_fn *fn, void *arg,
                         const char *place)
{
    op->once = true;
    return start_one(loop, op, OP_RECV, fd, memory, fn, arg, place);
}

int loop_send_named(struct loop *loop, struct loop_op *op, int fd,
                    struct base_slice data, loop_op_fn *fn, void *arg,
                    const char *place)
{
    return start_one(loop, op, OP_SEND, fd, memory_of(data), fn, arg, place);
}

int loop_sendv_named(struct loop *loop, struct loop_op *op, int fd,
                     struct iovec *iov, int n, loop_op_fn *fn, void *arg,
                     const char *place)
{
    return start_many(loop, op, OP_SEND, fd, iov, n, fn, arg, place);
}

int loop_read_named(struct loop *loop, struct loop_op *op, int fd,
                    struct iovec memory, loop_op_fn *fn, void *arg,
                    const char *place)
{
    return start_one(loop, op, OP_READ, fd, memory, fn, arg, place);
}

int loop_readv_named(struct loop *loop, struct loop_op *op, int fd,
                     struct iovec *iov, int n, loop_op_fn *fn, void *arg,
                     const char *place)
{
    return start_many(loop, op, OP_READ, fd, iov, n, fn, arg, place);
}

int loop_write_named(struct loop *loop, struct loop_op *op, int fd,
                     struct base_slice data, loop_op_fn *fn, void *arg,
                     const char *place)
{
    return start_one(loop, op, OP_WRITE, fd, memory_of(data), fn, arg, place);
}

int loop_writev_named(struct loop *loop, struct loop_op *op, int fd,
                      struct iovec *iov, int n, loop_op_fn *fn, void *arg,
                      const char *place)
{
    return start_many(loop, op, OP_WRITE, fd, iov, n, fn, arg, place);
}

int loop_poll_named(struct loop *loop, struct loop_op *op, int fd,
                    unsigned event, loop_op_fn *fn, void *arg,
                    const char *place)
{
    if (event != LOOP_READ && event != LOOP_WRITE)
        return -EINVAL;
    op->event = (uint8_t)event;
    return op_start_common(loop, op, OP_POLL, fd, fn, arg, place);
}

/* --- on the way ---------------------------------------------------------- */

void op_sent(struct loop_op *op, size_t n)
{
    op->done += n;
    while (op->n_iov > 0 && n >= op->iov->iov_len) {
        n -= op->iov->iov_len;
        op->iov++;
        op->n_iov--;
    }
    if (op->n_iov > 0) {
        op->iov->iov_base = (char *)op->iov->iov_base + n;
        op->iov->iov_len -= n;
    }
}

static void call(struct loop *loop, struct loop_op *op, ssize_t result)
{
    loop->stats.operations++;
    callback_begin(loop, CALL_OP, op->place);
    op->fn(op, result);
    callback_end(loop, CALL_OP);
}

void op_progress(struct loop_op *op, ssize_t result)
{
    op->more = true;
    call(op->loop, op, result);
}

/* Leaves the slot, which may be that of another descriptor by now. */
static void leave_slot(struct loop_op *op)
{
    if (op_is_file(op))
        return;
    struct slot *s = core_slot_find(op->loop, op->fd);
    struct loop_op **place = op_is_reader(op) ? &s->reader : &s->writer;
    if (*place != op)
        return;
    *place = NULL;
    if (op_is_reader(op) && s->paused)
        pause_end(op->loop, s);
    const struct backend *backend = op->loop->backend;
    if (!backend->edge && !backend->completes)
        core_changed(op->loop, op->fd, s);
}

void op_end(struct loop_op *op, ssize_t result)
{
    struct loop *loop = op->loop;
    leave_slot(op);
    base_list_remove(&op->link);
    loop->n_active--;
    op->state = OP_IDLE;
    op->more = false;
    op->loop = NULL;
    call(loop, op, result);
}

void op_end_later(struct loop_op *op, ssize_t result)
{
    leave_slot(op);
    op->state = OP_FINISHED;
    op->result = result;
    base_list_remove(&op->link);
    base_list_append(&op->loop->finished, &op->link);
}

/* Those that finish meanwhile wait for the next pass. */
void ops_finish(struct loop *loop)
{
    struct base_list batch;
    base_list_init(&batch);
    base_list_splice(&batch, &loop->finished);
    while (!base_list_empty(&batch)) {
        struct loop_op *op = base_container(batch.next, struct loop_op, link);
        op_end(op, op->result);
    }
}

/* --- end ----------------------------------------------------------------- */

void loop_cancel(struct loop_op *op)
{
    if (op->loop == NULL || op->state != OP_ACTIVE)
        return;
    op->state = OP_CANCELLING;
    op->loop->backend->cancel(op);
}

void ops_cancel_all(struct loop *loop)
{
    struct base_list *link = loop->ops.next;
    while (link != &loop->ops) {
        struct loop_op *op = base_container(link, struct loop_op, link);
        link = link->next; /* cancelling may move op to another list */
        loop_cancel(op);
    }
}
