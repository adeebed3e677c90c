/*
 * test_hang.c - seeded hangs: each program of hangs/ has one fault, is brought
 * to the point where it hangs, and has to be explained with the right kind,
 * call, descriptors, number of waiting bytes, and section of a lesson.
 *
 * The clients are played from a line of steps, so that a story is a row:
 *
 *     c     a client connects            s40   the latest sends 40 bytes
 *     n     the program has said "now"   f40   the first sends 40 bytes
 *     l     it has said a line           d     the latest reads all there is
 *     e     the latest sends no more
 *     g     it gets a byte on stdin      z     once it sleeps, it is stopped,
 *                                        C     ... and goes on
 *
 * No time decides: a step waits until it has happened, and the explanation is
 * asked for when /proc shows the program asleep in the expected call. The
 * numbers of descriptors are known, since nothing else is open: 3 is the
 * listener, 4 the first client, and so on.
 *
 * Read before: ../check/hang.h, hangs/scene.h.
 */
#include "../check/hang_parts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 4, PATIENCE_S = 20, TEXT_MAX = 1 << 16 };

/* --- the program, and its clients ----------------------------------------- */

static struct {
    pid_t pid;
    int in, out; /* its stdin and stdout */
    char said[TEXT_MAX];
    size_t len, heard;
    int clients[CLIENTS_MAX];
    int n_clients;
} play;

static bool forbidden; /* to look into other processes */
static bool jailed;    /* the next program runs in namespaces of its own */

/* Tests wait for what has to come; this ends them if it never does. */
static void a_moment(int *rounds)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (++*rounds > PATIENCE_S * 1000)
        fail_msg("it did not come to that");
}

/* The first process of the new pid namespace is a child; we wait for it. */
static void enter_jail(void)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET) == -1) {
        dprintf(STDOUT_FILENO, "no namespaces\n");
        _exit(0);
    }
    const pid_t pid = fork();
    if (pid == 0)
        return;
    waitpid(pid, NULL, 0);
    _exit(0);
}

static void become(const char *name, const int in[2], const int out[2])
{
    char self[1024], path[2048];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    snprintf(path, sizeof path, "%s/hangs/%s", dirname(self), name);
    setpgid(0, 0);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    if (jailed)
        enter_jail();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    syscall(SYS_close_range, 3, ~0u, 0);
    execl(path, name, (char *)NULL);
    _exit(127);
}

static void start(const char *name)
{
    int in[2], out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    play.pid = fork();
    assert_int_not_equal(play.pid, -1);
    if (play.pid == 0)
        become(name, in, out);
    setpgid(play.pid, play.pid);
    close(in[0]);
    close(out[1]);
    play.in = in[1];
    play.out = out[0];
}

/* Ends it, its children too, which come to us (PR_SET_CHILD_SUBREAPER). */
static int end(void **state)
{
    (void)state;
    if (play.pid > 0)
        kill(-play.pid, SIGKILL);
    while (waitpid(-1, NULL, __WALL) > 0)
        ;
    const int left = errno;
    for (int i = 0; i < play.n_clients; i++)
        close(play.clients[i]);
    if (play.pid > 0) {
        close(play.in);
        close(play.out);
    }
    memset(&play, 0, sizeof play);
    return left == ECHILD ? 0 : -1;
}

/* The next line that it says. */
static const char *hear(void)
{
    char *from = play.said + play.heard;
    char *end_of_line;
    while ((end_of_line = strchr(from, '\n')) == NULL) {
        const ssize_t n = read(play.out, play.said + play.len,
                               sizeof play.said - 1 - play.len);
        if (n <= 0)
            fail_msg("it ended");
        play.len += (size_t)n;
        play.said[play.len] = '\0';
    }
    *end_of_line = '\0';
    play.heard = (size_t)(end_of_line + 1 - play.said);
    return from;
}

static void hear_now(void)
{
    const char *line;
    do {
        line = hear();
        if (strncmp(line, "no ", 3) == 0) {
            printf("# skipped: the kernel refuses %s\n", line + 3);
            skip();
        }
    } while (strcmp(line, "now") != 0);
}

static void add_client(void)
{
    static int port;
    int rounds = 0;
    if (play.n_clients == 0)
        assert_int_equal(sscanf(hear(), "port %d", &port), 1);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (connect(fd, (struct sockaddr *)&addr, sizeof addr) == -1)
        a_moment(&rounds);
    play.clients[play.n_clients++] = fd;
}

/* Returns when the kernel on the other side has the bytes. */
static void say(int fd, size_t n)
{
    char bytes[1000];
    int left = 1, rounds = 0;
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(send(fd, bytes, n, 0), n);
    while (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0)
        a_moment(&rounds);
}

/* The program's descriptor 4, its first client. */
static int borrow(void)
{
    const int process = (int)syscall(SYS_pidfd_open, play.pid, 0);
    const int copy = (int)syscall(SYS_pidfd_getfd, process, 4, 0);
    assert_int_not_equal(copy, -1);
    close(process);
    return copy;
}

/* Bytes that the program's kernel still keeps for us. */
static int unsent(void)
{
    const int copy = borrow();
    int left = 0;
    assert_int_equal(ioctl(copy, SIOCOUTQ, &left), 0);
    close(copy);
    return left;
}

/* The kernel counts in ticks of its clock: that it stood shows a bit later. */
static bool has_stalled(void)
{
    const int copy = borrow();
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    assert_int_equal(getsockopt(copy, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    close(copy);
    return info.tcpi_rwnd_limited + info.tcpi_sndbuf_limited > 0;
}

static void drain(int fd)
{
    static char bytes[1 << 16];
    int rounds = 0;
    while (!has_stalled())
        a_moment(&rounds);
    do {
        while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
            ;
        a_moment(&rounds);
    } while (unsent() > 0);
}

/* --- does it hang already ------------------------------------------------- */

/* The first word that /proc has in this file of a task. */
static bool reads(pid_t tid, const char *file, const char *format, char *to)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", tid, file);
    FILE *f = fopen(path, "re");
    const bool read = f != NULL && fscanf(f, format, to) == 1;
    if (f != NULL)
        fclose(f);
    return read;
}

static bool is_in(pid_t tid, const char *call)
{
    char number[32];
    return reads(tid, "syscall", "%31s", number) &&
           strcmp(hang_call_of(strtol(number, NULL, 10))->name, call) == 0;
}

static bool stands(pid_t tid, const char *call)
{
    char state[32] = "";
    if (!reads(tid, "stat", "%*d %*s %31s", state))
        return false;
    if (strcmp(call, "stopped") == 0)
        return state[0] == 'T';
    return state[0] == 'S' && is_in(tid, call);
}

/* All of its threads, or its one child. */
static bool hangs(const char *call, int n_wanted)
{
    struct hang_tasks tasks;
    int n = 0;
    hang_tasks_list(&tasks, play.pid);
    for (size_t i = 0; i < tasks.n; i++)
        n += stands(tasks.at[i].tid, call);
    hang_tasks_fini(&tasks);
    return n >= n_wanted;
}

static void wait_until(const char *call, int n)
{
    int rounds = 0;
    while (!hangs(call, n))
        a_moment(&rounds);
}

/* --- stories -------------------------------------------------------------- */

static const struct story {
    const char *program, *steps;
    enum hang_kind kind;
    const char *call; /* NULL: none */
    int fd, other;
    size_t waiting;
    const char *section; /* a part of it; NULL: none */
    const char *phrase;  /* in the text */
    int threads;         /* that have to stand in the call; 0: one */
    const char *until;   /* call to wait for, if not `call` */
} stories[] = {
    {"blocked_read", "ccns13", HANG_READ_OTHER, "recv", 4, 5, 13,
     "While a call blocks", "13 bytes lie unread in descriptor 5", 0, NULL},
    {"backlog", "cnc", HANG_READ_OTHER, "recv", 4, 3, 1, "While a call blocks",
     "1 connection waits to be accepted", 0, NULL},
    {"wants_more", "cs40n", HANG_READ, "recv", 4, -1, 0, "three outcomes",
     "so far 40 bytes came in, 0 bytes went out", 0, NULL},
    {"wants_more", "cs40nz", HANG_STOPPED, "recv", -1, -1, 0, NULL,
     "stopped by a signal", 0, "stopped"},
    {"never_answers", "cs40n", HANG_IDLE, "poll", -1, -1, 0, "04-poll",
     "place 1 of poll's array: POLLIN", 0, NULL},
    {"own_pipe", "n", HANG_READ, "read", 3, -1, 0, "three outcomes",
     "This process holds one", 0, NULL},
    {"unix_other", "n", HANG_READ_OTHER, "read", 3, 5, 7, "While a call blocks",
     "7 bytes lie unread in descriptor 5", 0, NULL},
    {"blocked_write", "cn", HANG_WRITE, "send", 4, -1, 0,
     "Send what the kernel takes", "the peer leaves what it has unread", 0,
     NULL},
    {"accept_blocks", "cs5n", HANG_ACCEPT, "accept", 3, 4, 5,
     "until the backlog is empty", "5 bytes lie unread in descriptor 4", 0,
     NULL},
    {"edge", "cls97n", HANG_EDGE, "epoll_wait", 4, 5, 87, "edge speaks once",
     "EPOLLIN | EPOLLET (edge-triggered)", 0, NULL},
    {"edge_accept", "ccgn", HANG_EDGE, "epoll_wait", 4, 3, 1,
     "edge speaks once", "accept until EAGAIN", 0, NULL},
    {"oneshot", "cs5ns8", HANG_ONESHOT, "epoll_wait", 5, 4, 8,
     "Forget to re-arm", "EPOLLONESHOT alone (disarmed)", 0, NULL},
    {"unsent", "cnd", HANG_UNSENT, "epoll_wait", 5, 4, 0, "Forget to re-arm",
     "and not for room in descriptor 4", 0, NULL},
    {"waits_for_room", "cn", HANG_WRITE, "epoll_wait", 5, 4, SIZE_MAX,
     "one system call more", "for room in descriptor 4", 0, NULL},
    {"epoll_forgets", "cns9", HANG_NOT_WATCHED, "epoll_wait", 4, 5, 9,
     "the kernel is told only what is news", "no interest in it", 0, NULL},
    {"epoll_stale", "clcns6", HANG_NOT_WATCHED, "epoll_wait", 5, 4, 6,
     "one system call more", "of a file that was closed here", 0, NULL},
    {"epoll_elsewhere", "cns6", HANG_NOT_WATCHED, "epoll_wait", 5, 6, 6,
     "The kernel lists a descriptor", "for which nobody waits", 0, NULL},
    {"eventfd_unwatched", "n", HANG_NOT_WATCHED, "epoll_wait", 5, 4, 1,
     "the kernel is told only what is news", "its count is 1", 0, NULL},
    {"poll_listener", "cnc", HANG_NOT_ACCEPTED, "poll", -1, 3, 1,
     "each connection gets the next place", "no place in poll's array", 0,
     NULL},
    {"poll_listener_aside", "cnc", HANG_NOT_ACCEPTED, "poll", -1, 3, 1,
     "the walk goes backwards", "a pause of the listener", 0, NULL},
    {"poll_negative", "cns3", HANG_NOT_WATCHED, "poll", -1, 4, 3,
     "the walk goes backwards", "place 1 of poll's array: -4", 0, NULL},
    {"poll_writes_only", "cns3", HANG_NOT_WATCHED, "poll", -1, 4, 3,
     "the walk goes backwards", "place 1 of poll's array: no event", 0, NULL},
    {"select_nfds", "cns3", HANG_NOT_WATCHED, "select", -1, 4, 3,
     "forgets the question", "but nfds is 4", 0, NULL},
    {"select_stale", "cs3nc", HANG_NOT_ACCEPTED, "select", -1, 3, 1,
     "a new descriptor is made non-blocking", "in none of select's sets", 0,
     NULL},
    {"select_except", "cns3", HANG_NOT_WATCHED, "select", -1, 4, 3,
     "in one set, and out of the other", "stands in exceptfds", 0, NULL},
    {"busy_room", "cn", HANG_SPINS, "epoll_wait", 5, 4, 0,
     "in one set, and out of the other", "EPOLLIN | EPOLLOUT", -1, NULL},
    {"busy_again", "cn", HANG_SPINS, "recv", 4, -1, 0, "has to ask again",
     "recv(4) fails: EAGAIN", -1, NULL},
    {"busy_computes", "n", HANG_SPINS, NULL, -1, -1, 0, NULL,
     "makes no system call", -1, NULL},
    {"busy_thread", "n", HANG_SPINS, NULL, -1, -1, 0, NULL,
     "makes no system call", 0, "read"},
    {"deadlock", "n", HANG_LOCK, "futex", -1, -1, 0, "gallery of mistakes",
     "waits for a lock that thread", 2, NULL},
    {"lock_twice", "n", HANG_LOCK, "futex", -1, -1, 0, "gallery of mistakes",
     "waits for a lock that it holds itself", 0, NULL},
    {"join_ring", "n", HANG_LOCK, "futex", -1, -1, 0, "gallery of mistakes",
     "waits for the end of thread", 3, NULL},
    {"lost_signal", "n", HANG_LOCK, "futex", -1, -1, 0, "gallery of mistakes",
     "waits for a condition", 0, NULL},
    {"child_stays", "n", HANG_CHILD, "wait4", -1, -1, 0,
     "A process for each connection", "process", 0, NULL},
    {"child_reads", "cn", HANG_READ, "recv", 4, -1, 0, "three outcomes",
     "a child of the program", 0, NULL},
    {"sleeps", "cns4", HANG_SLEEP, "clock_nanosleep", -1, 4, 4,
     "A timer is a call with a deadline", "for 1000.000 s", 0, NULL},
    {"connects", "n", HANG_CONNECT, "connect", 5, 3, 1,
     "`connect` returns before", "not answered yet", 0, NULL},
    {"uring_idle", "cns4", HANG_NOT_WATCHED, "io_uring_enter", 3, 5, 4,
     "ask for what is missing", "no operation takes from it", 0, NULL},
    {"nested", "cs97n", HANG_EDGE, "epoll_wait", 5, 4, 87, "edge speaks once",
     "interest in epoll 6: EPOLLIN", 0, NULL},
    {"uring_two", "n", HANG_IDLE, "io_uring_enter", 3, -1, 0, "Wait for two",
     "it waits for 2 completions; 1 lies in the ring", 0, NULL},
    {"ticker", "cnc", HANG_NOT_ACCEPTED, "poll", -1, 3, 1,
     "each connection gets the next place", "the program waits in poll", 0,
     NULL},
    {"half_closed", "cs4ne", HANG_NOT_WATCHED, "epoll_wait", 5, 4, 0,
     "the kernel is told only what is news", "the end of descriptor 4", 0,
     NULL},
    {"half_closed", "cs4ne", HANG_NOT_WATCHED, "epoll_wait", 5, 4, 0,
     "the kernel is told only what is news", "so far 4 bytes came in", 0, NULL},
    {"crowd", "n", HANG_NOT_WATCHED, "epoll_wait", 3, 504, 1,
     "the kernel is told only what is news", "descriptors more", 0, NULL},
};

enum { N_STORIES = sizeof stories / sizeof stories[0] };

/* One step, and the steps behind it. */
static const char *step(const char *at, const struct story *s)
{
    char *rest = (char *)at + 1;
    const int latest =
        play.clients[play.n_clients > 0 ? play.n_clients - 1 : 0];
    switch (*at) {
    case 'c':
        add_client();
        break;
    case 'n':
        hear_now();
        break;
    case 'l':
        hear();
        break;
    case 's':
        say(latest, strtoul(at + 1, &rest, 10));
        break;
    case 'f':
        say(play.clients[0], strtoul(at + 1, &rest, 10));
        break;
    case 'e':
        assert_int_equal(shutdown(latest, SHUT_WR), 0);
        break;
    case 'd':
        drain(latest);
        break;
    case 'g':
        assert_int_equal(write(play.in, "g", 1), 1);
        break;
    case 'z':
        wait_until(s->call, 1);
        kill(play.pid, SIGSTOP);
        wait_until("stopped", 1);
        break;
    case 'C':
        kill(play.pid, SIGCONT);
        break;
    default:
        fail_msg("no step: %c", *at);
    }
    return rest;
}

static void play_story(const struct story *s)
{
    if (forbidden) {
        printf("# skipped: the kernel refuses to look into other processes\n");
        skip();
    }
    start(s->program);
    for (const char *at = s->steps; *at != '\0';)
        at = step(at, s);
    const char *until = s->until != NULL ? s->until : s->call;
    if (s->threads >= 0)
        wait_until(until, s->threads > 0 ? s->threads : 1);
}

static void assert_has(const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL)
        fail_msg("\"%s\" does not stand in:\n%s", part, text);
}

static void test_story(void **state)
{
    const struct story *s = *state;
    struct hang h;
    play_story(s);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    print_message("%s\n", h.text);
    assert_string_equal(hang_kind_name(h.kind), hang_kind_name(s->kind));
    if (s->call != NULL)
        assert_string_equal(hang_call_of(h.call)->name, s->call);
    else
        assert_int_equal(h.call, -1);
    assert_int_equal(h.fd, s->fd);
    assert_int_equal(h.other, s->other);
    if (s->waiting == SIZE_MAX)
        assert_true(h.waiting > 0);
    else
        assert_int_equal(h.waiting, s->waiting);
    assert_true(h.text != NULL && h.lesson != NULL);
    if (strstr(h.lesson, s->phrase) == NULL) /* there it is in one line */
        assert_has(h.text, s->phrase);
    if (s->section == NULL)
        assert_null(h.section);
    else
        assert_has(h.section, s->section);
    free(h.text);
}

/* --- the text as a whole -------------------------------------------------- */

/* Numbers that differ from run to run become N; large sizes, too. */
static void replace_numbers(char *text)
{
    static const char *const before[] = {"127.0.0.1:", "port ", "thread ",
                                         "process "};
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        for (char *at = text; (at = strstr(at, before[i])) != NULL;) {
            at += strlen(before[i]);
            const size_t len = strspn(at, "0123456789");
            if (len == 0)
                continue;
            *at = 'N';
            memmove(at + 1, at + len, strlen(at + len) + 1);
        }
    for (char *at = text; (at = strpbrk(at, "0123456789")) != NULL;) {
        const size_t len = strspn(at, "0123456789");
        if (len >= 5) {
            *at = 'N';
            memmove(at + 1, at + len, strlen(at + len) + 1);
        }
        at += len < 5 ? len : 1;
    }
}

static const struct {
    const char *program, *text;
} golden[] = {
    {"blocked_read",
     "the program waits in recv(4), while 13 bytes lie unread in descriptor 5\n"
     "  descriptor 5   a connection from 127.0.0.1:N: 13 bytes lie unread\n"
     "                 so far 13 bytes came in, 0 bytes went out\n"
     "  descriptor 4   a connection from 127.0.0.1:N: nothing lies unread\n"
     "                 so far 0 bytes came in, 0 bytes went out\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "One call blocks for one descriptor; bytes for another have to\n"
     "wait. Ask which descriptor is ready before you read, or make\n"
     "each non-blocking.\n"
     "read: lessons/01-blocking/README.md, \"While a call blocks, the process "
     "does nothing else\""},
    {"edge",
     "the program waits in epoll_wait(4), and nothing will wake it\n"
     "  descriptor 5   a connection from 127.0.0.1:N: 87 bytes lie unread\n"
     "                 so far 97 bytes came in, 0 bytes went out\n"
     "                 interest in epoll 4: EPOLLIN | EPOLLET "
     "(edge-triggered)\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "                 interest in epoll 4: EPOLLIN\n"
     "Edge-triggered interest is reported once, when bytes arrive.\n"
     "What was not read then is not reported again: read until\n"
     "EAGAIN.\n"
     "read: lessons/05-epoll/README.md, \"Level repeats, edge speaks once, "
     "one-shot disarms\""},
    {"oneshot",
     "the program waits in epoll_wait(5), and nothing will wake it\n"
     "  descriptor 4   a connection from 127.0.0.1:N: 8 bytes lie unread\n"
     "                 so far 13 bytes came in, 0 bytes went out\n"
     "                 interest in epoll 5: EPOLLONESHOT alone (disarmed)\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "One-shot interest is reported once and then disarmed: even new\n"
     "bytes do not count until EPOLL_CTL_MOD arms it again.\n"
     "read: lessons/05-epoll/README.md, \"1. Forget to re-arm\""},
    {"select_nfds",
     "the program waits in select, and does not hear that 3 bytes lie unread "
     "in descriptor 4\n"
     "  descriptor 4   a connection from 127.0.0.1:N: 3 bytes lie unread\n"
     "                 so far 3 bytes came in, 0 bytes went out\n"
     "                 stands in readfds, but nfds is 4: descriptors below "
     "that count\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "                 stands in readfds\n"
     "The first argument of select is the highest descriptor plus\n"
     "one: the kernel looks no farther. It has to grow with each new\n"
     "connection.\n"
     "read: lessons/03-select/README.md, \"The kernel sleeps for you, and "
     "forgets the question\""},
    {"busy_room",
     "the program never waits: it burns the processor and calls epoll_wait(5) "
     "again and again\n"
     "  epoll_wait(5) returns 1\n"
     "  descriptor 4   a connection from 127.0.0.1:N: nothing lies unread\n"
     "                 so far 0 bytes came in, 0 bytes went out\n"
     "                 interest in epoll 5: EPOLLIN | EPOLLOUT\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "A socket nearly always has room, so a wait that asks for it\n"
     "returns at once, for ever. Ask for room only while bytes are\n"
     "left to be sent.\n"
     "read: lessons/03-select/README.md, \"Arm: in one set, and out of the "
     "other\""},
    {"deadlock",
     "thread N of the program waits for a lock that thread N holds\n"
     "  thread N waits in futex\n"
     "If the holder waits for something that this thread has, both\n"
     "wait for ever: a deadlock. One order for all locks is the\n"
     "cure.\n"
     "read: lessons/08-coroutines/README.md, \"A gallery of mistakes\""},
    {"child_reads",
     "process N, a child of the program, waits in recv(4), and nothing comes\n"
     "  descriptor 4   a connection from 127.0.0.1:N: nothing lies unread\n"
     "                 so far 0 bytes came in, 0 bytes went out\n"
     "The call sleeps until bytes come, and the other side sends\n"
     "none. Either all has been read and an answer is due, or the\n"
     "program waits for more than the other side sends: one read may\n"
     "bring a part, or all at once.\n"
     "read: lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {"waits_for_room",
     "the program waits in epoll_wait(5) for room in descriptor 4\n"
     "  descriptor 4   a connection from 127.0.0.1:N: nothing lies unread\n"
     "                 so far 0 bytes came in, N bytes went out\n"
     "                 N bytes more are to be taken by the peer\n"
     "                 the peer leaves what it has unread\n"
     "                 interest in epoll 5: EPOLLOUT\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "It waits for room to write, and there is none as long as the\n"
     "peer does not read.\n"
     "read: lessons/05-epoll/README.md, \"Re-arm: one system call more, or "
     "none\""},
};

static const struct story *story_of(const char *program)
{
    const struct story *s = stories;
    while (strcmp(s->program, program) != 0)
        s++;
    return s;
}

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        struct hang h;
        play_story(story_of(golden[i].program));
        assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
        replace_numbers(h.text);
        assert_string_equal(h.text, golden[i].text);
        free(h.text);
        end(NULL);
    }
}

/* --- what no story tells -------------------------------------------------- */

/* The list that the program's own loop wrote names what the kernel cannot. */
static void test_tasks_of_one_thread(void **state)
{
    (void)state;
    struct hang h;
    char dump[TEXT_MAX] = "";
    static const struct story s = {
        .program = "tasks", .steps = "", .call = "epoll_wait"};
    play_story(&s);
    const char *line;
    while (strcmp(line = hear(), "now") != 0) {
        strcat(dump, line);
        strcat(dump, "\n");
    }
    assert_int_equal(hang_explain(play.pid, dump, &h), 0);
    assert_int_equal(h.kind, HANG_LOCK);
    assert_string_equal(hang_call_of(h.call)->name, "epoll_wait");
    assert_has(h.text, "its tasks wait for each other");
    assert_has(h.text, "waits: lock held by task 3, back");
    assert_has(h.section, "gallery of mistakes");
    free(h.text);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_IDLE); /* all that the kernel knows */
    free(h.text);
}

/* What a program writes may not steer the reader's terminal. */
static void test_hostile_dump(void **state)
{
    (void)state;
    struct hang h;
    char dump[TEXT_MAX];
    memset(dump, '\033', sizeof dump - 1);
    dump[sizeof dump - 1] = '\0';
    play_story(story_of("never_answers"));
    assert_int_equal(hang_explain(play.pid, dump, &h), 0);
    assert_null(strchr(h.text, '\033'));
    assert_true(strlen(h.text) < 4096);
    free(h.text);
}

static void test_ended(void **state)
{
    (void)state;
    struct hang h;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(hang_explain(pid, NULL, &h), 0); /* a zombie */
    assert_int_equal(h.kind, HANG_GONE);
    assert_non_null(h.text);
    free(h.text);
    assert_int_equal(waitpid(pid, NULL, 0), pid); /* still ours to reap */
    assert_int_equal(hang_explain(pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_GONE);
    free(h.text);
}

/* A spinning child is followed for a moment, and then goes on as before. */
static void test_follow_lets_go(void **state)
{
    (void)state;
    struct hang h;
    play_story(story_of("busy_again"));
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_SPINS);
    free(h.text);
    say(play.clients[0], 1); /* it waits for that, and ends */
    int status;
    assert_int_equal(waitpid(play.pid, &status, 0), play.pid);
    assert_true(WIFEXITED(status));
}

/* One that is traced already is explained by what it asked for. */
static void test_traced_already(void **state)
{
    (void)state;
    struct hang h;
    play_story(story_of("busy_room"));
    assert_int_equal(ptrace(PTRACE_SEIZE, play.pid, 0, 0), 0);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_SPINS);
    assert_int_equal(h.call, -1); /* nobody but the tracer sees it */
    assert_int_equal(h.fd, 5);
    assert_int_equal(h.other, 4);
    assert_has(h.section, "in one set, and out of the other");
    free(h.text);
}

/* ... and may stand in a stop of its tracer, in the middle of a call. */
static void test_stopped_by_tracer(void **state)
{
    (void)state;
    struct hang h;
    int status;
    struct pollfd said;
    static const struct story before = {
        .program = "edge_accept", .steps = "cc", .call = "read"};
    play_story(&before);
    said = (struct pollfd){.fd = play.out, .events = POLLIN};
    assert_int_equal(
        ptrace(PTRACE_SEIZE, play.pid, 0, (void *)PTRACE_O_TRACESYSGOOD), 0);
    assert_int_equal(ptrace(PTRACE_INTERRUPT, play.pid, 0, 0), 0);
    step("g", &before);
    do { /* until it has said "now", and enters the wait again */
        assert_int_equal(waitpid(play.pid, &status, __WALL), play.pid);
    } while (!(poll(&said, 1, 0) == 1 && is_in(play.pid, "epoll_wait")) &&
             ptrace(PTRACE_SYSCALL, play.pid, 0, 0) == 0);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_EDGE);
    assert_int_equal(h.fd, 4);
    assert_int_equal(h.other, 3);
    free(h.text);
}

/* After SIGSTOP and SIGCONT, poll goes on under another call's number. */
static void test_goes_on_after_a_stop(void **state)
{
    (void)state;
    struct hang h;
    static const struct story s = {.program = "poll_listener",
                                   .steps = "cnczC",
                                   .call = "poll",
                                   .until = "system call"};
    play_story(&s);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_NOT_ACCEPTED);
    assert_string_equal(hang_call_of(h.call)->name, "poll");
    assert_int_equal(h.other, 3);
    free(h.text);
}

/*
 * Where a descriptor may not be borrowed, TCP is explained as before, and of a
 * UNIX socket the text says what it does not know. In a process of its own: a
 * filter of system calls cannot be taken back.
 */
static int refuse_to_borrow(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_getfd, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {4, steps};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Explained there, the kind here; the text is read through the pipe. */
static void explain_without(struct hang *h, char *text, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        if (refuse_to_borrow() != 0 || hang_explain(play.pid, NULL, h) != 0)
            _exit(99);
        dprintf(ends[1], "%s", h->text);
        _exit((int)h->kind);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t n;
    while ((n = read(ends[0], text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    h->kind = (enum hang_kind)WEXITSTATUS(status);
}

static void test_without_borrowing(void **state)
{
    (void)state;
    struct hang h;
    static char text[TEXT_MAX];
    play_story(story_of("edge"));
    explain_without(&h, text, sizeof text);
    assert_int_equal(h.kind, HANG_EDGE);
    assert_has(text, "87 bytes lie unread");
    end(NULL);
    play_story(story_of("unix_other"));
    explain_without(&h, text, sizeof text);
    assert_int_equal(h.kind, HANG_READ);
    assert_has(text, "what lies in it is unknown");
    assert_has(text, "may not be asked here");
}

/* In a jail the program knows its threads by other numbers than we do. */
static void test_other_namespaces(void **state)
{
    (void)state;
    struct hang h;
    jailed = true;
    play_story(story_of("deadlock"));
    jailed = false;
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_LOCK);
    assert_has(h.text, "waits for a lock that thread");
    assert_has(h.text, "a child of the program");
    free(h.text);
}

/* Explaining changes nothing: what is unread stays, nothing is left open. */
static void test_leaves_no_trace(void **state)
{
    (void)state;
    struct hang first, second;
    play_story(story_of("edge"));
    struct hang_fds before, after;
    hang_fds_init(&before, getpid(), getpid());
    assert_int_equal(hang_explain(play.pid, NULL, &first), 0);
    assert_int_equal(hang_explain(play.pid, NULL, &second), 0);
    hang_fds_init(&after, getpid(), getpid());
    assert_int_equal(before.n, after.n);
    assert_string_equal(first.text, second.text);
    hang_fds_fini(&before);
    hang_fds_fini(&after);
    free(first.text);
    free(second.text);
}

/* A section that is named is a heading of that page. */
static bool has_heading(const char *section)
{
    char page[256], title[256], line[1024];
    if (sscanf(section, "%255[^,], \"%255[^\"]\"", page, title) != 2)
        return false;
    FILE *f = fopen(page, "re");
    bool found = false;
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *words = line + strspn(line, "#");
        found = words > line && *words == ' ' && strcmp(words + 1, title) == 0;
    }
    if (f != NULL)
        fclose(f);
    return found;
}

static void test_sections_exist(void **state)
{
    (void)state;
    assert_false(has_heading("lessons/05-epoll/README.md, \"Not there\""));
    size_t n = 0;
    for (; hang_section_at(n) != NULL; n++)
        if (!has_heading(hang_section_at(n)))
            fail_msg("no such heading: %s", hang_section_at(n));
    assert_true(n > 20);
}

/* --- all of them ---------------------------------------------------------- */

static bool may_look(void)
{
    start("child_stays");
    hear_now();
    char number[32];
    const int process = (int)syscall(SYS_pidfd_open, play.pid, 0);
    const int copy = (int)syscall(SYS_pidfd_getfd, process, 0, 0);
    const bool may = reads(play.pid, "syscall", "%31s", number) && copy != -1;
    if (copy != -1)
        close(copy);
    if (process != -1)
        close(process);
    end(NULL);
    return may;
}

int main(void)
{
    struct CMUnitTest tests[N_STORIES + 16] = {
        cmocka_unit_test_teardown(test_texts, end),
        cmocka_unit_test_teardown(test_tasks_of_one_thread, end),
        cmocka_unit_test_teardown(test_hostile_dump, end),
        cmocka_unit_test_teardown(test_ended, end),
        cmocka_unit_test_teardown(test_follow_lets_go, end),
        cmocka_unit_test_teardown(test_without_borrowing, end),
        cmocka_unit_test_teardown(test_other_namespaces, end),
        cmocka_unit_test_teardown(test_traced_already, end),
        cmocka_unit_test_teardown(test_stopped_by_tracer, end),
        cmocka_unit_test_teardown(test_goes_on_after_a_stop, end),
        cmocka_unit_test_teardown(test_leaves_no_trace, end),
        cmocka_unit_test(test_sections_exist),
    };
    int n = 0;
    while (tests[n].test_func != NULL)
        n++;
    for (int i = 0; i < N_STORIES; i++)
        tests[n++] = (struct CMUnitTest){
            .name = stories[i].program,
            .test_func = test_story,
            .teardown_func = end,
            .initial_state = (void *)&stories[i],
        };
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    forbidden = !may_look();
    return _cmocka_run_group_tests("hang", tests, (size_t)n, NULL, NULL);
}
