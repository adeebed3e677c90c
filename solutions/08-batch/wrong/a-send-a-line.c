/* caught by speed: "at most 2.00 times" */
/*
 * server.c - sends each line back in capitals; one task a connection, on
 * minico.
 *
 * Wrong: a send a line.
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
    ROOM = 4096,    /* received at once */
};

static struct miniloop loop;

/* Puts all bytes into capitals; returns how many are in whole lines. */
static size_t shout(char *bytes, size_t len)
{
    size_t whole = 0;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)toupper((unsigned char)bytes[i]);
        if (bytes[i] == '\n')
            whole = i + 1;
    }
    return whole;
}

/* True if a line of these bytes is too long; all before it ends at *good. */
static bool is_too_long(const char *bytes, size_t len, size_t *good)
{
    *good = 0;
    while (len - *good >= LINE_LEN) {
        const char *end = memchr(bytes + *good, '\n', LINE_LEN);
        if (end == NULL)
            return true;
        *good = (size_t)(end - bytes) + 1;
    }
    return false;
}

/* Each line by itself. */
static int send_lines(struct descriptor *conn, const char *bytes, size_t len)
{
    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        const size_t n = (size_t)(end - bytes) + 1;
        const int error = mini_send(conn, bytes, n);
        if (error != 0)
            return error;
        bytes += n;
        len -= n;
    }
    return 0;
}

/*
 * One connection, from its first line to its end. It receives what there is,
 * answers all whole lines with one send, and keeps the rest in front.
 */
static int serve(void *arg)
{
    struct descriptor conn = {.fd = (int)(intptr_t)arg};
    char bytes[ROOM];
    size_t len = 0;
    for (int error = 0; error == 0;) {
        const ssize_t n = mini_recv(&conn, bytes + len, sizeof bytes - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        size_t good;
        const bool bad = is_too_long(bytes, len, &good);
        const size_t whole = shout(bytes, bad ? good : len);
        if (whole > 0)
            error = send_lines(&conn, bytes, whole);
        if (bad) {
            mini_send(&conn, "too long\n", 9);
            break;
        }
        len -= whole;
        memmove(bytes, bytes + whole, len);
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
