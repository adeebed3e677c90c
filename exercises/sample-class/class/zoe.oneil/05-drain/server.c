/*
 * server.c - sends back in capitals what it receives; on epoll, edge-triggered.
 *
 * An edge speaks once: it says that something has changed, not that something
 * is there. Two functions below have to live with that, and they are yours:
 * take and serve. The rest is complete.
 *
 * Read before: README.md; lessons/05-epoll/server.c.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
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

static void take(int listener)
{
    int fd = 0;
    while (fd != -1) {
        fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd != -1) {
            conns[fd] = allocate(sizeof(struct conn));
            conns[fd]->fd = fd;
            if (watch(fd) == -1)
                drop(conns[fd]);
        }
    }
}

static void serve(struct conn *c)
{
    ssize_t n;
    while ((n = recv(c->fd, c->bytes, sizeof c->bytes, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            c->bytes[i] = (char)toupper((unsigned char)c->bytes[i]);
        ssize_t sent = send(c->fd, c->bytes, (size_t)n, MSG_NOSIGNAL);
        if (sent == -1 && errno != EAGAIN) {
            drop(c);
            return;
        }
    }
    if (n == 0 || errno != EAGAIN)
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
