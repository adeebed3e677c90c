/*
 * server.c - sends each line back in capitals; one task a connection, on
 * minico.
 *
 * It does what it should, and it is slow: it pays a system call, or three, for
 * every byte. Make it fast. What it answers must stay the same:
 *
 *     a line (up to and with \n) comes back in capitals, in order
 *     a line of more than LINE_LEN bytes: "too long\n", and the end
 *     what has no \n when the client has finished is not answered
 *
 * Everything below is yours but main. Keep the tasks.
 *
 * Read before: README.md; lessons/08-coroutines/server.c.
 */
#include "lessons/08-coroutines/minico.h"
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { LINE_LEN = 200 }; /* with its \n */

static struct miniloop loop;

/* Receives one byte. Returns 1; 0 at the end; or a negative errno value. */
static ssize_t receive_byte(struct descriptor *conn, char *byte)
{
    const int error = mini_await(conn, EPOLLIN);
    if (error != 0)
        return error;
    const ssize_t n = mini_recv(conn, byte, 1);
    mini_forget(conn);
    return n;
}

/* Sends the line, byte by byte. */
static int answer(struct descriptor *conn, const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char byte = (char)toupper((unsigned char)line[i]);
        const int error = mini_send(conn, &byte, 1);
        if (error != 0)
            return error;
        mini_yield(); /* so that others have their turn */
    }
    return 0;
}

/* One connection, from its first line to its end. */
static int serve(void *arg)
{
    struct descriptor conn = {.fd = (int)(intptr_t)arg};
    char line[LINE_LEN + 1];
    size_t len = 0;
    while (receive_byte(&conn, &line[len]) == 1) {
        if (line[len++] == '\n') {
            if (answer(&conn, line, len) != 0)
                break;
            len = 0;
        } else if (len == LINE_LEN) {
            mini_send(&conn, "too long\n", 9);
            break;
        }
    }
    mini_forget(&conn);
    close(conn.fd);
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
