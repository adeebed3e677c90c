/*
 * record.h - the rows of a run, and the files they are kept in: one a kind of
 * measurement, build/bench/KIND.tsv, a row a measurement, with a header that
 * says on what machine.
 */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <stdbool.h>

/* The version of the format; files of another are refused by their readers. */
#define RECORD_VERSION "# course-kit results 1"

/* One measurement. Texts are borrowed for the call of record_add. */
struct row {
    const char *bench, *server, *variant;
    int x;
    const char *metric;
    double value;
    const char *unit;
    int round;
};

void record_add(const struct row *row);

/* A point that could not be measured: metric "failed", and why. */
void record_failure(const struct row *point, const char *reason);

/* A remark for the header: what was scaled down, and why. */
void record_note(const char *note, ...) __attribute__((format(printf, 1, 2)));

struct run_facts {
    const char *command, *mode;
    int rounds;
    int quiet; /* whether the machine was otherwise idle */
};

/* True if the processors are idle for nine tenths of 200 ms. */
bool record_quiet(void);

/*
 * Writes a file for each bench that has rows into `folder`, each whole or not
 * at all. Returns 0 or a negative errno value.
 */
int record_write(const char *folder, const struct run_facts *facts);

#endif
