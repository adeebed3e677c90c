/*
 * fetch.c - gets N pages at once with non-blocking calls, by asking each
 * transfer in turn.
 *
 * connect returns EINPROGRESS at once and goes on in the kernel; until the
 * connection stands, send says EAGAIN. All pages wait at the same time: N pages
 * from a server that takes T cost T, not N x T. But the processor is busy for
 * all of that time, asking.
 *
 *     page 1  connect send recv? recv? recv? recv? ... recv! close
 *     page 2  connect send recv? recv? recv? recv? ... recv! close
 *
 * The steps of a transfer: begin, step until it ends, end.
 *
 * Read before: ../01-blocking/fetch.c. Read after: ../03-select/fetch.c.
 * Rests on: connect(2) on EINPROGRESS, send(2), recv(2).
 */
#include "../common/common.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct transfer {
    int fd;
    struct page page;
};

static struct target target;
static struct tally tally;

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
    if (page->sent < target.request_len) {
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

static void fetch_all(int n, int parallel)
{
    struct transfer *transfers = allocate_array(parallel, sizeof *transfers);
    int active = 0;
    while (n > 0 || active > 0) {
        for (; n > 0 && active < parallel; n--)
            active += begin(&transfers[active]);
        for (int i = active - 1; i >= 0; i--)
            if (!step(&transfers[i]))
                transfers[i] = transfers[--active];
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
    parse_options(argc, argv, "Gets a page N times at once, by asking.",
                  options);
    target_parse(&target, url);
    parallel = pages_at_once(n, parallel, raise_descriptor_limit());

    tally_start(&tally);
    fetch_all(n, parallel);
    return tally_print(&tally);
}
