/*
 * plain.c - the yardstick of @NAME@: the bytes go through a pipe, and never
 * through this program; see splice(2). What students write is another way.
 */
#include "lessons/common/common.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* Waits until `fd` is readable; false: the server is to stop. */
static bool readable(int fd, int stop)
{
    struct pollfd both[] = {{.fd = fd, .events = POLLIN},
                            {.fd = stop, .events = POLLIN}};
    while (!stopping)
        if (poll(both, 2, -1) > 0 && both[0].revents != 0)
            return !stopping;
    return false;
}

/* Moves `len` bytes from the pipe to the client; false: it has gone. */
static bool pour(int pipe_end, int conn, size_t len)
{
    while (len > 0 && !stopping) {
        const ssize_t n = splice(pipe_end, NULL, conn, NULL, len, 0);
        if (n == 0 || (n == -1 && !stopping))
            return false;
        len -= n > 0 ? (size_t)n : 0;
    }
    return len == 0;
}

static void serve(int conn, int stop)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        return;
    while (readable(conn, stop)) {
        const ssize_t n = splice(conn, NULL, ends[1], NULL, 4096, 0);
        if (n <= 0 || !pour(ends[0], conn, (size_t)n))
            break;
    }
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Sends back what it receives.", options);
    const int listener = listen_on(port, 0);
    const int stop = stop_on_signal();
    signal(SIGPIPE, SIG_IGN); /* splice has no MSG_NOSIGNAL */
    announce(listener);
    while (readable(listener, stop)) {
        const int conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (conn == -1)
            continue;
        serve(conn, stop);
        close(conn);
    }
    close(listener);
}
