/*
 * watch_check.c - see watch_check.h.
 *
 *     start ----------> running --- it ends ---> fn(status)
 *                        |   ^
 *        stop, or start  v   |  it has ended, and one waits
 *        of another     ending ------------------------------> (nothing)
 *
 * The check ends on SIGTERM; if it does not within a second it gets SIGKILL.
 * What it had started then becomes our child, as we are their "subreaper"
 * (prctl(2)), and is ended one by one.
 *
 * Rests on: pipe(2), signal(7), prctl(2), proc(5) (task/TID/children).
 * Read before: watch_check.h. Read after: watch.c.
 */
#include "watch_check.h"

#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A check that is ended from outside does not tidy up. So checks get a folder
 * for temporary files that is ours to remove. Without one they use what is set.
 */
static char *make_temporary(void)
{
    const char *above = getenv("TMPDIR");
    char *path = NULL;
    if (above == NULL || above[0] != '/')
        above = "/tmp";
    if (asprintf(&path, "%s/watch.XXXXXX", above) == -1)
        return NULL;
    if (mkdtemp(path) == NULL || chmod(path, 0755) == -1 ||
        setenv("TMPDIR", path, 1) == -1) {
        free(path);
        return NULL;
    }
    return path;
}

void watch_check_init(struct watch_check *c, struct loop *loop,
                      watch_check_fn *fn, void *arg)
{
    *c = (struct watch_check){.loop = loop, .fd = -1, .fn = fn, .arg = arg};
    base_buf_init(&c->output, WATCH_CHECK_OUTPUT_MAX);
    c->temporary = make_temporary();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/*
 * Ends one process that has become our child because its parent has gone, or
 * returns false if there is none. Its own children are ours when it is reaped.
 */
static bool end_orphan(void)
{
    char path[64], pid[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    const ssize_t n = read(fd, pid, sizeof pid - 1);
    close(fd);
    const pid_t orphan = n > 0 ? (pid_t)strtol(pid, NULL, 10) : 0;
    if (orphan <= 0)
        return false;
    kill(orphan, SIGKILL);
    return waitpid(orphan, NULL, 0) == orphan;
}

/* Nothing of a check outlives it: no process, no file. */
static void tidy_up(struct watch_check *c)
{
    while (end_orphan())
        ;
    if (c->temporary != NULL && scratch_remove(c->temporary) == 0)
        mkdir(c->temporary, 0755);
}

/* --- what it prints ------------------------------------------------------ */

static void close_pipe(struct watch_check *c)
{
    loop_watcher_stop(&c->watcher);
    if (c->fd != -1)
        close(c->fd);
    c->fd = -1;
}

/* Takes what is there. Too much is read and dropped, or the check would block.
 */
static void take_output(struct watch_check *c)
{
    char bytes[16384];
    ssize_t n;
    while ((n = read(c->fd, bytes, sizeof bytes)) > 0)
        base_buf_append(&c->output, (struct base_slice){bytes, (size_t)n});
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_pipe(c);
}

static void on_output(struct loop_watcher *w, unsigned events)
{
    (void)events;
    take_output(w->arg);
}

/* --- life of a check ----------------------------------------------------- */

static void on_end(struct loop_child *child)
{
    struct watch_check *c = child->arg;
    const int status = child->status;
    const bool unwanted = c->ending;
    loop_timer_stop(&c->patience);
    if (c->fd != -1)
        take_output(c);
    /* Not to its end: what the check has left behind may hold the pipe. */
    close_pipe(c);
    c->running = c->ending = false;
    tidy_up(c);
    if (!unwanted) {
        c->fn(c, status);
        return;
    }
    const char *next = c->waiting;
    c->waiting = NULL;
    if (next != NULL && watch_check_start(c, next) != 0)
        c->fn(c, 2);
}

static int spawn(struct watch_check *c, const char *exercise, int output)
{
    char columns[16];
    snprintf(columns, sizeof columns, "%d", c->columns);
    const char *argv[] = {"/proc/self/exe", "check",  "--columns",
                          columns,          exercise, NULL};
    const struct loop_child_options options = {
        .argv = argv, .stream = {LOOP_NULL, output, output}};
    return loop_child_start(c->loop, &c->child, &options, on_end, c);
}

int watch_check_start(struct watch_check *c, const char *exercise)
{
    int ends[2];
    if (c->running) {
        watch_check_stop(c);
        c->waiting = exercise;
        return 0;
    }
    if (pipe2(ends, O_CLOEXEC) == -1)
        return -errno;
    int error = spawn(c, exercise, ends[1]);
    c->running = error == 0;
    c->fd = ends[0];
    close(ends[1]);
    /* The child's end blocks, ours does not: two open files, see pipe(7). */
    if (error == 0 && fcntl(c->fd, F_SETFL, O_NONBLOCK) == -1)
        error = -errno;
    if (error == 0)
        error = loop_watcher_start(c->loop, &c->watcher, c->fd, LOOP_READ,
                                   on_output, c);
    base_buf_clear(&c->output);
    if (error != 0) {
        watch_check_stop(c);
        close_pipe(c);
    }
    return error;
}

static void on_patience(struct loop_timer *t)
{
    struct watch_check *c = t->arg;
    loop_child_kill(&c->child, SIGKILL);
}

void watch_check_stop(struct watch_check *c)
{
    c->waiting = NULL;
    if (!c->running || c->ending)
        return;
    c->ending = true;
    loop_child_kill(&c->child, SIGTERM);
    loop_timer_start(c->loop, &c->patience, loop_now(c->loop) + LOOP_SECOND,
                     on_patience, c);
}

void watch_check_fini(struct watch_check *c)
{
    watch_check_stop(c);
    while (c->running && loop_run_once(c->loop, LOOP_NEVER) >= 0)
        ; /* a second at most, see on_patience */
    base_buf_fini(&c->output);
    if (c->temporary != NULL)
        scratch_remove(c->temporary);
    free(c->temporary);
    c->temporary = NULL;
}
