/*
 * idle.c - opens N connections to a server and holds them, silent.
 *
 * Each asks for one page first and reads the answer, so that the server has
 * accepted it and keeps whatever it keeps for a connection. Then idle prints
 * "holding N connections" and sleeps until a signal. If the server refuses or
 * the system's limits are reached, it holds what it has and says how many.
 *
 * Rests on: connect(2), getrlimit(2).
 */
#include "../lessons/common/common.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * Connects and asks for a page, but does not wait for it yet: the next can ask
 * meanwhile. Returns -1 with errno if the server does not play.
 */
static int ask(const struct target *target)
{
    /* A server that does not answer within 2 s holds no more connections. */
    const struct timeval patience = {.tv_sec = 2};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ==
            0 &&
        connect(fd, (const struct sockaddr *)&target->addr, target->addr_len) ==
            0 &&
        send(fd, target->request, target->request_len, MSG_NOSIGNAL) > 0)
        return fd;
    close(fd);
    return -1;
}

/* Opens `n` connections, some at a time; returns how many the server holds. */
static int open_all(const struct target *target, int n)
{
    enum { AT_A_TIME = 100 };
    int held = 0;
    while (held < n) {
        int fds[AT_A_TIME], asked = 0;
        while (asked < AT_A_TIME && held + asked < n &&
               (fds[asked] = ask(target)) != -1)
            asked++;
        for (int i = 0; i < asked; i++) {
            char bytes[1024];
            if (recv(fds[i], bytes, sizeof bytes, 0) <= 0)
                return held;
            held++;
        }
        if (asked < AT_A_TIME)
            return held;
    }
    return held;
}

/* The same request, but the connection is to stay. */
static void keep_alive(struct target *t)
{
    char *close_field = strstr(t->request, "Connection: close\r\n");
    strcpy(close_field, "\r\n");
    t->request_len = strlen(t->request);
}

int main(int argc, char **argv)
{
    int n = 100;
    const char *url = NULL;
    const struct option options[] = {
        {"n", "connections to hold", &n, 0, 1000000, NULL, NULL},
        {"URL", "the server", NULL, 0, 0, &url, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Opens N connections and holds them, silent.",
                  options);
    struct target target;
    target_parse(&target, url);
    keep_alive(&target);
    raise_descriptor_limit();

    const int stop = stop_on_signal();
    errno = 0;
    const int held = open_all(&target, n);
    const int error = errno;
    if (held == 0 && n > 0)
        die(error, "make run LESSON=05, in another terminal",
            "not one connection got an answer");
    printf("holding %d connections", held);
    if (held < n)
        printf(" of %d: %s", n,
               error != 0 ? strerror(error) : "the server closed one");
    putchar('\n');
    fflush(stdout);
    while (!stopping)
        poll(&(struct pollfd){.fd = stop, .events = POLLIN}, 1, -1);
}
