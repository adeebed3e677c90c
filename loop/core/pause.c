/*
 * pause.c - accepting without descriptors.
 *
 * A process has a limit of descriptors. When it is reached accept(2) fails, the
 * connections that wait keep the listener ready, and a loop that tried again at
 * once would turn at full speed for nothing. So accepting pauses: the listener
 * is not watched until loop_close has closed a descriptor, or, if another part
 * of the program has, until a while later. Those who wait do so in the
 * listener's queue and notice a delay.
 *
 * Read before: op.c. Read after: ready.c.
 * Rests on: accept(2), getrlimit(2), RLIMIT_NOFILE.
 */
#include "loop/core/core_internal.h"

#include <errno.h>

enum { PAUSE_MS = 100 };

/* Accepting, which has paused, is to be tried again. */
void pause_end(struct loop *loop, struct slot *s)
{
    s->paused = false;
    s->ready |= LOOP_READ;
    loop->n_paused--;
}

static void resume_all(struct loop_timer *t)
{
    struct loop *loop = t->loop;
    struct slot *s;
    for (int fd = -1; (s = core_slot_next(loop, &fd)) != NULL;)
        if (s->paused) {
            pause_end(loop, s);
            loop->backend->start(s->reader);
        }
}

/*
 * The connections that wait to be accepted keep the listener ready: without a
 * pause the loop would turn at full speed and get the same error each time.
 */
bool op_pause(struct loop_op *op, int error)
{
    if (error != EMFILE && error != ENFILE && error != ENOBUFS &&
        error != ENOMEM)
        return false;
    struct loop *loop = op->loop;
    struct slot *s = core_slot_find(loop, op->fd);
    s->paused = true;
    core_changed(loop, op->fd, s);
    loop->n_paused++;
    loop->stats.accept_pauses++;
    if (!loop_timer_active(&loop->resume))
        loop_timer_start_named(loop, &loop->resume,
                               core_clock(loop) + PAUSE_MS * LOOP_MS,
                               resume_all, NULL, "resume accepting");
    return true;
}

/*
 * See accept(2), "Error handling"; but not EOPNOTSUPP and EPERM, which come
 * anew at each try if the descriptor is no listener, or accepting is forbidden.
 */
bool op_accept_again(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return true;
    default:
        return false;
    }
}
