/*
 * fork.c - a process per connection: the oldest concurrent server of Unix.
 *
 * The child inherits the connection and serves it; the parent closes its copy
 * and accepts the next. Nothing a child does can harm another. The price is a
 * process for every client, however idle, and a fork for every connection.
 *
 * A child that has ended stays as a zombie until it is waited for: wait(2).
 */
#include "models.h"

#include "../common/common.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHILDREN = 200 };

/*
 * There only so that the end of a child interrupts accept. One that ends
 * between reap and accept stays a zombie until the next connection: no harm is
 * done.
 */
static void on_child(int signo)
{
    (void)signo;
}

/* Waits for children that have ended; if there are too many, for one more. */
static int reap(int children)
{
    while (children > 0) {
        const int flags = children < MAX_CHILDREN ? WNOHANG : 0;
        const pid_t pid = waitpid(-1, NULL, flags);
        if (pid > 0)
            children--;
        else if (pid == 0 || errno != EINTR)
            break;
    }
    return children;
}

noreturn void serve_fork(int listener, int workers)
{
    (void)workers;
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = on_child}, NULL);
    const pid_t parent = getpid();
    int children = 0;
    for (;;) {
        children = reap(children);
        const int fd = next_connection(listener);
        if (fd == -1)
            continue;
        const pid_t pid = fork();
        if (pid == 0) {
            die_with_parent(parent);
            close(listener);
            serve_connection(fd);
            _exit(0);
        }
        if (pid > 0)
            children++;
        close(fd); /* the child's copy keeps the connection open */
    }
}
