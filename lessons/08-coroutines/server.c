/*
 * server.c - the hello server in tasks: one for each connection.
 *
 * Lesson 01 had code like this, with a thread for each connection, and blocking
 * calls. Here stands mini_await where a call blocked there, and one thread does
 * it all:
 *
 *     accept_all   wait for connections, take them        one task
 *     serve        receive, answer, until it is over      one a connection
 *     run          wait for SIGINT or SIGTERM             the first task
 *
 * What lesson 07 noted in a struct conn are local variables of `serve`; what
 * its timer did is the task's deadline; its ring of connections is the list of
 * tasks, and mini_cancel_all ends them.
 *
 * The price is a stack for each connection, also while that says nothing: three
 * pages touched, 12 KiB, where lesson 07 takes 6; and no more than about 32,000
 * of them. SIMPLIFIED: the library's hello_tasks keeps an idle connection as a
 * small struct, and gives it a task from the head of a request to its answer.
 *
 * Read before: minico.h, ../07-callbacks/server.c. Read after: fetch.c.
 * Rests on: epoll(7), through miniloop.
 */
#include "../common/common.h"
#include "minico.h"

#include <errno.h>
#include <unistd.h>

enum {
    BATCH = 64,     /* connections accepted in one pass */
    PAUSE_MS = 100, /* until the next try to accept, without descriptors */
};

static struct miniloop loop;
static int idle_s = 60;

/* arm, re-arm, wait: until the connection may go on, or is silent too long. */
static int await(struct descriptor *conn, uint32_t interest)
{
    mini_deadline(idle_s * 1000);
    return mini_await(conn, interest);
}

/*
 * Receives once. mini_recv would not do: while a peer sends without a pause, it
 * never waits, and nobody else is served. mini_await lets others run first.
 */
static int receive(struct descriptor *conn, struct hello *h)
{
    const int error = await(conn, EPOLLIN);
    if (error != 0)
        return error;
    const ssize_t n =
        recv(conn->fd, h->in + h->in_len, sizeof h->in - h->in_len, 0);
    if (n == -1)
        return errno == EAGAIN ? 0 : -errno;
    hello_received(h, (size_t)n);
    return 0;
}

/* Sends what is answered. */
static int flush(struct descriptor *conn, struct hello *h)
{
    int error = 0;
    while (error == 0 && hello_wants(h) == WANT_WRITE) {
        const ssize_t n = send(conn->fd, h->out + h->out_sent,
                               h->out_len - h->out_sent, MSG_NOSIGNAL);
        if (n >= 0)
            hello_sent(h, (size_t)n);
        else
            error = errno == EAGAIN ? await(conn, EPOLLOUT) : -errno;
    }
    return error;
}

/* serve: one connection, from its first request to its end. */
static int serve(void *arg)
{
    struct descriptor conn = {.fd = (int)(intptr_t)arg};
    struct hello h;
    hello_init(&h);
    int error = 0;
    while (error == 0 && hello_wants(&h) == WANT_READ) {
        error = receive(&conn, &h);
        if (error == 0)
            error = flush(&conn, &h);
    }
    mini_forget(&conn);
    hello_close(&h, conn.fd);
    return error;
}

/* take: accepts a batch; an error if the system has no room for more. */
static int take(int listener)
{
    for (int i = 0; i < BATCH; i++) {
        const int fd =
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1)
            return out_of_resources(errno) ? -errno : 0;
        const int error = mini_spawn(NULL, serve, (void *)(intptr_t)fd);
        if (error != 0) {
            close(fd);
            return error;
        }
    }
    return 0;
}

static int accept_all(void *arg)
{
    struct descriptor listener = {.fd = *(int *)arg};
    int error = 0;
    announce(listener.fd);
    while (error != -ECANCELED) {
        error = mini_await(&listener, EPOLLIN);
        if (error == 0)
            error = take(listener.fd);
        if (error != 0 && error != -ECANCELED)
            error = mini_sleep(PAUSE_MS);
    }
    mini_forget(&listener);
    return error;
}

/* The first task: begins, and ends all others. */
static int run(void *arg)
{
    struct descriptor stop = {.fd = stop_on_signal()};
    int error = mini_spawn(NULL, accept_all, arg);
    if (error == 0)
        error = mini_await(&stop, EPOLLIN);
    if (error != 0)
        die(-error, NULL, "cannot set up the loop");
    mini_cancel_all();
    mini_forget(&stop);
    return 0;
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {"idle", "seconds of silence before a connection is closed", &idle_s, 1,
         86400, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "The hello server in tasks, on minico.", options);
    raise_descriptor_limit();
    int listener = listen_on(port, SOCK_NONBLOCK);
    int error = mini_init(&loop);
    if (error == 0)
        error = mini_main(&loop, run, &listener);
    if (error != 0)
        die(-error, NULL, "the loop failed");
    mini_fini(&loop);
    close(listener);
}
