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

/*
 * Serves one connection: each line comes back in capitals (toupper). Returns
 * when the client has finished or gone, or when a line is too long.
 *
 * TODO: How many lines can one recv bring? How many recvs can a line need?
 */
static void serve(int fd)
{
    (void)fd;
}

/*
 * Accepts connections for ever, and lets a child serve each.
 *
 * TODO: Which descriptors does each of the two processes need? What is left of
 * a child that has ended, and until when?
 */
static void run(int listener)
{
    (void)listener;
    (void)serve;           /* delete these three lines when you use them */
    (void)die_with_parent; /* */
    pause();
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
