/*
 * play.c - see play.h: the program, its clients, and the steps.
 *
 * Read before: play.h. Read after: play_stories.c.
 * Rests on: pidfd_getfd(2), tcp(7), proc(5), user_namespaces(7).
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 20 };

/* --- the program, and its clients ----------------------------------------- */

struct play play;
bool play_forbidden, play_jailed;

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
    if (play_jailed)
        enter_jail();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    syscall(SYS_close_range, 3, ~0u, 0);
    execl(path, name, (char *)NULL);
    _exit(127);
}

void play_start(const char *name)
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

int play_end(void **state)
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
    play_jailed = false; /* also of a test that was left by skip */
    return left == ECHILD ? 0 : -1;
}

const char *play_hear(void)
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

void play_hear_now(void)
{
    const char *line;
    do {
        line = play_hear();
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
        assert_int_equal(sscanf(play_hear(), "port %d", &port), 1);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (connect(fd, (struct sockaddr *)&addr, sizeof addr) == -1)
        a_moment(&rounds);
    play.clients[play.n_clients++] = fd;
}

void play_say(int fd, size_t n)
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

bool play_reads(pid_t tid, const char *file, const char *format, char *to)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", tid, file);
    FILE *f = fopen(path, "re");
    const bool read = f != NULL && fscanf(f, format, to) == 1;
    if (f != NULL)
        fclose(f);
    return read;
}

bool play_is_in(pid_t tid, const char *call)
{
    char number[32];
    return play_reads(tid, "syscall", "%31s", number) &&
           strcmp(hang_call_of(strtol(number, NULL, 10))->name, call) == 0;
}

static bool stands(pid_t tid, const char *call)
{
    char state[32] = "";
    if (!play_reads(tid, "stat", "%*d %*s %31s", state))
        return false;
    if (strcmp(call, "stopped") == 0)
        return state[0] == 'T';
    return state[0] == 'S' && play_is_in(tid, call);
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

/* --- steps ---------------------------------------------------------------- */

const char *play_step(const char *at, const struct play_story *s)
{
    char *rest = (char *)at + 1;
    const int latest =
        play.clients[play.n_clients > 0 ? play.n_clients - 1 : 0];
    switch (*at) {
    case 'c':
        add_client();
        break;
    case 'n':
        play_hear_now();
        break;
    case 'l':
        play_hear();
        break;
    case 's':
        play_say(latest, strtoul(at + 1, &rest, 10));
        break;
    case 'f':
        play_say(play.clients[0], strtoul(at + 1, &rest, 10));
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

void play_all(const struct play_story *s)
{
    if (play_forbidden) {
        printf("# skipped: the kernel refuses to look into other processes\n");
        skip();
    }
    play_start(s->program);
    for (const char *at = s->steps; *at != '\0';)
        at = play_step(at, s);
    const char *until = s->until != NULL ? s->until : s->call;
    if (s->threads >= 0)
        wait_until(until, s->threads > 0 ? s->threads : 1);
}
