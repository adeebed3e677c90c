/*
 * stage_wire.c - the loopback, from outside: has arrived what was sent, and
 * whose connection is a descriptor of the program? See stage_internal.h.
 *
 * What one end sends is in the other's queue a moment later, when the kernel
 * has got round to it. Nothing here may depend on that moment, so an act is
 * over when its effect is to be seen at the other end: in its state, and in
 * what lies unread there.
 * All waits end after a while: a full window takes no more.
 *
 * Read before: stage.c. Read after: stage_actor.c.
 * Rests on: tcp(7) TCP_INFO, pidfd_getfd(2), stage_diag.c.
 */
#include "stage_internal.h"

#include "pump.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ESTABLISHED = 1 }; /* of the states of a connection */

static const int64_t patience_ns = 200000000;

/* --- the program's end ---------------------------------------------------- */

static struct stage_end end_of(const struct actor *a)
{
    return stage_end_of(a->to_port, a->port);
}

long long stage_wire_unread(const struct actor *a)
{
    const struct stage_end end = end_of(a);
    return end.state == 0 ? -1 : end.unread;
}

void stage_wire_from(const struct actor *a, long long n)
{
    const int64_t end_ns = pump_clock_ns() + patience_ns;
    while (stage_wire_unread(a) < n && pump_clock_ns() < end_ns)
        sched_yield();
}

static bool is_in(const struct actor *a, enum stage_wire wanted)
{
    const int state = end_of(a).state;
    if (wanted == STAGE_WIRE_MADE)
        return state == ESTABLISHED;
    /* It knows of the end: it was told, or it has ended itself before. */
    if (wanted == STAGE_WIRE_FINISHED)
        return state != ESTABLISHED;
    return state == 0;
}

void stage_wire_until(const struct actor *a, enum stage_wire wanted)
{
    const int64_t end_ns = pump_clock_ns() + patience_ns;
    while (!is_in(a, wanted) && pump_clock_ns() < end_ns)
        sched_yield();
}

/* --- the actor's end ------------------------------------------------------ */

static bool has_all(const struct actor *a)
{
    int unread = 0;
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t size = sizeof info;
    (void)ioctl(a->fd, SIOCINQ, &unread);
    if (a->taken + unread < a->given)
        return false;
    if (!a->let_go)
        return true;
    return getsockopt(a->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1 ||
           info.tcpi_state != TCP_ESTABLISHED;
}

void stage_wire_to(struct actor *a)
{
    const int64_t end_ns = pump_clock_ns() + patience_ns;
    const int yes = 1;
    while (a->fd >= 0 && !a->listens && !has_all(a) &&
           pump_clock_ns() < end_ns) {
        /* Small segments wait for the acknowledgement of those before. */
        setsockopt(a->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
        sched_yield();
    }
}

/* --- whose connection ----------------------------------------------------- */

static int port_of(int fd, int (*ask)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_in name = {.sin_family = AF_UNSPEC};
    socklen_t size = sizeof name;
    if (ask(fd, (struct sockaddr *)&name, &size) == -1 ||
        name.sin_family != AF_INET)
        return 0;
    return ntohs(name.sin_port);
}

/* Asks a copy of the descriptor, which is closed again at once. */
static void learn_ports(const struct trace_task *t, int number,
                        struct trace_fd *fd)
{
    const int process = (int)syscall(SYS_pidfd_open, t->tgid, 0);
    const int copy = (int)syscall(SYS_pidfd_getfd, process, number, 0);
    fd->port = port_of(copy, getsockname);
    fd->remote_port = port_of(copy, getpeername);
    if (copy != -1)
        close(copy);
    if (process != -1)
        close(process);
}

struct actor *stage_actor_of(struct trace_task *t, int number)
{
    struct trace_fd *fd = trace_fd(t->fds, number);
    if (fd->remote_port == 0)
        learn_ports(t, number, fd);
    struct actor *listener = NULL;
    for (int i = stage.n_actors - 1; i >= 0 && fd->remote_port != 0; i--) {
        struct actor *a = stage.actors[i];
        if (a->listens && a->port == fd->remote_port)
            listener = a;
        else if (a->to_port == fd->port && !a->listens &&
                 (a->port == fd->remote_port))
            return a;
    }
    return listener;
}

const char *stage_name_of(struct trace_task *t, int number)
{
    const struct actor *a = stage_actor_of(t, number);
    if (a != NULL)
        return a->name;
    switch (trace_fd(t->fds, number)->kind) {
    case TRACE_FD_LISTENER:
        return "listener";
    case TRACE_FD_PIPE:
        return "a pipe";
    case TRACE_FD_EVENT:
        return "an eventfd";
    default:
        return check_text("descriptor %d", number);
    }
}
