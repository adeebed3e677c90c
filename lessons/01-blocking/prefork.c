/*
 * prefork.c - a fixed number of processes, made beforehand, that all accept on
 * the same listener: how many web servers and Python's gunicorn are deployed.
 *
 * No fork per connection any more, and a bound by construction. But as many
 * slow clients as there are workers stop the server.
 */
#include "models.h"

#include "../common/common.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool start_worker(int listener)
{
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        die_with_parent(parent);
        serve_iterative(listener, 0); /* a worker is the iterative server */
    }
    return pid != -1;
}

noreturn void serve_prefork(int listener, int workers)
{
    signal(SIGCHLD, SIG_DFL); /* were it ignored, wait would tell nothing */
    for (int i = 0; i < workers; i++)
        if (!start_worker(listener))
            die(errno, "fewer --workers", "cannot fork a worker");
    /* A worker never ends by itself. One that crashed is replaced, but not at
     * once, lest one that always crashes keeps the machine busy. */
    for (int missing = 0;;) {
        missing += waitpid(-1, NULL, missing > 0 ? WNOHANG : 0) > 0;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        missing -= missing > 0 && start_worker(listener);
    }
}
