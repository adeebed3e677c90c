/*
 * file.c - operations on files, and how a loop that knows only readiness does
 * them.
 *
 * A file is always ready, says poll(2), and reading it waits for the disk
 * nevertheless; non-blocking mode changes nothing for it. So readiness does not
 * help. io_uring, which reports completion, takes files like anything else; the
 * other back ends hand the plain system call to a thread of the loop's pool.
 * The caller sees no difference, down to who is the owner of the memory.
 *
 *     loop_file_read --> op_start_common --> backend->start
 *                                             |        |
 *               select, poll, epoll: file_start       uring: the kernel
 *                                             |        |
 *               pool: pread(2) --> file_done -+--------+--> op_end
 *
 * What a back end finds in the operation:
 *
 *     open          one.iov_base: path   flags   mode
 *     read, write   one: memory          offset
 *     sync          only fd
 *
 * Such an operation is in no slot, so any number of them may be under way for
 * one descriptor, and loop_close knows nothing of them: a file is closed after
 * its last callback. In the pool a closed number might belong to another file
 * by the time that the thread gets to it.
 *
 * Cancelling takes an operation out of the queue; one that a thread has begun
 * is not interrupted, and its result comes.
 *
 * Read before: op.c, pool.c. Read after: uring.c.
 * Rests on: openat(2), pread(2), pwrite(2), fsync(2).
 */
#include "loop/core/core_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- the public functions ------------------------------------------------- */

int loop_file_open_named(struct loop *loop, struct loop_op *op,
                         const char *path, int flags, mode_t mode,
                         loop_op_fn *fn, void *arg, const char *place)
{
    op->one = (struct iovec){.iov_base = (void *)path};
    op->flags = flags | O_CLOEXEC;
    op->mode = mode;
    return op_start_common(loop, op, OP_FILE_OPEN, AT_FDCWD, fn, arg, place);
}

/* A negative offset would mean the file's own position to io_uring. */
static int check(int fd, off_t offset)
{
    if (fd < 0)
        return -EBADF;
    return offset < 0 ? -EINVAL : 0;
}

int loop_file_read_named(struct loop *loop, struct loop_op *op, int fd,
                         struct iovec memory, off_t offset, loop_op_fn *fn,
                         void *arg, const char *place)
{
    const int error = check(fd, offset);
    if (error != 0)
        return error;
    op->one = memory;
    op->offset = offset;
    return op_start_common(loop, op, OP_FILE_READ, fd, fn, arg, place);
}

int loop_file_write_named(struct loop *loop, struct loop_op *op, int fd,
                          struct base_slice data, off_t offset, loop_op_fn *fn,
                          void *arg, const char *place)
{
    const int error = check(fd, offset);
    if (error != 0)
        return error;
    op->one = (struct iovec){(void *)data.ptr, data.len};
    op->offset = offset;
    return op_start_common(loop, op, OP_FILE_WRITE, fd, fn, arg, place);
}

int loop_file_sync_named(struct loop *loop, struct loop_op *op, int fd,
                         loop_op_fn *fn, void *arg, const char *place)
{
    const int error = check(fd, 0);
    if (error != 0)
        return error;
    return op_start_common(loop, op, OP_FILE_SYNC, fd, fn, arg, place);
}

/* --- done by the pool ----------------------------------------------------- */

static ssize_t system_call(const struct loop_op *op)
{
    switch (op->kind) {
    case OP_FILE_OPEN:
        return openat(op->fd, op->one.iov_base, op->flags, op->mode);
    case OP_FILE_READ:
        return pread(op->fd, op->one.iov_base, op->one.iov_len, op->offset);
    case OP_FILE_WRITE:
        return pwrite(op->fd, op->one.iov_base, op->one.iov_len, op->offset);
    default:
        return fsync(op->fd);
    }
}

/* In a thread of the pool. */
static void work(struct loop_job *job)
{
    struct loop_op *op = job->arg;
    op->result = system_call(op);
    if (op->result == -1)
        op->result = -errno;
}

/* The job has no place of its own: it is traced under the operation's. */
static void file_done(struct loop_job *job, int result)
{
    struct loop_op *op = job->arg;
    job->place = op->place;
    if (op->loop->trace != NULL && result == 0)
        trace_job(op->loop, job);
    op_end(op, result == 0 ? op->result : result);
}

void file_start(struct loop_op *op)
{
    op->job = (struct loop_job){0};
    const int error = loop_job_start_named(op->loop, NULL, &op->job, work,
                                           file_done, op, NULL);
    if (error != 0)
        op_end_later(op, error);
}

void file_cancel(struct loop_op *op)
{
    loop_job_cancel(&op->job);
}
