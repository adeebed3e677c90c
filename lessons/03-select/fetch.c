/*
 * fetch.c - gets N pages at once with select(2).
 *
 * All pages wait at the same time, as in lesson 02, but in one call that
 * sleeps: until a connection stands and takes our request (writable), or
 * bytes of an answer have come (readable). N pages from a server that takes T
 * cost T, and next to no processor time.
 *
 *     begin all   select............. step the ready ones   select... step ...
 *
 * The sets are built anew for each call from what each transfer waits for.
 * The steps of a transfer: begin, step when it is ready, end.
 *
 * Read before: ../02-nonblocking/fetch.c. Read after: ../04-poll/fetch.c.
 * Rests on: select(2), connect(2) on EINPROGRESS.
 */
#include "../common/common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

struct transfer {
    int fd;
    struct page page;
};

static struct target target;
static struct tally tally;

/* What the transfer waits for: to send its request, or for the answer. */
static bool wants_write(const struct transfer *t)
{
    return t->page.sent < target.request_len;
}

/* begin: false, counted as failed, if not even a socket was to be had. */
static bool begin(struct transfer *t)
{
    t->page = (struct page){.sent = 0};
    t->fd = CALL(socket(AF_INET, SOCK_STREAM, 0));
    if (t->fd >= FD_SETSIZE) /* others were open already */
        errno = EMFILE;
    else if (t->fd != -1 && CALL(fcntl(t->fd, F_SETFL, O_NONBLOCK)) == 0 &&
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

/* wait: select; *readable and *writable are the ready descriptors then. */
static void wait_for_any(const struct transfer *transfers, int active,
                         fd_set *readable, fd_set *writable)
{
    int highest = -1;
    FD_ZERO(readable);
    FD_ZERO(writable);
    for (int i = 0; i < active; i++) {
        const struct transfer *t = &transfers[i];
        FD_SET(t->fd, wants_write(t) ? writable : readable);
        if (t->fd > highest)
            highest = t->fd;
    }
    if (CALL(select(highest + 1, readable, writable, NULL, NULL)) == -1)
        die(errno, NULL, "select failed");
}

static void fetch_all(int n, int parallel)
{
    struct transfer *transfers = allocate_array(parallel, sizeof *transfers);
    int active = 0;
    while (n > 0 || active > 0) {
        for (; n > 0 && active < parallel; n--)
            active += begin(&transfers[active]);
        if (active == 0)
            break; /* not one more could begin */
        fd_set readable, writable;
        wait_for_any(transfers, active, &readable, &writable);
        for (int i = active - 1; i >= 0; i--) {
            const int fd = transfers[i].fd;
            if ((FD_ISSET(fd, &readable) || FD_ISSET(fd, &writable)) &&
                !step(&transfers[i]))
                transfers[i] = transfers[--active];
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
    parse_options(argc, argv, "Gets a page N times at once, with select.",
                  options);
    target_parse(&target, url);
    int limit = raise_descriptor_limit();
    if (limit > FD_SETSIZE)
        limit = FD_SETSIZE; /* a greater descriptor fits in no fd_set */
    parallel = pages_at_once(n, parallel, limit);

    tally_start(&tally);
    fetch_all(n, parallel);
    return tally_print(&tally);
}
