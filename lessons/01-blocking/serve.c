/*
 * serve.c - one connection, served with blocking calls.
 *
 * recv sleeps until there is something to receive, send until there is room to
 * send. Nothing could be easier to read, and that is why most of the world's
 * servers are written so. The price: while this thread sleeps for one client,
 * it does nothing for any other.
 *
 *     server               kernel
 *       | recv(4) ---------->| buffer empty: sleep
 *       .  (blocked)         |<--- "GET / HTTP/1.1 ..."
 *       |<------ 40 bytes ---| wake
 *       | send(4) ---------->|---> "HTTP/1.1 200 OK ..."
 *
 * Read before: ../common/common.h. Read after: models.h.
 * Rests on: recv(2), send(2), accept(2).
 */
#include "models.h"

#include "../common/common.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

int next_connection(int listener)
{
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd != -1 || errno == EINTR)
            return fd;
        if (out_of_resources(errno))
            nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        /* Other errors are those of one connection that is gone already:
         * accept(2), "Error handling". */
    }
}

static bool send_some(struct hello *h, int fd)
{
    const ssize_t n =
        send(fd, h->out + h->out_sent, h->out_len - h->out_sent, MSG_NOSIGNAL);
    if (n == -1)
        return errno == EINTR;
    hello_sent(h, (size_t)n); /* perhaps only a part: the caller goes on */
    return true;
}

static bool receive_some(struct hello *h, int fd)
{
    const ssize_t n = recv(fd, h->in + h->in_len, sizeof h->in - h->in_len, 0);
    if (n == -1)
        return errno == EINTR;
    hello_received(h, (size_t)n); /* perhaps half a request, perhaps three */
    return true;
}

void serve_connection(int fd)
{
    struct hello http;
    hello_init(&http);
    bool alive = true;
    while (alive && hello_wants(&http) != WANT_CLOSE)
        alive = hello_wants(&http) == WANT_WRITE ? send_some(&http, fd)
                                                 : receive_some(&http, fd);
    hello_close(&http, fd);
}

void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0); /* it died before prctl */
}
