/*
 * sendfile.c - a file to a socket without a copy into this process.
 *
 * The kernel moves pages of the file from its cache to the socket. Where the
 * socket is full the task waits until it is writable, on uring too, which has
 * no such operation. SIMPLIFIED: what is not in the cache is read from the disk
 * inside sendfile(2), and everybody waits; a pool would help (see co_work).
 *
 * A fast link could take a whole film in one go: after CHUNK bytes the others
 * have their turn.
 *
 * Read before: io.c. Rests on: sendfile(2).
 */
#include "loop/co/co_internal.h"

#include <errno.h>
#include <sys/sendfile.h>

enum { CHUNK = 256 * 1024 };

/* Bytes sent, 0 at the file's end, or an error. */
static ssize_t send_some(int fd, int file, off_t *offset, size_t len)
{
    for (;;) {
        const ssize_t n = sendfile(fd, file, offset, len < CHUNK ? len : CHUNK);
        if (n != -1)
            return n;
        if (errno != EAGAIN)
            return -errno;
        const int error = co_wait_fd(fd, LOOP_WRITE);
        if (error != 0)
            return error;
    }
}

ssize_t co_sendfile(int fd, int file, off_t offset, size_t len)
{
    size_t sent = 0;
    if (co_running == NULL)
        return -EPERM;
    while (sent < len) {
        const ssize_t n = send_some(fd, file, &offset, len - sent);
        if (n < 0)
            return n;
        if (n == 0)
            break;
        sent += (size_t)n;
        const int error = sent < len ? co_yield_turn() : 0;
        if (error != 0)
            return error;
    }
    return (ssize_t)sent;
}
