/*
 * epoll.c - the back end on epoll(7).
 *
 * Watchers are level-triggered, as their users expect. Descriptors of
 * operations are registered once, edge-triggered and both ways: whether they
 * are ready is kept in their slots, so a connection costs one epoll_ctl in its
 * life, however often it turns from reading to writing.
 *
 * A tag that the kernel gives back holds the serial number of the slot, see
 * "Stale events" in core_internal.h.
 *
 * Read before: poll.c. Read after: uring.c. Rests on: epoll_ctl(2),
 * epoll_wait(2).
 */
#include "loop/core/core_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 256 };

struct epoll {
    int fd;
    struct epoll_event events[BATCH];
};

static int epoll_open(struct loop *loop)
{
    const int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd == -1)
        return -errno;
    struct epoll *e = base_alloc(sizeof *e);
    e->fd = fd;
    loop->back = e;
    return 0;
}

static void epoll_close(struct loop *loop)
{
    struct epoll *e = loop->back;
    close(e->fd);
    free(e);
}

static int epoll_fd(const struct loop *loop)
{
    const struct epoll *e = loop->back;
    return e->fd;
}

static uint32_t bits_of(unsigned wanted)
{
    return (wanted & LOOP_READ ? EPOLLIN | EPOLLRDHUP : 0U) |
           (wanted & LOOP_WRITE ? EPOLLOUT : 0U) |
           (wanted & LOOP_EDGE ? EPOLLET | EPOLLPRI : 0U);
}

/*
 * The kernel may know the descriptor otherwise than told: its owner may have
 * closed it and got the number anew. ADD and MOD then say so, and change
 * places.
 */
static int epoll_interest(struct loop *loop, int fd, const struct slot *s,
                          unsigned wanted)
{
    const struct epoll *e = loop->back;
    struct epoll_event event = {.events = bits_of(wanted),
                                .data.u64 = slot_tag(s, fd)};
    int op = wanted == 0    ? EPOLL_CTL_DEL
             : s->told == 0 ? EPOLL_CTL_ADD
                            : EPOLL_CTL_MOD;
    if (epoll_ctl(e->fd, op, fd, &event) == 0)
        return 0;
    if (op == EPOLL_CTL_DEL)
        return 0; /* closed already, and with that taken out */
    if (op == EPOLL_CTL_MOD && errno == ENOENT)
        op = EPOLL_CTL_ADD;
    else if (op == EPOLL_CTL_ADD && errno == EEXIST)
        op = EPOLL_CTL_MOD;
    else
        return -errno;
    return epoll_ctl(e->fd, op, fd, &event) == 0 ? 0 : -errno;
}

static int milliseconds(int64_t timeout_ns)
{
    if (timeout_ns < 0)
        return -1;
    const int64_t ms = timeout_ns / LOOP_MS + (timeout_ns % LOOP_MS != 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* What is broken is ready: to be told so. For EPOLLPRI see ready.c. */
enum {
    BROKEN = EPOLLERR | EPOLLHUP,
    READABLE = EPOLLIN | EPOLLRDHUP | EPOLLPRI | BROKEN,
    WRITABLE = EPOLLOUT | BROKEN,
};

static void report(struct loop *loop, const struct epoll_event *event)
{
    const uint32_t bits = event->events;
    core_ready(loop, event->data.u64,
               (bits & READABLE ? LOOP_READ : 0U) |
                   (bits & WRITABLE ? LOOP_WRITE : 0U),
               bits & (EPOLLRDHUP | EPOLLPRI | BROKEN));
}

static int epoll_wait_and_report(struct loop *loop, int64_t timeout_ns)
{
    struct epoll *e = loop->back;
    const int n = epoll_wait(e->fd, e->events, BATCH, milliseconds(timeout_ns));
    if (n == -1)
        return -errno;
    for (int i = 0; i < n; i++)
        report(loop, &e->events[i]);
    return n;
}

const struct backend backend_epoll = {
    .name = "epoll",
    .edge = true,
    .open = epoll_open,
    .close = epoll_close,
    .fd = epoll_fd,
    .interest = epoll_interest,
    .wait = epoll_wait_and_report,
    .attempt = ready_attempt,
    .start = ready_start,
    .cancel = ready_cancel,
    .release = ready_release,
};
