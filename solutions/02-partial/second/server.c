/*
 * server.c - sends back in capitals what it receives; on non-blocking sockets
 * and nothing else.
 *
 * The second solution of 02-partial: the buffer is full when it is full, not
 * when something is in it; and a turn that brought nothing is followed by a
 * nap. See NOTES.md.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 4096 };

/* A connection: bytes[0..len) wait to be sent. */
struct conn {
    int fd;
    bool eof; /* the client sends no more */
    size_t len;
    char bytes[ROOM];
};

static struct conn **conns; /* dense: the last fills a hole */
static int n_conns;
static bool busy; /* this turn has brought something */

static void drop(int i)
{
    close(conns[i]->fd);
    free(conns[i]);
    conns[i] = conns[--n_conns];
}

/* take: accepts a batch of connections, until there are no more. */
static void take(int listener)
{
    for (int i = 0; i < BATCH; i++) {
        const int fd = accept(listener, NULL, NULL);
        if (fd == -1)
            return;
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        struct conn *c = allocate(sizeof *c);
        c->fd = fd;
        c->eof = false;
        c->len = 0;
        conns[n_conns++] = c;
        busy = true;
    }
}

/* Sends what the kernel takes; the rest moves to the front. */
static bool flush(struct conn *c)
{
    if (c->len == 0)
        return true;
    const ssize_t n = send(c->fd, c->bytes, c->len, 0);
    if (n == -1)
        return errno == EAGAIN;
    c->len -= (size_t)n;
    memmove(c->bytes, c->bytes + n, c->len);
    busy = true;
    return true;
}

/* Receives as much as there is room for, behind what waits. */
static bool fill(struct conn *c)
{
    char *at = c->bytes + c->len;
    const size_t room = sizeof c->bytes - c->len;
    if (room == 0 || c->eof)
        return true;
    const ssize_t n = recv(c->fd, at, room, 0);
    if (n == -1)
        return errno == EAGAIN;
    c->eof = n == 0;
    for (ssize_t i = 0; i < n; i++)
        at[i] = (char)toupper((unsigned char)at[i]);
    c->len += (size_t)n;
    busy = true;
    return true;
}

/* serve: receives once, sends once; false if the connection is over. */
static bool serve(struct conn *c)
{
    return fill(c) && flush(c) && !(c->eof && c->len == 0);
}

/* One turn: ask every connection, then the listener; then perhaps a nap. */
static void turn(int listener)
{
    busy = false;
    for (int i = n_conns - 1; i >= 0; i--)
        if (!serve(conns[i]))
            drop(i);
    take(listener);
    if (!busy)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
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
    stop_on_signal();
    signal(SIGPIPE, SIG_IGN); /* a send to one who has gone says EPIPE */
    announce(listener);

    while (!stopping)
        turn(listener);

    while (n_conns > 0)
        drop(n_conns - 1);
    free(conns);
    close(listener);
}
