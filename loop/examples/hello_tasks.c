/*
 * hello_tasks.c - a web server of tasks in which idle connections cost no task.
 *
 * One task a connection would be the shortest program, and each silent client
 * would hold a stack. Here a connection is an object with callbacks: it
 * receives and looks for the end of a request. Then a task begins, which may
 * wait as it likes, and goes when its answer is queued:
 *
 *     on_received --> take_requests --> co_spawn_now(serve) --> answer, end
 *          ^               |                   `--> waits ... --> answer, end
 *          |               v input used up, or the task waits        |
 *     (the loop) <------- go_on: send the answers, in one piece <----+
 *
 * What a request needs beside (bytes that wait, the answers) is in a struct
 * work that exists from its first byte to its last. So an idle connection is a
 * struct conn: no buffer, no stack. A client that goes has its task cancelled;
 * one that sends and does not read is not read from.
 *
 *     GET /           Hello, world!
 *     GET /wait/100   the same, 100 ms later
 *
 * SIMPLIFIED: no limit for silent clients (a timer each); and a client whose
 * input is paused is not seen to go before its requests are done.
 *
 * Read before: echo.c, ../co.h. Read after: ../co/task.c.
 */
#include "loop/co.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    HEAD_MAX = 8192,
    FULL = 65536,       /* of input that waits: no more is received */
    IN_MAX = 64 * FULL, /* what uring may have received before it hears that */
    OUT_FULL = 32768,   /* of answers: first they are sent */
    OUT_MAX = 2 * OUT_FULL,
    SPARE_MAX = 256,
};

struct conn {
    struct loop_op in;
    struct work *work; /* NULL: idle */
};

struct request {
    bool known;
    int64_t wait_ms; /* below 0: there is no such page */
};

struct work {
    struct conn *conn;
    struct work *spare;
    struct loop_op out;
    struct base_buf waiting;          /* input that is not yet taken */
    struct base_buf answers, sending; /* output: gathered; on its way */
    struct request request;           /* that is served ... */
    struct co_task *task;             /* ... by this one */
    bool serving;
    bool alone;         /* the task goes on by itself: nobody waits for it */
    bool paused, ended; /* the input */
    bool close;         /* after what is to be sent */
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
    w->serving = w->alone = w->paused = w->ended = w->close = false;
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

/* Nobody reads any more: what is done for the client is in vain. */
static void forsake(struct work *w)
{
    w->close = true;
    base_buf_clear(&w->waiting);
    base_buf_clear(&w->answers);
    if (w->serving)
        co_cancel(w->task);
}

static void on_sent(struct loop_op *op, ssize_t result)
{
    struct work *w = op->arg;
    base_buf_clear(&w->sending);
    if (result < 0)
        forsake(w);
    go_on(w);
}

static void send_answers(struct work *w)
{
    const struct base_buf empty = w->sending;
    w->sending = w->answers;
    w->answers = empty;
    if (loop_send(loop, &w->out, w->conn->in.fd, base_buf_slice(&w->sending),
                  on_sent, w) != 0)
        forsake(w); /* the loop is being freed */
}

/* For answers that are rare. */
static void answer(struct work *w, const char *status, const char *text)
{
    base_buf_printf(&w->answers,
                    "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n"
                    "Content-Length: %zu\r\n%s\r\n%s",
                    status, strlen(text),
                    w->close ? "Connection: close\r\n" : "", text);
}

/* For the one that counts: printf would take a tenth of the whole. */
static void answer_hello(struct work *w)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                               "Content-Length: 14\r\n";
    static const char close[] = "Connection: close\r\n";
    static const char hello[] = "\r\nHello, world!\n";
    char *const begin = base_buf_reserve(&w->answers, 256);
    if (begin == NULL)
        return; /* answers below OUT_FULL leave room for one */
    char *at = mempcpy(begin, head, sizeof head - 1);
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
    if (base_slice_equal(path, base_slice_of("/")))
        return 0;
    if (!base_slice_starts(path, prefix) ||
        base_slice_to_uint(base_slice_skip(path, prefix.len), &ms) != 0 ||
        ms > 60000)
        return -1;
    return (int64_t)ms;
}

/* All that the task needs: the head's bytes do not stay. */
static void read_head(struct work *w, struct base_slice head)
{
    struct base_slice rest = head;
    const struct base_slice method = base_slice_cut(&rest, ' ', NULL);
    const struct base_slice path = base_slice_cut(&rest, ' ', NULL);
    w->request = (struct request){
        .known = base_slice_equal(method, base_slice_of("GET")),
        .wait_ms = wait_ms(path),
    };
    w->close = !w->request.known || wants_close(head);
}

static int serve(void *arg)
{
    struct work *w = arg;
    const int64_t ms = w->request.wait_ms;
    if (!w->request.known)
        answer(w, "501 Not Implemented", "only GET\n");
    else if (ms < 0)
        answer(w, "404 Not Found", "try / or /wait/100\n");
    else if (ms == 0 || co_sleep(ms * LOOP_MS) == 0)
        answer_hello(w);
    w->serving = false;
    if (w->alone) { /* else whoever started this task goes on */
        co_detach(w->task);
        go_on(w);
    }
    return 0;
}

static void serve_in_task(struct work *w)
{
    w->serving = true;
    w->alone = false;
    w->task = co_spawn_now(loop, serve, w);
    if (w->task == NULL) {
        w->serving = false;
        w->close = true;
        answer(w, "503 Service Unavailable", "too many tasks\n");
    } else if (w->serving) {
        w->alone = true;
    } else {
        co_detach(w->task);
    }
}

static size_t head_len(struct base_slice bytes)
{
    const ssize_t at = base_slice_find(bytes, base_slice_of("\r\n\r\n"));
    return at < 0 ? 0 : (size_t)at + 4;
}

/* Serves whole requests, one after the other; returns what is left. */
static struct base_slice take_requests(struct work *w, struct base_slice bytes)
{
    while (!w->serving && !w->close && base_buf_len(&w->answers) < OUT_FULL) {
        const size_t len = head_len(bytes);
        if (len > HEAD_MAX || (len == 0 && bytes.len > HEAD_MAX)) {
            w->close = true;
            answer(w, "431 Request Header Fields Too Large", "too long\n");
        }
        if (len == 0 || w->close)
            break;
        read_head(w, (struct base_slice){bytes.ptr, len});
        bytes = base_slice_skip(bytes, len);
        serve_in_task(w);
    }
    return bytes;
}

/* --- connections --------------------------------------------------------- */

static void on_received(struct loop_op *op, ssize_t result);

static void conn_end(struct conn *c)
{
    if (c->in.loop != NULL) {
        loop_cancel(&c->in); /* and come back here */
        return;
    }
    loop_close(loop, c->in.fd);
    free(c);
}

/* Receives only while not too much of it waits. */
static void control_input(struct work *w)
{
    struct conn *c = w->conn;
    const size_t len = base_buf_len(&w->waiting);
    if (len >= FULL && c->in.loop != NULL) {
        w->paused = true;
        loop_cancel(&c->in);
    } else if (w->paused && len < FULL && c->in.loop == NULL) {
        w->paused = false;
        w->ended = loop_recv(loop, &c->in, c->in.fd, on_received, c) != 0;
    }
}

/* After whatever has happened to a connection at work: what comes next? */
static void go_on(struct work *w)
{
    struct conn *c = w->conn;
    if (!w->serving && base_buf_len(&w->waiting) > 0) {
        const struct base_slice bytes = base_buf_slice(&w->waiting);
        const struct base_slice rest = take_requests(w, bytes);
        base_buf_consume(&w->waiting, bytes.len - rest.len);
    }
    control_input(w);
    if (w->out.loop != NULL)
        return;
    if (base_buf_len(&w->answers) > 0) {
        send_answers(w);
    } else if (!w->serving && (w->close || w->ended)) {
        work_end(w);
        conn_end(c);
    } else if (!w->serving && !w->paused && base_buf_len(&w->waiting) == 0) {
        work_end(w);
    }
}

static void on_input_end(struct conn *c, ssize_t result)
{
    struct work *w = c->work;
    if (w == NULL) {
        conn_end(c);
        return;
    }
    const bool stopped = result == -ECANCELED && w->paused;
    w->ended = w->ended || !stopped;
    if (result < 0 && !stopped)
        forsake(w);
    go_on(w);
}

static void on_received(struct loop_op *op, ssize_t result)
{
    struct conn *c = base_container(op, struct conn, in);
    struct work *w = c->work;
    if (result <= 0) {
        on_input_end(c, result);
        return;
    }
    struct base_slice bytes = op->data;
    if (w == NULL) {
        w = work_begin(c);
        bytes = take_requests(w, bytes);
    }
    if (!w->close && base_buf_append(&w->waiting, bytes) != 0)
        forsake(w);
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
