/*
 * loop.c - the loop itself: a pass, and running passes.
 *
 * The pass is the whole library in a few lines, see `core_pass`. In words: what
 * was deferred is called; tasks that are ready run (the floor above, co.h); the
 * kernel is told what has changed; the loop sleeps until something happens, and
 * reports it; what could not be finished in one go goes on; operations whose
 * end is known are called back; due timers are called.
 *
 * Order matters twice. Deferred calls and tasks come before waiting, so that
 * what they start is told to the kernel in the same pass; and each phase takes
 * only what was there when it began, or (tasks) a bounded number, so that no
 * kind of work can starve another.
 *
 * Read before: core_internal.h. Read after: life.c, slot.c, watcher.c, timer.c.
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static _Thread_local struct loop *current;
_Thread_local struct co_task *co_running
    __attribute__((tls_model("initial-exec")));

/* --- one pass ------------------------------------------------------------ */

int64_t core_clock(const struct loop *loop)
{
    if (loop->options.clock_ns != NULL)
        return loop->options.clock_ns(loop->options.clock_arg);
    return core_monotonic_ns();
}

/* Between runs nobody says when the time that is known has grown old. */
int64_t loop_now(struct loop *loop)
{
    if (!loop->running)
        return core_clock(loop);
    if (!loop->now_known) {
        loop->now_ns = core_clock(loop);
        loop->now_known = true;
    }
    return loop->now_ns;
}

/* When the pass has to end even if nothing happens; 0: at once. */
static int64_t wake_ns(const struct loop *loop, int64_t deadline_ns)
{
    if (atomic_load_explicit(&loop->stop, memory_order_relaxed) ||
        !base_list_empty(&loop->calls) || !base_list_empty(&loop->finished) ||
        loop->again.n > 0 || loop->changed.n > 0 || loop->tasks_ready)
        return 0;
    if (loop->wheel.n == 0)
        return deadline_ns;
    const uint64_t tick = base_wheel_next(&loop->wheel);
    if (tick >= (uint64_t)(LOOP_NEVER / LOOP_MS))
        return deadline_ns;
    const int64_t due_ns = (int64_t)tick * LOOP_MS;
    return due_ns < deadline_ns ? due_ns : deadline_ns;
}

/* How long to sleep at most; -1: for ever. */
static int64_t timeout_ns(const struct loop *loop, int64_t deadline_ns)
{
    const int64_t wake = wake_ns(loop, deadline_ns);
    if (wake <= 0)
        return 0;
    if (wake == LOOP_NEVER)
        return -1;
    const int64_t now_ns = core_clock(loop);
    return wake > now_ns ? wake - now_ns : 0;
}

static void wait_for_events(struct loop *loop, int64_t deadline_ns)
{
    const int64_t timeout = timeout_ns(loop, deadline_ns);
    if (loop->trace != NULL)
        trace_wait(loop, true, 0);
    loop->now_known = false; /* whatever comes is later than this */
    const int n = loop->backend->wait(loop, timeout);
    if (n < 0 && n != -EINTR)
        base_log_error("%s failed: %s", loop->backend->name, strerror(-n));
    if (loop->trace != NULL)
        trace_wait(loop, false, n);
    loop->stats.waits++;
    if (n > 0)
        loop->stats.events += (unsigned)n;
    loop->stats.events_per_wait[stats_bucket(n > 0 ? (unsigned)n : 0)]++;
}

/* Descriptors that were ready for more than one pass should do. */
static void resume_descriptors(struct loop *loop)
{
    const int n = loop->again.n;
    for (int i = 0; i < n; i++) {
        const int fd = loop->again.fds[i];
        struct slot *s = core_slot_find(loop, fd);
        s->again = false;
        ready_resume(loop, fd, s);
    }
    fd_queue_drop(&loop->again, n);
}

void core_pass(struct loop *loop, int64_t deadline_ns)
{
    loop->stats.passes++;
    if (loop->trace != NULL)
        trace_pass(loop);
    if (!base_list_empty(&loop->calls))
        calls_run(loop);
    if (loop->tasks_ready)
        loop->tasks->run(loop);
    if (loop->born != core_forks)
        return; /* in the child of a fork: what comes now is its parent's */
    if (loop->changed.n > 0)
        core_apply(loop);
    wait_for_events(loop, deadline_ns);
    if (loop->again.n > 0)
        resume_descriptors(loop);
    if (!base_list_empty(&loop->finished))
        ops_finish(loop);
    if (loop->wheel.n > 0)
        timers_run(loop);
}

/* --- running ------------------------------------------------------------- */

void core_enter(struct loop *loop)
{
    loop->outer = core_set_current(loop);
    loop->outer_task = co_running;
    co_running = NULL;
    loop->running = true;
    loop->now_known = false;
}

void core_leave(struct loop *loop)
{
    loop->running = false;
    co_running = loop->outer_task;
    core_set_current(loop->outer);
}

static int enter(struct loop *loop)
{
    if (loop->born != core_forks)
        return -ECHILD;
    if (loop->running)
        return -EBUSY;
    core_enter(loop);
    return 0;
}

/* True if it was stopped. */
static bool leave(struct loop *loop)
{
    core_leave(loop);
    return atomic_exchange(&loop->stop, 0);
}

int loop_run_until(struct loop *loop, int64_t deadline_ns)
{
    const int error = enter(loop);
    if (error != 0)
        return error;
    while (!atomic_load_explicit(&loop->stop, memory_order_relaxed) &&
           loop->born == core_forks) {
        core_pass(loop, deadline_ns);
        if (deadline_ns != LOOP_NEVER && core_clock(loop) >= deadline_ns)
            break;
    }
    const bool stopped = leave(loop);
    if (loop->born != core_forks) /* a callback has forked: this is the child */
        return -ECHILD;
    return stopped ? 0 : -ETIMEDOUT;
}

int loop_run(struct loop *loop)
{
    return loop_run_until(loop, LOOP_NEVER);
}

int loop_run_once(struct loop *loop, int64_t deadline_ns)
{
    const int error = enter(loop);
    if (error != 0)
        return error;
    const uint64_t before = loop->stats.callbacks;
    core_pass(loop, deadline_ns);
    leave(loop);
    return (int)(loop->stats.callbacks - before);
}

void loop_stop(struct loop *loop)
{
    if (!atomic_exchange(&loop->stop, 1))
        mailbox_wake(loop->mailbox);
}

struct loop *loop_current(void)
{
    return current;
}

struct loop *core_set_current(struct loop *loop)
{
    struct loop *before = current;
    current = loop;
    return before;
}

int loop_fd(const struct loop *loop)
{
    return loop->backend->fd(loop);
}

int64_t loop_prepare(struct loop *loop)
{
    struct loop *before = core_set_current(loop);
    core_apply(loop); /* which tells a watcher if it is refused */
    core_set_current(before);
    if (loop->backend->flush != NULL)
        loop->backend->flush(loop);
    return wake_ns(loop, LOOP_NEVER);
}

void loop_fail(struct loop *loop, int error, const char *what)
{
    loop->stats.failed++;
    base_log_error("%s: %s, in %s", what, strerror(-error),
                   loop->place != NULL ? loop->place : "no callback");
}

const char *loop_backend(const struct loop *loop)
{
    return loop->backend->name;
}

const struct loop_stats *loop_stats(const struct loop *loop)
{
    return &loop->stats;
}

size_t loop_active(const struct loop *loop)
{
    return loop->n_active + loop->wheel.n -
           (size_t)loop_timer_active(&loop->resume);
}
