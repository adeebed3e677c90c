/*
 * watcher.c - plain readiness: watchers, and telling the back end what all
 * descriptors are watched for.
 *
 * A change of interest is only noted (core_changed); core_apply tells the back
 * end before the loop waits, once for each descriptor. To stop is told at once:
 * the owner is about to close the descriptor, and epoll would go on to report
 * it, without a way to take it out, if a duplicate stays open elsewhere
 * (epoll(7), question 6).
 *
 * Read before: slot.c. Read after: op.c. Rests on: fstat(2), epoll_ctl(2).
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>
#include <sys/stat.h>

/*
 * Back ends differ in what they say about files: epoll refuses with EPERM,
 * select and poll call them always ready. Here all say the same.
 */
static int check(const struct loop *loop, int fd)
{
    struct stat st;
    if (loop->closing)
        return -ESHUTDOWN;
    if (fd < 0 || fstat(fd, &st) == -1)
        return -EBADF;
    if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        return -EPERM;
    if (loop->backend->limit != 0 && fd >= loop->backend->limit)
        return -ERANGE;
    return 0;
}

static int start(struct loop *loop, struct loop_watcher *w, int fd,
                 unsigned events)
{
    struct slot *s = core_slot(loop, fd);
    if (s->watcher != NULL || s->reader != NULL || s->writer != NULL)
        return -EEXIST;
    w->loop = loop;
    w->fd = fd;
    w->events = events;
    w->error = 0;
    s->watcher = w;
    slot_renew(s);
    core_changed(loop, fd, s);
    return 0;
}

int loop_watcher_start_named(struct loop *loop, struct loop_watcher *w, int fd,
                             unsigned events, loop_watcher_fn *fn, void *arg,
                             const char *place)
{
    assert(w->loop == NULL);
    assert((events & ~(unsigned)(LOOP_READ | LOOP_WRITE | LOOP_EDGE)) == 0);
    int error = check(loop, fd);
    if (error == 0)
        error = start(loop, w, fd, events);
    if (error != 0)
        return error;
    w->fn = fn;
    w->arg = arg;
    w->place = place;
    loop->n_active++;
    return 0;
}

void loop_watcher_change(struct loop_watcher *w, unsigned events)
{
    assert(w->loop != NULL);
    w->events = events;
    core_changed(w->loop, w->fd, core_slot_find(w->loop, w->fd));
}

void loop_watcher_stop(struct loop_watcher *w)
{
    struct loop *loop = w->loop;
    if (loop == NULL)
        return;
    struct slot *s = core_slot_find(loop, w->fd);
    if (s->told != 0 && loop->born == core_forks) /* the set is the parent's */
        loop->backend->interest(loop, w->fd, s, 0);
    s->told = 0;
    s->watcher = NULL;
    loop->n_active -= !s->internal;
    s->internal = s->kept = false;
    w->loop = NULL;
}

void loop_watcher_fini(const struct loop_watcher *w)
{
    assert(w->loop == NULL);
    (void)w;
}

static void call(struct loop *loop, struct loop_watcher *w, unsigned events)
{
    if (w->place == NULL) { /* the loop's own: what it leads to is counted */
        w->fn(w, events);
        return;
    }
    callback_begin(loop, CALL_WATCHER, w->place);
    w->fn(w, events);
    callback_end(loop, CALL_WATCHER);
}

void core_ready(struct loop *loop, uint64_t tag, unsigned events, bool hung_up)
{
    struct slot *s = slot_tagged(loop, tag);
    if (s == NULL)
        return;
    struct loop_watcher *w = s->watcher;
    if (w == NULL) {
        s->ready |= (uint8_t)events;
        s->hung_up |= hung_up;
        ready_resume(loop, (int)(uint32_t)tag, s);
    } else if (events & w->events) {
        call(loop, w, events & w->events);
    }
}

/* What the kernel has to watch a descriptor for. */
static unsigned wanted(const struct loop *loop, const struct slot *s)
{
    if (s->watcher != NULL)
        return s->watcher->events;
    if (loop->backend->completes)
        return 0;
    const bool any = s->reader != NULL || s->writer != NULL;
    if (loop->backend->edge)
        return any || s->told & LOOP_EDGE ? LOOP_READ | LOOP_WRITE | LOOP_EDGE
                                          : 0;
    return (s->reader != NULL && !s->paused ? LOOP_READ : 0U) |
           (s->writer != NULL ? LOOP_WRITE : 0U);
}

/* Tells the back end of a change, if it came to one. */
static int tell(struct loop *loop, int fd, struct slot *s)
{
    const unsigned want = wanted(loop, s);
    if (want == s->told && (want == 0 || s->told_serial == s->serial))
        return 0;
    slot_renew(s); /* what was found for the old interest is stale */
    const int error = loop->backend->interest(loop, fd, s, want);
    s->told = error == 0 ? (uint8_t)want : 0;
    s->told_serial = s->serial;
    return error;
}

/* Told at once: who could be called back with LOOP_ERROR later? */
int watcher_start_internal(struct loop *loop, struct loop_watcher *w, int fd,
                           loop_watcher_fn *fn, void *arg)
{
    int error = loop_watcher_start_named(loop, w, fd, LOOP_READ, fn, arg, NULL);
    if (error != 0)
        return error;
    struct slot *s = core_slot_find(loop, fd);
    s->internal = true;
    loop->n_active--;
    error = tell(loop, fd, s);
    if (error != 0)
        loop_watcher_stop(w);
    return error;
}

/* The kernel does not watch it: those who wait must not wait for ever. */
static void refused(struct loop *loop, struct slot *s, int error)
{
    struct loop_watcher *w = s->watcher;
    if (w != NULL) {
        loop_watcher_stop(w);
        w->error = error;
        call(loop, w, LOOP_ERROR);
        return;
    }
    if (s->reader != NULL)
        op_end_later(s->reader, error);
    if (s->writer != NULL)
        op_end_later(s->writer, error);
}

void core_apply(struct loop *loop)
{
    const int n = loop->changed.n; /* a callback may try again, and again */
    for (int i = 0; i < n; i++) {
        const int fd = loop->changed.fds[i];
        struct slot *s = core_slot_find(loop, fd);
        s->changed = false;
        const int error = tell(loop, fd, s);
        if (error != 0)
            refused(loop, s, error);
    }
    fd_queue_drop(&loop->changed, n);
}

void watchers_close(struct loop *loop)
{
    const struct slot *s;
    for (int fd = -1; (s = core_slot_next(loop, &fd)) != NULL;)
        if (s->watcher != NULL && !s->internal)
            loop_watcher_stop(s->watcher);
}
