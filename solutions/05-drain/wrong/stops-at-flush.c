/* caught by late-reader: "the program waits, and nothing will wake it" */
/*
 * server.c - sends back in capitals what it receives; on epoll, edge-triggered.
 *
 * Wrong: the edge of writing sends the rest, and does not read on.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 4096 };

/* A connection: bytes[sent..len) wait to be sent. There is no other buffer. */
struct conn {
    int fd;
    size_t len, sent;
    char bytes[ROOM];
};

static int epoll;
static struct conn **conns; /* by descriptor; NULL where there is none */

/* Tells epoll of a descriptor: both directions, once and for all, by edges. */
static int watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void drop(struct conn *c)
{
    conns[c->fd] = NULL;
    close(c->fd); /* which also ends epoll's interest */
    free(c);
}

/* Accepts until nobody waits: behind one edge there may be many. */
static void take(int listener)
{
    for (;;) {
        const int fd =
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1)
            return;
        struct conn *c = allocate(sizeof *c);
        c->fd = fd;
        c->len = c->sent = 0;
        conns[fd] = c;
        if (watch(fd) == -1)
            drop(c);
    }
}

/* Sends what waits; false if not all of it has gone. */
static bool flush(struct conn *c)
{
    while (c->sent < c->len) {
        const ssize_t n =
            send(c->fd, c->bytes + c->sent, c->len - c->sent, MSG_NOSIGNAL);
        if (n == -1)
            return false;
        c->sent += (size_t)n;
    }
    return true;
}

/*
 * Goes on until the kernel says EAGAIN, in one direction or the other: only
 * behind an EAGAIN does a new edge come. If sending stops first, the bytes not
 * yet received are safe: the edge of writing calls serve again, which reads on.
 */
static void serve(struct conn *c)
{
    if (c->sent < c->len) {
        if (!flush(c) && errno != EAGAIN)
            drop(c);
        return;
    }
    while (flush(c)) {
        const ssize_t n = recv(c->fd, c->bytes, sizeof c->bytes, 0);
        if (n == -1 && errno == EAGAIN)
            return;
        if (n <= 0) {
            drop(c);
            return;
        }
        for (ssize_t i = 0; i < n; i++)
            c->bytes[i] = (char)toupper((unsigned char)c->bytes[i]);
        c->len = (size_t)n;
        c->sent = 0;
    }
    if (errno != EAGAIN)
        drop(c);
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Sends back in capitals what it receives.",
                  options);
    conns = allocate_array(raise_descriptor_limit(), sizeof(struct conn *));
    const int listener = listen_on(port, SOCK_NONBLOCK);
    const int stop = stop_on_signal();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || watch(listener) == -1 || watch(stop) == -1)
        die(errno, NULL, "cannot set up epoll");
    announce(listener);

    while (!stopping) {
        struct epoll_event events[BATCH];
        const int n = epoll_wait(epoll, events, BATCH, -1);
        for (int i = 0; i < n; i++) {
            const int fd = events[i].data.fd;
            if (fd == listener)
                take(listener);
            else if (conns[fd] != NULL)
                serve(conns[fd]);
        }
    }
    const int limit = raise_descriptor_limit();
    for (int fd = 0; fd < limit; fd++)
        if (conns[fd] != NULL)
            drop(conns[fd]);
    free(conns);
    close(epoll);
    close(listener);
}
