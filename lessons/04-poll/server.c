/*
 * server.c - the hello server on poll(2).
 *
 * poll takes an array of {descriptor, what to wait for, what happened}. The
 * kernel fills only the third field, so nothing has to be built anew for the
 * next call, and the array is as long as it has to be. But it is still copied
 * in, looked through and copied out at every call, however little happened.
 *
 *     process: array       kernel                      process: array
 *     4 IN  5 IN  6 IN ->  asks 4, 5, 6: "ready?"  ->  4  5 ready  6
 *
 * The array is dense: place 0 is the listener, 1 tells of SIGTERM, then follow
 * the connections without a hole. One that ends is replaced by the last. The
 * loop therefore walks backwards: what moves into a freed place has been looked
 * at already.
 *
 * The steps of a turn: wait, serve each that is ready, re-arm, take.
 *
 * Read before: 03-select/server.c. Read after: 05-epoll/server.c.
 * Rests on: poll(2), POSIX.1-2008.
 */
#include "../common/common.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH = 64,     /* connections accepted in one turn */
    PAUSE_MS = 100, /* until the next try to accept, without descriptors */
};

struct conn {
    int fd;
    struct hello http;
};

enum { LISTENER, STOP, FIRST }; /* places; FIRST is that of a connection */
static struct pollfd *fds;
static struct conn **conns; /* conns[i] belongs to fds[i], from FIRST on */
static int n_fds;

static void drop(int i)
{
    hello_close(&conns[i]->http, conns[i]->fd);
    free(conns[i]);
    n_fds--;
    fds[i] = fds[n_fds];
    conns[i] = conns[n_fds];
}

/* take: accepts a batch of connections; false if the system has no room. */
static bool take(int listener)
{
    for (int i = 0; i < BATCH; i++) {
        const int fd =
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1)
            return !out_of_resources(errno);
        struct conn *c = allocate(sizeof *c);
        c->fd = fd;
        hello_init(&c->http);
        conns[n_fds] = c;
        fds[n_fds++] = (struct pollfd){.fd = fd, .events = POLLIN};
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

/*
 * Three flags come unasked. POLLNVAL: the descriptor is not open, which only a
 * bug of ours can cause. POLLERR: the connection broke, nobody waits for an
 * answer. POLLHUP: both directions are shut, but bytes may still lie there to
 * be read, so recv decides.
 */
static bool attend(struct conn *c, short happened)
{
    assert(!(happened & POLLNVAL));
    if (happened & (POLLERR | POLLNVAL))
        return false;
    return serve(c);
}

/* One turn: wait, serve those that are ready, take new ones. */
static void turn(int listener)
{
    static bool full; /* out of descriptors: the listener is not watched */
    /* poll passes over a negative descriptor */
    fds[LISTENER].fd = full ? -1 : listener;
    const int n = poll(fds, (nfds_t)n_fds, full ? PAUSE_MS : -1);
    if (n == -1 && errno != EINTR)
        die(errno, NULL, "poll failed");
    const bool take_now = full || (n > 0 && fds[LISTENER].revents != 0);
    for (int i = n_fds - 1; n > 0 && i >= FIRST; i--) {
        if (fds[i].revents == 0)
            continue;
        if (!attend(conns[i], fds[i].revents))
            drop(i);
        else
            fds[i].events =
                hello_wants(&conns[i]->http) == WANT_WRITE ? POLLOUT : POLLIN;
    }
    if (take_now)
        full = !take(listener);
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "The hello server on poll, one thread.", options);

    const int limit = raise_descriptor_limit();
    fds = allocate_array(limit, sizeof *fds);
    conns = allocate_array(limit, sizeof(struct conn *));
    const int listener = listen_on(port, SOCK_NONBLOCK);
    fds[LISTENER] = (struct pollfd){.fd = listener, .events = POLLIN};
    fds[STOP] = (struct pollfd){.fd = stop_on_signal(), .events = POLLIN};
    n_fds = FIRST;
    announce(listener);

    while (!stopping)
        turn(listener);

    while (n_fds > FIRST)
        drop(n_fds - 1);
    free(conns);
    free(fds);
    close(listener);
}
