/*
 * select.c - the back end on select(2): three sets of 1,024 bits, copied and
 * scanned at every wait. What lesson 03 tells of it holds here.
 *
 * Read before: ready.c. Read after: poll.c.
 */
#include "loop/core/core_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/select.h>

struct sets {
    fd_set read, write; /* what is watched */
    int end;            /* one above the highest descriptor */
    struct ready_list ready;
};

static int select_open(struct loop *loop)
{
    struct sets *sets = base_alloc(sizeof *sets);
    FD_ZERO(&sets->read);
    FD_ZERO(&sets->write);
    loop->back = sets;
    return 0;
}

static void select_close(struct loop *loop)
{
    struct sets *sets = loop->back;
    free(sets->ready.items);
    free(sets);
}

static int select_fd(const struct loop *loop)
{
    (void)loop;
    return -ENOTSUP;
}

static void set_bit(fd_set *set, int fd, bool on)
{
    if (on)
        FD_SET(fd, set);
    else
        FD_CLR(fd, set);
}

static int select_interest(struct loop *loop, int fd, const struct slot *s,
                           unsigned wanted)
{
    (void)s;
    struct sets *sets = loop->back;
    set_bit(&sets->read, fd, wanted & LOOP_READ);
    set_bit(&sets->write, fd, wanted & LOOP_WRITE);
    if (wanted != 0 && fd >= sets->end)
        sets->end = fd + 1;
    while (sets->end > 0 && !FD_ISSET(sets->end - 1, &sets->read) &&
           !FD_ISSET(sets->end - 1, &sets->write))
        sets->end--;
    return 0;
}

/* A hang-up looks like readability here, so reads go on to their end. */
static void gather(struct loop *loop, const fd_set *read, const fd_set *write)
{
    struct sets *sets = loop->back;
    for (int fd = 0; fd < sets->end; fd++) {
        const unsigned events = (FD_ISSET(fd, read) ? LOOP_READ : 0U) |
                                (FD_ISSET(fd, write) ? LOOP_WRITE : 0U);
        if (events != 0)
            ready_list_add(&sets->ready, slot_tag(core_slot_find(loop, fd), fd),
                           events, false);
    }
}

/* EBADF: somebody has closed what is watched, and nothing is told of all the
 * others. Who reads or writes it will be told so. */
static void gather_closed(struct loop *loop)
{
    struct sets *sets = loop->back;
    fd_set read = sets->read, write = sets->write;
    for (int fd = 0; fd < sets->end; fd++)
        if (fcntl(fd, F_GETFD) != -1) {
            FD_CLR(fd, &read);
            FD_CLR(fd, &write);
        }
    gather(loop, &read, &write);
}

static int select_wait(struct loop *loop, int64_t timeout_ns)
{
    struct sets *sets = loop->back;
    fd_set read = sets->read, write = sets->write;
    struct timespec timeout = {.tv_sec = timeout_ns / LOOP_SECOND,
                               .tv_nsec = timeout_ns % LOOP_SECOND};
    const int n = pselect(sets->end, &read, &write, NULL,
                          timeout_ns < 0 ? NULL : &timeout, NULL);
    if (n == -1 && errno != EBADF)
        return -errno;
    if (n == -1)
        gather_closed(loop);
    else if (n > 0)
        gather(loop, &read, &write);
    return ready_list_report(loop, &sets->ready);
}

const struct backend backend_select = {
    .name = "select",
    .limit = FD_SETSIZE,
    .open = select_open,
    .close = select_close,
    .fd = select_fd,
    .interest = select_interest,
    .wait = select_wait,
    .attempt = ready_attempt,
    .start = ready_start,
    .cancel = ready_cancel,
    .release = ready_release,
};
