/*
 * server.c - the hello server on select(2).
 *
 * One call sleeps until any of many descriptors is ready. The question is a set
 * of bits, one a descriptor; the answer overwrites it. So there are two copies:
 * the master sets say what we wait for and last; the working sets go into
 * select and come back with the bits of the ready ones.
 *
 *     process                        kernel
 *     readable = reading (copy)
 *     11110000 ----- copy in ----->  asks 0..highest: "ready?"
 *     00100000 <---- copy out -----  overwrites with the answer
 *     scan 0..highest for bits
 *
 * An fd_set is an array of FD_SETSIZE (1024) bits, fixed when the C library was
 * built. FD_SET of a greater descriptor writes behind its end, so such a
 * connection is refused before it comes to that.
 *
 * Only POSIX in here, no Linux.
 * The steps of a turn: copy, wait, serve each that is ready, re-arm, take.
 *
 * Read before: 02-nonblocking/server.c. Read after: 04-poll/server.c.
 * Rests on: select(2), POSIX.1-2008.
 */
#include "../common/common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum {
    BATCH = 64,     /* connections accepted in one turn */
    PAUSE_MS = 100, /* until the next try to accept, without descriptors */
};

struct conn {
    int fd;
    struct hello http;
};

static struct conn *conns[FD_SETSIZE]; /* by descriptor */
static fd_set reading, writing;        /* the master sets */
static int highest;                    /* of all descriptors in them */

static void drop(struct conn *c)
{
    FD_CLR(c->fd, &reading);
    FD_CLR(c->fd, &writing);
    conns[c->fd] = NULL;
    hello_close(&c->http, c->fd);
    free(c);
}

/* re-arm: puts the connection into the one set it waits in. */
static void arm(struct conn *c)
{
    const bool write = hello_wants(&c->http) == WANT_WRITE;
    FD_SET(c->fd, write ? &writing : &reading);
    FD_CLR(c->fd, write ? &reading : &writing);
}

static bool fits_in_a_set(int fd)
{
    static bool told;
    if (fd < FD_SETSIZE)
        return true;
    if (!told)
        fprintf(stderr,
                "server: descriptor %d does not fit in an fd_set of %d:"
                " connections are refused from here on\n"
                "  try:     lesson 04-poll, which has no such limit\n",
                fd, FD_SETSIZE);
    told = true;
    return false;
}

/* take: accepts a batch of connections; false if the system has no room. */
static bool take(int listener)
{
    for (int i = 0; i < BATCH; i++) {
        const int fd = accept(listener, NULL, NULL);
        if (fd == -1)
            return !out_of_resources(errno);
        if (!fits_in_a_set(fd) || fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
            fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
            close(fd);
            continue;
        }
        struct conn *c = allocate(sizeof *c);
        c->fd = fd;
        hello_init(&c->http);
        conns[fd] = c;
        if (fd > highest)
            highest = fd;
        arm(c);
    }
    return true;
}

/* Sends what is answered; false if the connection is over. */
static bool flush(struct conn *c)
{
    struct hello *h = &c->http;
    while (hello_wants(h) == WANT_WRITE) {
        const ssize_t n = send(c->fd, h->out + h->out_sent,
                               h->out_len - h->out_sent, MSG_NOSIGNAL);
        if (n == -1)
            return errno == EAGAIN;
        hello_sent(h, (size_t)n);
    }
    return hello_wants(h) != WANT_CLOSE;
}

/* serve: sends, receives once, answers; false if the connection is over. */
static bool serve(struct conn *c)
{
    struct hello *h = &c->http;
    if (!flush(c))
        return false;
    if (hello_wants(h) != WANT_READ)
        return true;
    const ssize_t n =
        recv(c->fd, h->in + h->in_len, sizeof h->in - h->in_len, 0);
    if (n == -1)
        return errno == EAGAIN;
    hello_received(h, (size_t)n);
    return flush(c);
}

/* One turn: copy, wait, serve those that are ready, take new ones. */
static void turn(int listener)
{
    static bool full; /* out of descriptors: the listener is not watched */
    struct timeval pause = {.tv_usec = PAUSE_MS * 1000};
    fd_set readable = reading, writable = writing;
    if (full)
        FD_CLR(listener, &readable);
    const int n =
        select(highest + 1, &readable, &writable, NULL, full ? &pause : NULL);
    if (n == -1 && errno != EINTR)
        die(errno, NULL, "select failed");
    if (n == -1)
        return; /* a signal: the sets say nothing */
    for (int fd = 0; fd <= highest; fd++) {
        struct conn *c = conns[fd];
        if (c == NULL || !(FD_ISSET(fd, &readable) || FD_ISSET(fd, &writable)))
            continue;
        if (serve(c))
            arm(c);
        else
            drop(c);
    }
    while (highest > listener && conns[highest] == NULL)
        highest--;
    if (full || FD_ISSET(listener, &readable))
        full = !take(listener);
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "The hello server on select, one thread.",
                  options);

    raise_descriptor_limit();
    const int stop = stop_on_signal();
    const int listener = listen_on(port, 0); /* greater than `stop` */
    if (fcntl(listener, F_SETFL, O_NONBLOCK) == -1)
        die(errno, NULL, "cannot set O_NONBLOCK");
    FD_SET(stop, &reading);
    FD_SET(listener, &reading);
    highest = listener;
    announce(listener);

    while (!stopping)
        turn(listener);

    for (int fd = 0; fd < FD_SETSIZE; fd++)
        if (conns[fd] != NULL)
            drop(conns[fd]);
    close(listener);
}
