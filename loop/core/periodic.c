/*
 * periodic.c - a beat, with Tornado's rule for beats that are missed.
 *
 * The next beat is the first multiple of the period, counted from the first
 * beat, that lies in the future. So a callback that takes too long skips beats
 * instead of running after them, and a late one does not shift those that
 * follow:
 *
 *     period 10   |----|----|----|----|----|----|----
 *     callbacks   ===  =======   ==   (the third beat is skipped)
 *
 * Read before: timer.c. Read after: call.c.
 * Rests on: tornado.ioloop.PeriodicCallback, whose tests ours repeat.
 */
#include "loop/core/periodic_internal.h"

#include <errno.h>
#include <stdlib.h>

int64_t periodic_next(int64_t last_ns, int64_t now_ns, int64_t period_ns,
                      double jitter, double random)
{
    if (jitter > 0)
        period_ns += (int64_t)((double)period_ns * jitter * (random - 0.5));
    if (last_ns > now_ns) /* a clock that ran backwards: keep the beat */
        return last_ns + period_ns;
    return last_ns + ((now_ns - last_ns) / period_ns + 1) * period_ns;
}

/* Read anew: the callback has taken its time. */
static void arm(struct loop_periodic *p)
{
    p->next_ns = periodic_next(p->next_ns, core_clock(p->timer.loop),
                               p->period_ns, p->jitter, drand48());
    loop_timer_again(&p->timer, p->next_ns);
}

/* The callback may stop the beat, and then its memory is gone. */
static void beat(struct loop_timer *timer)
{
    struct loop_periodic *p = timer->arg;
    struct loop *loop = timer->loop;
    loop->beating = p;
    p->fn(p);
    if (loop->beating == p && !p->held)
        arm(p);
    loop->beating = NULL;
}

int loop_periodic_start_named(struct loop *loop, struct loop_periodic *p,
                              int64_t period_ns, double jitter,
                              loop_periodic_fn *fn, void *arg,
                              const char *place)
{
    if (period_ns < LOOP_MS || period_ns > LOOP_NEVER / 4 ||
        !(jitter >= 0 && jitter <= 1))
        return -EINVAL;
    if (loop->closing)
        return -ESHUTDOWN;
    loop_periodic_stop(p);
    p->fn = fn;
    p->arg = arg;
    p->period_ns = period_ns;
    p->jitter = jitter;
    p->held = false;
    base_list_append(&loop->periodics, &p->link);
    p->next_ns = loop_now(loop);
    loop_timer_start_named(loop, &p->timer, LOOP_NEVER, beat, p, place);
    arm(p);
    return 0;
}

void loop_periodic_stop(struct loop_periodic *p)
{
    if (!loop_periodic_active(p))
        return;
    base_list_remove(&p->link);
    loop_timer_stop(&p->timer);
    if (p->timer.loop->beating == p)
        p->timer.loop->beating = NULL;
}

bool loop_periodic_active(const struct loop_periodic *p)
{
    return p->link.next != NULL && !base_list_empty(&p->link);
}

void periodics_close(struct loop *loop)
{
    while (!base_list_empty(&loop->periodics))
        loop_periodic_stop(
            base_container(loop->periodics.next, struct loop_periodic, link));
}

void loop_periodic_hold(struct loop_periodic *p)
{
    p->held = true;
    loop_timer_stop(&p->timer);
}

void loop_periodic_release(struct loop_periodic *p)
{
    if (!p->held)
        return;
    p->held = false;
    if (!loop_periodic_active(p) || p->timer.loop->beating == p)
        return;
    if (p->next_ns > core_clock(p->timer.loop)) /* it was not missed */
        loop_timer_again(&p->timer, p->next_ns);
    else
        arm(p);
}
