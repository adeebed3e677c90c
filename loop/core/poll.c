/*
 * poll.c - the back end on poll(2): an array of what is watched, dense, copied
 * and scanned at every wait; and an index into it by descriptor.
 *
 * Read before: select.c. Read after: epoll.c.
 */
#include "loop/core/core_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct array {
    struct pollfd *fds;
    int n, capacity;
    int *place; /* by descriptor: where in fds, plus 1; 0: not there */
    int places;
    struct ready_list ready;
};

static int poll_open(struct loop *loop)
{
    loop->back = base_alloc(sizeof(struct array));
    return 0;
}

static void poll_close(struct loop *loop)
{
    struct array *a = loop->back;
    free(a->fds);
    free(a->place);
    free(a->ready.items);
    free(a);
}

static int poll_fd(const struct loop *loop)
{
    (void)loop;
    return -ENOTSUP;
}

static void make_room(struct array *a, int fd)
{
    if (a->n == a->capacity) {
        a->capacity = a->capacity == 0 ? 64 : 2 * a->capacity;
        a->fds = base_realloc(a->fds, (size_t)a->capacity * sizeof *a->fds);
    }
    if (fd < a->places)
        return;
    const int places = fd + fd / 2 + 64;
    a->place = base_realloc(a->place, (size_t)places * sizeof *a->place);
    while (a->places < places)
        a->place[a->places++] = 0;
}

/* The last one moves into the hole. */
static void take_out(struct array *a, int fd)
{
    const int hole = a->place[fd] - 1;
    a->place[fd] = 0;
    a->n--;
    if (hole == a->n)
        return;
    a->fds[hole] = a->fds[a->n];
    a->place[a->fds[hole].fd] = hole + 1;
}

static int poll_interest(struct loop *loop, int fd, const struct slot *s,
                         unsigned wanted)
{
    (void)s;
    struct array *a = loop->back;
    make_room(a, fd);
    if (wanted == 0) {
        if (a->place[fd] != 0)
            take_out(a, fd);
        return 0;
    }
    if (a->place[fd] == 0)
        a->place[fd] = ++a->n;
    a->fds[a->place[fd] - 1] = (struct pollfd){
        .fd = fd,
        .events = (short)((wanted & LOOP_READ ? POLLIN : 0) |
                          (wanted & LOOP_WRITE ? POLLOUT : 0)),
    };
    return 0;
}

static unsigned events_of(short happened)
{
    const bool broken = happened & (POLLERR | POLLHUP | POLLNVAL);
    return (broken || happened & POLLIN ? LOOP_READ : 0U) |
           (broken || happened & POLLOUT ? LOOP_WRITE : 0U);
}

static void gather(struct loop *loop, int n)
{
    struct array *a = loop->back;
    for (int i = 0; i < a->n && n > 0; i++) {
        const struct pollfd *p = &a->fds[i];
        if (p->revents == 0)
            continue;
        n--;
        ready_list_add(&a->ready, slot_tag(core_slot_find(loop, p->fd), p->fd),
                       events_of(p->revents), p->revents & (POLLERR | POLLHUP));
    }
}

static int poll_wait(struct loop *loop, int64_t timeout_ns)
{
    struct array *a = loop->back;
    const struct timespec timeout = {.tv_sec = timeout_ns / LOOP_SECOND,
                                     .tv_nsec = timeout_ns % LOOP_SECOND};
    const int n =
        ppoll(a->fds, (nfds_t)a->n, timeout_ns < 0 ? NULL : &timeout, NULL);
    if (n == -1)
        return -errno;
    gather(loop, n);
    return ready_list_report(loop, &a->ready);
}

const struct backend backend_poll = {
    .name = "poll",
    .open = poll_open,
    .close = poll_close,
    .fd = poll_fd,
    .interest = poll_interest,
    .wait = poll_wait,
    .attempt = ready_attempt,
    .start = ready_start,
    .cancel = ready_cancel,
    .release = ready_release,
};
