/*
 * server.c - sends back in capitals what it receives; on select. It has a
 * fault: do not read this file before you have read the trace.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/select.h>
#include <unistd.h>

static fd_set interest;
static int nfds;

static void watch(int fd)
{
    FD_SET(fd, &interest);
    nfds = fd + 1; /* the fault: right only as long as numbers grow */
}

static void take(int listener)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= FD_SETSIZE)
        close(fd);
    else if (fd != -1)
        watch(fd);
}

static void serve(int fd)
{
    char bytes[64];
    const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) {
        FD_CLR(fd, &interest);
        close(fd);
        return;
    }
    for (ssize_t i = 0; i < n; i++)
        bytes[i] = (char)toupper((unsigned char)bytes[i]);
    send(fd, bytes, (size_t)n, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Sends back capitals, on select; faulty.",
                  options);
    const int stop = stop_on_signal();
    const int listener = listen_on(port, 0);
    watch(stop);
    watch(listener);
    announce(listener);
    while (!stopping) {
        fd_set ready = interest;
        const int n = select(nfds, &ready, NULL, NULL, NULL);
        for (int fd = 0, found = 0; fd < FD_SETSIZE && found < n; fd++) {
            if (!FD_ISSET(fd, &ready))
                continue;
            found++;
            if (fd == listener)
                take(listener);
            else if (fd != stop)
                serve(fd);
        }
    }
}
