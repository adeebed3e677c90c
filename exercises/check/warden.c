/*
 * warden.c - the trusted process in a student's jail: starts the program behind
 * the gate, watches what it uses, tells how it ended, ends what it left.
 *
 *     warden CPU_S WALL_S MEMORY_MB PROCESSES FILES FILE_MB SANITIZED
 * PROGRAM...
 *
 * Where there are namespaces it is process 1 of the jail: whoever loses its
 * parent becomes its child, no signal from inside reaches it, and when it ends
 * the kernel ends all others. Elsewhere it is their subreaper, which gives the
 * first of the three; the others it does by hand.
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
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 20, STATUS_LOST = 125 };

static struct {
    long cpu_s, wall_s, memory_mb, processes, files, file_mb, sanitized;
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

/* --- the program, before it is one -------------------------------------------
 */

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

/* In the child of the warden's fork: stands at the gate, then is the program.
 */
static void be_program(char **argv)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    tell((struct warden_word){.kind = WARDEN_READY});
    char go;
    if (recv(WARDEN_GATE, &go, sizeof go, 0) != 1)
        _exit(STATUS_LOST);
    fcntl(WARDEN_GATE, F_SETFD, FD_CLOEXEC);
    set_limits();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && seccomp_forbid() == 0)
        execv(argv[0], argv);
    tell((struct warden_word){.kind = WARDEN_NOEXEC, .status = errno});
    _exit(STATUS_LOST);
}

/* --- the watch
 * ----------------------------------------------------------------- */

static int64_t cpu_of_the_gone_ns(void)
{
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000000) +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * INT64_C(1000);
}

/* WARDEN_READY as long as nothing is too much. */
static enum warden_kind judge(int64_t deadline_ns)
{
    const struct crowd c = crowd_look(getpid(), false);
    if (c.memory > (int64_t)limits.memory_mb << 20)
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
static struct warden_word watch(pid_t program, int children)
{
    const int64_t deadline_ns = now_ns() + limits.wall_s * INT64_C(1000000000);
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
static int count_left(void)
{
    enum { TENTH_NS = 100000000 };
    const int64_t first_ns = crowd_look(getpid(), false).cpu_ns;
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
            ;
        const bool none_awake = crowd_awake(getpid()) <= 1; /* the warden */
        const struct crowd left = crowd_look(getpid(), false);
        if (left.processes == 0 || none_awake ||
            left.cpu_ns - first_ns > TENTH_NS)
            return left.processes;
        poll(NULL, 0, 1);
    }
}

/* Ends all that is left; a process may fork while it is looked for. */
static void clear(void)
{
    while (crowd_kill(getpid(), SIGKILL) > 0)
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
            ;
}

int main(int argc, char **argv)
{
    long *const numbers[] = {
        &limits.cpu_s, &limits.wall_s,  &limits.memory_mb, &limits.processes,
        &limits.files, &limits.file_mb, &limits.sanitized};
    enum { N_NUMBERS = sizeof numbers / sizeof numbers[0] };
    if (argc < N_NUMBERS + 2)
        return 2; /* for jail.c alone: nobody types this */
    for (int i = 0; i < N_NUMBERS; i++)
        *numbers[i] = atol(argv[i + 1]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
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
    struct warden_word word = watch(program, children);
    if (word.kind != WARDEN_ENDED)
        word.left = 0;
    else
        word.left = count_left();
    clear();
    tell(word);
}
