/*
 * sendfile.c - a file to a socket without a copy into this process.
 *
 * The kernel moves pages of the file from its cache to the socket. Where the
 * socket is full the task waits until it is writable, on uring too, which has
 * no such operation. SIMPLIFIED: what is not in the cache is read from the disk
 * inside sendfile(2), and everybody waits; a pool would help (see co_work).
 *
 * A fast link could take a whole film in one go: after CHUNK bytes the others
 * have their turn. And sendfile(2) knows no MSG_NOSIGNAL: if the peer has gone
 * it raises SIGPIPE, which is held back and taken away here.
 *
 * Read before: io.c. Rests on: sendfile(2), sigtimedwait(2).
 */
#include "loop/co/co_internal.h"

#include <errno.h>
#include <signal.h>
#include <sys/sendfile.h>

enum { CHUNK = 256 * 1024 };

/* The system call, or its error. */
static ssize_t send_chunk(int fd, int file, off_t *offset, size_t len)
{
    const struct timespec at_once = {0};
    sigset_t quiet, before;
    sigemptyset(&quiet);
    sigaddset(&quiet, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &quiet, &before);
    const ssize_t n = sendfile(fd, file, offset, len < CHUNK ? len : CHUNK);
    const int error = errno;
    if (n == -1 && error == EPIPE)
        sigtimedwait(&quiet, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return n == -1 ? -error : n;
}

/* Bytes sent, 0 at the file's end, or an error. */
static ssize_t send_some(int fd, int file, off_t *offset, size_t len)
{
    for (;;) {
        const ssize_t n = send_chunk(fd, file, offset, len);
        if (n == -EINTR)
            continue;
        if (n != -EAGAIN)
            return n;
        const int error = co_wait_fd(fd, LOOP_WRITE);
        if (error != 0)
            return error;
    }
}

/* A wait that ends if the socket is closed; a device may know no waiting. */
static int turn(int fd)
{
    const int error = co_wait_fd(fd, LOOP_WRITE);
    return error == -EPERM ? co_yield_turn() : error;
}

/* Another task's bytes are on their way: ours must not stand among them. */
static bool is_busy(const struct loop *loop, int fd)
{
    const struct slot *s = fd >= 0 ? core_slot_find(loop, fd) : NULL;
    return s != NULL && s->writer != NULL;
}

ssize_t co_sendfile(int fd, int file, off_t offset, size_t len)
{
    size_t sent = 0;
    if (co_running == NULL)
        return -EPERM;
    while (sent < len) {
        if (is_busy(co_running->scheduler->loop, fd))
            return -EBUSY;
        const ssize_t n = send_some(fd, file, &offset, len - sent);
        if (n < 0)
            return n;
        if (n == 0)
            break;
        sent += (size_t)n;
        const int error = sent < len ? turn(fd) : 0;
        if (error != 0)
            return error;
    }
    return (ssize_t)sent;
}
