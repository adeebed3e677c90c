/*
 * child.c - processes that the program starts, with pipes to them, and their
 * end as an event.
 *
 * The classical way to learn that a child has ended is SIGCHLD and a waitpid(2)
 * for any child: it takes other people's children away, and signals that come
 * together become one. Here each child has a descriptor of its own, a pidfd,
 * that becomes readable when the child ends; waitid(2) on it reaps this child
 * and no other. Signals are sent by it too, so that they never hit a stranger
 * who has got the number of a child that ended.
 *
 * Pipes. Our ends are non-blocking, for loop_read and loop_write; the child's
 * ends block, as programs expect of their standard streams. All are made
 * close-on-exec: two children started at the same time do not get each other's
 * pipes, or the end of input would never come.
 *
 *     loop_write --> pipe[0] ===> 0 +-------+
 *     loop_read  <-- pipe[1] <=== 1 | child |  --> ends: pidfd readable
 *     loop_read  <-- pipe[2] <=== 2 +-------+
 *
 * A child that is forgotten has to be reaped nevertheless, or it remains as a
 * zombie until the program ends. Its pidfd passes to a watcher of the loop's
 * own, an orphan's, which does that. loop_free reaps what has ended by then; of
 * the rest nobody learns, and they are zombies as long as the program runs.
 *
 * Left out: groups of processes, limits, another folder or user. The few
 * programs that need them fork and watch the pidfd.
 *
 * Read before: watcher.c. Read after: workers.c.
 * Rests on: posix_spawn(3), pidfd_open(2), waitid(2) (P_PIDFD: Linux 5.4),
 * pipe(7).
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_UNKNOWN = 255 };

/* Reaps the child if it has ended: true, and its status; else false. */
static bool reap(int pidfd, int *status)
{
    siginfo_t info = {0};
    if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) == -1) {
        base_log_warning("a child's status is lost: the program ignores "
                         "SIGCHLD or waits for every child (waitpid)");
        *status = STATUS_UNKNOWN;
        return true;
    }
    if (info.si_pid == 0)
        return false;
    *status = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    return true;
}

/* A child that cannot be watched is ended: a moment's wait, for SIGKILL. */
static int kill_and_reap(pid_t pid)
{
    kill(pid, SIGKILL);
    waitid(P_PID, (id_t)pid, NULL, WEXITED);
    return -SIGKILL;
}

static void on_end(struct loop_watcher *w, unsigned events)
{
    struct loop_child *child = w->arg;
    const int pidfd = w->fd;
    if (events == LOOP_ERROR)
        child->status = kill_and_reap(child->pid);
    else if (!reap(pidfd, &child->status))
        return;
    loop_watcher_stop(w);
    close(pidfd);
    child->fn(child);
}

/* --- starting ------------------------------------------------------------ */

/* The two ends of a child's streams: of the child, and of ours. */
struct ends {
    int child[3], ours[3];
};

static void ends_close(int fds[3])
{
    for (int i = 0; i < 3; i++)
        if (fds[i] != -1)
            close(fds[i]);
}

/*
 * A duplicate above the standard streams: dup2 to 0, 1 and 2 in the child can
 * then overwrite none that is still needed, even where 1 and 2 are exchanged.
 */
static int above(int fd)
{
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return copy == -1 ? -errno : copy;
}

static int make_pipe(struct ends *ends, int i)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) == -1)
        return -errno;
    const bool child_reads = i == STDIN_FILENO;
    ends->ours[i] = fds[child_reads ? 1 : 0];
    const int theirs = fds[child_reads ? 0 : 1];
    const int copy = above(theirs);
    close(theirs);
    if (copy < 0)
        return copy;
    ends->child[i] = copy;
    return fcntl(ends->ours[i], F_SETFL, O_NONBLOCK) == -1 ? -errno : 0;
}

static int make_end(struct ends *ends, int i, int stream)
{
    if (stream == LOOP_INHERIT)
        return 0;
    if (stream == LOOP_PIPE)
        return make_pipe(ends, i);
    int fd;
    if (stream == LOOP_NULL) {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd == -1)
            return -errno;
    } else {
        fd = stream;
    }
    const int copy = above(fd);
    if (stream == LOOP_NULL)
        close(fd);
    if (copy < 0)
        return copy;
    ends->child[i] = copy;
    return 0;
}

static int ends_make(struct ends *ends, const int stream[3])
{
    for (int i = 0; i < 3; i++)
        ends->child[i] = ends->ours[i] = -1;
    for (int i = 0; i < 3; i++) {
        const int error = make_end(ends, i, stream[i]);
        if (error != 0)
            return error;
    }
    return 0;
}

/* All signals at their default and none blocked, whatever this thread does. */
static void fill_attributes(posix_spawnattr_t *attributes)
{
    sigset_t set;
    sigfillset(&set);
    posix_spawnattr_setsigdefault(attributes, &set);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(attributes, &set);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int spawn(pid_t *pid, const struct loop_child_options *options,
                 const struct ends *ends)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return -error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0)
        goto fail_attributes;
    fill_attributes(&attributes);
    for (int i = 0; i < 3 && error == 0; i++)
        if (ends->child[i] != -1)
            error =
                posix_spawn_file_actions_adddup2(&actions, ends->child[i], i);
    /* The cast: posix_spawn(3) changes no string, execve's type is older. */
    if (error == 0)
        error = posix_spawnp(pid, options->argv[0], &actions, &attributes,
                             (char *const *)options->argv,
                             options->envp != NULL ? options->envp : environ);
    posix_spawnattr_destroy(&attributes);
fail_attributes:
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

/* The child cannot be reaped by others, so its number is still its own. */
static int watch(struct loop *loop, struct loop_child *child, const char *place)
{
    const int pidfd = pidfd_open(child->pid, 0);
    int error = pidfd == -1 ? -errno : 0;
    if (error == 0)
        error = loop_watcher_start_named(loop, &child->watcher, pidfd,
                                         LOOP_READ, on_end, child, place);
    if (error == 0) {
        core_slot_find(loop, pidfd)->kept = true;
        return 0;
    }
    if (pidfd != -1)
        close(pidfd);
    if (error != -ESRCH) /* else others have reaped it: its number is free */
        kill_and_reap(child->pid);
    return error;
}

int loop_child_start_named(struct loop *loop, struct loop_child *child,
                           const struct loop_child_options *options,
                           loop_child_fn *fn, void *arg, const char *place)
{
    assert(child->watcher.loop == NULL);
    if (loop->closing)
        return -ESHUTDOWN;
    struct ends ends;
    int error = ends_make(&ends, options->stream);
    if (error == 0)
        error = spawn(&child->pid, options, &ends);
    ends_close(ends.child);
    if (error == 0)
        error = watch(loop, child, place);
    if (error != 0) {
        ends_close(ends.ours);
        return error;
    }
    memcpy(child->pipe, ends.ours, sizeof child->pipe);
    child->fn = fn;
    child->arg = arg;
    child->place = place;
    return 0;
}

int loop_child_kill(struct loop_child *child, int signo)
{
    if (child->watcher.loop == NULL)
        return -ESRCH;
    return pidfd_send_signal(child->watcher.fd, signo, NULL, 0) == -1 ? -errno
                                                                      : 0;
}

/* --- forgetting ---------------------------------------------------------- */

static void orphan_free(struct loop_watcher *orphan)
{
    loop_watcher_stop(orphan);
    close(orphan->fd);
    free(orphan);
}

static void on_orphan_end(struct loop_watcher *w, unsigned events)
{
    int status;
    if (events == LOOP_ERROR || reap(w->fd, &status))
        orphan_free(w);
}

void loop_child_stop(struct loop_child *child)
{
    struct loop *loop = child->watcher.loop;
    if (loop == NULL)
        return;
    loop_watcher_stop(&child->watcher);
    struct loop_watcher *orphan = base_alloc(sizeof *orphan);
    orphan->fd = child->watcher.fd;
    if (watcher_start_internal(loop, orphan, orphan->fd, on_orphan_end, NULL))
        orphan_free(orphan);
}

/* Stops watching a child, whoever does, and reaps it if it has ended. */
static void forget(struct loop_watcher *w)
{
    const bool is_orphan = w->fn == on_orphan_end;
    loop_watcher_stop(w);
    waitid(P_PIDFD, (id_t)w->fd, NULL, WEXITED | WNOHANG);
    close(w->fd);
    if (is_orphan)
        free(w);
}

void children_close(struct loop *loop)
{
    const struct slot *s;
    for (int fd = -1; (s = core_slot_next(loop, &fd)) != NULL;)
        if (s->watcher != NULL &&
            (s->watcher->fn == on_end || s->watcher->fn == on_orphan_end))
            forget(s->watcher);
}
