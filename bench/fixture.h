/*
 * fixture.h - results files for tests, made up line by line in a folder that is
 * removed again. Ends the test program if the folder cannot be used.
 */
#ifndef BENCH_FIXTURE_H
#define BENCH_FIXTURE_H

#include "proc.h"
#include "results.h"

#include <stdio.h>

struct fixture {
    char folder[64];
};

/* Makes an empty folder; removes it with everything in it. */
void fixture_init(struct fixture *f);
void fixture_fini(struct fixture *f);

/* A path in the folder; valid until the eighth call after it. */
const char *fixture_path(const struct fixture *f, const char *name);

/* Opens NAME with the header of a results file written; the caller closes. */
FILE *fixture_open(const struct fixture *f, const char *name);

/* Rows of one metric, a value a round, from round 1 on. */
void fixture_rounds(FILE *out, const char *point, const char *metric,
                    const double *values, int n);

/* The whole course, small: every bench, with starved and failed points. */
void fixture_course(const struct fixture *f);

/* The benchmarks of the loop: `faster` is libev's time over the loop's. */
void fixture_loop(const struct fixture *f, double faster);

/* The benchmarks of coroutines: `faster` is Go's time over ours. */
void fixture_co(const struct fixture *f, double faster);

/*
 * Runs build/bench/NAME with options up to a NULL; proc->said holds its words.
 * Returns its exit status, or -1 if it did not exit.
 */
int fixture_run(struct proc *proc, const char *name,
                const char *const *options);

/*
 * Runs a benchmark with these options, keeps its rows in the folder, and reads
 * them. Returns true if that went well.
 */
bool fixture_measure(const struct fixture *f, struct proc *proc,
                     const char *name, const char *const *options,
                     struct results *results);

/* That row, or NULL. */
const struct row *fixture_row(const struct results *results, const char *server,
                              const char *metric, double x, int round);

/* A whole file's text, or NULL; the caller frees it. */
char *fixture_text(const char *path);

#endif
