/*
 * crawl.c - gets all pages of a site, N at a time, in callbacks on miniloop.
 *
 * What a person would write down in one line,
 *
 *     for each page: connect, send, receive, look for links, note those
 *
 * becomes a chain of functions, each of which ends by saying who goes on:
 *
 *     schedule --> begin ~~> on_connected --> on_writable ~~> on_readable
 *        ^                                                    ~~> ...
 *        |                                                       |
 *        +------------- end <---------------- on_received <------+
 *
 *     --> calls      ~~> returns to the loop, and is called by it later
 *
 * What is a local variable in straight code has to live in a struct get here,
 * because no function lasts longer than one step. Every step can fail, and the
 * timer may strike before each; all these ways lead to `end`, the one place
 * that lets go of everything. That there is one is not the language's merit.
 *
 * Read before: fetch.c, site.h. Read after: flow.h; and lesson 08's crawl.c.
 * Rests on: connect(2) on EINPROGRESS, getsockopt(2) with SO_ERROR, RFC 9112.
 */
#include "../common/common.h"
#include "miniloop.h"
#include "site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MAX = 65536 }; /* bytes of one answer, head and body */

/* One page under way: the local variables of a function that is not there. */
struct get {
    struct watcher watcher;
    struct timer patience;
    const char *path; /* the site's */
    char request[PATH_LEN_MAX + 400];
    size_t request_len, sent;
    struct page page;
    char answer[ANSWER_MAX + 1];
};

static struct miniloop loop;
static struct target target;
static struct site site;
static int parallel = 10, patience_ms = 10000;
static int active, most_active, pages, dead_links, failed;

static void schedule(void);

/* end: lets go of everything that the page had, and makes room for the next. */
static void end(struct get *g)
{
    mini_timer_stop(&g->patience);
    mini_unwatch(&loop, &g->watcher);
    close(g->watcher.fd);
    free(g);
    active--;
    schedule();
}

static void report(const char *path, const char *failure)
{
    failed++;
    fprintf(stderr, "crawl: %s%s: %s\n", site.origin, path, failure);
}

static void fail(struct get *g, const char *failure)
{
    report(g->path, failure);
    end(g);
}

static void on_impatience(void *arg)
{
    fail(arg, "no answer in time");
}

/* received: the server has closed. A link is dead if the answer is not 200. */
static void on_received(struct get *g)
{
    g->answer[g->page.received] = '\0';
    const char *failure = page_verdict(&g->page);
    if (failure == NULL) {
        pages++;
        site_add_links(&site, g->path, g->answer);
        end(g);
    } else if (strncmp(g->answer, "HTTP/1.1 ", 9) == 0 &&
               strncmp(g->answer + 9, "200 ", 4) != 0) {
        dead_links++;
        end(g);
    } else {
        fail(g, failure);
    }
}

static void on_readable(void *arg)
{
    struct get *g = arg;
    char *at = g->answer + g->page.received;
    const size_t room = ANSWER_MAX - g->page.received;
    const ssize_t n = recv(g->watcher.fd, at, room, 0);
    if (n > 0) {
        page_received(&g->page, at, (size_t)n);
        if ((size_t)n == room)
            fail(g, "the answer is too long");
    } else if (n == 0) {
        on_received(g);
    } else if (errno != EAGAIN) {
        fail(g, strerror(errno));
    }
}

static void on_writable(void *arg)
{
    struct get *g = arg;
    const ssize_t n = send(g->watcher.fd, g->request + g->sent,
                           g->request_len - g->sent, MSG_NOSIGNAL);
    if (n == -1) {
        if (errno != EAGAIN)
            fail(g, strerror(errno));
        return;
    }
    g->sent += (size_t)n;
    if (g->sent < g->request_len)
        return;
    g->watcher.call.function = on_readable;
    const int error = mini_watch(&loop, &g->watcher, EPOLLIN);
    if (error != 0)
        fail(g, strerror(-error));
}

static void on_connected(void *arg)
{
    struct get *g = arg;
    int error = 0;
    getsockopt(g->watcher.fd, SOL_SOCKET, SO_ERROR, &error,
               &(socklen_t){sizeof error});
    if (error != 0) {
        fail(g, strerror(error));
        return;
    }
    g->request_len = (size_t)snprintf(g->request, sizeof g->request,
                                      "GET %s HTTP/1.1\r\nHost: %s\r\n"
                                      "Connection: close\r\n\r\n",
                                      g->path, site.host);
    g->watcher.call.function = on_writable;
    on_writable(g);
}

/* begin: returns 0, or why the page is not under way. */
static int begin(const char *path)
{
    const int fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -errno;
    struct get *g = allocate(sizeof *g);
    g->watcher = (struct watcher){.call = {.function = on_connected, .arg = g},
                                  .fd = fd};
    g->patience = (struct timer){.call = {.function = on_impatience, .arg = g}};
    g->path = path;
    g->sent = 0;
    g->page = (struct page){.sent = 0};
    int error = 0;
    if (connect(fd, (const struct sockaddr *)&target.addr, target.addr_len) ==
            -1 &&
        errno != EINPROGRESS)
        error = -errno;
    if (error == 0)
        error = mini_watch(&loop, &g->watcher, EPOLLOUT);
    if (error != 0) {
        close(fd);
        free(g);
        return error;
    }
    mini_timer_start(&loop, &g->patience, patience_ms);
    return 0;
}

/* schedule: begins pages while there is room; stops after the last. */
static void schedule(void)
{
    const char *path;
    while (active < parallel && (path = site_next(&site)) != NULL) {
        const int error = begin(path);
        if (error != 0) {
            report(path, strerror(-error));
            continue;
        }
        active++;
        most_active = active > most_active ? active : most_active;
    }
    if (active == 0)
        mini_stop(&loop);
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
    parse_options(argc, argv, "Gets all pages of a site, in callbacks.",
                  options);
    if (url == NULL)
        die(0, "crawl http://127.0.0.1:8001/page/0", "no URL given");
    site_init(&site, url);
    target_parse(&target, url);
    raise_descriptor_limit();

    int error = mini_init(&loop);
    const int64_t start_ns = mini_now(&loop);
    schedule();
    if (error == 0)
        error = mini_run(&loop);
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
