/* caught by each-its-own: "the one whose it is goes, and nobody else" */
/*
 * server.c - sends back in capitals what it receives, and lets the silent go;
 * in callbacks, on miniloop.
 *
 *     on_listener   clients wait                       accept them
 *     on_client     a client's socket is ready         receive, shout
 *     on_idle       a client was silent for idle_ms    say bye
 *
 * Wrong: when one deadline comes, all clients go.
 *
 * SIMPLIFIED: without descriptors for a client more, on_listener is called
 * again and again; lesson 07's server pauses.
 */
#include "lessons/07-callbacks/miniloop.h"
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char bye[] = "bye\n";

enum { BATCH = 64, ROOM = 4096, BYE = sizeof bye - 1 };

/* A client: bytes[sent..len) wait to be sent. */
struct client {
    struct watcher watcher;     /* calls on_client */
    struct timer idle;          /* calls on_idle */
    struct client *next, *prev; /* in the ring of all clients */
    bool leaving;               /* bye is the last that it gets */
    size_t len, sent;
    char bytes[ROOM + BYE];
};

static struct miniloop loop;
static struct watcher listener, stop;
static struct client clients = {.next = &clients, .prev = &clients};
static int idle_ms = 10000;

/* The loop forgets the client before its descriptor and its memory go. */
static void drop(struct client *c)
{
    mini_unwatch(&loop, &c->watcher);
    mini_timer_stop(&c->idle);
    close(c->watcher.fd);
    c->prev->next = c->next;
    c->next->prev = c->prev;
    free(c);
}

/* Sends what waits; false if the client has gone. */
static bool flush(struct client *c)
{
    while (c->sent < c->len) {
        const ssize_t n = send(c->watcher.fd, c->bytes + c->sent,
                               c->len - c->sent, MSG_NOSIGNAL);
        if (n == -1)
            return errno == EAGAIN;
        c->sent += (size_t)n;
    }
    return true;
}

/* Sends what waits, and says what the client is called for next; or ends it. */
static void go_on(struct client *c)
{
    const bool here = flush(c);
    const bool owed = c->sent < c->len;
    if (!here || (c->leaving && !owed) ||
        mini_watch(&loop, &c->watcher, owed ? EPOLLOUT : EPOLLIN) != 0)
        drop(c);
}

/* Receives once; false if the client has finished, or has gone. */
static bool receive(struct client *c)
{
    const ssize_t n = recv(c->watcher.fd, c->bytes, ROOM, 0);
    if (n == -1)
        return errno == EAGAIN; /* no byte came: its deadline stays */
    if (n == 0)
        return false;
    mini_timer_start(&loop, &c->idle, idle_ms);
    for (ssize_t i = 0; i < n; i++)
        c->bytes[i] = (char)toupper((unsigned char)c->bytes[i]);
    c->len = (size_t)n;
    c->sent = 0;
    return true;
}

/* Who is owed something is not listened to: there is no room for more. */
static void on_client(void *arg)
{
    struct client *c = arg;
    if (c->sent < c->len || receive(c))
        go_on(c);
    else
        drop(c);
}

/*
 * The bye stands behind what is owed, and goes the same way. It has as much
 * time as the client had: who does not read does not stay for ever.
 */
static void expire(struct client *c)
{
    if (c->leaving) {
        drop(c);
        return;
    }
    c->leaving = true;
    memcpy(c->bytes + c->len, bye, BYE);
    c->len += BYE;
    mini_timer_start(&loop, &c->idle, idle_ms);
    go_on(c);
}

static void on_idle(void *arg)
{
    (void)arg;
    for (struct client *c = clients.next, *next; c != &clients; c = next) {
        next = c->next;
        expire(c);
    }
}

/* A client in the ring; nothing is started yet. */
static struct client *client_new(int fd)
{
    struct client *c = allocate(sizeof *c);
    c->watcher =
        (struct watcher){.call = {.function = on_client, .arg = c}, .fd = fd};
    c->idle = (struct timer){.call = {.function = on_idle, .arg = c}};
    c->next = &clients;
    c->prev = clients.prev;
    c->prev->next = clients.prev = c;
    c->leaving = false;
    c->len = c->sent = 0;
    return c;
}

/* Accepts clients. The deadline of each begins now: it may never send. */
static void on_listener(void *arg)
{
    (void)arg;
    for (int i = 0; i < BATCH; i++) {
        const int fd =
            accept4(listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1)
            return;
        struct client *c = client_new(fd);
        mini_timer_start(&loop, &c->idle, idle_ms);
        if (mini_watch(&loop, &c->watcher, EPOLLIN) != 0)
            drop(c);
    }
}

static void on_stop(void *arg)
{
    (void)arg;
    mini_stop(&loop);
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {"idle-ms", "milliseconds of silence until a client is let go",
         &idle_ms, 1, 3600000, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv,
                  "Sends back in capitals what it receives, and lets the "
                  "silent go.",
                  options);
    int error = mini_init(&loop);
    listener = (struct watcher){.call = {.function = on_listener},
                                .fd = listen_on(port, SOCK_NONBLOCK)};
    stop =
        (struct watcher){.call = {.function = on_stop}, .fd = stop_on_signal()};
    if (error == 0)
        error = mini_watch(&loop, &listener, EPOLLIN);
    if (error == 0)
        error = mini_watch(&loop, &stop, EPOLLIN);
    if (error != 0)
        die(-error, NULL, "cannot set up the loop");
    announce(listener.fd);

    error = mini_run(&loop);
    if (error != 0)
        die(-error, NULL, "epoll_wait failed");
    while (clients.next != &clients)
        drop(clients.next);
    mini_fini(&loop);
    close(listener.fd);
}
