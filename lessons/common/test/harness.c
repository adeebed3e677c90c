/* harness.c - see harness.h. */
#include "harness.h"

#include "client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* Puts the build folder before the program's path. */
static void place(const char *const *args, const char **argv, char *path,
                  size_t size)
{
    const char *build = getenv("KIT_BUILD");
    snprintf(path, size, "%s/%s", build != NULL ? build : "build", args[0]);
    argv[0] = path;
    int i = 1;
    for (; args[i] != NULL; i++)
        argv[i] = args[i];
    argv[i] = NULL;
}

void start_program(struct proc *p, const char *const *args, int nofile)
{
    const char *argv[ARGS_MAX];
    char path[512];
    place(args, argv, path, sizeof path);
    const struct proc_options options = {.cpu = -1, .nofile = nofile};
    const int error = proc_start(p, argv, &options);
    if (error != 0) {
        proc_stop(p);
        fail_msg("%s does not listen (%s); it said: %s", path, strerror(-error),
                 p->said);
    }
}

void subject_start(struct proc *p, const struct subject *s, int nofile)
{
    const char *args[ARGS_MAX] = {NULL};
    int i = 0;
    for (; s->args[i] != NULL; i++)
        args[i] = s->args[i];
    args[i++] = "--port";
    args[i] = "0";
    start_program(p, args, nofile);
}

static bool nothing_left(void *group)
{
    return proc_orphans(*(pid_t *)group) == 0;
}

void subject_stop(struct proc *p)
{
    pid_t group = p->pid;
    kill(group, SIGTERM);
    const int status = proc_wait(p, 10000);
    if (status == -ETIMEDOUT)
        fail_msg("still runs 10 s after SIGTERM");
    if (status != 0)
        fail_msg("ended with wait status 0x%x; it said: %s", (unsigned)status,
                 p->said);
    wait_until(nothing_left, &group, "a process was left behind");
}

int run_program(struct proc *p, const char *const *args, int timeout_ms)
{
    const char *argv[ARGS_MAX];
    char path[512];
    place(args, argv, path, sizeof path);
    assert_int_equal(proc_spawn(p, argv, NULL), 0);
    const int status = proc_wait(p, timeout_ms);
    if (status == -ETIMEDOUT) {
        proc_stop(p);
        fail_msg("%s still runs after %d ms; it said: %s", path, timeout_ms,
                 p->said);
    }
    if (!WIFEXITED(status))
        fail_msg("%s was ended by signal %d; it said: %s", path,
                 WTERMSIG(status), p->said);
    return WEXITSTATUS(status);
}

void wait_until(bool (*done)(void *arg), void *arg, const char *what)
{
    for (int i = 0; i < 10000; i++) {
        if (done(arg))
            return;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    fail_msg("%s, even after 10 s", what);
}
