/* caught by shouts: "asks again and again" */
/*
 * server.c - sends back in capitals what it receives; on non-blocking sockets
 * and nothing else.
 *
 * Wrong: errno is looked at although accept has not failed.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 4096 };

/* A connection: bytes[sent..len) wait to be sent. */
struct conn {
    int fd;
    size_t len, sent;
    char bytes[ROOM];
};

static struct conn **conns; /* dense: the last fills a hole */
static int n_conns;

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
        const int fd =
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (errno == EAGAIN)
            return; /* nobody waits */
        if (fd == -1)
            return;
        struct conn *c = allocate(sizeof *c);
        c->fd = fd;
        c->len = c->sent = 0;
        conns[n_conns++] = c;
    }
}

/* Sends what the kernel takes now; false if the connection is over. */
static bool flush(struct conn *c)
{
    while (c->sent < c->len) {
        const ssize_t n =
            send(c->fd, c->bytes + c->sent, c->len - c->sent, MSG_NOSIGNAL);
        if (n == -1)
            return errno == EAGAIN;
        c->sent += (size_t)n;
    }
    c->len = c->sent = 0;
    return true;
}

/* serve: sends, receives once, sends; false if the connection is over. */
static bool serve(struct conn *c)
{
    if (!flush(c))
        return false;
    if (c->len > 0)
        return true; /* there is no room to receive */
    const ssize_t n = recv(c->fd, c->bytes, sizeof c->bytes, 0);
    if (n == -1)
        return errno == EAGAIN;
    if (n == 0)
        return false; /* the client has finished, and has got all */
    for (ssize_t i = 0; i < n; i++)
        c->bytes[i] = (char)toupper((unsigned char)c->bytes[i]);
    c->len = (size_t)n;
    return flush(c);
}

/* One turn: ask every connection, then the listener. */
static void turn(int listener)
{
    for (int i = n_conns - 1; i >= 0; i--)
        if (!serve(conns[i]))
            drop(i);
    take(listener);
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
    announce(listener);

    while (!stopping)
        turn(listener);

    while (n_conns > 0)
        drop(n_conns - 1);
    free(conns);
    close(listener);
}
