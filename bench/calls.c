/*
 * calls.c - runs a server and counts the system calls that it, its threads and
 * its children make. When it ends, prints "N system calls" and the commonest.
 *
 *     calls build/lessons/03-select/server --port 0
 *
 * It stops every thread at every entry to the kernel (PTRACE_SYSCALL), which
 * makes the server many times slower: the counts are exact, the time is not.
 *
 * Rests on: ptrace(2), waitpid(2).
 */
#include "../lessons/common/common.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLS_MAX = 1024 };

static pid_t child;
static unsigned long long by_number[CALLS_MAX];

static void pass_on(int signo)
{
    kill(child, signo);
}

static void count(pid_t pid)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 &&
        info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr < CALLS_MAX)
        by_number[info.entry.nr]++;
}

/* Handles one stop of one thread and lets it go on. */
static void go_on(pid_t pid, int status)
{
    const int signo = WSTOPSIG(status);
    int deliver = signo;
    if (signo == (SIGTRAP | 0x80)) {
        count(pid);
        deliver = 0;
    } else if (signo == SIGTRAP || signo == SIGSTOP) {
        deliver = 0; /* a new thread or child begins */
    }
    ptrace(PTRACE_SYSCALL, pid, NULL, deliver);
}

/* The calls that servers make all day; others are shown by number. */
static const char *name_of(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {SYS_accept, "accept"},       {SYS_accept4, "accept4"},
        {SYS_clone, "clone"},         {SYS_clone3, "clone3"},
        {SYS_close, "close"},         {SYS_connect, "connect"},
        {SYS_epoll_ctl, "epoll_ctl"}, {SYS_epoll_pwait, "epoll_pwait"},
        {SYS_fcntl, "fcntl"},         {SYS_futex, "futex"},
        {SYS_madvise, "madvise"},     {SYS_mmap, "mmap"},
        {SYS_mprotect, "mprotect"},   {SYS_ppoll, "ppoll"},
        {SYS_pselect6, "pselect6"},   {SYS_read, "read"},
        {SYS_recvfrom, "recvfrom"},   {SYS_sendto, "sendto"},
        {SYS_shutdown, "shutdown"},   {SYS_socket, "socket"},
        {SYS_wait4, "wait4"},         {SYS_write, "write"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}

static void print_counts(void)
{
    unsigned long long total = 0;
    for (int i = 0; i < CALLS_MAX; i++)
        total += by_number[i];
    printf("%llu system calls\n", total);
    for (int i = 0; i < CALLS_MAX; i++) {
        if (by_number[i] * 100 <= total)
            continue;
        if (name_of(i) != NULL)
            printf("  %-12s %llu\n", name_of(i), by_number[i]);
        else
            printf("  number %-5d %llu\n", i, by_number[i]);
    }
}

int main(int argc, char **argv)
{
    const bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    parse_options(help ? 2 : 1, argv,
                  "Runs PROGRAM ARGS... and counts its system calls.",
                  (struct option[]){{.name = NULL}});
    if (argc < 2)
        die(0, "calls build/lessons/03-select/server --port 0",
            "no program given");
    child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
            die(errno, NULL, "cannot trace");
        execv(argv[1], argv + 1);
        die(errno, NULL, "cannot run %s", argv[1]);
    }
    const struct sigaction action = {.sa_handler = pass_on};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    int status;
    if (child == -1 || waitpid(child, &status, 0) == -1 || !WIFSTOPPED(status))
        die(0, NULL, "cannot trace %s", argv[1]);
    ptrace(PTRACE_SETOPTIONS, child, NULL,
           PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
               PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL);
    ptrace(PTRACE_SYSCALL, child, NULL, 0);
    for (;;) {
        const pid_t pid = waitpid(-1, &status, __WALL);
        if (pid == -1 && errno == EINTR)
            continue;
        if (pid == -1)
            break; /* none is left */
        if (WIFSTOPPED(status))
            go_on(pid, status);
        else if (pid == child)
            break;
    }
    print_counts();
}
