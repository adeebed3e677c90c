/*
 * uring_watch.c - watchers on io_uring(7): each is a poll.
 *
 * - The poll is for one event, asked anew before the next wait: that is level-
 *   triggered, and costs no system call of its own. With LOOP_EDGE it is a
 *   multishot poll, which speaks when something comes.
 * - Half closed (see uring_op.c): who waits to write to a peer that has shut
 *   down its side would be told so again and again. Such a poll is asked anew
 *   as a multishot one; once that has told what the watcher waits for, single
 *   ones take turns again, for level-triggered means: as long as it holds.
 *
 * The tag of a slot (slot_tag) travels with its descriptor moved up by a bit,
 * to make way for TAG_WATCHER.
 *
 * Read before: uring.c, uring_internal.h, watcher.c.
 * Rests on: io_uring_enter(2), "IORING_OP_POLL_ADD" there.
 */
#include "loop/core/uring_internal.h"

#include <errno.h>

static uint64_t watcher_tag(uint32_t serial, int fd)
{
    return (uint64_t)serial << 32 | (uint32_t)fd << 1 | TAG_WATCHER;
}

static uint64_t slot_tag_of(uint64_t tag)
{
    return (tag & ~UINT64_C(0xffffffff)) | (uint32_t)tag >> 1;
}

int uring_interest(struct loop *loop, int fd, const struct slot *s,
                   unsigned wanted)
{
    if (s->told != 0)
        uring_cancel_tag(loop, watcher_tag(s->told_serial, fd));
    if (wanted == 0)
        return 0;
    struct io_uring_sqe *sqe = next_sqe(loop);
    io_uring_prep_poll_add(sqe, fd, poll_bits(wanted));
    if (wanted & LOOP_EDGE || s->hung_up)
        sqe->len = IORING_POLL_ADD_MULTI;
    io_uring_sqe_set_data64(sqe, watcher_tag(s->serial, fd));
    return 0;
}

/*
 * A poll that has ended is asked anew before waiting; one for changes too, if
 * it has told what a level-triggered watcher wants to hear as long as it holds.
 */
void watcher_completed(struct loop *loop, const struct io_uring_cqe *cqe)
{
    const uint64_t tag = slot_tag_of(cqe->user_data);
    const bool more = cqe->flags & IORING_CQE_F_MORE;
    const int result = cqe->res;
    struct slot *s = slot_tagged(loop, tag);
    if (s == NULL || s->watcher == NULL || result == -ECANCELED)
        return;
    const unsigned wanted = s->watcher->events;
    s->hung_up = result > 0 && result & POLLRDHUP;
    if (!more)
        s->told = 0;
    else if (!(wanted & LOOP_EDGE) && events_of(result) != 0)
        s->told |= LOOP_EDGE; /* what it is, and is not to be */
    if (s->told != wanted)
        core_changed(loop, (int)(uint32_t)tag, s);
    core_ready(loop, tag, events_of(result), is_broken(result));
}
