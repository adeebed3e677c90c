/*
 * fan.c - one and many: N tasks that send to one (fan-in), and one that sends
 * to N (fan-out), through one channel that holds nothing, so that each message
 * is handed from a task that waits, or to one.
 *
 *     build/bench/fan --tasks 1000
 *
 * What grows with N is not the work but the memory that it touches: a stack's
 * end for each. A mutex and a condition, on which N threads wait, are beside.
 *
 * Read before: channel.c. Read after: memory.c.
 */
#include "peers_co.h"

#include <stdio.h>

static const struct co_peer *taking_part[MICRO_SUBJECTS];
static enum co_work work;
static int times;

static const struct micro_metric metrics[] = {{"message", "ns", "ns a message"},
                                              {.name = NULL}};

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    return co_peer_measure(taking_part[subject], work, point->x, times, values);
}

static void measure_point(struct micro *m, enum co_work which, int n)
{
    struct micro_point point = {
        .variant = which == CO_FAN_IN ? "fan-in" : "fan-out", .x = n};
    if (which == CO_FAN_IN)
        snprintf(point.text, sizeof point.text, "%d to one", n);
    else
        snprintf(point.text, sizeof point.text, "one to %d", n);
    work = which;
    co_peers_choose(m, work, taking_part);
    micro_point(m, &point);
}

int main(int argc, char **argv)
{
    int n = 0;
    struct micro micro = {.bench = "fan",
                          .command = "bench/fan",
                          .metrics = metrics,
                          .measure = measure};
    const struct base_option rows[] = {
        {.name = "tasks",
         .help = "the many; 0: the points of make bench",
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
        "Measures what a message costs from one of many tasks to one, and from "
        "one to one of many.",
        rows);
    micro_begin_without(&micro, co_peers_left_out());
    static const enum co_work works[] = {CO_FAN_IN, CO_FAN_OUT};
    static const int many[] = {1, 10, 100, 1000};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < (n == 0 ? 4 : 1); k++)
            measure_point(&micro, works[i], n == 0 ? many[k] : n);
    return micro_end(&micro);
}
