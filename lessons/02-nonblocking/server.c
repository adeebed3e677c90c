/*
 * server.c - the hello server on non-blocking sockets and nothing else.
 *
 * With O_NONBLOCK a call never waits: where it would have to, it returns -1
 * with errno EAGAIN. So one thread can go round all connections for ever and
 * ask each: is there anything? One silent client stops nobody any more. But
 * nearly every question is answered no, and the processor asks as fast as it
 * can, day and night. The server counts those useless calls and prints them
 * when it is stopped.
 *
 *     accept -> EAGAIN    recv(5) -> EAGAIN    recv(6) -> 40 bytes
 *     accept -> EAGAIN    recv(5) -> EAGAIN    recv(6) -> EAGAIN   ...
 *
 * The steps of a turn: serve each, take. There is no wait: that is the flaw.
 *
 * Read before: 01-blocking/serve.c. Read after: 03-select/server.c.
 * Rests on: fcntl(2), socket(7), recv(2), send(2).
 */
#include "../common/common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 64 }; /* connections accepted in one turn */

struct conn {
    int fd;
    struct hello http;
};

static struct conn **conns; /* dense: the last fills a hole */
static int n_conns;

static unsigned long long useful, useless; /* system calls */

/* Counts a call that has returned `n`; returns n. A failed one is useless. */
static ssize_t count(ssize_t n)
{
    if (n == -1)
        useless++;
    else
        useful++;
    return n;
}

static void drop(int i)
{
    hello_close(&conns[i]->http, conns[i]->fd);
    free(conns[i]);
    conns[i] = conns[--n_conns];
}

/*
 * take: accepts a batch of connections, until there are no more. If accept
 * fails for want of descriptors, the next turn tries again: that is one more
 * useless call among millions.
 */
static void take(int listener)
{
    for (int i = 0; i < BATCH; i++) {
        const int fd = (int)count(
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd == -1)
            return;
        struct conn *c = allocate(sizeof *c);
        c->fd = fd;
        hello_init(&c->http);
        conns[n_conns++] = c;
    }
}

/* Sends what is answered; false if the connection is over. */
static bool flush(struct conn *c)
{
    struct hello *h = &c->http;
    while (hello_wants(h) == WANT_WRITE) {
        const ssize_t n = count(send(c->fd, h->out + h->out_sent,
                                     h->out_len - h->out_sent, MSG_NOSIGNAL));
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
        count(recv(c->fd, h->in + h->in_len, sizeof h->in - h->in_len, 0));
    if (n == -1)
        return errno == EAGAIN;
    hello_received(h, (size_t)n);
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
    parse_options(argc, argv,
                  "The hello server that asks all its connections in turn.",
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
    printf("%llu system calls, %llu of them useless (%.1f %%)\n",
           useful + useless, useless,
           100.0 * (double)useless / (double)(useful + useless));
}
