/*
 * squeeze.c - small buffers in a server, without its doing: see server_squeeze.
 *
 * The option is set on a borrowed copy of the listener; the connections that it
 * accepts inherit it.
 *
 * Read before: check.h. Rests on: pidfd_getfd(2), socket(7), proc(5).
 */
#include "check_internal.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_listener(int fd)
{
    int listens = 0;
    socklen_t size = sizeof listens;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
           listens != 0;
}

/* Calls `change` with a copy of each listener; returns how many there were. */
static int each_listener(pid_t pid, void (*change)(int fd))
{
    DIR *dir = opendir(check_text("/proc/%d/fd", pid));
    const int process = (int)syscall(SYS_pidfd_open, pid, 0);
    int n = 0;
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        const int copy =
            (int)syscall(SYS_pidfd_getfd, process, atoi(e->d_name), 0);
        if (copy == -1)
            continue;
        if (is_listener(copy)) {
            change(copy);
            n++;
        }
        close(copy);
    }
    if (dir != NULL)
        closedir(dir);
    if (process != -1)
        close(process);
    return n;
}

static void make_small(int listener)
{
    const int least = 1; /* the kernel makes it the least it allows */
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
}

void server_squeeze(struct program *server)
{
    if (each_listener(program_pid(server), make_small) == 0)
        check_error("no listener of the server can be borrowed");
    story_add("connections from now on have the least room to send");
}
