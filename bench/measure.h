/*
 * measure.h - measures one point: starts a server, loads it, records what came
 * of it, stops it. Whatever goes wrong becomes a row that says so; nothing here
 * ends the run.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "record.h"
#include "subjects.h"

/* Where programs are and on which CPUs they run (negative: on any). */
struct bench_setup {
    const char *build;
    int server_cpu, load_cpu;
    int ms;          /* how long a load lasts */
    int slow_port;   /* of slowd, for fetch */
    int descriptors; /* the limit of them */
    const char *wrk; /* its path */
};

/*
 * A kind of measurement. `at` names the point (bench, server, variant, x,
 * round); the function adds rows for each metric. Returns the figure to show
 * in the progress line, negative if the point failed.
 */
typedef double measure_fn(const struct bench_setup *setup,
                          const struct subject *s, const struct row *at);

measure_fn measure_connections; /* bench/load against x connections */
measure_fn measure_wrk;         /* wrk against x connections */
measure_fn measure_idle;        /* 50 active beside x idle connections */
measure_fn measure_fetch;       /* the lesson's fetch, x pages */
measure_fn measure_calls;       /* system calls per request */

#endif
