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
    char line[LONGEST];
    ssize_t n;
    while ((n = recv(fd, line, sizeof line, 0)) > 0) {
        for (int i = 0; i < n; i++)
            line[i] = (char)toupper((unsigned char)line[i]);
        send(fd, line, (size_t)n, MSG_NOSIGNAL);
    }
}

static void reap(int signo)
{
    int saved = errno;
    (void)signo;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = saved;
}

static void run(int listener)
{
    pid_t me = getpid(), child;
    signal(SIGCHLD, reap);
    while (1) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            continue;
        child = fork();
        if (child == 0) {
            close(listener);
            die_with_parent(me);
            serve(client);
            exit(0);
        } else {
            close(client);
        }
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
