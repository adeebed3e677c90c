/*
 * floor.c - the yardstick: the least that any server here can do.
 *
 * An epoll loop that answers every read with one write of a constant answer,
 * without looking at what it read. No parser, no state, no pipelining: what is
 * left is what the kernel takes. Other servers are compared with it, measured
 * in the same round. Not a server for use: it believes that every read is one
 * request.
 *
 * Rests on: epoll(7).
 */
#include "../lessons/common/common.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 64 };

static const char keep_answer[] = "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: text/plain\r\n"
                                  "Content-Length: 14\r\n"
                                  "\r\n"
                                  "Hello, world!\n";
static const char close_answer[] = "HTTP/1.1 200 OK\r\n"
                                   "Content-Type: text/plain\r\n"
                                   "Content-Length: 14\r\n"
                                   "Connection: close\r\n"
                                   "\r\n"
                                   "Hello, world!\n";

static void take(int epoll, int listener)
{
    for (;;) {
        const int fd =
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1)
            return;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
            close(fd);
    }
}

static void serve(int fd, bool keep)
{
    char scrap[4096];
    const ssize_t n = recv(fd, scrap, sizeof scrap, 0);
    if (n == -1 && errno == EAGAIN)
        return;
    const ssize_t sent =
        n <= 0 ? -1
        : keep ? send(fd, keep_answer, sizeof keep_answer - 1, MSG_NOSIGNAL)
               : send(fd, close_answer, sizeof close_answer - 1, MSG_NOSIGNAL);
    if (sent == -1 || !keep)
        close(fd);
}

int main(int argc, char **argv)
{
    int port = 8000;
    const char *answer = "keep-alive";
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {"answer", "and then keep the connection or close it", NULL, 0, 0,
         &answer, "keep-alive,close"},
        {.name = NULL},
    };
    parse_options(argc, argv,
                  "The yardstick: answers every read, looks at nothing.",
                  options);

    raise_descriptor_limit();
    const bool keep = strcmp(answer, "keep-alive") == 0;
    const int listener = listen_on(port, SOCK_NONBLOCK);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll == -1 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == -1)
        die(errno, NULL, "cannot set up epoll");
    const int stop = stop_on_signal();
    event.data.fd = stop;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, stop, &event) == -1)
        die(errno, NULL, "cannot watch for signals");
    announce(listener);

    while (!stopping) {
        struct epoll_event events[BATCH];
        const int n = epoll_wait(epoll, events, BATCH, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                take(epoll, listener);
            else if (events[i].data.fd != stop)
                serve(events[i].data.fd, keep);
        }
    }
}
