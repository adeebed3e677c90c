/*
 * io.c - descriptors for tasks: operations of the floor below, waited for.
 *
 *     task    fills an operation on its stack --> attempt --> there it is
 *                                                    |
 *                                                 EAGAIN
 *                                                    v
 *             parks <-------------------------- starts it
 *     loop    last callback --> wakes the task
 *
 * On select, poll and epoll the attempt is the system call itself, made if the
 * descriptor is known to be ready; so a task that always finds its bytes would
 * never suspend. After BUDGET such calls there is no attempt: it waits its turn
 * as an operation. On uring there never is one: the kernel does the operation,
 * for all tasks in one system call.
 *
 * The operation lies on the task's stack and the kernel may write there until
 * the last callback. So a wait that is to end early cancels it and goes on
 * waiting for that callback. If it brings a result after all, that is returned;
 * the cancel strikes at the next wait.
 *
 * Read before: wait.c, core/op.c. Read after: sendfile.c.
 * Rests on: accept(2), connect(2), recv(2), send(2), readv(2), writev(2).
 */
#include "loop/co/co_internal.h"

#include <errno.h>
#include <fcntl.h>

enum { BUDGET = 64 };

/* --- waiting for an operation -------------------------------------------- */

struct op_wait {
    struct loop_op op;
    ssize_t result;
    int interrupted; /* by this error; 0: not */
};

static void op_interrupt(struct co_task *t, int error)
{
    struct op_wait *w = t->wait;
    if (w->interrupted == 0)
        w->interrupted = error;
    else if (w->interrupted != error)
        task_too_late(t, error); /* the other one was first */
    loop_cancel(&w->op);
}

static void op_describe(const struct co_task *t, struct base_buf *out)
{
    const struct op_wait *w = t->wait;
    if (!op_is_file(&w->op))
        base_buf_printf(out, " on %d", w->op.fd);
}

#define OP_WAIT(name)                                                          \
    {                                                                          \
        name, op_interrupt, op_describe                                        \
    }

static const struct wait_kind kinds[] = {
    [OP_ACCEPT] = OP_WAIT("accept"),
    [OP_CONNECT] = OP_WAIT("connect"),
    [OP_RECV] = OP_WAIT("recv"),
    [OP_SEND] = OP_WAIT("send"),
    [OP_READ] = OP_WAIT("read"),
    [OP_WRITE] = OP_WAIT("write"),
    [OP_POLL] = OP_WAIT("readiness"),
    [OP_FILE_OPEN] = OP_WAIT("file open"),
    [OP_FILE_READ] = OP_WAIT("file read"),
    [OP_FILE_WRITE] = OP_WAIT("file write"),
    [OP_FILE_SYNC] = OP_WAIT("file sync"),
};

static void on_done(struct loop_op *op, ssize_t result)
{
    struct op_wait *w = base_container(op, struct op_wait, op);
    w->result = result;
    task_wake(op->arg, 0);
}

/* What came of it, if it was to end early and if not. */
static ssize_t outcome(struct co_task *t, const struct op_wait *w)
{
    if (w->interrupted == 0)
        return w->result;
    if (w->result == -ECANCELED)
        return w->interrupted;
    task_too_late(t, w->interrupted);
    return w->result;
}

/* Starts what is filled in, and suspends until it is done. */
static ssize_t wait_for(struct co_task *t, struct op_wait *w, enum op_kind kind,
                        int fd)
{
    int error = task_check(t);
    if (error != 0)
        return error;
    t->budget = 0;
    w->interrupted = 0;
    error = op_start_common(t->scheduler->loop, &w->op, kind, fd, on_done, t,
                            kinds[kind].name);
    if (error != 0)
        return error;
    task_park(t, &kinds[kind], w);
    return outcome(t, w);
}

/* What is there at once; -EAGAIN: it has to be waited for. */
static ssize_t attempt(struct co_task *t, struct op_wait *w, enum op_kind kind,
                       int fd)
{
    struct loop *loop = t->scheduler->loop;
    if (loop->backend->attempt == NULL || t->budget++ == BUDGET)
        return -EAGAIN;
    w->op.kind = (uint8_t)kind;
    w->op.fd = fd;
    return loop->backend->attempt(loop, &w->op);
}

static ssize_t transfer(struct co_task *t, struct op_wait *w, enum op_kind kind,
                        int fd)
{
    const ssize_t n = attempt(t, w, kind, fd);
    return n != -EAGAIN ? n : wait_for(t, w, kind, fd);
}

static ssize_t transfer_one(enum op_kind kind, int fd, const void *memory,
                            size_t len)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    struct op_wait w = {.op.once = true};
    op_set_memory(&w.op, (struct iovec){(void *)memory, len});
    return transfer(t, &w, kind, fd);
}

static ssize_t transfer_many(enum op_kind kind, int fd, struct iovec *iov,
                             int n)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    if (n < 0)
        return -EINVAL;
    struct op_wait w = {.op.once = true};
    op_set_vector(&w.op, iov, n);
    return transfer(t, &w, kind, fd);
}

/* --- the functions ------------------------------------------------------- */

int co_wait_fd(int fd, unsigned event)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    if (event != LOOP_READ && event != LOOP_WRITE)
        return -EINVAL;
    struct op_wait w = {.op.once = true};
    w.op.event = (uint8_t)event;
    const ssize_t result = wait_for(t, &w, OP_POLL, fd);
    return result < 0 ? (int)result : 0;
}

int co_accept(int fd)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    struct op_wait w = {.op.once = true};
    return (int)transfer(t, &w, OP_ACCEPT, fd);
}

int co_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    struct op_wait w = {.op.once = true};
    if (len > sizeof w.op.addr)
        return -EINVAL;
    memcpy(&w.op.addr, addr, len);
    w.op.addr_len = len;
    return (int)wait_for(t, &w, OP_CONNECT, fd);
}

ssize_t co_recv(int fd, void *memory, size_t len)
{
    return transfer_one(OP_RECV, fd, memory, len);
}

ssize_t co_read(int fd, void *memory, size_t len)
{
    return transfer_one(OP_READ, fd, memory, len);
}

ssize_t co_readv(int fd, struct iovec *iov, int n)
{
    return transfer_many(OP_READ, fd, iov, n);
}

ssize_t co_send(int fd, const void *bytes, size_t len)
{
    return transfer_one(OP_SEND, fd, bytes, len);
}

ssize_t co_sendv(int fd, struct iovec *iov, int n)
{
    return transfer_many(OP_SEND, fd, iov, n);
}

ssize_t co_write(int fd, const void *bytes, size_t len)
{
    return transfer_one(OP_WRITE, fd, bytes, len);
}

ssize_t co_writev(int fd, struct iovec *iov, int n)
{
    return transfer_many(OP_WRITE, fd, iov, n);
}

/* --- files --------------------------------------------------------------- */

static ssize_t file_transfer(enum op_kind kind, int fd, const void *memory,
                             size_t len, off_t offset)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    if (fd < 0)
        return -EBADF;
    if (offset < 0)
        return -EINVAL; /* for io_uring: the file's own position */
    struct op_wait w = {.op.once = true};
    op_set_memory(&w.op, (struct iovec){(void *)memory, len});
    w.op.offset = offset;
    return wait_for(t, &w, kind, fd);
}

int co_file_open(const char *path, int flags, mode_t mode)
{
    struct co_task *t = co_running;
    if (t == NULL)
        return -EPERM;
    struct op_wait w = {.op.once = true};
    op_set_memory(&w.op, (struct iovec){(void *)path, 0});
    w.op.flags = flags | O_CLOEXEC;
    w.op.mode = mode;
    return (int)wait_for(t, &w, OP_FILE_OPEN, AT_FDCWD);
}

ssize_t co_file_read(int fd, void *memory, size_t len, off_t offset)
{
    return file_transfer(OP_FILE_READ, fd, memory, len, offset);
}

ssize_t co_file_write(int fd, const void *bytes, size_t len, off_t offset)
{
    return file_transfer(OP_FILE_WRITE, fd, bytes, len, offset);
}

int co_file_sync(int fd)
{
    return (int)file_transfer(OP_FILE_SYNC, fd, NULL, 0, 0);
}
