/*
 * cpu_in_task.c - a mistake: a task computes for long.
 *
 * A task is switched only where it waits, and a computation does not wait. So
 * for as long as it takes nobody else runs: no error, no warning, only points
 * that are missing between the brackets. LOOP_WATCHDOG=50 names it.
 *
 * The cure: let the others run now and then (co_yield_turn). That costs a few
 * nanoseconds a time, so once a millisecond is nothing. Or give the computation
 * to a thread of the pool (co_work): then another processor may do it.
 *
 * What is no cure is to make more tasks. Tasks overlap waiting, not computing:
 * eight computations in eight tasks take as long as one after the other.
 *
 * Read before: blocking_call.c. Read after: stack_overflow.c.
 * Rests on: clock_gettime(2).
 */
#include "gallery.h"

#include <time.h>

enum { CHUNKS = 500 };

/* Takes a millisecond of this thread's processor time. */
static void compute(void)
{
    struct timespec begin, now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - begin.tv_sec) * LOOP_SECOND + now.tv_nsec -
               begin.tv_nsec <
           LOOP_MS);
}

static int work(void *arg)
{
    (void)arg;
    int error = 0;
    for (int i = 0; i < CHUNKS && error == 0; i++) {
        compute();
        if (mended)
            error = co_yield_turn();
    }
    return error;
}

static int first(void *arg)
{
    (void)arg;
    return beside_a_beat(work);
}

int main(int argc, char **argv)
{
    return gallery_main(argc, argv, "A task computes for half a second.",
                        first);
}
