/*
 * fetch.c - gets N pages at once, in tasks on minico.
 *
 * Put this beside ../01-blocking/fetch.c: get_page does the same steps in the
 * same order, with mini_ before each call that may have to wait. What waits is
 * one task; the others go on:
 *
 *     task 1   connect - send - recv.......... close - the next page
 *     task 2   connect - send - recv.......... close - the next page
 *
 * Read before: minico.c, ../07-callbacks/fetch.c. Read after: crawl.c.
 * Rests on: connect(2) on EINPROGRESS.
 */
#include "../common/common.h"
#include "minico.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct miniloop loop;
static struct target target;
static struct tally tally;
static int left; /* pages to begin */

/* Receives until the server closes. */
static int receive_page(struct descriptor *d, struct page *page)
{
    char bytes[16384];
    for (;;) {
        const ssize_t n = mini_recv(d, bytes, sizeof bytes);
        if (n <= 0)
            return (int)n;
        page_received(page, bytes, (size_t)n);
    }
}

/* Gets one page; returns NULL, or what went wrong. */
static const char *get_page(struct page *page)
{
    struct descriptor d = {
        .fd = CALL(
            socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))};
    if (d.fd == -1)
        return strerror(errno);
    int error = mini_connect(&d, (const struct sockaddr *)&target.addr,
                             target.addr_len);
    if (error == 0)
        error = mini_send(&d, target.request, target.request_len);
    if (error == 0)
        error = receive_page(&d, page);
    mini_forget(&d);
    CALL(close(d.fd));
    return error != 0 ? strerror(-error) : page_verdict(page);
}

/* One of many: gets page after page while there are any. */
static int get_pages(void *arg)
{
    (void)arg;
    while (left > 0) {
        left--;
        struct page page = {.sent = 0};
        const char *failure = get_page(&page);
        tally_page(&tally, &page, failure);
    }
    return 0;
}

/* The first task. If there is no room for all the others, some do. */
static int get_all(void *arg)
{
    const int parallel = *(int *)arg;
    for (int i = 1; i < parallel; i++)
        if (mini_spawn(NULL, get_pages, NULL) != 0)
            break;
    return get_pages(NULL);
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
    parse_options(argc, argv, "Gets a page N times at once, in tasks.",
                  options);
    target_parse(&target, url);
    parallel = pages_at_once(n, parallel, raise_descriptor_limit());

    tally_start(&tally);
    left = n;
    int error = mini_init(&loop);
    if (error == 0)
        error = mini_main(&loop, get_all, &parallel);
    if (error != 0)
        die(-error, NULL, "the loop failed");
    mini_fini(&loop);
    return tally_print(&tally);
}
