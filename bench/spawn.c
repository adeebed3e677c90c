/*
 * spawn.c - what it costs to create a coroutine, to let it run (it does
 * nothing) and to let it end.
 *
 *     build/bench/spawn
 *
 * The yardstick takes a stack from a list, writes down where to begin, switches
 * there and back, and puts the stack on the list again. See peers_co_loop.c for
 * the ways to spawn a task, and peers_co_raw.c for what memory from the kernel
 * costs each time.
 *
 * Read before: switch.c. Read after: channel.c.
 */
#include "peers_co.h"

static const struct co_peer *taking_part[MICRO_SUBJECTS];
static int times;

static const struct micro_metric metrics[] = {
    {"spawn", "ns", "ns to create it, run it and end it"}, {.name = NULL}};

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    return co_peer_measure(taking_part[subject], CO_SPAWN, point->x, times,
                           values);
}

int main(int argc, char **argv)
{
    struct micro micro = {.bench = "spawn",
                          .command = "bench/spawn",
                          .metrics = metrics,
                          .measure = measure};
    const struct base_option rows[] = {
        {.name = "times",
         .help = "of a run; 0: as many as take 25 ms",
         .number = &times,
         .max = 1000000000},
        {.name = NULL},
    };
    micro_parse(
        &micro, argc, argv,
        "Measures what it costs to create a coroutine, run it and end it: "
        "ours beside a bare one, threads and other libraries.",
        rows);
    micro_begin_without(&micro, co_peers_left_out());
    co_peers_choose(&micro, CO_SPAWN, taking_part);
    static const struct micro_point point = {
        .variant = "one", .x = 1, .text = "one coroutine"};
    micro_point(&micro, &point);
    return micro_end(&micro);
}
