/*
 * server.c - sends back in capitals what it receives; on epoll, edge-triggered.
 *
 * The second solution of 05-drain: two pumps and a budget. What a pump returns
 * says whether another turn can bring anything; an edge is used up when neither
 * pump moves, and only then. See NOTES.md.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    BATCH = 64,
    ROOM = 4096,
    BUDGET = 16, /* turns of the pumps until the others are served */
};

/* A connection: bytes[sent..len) wait to be sent. There is no other buffer. */
struct conn {
    int fd;
    bool eof; /* the client sends no more */
    size_t len, sent;
    char bytes[ROOM];
};

static int epoll;
static struct conn **conns; /* by descriptor; NULL where there is none */

/* Tells epoll of a descriptor: both directions, by edges. */
static int watch(int op, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                .data.fd = fd};
    return epoll_ctl(epoll, op, fd, &event);
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
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) !=
           -1) {
        struct conn *c = allocate(sizeof *c);
        c->fd = fd;
        c->eof = false;
        c->len = c->sent = 0;
        conns[fd] = c;
        if (watch(EPOLL_CTL_ADD, fd) == -1)
            drop(c);
    }
}

/* What a pump has done. */
enum step { MOVED, STUCK, BROKEN };

/* Receives into the free end of the buffer. */
static enum step fill(struct conn *c)
{
    char *at = c->bytes + c->len;
    const size_t room = sizeof c->bytes - c->len;
    if (room == 0 || c->eof)
        return STUCK;
    const ssize_t n = recv(c->fd, at, room, 0);
    if (n == -1)
        return errno == EAGAIN ? STUCK : BROKEN;
    c->eof = n == 0;
    for (ssize_t i = 0; i < n; i++)
        at[i] = (char)toupper((unsigned char)at[i]);
    c->len += (size_t)n;
    return MOVED;
}

/* Sends from the front; an empty buffer begins anew. */
static enum step drain(struct conn *c)
{
    if (c->sent == c->len)
        return STUCK;
    const ssize_t n =
        send(c->fd, c->bytes + c->sent, c->len - c->sent, MSG_NOSIGNAL);
    if (n == -1)
        return errno == EAGAIN ? STUCK : BROKEN;
    c->sent += (size_t)n;
    if (c->sent == c->len)
        c->sent = c->len = 0;
    return MOVED;
}

/*
 * Pumps until both are stuck. Whoever sends without a pause would keep them
 * moving for ever: when the budget is used up, EPOLL_CTL_MOD makes epoll look
 * anew, and queue the connection behind the others.
 */
static void serve(struct conn *c)
{
    for (int i = 0; i < BUDGET; i++) {
        const enum step in = fill(c), out = drain(c);
        const bool done = c->eof && c->sent == c->len;
        if (in == BROKEN || out == BROKEN || done) {
            drop(c);
            return;
        }
        if (in == STUCK && out == STUCK)
            return;
    }
    if (watch(EPOLL_CTL_MOD, c->fd) == -1)
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
    if (epoll == -1 || watch(EPOLL_CTL_ADD, listener) == -1 ||
        watch(EPOLL_CTL_ADD, stop) == -1)
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
