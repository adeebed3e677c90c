/*
 * slot.c - the table of descriptors, and the queues of those that the loop must
 * look at before it waits.
 *
 * Descriptors are small integers, so the table is an array: no hash, no search.
 * It is cut in pages that are made when a number in them is first used: a slot
 * never moves, and a callback that opens descriptors leaves the pointers of its
 * callers alone.
 *
 * Read before: core_internal.h. Read after: watcher.c.
 */
#include "loop/core/core_internal.h"

#include <fcntl.h>
#include <stdlib.h>

static void page_make(struct loop *loop, int page)
{
    if (page >= loop->n_pages) {
        const int n = page + 1;
        loop->pages =
            base_realloc(loop->pages, (size_t)n * sizeof *loop->pages);
        for (int i = loop->n_pages; i < n; i++)
            loop->pages[i] = NULL;
        loop->n_pages = n;
    }
    if (loop->pages[page] != NULL)
        return;
    struct slot *slots = base_alloc_array(SLOTS_A_PAGE, sizeof *slots);
    for (int i = 0; i < SLOTS_A_PAGE; i++)
        slots[i] = (struct slot){.serial = 1, .ready = LOOP_WRITE};
    loop->pages[page] = slots;
}

struct slot *core_slot(struct loop *loop, int fd)
{
    struct slot *s = core_slot_find(loop, fd);
    if (s != NULL)
        return s;
    if (fcntl(fd, F_GETFD) == -1)
        return NULL; /* no pages for a number that cannot be one */
    page_make(loop, fd / SLOTS_A_PAGE);
    return core_slot_find(loop, fd);
}

struct slot *core_slot_next(const struct loop *loop, int *fd)
{
    while (++*fd < loop->n_pages * SLOTS_A_PAGE) {
        struct slot *s = core_slot_find(loop, *fd);
        if (s != NULL)
            return s;
    }
    return NULL;
}

void slots_free(struct loop *loop)
{
    for (int i = 0; i < loop->n_pages; i++)
        free(loop->pages[i]);
    free(loop->pages);
    free(loop->changed.fds);
    free(loop->again.fds);
}

void slot_renew(struct slot *s)
{
    if (++s->serial == 0) /* a tag is never 0 */
        s->serial = 1;
}

void fd_queue_add(struct fd_queue *q, int fd)
{
    if (q->n == q->capacity) {
        q->capacity = q->capacity == 0 ? 64 : 2 * q->capacity;
        q->fds = base_realloc(q->fds, (size_t)q->capacity * sizeof *q->fds);
    }
    q->fds[q->n++] = fd;
}

void fd_queue_drop(struct fd_queue *q, int n)
{
    q->n -= n;
    for (int i = 0; i < q->n; i++)
        q->fds[i] = q->fds[n + i];
}

void core_changed(struct loop *loop, int fd, struct slot *s)
{
    if (s->changed)
        return;
    s->changed = true;
    fd_queue_add(&loop->changed, fd);
}

void core_again(struct loop *loop, int fd, struct slot *s)
{
    if (s->again)
        return;
    s->again = true;
    fd_queue_add(&loop->again, fd);
}
