/*
 * life.c - making a loop, and freeing it.
 *
 * Freeing keeps the promise of a last callback: first all that has none is
 * stopped, and from then on nothing starts (`closing`); then operations and
 * jobs are cancelled, and the loop passes until the last of them has called
 * back; then come the posts that were accepted. Tasks are told before all this,
 * and have ended after it. What a callback tries to start
 * meanwhile is refused, or, where a function cannot say so, does nothing.
 *
 * A fork. The child shares epoll's set and uring's rings with its parent: what
 * it changes, changes for both. So a loop refuses to run in a child (-ECHILD),
 * which may free it and make its own; that calls nobody. pthread_atfork counts
 * the forks.
 *
 * Read before: loop.c. Read after: slot.c. Rests on: pthread_atfork(3).
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

atomic_int core_loops;
atomic_uint core_forks;

/* --- making -------------------------------------------------------------- */

static void count_fork(void)
{
    atomic_fetch_add(&core_forks, 1);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

/* What the caller left open, from the environment, or else the default. */
static int complete(struct loop_options *o)
{
    if (o->backend == NULL)
        o->backend = getenv("LOOP_BACKEND");
    if (o->backend == NULL)
        o->backend = "epoll";
    if (o->trace == NULL)
        o->trace = getenv("LOOP_TRACE");
    const char *text = getenv("LOOP_WATCHDOG");
    uint64_t ms;
    if (o->watchdog_ns == 0 && text != NULL) {
        if (base_slice_to_uint(base_slice_of(text), &ms) != 0 ||
            ms > (uint64_t)(LOOP_NEVER / LOOP_MS))
            return -EINVAL;
        o->watchdog_ns = (int64_t)ms * LOOP_MS;
    }
    if (o->pool_threads == 0)
        o->pool_threads = 5 * loop_cpu_count();
    if (o->pool_queue == 0)
        o->pool_queue = 1024;
    return 0;
}

static int open_parts(struct loop *loop)
{
    int error = loop->backend->open(loop);
    if (error != 0)
        return error;
    error = mailbox_open(loop);
    if (error == 0 && loop->options.trace != NULL) {
        error = trace_open(loop, loop->options.trace);
        if (error != 0)
            base_log_error("cannot write the trace %s (LOOP_TRACE): %s",
                           loop->options.trace, strerror(-error));
    }
    if (error == 0 && loop->options.watchdog_ns > 0)
        error = watchdog_open(loop, loop->options.watchdog_ns);
    return error;
}

static void close_parts(struct loop *loop)
{
    watchdog_close(loop);
    mailbox_close(loop);
    trace_close(loop);
    if (loop->back != NULL)
        loop->backend->close(loop);
    slots_free(loop);
    free(loop->scratch);
    free(loop);
}

int loop_new(struct loop **made, const struct loop_options *options)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    *made = NULL;
    struct loop_options o =
        options != NULL ? *options : (struct loop_options){0};
    int error = complete(&o);
    const struct backend *backend = backend_find(o.backend);
    if (error != 0 || backend == NULL)
        return -EINVAL;
    struct loop *loop = base_alloc(sizeof *loop);
    loop->backend = backend;
    loop->options = o;
    loop->born = core_forks;
    base_list_init(&loop->calls);
    base_list_init(&loop->ops);
    base_list_init(&loop->finished);
    base_list_init(&loop->jobs);
    base_list_init(&loop->periodics);
    base_wheel_init(&loop->wheel, (uint64_t)(core_clock(loop) / LOOP_MS));
    error = open_parts(loop);
    if (error != 0) {
        close_parts(loop);
        return error;
    }
    atomic_fetch_add(&core_loops, 1);
    *made = loop;
    return 0;
}

/* --- freeing ------------------------------------------------------------- */

#ifndef NDEBUG
static void report(const struct base_list *list, size_t link_at,
                   size_t place_at)
{
    for (const struct base_list *link = list->next; link != list;
         link = link->next) {
        const char *whole = (const char *)link - link_at;
        base_log_debug("  %s", *(const char *const *)(whole + place_at));
    }
}

/* What the program may have forgotten; seen with --logging=debug. */
static void report_active(const struct loop *loop)
{
    if (loop_active(loop) == 0)
        return;
    base_log_debug("a loop is freed with %zu active, among them:",
                   loop_active(loop));
    report(&loop->ops, offsetof(struct loop_op, link),
           offsetof(struct loop_op, place));
    report(&loop->calls, offsetof(struct loop_call, link),
           offsetof(struct loop_call, place));
    report(&loop->jobs, offsetof(struct loop_job, link),
           offsetof(struct loop_job, place));
    const struct slot *s;
    for (int fd = -1; (s = core_slot_next(loop, &fd)) != NULL;)
        if (s->watcher != NULL && !s->internal)
            base_log_debug("  %s", s->watcher->place);
}
#else
static void report_active(const struct loop *loop)
{
    (void)loop;
}
#endif

/* Timers, calls and watchers end without a word; nothing starts any more. */
static void stop_quietly(struct loop *loop)
{
    loop->closing = true;
    calls_close(loop);
    periodics_close(loop);
    timers_close(loop);
    signals_close(loop);
    children_close(loop);
    watchers_close(loop);
}

/* Operations, jobs and posts have a last callback, and it comes now. */
static void end_operations(struct loop *loop)
{
    ops_cancel_all(loop);
    pool_close(loop);
    while (!base_list_empty(&loop->ops) || !base_list_empty(&loop->finished))
        core_pass(loop, LOOP_NEVER);
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    assert(!loop->running);
    core_enter(loop);
    if (loop->tasks != NULL)
        loop->tasks->cancel(loop);
    report_active(loop);
    stop_quietly(loop);
    if (loop->born == core_forks)
        end_operations(loop);
    else
        pool_close(loop);
    mailbox_close(loop);
    if (loop->tasks != NULL)
        loop->tasks->close(loop);
    core_leave(loop);
    close_parts(loop);
    atomic_fetch_sub(&core_loops, 1);
}
