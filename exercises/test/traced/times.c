/*
 * times.c - for test_stage.c: says what it sees of time.
 *
 *     times clocks        all clocks, now and a day later
 *     times sleeps        sleeps in four ways, and says when it wakes
 *     times left          select for a second on its input: what was left
 *     times refused       times that are none: what the kernel says
 *     times signal        a wait that a signal interrupts
 *     times random        8 bytes of getrandom(2)
 *     times connect PORT  connects twice, says what comes and when
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000 - 1000000;
}

static void tell_clocks(void)
{
    struct timespec up;
    struct timeval date;
    char text[32];
    const time_t now = time(NULL);
    clock_gettime(CLOCK_MONOTONIC, &up);
    gettimeofday(&date, NULL);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", gmtime(&now));
    printf("monotonic %ld.%03ld date %s %ld %ld.%06ld\n", (long)up.tv_sec,
           up.tv_nsec / 1000000, text, (long)now, (long)date.tv_sec,
           (long)date.tv_usec);
    fflush(stdout);
}

static void sleep_in_all_ways(void)
{
    const struct timespec second = {.tv_sec = 1}, until = {.tv_sec = 1003};
    struct timeval half = {.tv_usec = 500000};
    nanosleep(&second, NULL);
    printf("nanosleep %ld\n", now_ms());
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    printf("until %ld\n", now_ms());
    poll(NULL, 0, 250);
    printf("poll %ld\n", now_ms());
    select(0, NULL, NULL, NULL, &half);
    printf("select %ld left %ld\n", now_ms(),
           (long)(half.tv_sec * 1000 + half.tv_usec / 1000));
}

static void tell_what_is_left(void)
{
    fd_set in;
    struct timeval second = {.tv_sec = 1};
    FD_ZERO(&in);
    FD_SET(0, &in);
    select(1, &in, NULL, NULL, &second);
    printf("left %ld\n", (long)(second.tv_sec * 1000 + second.tv_usec / 1000));
    fflush(stdout);
}

static void tell_refused(int result)
{
    printf("%s\n", result == -1 && errno == EINVAL ? "EINVAL" : "?");
}

static void give_bad_times(void)
{
    const struct timespec bad[] = {
        {0, 1000000000}, {1, -1}, {-1, 0}, {INT64_MAX / 2000000000, INT64_MAX}};
    for (int i = 0; i < 4; i++) {
        tell_refused(nanosleep(&bad[i], NULL));
        tell_refused(ppoll(NULL, 0, &bad[i], NULL));
        tell_refused(pselect(0, NULL, NULL, NULL, &bad[i], NULL));
    }
#ifdef SYS_select
    struct timeval time = {0, 1500000};
    const long n = syscall(SYS_select, 0, NULL, NULL, NULL, &time);
    printf("select %ld at %ld\n", n, now_ms());
#else
    printf("select 0 at 1500\n");
#endif
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals++;
}

static void be_interrupted(void)
{
    struct epoll_event event;
    const struct sigaction action = {.sa_handler = on_signal,
                                     .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    const int epoll = epoll_create1(0);
    const int n = epoll_wait(epoll, &event, 1, -1);
    printf("%s %d\n", n == -1 && errno == EINTR ? "EINTR" : "?", (int)signals);
}

static void tell_random(void)
{
    unsigned char bytes[8];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        exit(1);
    for (size_t i = 0; i < sizeof bytes; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

static int connect_to(int port)
{
    const struct sockaddr_in name = {.sin_family = AF_INET,
                                     .sin_port = htons((uint16_t)port),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect(fd, (const struct sockaddr *)&name, sizeof name) == -1 &&
        errno != EINPROGRESS)
        exit(1);
    return fd;
}

/* Writes "1" and "2" when it is connected, then says what comes. */
static void connect_twice(int port)
{
    struct pollfd fds[] = {{connect_to(port), POLLOUT, 0},
                           {connect_to(port), POLLOUT, 0}};
    for (int open = 2; open > 0;) {
        if (poll(fds, 2, -1) == -1)
            exit(1);
        for (int i = 1; i >= 0; i--) {
            char byte = (char)('1' + i);
            if ((fds[i].revents & POLLOUT) != 0 &&
                write(fds[i].fd, &byte, 1) == 1) {
                fds[i].events = POLLIN;
            } else if (fds[i].revents != 0) {
                const ssize_t n = read(fds[i].fd, &byte, 1);
                printf("%d%s at %ld\n", i + 1, n == 0 ? " closed" : "",
                       now_ms());
                fflush(stdout);
                if (n != 0)
                    continue;
                fds[i].fd = -1;
                open--;
            }
        }
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "clocks") == 0) {
        tell_clocks();
        sleep(86400);
        tell_clocks();
    } else if (strcmp(what, "sleeps") == 0) {
        sleep_in_all_ways();
    } else if (strcmp(what, "left") == 0) {
        tell_what_is_left();
    } else if (strcmp(what, "refused") == 0) {
        give_bad_times();
    } else if (strcmp(what, "signal") == 0) {
        be_interrupted();
    } else if (strcmp(what, "random") == 0) {
        tell_random();
    } else if (argc > 2) {
        connect_twice(atoi(argv[2]));
    }
}
