/*
 * crawl.c - gets all pages of a site, N at a time, in tasks on minico.
 *
 * What a person would write down in one line,
 *
 *     for each page: connect, send, receive, look for links, note those
 *
 * is a function here, `get`, of one line for each of these. Read it as a diff
 * to lesson 07's: what is gone is the struct for what has to outlive a step,
 * the assignments that said who goes on, and the ten places that led to `end`.
 *
 *     make diff LESSON=08 FILE=crawl.c
 *
 * Every step can still fail, and the deadline may strike in each; but that is a
 * result now, and `begin`, which opened the descriptor, closes it.
 *
 * Read before: fetch.c, ../07-callbacks/crawl.c. Read after: the recipes.
 * Rests on: connect(2) on EINPROGRESS, RFC 9112.
 */
#include "../07-callbacks/site.h"
#include "../common/common.h"
#include "minico.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MAX = 65536 }; /* bytes of one answer, head and body */

static struct miniloop loop;
static struct target target;
static struct site site;
static int parallel = 10, patience_ms = 10000;
static int active, most_active, pages, dead_links, failed;
static struct task *scheduler;

static void report(const char *path, const char *failure)
{
    failed++;
    fprintf(stderr, "crawl: %s%s: %s\n", site.origin, path, failure);
}

/* received: the server has closed. A link is dead if the answer is not 200. */
static void received(const char *path, const struct page *page, char *answer)
{
    answer[page->received] = '\0';
    const char *failure = page_verdict(page);
    if (failure == NULL) {
        pages++;
        site_add_links(&site, path, answer);
    } else if (strncmp(answer, "HTTP/1.1 ", 9) == 0 &&
               strncmp(answer + 9, "200 ", 4) != 0) {
        dead_links++;
    } else {
        report(path, failure);
    }
}

/* Receives until the server closes. */
static int receive(struct descriptor *d, struct page *page, char *answer)
{
    while (page->received < ANSWER_MAX) {
        char *at = answer + page->received;
        const ssize_t n = mini_recv(d, at, ANSWER_MAX - page->received);
        if (n <= 0)
            return (int)n;
        page_received(page, at, (size_t)n);
    }
    return -EMSGSIZE;
}

/* Gets a page: connect, send, receive, look for links. */
static int get(struct descriptor *d, const char *path)
{
    char request[PATH_LEN_MAX + 400], answer[ANSWER_MAX + 1];
    struct page page = {.sent = 0};
    const int len = snprintf(request, sizeof request,
                             "GET %s HTTP/1.1\r\nHost: %s\r\n"
                             "Connection: close\r\n\r\n",
                             path, site.host);
    int error =
        mini_connect(d, (const struct sockaddr *)&target.addr, target.addr_len);
    if (error == 0)
        error = mini_send(d, request, (size_t)len);
    if (error == 0)
        error = receive(d, &page, answer);
    if (error == 0)
        received(path, &page, answer);
    return error;
}

static const char *why(int error)
{
    return error == -ETIMEDOUT  ? "no answer in time"
           : error == -EMSGSIZE ? "the answer is too long"
                                : strerror(-error);
}

/* begin: a task, one page from its descriptor to its end. */
static int begin(void *arg)
{
    const char *path = arg;
    struct descriptor d = {
        .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    int error = d.fd == -1 ? -errno : 0;
    if (error == 0) {
        mini_deadline(patience_ms);
        error = get(&d, path);
        mini_forget(&d);
        close(d.fd);
    }
    if (error != 0)
        report(path, why(error));
    active--;
    mini_wake(scheduler, 0);
    return error;
}

/* schedule: begins pages while there is room, until the last has ended. */
static int schedule(void *arg)
{
    (void)arg;
    scheduler = mini_self();
    do {
        const char *path;
        while (active < parallel && (path = site_next(&site)) != NULL) {
            const int error = mini_spawn(NULL, begin, (void *)path);
            if (error != 0) {
                report(path, strerror(-error));
                continue;
            }
            active++;
            most_active = active > most_active ? active : most_active;
        }
    } while (active > 0 && mini_suspend() == 0);
    return 0;
}

int main(int argc, char **argv)
{
    const char *url = NULL;
    const struct option options[] = {
        {"c", "pages at once", &parallel, 1, 1000, NULL, NULL},
        {"patience", "milliseconds until a page is given up", &patience_ms, 1,
         1000000, NULL, NULL},
        {"URL", "where to begin", NULL, 0, 0, &url, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Gets all pages of a site, in tasks.", options);
    if (url == NULL)
        die(0, "crawl http://127.0.0.1:8001/page/0", "no URL given");
    site_init(&site, url);
    target_parse(&target, url);
    raise_descriptor_limit();

    int error = mini_init(&loop);
    const int64_t start_ns = mini_now(&loop);
    if (error == 0)
        error = mini_main(&loop, schedule, NULL);
    if (error != 0)
        die(-error, NULL, "the loop failed");
    printf("%d pages, %d dead links, %d failed, at most %d in flight, %.3f s\n",
           pages, dead_links, failed, most_active,
           (double)(mini_now(&loop) - start_ns) / 1e9);
    if (site.full)
        fprintf(stderr, "crawl: only the first %d links were followed\n",
                PATHS_MAX);
    mini_fini(&loop);
    site_free(&site);
    return failed == 0 ? 0 : pages > 0 ? 1 : 2;
}
