/*
 * channel.c - what it costs to hand a message of 8 bytes from a task to another
 * one, by how many may be under way: 0, where a sender waits for its receiver,
 * 1, and 128, where they have to switch only now and then.
 *
 *     build/bench/channel
 *     build/bench/channel --capacity 128 --only "loop go"
 *
 * The yardstick is a ring of messages and the barest switch, whenever it is
 * full or empty. Threads have theirs by a mutex and conditions, or by a pipe,
 * on one CPU: between two CPUs it would be the way of a line of the cache that
 * is measured.
 *
 * Read before: spawn.c. Read after: fan.c.
 */
#include "peers_co.h"

#include <stdio.h>

static const struct co_peer *taking_part[MICRO_SUBJECTS];
static int times;

static const struct micro_metric metrics[] = {{"message", "ns", "ns a message"},
                                              {.name = NULL}};

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    return co_peer_measure(taking_part[subject], CO_CHANNEL, point->x, times,
                           values);
}

static void measure_point(struct micro *m, int capacity)
{
    char variant[32];
    snprintf(variant, sizeof variant, "room for %d", capacity);
    struct micro_point point = {.variant = variant, .x = capacity};
    snprintf(point.text, sizeof point.text, "a channel for %d", capacity);
    micro_point(m, &point);
}

int main(int argc, char **argv)
{
    int capacity = -1;
    struct micro micro = {.bench = "channel",
                          .command = "bench/channel",
                          .metrics = metrics,
                          .measure = measure};
    const struct base_option rows[] = {
        {.name = "capacity",
         .help = "messages under way; -1: the points of make bench",
         .number = &capacity,
         .min = -1,
         .max = 256},
        {.name = "times",
         .help = "of a run; 0: as many as take 25 ms",
         .number = &times,
         .max = 1000000000},
        {.name = NULL},
    };
    micro_parse(
        &micro, argc, argv,
        "Measures what a message from a task to another one costs: ours beside "
        "the barest, threads and other languages.",
        rows);
    micro_begin_without(&micro, co_peers_left_out());
    co_peers_choose(&micro, CO_CHANNEL, taking_part);
    static const int capacities[] = {0, 1, 128};
    for (int i = 0; i < 3 && capacity == -1; i++)
        measure_point(&micro, capacities[i]);
    if (capacity != -1)
        measure_point(&micro, capacity);
    return micro_end(&micro);
}
