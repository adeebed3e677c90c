/*
 * server.c - sends back in capitals what it receives, and lets the silent go;
 * in callbacks, on miniloop.
 *
 *     on_listener   clients wait                       accept them
 *     on_client     a client's socket is ready         receive, shout
 *     on_idle       a client was silent for idle_ms    say bye
 *
 * These three are yours, and drop, which they all may end in. The rest is
 * complete.
 *
 * SIMPLIFIED: without descriptors for a client more, on_listener is called
 * again and again; lesson 07's server pauses.
 *
 * Read before: README.md; lessons/07-callbacks/server.c, miniloop.h.
 */
#include "lessons/07-callbacks/miniloop.h"
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 4096 };

/* A client: bytes[sent..len) wait to be sent. Add what you need. */
struct client {
    struct watcher watcher;     /* calls on_client */
    struct timer idle;          /* calls on_idle */
    struct client *next, *prev; /* in the ring of all clients */
    size_t len, sent;
    char bytes[ROOM];
};

static struct miniloop loop;
static struct watcher listener, stop;
static struct client clients = {.next = &clients, .prev = &clients};
static int idle_ms = 10000;

/*
 * Ends a client: it leaves the ring, its descriptor is closed and its memory
 * freed.
 *
 * TODO: Who else knows of it, and in which order does all that go?
 */
static void drop(struct client *c)
{
    c->prev->next = c->next;
    c->next->prev = c->prev;
}

/*
 * The client's socket is ready: receives, puts into capitals (toupper), sends.
 * Drops the client when it has finished and has got everything back, or has
 * gone.
 *
 * TODO: When does its deadline begin anew? What if send takes a part?
 */
static void on_client(void *arg)
{
    struct client *c = arg;
    (void)c;
}

/*
 * The client has been silent for idle_ms: says "bye\n" and ends it.
 *
 * TODO: What if the bytes do not fit into the socket now, or never do?
 */
static void on_idle(void *arg)
{
    struct client *c = arg;
    (void)c;
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
    c->len = c->sent = 0;
    return c;
}

/*
 * Clients wait: accepts them.
 *
 * TODO: What has to be started for each?
 */
static void on_listener(void *arg)
{
    (void)arg;
    (void)client_new; /* delete this line when you use it */
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
