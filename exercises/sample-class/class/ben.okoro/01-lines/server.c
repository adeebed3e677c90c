/*
 * server.c - answers lines with the same in capitals; with blocking calls, and
 * a process for each connection.
 *
 * Two functions below are yours: serve, which turns a stream of bytes into
 * lines, and run, which makes the processes. The rest is complete.
 *
 * Read before: README.md; lessons/01-blocking/fork.c.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONGEST = 1000 }; /* bytes of a line, without its '\n' */

/* In a child: from now on it ends when its parent does. */
static void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0); /* the parent has ended before prctl */
}

static void serve(int fd)
{
    char bytes[LONGEST + 1];
    size_t have = 0;
    for (;;) {
        ssize_t n = recv(fd, bytes + have, sizeof bytes - have, 0);
        if (n <= 0)
            return;
        have += (size_t)n;
        char *end;
        while ((end = memchr(bytes, '\n', have)) != NULL) {
            size_t len = (size_t)(end - bytes) + 1;
            for (size_t i = 0; i < len; i++)
                bytes[i] = (char)toupper((unsigned char)bytes[i]);
            for (size_t sent = 0; sent < len;) {
                n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);
                if (n == -1)
                    return;
                sent += (size_t)n;
            }
            have -= len;
            memmove(bytes, bytes + len, have);
        }
        if (have == sizeof bytes) {
            send(fd, "too long\n", 9, MSG_NOSIGNAL);
            return;
        }
    }
}

static void run(int listener)
{
    pid_t parent = getpid();
    while (1) {
        int fd = accept(listener, NULL, NULL);
        if (fd == -1)
            continue;
        if (fork() == 0) {
            die_with_parent(parent);
            close(listener);
            serve(fd);
            _exit(0);
        }
        close(fd);
    }
}

/* A process that sleeps in accept or recv cannot look at a flag. */
static void on_stop(int signo)
{
    (void)signo;
    _exit(0);
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Answers lines with the same in capitals.",
                  options);
    const int listener = listen_on(port, 0);
    const struct sigaction stop = {.sa_handler = on_stop};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    announce(listener);
    run(listener);
}
