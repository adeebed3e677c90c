/*
 * fetch.c - gets N pages at once with poll(2).
 *
 * As with select, one call sleeps until some of the transfers are ready. What
 * each waits for stands in an array of pollfd, one entry a transfer, in the
 * same order; nothing is built anew, one field changes when a request is sent.
 *
 *     begin all   poll............... step the ready ones   poll..... step ...
 *
 * The steps of a transfer: begin, step when it is ready, end.
 *
 * Read before: ../03-select/fetch.c. Read after: ../05-epoll/fetch.c.
 * Rests on: poll(2), connect(2) on EINPROGRESS.
 */
#include "../common/common.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
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

static void fetch_all(int n, int parallel)
{
    struct transfer *transfers = allocate_array(parallel, sizeof *transfers);
    struct pollfd *fds = allocate_array(parallel, sizeof *fds);
    int active = 0;
    while (n > 0 || active > 0) {
        for (; n > 0 && active < parallel; n--) {
            if (!begin(&transfers[active]))
                continue;
            fds[active] = (struct pollfd){.fd = transfers[active].fd};
            fds[active++].events = POLLOUT;
        }
        if (active == 0)
            break; /* not one more could begin */
        if (CALL(poll(fds, (nfds_t)active, -1)) == -1)
            die(errno, NULL, "poll failed");
        for (int i = active - 1; i >= 0; i--) {
            if (fds[i].revents == 0)
                continue;
            if (step(&transfers[i])) {
                fds[i].events = wants_write(&transfers[i]) ? POLLOUT : POLLIN;
            } else {
                transfers[i] = transfers[--active];
                fds[i] = fds[active];
            }
        }
    }
    free(fds);
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
    parse_options(argc, argv, "Gets a page N times at once, with poll.",
                  options);
    target_parse(&target, url);
    parallel = pages_at_once(n, parallel, raise_descriptor_limit());

    tally_start(&tally);
    fetch_all(n, parallel);
    return tally_print(&tally);
}
