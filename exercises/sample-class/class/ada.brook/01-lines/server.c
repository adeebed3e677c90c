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

static int send_all(int fd, const char *at, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n == -1 && errno != EINTR)
            return -1;
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* One byte after the other into `line`; a '\n' sends it. */
static void serve(int fd)
{
    char in[4096], line[LONGEST + 1];
    size_t len = 0;
    ssize_t n;
    while ((n = recv(fd, in, sizeof in, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            line[len++] = (char)toupper((unsigned char)in[i]);
            if (in[i] == '\n') {
                if (send_all(fd, line, len) == -1)
                    return;
                len = 0;
            } else if (len > LONGEST) {
                send_all(fd, "too long\n", 9);
                return;
            }
        }
    }
}

static void run(int listener)
{
    const pid_t parent = getpid();
    signal(SIGCHLD, SIG_IGN); /* nobody waits, so there are no zombies */
    for (;;) {
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
