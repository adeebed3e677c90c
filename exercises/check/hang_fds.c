/*
 * hang_fds.c - what each descriptor of another process is, and what lies
 * unread in it.
 *
 * /proc names them and counts for some (eventfd, timerfd); TCP is in a table
 * of its own. For the rest we borrow the descriptor by pidfd_getfd(2), ask the
 * kernel as its owner could (FIONREAD, poll(2)), and close our copy. Nothing
 * is read from it. Where that is not permitted, they stay unknown.
 *
 * Read before: hang_parts.h. Read after: hang_tcp.c.
 * Rests on: proc(5): fd, fdinfo; pidfd_getfd(2), socket(7), tcp(7).
 */
#include "hang_parts.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { FDS_MAX = 65536, FDINFO_MAX = 1 << 20 };

/* --- what /proc says ------------------------------------------------------ */

static const struct {
    const char *begins;
    enum hang_fd_kind kind;
} links[] = {
    {"socket:[", FD_SOCKET},
    {"pipe:[", FD_PIPE},
    {"anon_inode:[eventfd]", FD_EVENTFD},
    {"anon_inode:[timerfd]", FD_TIMERFD},
    {"anon_inode:[signalfd]", FD_SIGNALFD},
    {"anon_inode:[eventpoll]", FD_EPOLL},
    {"anon_inode:[io_uring]", FD_URING},
};

/* The name comes from the student's program: only what is plain is kept. */
static void read_link(struct hang_fd *f, pid_t pid, pid_t tid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/fd/%d", pid, tid, f->fd);
    const ssize_t n = readlink(path, f->name, sizeof f->name - 1);
    f->name[n > 0 ? n : 0] = '\0';
    for (char *c = f->name; *c != '\0'; c++)
        if (!isgraph((unsigned char)*c))
            *c = '?';
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        if (strncmp(f->name, links[i].begins, strlen(links[i].begins)) == 0)
            f->kind = links[i].kind;
    struct stat st;
    if (stat(path, &st) == 0) {
        f->inode = st.st_ino;
        if (S_ISFIFO(st.st_mode))
            f->kind = FD_PIPE;
    }
}

static void read_info(struct hang_fd *f, pid_t pid, pid_t tid)
{
    struct base_buf text;
    base_buf_init(&text, FDINFO_MAX);
    hang_slurp(&text, "/proc/%d/task/%d/fdinfo/%d", pid, tid, f->fd);
    const struct base_slice info = base_buf_slice(&text);
    f->flags = (unsigned)hang_field(info, "flags:", 8, 0);
    if (f->kind == FD_EVENTFD)
        f->unread = hang_field(info, "eventfd-count:", 16, -1);
    if (f->kind == FD_TIMERFD)
        f->unread = hang_field(info, "ticks:", 10, -1);
    base_buf_fini(&text);
}

/* --- what a copy of it says ----------------------------------------------- */

static void ask_tcp(struct hang_fd *f, int copy)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    if (getsockopt(copy, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        f->kind != FD_TCP)
        return;
    f->received =
        hang_tcp_received(info.tcpi_state, (long long)info.tcpi_bytes_received);
    f->sent = (long long)(info.tcpi_bytes_sent - info.tcpi_bytes_retrans);
    f->stalled = info.tcpi_rwnd_limited + info.tcpi_sndbuf_limited > 0 &&
                 info.tcpi_last_data_sent <= info.tcpi_last_data_recv;
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

/* UNIX and UDP, which no table has told of. */
static void ask_socket(struct hang_fd *f, int copy)
{
    const int domain = option(copy, SO_DOMAIN);
    if (option(copy, SO_ACCEPTCONN) == 1)
        f->kind = FD_LISTENER;
    snprintf(f->peer, sizeof f->peer, "%s",
             domain == AF_UNIX                     ? "a UNIX socket"
             : option(copy, SO_TYPE) == SOCK_DGRAM ? "a datagram socket"
                                                   : "a socket");
}

static void ask(struct hang_fd *f, int copy)
{
    int unread;
    struct pollfd p = {.fd = copy,
                       .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP};
    if (f->kind != FD_OTHER && poll(&p, 1, 0) >= 0)
        f->ready = p.revents;
    if (f->kind == FD_SOCKET)
        ask_socket(f, copy);
    if (f->kind == FD_TCP)
        ask_tcp(f, copy);
    if ((f->kind == FD_SOCKET || f->kind == FD_PIPE || f->kind == FD_TCP) &&
        ioctl(copy, FIONREAD, &unread) == 0)
        f->unread = unread;
    if (f->kind == FD_SOCKET && ioctl(copy, TIOCOUTQ, &unread) == 0)
        f->unsent = unread;
    if (f->kind == FD_LISTENER && f->unread == -1 && f->ready != -1)
        f->unread = (f->ready & POLLIN) != 0; /* at least */
    if (f->kind == FD_SIGNALFD && f->ready != -1)
        f->unread = (f->ready & POLLIN) != 0;
    if (f->ready != -1 && (f->ready & (POLLRDHUP | POLLHUP)))
        f->ended = true;
    if (f->kind == FD_SOCKET && f->ready != -1 && (f->ready & POLLHUP))
        f->gone = true;
}

/* Of a file there is nothing to ask, and a copy of an epoll wakes nobody. */
static void ask_all(struct hang_fds *fds, pid_t pid)
{
    const int process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (process == -1)
        return;
    for (size_t i = 0; i < fds->n; i++) {
        if (fds->at[i].kind == FD_OTHER)
            continue;
        const int copy =
            (int)syscall(SYS_pidfd_getfd, process, fds->at[i].fd, 0);
        if (copy == -1) {
            fds->refused = fds->refused || errno == EPERM || errno == ENOSYS;
            continue;
        }
        ask(&fds->at[i], copy);
        close(copy);
    }
    close(process);
}

/* --- all of them ---------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    const struct hang_fd *left = a, *right = b;
    return left->fd - right->fd;
}

static size_t numbers(pid_t pid, pid_t tid, struct hang_fd *into, size_t max)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/fd", pid, tid);
    DIR *dir = opendir(path);
    size_t n = 0;
    const struct dirent *e;
    while (dir != NULL && n < max && (e = readdir(dir)) != NULL) {
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        if (into != NULL)
            into[n] = (struct hang_fd){
                .fd = (int)strtol(e->d_name, NULL, 10),
                .unread = -1,
                .unsent = -1,
                .ready = -1,
                .received = -1,
                .sent = -1,
                .peer_unread = -1,
            };
        n++;
    }
    if (dir != NULL)
        closedir(dir);
    return n;
}

void hang_fds_init(struct hang_fds *fds, pid_t pid, pid_t tid)
{
    const size_t n = numbers(pid, tid, NULL, FDS_MAX);
    *fds = (struct hang_fds){
        .at = base_alloc_array(n + 1, sizeof(struct hang_fd))};
    fds->n = numbers(pid, tid, fds->at, n);
    qsort(fds->at, fds->n, sizeof fds->at[0], by_number);
    for (size_t i = 0; i < fds->n; i++) {
        read_link(&fds->at[i], pid, tid);
        read_info(&fds->at[i], pid, tid);
    }
    hang_tcp_fill(fds, pid);
    ask_all(fds, pid);
}

void hang_fds_fini(struct hang_fds *fds)
{
    free(fds->at);
    *fds = (struct hang_fds){0};
}

const struct hang_fd *hang_fds_find(const struct hang_fds *fds, int fd)
{
    const struct hang_fd key = {.fd = fd};
    return fds->n == 0 ? NULL
                       : bsearch(&key, fds->at, fds->n, sizeof key, by_number);
}

/* --- does something wait -------------------------------------------------- */

enum hang_waits hang_fd_waits(const struct hang_fd *f)
{
    const bool write_only = (f->flags & O_ACCMODE) == O_WRONLY;
    if (f->kind == FD_OTHER || f->kind == FD_EPOLL || f->kind == FD_URING ||
        write_only)
        return WAITS_NOT;
    if (f->unread > 0) {
        if (f->kind == FD_LISTENER)
            return WAITS_CONN;
        return f->kind == FD_TCP || f->kind == FD_SOCKET ? WAITS_BYTES
                                                         : WAITS_SIGN;
    }
    return f->ended && !f->gone && f->fd > STDERR_FILENO ? WAITS_END
                                                         : WAITS_NOT;
}

bool hang_fd_full(const struct hang_fd *f)
{
    return f->ready != -1 && !(f->ready & (POLLOUT | POLLHUP | POLLERR)) &&
           (f->flags & O_ACCMODE) != O_RDONLY;
}
