/*
 * dense.c - a good server: sends back in capitals what it receives; on poll(2),
 * with a dense array.
 *
 * Place 0 is the listener, 1 tells of SIGTERM, then follow the clients without
 * a hole. One that ends is replaced by the last; so the walk goes backwards.
 *
 * Read before: lessons/04-poll/server.c. Read after: holes.c.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
    CLIENTS = 16,  /* at once; the others wait in the backlog */
    ROOM = 131072, /* for what a client has not read yet */
    BUFFER = 4096, /* of the kernel: small, so that sends are partial */
    LISTENER = 0,
    STOP,
    FIRST, /* place of a client */
    PLACES = FIRST + CLIENTS,
};

/* What waits to be sent to a client: bytes[sent..len). */
struct conn {
    size_t len, sent;
    bool finished; /* the client sends no more */
    char bytes[ROOM];
};

static struct pollfd fds[PLACES];
static struct conn conns[PLACES]; /* conns[i] belongs to fds[i] */
static int n_fds = FIRST;

static void take(int listener)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd == -1)
        return;
    conns[n_fds].len = conns[n_fds].sent = 0;
    conns[n_fds].finished = false;
    fds[n_fds++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void drop(int i)
{
    close(fds[i].fd);
    n_fds--;
    fds[i] = fds[n_fds];
    conns[i] = conns[n_fds];
}

/* Receives into the room that is left; false if the connection is broken. */
static bool receive(int fd, struct conn *c)
{
    const ssize_t n = recv(fd, c->bytes + c->len, ROOM - c->len, 0);
    if (n == -1)
        return errno == EAGAIN;
    for (ssize_t i = 0; i < n; i++, c->len++)
        c->bytes[c->len] = (char)toupper((unsigned char)c->bytes[c->len]);
    if (n == 0)
        c->finished = true;
    return true;
}

/* Sends what waits; false if the connection is broken, or over. */
static bool flush(int fd, struct conn *c)
{
    while (c->sent < c->len) {
        const ssize_t n =
            send(fd, c->bytes + c->sent, c->len - c->sent, MSG_NOSIGNAL);
        if (n == -1)
            return errno == EAGAIN;
        c->sent += (size_t)n;
    }
    c->len = c->sent = 0;
    return !c->finished;
}

/* Serves place i; false if its client is to be dropped. */
static bool attend(int i)
{
    struct conn *c = &conns[i];
    if (fds[i].revents & POLLERR)
        return false;
    if ((fds[i].revents & POLLIN) && !receive(fds[i].fd, c))
        return false;
    if (!flush(fds[i].fd, c))
        return false;
    const bool room = !c->finished && c->len < ROOM;
    fds[i].events =
        (short)((room ? POLLIN : 0) | (c->sent < c->len ? POLLOUT : 0));
    return true;
}

static void turn(int listener)
{
    fds[LISTENER].fd = n_fds < PLACES ? listener : -1;
    if (poll(fds, (nfds_t)n_fds, -1) == -1)
        return;
    const bool take_now = fds[LISTENER].revents != 0;
    for (int i = n_fds - 1; i >= FIRST; i--)
        if (fds[i].revents != 0 && !attend(i))
            drop(i);
    if (take_now)
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
    const int listener = listen_on(port, SOCK_NONBLOCK);
    const int size = BUFFER;
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    fds[LISTENER] = (struct pollfd){.events = POLLIN};
    fds[STOP] = (struct pollfd){.fd = stop_on_signal(), .events = POLLIN};
    announce(listener);
    while (!stopping)
        turn(listener);
    while (n_fds > FIRST)
        drop(n_fds - 1);
    close(listener);
}
