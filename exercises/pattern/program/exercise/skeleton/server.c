/*
 * server.c - sends back what it receives, to one client after the other.
 *
 * One function is yours: serve. The rest is complete.
 *
 * Read before: README.md.
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

/*
 * Sends back what the client sends, until it has finished or has gone, or the
 * server is to stop.
 *
 * TODO: How do you know that nothing more will come?
 */
static void serve(int conn, int stop)
{
    (void)conn;
    (void)stop; /* delete these lines when you use them */
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
