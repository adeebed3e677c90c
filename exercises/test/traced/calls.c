/*
 * calls.c - makes calls that test_trace.c counts:
 *
 *     calls plain     getppid 7 times, then a few with arguments of all kinds
 *     calls thread    in a thread 5 times, in itself 2 times
 *     calls child     in a child 5 times, in itself 2 times
 *     calls exec      exec of what is not there, then getppid 7 times
 *     calls vfork     the same exec in a child by vfork(2)
 *     calls signal    raises SIGUSR1, whose handler calls getppid once
 *     calls stop      stops itself by SIGSTOP, and when continued: getppid
 *     calls mark      getppid 3 times, and 4 times more when a line has come
 *     calls fault     is ended by SIGSEGV
 *     calls ranges    has a socket as 3, marked by close_range(2), and none as
 *                     4; then waits for a line
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void call(int times)
{
    for (int i = 0; i < times; i++)
        (void)getppid();
}

static void all_kinds(void)
{
    int pair[2];
    char bytes[64];
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    send(pair[0], "a\n\x01\"", 4, MSG_NOSIGNAL);
    recv(pair[1], bytes, sizeof bytes, 0);
    recv(pair[1], bytes, sizeof bytes, 0);
    memset(bytes, 'x', sizeof bytes);
    send(pair[0], bytes, 40, MSG_NOSIGNAL);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 77};
    epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &event);
    epoll_wait(epoll, &event, 1, -1);
    struct pollfd polled = {.fd = pair[1], .events = POLLIN | POLLOUT};
    poll(&polled, 1, 0);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pair[1], &set);
    FD_SET(pair[0], &set);
    struct timeval second = {.tv_sec = 1, .tv_usec = 5};
    select(pair[1] + 1, &set, NULL, NULL, &second);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    open("/nowhere", O_RDONLY | O_CLOEXEC);
    close(pair[0]);
}

static void *in_thread(void *arg)
{
    call(5);
    return arg;
}

static void with_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    call(2);
}

static void with_child(void)
{
    if (fork() == 0) {
        call(5);
        _exit(0);
    }
    wait(NULL);
    call(2);
}

static void exec(void)
{
    char *const argv[] = {"nowhere", NULL};
    execv("/nowhere", argv);
}

static void with_vfork(void)
{
    const pid_t child = vfork();
    if (child == 0) {
        exec();
        _exit(1);
    }
    waitpid(child, NULL, 0);
    call(7);
}

static void on_signal(int signal)
{
    (void)signal;
    call(1);
}

static void with_mark(void)
{
    char line[16];
    call(3);
    printf("marked\n");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) != NULL)
        call(4);
}

static void with_ranges(void)
{
    char line[16];
    socket(AF_INET, SOCK_STREAM, 0);
    socket(AF_INET, SOCK_STREAM, 0);
    close_range(3, 4, CLOSE_RANGE_CLOEXEC);
    close_range(4, 1000, 0);
    /* As who passes -1 makes them; the kernel looks at the lower half. */
    syscall(SYS_close_range, 0x80000000UL, -1L, 0L);
    printf("ranged\n");
    fflush(stdout);
    (void)!fgets(line, sizeof line, stdin);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "plain";
    if (strcmp(what, "plain") == 0) {
        call(7);
        all_kinds();
    } else if (strcmp(what, "thread") == 0) {
        with_thread();
    } else if (strcmp(what, "child") == 0) {
        with_child();
    } else if (strcmp(what, "exec") == 0) {
        exec();
        call(7);
    } else if (strcmp(what, "vfork") == 0) {
        with_vfork();
    } else if (strcmp(what, "signal") == 0) {
        signal(SIGUSR1, on_signal);
        raise(SIGUSR1);
    } else if (strcmp(what, "stop") == 0) {
        printf("stopping\n");
        fflush(stdout);
        raise(SIGSTOP);
        call(1);
    } else if (strcmp(what, "fault") == 0) {
        raise(SIGSEGV);
    } else if (strcmp(what, "ranges") == 0) {
        with_ranges();
    } else {
        with_mark();
    }
}
