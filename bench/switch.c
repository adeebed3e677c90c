/*
 * switch.c - what it costs to leave a function in its middle and to come back:
 *
 *     pair    one coroutine, which yields as soon as it is resumed: a switch
 *             there and a switch back
 *     yield   N tasks that yield in turn: each leaves for the scheduler, which
 *             takes the next that is ready
 *
 *     build/bench/switch
 *     build/bench/switch --tasks 1000 --only loop/co
 *
 * The yardstick is the barest switch there can be, see bare_x86_64.S. Each run
 * takes some 25 ms, after shorter ones that do not count. Nothing that is timed
 * sleeps, so CPU time is taken: it holds on a busy machine; threads hand over
 * to each other on one CPU.
 *
 * Read before: micro.h, peers_co.h. Read after: spawn.c.
 */
#include "peers_co.h"

#include <stdio.h>

static const struct co_peer *taking_part[MICRO_SUBJECTS];
static enum co_work work;
static int times;

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    return co_peer_measure(taking_part[subject], work, point->x, times, values);
}

static const struct micro_metric pair_metrics[] = {
    {"pair", "ns", "ns to resume it and to be back"}, {.name = NULL}};
static const struct micro_metric yield_metrics[] = {
    {"yield", "ns", "ns a yield"}, {.name = NULL}};

static void measure_pair(struct micro *m)
{
    static const struct micro_point point = {
        .variant = "pair", .x = 1, .text = "one coroutine"};
    work = CO_PAIR;
    m->metrics = pair_metrics;
    co_peers_choose(m, work, taking_part);
    micro_point(m, &point);
}

static void measure_yield(struct micro *m, int n)
{
    struct micro_point point = {.variant = "yield", .x = n};
    snprintf(point.text, sizeof point.text, "%d task%s", n, n == 1 ? "" : "s");
    work = CO_YIELD;
    m->metrics = yield_metrics;
    co_peers_choose(m, work, taking_part);
    micro_point(m, &point);
}

int main(int argc, char **argv)
{
    int n = 0;
    struct micro micro = {
        .bench = "switch", .command = "bench/switch", .measure = measure};
    const struct base_option rows[] = {
        {.name = "tasks",
         .help = "that yield; 0: the points of make bench",
         .number = &n,
         .max = 10000},
        {.name = "times",
         .help = "of a run; 0: as many as take 25 ms",
         .number = &times,
         .max = 1000000000},
        {.name = NULL},
    };
    micro_parse(
        &micro, argc, argv,
        "Measures what a switch between coroutines costs: ours beside a bare "
        "one, a call, threads and other libraries.",
        rows);
    micro_begin_without(&micro, co_peers_left_out());
    if (n == 0)
        measure_pair(&micro);
    if (n == 0)
        measure_yield(&micro, 2);
    measure_yield(&micro, n == 0 ? 1000 : n);
    return micro_end(&micro);
}
