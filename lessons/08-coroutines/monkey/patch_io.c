/*
 * patch_io.c - sockets and time: calls that suspend the task, not the thread.
 *
 * A socket that the program makes is made non-blocking behind its back, and is
 * remembered as *patient*: the program expects its calls to wait. So each of
 * them is tried; on EAGAIN the task waits until the socket is ready, and tries
 * again. That is what co_recv does, and what gevent's sockets do.
 *
 * SIMPLIFIED: of one socket one task at a time can wait for each direction, so
 * threads that all accept on one listener get EBUSY.
 *
 * libloop uses these names, too. It is no danger: its descriptors are not
 * patient, and it does not wait in poll.
 *
 * Read before: monkey.c. Read after: patch_threads.c.
 * Rests on: accept(2), connect(2), recv(2), send(2), poll(2); epoll(7), which
 * says that an epoll instance can itself be waited for.
 */
#include "monkey.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { FD_MAX = 65536 }; /* sockets above that are left as they are */

static bool patient[FD_MAX];

static bool is_patient(int fd)
{
    return fd >= 0 && fd < FD_MAX && patient[fd];
}

/* 0; or -1 and errno, as the C library has it. */
static int result_of(int error)
{
    if (error == 0)
        return 0;
    errno = -error;
    return -1;
}

/*
 * After a call that waited for nothing: lets the others run now and then. Else
 * a peer that always has more would keep this task running; threads need no
 * such thing, for the kernel takes turns.
 */
static ssize_t in_turn(ssize_t n)
{
    enum { BUDGET = 16 };
    static int served;
    if (n > 0 && in_task() && ++served % BUDGET == 0)
        co_yield_turn();
    return n;
}

/* After a call that has failed: waits, if it should have; true: try again. */
static bool waited(int fd, unsigned event)
{
    return errno == EAGAIN && is_patient(fd) && in_task() &&
           result_of(co_wait_fd(fd, event)) == 0;
}

/* --- sockets come and go -------------------------------------------------- */

/* Of a descriptor just made non-blocking; `asked`: the program wanted that. */
static int note(int fd, bool asked)
{
    if (fd >= 0 && fd < FD_MAX)
        patient[fd] = !asked;
    return fd;
}

int socket(int domain, int type, int protocol)
{
    if (!in_task())
        return real()->socket(domain, type, protocol);
    return note(real()->socket(domain, type | SOCK_NONBLOCK, protocol),
                type & SOCK_NONBLOCK);
}

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    if (!in_task())
        return real()->accept4(fd, addr, len, flags);
    int new;
    do
        new = real()->accept4(fd, addr, len, flags | SOCK_NONBLOCK);
    while (new == -1 && waited(fd, LOOP_READ));
    return note(new, flags & SOCK_NONBLOCK);
}

int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    return accept4(fd, addr, len, 0);
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    const int result = real()->connect(fd, addr, len);
    if (result == 0 || errno != EINPROGRESS || !is_patient(fd) || !in_task())
        return result;
    int error = co_wait_fd(fd, LOOP_WRITE);
    if (error != 0)
        return result_of(error);
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
        return -1;
    return result_of(-error);
}

/* The loop may know the number, so it is the loop that closes it. */
int close(int fd)
{
    if (!is_patient(fd) || !in_task())
        return real()->close(fd);
    patient[fd] = false; /* loop_close calls this function again */
    return result_of(loop_close(monkey_loop, fd));
}

/* --- bytes ---------------------------------------------------------------- */

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    ssize_t n;
    do
        n = real()->recv(fd, bytes, len, flags);
    while (n == -1 && !(flags & MSG_DONTWAIT) && waited(fd, LOOP_READ));
    return in_turn(n);
}

ssize_t read(int fd, void *bytes, size_t len)
{
    ssize_t n;
    do
        n = real()->read(fd, bytes, len);
    while (n == -1 && waited(fd, LOOP_READ));
    return in_turn(n);
}

/* A blocking send returns when all is sent. */
static ssize_t send_all(int fd, const char *bytes, size_t len, int flags)
{
    size_t sent = 0;
    while (sent < len) {
        const ssize_t n = real()->send(fd, bytes + sent, len - sent, flags);
        if (n >= 0)
            sent += (size_t)n;
        else if (!waited(fd, LOOP_WRITE))
            return sent > 0 ? (ssize_t)sent : -1;
    }
    return (ssize_t)sent;
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    if (!is_patient(fd) || flags & MSG_DONTWAIT || len == 0)
        return real()->send(fd, bytes, len, flags);
    return send_all(fd, bytes, len, flags);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    if (!is_patient(fd) || len == 0)
        return real()->write(fd, bytes, len);
    return send_all(fd, bytes, len, 0);
}

/* --- poll ----------------------------------------------------------------- */

/* An epoll instance that is ready when one of them is; or -1 and errno. */
static int gather(const struct pollfd *polled, nfds_t n)
{
    const int all = epoll_create1(EPOLL_CLOEXEC);
    for (nfds_t i = 0; i < n && all != -1; i++) {
        struct epoll_event event = {.events = (uint32_t)polled[i].events};
        /* A number twice, or a file: poll itself will say what is ready. */
        epoll_ctl(all, EPOLL_CTL_ADD, polled[i].fd, &event);
    }
    return all;
}

int poll(struct pollfd *polled, nfds_t n, int timeout_ms)
{
    if (!in_task())
        return real()->poll(polled, n, timeout_ms);
    const int ready = real()->poll(polled, n, 0);
    if (ready != 0 || timeout_ms == 0)
        return ready;
    const int all = gather(polled, n);
    if (all == -1)
        return -1;
    struct co_deadline patience;
    co_deadline_begin(&patience, timeout_ms < 0 ? LOOP_NEVER
                                                : loop_now(monkey_loop) +
                                                      timeout_ms * LOOP_MS);
    co_wait_fd(all, LOOP_READ);
    co_deadline_end(&patience);
    loop_close(monkey_loop, all);
    return real()->poll(polled, n, 0);
}

/* --- time ----------------------------------------------------------------- */

int nanosleep(const struct timespec *time, struct timespec *left)
{
    if (!in_task())
        return real()->nanosleep(time, left);
    return result_of(co_sleep(time->tv_sec * LOOP_SECOND + time->tv_nsec));
}

unsigned sleep(unsigned seconds)
{
    return nanosleep(&(struct timespec){.tv_sec = seconds}, NULL) == 0
               ? 0
               : seconds;
}

int usleep(useconds_t us)
{
    return nanosleep(&(struct timespec){.tv_sec = us / 1000000,
                                        .tv_nsec = us % 1000000 * 1000L},
                     NULL);
}
