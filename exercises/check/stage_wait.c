/*
 * stage_wait.c - waits and sleeps: the time-out that the program asked for is
 * the stage's affair, the kernel is asked with 0. See stage.c.
 *
 *     epoll_wait(4, events, 64, 30000)   becomes   epoll_wait(4, events, 64, 0)
 *
 * If that reports nothing, the task stands at the exit. When it is woken, one
 * of these happens: a signal has come, for which the program has a handler: the
 * wait fails with EINTR. Its deadline has come: it reports nothing. Else the
 * program makes the call once more, without knowing it.
 *
 * Read before: stage_call.c. Read after: stage_ready.c.
 * Rests on: epoll_wait(2), poll(2), select(2), "the time-out is updated",
 * nanosleep(2), signal(7), proc(5) for SigCgt.
 */
#include "pump.h"
#include "stage_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct stage_wait waits[] = {
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, STAGE_EPOLL, 3, STAGE_MS},
    {SYS_poll, STAGE_POLL, 2, STAGE_MS},
    {SYS_select, STAGE_SELECT, 4, STAGE_TIMEVAL},
#endif
    {SYS_epoll_pwait, STAGE_EPOLL, 3, STAGE_MS},
    {SYS_epoll_pwait2, STAGE_EPOLL, 3, STAGE_TIMESPEC},
    {SYS_ppoll, STAGE_POLL, 2, STAGE_TIMESPEC},
    {SYS_pselect6, STAGE_SELECT, 4, STAGE_TIMESPEC},
    {SYS_nanosleep, STAGE_SLEEP, 0, STAGE_TIMESPEC},
    {SYS_clock_nanosleep, STAGE_SLEEP, 2, STAGE_TIMESPEC},
};

const struct stage_wait *stage_wait_of(long number)
{
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        if (waits[i].number == number)
            return &waits[i];
    return NULL;
}

/* --- entry ---------------------------------------------------------------- */

enum time_is { TIME_NONE, TIME_GOOD, TIME_REFUSED };

/*
 * Reads the program's timespec or timeval into seconds and nanoseconds, as the
 * kernel does: of a timeval alone it takes more than a second of microseconds.
 */
static enum time_is read_time(const struct trace_task *t, int64_t time[2])
{
    const struct stage_wait *w = t->staged->wait;
    const uint64_t arg = t->call.args[w->time_arg];
    if (arg == 0 && w->kind != STAGE_SLEEP)
        return TIME_NONE;
    if (trace_peek(t->tid, arg, time, 2 * sizeof time[0]) < 2 * sizeof time[0])
        return TIME_REFUSED;
    if (w->unit == STAGE_TIMEVAL) {
        if (__builtin_add_overflow(time[0], time[1] / 1000000, &time[0]))
            return TIME_REFUSED;
        time[1] = time[1] % 1000000 * 1000;
    }
    const bool good = time[0] >= 0 && time[1] >= 0 && time[1] < SECOND_NS;
    return good ? TIME_GOOD : TIME_REFUSED;
}

static bool is_refused(const struct trace_task *t)
{
    int64_t time[2];
    return t->staged->wait->unit != STAGE_MS &&
           read_time(t, time) == TIME_REFUSED;
}

/* The time-out in nanoseconds; STAGE_NEVER: none, or it is for the kernel to
 * refuse. */
static int64_t timeout_of(const struct trace_task *t)
{
    const struct stage_wait *w = t->staged->wait;
    const int ms = (int)t->call.args[w->time_arg];
    if (w->unit == STAGE_MS)
        return ms < 0 ? STAGE_NEVER : (int64_t)ms * 1000000;
    int64_t time[2];
    if (read_time(t, time) != TIME_GOOD || time[0] > INT64_MAX / SECOND_NS / 2)
        return STAGE_NEVER;
    return time[0] * SECOND_NS + time[1];
}

static void begin_wait(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    const int64_t timeout_ns = timeout_of(t);
    const bool until = t->call.number == SYS_clock_nanosleep &&
                       (t->call.args[1] & TIMER_ABSTIME) != 0;
    s->asks = timeout_ns == 0;
    if (timeout_ns == STAGE_NEVER)
        return;
    s->deadline_ns =
        until ? timeout_ns - stage_clock_zero_ns((int)t->call.args[0])
              : stage.now_ns + timeout_ns;
}

/* select overwrites the sets, and a second look needs them. */
static void keep_sets(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    for (int i = 0; i < 3; i++) {
        const uint64_t address = t->call.args[i + 1];
        FD_ZERO(&s->sets[i]);
        s->has_set[i] = address != 0 && trace_peek(t->tid, address, &s->sets[i],
                                                   stage_set_size(t)) > 0;
    }
}

static void restore_sets(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    for (int i = 0; i < 3; i++)
        if (s->has_set[i])
            (void)trace_poke(t->tid, t->call.args[i + 1], &s->sets[i],
                             stage_set_size(t));
}

void stage_wait_entry(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    const struct stage_wait *w = s->wait;
    if (!s->begun)
        begin_wait(t);
    if (w->kind == STAGE_SELECT && !s->begun)
        keep_sets(t);
    s->begun = s->changed = true;
    if (is_refused(t) ||
        (w->kind == STAGE_SLEEP && s->deadline_ns == STAGE_NEVER))
        return; /* a bad time, the kernel says so; or longer than any play */
    if (w->kind == STAGE_SLEEP) {
        s->skipped = true;
        (void)regs_skip(t->tid);
        return;
    }
    (void)regs_set_arg(t->tid, w->time_arg,
                       w->unit == STAGE_MS ? 0 : stage.zero);
}

/* --- exit ----------------------------------------------------------------- */

/* select and poll write the time that was left over the time-out, as the
 * system calls of Linux do; the C library hides some of it. */
static void tell_time_left(const struct trace_task *t)
{
    const struct stage_task *s = t->staged;
    const struct stage_wait *w = s->wait;
    const uint64_t address = t->call.args[w->time_arg];
    if ((w->kind != STAGE_SELECT && w->kind != STAGE_POLL) ||
        w->unit == STAGE_MS || address == 0 || s->deadline_ns == STAGE_NEVER)
        return;
    const int64_t left_ns = s->deadline_ns - stage.now_ns;
    const int64_t unit = w->unit == STAGE_TIMEVAL ? 1000 : 1;
    const int64_t left[2] = {left_ns / SECOND_NS, left_ns % SECOND_NS / unit};
    (void)trace_poke(t->tid, address, left, sizeof left);
}

static void tell_wait(struct trace_task *t)
{
    const struct trace_name *name = trace_name_of(t->call.number);
    const bool sleeps = t->staged->wait->kind == STAGE_SLEEP;
    const int64_t result = t->call.result;
    struct base_buf ready;
    base_buf_init(&ready, TRACE_TEXT);
    stage_ready_text(t, &ready);
    const struct base_slice text = base_buf_slice(&ready);
    if (result < 0)
        stage_tell("program: %s fails: %s", name->name,
                   trace_errno((int)-result));
    else if (result > 0)
        stage_tell("program: %s = %d: %.*s", name->name, (int)result,
                   BASE_SLICE_ARGS(text));
    else if (!t->staged->asks) /* to ask and get nothing is nothing */
        stage_tell("program: %s: %s", name->name,
                   sleeps ? "has slept" : "the time is over");
    base_buf_fini(&ready);
}

bool stage_wait_exit(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    if (s->wait->kind != STAGE_SLEEP && t->call.result >= 0)
        stage_ready_change(t);
    const bool over = s->deadline_ns <= stage.now_ns;
    if (t->call.result == 0 && !over)
        return false;
    tell_time_left(t);
    tell_wait(t);
    if (!s->asks)
        stage.fruitless = 0;
    return true;
}

/* --- it is woken ---------------------------------------------------------- */

/* A hexadecimal mask of /proc/TID/status. */
static uint64_t mask_of(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 16);
}

/* A signal is there that the program has a handler for. */
static bool has_signal(pid_t tid)
{
    char path[64], status[4096];
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return false;
    const size_t n = fread(status, 1, sizeof status - 1, f);
    fclose(f);
    status[n] = '\0';
    const uint64_t pending =
        mask_of(status, "SigPnd:") | mask_of(status, "ShdPnd:");
    return (pending & ~mask_of(status, "SigBlk:") &
            mask_of(status, "SigCgt:")) != 0;
}

static void wait_ends(struct trace_task *t, int64_t result)
{
    t->call.result = result;
    tell_time_left(t);
    tell_wait(t);
    stage_finish(t, result);
}

void stage_wait_wake(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    if (s->wait == NULL) {
        stage_finish(t, t->call.result);
    } else if (has_signal(t->tid)) {
        wait_ends(t, -EINTR);
    } else if (s->deadline_ns <= stage.now_ns) {
        wait_ends(t, 0);
    } else if (s->wait->kind != STAGE_SLEEP) {
        restore_sets(t);
        s->again = t->repeats = true;
        (void)regs_repeat(t->tid, t->call.number, t->call.args);
        trace_resume(t);
    }
}
