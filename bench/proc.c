/*
 * proc.c - see proc.h.
 *
 * What a group costs is the sum over its living processes, found in /proc by
 * their process group, and over the children that have ended and been waited
 * for, which the kernel adds up in their parent (in ticks of 10 ms).
 */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 10000, STOP_MS = 5000 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Turns the child into the program. Does not return. */
static void become(const char *const *argv, const struct proc_options *options,
                   int output)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a killed driver leaves no server */
    if (options != NULL && options->cpu >= 0) {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET((size_t)options->cpu, &cpus);
        if (sched_setaffinity(0, sizeof cpus, &cpus) == -1) {
            dprintf(output, "cannot run on CPU %d\n", options->cpu);
            _exit(127);
        }
    }
    if (options != NULL && options->nofile > 0) {
        const rlim_t n = (rlim_t)options->nofile;
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){n, n});
    }
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execv(argv[0], (char *const *)argv);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int proc_spawn(struct proc *p, const char *const *argv,
               const struct proc_options *options)
{
    *p = (struct proc){.output = -1};
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* grandchildren too are ours to reap */
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        return -errno;
    const pid_t pid = fork();
    if (pid == 0)
        become(argv, options, ends[1]);
    const int error = errno;
    close(ends[1]);
    p->output = ends[0];
    if (pid == -1)
        return -error;
    setpgid(pid, pid); /* here too, whoever comes first: no race */
    fcntl(p->output, F_SETFL, O_NONBLOCK);
    p->pid = pid;
    return 0;
}

/*
 * Takes what the program printed. Returns false when it prints no more. What
 * does not fit in `said` is thrown away.
 */
static bool listen_to(struct proc *p)
{
    for (;;) {
        char scrap[512];
        const size_t room = sizeof p->said - 1 - p->said_len;
        const ssize_t n = room > 0
                              ? read(p->output, p->said + p->said_len, room)
                              : read(p->output, scrap, sizeof scrap);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == -1;
        if (room > 0)
            p->said_len += (size_t)n;
        p->said[p->said_len] = '\0';
    }
}

int proc_start(struct proc *p, const char *const *argv,
               const struct proc_options *options)
{
    const int error = proc_spawn(p, argv, options);
    if (error != 0)
        return error;
    const char *ready = options != NULL && options->ready != NULL
                            ? options->ready
                            : "listening on http://";
    const int64_t deadline = now_ms() + START_MS;
    for (;;) {
        const bool more = listen_to(p);
        const char *line = strstr(p->said, ready);
        if (line != NULL && strchr(line, '\n') != NULL) {
            const char *colon = strrchr(line, ':');
            p->port = colon != NULL ? atoi(colon + 1) : 0;
            return 0;
        }
        if (!more)
            return -ECHILD;
        const int64_t left = deadline - now_ms();
        if (left <= 0)
            return -ETIMEDOUT;
        poll(&(struct pollfd){.fd = p->output, .events = POLLIN}, 1, (int)left);
    }
}

int proc_wait(struct proc *p, int timeout_ms)
{
    const int64_t deadline = now_ms() + timeout_ms;
    for (;;) {
        int status;
        listen_to(p);
        if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
            listen_to(p);
            close(p->output);
            p->output = -1;
            p->pid = 0;
            return status;
        }
        if (now_ms() >= deadline)
            return -ETIMEDOUT;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

int proc_orphans(pid_t group)
{
    /* We are their parent now: see PR_SET_CHILD_SUBREAPER in proc_spawn. */
    while (waitpid(-group, NULL, WNOHANG) > 0)
        continue;
    return kill(-group, 0) == 0 ? 1 : 0;
}

int proc_stop(struct proc *p)
{
    const pid_t group = p->pid;
    if (group == 0) {
        if (p->output != -1)
            close(p->output);
        p->output = -1;
        return 0;
    }
    kill(group, SIGTERM);
    int status = proc_wait(p, STOP_MS);
    if (status == -ETIMEDOUT) {
        kill(-group, SIGKILL);
        status = proc_wait(p, STOP_MS);
    }
    kill(-group, SIGKILL);
    while (proc_orphans(group) > 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return status;
}

/* --- what the group costs ------------------------------------------------- */

enum { STATE = 3, PGRP = 5, CUTIME = 16, CSTIME = 17 };

/*
 * Finds field `n` of /proc/PID/stat, counted from 1 as in proc(5); n is above
 * 2. Returns where it begins in `text`, or NULL if there is no such process.
 */
static const char *stat_text(pid_t pid, int n, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    const size_t len = fread(text, 1, size - 1, file);
    fclose(file);
    text[len] = '\0';
    /* Field 2 is the name in parentheses, which may hold anything. */
    const char *at = strrchr(text, ')');
    for (int i = 2; at != NULL && i < n; i++)
        at = strchr(at + 1, ' ');
    return at != NULL ? at + 1 : NULL;
}

static long long stat_field(pid_t pid, int n)
{
    char text[1024];
    const char *field = stat_text(pid, n, text, sizeof text);
    return field != NULL ? atoll(field) : -1;
}

/* Calls visit(pid) for each process of the group; returns the sum. */
static uint64_t sum_over(const struct proc *p, uint64_t (*visit)(pid_t pid))
{
    uint64_t sum = 0;
    DIR *dir = opendir("/proc");
    if (dir == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0 && stat_field(pid, PGRP) == p->pid)
            sum += visit(pid);
    }
    closedir(dir);
    return sum;
}

static uint64_t cpu_of(pid_t pid)
{
    clockid_t clock;
    struct timespec used = {.tv_sec = 0};
    if (clock_getcpuclockid(pid, &clock) == 0)
        clock_gettime(clock, &used);
    const long long waited = stat_field(pid, CUTIME) + stat_field(pid, CSTIME);
    const long long tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);
    return (uint64_t)(used.tv_sec * 1000000000LL + used.tv_nsec +
                      (waited > 0 ? waited * tick_ns : 0));
}

static uint64_t memory_of(pid_t pid)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "re");
    unsigned long long kib = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Pss_Anon: %llu kB", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib * 1024;
}

static uint64_t descriptors_of(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    uint64_t n = 0;
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n > 2 ? n - 2 : 0; /* less "." and ".." */
}

static uint64_t awake_of(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    uint64_t n = 0;
    if (dir == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char text[1024];
        /* /proc/TID is there for threads, too, though it is not listed. */
        const char *state =
            stat_text((pid_t)atoi(entry->d_name), STATE, text, sizeof text);
        n += state != NULL && *state == 'R';
    }
    closedir(dir);
    return n;
}

static uint64_t one(pid_t pid)
{
    return pid > 0;
}

uint64_t proc_cpu_ns(const struct proc *p)
{
    return sum_over(p, cpu_of);
}

uint64_t proc_memory(const struct proc *p)
{
    return sum_over(p, memory_of);
}

int proc_awake(const struct proc *p)
{
    return (int)sum_over(p, awake_of);
}

char proc_state(const struct proc *p)
{
    char text[1024];
    const char *field = stat_text(p->pid, STATE, text, sizeof text);
    return field != NULL ? *field : '\0';
}

int proc_descriptors(const struct proc *p)
{
    return (int)sum_over(p, descriptors_of);
}

int proc_processes(const struct proc *p)
{
    return (int)sum_over(p, one);
}
