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
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* Connects and gets one page; -1 with errno if the server does not play. */
static int open_one(const struct target *target)
{
    /* A server that does not answer within 2 s holds no more connections. */
    const struct timeval patience = {.tv_sec = 2};
    char bytes[1024];
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ==
            0 &&
        connect(fd, (const struct sockaddr *)&target->addr, target->addr_len) ==
            0 &&
        send(fd, target->request, target->request_len, MSG_NOSIGNAL) > 0 &&
        recv(fd, bytes, sizeof bytes, 0) > 0)
        return fd;
    close(fd);
    return -1;
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

    const sigset_t unblocked = stop_on_signal();
    int held = 0;
    while (held < n && open_one(&target) != -1)
        held++;
    printf("holding %d connections", held);
    if (held < n)
        printf(" of %d: %s", n, strerror(errno));
    putchar('\n');
    fflush(stdout);
    while (!stopping)
        sigsuspend(&unblocked);
}
