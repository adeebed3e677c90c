/* caught by whole: "connection" */
/*
 * one-recv.c - takes what one recv brings for all there is.
 */
#include "lessons/common/common.h"

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

static void serve(int conn, int stop)
{
    char bytes[4096];
    if (!readable(conn, stop))
        return;
    const ssize_t n = recv(conn, bytes, sizeof bytes, 0);
    if (n > 0)
        send(conn, bytes, (size_t)n, MSG_NOSIGNAL);
    readable(conn, stop); /* for the client's end */
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
