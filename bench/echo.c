/*
 * echo.c - how many system calls an echo takes: of N connections all have sent
 * a message, and the loop sends each back. On epoll every message needs a
 * receive and a send, and all together one wait; on uring the kernel does the
 * operations, and a pass of the loop is one call, however many there are.
 *
 *     build/bench/echo
 *
 * The calls are counted by the kernel's tracing, so nothing escapes. A child
 * runs the loop, and plays the clients too: between two marks, calls that do
 * nothing, it is the loop's turn, and the tracer counts. So the count is exact,
 * and the same each time: all N are ready at once.
 *
 * Read before: peers.h, calls.c. Read after: ../loop/core/uring.c.
 * Rests on: ptrace(2), socketpair(2).
 */
#include "micro.h"

#include "loop/loop.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURNS = 20, CONNECTIONS_MAX = 256, MARK = SYS_getppid, LEN = 5 };

/* --- the child ------------------------------------------------------------ */

struct connection {
    int fd, client;
    struct loop_op in, out;
};

static struct loop *loop;
static struct connection connections[CONNECTIONS_MAX];
static int n_connections, n_sent;
static const char message[] = "hello";

static void on_sent(struct loop_op *op, ssize_t result)
{
    (void)op;
    n_sent += result > 0;
}

static void on_received(struct loop_op *op, ssize_t result)
{
    struct connection *c = op->arg;
    if (result > 0)
        loop_send(loop, &c->out, c->fd, base_slice_of(message), on_sent, c);
}

static bool open_connection(struct connection *c)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
        return false;
    c->client = fds[0];
    c->fd = fds[1];
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    return loop_recv(loop, &c->in, c->fd, on_received, c) == 0;
}

/* All clients send; the loop's turn; all clients receive. */
static bool take_turn(void)
{
    char text[64];
    for (int i = 0; i < n_connections; i++)
        if (write(connections[i].client, message, LEN) != LEN)
            return false;
    n_sent = 0;
    syscall(MARK);
    while (n_sent < n_connections)
        loop_run_once(loop, LOOP_NEVER);
    syscall(MARK);
    for (int i = 0; i < n_connections; i++)
        if (read(connections[i].client, text, sizeof text) != LEN)
            return false;
    return true;
}

/* The first turn is not counted: there the loop registers descriptors. */
static bool echo(const char *backend)
{
    const struct loop_options options = {.backend = backend};
    if (loop_new(&loop, &options) != 0)
        return false;
    for (int i = 0; i < n_connections; i++)
        if (!open_connection(&connections[i]))
            return false;
    loop_run_once(loop, 0);
    if (!take_turn())
        return false;
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    for (int i = 0; i < TURNS; i++)
        if (!take_turn())
            return false;
    return true;
}

/* --- the tracer ----------------------------------------------------------- */

/* Counts calls between the first mark of each pair and the second. */
static long count_calls(pid_t pid, int *status)
{
    long n = 0;
    bool counting = false;
    while (waitpid(pid, status, 0) == pid && WIFSTOPPED(*status)) {
        struct __ptrace_syscall_info info;
        int signo = WSTOPSIG(*status);
        if (signo == SIGSTOP) {
            ptrace(PTRACE_SETOPTIONS, pid, NULL,
                   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
            signo = 0;
        } else if (signo == (SIGTRAP | 0x80)) {
            signo = 0;
            if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 &&
                info.op == PTRACE_SYSCALL_INFO_ENTRY) {
                if (info.entry.nr == MARK)
                    counting = !counting;
                else
                    n += counting;
            }
        }
        ptrace(PTRACE_SYSCALL, pid, NULL, signo);
    }
    return n;
}

static const char *taking_part[MICRO_SUBJECTS]; /* "loop/epoll" */

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    n_connections = point->x;
    const pid_t pid = fork();
    if (pid == -1)
        return "fork failed";
    if (pid == 0)
        _exit(echo(strchr(taking_part[subject], '/') + 1) ? 0 : 1);
    int status = -1;
    const long n = count_calls(pid, &status);
    if (status != 0)
        return "it cannot be traced, or the kernel refuses io_uring";
    values[0] = (double)n / TURNS / point->x;
    return NULL;
}

static const struct micro_metric metrics[] = {
    {"calls", "calls/message", "system calls a message"}, {.name = NULL}};

/* The back end of which the others are multiples comes first. */
static void choose(struct micro *m)
{
    static const char *const names[] = {"loop/epoll", "loop/uring", "loop/poll",
                                        "loop/select"};
    for (int i = 0; i < 4; i++) {
        if (!micro_wants(m, names[i]))
            continue;
        taking_part[m->n_subjects] = names[i];
        m->subjects[m->n_subjects++] = names[i];
    }
}

int main(int argc, char **argv)
{
    struct micro micro = {.bench = "echo",
                          .command = "bench/echo",
                          .metrics = metrics,
                          .measure = measure,
                          .rounds = 3};
    micro_parse(
        &micro, argc, argv,
        "Counts the system calls of an echo on each back end of our loop.",
        NULL);
    micro_begin(&micro);
    choose(&micro);
    static const int at_once[] = {1, 8, 64, 256};
    for (size_t i = 0; i < sizeof at_once / sizeof at_once[0]; i++) {
        struct micro_point point = {.variant = "ready at once",
                                    .x = at_once[i]};
        snprintf(point.text, sizeof point.text, "%d ready at once", point.x);
        micro_point(&micro, &point);
    }
    return micro_end(&micro);
}
