/*
 * holes.c - a good server of another design: it sends back in capitals what it
 * receives, on poll(2), in an array with holes.
 *
 * A client keeps its place as long as it stays. A place without a client holds
 * the descriptor -1, which poll passes over. What waits is sent in the next
 * turn, and no more than PIECE bytes of it: so nobody is kept waiting long, and
 * an answer comes in pieces.
 *
 * Read before: dense.c.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    CLIENTS = 16,
    PIECE = 1000,
    ROOM = 131072,
    BUFFER = 4096,
    LISTENER = CLIENTS, /* behind the clients */
    STOP,
    PLACES,
};

/* bytes[0..len) wait to be sent. */
struct place {
    size_t len;
    bool finished;
    char bytes[ROOM];
};

static struct pollfd fds[PLACES];
static struct place places[CLIENTS];

/* A place without a client; -1: all are taken. */
static int find_hole(void)
{
    for (int i = 0; i < CLIENTS; i++)
        if (fds[i].fd == -1)
            return i;
    return -1;
}

/* Accepts until nobody waits, or no place is left. */
static void take(int listener)
{
    for (int i = find_hole(); i != -1; i = find_hole()) {
        const int fd =
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1)
            return;
        fds[i] = (struct pollfd){.fd = fd};
        places[i].len = 0;
        places[i].finished = false;
    }
}

static void leave(int i)
{
    close(fds[i].fd);
    fds[i].fd = -1;
}

/* Each returns false if the connection has broken. */
static bool hear(int i)
{
    struct place *p = &places[i];
    char *at = p->bytes + p->len;
    const ssize_t n = recv(fds[i].fd, at, ROOM - p->len, 0);
    for (ssize_t k = 0; k < n; k++)
        at[k] = (char)toupper((unsigned char)at[k]);
    if (n == 0)
        p->finished = true;
    p->len += n > 0 ? (size_t)n : 0;
    return n >= 0 || errno == EAGAIN;
}

static bool shout(int i)
{
    struct place *p = &places[i];
    const size_t piece = p->len < PIECE ? p->len : PIECE;
    const ssize_t n = send(fds[i].fd, p->bytes, piece, MSG_NOSIGNAL);
    if (n == -1)
        return errno == EAGAIN;
    p->len -= (size_t)n;
    memmove(p->bytes, p->bytes + n, p->len);
    return true;
}

/* Serves a place that is ready; then it may be a hole. */
static void serve(int i)
{
    const short happened = fds[i].revents;
    bool stays = (happened & POLLERR) == 0;
    if (stays && (happened & POLLIN))
        stays = hear(i);
    if (stays && (happened & POLLOUT))
        stays = shout(i);
    if (!stays || (places[i].finished && places[i].len == 0))
        leave(i);
}

/* Asks anew what each place waits for. */
static void arm(int listener)
{
    for (int i = 0; i < CLIENTS; i++) {
        const bool hears = !places[i].finished && places[i].len < ROOM;
        fds[i].events =
            (short)((hears ? POLLIN : 0) | (places[i].len > 0 ? POLLOUT : 0));
    }
    fds[LISTENER].fd = find_hole() != -1 ? listener : -1;
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
    for (int i = 0; i < CLIENTS; i++)
        fds[i].fd = -1;
    fds[LISTENER].events = POLLIN;
    fds[STOP] = (struct pollfd){.fd = stop_on_signal(), .events = POLLIN};
    announce(listener);
    while (!stopping) {
        arm(listener);
        if (poll(fds, PLACES, -1) == -1)
            continue;
        for (int i = 0; i < CLIENTS; i++)
            if (fds[i].fd != -1 && fds[i].revents != 0)
                serve(i);
        if (fds[LISTENER].revents != 0)
            take(listener);
    }
    for (int i = 0; i < CLIENTS; i++)
        if (fds[i].fd != -1)
            leave(i);
    close(listener);
}
