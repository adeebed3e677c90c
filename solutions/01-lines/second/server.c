/*
 * server.c - answers lines with the same in capitals; with blocking calls, and
 * a process for each connection.
 *
 * The second solution of 01-lines: stdio does what short receives and sends
 * need, and the kernel buries the children. See NOTES.md.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
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
 * Serves one connection, byte by byte: stdio calls recv for many at once, and
 * send until all is sent. Only whole lines go out.
 */
static void serve(int fd)
{
    char line[LONGEST + 1];
    size_t len = 0;
    FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
    if (in == NULL || out == NULL)
        return;
    for (int c; (c = getc(in)) != EOF;) {
        if (len == LONGEST && c != '\n') {
            fputs("too long\n", out);
            fflush(out);
            return;
        }
        line[len++] = (char)toupper(c);
        if (c != '\n')
            continue;
        if (fwrite(line, 1, len, out) != len || fflush(out) == EOF)
            return; /* the client has gone */
        len = 0;
    }
}

/*
 * Accepts connections for ever, and lets a child serve each. Whoever ignores
 * SIGCHLD has no zombies: wait(2), NOTES.
 */
static void run(int listener)
{
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN); /* stdio's write has no MSG_NOSIGNAL */
    const pid_t parent = getpid();
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        const pid_t child = fd != -1 ? fork() : -1;
        if (child == 0) {
            die_with_parent(parent);
            close(listener);
            serve(fd);
            _exit(0);
        }
        if (child == -1) /* no descriptor, or no process: later, perhaps */
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        if (fd != -1)
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
