/*
 * server.c - another good solution of @NAME@: it tries before it waits, and
 * waits only when there is nothing.
 */
#include "lessons/common/common.h"

#include <errno.h>
#include <poll.h>
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

/* Sends all of it; false: the client has gone. */
static bool send_all(int conn, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = send(conn, bytes, len, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR && !stopping)
            continue;
        if (n == -1)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static void serve(int conn, int stop)
{
    char bytes[16384];
    for (;;) {
        const ssize_t n = recv(conn, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == -1 && errno == EAGAIN && readable(conn, stop))
            continue;
        if (n <= 0 || !send_all(conn, bytes, (size_t)n))
            return;
    }
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
