/*
 * warden.c - the trusted process in a student's jail: starts the program behind
 * the gate, watches what it uses, tells how it ended, ends what it left.
 *
 *     warden CPU_S WALL_S MEMORY_MB PROCESSES FILES FILE_MB SANITIZED EXECS
 *            USER PROGRAM...
 *
 * Where there are namespaces it is process 1 of the jail: whoever loses its
 * parent becomes its child, no signal from inside reaches it, and when it ends
 * the kernel ends all others. Elsewhere it is their subreaper, which gives the
 * first of the three. The second is there if it is root and the program is
 * USER, who is nobody else (0: it is who the warden is); and the third it does
 * by hand.
 *
 * Limits of one process are setrlimit(2)'s; limits of all together (memory,
 * processor time, the clock) it looks after itself, every 20 ms.
 *
 * Read before: warden.h. Read after: jail.c.
 * Rests on: prctl(2), setrlimit(2), signalfd(2), wait(2).
 */
#include "warden.h"

#include "crowd.h"
#include "seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 20, STATUS_LOST = 125, FILES_MAX = 4096 };

static struct {
    long cpu_s, wall_s, memory_mb, processes, files, file_mb, sanitized, execs;
    long user;
} limits;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void tell(struct warden_word word)
{
    send(WARDEN_GATE, &word, sizeof word, MSG_NOSIGNAL);
}

/* --- the program, before it is one ---------------------------------------- */

static void limit(int what, long value)
{
    const struct rlimit both = {(rlim_t)value, (rlim_t)value};
    setrlimit((__rlimit_resource_t)what, &both);
}

static void set_limits(void)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, limits.cpu_s + 1);
    limit(RLIMIT_NOFILE, limits.files);
    limit(RLIMIT_FSIZE, limits.file_mb << 20);
    /* Threads' stacks are address space, 8 MiB each, mostly never touched. */
    if (!limits.sanitized)
        limit(RLIMIT_AS, (limits.memory_mb + 1024) << 20);
    if (limits.processes > 0)
        limit(RLIMIT_NPROC, limits.processes);
}

static bool become_user(void)
{
    const uid_t user = (uid_t)limits.user;
    for (int cap = 0; user != 0 && prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        prctl(PR_CAPBSET_DROP, cap);
    return user == 0 ||
           (setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 &&
            setresuid(user, user, user) == 0);
}

/* If memory is short, the kernel ends this one before any other. */
static void be_first_victim(void)
{
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd == -1)
        return;
    if (write(fd, "1000", 4) == -1)
        errno = 0; /* this only helps; nothing depends on it */
    close(fd);
}

/* In the child of the warden's fork: stands at the gate, then is the program.
 */
static void be_program(char **argv)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL); /* the check program ignores it */
    setpgid(0, 0);
    be_first_victim();
    const bool settled = become_user();
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of users forgets it */
    tell((struct warden_word){.kind = WARDEN_READY});
    char go;
    if (!settled || recv(WARDEN_GATE, &go, sizeof go, 0) != 1)
        _exit(STATUS_LOST);
    fcntl(WARDEN_GATE, F_SETFD, FD_CLOEXEC);
    set_limits();
    const struct seccomp_needs needs = {.execs = limits.execs != 0,
                                        .sanitized = limits.sanitized != 0};
    const char *program = argv[0];
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        seccomp_forbid(&needs, &program) == 0)
        execv(program, argv);
    tell((struct warden_word){.kind = WARDEN_NOEXEC, .status = errno});
    _exit(STATUS_LOST);
}

/* --- the watch ------------------------------------------------------------ */

static int64_t cpu_of_the_gone_ns(void)
{
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000000) +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * INT64_C(1000);
}

/* In /tmp, where it is the jail's own: each file is memory, if empty too. */
static bool has_too_many_files(void)
{
    struct statvfs tmp;
    return getpid() == 1 && statvfs("/tmp", &tmp) == 0 &&
           tmp.f_files - tmp.f_ffree > FILES_MAX;
}

/* WARDEN_READY as long as nothing is too much. */
static enum warden_kind judge(int64_t deadline_ns)
{
    const struct crowd c = crowd_look(getpid(), false);
    if (c.memory > (int64_t)limits.memory_mb << 20 || has_too_many_files())
        return WARDEN_MEMORY;
    if (c.cpu_ns + cpu_of_the_gone_ns() > limits.cpu_s * INT64_C(1000000000))
        return WARDEN_CPU;
    return now_ns() > deadline_ns ? WARDEN_WALL : WARDEN_READY;
}

/*
 * Reaps all that have ended. If the program is among them: true, and its
 * status.
 */
static bool reap(pid_t program, int *status)
{
    bool ended = false;
    int s;
    for (pid_t pid; (pid = waitpid(-1, &s, WNOHANG | __WALL)) > 0;) {
        if (pid == program) {
            ended = true;
            *status = s;
        }
    }
    return ended;
}

/* Watches until the program has ended, or has to. */
static struct warden_word watch(pid_t program, int children,
                                int64_t deadline_ns)
{
    struct pollfd fds[] = {{children, POLLIN, 0}, {WARDEN_GATE, 0, 0}};
    for (;;) {
        poll(fds, 2, LOOK_MS);
        struct signalfd_siginfo info;
        if ((fds[0].revents & POLLIN) != 0 &&
            read(children, &info, sizeof info) == -1 && errno != EAGAIN)
            _exit(STATUS_LOST);
        struct warden_word word = {.kind = WARDEN_ENDED};
        if (reap(program, &word.status))
            return word;
        if ((fds[1].revents & POLLHUP) != 0)
            return word; /* nobody is outside any more */
        word.kind = judge(deadline_ns);
        if (word.kind != WARDEN_READY)
            return word;
    }
}

/*
 * How many the program has left behind. Whoever was told to end with it (by
 * PR_SET_PDEATHSIG, or a signal that the program sent) may need a moment more.
 * Whoever sleeps, or goes on for a tenth of a second of processor time, stays.
 */
static int count_left(int64_t deadline_ns)
{
    enum { TENTH_NS = 100000000 };
    const int64_t first_ns = crowd_look(getpid(), false).cpu_ns;
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
            ;
        const bool none_awake = crowd_awake(getpid(), false) == 0;
        const struct crowd left = crowd_look(getpid(), false);
        if (left.processes == 0 || none_awake ||
            left.cpu_ns - first_ns > TENTH_NS ||
            judge(deadline_ns) != WARDEN_READY)
            return left.processes;
        poll(NULL, 0, 1);
    }
}

/*
 * Ends all that is left. In a namespace, or of a user of its own, all at once;
 * else one by one, and a process may fork while it is looked for.
 */
static void clear(void)
{
    do {
        if (getpid() == 1)
            kill(-1, SIGKILL);
        else if (limits.user != 0)
            crowd_end_user((uid_t)limits.user);
        else
            crowd_kill(getpid(), SIGKILL);
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
            ;
    } while (crowd_look(getpid(), false).processes > 0);
}

int main(int argc, char **argv)
{
    long *const numbers[] = {
        &limits.cpu_s,     &limits.wall_s, &limits.memory_mb,
        &limits.processes, &limits.files,  &limits.file_mb,
        &limits.sanitized, &limits.execs,  &limits.user};
    enum { N_NUMBERS = sizeof numbers / sizeof numbers[0] };
    if (argc < N_NUMBERS + 2)
        return 2; /* for jail.c alone: nobody types this */
    for (int i = 0; i < N_NUMBERS; i++)
        *numbers[i] = atol(argv[i + 1]);
    /*
     * Process 1 takes the whole jail with it. Any other has to clear up by hand
     * when nobody is outside any more, which the gate tells it.
     */
    prctl(PR_SET_PDEATHSIG, getpid() == 1 ? SIGKILL : 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_DUMPABLE, 0); /* the program may not trace it */

    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    const int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    const pid_t program = fork();
    if (program == -1 || children == -1)
        return 1;
    if (program == 0)
        be_program(argv + N_NUMBERS + 1);
    const int64_t deadline_ns = now_ns() + limits.wall_s * INT64_C(1000000000);
    struct warden_word word = watch(program, children, deadline_ns);
    if (word.kind != WARDEN_ENDED)
        word.left = 0;
    else
        word.left = count_left(deadline_ns);
    clear();
    tell(word);
}
