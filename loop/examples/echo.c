/*
 * echo.c - sends back what it gets, to any number of connections at once.
 *
 * Three operations: accepting goes on until it is cancelled, receiving until
 * the peer ends, a send is started when there is something to send. What is
 * being sent must not move, so there are two buffers, which change places when
 * a send is done. A peer that sends and does not read fills the second: then
 * receiving is cancelled, and starts again when the buffer is empty.
 *
 *     on_connection --> receiving --> on_bytes --> waiting
 *                           ^             full: cancel |
 *                           |                          v  swap
 *                           +--------- on_sent <-- sending
 *
 * Read before: ../loop.h. Read after: crawl.c.
 */
#include "loop/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FULL = 256 * 1024, LIMIT = FULL + 65536 };

struct conn {
    struct loop *loop;
    int fd;
    struct loop_op in, out;
    struct base_buf waiting, sending;
    bool ended; /* nothing more is received */
};

static void on_bytes(struct loop_op *op, ssize_t result);
static void on_sent(struct loop_op *op, ssize_t result);

static void send_what_waits(struct conn *c)
{
    const struct base_buf empty = c->sending;
    c->sending = c->waiting;
    c->waiting = empty;
    if (loop_send(c->loop, &c->out, c->fd, base_buf_slice(&c->sending), on_sent,
                  c) != 0)
        c->ended = true; /* the loop is being freed */
}

static void drop(struct conn *c)
{
    loop_close(c->loop, c->fd);
    base_buf_fini(&c->waiting);
    base_buf_fini(&c->sending);
    free(c);
}

/* After whatever has happened: what comes next? Nothing: then it is over. */
static void go_on(struct conn *c)
{
    if (c->out.loop == NULL && base_buf_len(&c->waiting) > 0)
        send_what_waits(c);
    if (c->in.loop == NULL && base_buf_len(&c->waiting) == 0 && !c->ended)
        c->ended = loop_recv(c->loop, &c->in, c->fd, on_bytes, c) != 0;
    if (base_buf_len(&c->waiting) >= FULL)
        loop_cancel(&c->in);
    if (c->in.loop == NULL && c->out.loop == NULL)
        drop(c);
}

static void on_bytes(struct loop_op *op, ssize_t result)
{
    struct conn *c = op->arg;
    if (result > 0 && base_buf_append(&c->waiting, op->data) != 0)
        result = -ENOBUFS; /* more came after the cancel than LIMIT allows */
    if (result <= 0 && result != -ECANCELED)
        c->ended = true;
    if (c->ended && op->more)
        loop_cancel(op);
    go_on(c);
}

static void on_sent(struct loop_op *op, ssize_t result)
{
    struct conn *c = op->arg;
    base_buf_clear(&c->sending);
    if (result < 0) { /* nobody listens: what waits is for nobody */
        base_buf_clear(&c->waiting);
        c->ended = true;
        loop_cancel(&c->in);
    }
    go_on(c);
}

static void on_connection(struct loop_op *op, ssize_t result)
{
    struct loop *loop = loop_current();
    if (result < 0) {
        if (result != -ECANCELED)
            loop_fail(loop, (int)result, "cannot accept");
        return;
    }
    (void)op;
    struct conn *c = base_alloc(sizeof *c);
    c->loop = loop;
    c->fd = (int)result;
    base_buf_init(&c->waiting, LIMIT);
    base_buf_init(&c->sending, LIMIT);
    go_on(c);
}

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

int main(int argc, char **argv)
{
    int port = 8007;
    const char *backend = NULL;
    const struct base_option rows[] = {
        {"port", "the port; 0 picks a free one", .number = &port, .max = 65535},
        {"backend", "how to wait; or LOOP_BACKEND", .string = &backend,
         .words = "select,poll,epoll,uring"},
        {0},
    };
    struct base_options *options =
        base_options_new("Sends back what it gets.\n"
                         "  try: echo --port 8007, then: nc 127.0.0.1 8007",
                         NULL);
    base_options_define(options, rows);
    base_options_start(options, argc, argv);

    const int listener = listen_on(&port);
    struct loop *loop;
    const int error =
        loop_new(&loop, &(struct loop_options){.backend = backend});
    if (listener < 0 || error != 0) {
        fprintf(stderr, "echo: cannot %s: %s\n",
                listener < 0 ? "listen" : "make a loop",
                strerror(listener < 0 ? -listener : -error));
        return 2;
    }
    struct loop_op accepting = {0};
    struct loop_signal on_int = {0}, on_term = {0};
    loop_accept(loop, &accepting, listener, on_connection, NULL);
    loop_signal_start(loop, &on_int, SIGINT, on_signal, NULL);
    loop_signal_start(loop, &on_term, SIGTERM, on_signal, NULL);
    printf("listening on 127.0.0.1:%d\n", port);
    fflush(stdout);
    loop_run(loop);
    loop_free(loop); /* each connection hears that it was cancelled */
    close(listener);
    base_options_free(options);
    return 0;
}
