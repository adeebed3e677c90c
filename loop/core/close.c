/*
 * close.c - closing a descriptor that operations were started for.
 *
 * Only the loop knows who still uses it: so the operations are cancelled first,
 * and the slot is made anew for whoever gets the number next. It keeps its
 * place in the queues, and its serial number goes up: an event that was on its
 * way finds nobody.
 *
 * Read before: op.c. Read after: ready.c. Rests on: close(2).
 */
#include "loop/core/core_internal.h"

#include <errno.h>

int loop_close(struct loop *loop, int fd)
{
    struct slot *s = fd >= 0 ? core_slot(loop, fd) : NULL;
    if (s == NULL)
        return -EBADF;
    if (s->watcher != NULL)
        loop_watcher_stop(s->watcher);
    if (s->reader != NULL)
        loop_cancel(s->reader);
    if (s->writer != NULL)
        loop_cancel(s->writer);
    const int error = loop->backend->release(loop, fd);
    const uint32_t serial = s->serial;
    *s = (struct slot){.serial = serial,
                       .ready = LOOP_WRITE,
                       .changed = s->changed,
                       .again = s->again};
    slot_renew(s);
    if (loop->n_paused > 0)
        loop_timer_again(&loop->resume, 0); /* accepting may go on */
    return error;
}

void loop_close_all(struct loop *loop)
{
    const struct slot *s;
    for (int fd = -1; (s = core_slot_next(loop, &fd)) != NULL;)
        if (!s->internal && !s->kept &&
            (s->watcher != NULL || s->reader != NULL || s->writer != NULL))
            loop_close(loop, fd);
}
