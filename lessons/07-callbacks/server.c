/*
 * server.c - the hello server on miniloop: callbacks in place of a loop.
 *
 * There is no loop in this file, and no epoll. The server says what it waits
 * for, returns, and is called:
 *
 *     on_listener   connections wait             take them
 *     on_ready      a connection may go on       serve, re-arm
 *     on_silence    it was silent for too long   drop it
 *     on_pause_over                              accept again
 *     on_stop       SIGINT or SIGTERM came       leave mini_run
 *
 * Timers bring what lessons 01 to 05 could not do: throw out a silent client,
 * and wait a while, without descriptors, without a special case in the loop.
 * on_silence closes a connection that may be ready in the same pass; miniloop
 * forgets its event then.
 *
 * Read before: miniloop.c, ../05-epoll/server.c. Read after: fetch.c.
 * Rests on: epoll(7), through miniloop.
 */
#include "../common/common.h"
#include "miniloop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH = 64,     /* connections accepted in one pass */
    PAUSE_MS = 100, /* until the next try to accept, without descriptors */
};

/* In a ring of all connections, so that they can be closed at the end. */
struct conn {
    struct watcher watcher;
    struct timer silence;
    struct conn *next, *prev;
    struct hello http;
};

static struct miniloop loop;
static struct watcher listener, stop;
static struct timer pause_over;
static struct conn conns = {.next = &conns, .prev = &conns};
static int idle_s = 60;

static void drop(struct conn *c)
{
    mini_unwatch(&loop, &c->watcher);
    mini_timer_stop(&c->silence);
    hello_close(&c->http, c->watcher.fd);
    c->prev->next = c->next;
    c->next->prev = c->prev;
    free(c);
}

/* arm, re-arm: says what the connection waits for, and how long. */
static void arm(struct conn *c)
{
    const bool writes = hello_wants(&c->http) == WANT_WRITE;
    mini_timer_start(&loop, &c->silence, idle_s * 1000);
    if (mini_watch(&loop, &c->watcher, writes ? EPOLLOUT : EPOLLIN) != 0)
        drop(c);
}

/* Sends what is answered; false if the connection is over. */
static bool flush(struct conn *c)
{
    struct hello *h = &c->http;
    while (hello_wants(h) == WANT_WRITE) {
        const ssize_t n = send(c->watcher.fd, h->out + h->out_sent,
                               h->out_len - h->out_sent, MSG_NOSIGNAL);
        if (n == -1)
            return errno == EAGAIN;
        hello_sent(h, (size_t)n);
    }
    return hello_wants(h) != WANT_CLOSE;
}

/* serve: receives once, answers and sends; false if the connection is over. */
static bool serve(struct conn *c)
{
    struct hello *h = &c->http;
    if (!flush(c))
        return false;
    if (hello_wants(h) != WANT_READ)
        return true;
    const ssize_t n =
        recv(c->watcher.fd, h->in + h->in_len, sizeof h->in - h->in_len, 0);
    if (n == -1)
        return errno == EAGAIN;
    hello_received(h, (size_t)n);
    return flush(c);
}

static void on_ready(void *arg)
{
    struct conn *c = arg;
    if (serve(c))
        arm(c);
    else
        drop(c);
}

static void on_silence(void *arg)
{
    drop(arg);
}

static void begin(int fd)
{
    struct conn *c = allocate(sizeof *c);
    c->watcher =
        (struct watcher){.call = {.function = on_ready, .arg = c}, .fd = fd};
    c->silence = (struct timer){.call = {.function = on_silence, .arg = c}};
    c->next = &conns;
    c->prev = conns.prev;
    c->prev->next = conns.prev = c;
    hello_init(&c->http);
    arm(c);
}

/* take: accepts a batch; pauses if the system has no room for more. */
static void on_listener(void *arg)
{
    (void)arg;
    for (int i = 0; i < BATCH; i++) {
        const int fd =
            accept4(listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1 && out_of_resources(errno)) {
            mini_unwatch(&loop, &listener);
            mini_timer_start(&loop, &pause_over, PAUSE_MS);
        }
        if (fd == -1)
            return;
        begin(fd);
    }
}

static void on_pause_over(void *arg)
{
    (void)arg;
    if (mini_watch(&loop, &listener, EPOLLIN) != 0)
        mini_timer_start(&loop, &pause_over, PAUSE_MS);
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
        {"idle", "seconds of silence before a connection is closed", &idle_s, 1,
         86400, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "The hello server in callbacks, on miniloop.",
                  options);
    raise_descriptor_limit();
    int error = mini_init(&loop);
    listener = (struct watcher){.call = {.function = on_listener},
                                .fd = listen_on(port, SOCK_NONBLOCK)};
    stop =
        (struct watcher){.call = {.function = on_stop}, .fd = stop_on_signal()};
    pause_over = (struct timer){.call = {.function = on_pause_over}};
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
    while (conns.next != &conns)
        drop(conns.next);
    mini_fini(&loop);
    close(listener.fd);
}
