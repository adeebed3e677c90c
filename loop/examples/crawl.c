/*
 * crawl.c - visits every page of a site once, N at a time, on any back end.
 *
 * The same crawler as lesson 07's, on the library: a visit is one connection,
 * and as its steps follow one another one operation serves for all of them.
 *
 *     connect --> send the request --> receive to the end --> note the links
 *        |               |                    |                    |
 *        +---------------+------ failed ------+----> close, next <-+
 *
 * Links are taken if they begin with "/", so it never leaves the site. Those to
 * pages that do not exist are counted as dead. A page that takes ten seconds,
 * or is larger than a mebibyte, has failed.
 *
 * SIMPLIFIED: the host is looked up before the loop starts (getaddrinfo(3)
 * blocks); links are found as text, not by an HTML parser.
 *
 * Read before: echo.c, ../../lessons/07-callbacks/crawl.c.
 */
#include "loop/loop.h"

#include <netdb.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE_MAX = 1 << 20, PATH_LEN_MAX = 512, PATIENCE_S = 10 };

struct page {
    struct base_list link; /* in the queue */
    char path[];
};

struct visit {
    struct loop_op op; /* connects, then sends, then receives */
    struct loop_timer patience;
    struct page *page;
    struct base_buf text; /* the request, then the answer */
    int fd;
};

static struct loop *loop;
static struct sockaddr_storage addr;
static socklen_t addr_len;
static char host[256];
static struct base_list queue; /* pages to be visited */
static void *known;            /* tsearch(3): all paths that were ever queued */
static int parallel = 10, in_flight, most, pages, dead, failed;

static void visit_next(void);

/* --- the queue ----------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct page *)a)->path,
                  ((const struct page *)b)->path);
}

static void add_page(struct base_slice path)
{
    if (path.len > PATH_LEN_MAX)
        return;
    struct page *page = base_alloc(sizeof *page + path.len + 1);
    memcpy(page->path, path.ptr, path.len);
    struct page **found = tsearch(page, &known, by_path);
    if (*found != page) {
        free(page);
        return;
    }
    base_list_append(&queue, &page->link);
}

static void add_links(struct base_slice text)
{
    const struct base_slice mark = base_slice_of("href=\"");
    ssize_t at;
    while ((at = base_slice_find(text, mark)) != -1) {
        text = base_slice_skip(text, (size_t)at + mark.len);
        const struct base_slice path = base_slice_cut(&text, '"', NULL);
        if (base_slice_starts(path, base_slice_of("/")) &&
            !base_slice_starts(path, base_slice_of("//")))
            add_page(path);
    }
}

/* --- a visit ------------------------------------------------------------- */

/* `failure` is 0 or a negative errno value. */
static void end(struct visit *v, ssize_t failure)
{
    const struct base_slice text = base_buf_slice(&v->text);
    if (failure == 0 &&
        base_slice_starts(text, base_slice_of("HTTP/1.1 200"))) {
        pages++;
        add_links(text);
    } else if (failure == 0 &&
               base_slice_starts(text, base_slice_of("HTTP/1.1 404"))) {
        dead++;
    } else {
        failed++;
        fprintf(stderr, "crawl: %s: %s\n", v->page->path,
                failure != 0 ? strerror((int)-failure) : "not a page");
    }
    loop_timer_stop(&v->patience);
    loop_close(loop, v->fd);
    base_buf_fini(&v->text);
    free(v);
    in_flight--;
    visit_next();
}

static void on_bytes(struct loop_op *op, ssize_t result)
{
    struct visit *v = op->arg;
    if (op->more && base_buf_append(&v->text, op->data) != 0)
        loop_cancel(op); /* too large: -ECANCELED follows */
    if (!op->more)
        end(v, result);
}

static void on_sent(struct loop_op *op, ssize_t result)
{
    struct visit *v = op->arg;
    if (result < 0) {
        end(v, result);
        return;
    }
    base_buf_clear(&v->text);
    loop_recv(loop, &v->op, v->fd, on_bytes, v);
}

static void on_connected(struct loop_op *op, ssize_t result)
{
    struct visit *v = op->arg;
    if (result < 0) {
        end(v, result);
        return;
    }
    base_buf_printf(&v->text,
                    "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                    v->page->path, host);
    loop_send(loop, &v->op, v->fd, base_buf_slice(&v->text), on_sent, v);
}

static void on_impatience(struct loop_timer *t)
{
    struct visit *v = t->arg;
    loop_cancel(&v->op);
}

static bool begin(struct page *page)
{
    const int fd =
        socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        perror("crawl: socket");
        return false;
    }
    struct visit *v = base_alloc(sizeof *v);
    v->page = page;
    v->fd = fd;
    base_buf_init(&v->text, PAGE_MAX);
    loop_timer_start(loop, &v->patience,
                     loop_now(loop) + PATIENCE_S * LOOP_SECOND, on_impatience,
                     v);
    if (loop_connect(loop, &v->op, fd, (struct sockaddr *)&addr, addr_len,
                     on_connected, v) != 0)
        abort(); /* a fresh socket, within the limit that main has set */
    in_flight++;
    most = in_flight > most ? in_flight : most;
    return true;
}

static void visit_next(void)
{
    struct base_list *link;
    while (in_flight < parallel && (link = base_list_take(&queue)) != NULL)
        failed += !begin(base_container(link, struct page, link));
    if (in_flight == 0)
        loop_stop(loop);
}

/* --- start ---------------------------------------------------------------- */

/* Splits http://HOST[:PORT][/PATH], looks HOST up; a reason if it cannot. */
static const char *find_site(const char *url)
{
    char port[16] = "80";
    int path = 0;
    if (sscanf(url, "http://%255[^:/]%n", host, &path) != 1)
        return "the URL does not begin with http://HOST";
    if (url[path] == ':' && sscanf(url + path, ":%15[0-9]", port) == 1)
        path += 1 + (int)strlen(port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0)
        return gai_strerror(error);
    memcpy(&addr, found->ai_addr, found->ai_addrlen);
    addr_len = found->ai_addrlen;
    freeaddrinfo(found);
    add_page(base_slice_of(url[path] == '/' ? url + path : "/"));
    return NULL;
}

int main(int argc, char **argv)
{
    const char *backend = NULL;
    const struct base_option rows[] = {
        {"c", "pages at once", .number = &parallel, .min = 1, .max = 500},
        {"backend", "how to wait; or LOOP_BACKEND", .string = &backend,
         .words = "select,poll,epoll,uring"},
        {0},
    };
    struct base_options *options = base_options_new(
        "Visits every page of a site once.\n"
        "  try: slowd --port 8001, then: crawl http://127.0.0.1:8001/",
        "URL");
    base_options_define(options, rows);
    const int rest = base_options_start(options, argc, argv);
    base_list_init(&queue);
    const char *wrong =
        rest + 1 == argc ? find_site(argv[rest]) : "give one URL";
    const int error =
        loop_new(&loop, &(struct loop_options){.backend = backend});
    if (wrong != NULL || error != 0) {
        fprintf(stderr, "crawl: %s\n  try:     crawl --help\n",
                wrong != NULL ? wrong : strerror(-error));
        return 2;
    }
    const int64_t begin_ns = loop_now(loop);
    visit_next();
    loop_run(loop);
    printf("%d pages, %d dead links, %d failed; at most %d at once; "
           "%.2f s on %s\n",
           pages, dead, failed, most, (double)(loop_now(loop) - begin_ns) / 1e9,
           loop_backend(loop));
    loop_free(loop);
    tdestroy(known, free);
    base_options_free(options);
    return failed > 0;
}
