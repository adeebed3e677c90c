/*
 * slowd.c - the slow backend: answers every request after a set delay, however
 * many ask at once; and holds a small site of linked pages for crawlers.
 *
 * It stands for all that a server waits for: a database, another service, a
 * disk. The delay is the same for all, so the answers fall due in the order in
 * which the requests came, and a queue does for a timer.
 *
 *     /                 page 0
 *     /page/N           a page with links to others; 404 from --pages on
 *     /stats            how it was asked so far: see write_stats
 *     /anything/else    404, after the delay too
 *
 * Page N links to 2N+1 and 2N+2 (so that all pages are reached from page 0),
 * to a page before it, and every tenth page to one that does not exist.
 * Every answer closes its connection.
 *
 * Rests on: epoll(7), clock_gettime(2).
 */
#include "../lessons/common/common.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, REQUEST_MAX = 2048, ANSWER_MAX = 1024 };

/* One connection: it receives a request, waits in the queue, is answered. */
struct conn {
    int fd;
    size_t len;
    int64_t due_ns;
    struct conn *next; /* in the queue */
    char request[REQUEST_MAX];
};

static int epoll, delay_ms = 100, pages = 500;
static struct {
    int requests, at_once, most; /* answers due now, and at most */
    int twice;                   /* pages asked for again */
    bool *asked;                 /* by page */
} stats;
static struct {
    struct conn *first, **end;
} queue = {.end = &queue.first};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void drop(struct conn *c)
{
    close(c->fd);
    free(c);
}

/* The page number that a request line asks for, or -1. */
static int page_asked(const char *request)
{
    int page = 0, end = 0;
    if (strncmp(request, "GET / ", 6) == 0)
        return 0;
    if (sscanf(request, "GET /page/%6d%n", &page, &end) == 1 &&
        request[end] == ' ' && page >= 0 && page < pages)
        return page;
    return -1;
}

static int write_page(char *body, size_t size, int page)
{
    int len = snprintf(body, size,
                       "<!doctype html>\n<title>Page %d</title>\n"
                       "<p><a href=\"/page/%d\">back</a></p>\n",
                       page, page / 3);
    for (int child = 2 * page + 1; child <= 2 * page + 2; child++)
        if (child < pages)
            len += snprintf(body + len, size - (size_t)len,
                            "<p><a href=\"/page/%d\">page %d</a></p>\n", child,
                            child);
    if (page % 10 == 9)
        len += snprintf(body + len, size - (size_t)len,
                        "<p><a href=\"/page/%d\">dead</a></p>\n", pages + page);
    return len;
}

/* For the tests of crawlers: what the server saw, without this request. */
static int write_stats(char *body, size_t size)
{
    return snprintf(body, size,
                    "%d requests, at most %d at once, %d for a page again\n",
                    stats.requests, stats.most, stats.twice);
}

static bool asks_for_stats(const struct conn *c)
{
    return strncmp(c->request, "GET /stats ", 11) == 0;
}

static void count(const struct conn *c)
{
    const int page = page_asked(c->request);
    stats.requests++;
    stats.at_once++;
    stats.most = stats.at_once > stats.most ? stats.at_once : stats.most;
    if (page >= 0) {
        stats.twice += stats.asked[page];
        stats.asked[page] = true;
    }
}

/* SIMPLIFIED: an answer of a kilobyte always fits into an empty socket. */
static void answer(struct conn *c)
{
    char body[ANSWER_MAX], head[256];
    const int page = page_asked(c->request);
    const bool of_stats = asks_for_stats(c);
    stats.at_once -= !of_stats;
    const int len = of_stats    ? write_stats(body, sizeof body)
                    : page >= 0 ? write_page(body, sizeof body, page)
                                : snprintf(body, sizeof body, "no such page\n");
    const int head_len =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %s\r\nContent-Type: text/html\r\n"
                 "Content-Length: %d\r\nConnection: close\r\n\r\n",
                 page >= 0 || of_stats ? "200 OK" : "404 Not Found", len);
    if (send(c->fd, head, (size_t)head_len, MSG_NOSIGNAL | MSG_MORE) > 0)
        send(c->fd, body, (size_t)len, MSG_NOSIGNAL);
    drop(c);
}

static void take(int listener)
{
    for (;;) {
        const int fd =
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1)
            return;
        struct conn *c = allocate(sizeof *c);
        c->fd = fd;
        c->len = 0;
        c->next = NULL;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
            drop(c);
    }
}

/* Receives; a whole head goes into the queue and is not watched any more. */
static void receive(struct conn *c)
{
    const ssize_t n =
        recv(c->fd, c->request + c->len, sizeof c->request - 1 - c->len, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            drop(c);
        return;
    }
    c->len += (size_t)n;
    c->request[c->len] = '\0';
    if (strstr(c->request, "\r\n\r\n") == NULL) {
        if (c->len == sizeof c->request - 1)
            drop(c);
        return;
    }
    epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
    if (!asks_for_stats(c))
        count(c);
    c->due_ns = now_ns() + delay_ms * 1000000LL;
    *queue.end = c;
    queue.end = &c->next;
}

/* Answers what is due; returns milliseconds until the next, -1: none waits. */
static int answer_due(void)
{
    const int64_t now = now_ns();
    while (queue.first != NULL && queue.first->due_ns <= now) {
        struct conn *c = queue.first;
        queue.first = c->next;
        if (queue.first == NULL)
            queue.end = &queue.first;
        answer(c);
    }
    if (queue.first == NULL)
        return -1;
    return (int)((queue.first->due_ns - now + 999999) / 1000000);
}

int main(int argc, char **argv)
{
    int port = 8001;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {"delay", "milliseconds before each answer", &delay_ms, 0, 60000, NULL,
         NULL},
        {"pages", "pages of the site", &pages, 1, 100000, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "A backend that takes its time.", options);

    raise_descriptor_limit();
    stats.asked = allocate_array(pages, sizeof *stats.asked);
    const int listener = listen_on(port, SOCK_NONBLOCK);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll == -1 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == -1)
        die(errno, NULL, "cannot set up epoll");
    static struct conn stop; /* no connection: only its address counts */
    event.data.ptr = &stop;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, stop_on_signal(), &event) == -1)
        die(errno, NULL, "cannot watch for signals");
    announce(listener);

    while (!stopping) {
        struct epoll_event events[BATCH];
        const int n = epoll_wait(epoll, events, BATCH, answer_due());
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                take(listener);
            else if (events[i].data.ptr != &stop)
                receive(events[i].data.ptr);
        }
    }
}
