/*
 * peers_co.c - the table of those who take part, and how each is timed.
 *
 * Read before: peers_co.h. Read after: peers_co_raw.c.
 */
#include "peers_co.h"

#include <math.h>

enum { RUN_NS = 25000000, FIRST_TIMES = 100, TIMES_MAX = 100000000 };

extern const struct co_peer co_raw_jump, co_raw_ret, co_raw_call,
    co_raw_stackless, co_raw_mmap, co_raw_mmap_guard, co_loop, co_loop_go,
    co_loop_join, co_loop_cold;

const struct co_peer *const co_peers[] = {
#if defined __x86_64__ || defined __aarch64__
    &co_raw_jump,  &co_raw_ret,       &co_raw_mmap, &co_raw_mmap_guard,
#endif
    &co_raw_call,  &co_raw_stackless, &co_loop,     &co_loop_go,
    &co_loop_join, &co_loop_cold,     NULL,
};

const char *co_peers_left_out(void)
{
    return "";
}

bool co_peer_can(const struct co_peer *peer, enum co_work work)
{
    return peer->works[work] != NULL || peer->programs[work];
}

/* --- timing ----------------------------------------------------------------
 */

/* Runs more and more often, until it takes long enough. */
static double measure(const struct co_ops *ops, long times)
{
    const bool fixed = times > 0;
    if (!fixed)
        times = FIRST_TIMES;
    for (;;) {
        const int64_t start_ns = micro_cpu_ns();
        const long done = ops->run(times);
        const double took_ns = fmax(1, (double)(micro_cpu_ns() - start_ns));
        if (fixed || took_ns >= RUN_NS || times == TIMES_MAX)
            return took_ns / (double)done;
        const double more = fmin(20, 1.2 * RUN_NS / took_ns);
        times = (long)fmin(TIMES_MAX, (double)times * more + 1);
    }
}

const char *co_peer_measure(const struct co_peer *peer, enum co_work work,
                            int x, long times, double *ns)
{
    if (peer->program != NULL)
        return peer->program(work, x, times, ns);
    const struct co_ops *ops = peer->works[work];
    const char *reason = ops->open(x);
    if (reason == NULL) {
        *ns = measure(ops, times);
        ops->close();
    }
    return reason;
}
