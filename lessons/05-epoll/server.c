/*
 * server.c - the hello server on epoll(7).
 *
 * select and poll are told the whole interest at every call; epoll keeps it in
 * the kernel. epoll_ctl changes it by one descriptor, epoll_wait hands out only
 * those that are ready. So a turn of the loop costs what happened in it, not
 * what might have happened.
 *
 *     interest list (epoll_ctl)           ready list (epoll_wait)
 *     listener, 5, 6, 7, 8, 9, ...        7
 *
 * --trigger says when a descriptor enters the ready list:
 *
 *     level     as long as it is readable (or writable, if that is asked)
 *     edge      once, when more arrives; the server must then read until
 *               nothing is left, or the rest lies there unseen
 *     oneshot   once, and not again until epoll_ctl arms it anew; so that of
 *               several threads on one epoll only one gets a connection
 *
 * The steps of a turn: arm, wait, take, serve, re-arm.
 *
 * Stale events. One batch may hold an event for a connection that an earlier
 * event of the same batch made us close, and whose number a new connection has
 * been given since. It needs a handler that closes another's connection: here
 * none does, but a timer or a limit would bring it. So each connection has a
 * serial number, which travels in the event beside the descriptor; an event
 * with an old one is ignored.
 *
 * Read before: 04-poll/server.c. Read after: herd.c.
 * Rests on: epoll(7), epoll_ctl(2), epoll_wait(2).
 */
#include "../common/common.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    BATCH = 64,     /* events, and connections accepted, in one turn */
    BUDGET = 4,     /* edge: reads of one connection in one turn */
    PAUSE_MS = 100, /* until the next try to accept, without descriptors */
};

enum trigger { LEVEL, EDGE, ONESHOT };

struct conn {
    int fd;
    uint32_t serial;   /* see "Stale events"; from 1 */
    uint32_t interest; /* what epoll was told last */
    struct hello http;
};

static enum trigger trigger;
static int epoll;
static struct conn **conns; /* by descriptor; NULL where there is none */
static int conns_len;

/* What travels in an event: serial number and descriptor, or the listener. */
enum { LISTENER = 0 };

static uint64_t name_of(const struct conn *c)
{
    return (uint64_t)c->serial << 32 | (uint32_t)c->fd;
}

static struct conn *conn_named(uint64_t name)
{
    struct conn *c = conns[(uint32_t)name];
    return c != NULL && c->serial == name >> 32 ? c : NULL;
}

static int watch(int op, int fd, uint32_t interest, uint64_t name)
{
    struct epoll_event event = {.events = interest, .data.u64 = name};
    return epoll_ctl(epoll, op, fd, &event);
}

/* arm, re-arm: tells epoll what the connection waits for, if that is news. */
static int arm(int op, struct conn *c)
{
    uint32_t interest =
        hello_wants(&c->http) == WANT_WRITE ? EPOLLOUT : EPOLLIN;
    if (trigger == EDGE)
        interest = EPOLLIN | EPOLLOUT | EPOLLET; /* once and for all */
    if (trigger == ONESHOT)
        interest |= EPOLLONESHOT; /* news every time: it was disarmed */
    else if (interest == c->interest)
        return 0;
    c->interest = interest;
    return watch(op, c->fd, interest, name_of(c));
}

static void drop(struct conn *c)
{
    conns[c->fd] = NULL;
    hello_close(&c->http, c->fd); /* which also ends epoll's interest */
    free(c);
}

/* take: accepts a batch of connections; false if the system has no room. */
static bool take(int listener)
{
    static uint32_t serial;
    for (int i = 0; i < BATCH; i++) {
        const int fd =
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1)
            return !out_of_resources(errno);
        struct conn *c = allocate(sizeof *c);
        c->fd = fd;
        c->serial = ++serial;
        c->interest = 0;
        hello_init(&c->http);
        conns[fd] = c;
        if (arm(EPOLL_CTL_ADD, c) == -1) {
            drop(c); /* ENOSPC: epoll(7), max_user_watches */
            return false;
        }
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

/*
 * serve: receives, answers and sends until the connection must wait; false if
 * it is over. Level and one-shot read once: if more is there, epoll says so
 * again. Edge must go on until EAGAIN, but not for ever: after BUDGET reads
 * EPOLL_CTL_MOD makes epoll look anew, and queue the connection behind others.
 */
static bool serve(struct conn *c)
{
    struct hello *h = &c->http;
    const int reads = trigger == EDGE ? BUDGET : 1;
    if (!flush(c))
        return false;
    for (int i = 0; i < reads && hello_wants(h) == WANT_READ; i++) {
        const ssize_t n =
            recv(c->fd, h->in + h->in_len, sizeof h->in - h->in_len, 0);
        if (n == -1)
            return errno == EAGAIN;
        hello_received(h, (size_t)n);
        if (!flush(c))
            return false;
    }
    if (trigger == EDGE && hello_wants(h) == WANT_READ)
        return watch(EPOLL_CTL_MOD, c->fd, c->interest, name_of(c)) == 0;
    return true;
}

/* One turn: wait, then take or serve each that is ready. */
static void turn(int listener)
{
    static bool full; /* out of descriptors: the listener is not watched */
    struct epoll_event events[BATCH];
    const int n = epoll_wait(epoll, events, BATCH, full ? PAUSE_MS : -1);
    if (n == -1 && errno != EINTR)
        die(errno, NULL, "epoll_wait failed");
    if (full)
        full = watch(EPOLL_CTL_MOD, listener, EPOLLIN, LISTENER) == -1;
    for (int i = 0; i < n; i++) {
        if (events[i].data.u64 == LISTENER) {
            full = !take(listener) &&
                   watch(EPOLL_CTL_MOD, listener, 0, LISTENER) == 0;
            continue;
        }
        struct conn *c = conn_named(events[i].data.u64);
        if (c != NULL && (!serve(c) || arm(EPOLL_CTL_MOD, c) == -1))
            drop(c);
    }
}

int main(int argc, char **argv)
{
    int port = 8000;
    const char *word = "level";
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {"trigger", "when epoll reports a descriptor", NULL, 0, 0, &word,
         "level,edge,oneshot"},
        {.name = NULL},
    };
    parse_options(argc, argv, "The hello server on epoll, one thread.",
                  options);
    trigger = word[0] == 'l' ? LEVEL : word[0] == 'e' ? EDGE : ONESHOT;

    conns_len = raise_descriptor_limit();
    conns = allocate_array(conns_len, sizeof(struct conn *));
    const int listener = listen_on(port, SOCK_NONBLOCK);
    const int stop = stop_on_signal(); /* its events name no connection */
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 ||
        watch(EPOLL_CTL_ADD, listener, EPOLLIN, LISTENER) == -1 ||
        watch(EPOLL_CTL_ADD, stop, EPOLLIN, (uint64_t)stop) == -1)
        die(errno, NULL, "cannot set up epoll");
    announce(listener);

    while (!stopping)
        turn(listener);

    for (int fd = 0; fd < conns_len; fd++)
        if (conns[fd] != NULL)
            drop(conns[fd]);
    free(conns);
    close(epoll);
    close(listener);
}
