/*
 * micro.h - how the benchmarks of the loop are run: subjects in turn, round
 * after round, in one process on one CPU, so that drift falls on all alike.
 *
 *     for each point (100 pipes, 1 active ...)
 *         for each round
 *             for each subject, beginning with another one each round
 *                 measure; keep a row a metric
 *         print the point's table
 *
 * The first subject is the yardstick: every value is also shown as a ratio to
 * its value in the same round. A subject that cannot take part at a point says
 * why; that is a row, too.
 *
 * Read before: record.h, series.h. Read after: ring.c, timers.c, wakeup.c.
 */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include "loop/base.h"

#include <stdint.h>

enum { MICRO_METRICS = 4, MICRO_SUBJECTS = 16 };

/* What is measured, in which unit; how the table says it. */
struct micro_metric {
    const char *name, *unit, *text;
};

/* Where it is measured: variant and x of the rows, and words for both. */
struct micro_point {
    const char *variant;
    int x;
    char text[64];
};

struct micro {
    const char *bench;                    /* "ring" */
    const char *command;                  /* for the header of the results */
    const struct micro_metric *metrics;   /* ended by a NULL name */
    const char *subjects[MICRO_SUBJECTS]; /* the first is the yardstick */
    int n_subjects;
    /*
     * Measures a subject at a point: fills a value for each metric and returns
     * NULL, or returns why it cannot be, a constant text.
     */
    const char *(*measure)(int subject, const struct micro_point *point,
                           double *values);
    /* From the command line, see micro_parse. */
    int rounds; /* 0 before: 9 */
    const char *only, *out;
    struct base_options *options; /* with their texts, until micro_end */
    bool quiet; /* whether the machine was idle at the beginning */
};

/*
 * Parses the command line: the options that all these programs have, and `rows`
 * (NULL: none). `about` is what --help says. Ends the program on an error.
 */
void micro_parse(struct micro *m, int argc, char **argv, const char *about,
                 const struct base_option *rows);

/* True if --only leaves this subject in. The yardstick is always in. */
bool micro_wants(const struct micro *m, const char *name);

/* Pins the process to one CPU, and says what is not built in: of the libraries
 * that have loops, or `absent` ("" for nothing). */
void micro_begin(struct micro *m);
void micro_begin_without(struct micro *m, const char *absent);

/* Measures one point in all rounds, and prints its table. */
void micro_point(struct micro *m, const struct micro_point *point);

/* Keeps the rows in m->out, if it is given, and frees the options. Returns
 * main's status. */
int micro_end(struct micro *m);

/* Pins the calling thread to the nth CPU that the process may use, or to the
 * last there is. */
void micro_pin(int n);

/* The monotonic clock. */
int64_t micro_now_ns(void);

/* Time of a CPU that this process has had: what the others on a busy machine
 * take does not count. The same for one that never sleeps. */
int64_t micro_cpu_ns(void);

/* A fast sequence of numbers that look random. The state is not 0. */
static inline uint32_t micro_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* --- the table (micro_table.c) -------------------------------------------- */

/* The values of one metric at one point, by subject and round; NAN: none. */
struct micro_table {
    const char *title;
    const char *const *subjects;
    const char *const *reasons; /* why there is none; NULL elements otherwise */
    int n_subjects, n_rounds;
    const double *values; /* [subject * n_rounds + round] */
};

void micro_table_print(const struct micro_table *table);

#endif
