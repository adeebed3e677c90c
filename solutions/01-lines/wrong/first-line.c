/* caught by lines: "the program waits, and nothing will wake it" */
/*
 * server.c - answers lines with the same in capitals; with blocking calls, and
 * a process for each connection.
 *
 * Wrong: of several lines in one segment the first alone is answered at once.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
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

/* Sends all of it; false if the client has gone. */
static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return false;
        bytes += n; /* perhaps only a part */
        len -= (size_t)n;
    }
    return true;
}

/*
 * Answers the whole lines among the first `len` bytes. Returns how many bytes
 * they were: what is behind them is the begin of a line. -1: the client has
 * gone.
 */
static ssize_t answer(int fd, char *bytes, size_t len)
{
    size_t done = 0;
    const char *end = memchr(bytes + done, '\n', len - done);
    if (end != NULL) {
        char *line = bytes + done;
        const size_t n = (size_t)(end + 1 - line);
        for (size_t i = 0; i < n; i++)
            line[i] = (char)toupper((unsigned char)line[i]);
        if (!send_all(fd, line, n))
            return -1;
        done += n;
    }
    return (ssize_t)done;
}

/*
 * Serves one connection. The buffer holds the longest line and its end, no
 * more: when it is full and no line is in it, the line is too long.
 */
static void serve(int fd)
{
    static const char too_long[] = "too long\n";
    char bytes[LONGEST + 1];
    size_t len = 0;
    while (len < sizeof bytes) {
        const ssize_t n = recv(fd, bytes + len, sizeof bytes - len, 0);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* what has no end is no line */
        len += (size_t)n;
        const ssize_t done = answer(fd, bytes, len);
        if (done == -1)
            return;
        len -= (size_t)done;
        memmove(bytes, bytes + done, len);
    }
    send_all(fd, too_long, strlen(too_long));
}

/* There only so that the end of a child interrupts accept. */
static void on_child(int signo)
{
    (void)signo;
}

/* Accepts connections for ever, and lets a child serve each. */
static void run(int listener)
{
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = on_child}, NULL);
    const pid_t parent = getpid();
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd == -1 && out_of_resources(errno))
            nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        if (fd == -1)
            continue; /* EINTR, or a connection that is gone already */
        if (fork() == 0) {
            die_with_parent(parent);
            close(listener);
            serve(fd);
            _exit(0);
        }
        close(fd); /* the child's copy keeps the connection open */
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
