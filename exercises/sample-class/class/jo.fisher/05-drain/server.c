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

static int upper_all(char *text, ssize_t length)
{
    ssize_t k = 0;
    while (k < length) {
        unsigned char letter = (unsigned char)text[k];
        if (letter >= 'a' && letter <= 'z')
            letter = (unsigned char)(letter - 'a' + 'A');
        text[k] = (char)letter;
        k++;
    }
    return (int)k;
}

/* A client has come: make room for it and remember it. */
static void take(int listener)
{
    int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    struct conn *fresh;
    if (client < 0)
        return;
    fresh = calloc(1, sizeof(struct conn));
    if (fresh == NULL) {
        close(client);
        return;
    }
    fresh->fd = client;
    conns[client] = fresh;
    if (watch(client) < 0)
        drop(fresh);
}

static int send_rest(struct conn *who)
{
    while (who->sent < who->len) {
        size_t left = who->len - who->sent;
        ssize_t gone = send(who->fd, who->bytes + who->sent, left,
                            MSG_NOSIGNAL);
        if (gone < 0)
            return errno == EAGAIN ? 1 : 2;
        who->sent += (size_t)gone;
    }
    who->len = who->sent = 0;
    return 0;
}

static void serve(struct conn *who)
{
    int state = send_rest(who);
    while (state == 0) {
        ssize_t count = recv(who->fd, who->bytes, sizeof(who->bytes), 0);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 1) {
            state = 2;
            break;
        }
        who->len = (size_t)upper_all(who->bytes, count);
        state = send_rest(who);
    }
    if (state == 2)
        drop(who);
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
