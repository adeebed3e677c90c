/*
 * confined.c - the process: how it is shut in, how it is read.
 *
 * Both of its pipes are watched at once, against a deadline: a program that
 * only complains, for ever, must not block us, and neither must a silent one.
 *
 * Read before: confined.h. Read after: unpack.c.
 */
#include "confined.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    NOBODY = 65534, /* user and group, on every Linux */
    NOT_STARTED = 127,
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* --- the process ----------------------------------------------------------*/

static void shut_in(int seconds)
{
    const struct {
        int what;
        rlim_t limit;
    } limits[] = {
        {RLIMIT_CPU, (rlim_t)seconds},
        {RLIMIT_AS, 512 << 20},
        {RLIMIT_FSIZE, 0}, /* of files: a pipe is none */
        {RLIMIT_CORE, 0},
        {RLIMIT_NOFILE, 16},
        {RLIMIT_NPROC, 0},
    };
    setsid(); /* without a terminal there is nobody to be asked */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (geteuid() == 0 &&
        (setgroups(0, NULL) == -1 || setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
         setresuid(NOBODY, NOBODY, NOBODY) == -1))
        _exit(NOT_STARTED);
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        const struct rlimit limit = {limits[i].limit, limits[i].limit};
        setrlimit((__rlimit_resource_t)limits[i].what, &limit);
    }
}

static void run(const struct confined_how *how, int out, int err)
{
    static char *const environment[] = {"LC_ALL=C.UTF-8", "TZ=UTC", NULL};
    if (dup2(how->input, STDIN_FILENO) == -1 ||
        dup2(out, STDOUT_FILENO) == -1 || dup2(err, STDERR_FILENO) == -1 ||
        close_range(STDERR_FILENO + 1, ~0U, 0) == -1 || chdir(how->dir) == -1)
        _exit(NOT_STARTED);
    shut_in(how->seconds);
    execvpe(how->command[0], how->command, environment);
    _exit(NOT_STARTED);
}

static int start(struct confined *c, const struct confined_how *how)
{
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) == -1)
        return -errno;
    if (pipe2(err, O_CLOEXEC) == -1) {
        const int error = -errno;
        close(out[0]);
        close(out[1]);
        return error;
    }
    c->out = out[0];
    c->err = err[0];
    c->pid = fork();
    const int error = c->pid == -1 ? -errno : 0;
    if (c->pid == 0)
        run(how, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    return error;
}

int confined_start(struct confined *c, const struct confined_how *how)
{
    *c = (struct confined){.out = -1,
                           .err = -1,
                           .process = -1,
                           .deadline_ns =
                               now_ns() + how->seconds * INT64_C(1000000000)};
    int error = start(c, how);
    if (error == 0 && (c->process = pidfd_open(c->pid, 0)) == -1)
        error = -errno;
    if (error)
        confined_end(c);
    return error;
}

/* --- reading --------------------------------------------------------------*/

static int wait_ms(const struct confined *c)
{
    const int64_t left = (c->deadline_ns - now_ns()) / 1000000;
    return left > 0 ? (int)left + 1 : 0;
}

static void close_one(int *fd)
{
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}

/* Takes in what the program says; what goes beyond `words` is dropped. */
static void read_words(struct confined *c)
{
    char dropped[4096];
    const size_t room = sizeof(c->words) - 1 - c->words_len;
    const ssize_t n = room > 0 ? read(c->err, c->words + c->words_len, room)
                               : read(c->err, dropped, sizeof(dropped));
    if (n <= 0)
        close_one(&c->err);
    else if (room > 0)
        c->words_len += (size_t)n;
}

/* Waits until there is something printed, or the end of both pipes. */
static int wait_for(struct confined *c, bool out_ended)
{
    for (;;) {
        struct pollfd pipes[] = {{out_ended ? -1 : c->out, POLLIN, 0},
                                 {c->err, POLLIN, 0}};
        if (out_ended && c->err == -1)
            return 0;
        const int n = poll(pipes, 2, wait_ms(c));
        if (n == -1 && errno != EINTR)
            return -errno;
        if (n == 0)
            return -ETIMEDOUT;
        if (n > 0 && pipes[1].revents)
            read_words(c);
        if (n > 0 && pipes[0].revents)
            return 1;
    }
}

ssize_t confined_read(struct confined *c, char *bytes, size_t len)
{
    const int ready = wait_for(c, false);
    if (ready < 0)
        return ready;
    const ssize_t n = read(c->out, bytes, len);
    return n == -1 ? -errno : n == 0 ? wait_for(c, true) : n;
}

/* --- the end --------------------------------------------------------------*/

int confined_end(struct confined *c)
{
    /* Both pipes are at their end if it is done: only then it gets the time
     * to say how it went. */
    struct pollfd exited = {c->process, POLLIN, 0};
    const bool early = c->err != -1 || c->process == -1;
    if (c->pid > 0 && (early || poll(&exited, 1, wait_ms(c)) != 1))
        kill(c->pid, SIGKILL);
    int status = 0;
    while (c->pid > 0 && waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
        ;
    close_one(&c->out);
    close_one(&c->err);
    close_one(&c->process);
    c->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED)
        return -ENOENT;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
}
