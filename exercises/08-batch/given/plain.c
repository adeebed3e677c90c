/*
 * plain.c - the yardstick of 08-batch: the same answers from a plain epoll
 * loop, without tasks. What it costs above this is the price of the tasks, and
 * of what the server does with them.
 *
 * It is no solution: it has no line that a task could use, and for a client
 * that does not read it has no patience; nobody measures that.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { LINE_LEN = 200, ROOM = 16384, BATCH = 64 };

struct conn {
    int fd;
    size_t len;
    char bytes[ROOM];
};

static int epoll;

static int watch(int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void take(int listener)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd == -1)
        return;
    struct conn *c = allocate(sizeof *c);
    c->fd = fd;
    c->len = 0;
    if (watch(fd, c) == -1)
        die(errno, NULL, "epoll_ctl failed");
}

/* Answers the whole lines there are, in one send; keeps the rest. */
static int serve(struct conn *c)
{
    const ssize_t n =
        recv(c->fd, c->bytes + c->len, sizeof c->bytes - c->len, 0);
    if (n <= 0)
        return -1;
    const size_t old = c->len;
    c->len += (size_t)n;
    for (size_t i = old; i < c->len; i++)
        c->bytes[i] = (char)toupper((unsigned char)c->bytes[i]);
    const char *last = memrchr(c->bytes, '\n', c->len);
    const size_t whole = last == NULL ? 0 : (size_t)(last - c->bytes) + 1;
    if (whole > 0 && send(c->fd, c->bytes, whole, MSG_NOSIGNAL) == -1)
        return -1;
    c->len -= whole;
    memmove(c->bytes, c->bytes + whole, c->len);
    return c->len >= LINE_LEN ? -1 : 0;
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Sends lines back in capitals, on plain epoll.",
                  options);
    static char is_listener, is_stop;
    const int listener = listen_on(port, SOCK_NONBLOCK);
    const int stop = stop_on_signal();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || watch(listener, &is_listener) == -1 ||
        watch(stop, &is_stop) == -1)
        die(errno, NULL, "cannot set up epoll");
    announce(listener);
    while (!stopping) {
        struct epoll_event events[BATCH];
        const int n = epoll_wait(epoll, events, BATCH, -1);
        for (int i = 0; i < n; i++) {
            void *what = events[i].data.ptr;
            if (what == &is_listener) {
                take(listener);
            } else if (what != &is_stop && serve(what) == -1) {
                close(((struct conn *)what)->fd);
                free(what);
            }
        }
    }
}
