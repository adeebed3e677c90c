/*
 * hello_tasks.c - a web server of tasks in which idle connections cost no task.
 *
 * One task a connection would be the shortest program, and each silent client
 * would hold a stack. Here a connection is an object with callbacks: it
 * receives and looks for the end of a request. Then a task begins, which may
 * wait as it likes, and goes when its answer is queued:
 *
 *     on_received --> take requests --> co_start(serve) --> answer, end
 *          ^               |                   `--> waits ... --> answer, end
 *          |               v input used up, or the task waits        |
 *     (the loop) <------ send the answers, in one piece <------------+
 *
 * What a request needs beside (bytes that wait, the answers) is in a struct
 * work that exists from its first byte to its last. So an idle connection is a
 * struct conn: no buffer, no stack.
 *
 *     GET /           Hello, world!
 *     GET /wait/100   the same, 100 ms later
 *
 * Read before: echo.c, ../co.h. Read after: nothing; http.h does it in full.
 */
#include "loop/co.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEAD_MAX = 8192, IN_MAX = 4 * 65536, OUT_MAX = 65536, SPARE_MAX = 256 };

struct conn {
    struct loop_op in;
    struct work *work; /* NULL: idle */
};

struct work {
    struct conn *conn; /* NULL: the connection has ended */
    struct work *spare;
    struct loop_op out;
    struct base_buf waiting;          /* input that is not a whole request */
    struct base_buf answers, sending; /* output: gathered; on its way */
    struct base_slice request;        /* that is served; until it waits */
    bool serving, waits;              /* a task; and it is parked */
    bool close;                       /* after what is on its way */
};

static struct loop *loop;
static struct work *spares; /* to be used again, with their buffers */
static int n_spares;

/* --- work ---------------------------------------------------------------- */

static struct work *work_begin(struct conn *c)
{
    struct work *w = spares;
    if (w != NULL) {
        spares = w->spare;
        n_spares--;
    } else {
        w = base_alloc(sizeof *w);
        base_buf_init(&w->waiting, IN_MAX);
        base_buf_init(&w->answers, OUT_MAX);
        base_buf_init(&w->sending, OUT_MAX);
    }
    w->conn = c;
    w->serving = w->waits = w->close = false;
    c->work = w;
    return w;
}

static void work_free(struct work *w)
{
    base_buf_fini(&w->waiting);
    base_buf_fini(&w->answers);
    base_buf_fini(&w->sending);
    free(w);
}

/* Nothing is left to do: back to the spare ones. */
static void work_end(struct work *w)
{
    if (w->conn != NULL)
        w->conn->work = NULL;
    if (n_spares == SPARE_MAX) {
        work_free(w);
        return;
    }
    base_buf_clear(&w->waiting);
    base_buf_clear(&w->answers);
    base_buf_clear(&w->sending);
    w->spare = spares;
    spares = w;
    n_spares++;
}

/* --- output -------------------------------------------------------------- */

static void go_on(struct work *w);

static void on_sent(struct loop_op *op, ssize_t result)
{
    struct work *w = op->arg;
    base_buf_clear(&w->sending);
    if (result < 0)
        w->close = true;
    go_on(w);
}

static void send_answers(struct work *w)
{
    const struct base_buf empty = w->sending;
    w->sending = w->answers;
    w->answers = empty;
    if (loop_send(loop, &w->out, w->conn->in.fd, base_buf_slice(&w->sending),
                  on_sent, w) != 0)
        w->close = true; /* the loop is being freed */
}

/* For answers that are rare. */
static void answer(struct work *w, const char *status, const char *text)
{
    if (base_buf_printf(&w->answers,
                        "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n"
                        "Content-Length: %zu\r\n%s\r\n%s",
                        status, strlen(text),
                        w->close ? "Connection: close\r\n" : "", text) != 0)
        w->close = true;
}

/* For the one that counts: printf would take a tenth of the whole. */
static void answer_hello(struct work *w)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                               "Content-Length: 14\r\n";
    static const char close[] = "Connection: close\r\n";
    static const char hello[] = "\r\nHello, world!\n";
    char *at = base_buf_reserve(&w->answers, 256);
    if (at == NULL) {
        w->close = true;
        return;
    }
    char *const begin = at;
    at = mempcpy(at, head, sizeof head - 1);
    if (w->close)
        at = mempcpy(at, close, sizeof close - 1);
    at = mempcpy(at, hello, sizeof hello - 1);
    base_buf_commit(&w->answers, (size_t)(at - begin));
}

/* --- requests: each in a task of its own --------------------------------- */

static bool wants_close(struct base_slice head)
{
    return base_slice_find(head, base_slice_of("\r\nConnection: close\r\n")) >=
           0;
}

/* "/wait/100": the milliseconds, or -1. */
static int64_t wait_ms(struct base_slice path)
{
    const struct base_slice prefix = base_slice_of("/wait/");
    uint64_t ms;
    if (!base_slice_starts(path, prefix) ||
        base_slice_to_uint(base_slice_skip(path, prefix.len), &ms) != 0 ||
        ms > 60000)
        return -1;
    return (int64_t)ms;
}

static int serve(void *arg)
{
    struct work *w = arg;
    struct base_slice rest = w->request;
    const struct base_slice method = base_slice_cut(&rest, ' ', NULL);
    const struct base_slice path = base_slice_cut(&rest, ' ', NULL);
    const int64_t ms =
        base_slice_equal(path, base_slice_of("/")) ? 0 : wait_ms(path);
    w->close = w->close || wants_close(w->request);
    if (!base_slice_equal(method, base_slice_of("GET")))
        answer(w, "501 Not Implemented", "only GET\n");
    else if (ms < 0)
        answer(w, "404 Not Found", "try / or /wait/100\n");
    else if (ms == 0 || co_sleep(ms * LOOP_MS) == 0)
        answer_hello(w);
    else
        w->close = true; /* the loop is freed */
    w->serving = false;
    if (w->waits) /* else whoever started this task goes on */
        go_on(w);
    return 0;
}

static size_t head_len(struct base_slice bytes)
{
    const ssize_t at = base_slice_find(bytes, base_slice_of("\r\n\r\n"));
    return at < 0 ? 0 : (size_t)at + 4;
}

/* Serves whole requests, one after the other; returns what is left. */
static struct base_slice take_requests(struct work *w, struct base_slice bytes)
{
    size_t len;
    w->waits = false;
    while (!w->serving && !w->close &&
           base_buf_len(&w->answers) < OUT_MAX / 2 &&
           (len = head_len(bytes)) > 0) {
        w->request = (struct base_slice){bytes.ptr, len};
        w->serving = true;
        if (co_start(loop, serve, w) != 0)
            w->serving = false, w->close = true;
        bytes = base_slice_skip(bytes, len);
    }
    w->waits = w->serving;
    if (!w->serving && bytes.len > HEAD_MAX && head_len(bytes) == 0) {
        w->close = true;
        answer(w, "431 Request Header Fields Too Large", "too long\n");
    }
    return bytes;
}

/* --- connections --------------------------------------------------------- */

static void conn_end(struct conn *c)
{
    if (c->work != NULL)
        c->work->conn = NULL;
    loop_close(loop, c->in.fd);
    free(c);
}

/* After whatever has happened to a connection at work: what comes next? */
static void go_on(struct work *w)
{
    if (!w->serving && base_buf_len(&w->waiting) > 0 && !w->close) {
        const struct base_slice bytes = base_buf_slice(&w->waiting);
        const struct base_slice rest = take_requests(w, bytes);
        base_buf_consume(&w->waiting, bytes.len - rest.len);
    }
    if (w->out.loop != NULL)
        return;
    if (w->conn != NULL && base_buf_len(&w->answers) > 0)
        send_answers(w);
    else if (w->conn != NULL && w->close && !w->serving)
        loop_cancel(&w->conn->in);
    else if (!w->serving && (w->conn == NULL || base_buf_len(&w->waiting) == 0))
        work_end(w);
}

static void on_received(struct loop_op *op, ssize_t result)
{
    struct conn *c = base_container(op, struct conn, in);
    struct work *w = c->work;
    if (result <= 0) {
        conn_end(c);
        if (w != NULL)
            go_on(w);
        return;
    }
    struct base_slice bytes = op->data;
    if (w == NULL) {
        w = work_begin(c);
        bytes = take_requests(w, bytes);
    }
    if (base_buf_append(&w->waiting, bytes) != 0)
        w->close = true; /* SIMPLIFIED: it might read more slowly */
    go_on(w);
}

static void on_connection(struct loop_op *op, ssize_t result)
{
    const int on = 1, fd = (int)result;
    (void)op;
    if (result < 0) {
        if (result != -ECANCELED)
            loop_fail(loop, fd, "cannot accept");
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct conn *c = base_alloc(sizeof *c);
    if (loop_recv(loop, &c->in, fd, on_received, c) != 0) {
        loop_close(loop, fd);
        free(c);
    }
}

/* --- start --------------------------------------------------------------- */

static void on_signal(struct loop_signal *s,
                      const struct signalfd_siginfo *info)
{
    (void)info;
    loop_stop(s->loop);
}

static int listen_on(int *port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)*port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    const int fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (fd == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        bind(fd, (struct sockaddr *)&addr, sizeof addr) == -1 ||
        listen(fd, SOMAXCONN) == -1 ||
        getsockname(fd, (struct sockaddr *)&addr, &len) == -1)
        return -errno;
    *port = ntohs(addr.sin_port);
    return fd;
}

static void serve_until_stopped(int listener, int port)
{
    struct loop_op accepting = {0};
    struct loop_signal on_int = {0}, on_term = {0};
    loop_accept(loop, &accepting, listener, on_connection, NULL);
    loop_signal_start(loop, &on_int, SIGINT, on_signal, NULL);
    loop_signal_start(loop, &on_term, SIGTERM, on_signal, NULL);
    co_dump_on(loop, SIGQUIT);
    printf("listening on http://127.0.0.1:%d\n", port);
    fflush(stdout);
    loop_run(loop);
    loop_free(loop);
    for (struct work *w; (w = spares) != NULL;) {
        spares = w->spare;
        work_free(w);
    }
}

int main(int argc, char **argv)
{
    int port = 8008;
    const char *backend = NULL;
    const struct base_option rows[] = {
        {"port", "the port; 0 picks a free one", .number = &port, .max = 65535},
        {"backend", "how to wait; or LOOP_BACKEND", .string = &backend,
         .words = "select,poll,epoll,uring"},
        {0},
    };
    struct base_options *options = base_options_new(
        "Says hello, a task for each request.\n"
        "  try: hello_tasks, then: curl http://127.0.0.1:8008/wait/500",
        NULL);
    base_options_define(options, rows);
    base_options_start(options, argc, argv);

    const int listener = listen_on(&port);
    const int error =
        loop_new(&loop, &(struct loop_options){.backend = backend});
    if (listener < 0 || error != 0) {
        fprintf(stderr, "hello_tasks: cannot %s: %s\n",
                listener < 0 ? "listen" : "make a loop",
                strerror(listener < 0 ? -listener : -error));
        return 2;
    }
    serve_until_stopped(listener, port);
    close(listener);
    base_options_free(options);
    return 0;
}
