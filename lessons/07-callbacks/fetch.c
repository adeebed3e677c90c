/*
 * fetch.c - gets N pages at once, in callbacks on miniloop.
 *
 * A transfer is a chain of callbacks. Each does one step, says which one comes
 * next, and returns to the loop:
 *
 *     begin --> on_writable --> on_readable --> ... --> end --> begin the next
 *               send            recv                    (or stop the loop)
 *
 * Lesson 05's `step` asked a transfer each time what it was waiting for. Here
 * the watcher's function is the answer.
 *
 * Read before: miniloop.h, server.c. Read after: crawl.c.
 * Rests on: connect(2) on EINPROGRESS.
 */
#include "../common/common.h"
#include "miniloop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct transfer {
    struct watcher watcher;
    struct page page;
};

static struct miniloop loop;
static struct target target;
static struct tally tally;
static int left;   /* pages to begin */
static int active; /* transfers under way */

static void begin_next(struct transfer *t);

/* end: counts the page, and begins the next in its place. */
static void end(struct transfer *t, const char *failure)
{
    tally_page(&tally, &t->page, failure);
    mini_unwatch(&loop, &t->watcher);
    CALL(close(t->watcher.fd));
    active--;
    begin_next(t);
}

static void on_readable(void *arg)
{
    struct transfer *t = arg;
    char bytes[16384];
    const ssize_t n = CALL(recv(t->watcher.fd, bytes, sizeof bytes, 0));
    if (n > 0)
        page_received(&t->page, bytes, (size_t)n);
    else if (n == 0)
        end(t, page_verdict(&t->page));
    else if (errno != EAGAIN)
        end(t, strerror(errno));
}

static void on_writable(void *arg)
{
    struct transfer *t = arg;
    struct page *page = &t->page;
    /* A connect that failed tells its error to the first send. */
    const ssize_t n = CALL(send(t->watcher.fd, target.request + page->sent,
                                target.request_len - page->sent, MSG_NOSIGNAL));
    if (n == -1) {
        if (errno != EAGAIN)
            end(t, strerror(errno));
        return;
    }
    page->sent += (size_t)n;
    if (page->sent < target.request_len)
        return;
    t->watcher.call.function = on_readable;
    const int error = mini_watch(&loop, &t->watcher, EPOLLIN);
    if (error != 0)
        end(t, strerror(-error));
}

/* begin: returns 0, or why there is no transfer. */
static int begin(struct transfer *t)
{
    const int fd =
        CALL(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd == -1)
        return -errno;
    t->page = (struct page){.sent = 0};
    t->watcher =
        (struct watcher){.call = {.function = on_writable, .arg = t}, .fd = fd};
    int error = 0;
    if (CALL(connect(fd, (const struct sockaddr *)&target.addr,
                     target.addr_len)) == -1 &&
        errno != EINPROGRESS)
        error = -errno;
    if (error == 0)
        error = mini_watch(&loop, &t->watcher, EPOLLOUT);
    if (error != 0)
        CALL(close(fd));
    return error;
}

/* Begins the next page in the place of `t`; stops the loop after the last. */
static void begin_next(struct transfer *t)
{
    while (left > 0) {
        left--;
        const int error = begin(t);
        if (error == 0) {
            active++;
            return;
        }
        tally_page(&tally, &(struct page){.sent = 0}, strerror(-error));
    }
    if (active == 0)
        mini_stop(&loop);
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
    parse_options(argc, argv, "Gets a page N times at once, in callbacks.",
                  options);
    target_parse(&target, url);
    parallel = pages_at_once(n, parallel, raise_descriptor_limit());

    tally_start(&tally);
    int error = mini_init(&loop);
    if (error != 0)
        die(-error, NULL, "cannot set up the loop");
    left = n;
    struct transfer *transfers = allocate_array(parallel, sizeof *transfers);
    for (int i = 0; i < parallel; i++)
        begin_next(&transfers[i]);
    error = mini_run(&loop);
    if (error != 0)
        die(-error, NULL, "epoll_wait failed");
    free(transfers);
    mini_fini(&loop);
    return tally_print(&tally);
}
