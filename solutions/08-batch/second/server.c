/*
 * server.c - sends each line back in capitals; one task a connection, on
 * minico.
 *
 * The second solution of 08-batch: byte by byte through a state machine, but
 * never byte by byte through the kernel. See NOTES.md.
 */
#include "lessons/08-coroutines/minico.h"
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_LEN = 200, /* with its \n */
    ROOM = 4096,    /* received at once: each byte becomes one, or ends it */
};

static struct miniloop loop;

/* What came and is no whole line yet, and what is to be sent. */
struct talk {
    struct descriptor conn;
    size_t line_len, out_len;
    char line[LINE_LEN];
    char out[ROOM + LINE_LEN];
    bool over;
};

static int flush(struct talk *t)
{
    const int error = mini_send(&t->conn, t->out, t->out_len);
    t->out_len = 0;
    return error;
}

/* One more byte: a state machine with one state, the length of the line. */
static void take_byte(struct talk *t, char byte)
{
    t->line[t->line_len++] = (char)toupper((unsigned char)byte);
    if (byte == '\n') {
        memcpy(t->out + t->out_len, t->line, t->line_len);
        t->out_len += t->line_len;
        t->line_len = 0;
    } else if (t->line_len == LINE_LEN) {
        memcpy(t->out + t->out_len, "too long\n", 9);
        t->out_len += 9;
        t->over = true;
    }
}

/* Others run before each recv: mini_await lets them, mini_recv would not. */
static int serve(void *arg)
{
    struct talk t = {.conn.fd = (int)(intptr_t)arg};
    char in[ROOM];
    int error = 0;
    while (error == 0 && !t.over) {
        error = mini_await(&t.conn, EPOLLIN);
        const ssize_t n = error == 0 ? recv(t.conn.fd, in, sizeof in, 0) : 0;
        if (n == -1 && errno == EAGAIN)
            continue;
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n && !t.over; i++)
            take_byte(&t, in[i]);
        error = flush(&t);
    }
    mini_forget(&t.conn);
    close(t.conn.fd);
    return 0;
}

static int accept_all(void *arg)
{
    struct descriptor listener = {.fd = *(int *)arg};
    announce(listener.fd);
    while (mini_await(&listener, EPOLLIN) == 0) {
        const int fd =
            accept4(listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd != -1 && mini_spawn(NULL, serve, (void *)(intptr_t)fd) != 0)
            close(fd);
    }
    mini_forget(&listener);
    return 0;
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
        {.name = NULL},
    };
    parse_options(argc, argv, "Sends each line back in capitals, in tasks.",
                  options);
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
