/*
 * stage_clock.c - what the program sees of time and of chance. The kernel makes
 * the call; then the stage's answer is written over its own.
 *
 * The clocks that count from a start begin at 1000 seconds, those that tell the
 * date at noon on the first of January 2026. How much processor time was used
 * is the kernel's to tell.
 *
 * Read before: stage_call.c. Rests on: clock_gettime(2), getrandom(2).
 */
#include "pump.h"
#include "stage_internal.h"

#include <time.h>

enum { RANDOM_MAX = 4096 };

static const int64_t up_s = 1000, date_s = 1767268800;

/* What the clock shows when the program begins, in nanoseconds; 0: not ours. */
int64_t stage_clock_zero_ns(int clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        return date_s * SECOND_NS;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        return up_s * SECOND_NS;
    default:
        return 0;
    }
}

static void tell_time(struct trace_task *t, uint64_t address, int64_t zero_ns,
                      int64_t unit)
{
    const int64_t now_ns = zero_ns + stage.now_ns;
    const int64_t time[2] = {now_ns / SECOND_NS, now_ns % SECOND_NS / unit};
    if (address != 0)
        (void)trace_poke(t->tid, address, time, sizeof time);
}

/* Bytes that look like chance, and are the same for the same seed. */
static void give_random(struct trace_task *t)
{
    unsigned char bytes[RANDOM_MAX];
    const int64_t n = t->call.result;
    for (int64_t i = 0; i < n && i < RANDOM_MAX; i++)
        bytes[i] = (unsigned char)stage_chance(&stage.data, 256);
    if (n > 0)
        (void)trace_poke(t->tid, t->call.args[0], bytes,
                         (size_t)(n < RANDOM_MAX ? n : RANDOM_MAX));
}

#ifdef SYS_time
static void tell_seconds(struct trace_task *t)
{
    const int64_t now_s = date_s + stage.now_ns / SECOND_NS;
    if (t->call.number != SYS_time)
        return;
    if (t->call.args[0] != 0)
        (void)trace_poke(t->tid, t->call.args[0], &now_s, sizeof now_s);
    t->call.result = now_s;
    (void)regs_finish(t->tid, t->call.args, now_s);
}
#else
static void tell_seconds(struct trace_task *t)
{
    (void)t; /* there is no such call */
}
#endif

void stage_clock_exit(struct trace_task *t)
{
    const long number = t->call.number;
    if (t->call.result < 0)
        return;
    const int64_t zero_ns = stage_clock_zero_ns((int)t->call.args[0]);
    if (number == SYS_clock_gettime && zero_ns != 0)
        tell_time(t, t->call.args[1], zero_ns, 1);
    else if (number == SYS_gettimeofday)
        tell_time(t, t->call.args[0], date_s * SECOND_NS, 1000);
    else if (number == SYS_getrandom)
        give_random(t);
    else
        tell_seconds(t);
}
