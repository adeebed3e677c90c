/*
 * listener.c - the listening descriptors of a server, borrowed: who holds them,
 * and small buffers without the server's doing.
 *
 * An option set on a copy of the listener is the listener's; the connections
 * that it accepts inherit it.
 *
 * Read before: check.h, crowd.h. Rests on: pidfd_getfd(2), socket(7), proc(5).
 */
#include "check_internal.h"
#include "crowd.h"
#include "program.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A copy of the descriptor, if it listens; or -1. */
static int borrow_listener(pid_t pid, int fd)
{
    const int process = (int)syscall(SYS_pidfd_open, pid, 0);
    const int copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
    int listens = 0;
    socklen_t size = sizeof listens;
    if (process != -1)
        close(process);
    if (copy == -1 ||
        (getsockopt(copy, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
         listens != 0))
        return copy;
    close(copy);
    return -1;
}

static void count(pid_t pid, int fd, void *n)
{
    const int copy = borrow_listener(pid, fd);
    *(int *)n += copy != -1;
    if (copy != -1)
        close(copy);
}

int program_listeners(const struct program *p)
{
    int n = 0;
    crowd_each_descriptor(p->jail.warden, count, &n);
    return n;
}

static void make_small(pid_t pid, int fd, void *n)
{
    const int least = 1; /* the kernel makes it the least it allows */
    const int copy = borrow_listener(pid, fd);
    if (copy == -1)
        return;
    setsockopt(copy, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    close(copy);
    (*(int *)n)++;
}

void server_squeeze(struct program *server)
{
    int n = 0;
    crowd_each_descriptor(server->jail.warden, make_small, &n);
    if (n == 0 && program_is_given(server))
        check_error("the kit's %s does not listen", server->name);
    if (n == 0) {
        program_blame_start(server);
        check_fail("the server listens, as it has printed",
                   "none of its descriptors is a listening socket");
    }
    story_add("connections from now on have the least room to send");
}
