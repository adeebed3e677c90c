/*
 * timers.c - what a timer costs while N others are outstanding:
 *
 *     cancel   one is started and stopped
 *     rearm    a random one of the N is moved to another deadline, as is done
 *              with a connection's at each sign of life
 *     fire     all N are started, with random deadlines, and later fire
 *     expire   the same, started in the order of their deadlines, as when all
 *              have the same time to live
 *
 * Each library moves a timer in the way that its manual recommends. Deadlines
 * lie within a minute for cancel and rearm; for the others within 100 ms, or
 * within 10 ms ten times where N is small. Of these the starting and the firing
 * are timed. Between them the program sleeps until all deadlines have passed,
 * which is not: so clocks are real, the same for all, and what is left is the
 * work. Every library then finds all N due at once. Nothing that is timed
 * sleeps, so CPU time is taken: it holds on a busy machine.
 *
 *     build/bench/timers --timers 1000000
 *
 * The yardstick is the wheel of loop/base without a loop round it.
 *
 * Read before: micro.h, peers.h. Read after: wakeup.c.
 */
#include "peers.h"

#include <stdio.h>
#include <time.h>

enum {
    TIMES = 200000, /* of cancel and rearm */
    MINUTE_MS = 60000,
    FIRE_MS = 100,
    FEW = 10000, /* fewer than these fire ten times */
};

static const struct peer *taking_part[MICRO_SUBJECTS];

static const struct micro_metric metrics[] = {
    {"cancel", "ns/timer", "ns to start one and cancel it"},
    {"rearm", "ns/timer", "ns to move a random one"},
    {"fire", "ns/timer", "ns to start one and let it fire"},
    {"expire", "ns/timer", "the same, started by rising deadline"},
    {.name = NULL},
};

static double since(int64_t start_ns, int n)
{
    return (double)(micro_cpu_ns() - start_ns) / n;
}

static const char *churn(struct timers *t, double *values)
{
    const struct timers_ops *ops = t->peer->timers;
    t->spread_ms = MINUTE_MS;
    const char *reason = ops->open(t);
    if (reason != NULL)
        return reason;
    ops->fill();
    int64_t start_ns = micro_cpu_ns();
    ops->churn(TIMES);
    values[0] = since(start_ns, TIMES);
    start_ns = micro_cpu_ns();
    ops->rearm(TIMES);
    values[1] = since(start_ns, TIMES);
    ops->close();
    return NULL;
}

/* Until all deadlines have passed, rounded up to a tick. */
static void sleep_ms(int ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static const char *fire(struct timers *t, bool in_order, double *value)
{
    const struct timers_ops *ops = t->peer->timers;
    const int times = t->n < FEW ? 10 : 1;
    t->spread_ms = FIRE_MS / times;
    t->in_order = in_order;
    const char *reason = ops->open(t);
    double sum = 0;
    for (int i = 0; i < times && reason == NULL; i++) {
        t->fired = t->started = 0;
        int64_t start_ns = micro_cpu_ns();
        ops->fill();
        sum += since(start_ns, t->n);
        sleep_ms(t->spread_ms + 2);
        start_ns = micro_cpu_ns();
        ops->fire();
        sum += since(start_ns, t->n);
        if (t->fired != t->n)
            reason = "not all timers fired";
    }
    ops->close();
    *value = sum / times;
    return reason;
}

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    static struct timers t;
    t = (struct timers){.n = point->x,
                        .random = 88172645463325252,
                        .peer = taking_part[subject]};
    const char *reason = churn(&t, values);
    for (int i = 0; i < 2 && reason == NULL; i++)
        reason = fire(&t, i == 1, &values[2 + i]);
    return reason;
}

static void measure_point(struct micro *m, int n)
{
    struct micro_point point = {.variant = "random", .x = n};
    snprintf(point.text, sizeof point.text, "%d timers outstanding", n);
    micro_point(m, &point);
}

static void choose(struct micro *m)
{
    for (const struct peer *const *p = peers; *p != NULL; p++) {
        if ((*p)->timers == NULL || !micro_wants(m, (*p)->name))
            continue;
        taking_part[m->n_subjects] = *p;
        m->subjects[m->n_subjects++] = (*p)->name;
    }
}

int main(int argc, char **argv)
{
    int n = 0;
    struct micro micro = {.bench = "timers",
                          .command = "bench/timers",
                          .metrics = metrics,
                          .measure = measure};
    const struct base_option rows[] = {
        {.name = "timers",
         .help = "outstanding; 0: the points of make bench",
         .number = &n,
         .max = 10000000},
        {.name = NULL},
    };
    micro_parse(
        &micro, argc, argv,
        "Measures what a timer costs while others are outstanding: our loop "
        "beside the bare wheel and other libraries.",
        rows);
    micro_begin(&micro);
    choose(&micro);
    if (n != 0)
        measure_point(&micro, n);
    for (int points = 1000; n == 0 && points <= 1000000;
         points *= points == 1000 ? 100 : 10)
        measure_point(&micro, points);
    return micro_end(&micro);
}
