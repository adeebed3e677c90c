/*
 * unpack.c - the process that unpacks: how it is shut in, how it is read.
 *
 * Both of its pipes are watched at once, against a deadline: bsdtar asks for a
 * password on standard error, again and again, and would never end.
 *
 * Read before: unpack.h, tar.h. Read after: intake_archive.c.
 */
#include "unpack.h"

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
    MAGIC_AT = 257, /* of a tar */
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* --- which form -----------------------------------------------------------*/

static bool has_at(struct base_slice bytes, size_t at, const char *magic)
{
    return base_slice_starts(base_slice_skip(bytes, at), base_slice_of(magic));
}

enum unpack_form unpack_form_of(int fd)
{
    char bytes[MAGIC_AT + 5];
    const ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
    const struct base_slice first = {bytes, n > 0 ? (size_t)n : 0};
    /* The second is a zip without entries: its directory comes at once. */
    if (has_at(first, 0, "PK\3\4") || has_at(first, 0, "PK\5\6"))
        return UNPACK_ZIP;
    if (has_at(first, 0, "\x1f\x8b"))
        return UNPACK_GZIP;
    return has_at(first, MAGIC_AT, "ustar") ? UNPACK_TAR : UNPACK_OTHER;
}

/* --- the process ----------------------------------------------------------*/

static void shut_in(void)
{
    static const struct {
        int what;
        rlim_t limit;
    } limits[] = {
        {RLIMIT_CPU, UNPACK_SECONDS / 2},
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

static void run(int archive, int out, int err, enum unpack_form form)
{
    /* -P leaves names as they are: a trick is for us to see. */
    static char *const bsdtar[] = {"bsdtar",          "-cPf", "-",
                                   "--format=gnutar", "@-",   NULL};
    static char *const gzip[] = {"gzip", "-dc", NULL};
    static char *const environment[] = {"LC_ALL=C.UTF-8", "TZ=UTC", NULL};
    char *const *command = form == UNPACK_ZIP ? bsdtar : gzip;
    if (dup2(archive, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
        dup2(err, STDERR_FILENO) == -1 ||
        close_range(STDERR_FILENO + 1, ~0U, 0) == -1 || chdir("/") == -1)
        _exit(NOT_STARTED);
    shut_in();
    execvpe(command[0], command, environment);
    _exit(NOT_STARTED);
}

static int start(struct unpack *u, int archive, enum unpack_form form)
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
    u->out = out[0];
    u->err = err[0];
    u->pid = fork();
    const int error = u->pid == -1 ? -errno : 0;
    if (u->pid == 0)
        run(archive, out[1], err[1], form);
    close(out[1]);
    close(err[1]);
    return error;
}

int unpack_start(struct unpack *u, int fd, enum unpack_form form)
{
    *u = (struct unpack){.out = -1,
                         .err = -1,
                         .process = -1,
                         .left = UNPACK_MAX,
                         .deadline_ns =
                             now_ns() + UNPACK_SECONDS * INT64_C(1000000000)};
    if (lseek(fd, 0, SEEK_SET) == -1)
        return -errno;
    if (form == UNPACK_TAR) {
        u->out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        return u->out == -1 ? -errno : 0;
    }
    int error = start(u, fd, form);
    if (error == 0 && (u->process = pidfd_open(u->pid, 0)) == -1)
        error = -errno;
    if (error)
        unpack_end(u);
    return error;
}

/* --- reading --------------------------------------------------------------*/

static int wait_ms(const struct unpack *u)
{
    const int64_t left = (u->deadline_ns - now_ns()) / 1000000;
    return left > 0 ? (int)left + 1 : 0;
}

/* Takes in what the program says; what goes beyond `words` is dropped. */
static int read_words(struct unpack *u)
{
    char dropped[4096];
    const size_t room = sizeof(u->words) - 1 - u->words_len;
    const ssize_t n = room > 0 ? read(u->err, u->words + u->words_len, room)
                               : read(u->err, dropped, sizeof(dropped));
    if (n <= 0) {
        close(u->err);
        u->err = -1;
        return 0;
    }
    u->words_len += room > 0 ? (size_t)n : 0;
    const struct base_slice words = {u->words, u->words_len};
    return base_slice_find(words, base_slice_of("passphrase")) < 0 ? 0
                                                                   : -ENOKEY;
}

/* Waits until there is tar to read, or the end of both pipes. */
static int wait_for_tar(struct unpack *u, bool out_ended)
{
    for (;;) {
        struct pollfd pipes[] = {{out_ended ? -1 : u->out, POLLIN, 0},
                                 {u->err, POLLIN, 0}};
        if (out_ended && u->err == -1)
            return 0;
        const int n = poll(pipes, 2, wait_ms(u));
        if (n == -1 && errno != EINTR)
            return -errno;
        if (n == 0)
            return -ETIMEDOUT;
        if (n > 0 && pipes[1].revents) {
            const int error = read_words(u);
            if (error)
                return error;
        }
        if (n > 0 && pipes[0].revents)
            return 1;
    }
}

ssize_t unpack_read(char *bytes, size_t len, void *arg)
{
    struct unpack *u = arg;
    const int ready = u->pid > 0 ? wait_for_tar(u, false) : 1;
    if (ready < 0)
        return ready;
    const ssize_t n = read(u->out, bytes, len);
    if (n == -1)
        return -errno;
    if (n == 0 && u->pid > 0)
        return wait_for_tar(u, true);
    if ((uint64_t)n > u->left)
        return -EFBIG;
    u->left -= (uint64_t)n;
    return n;
}

/* --- the end --------------------------------------------------------------*/

static void close_one(int *fd)
{
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}

int unpack_end(struct unpack *u)
{
    /* Both pipes are at their end if it is done: only then it gets the time
     * to say how it went. */
    struct pollfd exited = {u->process, POLLIN, 0};
    const bool early = u->err != -1 || u->process == -1;
    if (u->pid > 0 && (early || poll(&exited, 1, wait_ms(u)) != 1))
        kill(u->pid, SIGKILL);
    int status = 0;
    while (u->pid > 0 && waitpid(u->pid, &status, 0) == -1 && errno == EINTR)
        ;
    close_one(&u->out);
    close_one(&u->err);
    close_one(&u->process);
    if (u->pid <= 0)
        return 0;
    u->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED)
        return -ENOENT;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
}
