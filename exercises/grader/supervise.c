/*
 * supervise.c - see supervise.h.
 *
 * The signals are blocked and waited for, so that no handler is needed, in
 * which hardly anything may be called (signal-safety(7)).
 *
 * Read before: supervise.h. Rests on: sigwaitinfo(2), prctl(2).
 */
#include "supervise.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COULD_NOT = 2, BY_SIGNAL = 128 };

static void be_child(const sigset_t *old, int (*work)(void *arg), void *arg)
{
    sigprocmask(SIG_SETMASK, old, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int status = work(arg);
    fflush(NULL);
    _exit(status);
}

/* The number of the signal that ended the wait; 0: the child has ended. */
static int await_end(pid_t child, const sigset_t *set, int *status)
{
    for (;;) {
        const int signo = sigwaitinfo(set, NULL);
        if (signo == SIGCHLD && waitpid(child, status, WNOHANG) == child)
            return 0;
        if (signo == -1 || signo == SIGCHLD)
            continue;
        kill(child, SIGKILL);
        waitpid(child, status, 0);
        return signo;
    }
}

int supervise(int (*work)(void *arg), void *arg)
{
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &old);
    fflush(NULL); /* or both would print it */
    const pid_t child = fork();
    if (child == 0)
        be_child(&old, work, arg);
    int status = 0;
    const int signo = child == -1 ? 0 : await_end(child, &set, &status);
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (signo != 0)
        return BY_SIGNAL + signo;
    return child != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : COULD_NOT;
}
