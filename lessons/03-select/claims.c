/*
 * claims.c - checks what the course claims of select.
 *
 *     E03   select can watch no more than 1,024 descriptors
 *     E04   raising that limit makes select slower
 *     E24   select works on every platform
 *     E32   ordinary and exceptional data are told apart by all three
 *
 * The first is half the truth: the limit is that of fd_set, a type of the C
 * library. The kernel takes as many bits as it is told, and what counts is the
 * number of a descriptor, not how many there are.
 *
 * Read before: server.c, ../common/claim.h. Read after: ../04-poll/claims.c.
 * Rests on: select(2), feature_test_macros(7) on _FORTIFY_SOURCE, tcp(7) on
 * urgent data.
 */
#ifdef __OPTIMIZE__ /* the C library checks FD_SET only then */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 2
#endif

#include "../common/claim.h"
#include "../common/common.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- E03 ------------------------------------------------------------------ */

enum { MANY = 16000, WORD_BITS = 8 * sizeof(unsigned long) };

/* Each returns true if it reports that `fd`, which is ready, is ready. */

static bool found_by_fd_set(int fd)
{
    /* Sets in a row: without the check, FD_SET would write into the others, as
     * it would into whatever lies behind a set in a server. */
    fd_set *sets = allocate_array(MANY / FD_SETSIZE + 1, sizeof *sets);
    FD_SET(fd, sets);
    const bool found = select(fd + 1, sets, NULL, NULL, NULL) == 1;
    free(sets);
    return found;
}

static bool found_by_system_call(int fd)
{
    unsigned long bits[MANY / WORD_BITS + 1] = {0};
    const unsigned long bit = 1UL << fd % WORD_BITS;
    bits[fd / WORD_BITS] = bit;
    return claim_select(fd + 1, bits) == 1 && bits[fd / WORD_BITS] == bit;
}

static bool found_by_poll(int fd)
{
    return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1) == 1;
}

static bool found_by_epoll(int fd)
{
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    const bool found = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 &&
                       epoll_wait(epoll, &event, 1, -1) == 1;
    close(epoll);
    return found;
}

/* Tries it with a ready descriptor `fd` in a child, which may abort. */
static const char *outcome(bool (*found)(int fd), int fd)
{
    const pid_t pid = fork();
    if (pid == 0) {
        const int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO); /* "*** bit out of range ***" */
        const int event = eventfd(1, EFD_CLOEXEC);
        _exit(dup2(event, fd) == fd && found(fd) ? 0 : 1);
    }
    int status;
    if (pid == -1 || waitpid(pid, &status, 0) == -1)
        return "no process";
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGABRT ? "aborts" : "crashes";
    return WEXITSTATUS(status) == 0 ? "ready" : "fails";
}

/* How many of `n` connections our select server holds, or -1. */
static int held_by_server(struct claim_result *r, int n)
{
    static const char *const server_argv[] = {"lessons/03-select/server",
                                              "--port", "0", NULL};
    struct proc server, idle;
    if (!claim_start(r, &server, 0, server_argv))
        return -1;
    const int held = claim_hold(r, &idle, n, server.port);
    if (held != -1)
        proc_stop(&idle);
    proc_stop(&server);
    return held;
}

static int select_is_limited(struct claim_result *r)
{
    static const struct {
        const char *name;
        bool (*found)(int fd);
    } ways[] = {
        {"FD_SET, checked by the C library", found_by_fd_set},
        {"select with a longer bitmap", found_by_system_call},
        {"poll", found_by_poll},
        {"epoll", found_by_epoll},
    };
    enum { WAYS = 4, NUMBERS = 3 };
    const int highest = getdtablesize() > MANY ? MANY : getdtablesize() - 1;
    const int fds[NUMBERS] = {FD_SETSIZE - 1, FD_SETSIZE, highest};
    if (highest <= FD_SETSIZE + 76)
        return claim_not_measured(r, "ulimit -n is %d, which is too low",
                                  getdtablesize());
    const char *seen[WAYS][NUMBERS];
    claim_row(r, "%-34s%12s%12s%12s", "a ready descriptor with the number",
              claim_number(fds[0]).text, claim_number(fds[1]).text,
              claim_number(fds[2]).text);
    for (int way = 0; way < WAYS; way++) {
        for (int i = 0; i < NUMBERS; i++)
            seen[way][i] = outcome(ways[way].found, fds[i]);
        if (way == 0 && strcmp(seen[0][1], "ready") == 0)
            seen[0][1] = seen[0][2] = "overruns"; /* nobody checked it */
        claim_row(r, "%-34s%12s%12s%12s", ways[way].name, seen[way][0],
                  seen[way][1], seen[way][2]);
    }
    const int held = held_by_server(r, FD_SETSIZE + 76);
    if (held == -1)
        return CLAIM_NOT_MEASURED;
    claim_row(r, "%-34s%12s of %s connections", "our server holds",
              claim_number(held).text, claim_number(FD_SETSIZE + 76).text);

    bool holds = strcmp(seen[0][0], "ready") == 0 && held < FD_SETSIZE;
    for (int way = 1; way < WAYS; way++)
        for (int i = 0; i < NUMBERS; i++)
            holds = holds && strcmp(seen[way][i], "ready") == 0;
    return claim_conclude(
        r, holds,
        "with descriptor %s FD_SET %s, and our server refuses it (it held %s "
        "connections); the system call with a longer bitmap, poll and epoll "
        "take %s: the limit is the C library's fd_set, not the kernel's",
        claim_number(FD_SETSIZE).text, seen[0][1], claim_number(held).text,
        claim_number(highest).text);
}

/* --- E04 ------------------------------------------------------------------ */

static int wider_is_slower(struct claim_result *r)
{
    enum { STEPS = 5, SPARE = 64 };
    static const int sizes[STEPS] = {1024, 2048, 4096, 8192, 16384};
    double all[STEPS], last[STEPS];
    int n = 0;
    claim_row(r, "%-16s%24s%32s", "watched up to", "all of them, 1 ready",
              "only the last, which is ready");
    for (; n < STEPS && sizes[n] + SPARE < getdtablesize(); n++) {
        const struct claim_turn wide = {.watched = sizes[n] - SPARE,
                                        .ready = 1};
        const struct claim_turn high = {
            .watched = 1, .ready = 1, .lowest = sizes[n] - 1};
        double us[CLAIM_WAYS];
        if (claim_turn_us(&wide, us) != 0)
            break;
        all[n] = us[BY_SELECT];
        if (claim_turn_us(&high, us) != 0)
            break;
        last[n] = us[BY_SELECT];
        claim_row(r, "%16s%21s us%29.1f us", claim_number(sizes[n]).text,
                  claim_short(all[n]).text, last[n]);
    }
    if (n < 3)
        return claim_not_measured(r, "ulimit -n is %d, which is too low",
                                  getdtablesize());
    /* Twice as many cost more than 1.4 times as much, on the average. */
    const int times = sizes[n - 1] / sizes[0];
    const bool holds = all[n - 1] > all[0] * (n == STEPS ? 4 : 2);
    return claim_conclude(
        r, holds,
        "%d times as many descriptors make select %.0f times as slow, %s us "
        "instead of %s us; if only the last is watched, the %d times longer "
        "bitmap costs %.1f us more: it is the watched descriptors that cost",
        times, all[n - 1] / all[0], claim_short(all[n - 1]).text,
        claim_short(all[0]).text, times, last[n - 1] - last[0]);
}

/* --- E24 ------------------------------------------------------------------ */

enum { NO_COMPILER = 127 };

/* Compiles a file as strict POSIX; returns the wait status, or below 0. */
static int compile_strictly(const char *path)
{
    const char *const argv[] = {
        "/usr/bin/env", "cc",      "-std=c17",
        "-pedantic",    "-Werror", "-D_POSIX_C_SOURCE=200809L",
        "-c",           "-o",      "/dev/null",
        path,           NULL};
    struct proc compiler;
    int status = proc_spawn(&compiler, argv, NULL);
    if (status == 0)
        status = proc_wait(&compiler, 10000);
    if (status < 0)
        proc_stop(&compiler);
    return status;
}

/* Counts the system headers that a file includes, and which are Linux's. */
static bool count_headers(const char *path, int *all, int *linux_only)
{
    static const char *const theirs[] = {"linux/",         "asm/",
                                         "sys/epoll.h",    "sys/eventfd.h",
                                         "sys/signalfd.h", "sys/timerfd.h"};
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    char line[256], name[128];
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, " # include <%127[^>]", name) != 1)
            continue;
        (*all)++;
        for (size_t i = 0; i < sizeof theirs / sizeof theirs[0]; i++)
            *linux_only += strncmp(name, theirs[i], strlen(theirs[i])) == 0;
    }
    fclose(file);
    return true;
}

static int select_is_everywhere(struct claim_result *r)
{
    static const char common[] = "lessons/common/common.h";
    static const char *const paths[2] = {"lessons/03-select/server.c",
                                         "lessons/05-epoll/server.c"};
    int status[2], all[2] = {0}, linux_only[2] = {0};
    claim_row(r, "%-28s%16s%10s%16s", "as strict C17 and POSIX", "compiles",
              "headers", "Linux's own");
    for (int i = 0; i < 2; i++) {
        if (!count_headers(common, &all[i], &linux_only[i]) ||
            !count_headers(paths[i], &all[i], &linux_only[i]))
            return claim_not_measured(r,
                                      "%s is not there: run it where the "
                                      "Makefile is",
                                      paths[i]);
        status[i] = compile_strictly(paths[i]);
        if (status[i] < 0 ||
            (WIFEXITED(status[i]) && WEXITSTATUS(status[i]) == NO_COMPILER))
            return claim_not_measured(r, "there is no compiler cc");
        claim_row(r, "%-28s%16s%10d%16d", paths[i],
                  status[i] == 0 ? "yes" : "no", all[i], linux_only[i]);
    }
    return claim_conclude(
        r, status[0] == 0 && linux_only[0] == 0,
        "the select server %s as strict C17 and POSIX.1-2008, and includes %d "
        "of Linux's own headers; the epoll server %s so, and includes %d",
        status[0] == 0 ? "compiles" : "does not compile", linux_only[0],
        status[1] == 0 ? "compiles" : "does not compile", linux_only[1]);
}

/* --- E32 ------------------------------------------------------------------ */

enum { ORDINARY, URGENT, RESET, ARRIVALS };
enum { READABLE = 1, EXCEPTIONAL = 2 };

/* The client, in a child: one connection for each kind of arrival. */
static noreturn void send_arrivals(int port)
{
    const struct linger reset = {.l_onoff = 1};
    int fds[ARRIVALS];
    for (int i = 0; i < ARRIVALS; i++)
        fds[i] = claim_connect(port);
    send(fds[ORDINARY], "a", 1, MSG_NOSIGNAL);
    send(fds[URGENT], "!", 1, MSG_NOSIGNAL | MSG_OOB);
    setsockopt(fds[RESET], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fds[RESET]);
    pause(); /* or the others would end, too, and that is readable */
    _exit(0);
}

/* Each returns how it reports what has arrived on `fd`. */

static int told_by_select(int fd)
{
    fd_set readable, exceptional;
    FD_ZERO(&readable);
    FD_ZERO(&exceptional);
    FD_SET(fd, &readable);
    FD_SET(fd, &exceptional);
    struct timeval now = {.tv_sec = 0};
    select(fd + 1, &readable, NULL, &exceptional, &now);
    return (FD_ISSET(fd, &readable) ? READABLE : 0) |
           (FD_ISSET(fd, &exceptional) ? EXCEPTIONAL : 0);
}

static int told_by_poll(int fd)
{
    struct pollfd told = {.fd = fd, .events = POLLIN | POLLPRI};
    poll(&told, 1, 0);
    return (told.revents & POLLIN ? READABLE : 0) |
           (told.revents & POLLPRI ? EXCEPTIONAL : 0);
}

static int told_by_epoll(int fd)
{
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLPRI}, told;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    const int n = epoll_wait(epoll, &told, 1, 0);
    close(epoll);
    return n != 1 ? 0
                  : (told.events & EPOLLIN ? READABLE : 0) |
                        (told.events & EPOLLPRI ? EXCEPTIONAL : 0);
}

/* Accepts a connection and waits, up to 2 s, until something has arrived. */
static int accept_arrival(int listener)
{
    const int fd = accept(listener, NULL, NULL);
    struct pollfd any = {.fd = fd, .events = POLLIN | POLLPRI};
    if (fd != -1)
        poll(&any, 1, 2000);
    return fd;
}

static int sets_tell_apart(struct claim_result *r)
{
    static const char *const arrivals[ARRIVALS] = {
        "an ordinary byte", "an urgent byte (MSG_OOB)", "a reset (RST)"};
    static const char *const words[] = {"nothing", "readable", "exceptional",
                                        "both"};
    const int listener = listen_on(0, 0);
    struct sockaddr_in addr = {.sin_port = 0};
    socklen_t len = sizeof addr;
    getsockname(listener, (struct sockaddr *)&addr, &len);
    const pid_t client = fork();
    if (client == 0)
        send_arrivals(ntohs(addr.sin_port));

    bool holds = client != -1;
    claim_row(r, "%-28s%13s%13s%13s", "what has arrived", "select", "poll",
              "epoll");
    for (int i = 0; client != -1 && i < ARRIVALS; i++) {
        const int fd = accept_arrival(listener);
        const int told[] = {told_by_select(fd), told_by_poll(fd),
                            told_by_epoll(fd)};
        claim_row(r, "%-28s%13s%13s%13s", arrivals[i], words[told[0]],
                  words[told[1]], words[told[2]]);
        for (int way = 0; way < 3; way++)
            holds =
                holds && told[way] == (i == URGENT ? EXCEPTIONAL : READABLE);
        close(fd);
    }
    close(listener);
    if (client == -1)
        return claim_not_measured(r, "no process for the client");
    kill(client, SIGKILL);
    waitpid(client, NULL, 0);
    return claim_conclude(
        r, holds,
        "an urgent byte is exceptional to select, POLLPRI to poll and EPOLLPRI "
        "to epoll; an ordinary byte and a reset are readable to all three: "
        "exceptional does not mean that something failed");
}

int main(int argc, char **argv)
{
    static const struct claim claims[] = {
        {"E03", "select can watch no more than 1,024 descriptors",
         select_is_limited},
        {"E04", "raising the limit of 1,024 makes select slower",
         wider_is_slower},
        {"E24", "select works on every platform", select_is_everywhere},
        {"E32",
         "select, poll and epoll tell apart ordinary and exceptional data",
         sets_tell_apart},
        {.id = NULL},
    };
    return claims_main(argc, argv, "03-select", claims);
}
