/*
 * fetch.c - gets N pages with blocking calls, one after the other.
 *
 * connect sleeps until the connection stands, recv until bytes come. Nearly all
 * of the time is sleep: N pages from a server that takes T cost N x T, and the
 * processor has nothing to do meanwhile.
 *
 *     page 1  connect - send - recv.......... close
 *     page 2                                        connect - send - recv....
 *
 * Read before: server.c. Read after: ../02-nonblocking/fetch.c.
 * Rests on: connect(2), recv(2), RFC 9112 section 9.
 */
#include "../common/common.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Sends the request; false, with errno, if the connection broke. */
static bool send_request(int fd, const struct target *target, struct page *page)
{
    while (page->sent < target->request_len) {
        const ssize_t n =
            CALL(send(fd, target->request + page->sent,
                      target->request_len - page->sent, MSG_NOSIGNAL));
        if (n == -1)
            return false;
        page->sent += (size_t)n;
    }
    return true;
}

/* Receives until the server closes; false, with errno, if it broke. */
static bool receive_page(int fd, struct page *page)
{
    char bytes[16384];
    for (;;) {
        const ssize_t n = CALL(recv(fd, bytes, sizeof bytes, 0));
        if (n <= 0)
            return n == 0;
        page_received(page, bytes, (size_t)n);
    }
}

/* Gets one page; returns NULL, or what went wrong. */
static const char *get_page(const struct target *target, struct page *page)
{
    const int fd = CALL(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd == -1)
        return strerror(errno);
    const char *failure = NULL;
    if (CALL(connect(fd, (const struct sockaddr *)&target->addr,
                     target->addr_len)) == -1 ||
        !send_request(fd, target, page) || !receive_page(fd, page))
        failure = strerror(errno);
    else
        failure = page_verdict(page);
    CALL(close(fd));
    return failure;
}

int main(int argc, char **argv)
{
    int n = 1, parallel = 1;
    const char *url = NULL;
    const struct option options[] = {
        {"n", "pages to get", &n, 1, 1000000, NULL, NULL},
        {"c", "at once: this lesson knows but one", &parallel, 1, 1, NULL,
         NULL},
        {"URL", "where the pages are", NULL, 0, 0, &url, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Gets a page N times, one after the other.",
                  options);
    struct target target;
    target_parse(&target, url);

    struct tally tally;
    tally_start(&tally);
    for (int i = 0; i < n; i++) {
        struct page page = {.sent = 0};
        const char *failure = get_page(&target, &page);
        tally_page(&tally, &page, failure);
    }
    return tally_print(&tally);
}
