/*
 * minico_io.c - connect, send and recv for tasks: see minico.h.
 *
 * The pattern of each: try; if the answer is "not yet", wait, and try again. A
 * task that finds its bytes there goes on at once, without a switch.
 *
 * Read before: minico.c. Read after: server.c.
 * Rests on: connect(2) on EINPROGRESS, getsockopt(2) with SO_ERROR.
 */
#include "../common/common.h"
#include "minico.h"

#include <errno.h>

int mini_connect(struct descriptor *d, const struct sockaddr *addr,
                 socklen_t len)
{
    if (CALL(connect(d->fd, addr, len)) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return -errno;
    int error = mini_await(d, EPOLLOUT);
    if (error != 0)
        return error;
    if (CALL(getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error,
                        &(socklen_t){sizeof error})) == -1)
        return -errno;
    return -error;
}

int mini_send(struct descriptor *d, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        const ssize_t n = CALL(send(d->fd, at, len, MSG_NOSIGNAL));
        if (n >= 0) {
            at += n;
            len -= (size_t)n;
            continue;
        }
        if (errno != EAGAIN)
            return -errno;
        const int error = mini_await(d, EPOLLOUT);
        if (error != 0)
            return error;
    }
    return 0;
}

ssize_t mini_recv(struct descriptor *d, void *bytes, size_t size)
{
    for (;;) {
        const ssize_t n = CALL(recv(d->fd, bytes, size, 0));
        if (n >= 0)
            return n;
        if (errno != EAGAIN)
            return -errno;
        const int error = mini_await(d, EPOLLIN);
        if (error != 0)
            return error;
    }
}
