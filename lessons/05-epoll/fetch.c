/*
 * fetch.c - gets N pages at once with epoll(7).
 *
 * Each transfer is told to the kernel once, and once more when its request is
 * sent. epoll_wait then hands out the transfers that are ready, by the pointer
 * we gave with them: nothing is scanned.
 *
 *     begin all   epoll_wait......... step the ready ones   epoll_wait... ...
 *
 * The steps of a transfer: begin, step when it is ready, end.
 *
 * Read before: ../04-poll/fetch.c. Read after: server.c.
 * Rests on: epoll(7), connect(2) on EINPROGRESS.
 */
#include "../common/common.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 64 }; /* events in one turn */

struct transfer {
    int fd;
    struct page page;
};

static struct target target;
static struct tally tally;
static int epoll;

/* What the transfer waits for: to send its request, or for the answer. */
static bool wants_write(const struct transfer *t)
{
    return t->page.sent < target.request_len;
}

/* begin: false, counted as failed, if not even a socket was to be had. */
static bool begin(struct transfer *t)
{
    t->page = (struct page){.sent = 0};
    t->fd =
        CALL(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (t->fd != -1 &&
        (CALL(connect(t->fd, (const struct sockaddr *)&target.addr,
                      target.addr_len)) == 0 ||
         errno == EINPROGRESS))
        return true;
    tally_page(&tally, &t->page, strerror(errno));
    if (t->fd != -1)
        CALL(close(t->fd));
    return false;
}

/* end: counts the page. Returns false, for step to return. */
static bool end(struct transfer *t, const char *failure)
{
    tally_page(&tally, &t->page, failure);
    CALL(close(t->fd));
    return false;
}

/* step: sends or receives once; false when the transfer has ended. */
static bool step(struct transfer *t)
{
    struct page *page = &t->page;
    if (wants_write(t)) {
        /* A connect that failed tells its error to the first send. */
        const ssize_t n =
            CALL(send(t->fd, target.request + page->sent,
                      target.request_len - page->sent, MSG_NOSIGNAL));
        if (n == -1)
            return errno == EAGAIN || end(t, strerror(errno));
        page->sent += (size_t)n;
        return true;
    }
    char bytes[16384];
    const ssize_t n = CALL(recv(t->fd, bytes, sizeof bytes, 0));
    if (n == -1)
        return errno == EAGAIN || end(t, strerror(errno));
    if (n == 0)
        return end(t, page_verdict(page));
    page_received(page, bytes, (size_t)n);
    return true;
}

/* arm: tells epoll what the transfer waits for. */
static void arm(int op, struct transfer *t)
{
    struct epoll_event event = {
        .events = wants_write(t) ? EPOLLOUT : EPOLLIN,
        .data.ptr = t,
    };
    if (CALL(epoll_ctl(epoll, op, t->fd, &event)) == -1)
        die(errno, NULL, "epoll_ctl failed");
}

/* Begins the next page in the place of `t`; false if there is none. */
static bool begin_next(struct transfer *t, int *n)
{
    while ((*n)-- > 0) {
        if (begin(t)) {
            arm(EPOLL_CTL_ADD, t);
            return true;
        }
    }
    return false;
}

static void fetch_all(int n, int parallel)
{
    struct transfer *transfers = allocate_array(parallel, sizeof *transfers);
    int active = 0;
    for (int i = 0; i < parallel; i++)
        active += begin_next(&transfers[i], &n);
    while (active > 0) {
        struct epoll_event events[BATCH];
        const int ready = CALL(epoll_wait(epoll, events, BATCH, -1));
        if (ready == -1 && errno != EINTR) /* Ctrl-Z and fg interrupt it */
            die(errno, NULL, "epoll_wait failed");
        for (int i = 0; i < ready; i++) {
            struct transfer *t = events[i].data.ptr;
            const bool wrote = wants_write(t);
            if (!step(t))
                active -= !begin_next(t, &n);
            else if (wants_write(t) != wrote)
                arm(EPOLL_CTL_MOD, t);
        }
    }
    free(transfers);
}

int main(int argc, char **argv)
{
    int n = 1, parallel = 0;
    const char *url = NULL;
    const struct option options[] = {
        {"n", "pages to get", &n, 1, 1000000, NULL, NULL},
        {"c", "at once; 0: all", &parallel, 0, 1000000, NULL, NULL},
        {"URL", "where the pages are", NULL, 0, 0, &url, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Gets a page N times at once, with epoll.",
                  options);
    target_parse(&target, url);
    parallel = pages_at_once(n, parallel, raise_descriptor_limit());

    tally_start(&tally);
    epoll = CALL(epoll_create1(EPOLL_CLOEXEC));
    if (epoll == -1)
        die(errno, NULL, "cannot set up epoll");
    fetch_all(n, parallel);
    return tally_print(&tally);
}
