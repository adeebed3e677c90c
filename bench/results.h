/*
 * results.h - what was measured: the rows of one or more results files.
 *
 * A results file is text, a row a measurement, so that anybody can read it
 * with awk, too. Its first line says which format it is; then come facts about
 * the machine and the run, a line each; then the column line and the rows:
 *
 *     # course-kit results 1
 *     # kernel Linux 6.12
 *     bench  server  variant  x  metric  value  unit  round     (tabs between)
 *
 * A point that could not be measured is a row of the metric "failed", whose
 * unit column holds the reason: a missing point, never a number.
 *
 * Read before: nothing. Read after: series.h.
 */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdbool.h>

enum {
    RESULTS_VERSION = 1,
    ROUNDS_MAX = 1000, /* rounds are numbered below this */
    RESULTS_TEXT_MAX = 320,
};

/* Words are borrowed from the results that hold the row. */
struct row {
    const char *bench, *server, *variant, *metric;
    const char *text; /* the value as it stands in the file */
    const char *unit; /* or a reason, or a sentence */
    double x;         /* NAN: "-" */
    double value;     /* NAN: not a number */
    int round;
};

struct fact {
    const char *key, *value;
};

/* Starts as all zero; results_load adds to it, results_free empties it. */
struct results {
    int n_rows, n_facts, n_files;
    struct row *rows;
    struct fact *facts; /* each pair of key and value once */
    char **files;       /* what the words above point into */
};

/* Why something did not work, for the person who asked for it. */
struct problem {
    char what[RESULTS_TEXT_MAX]; /* "a.tsv:7: 'x' is no number" */
    const char *try;             /* what to do, or NULL */
};

/*
 * Adds the rows of `path`: a file, or a folder with *.tsv, read in order of
 * their names. Returns 0; or -ENOENT if there is nothing, -EPROTO if the file
 * has another format, -EINVAL if a line is malformed, or what the system said,
 * with `problem` filled. After an error, results_free is still due.
 */
int results_load(struct results *r, const char *path, struct problem *problem);
void results_free(struct results *r);

/* The first fact of that key, or `otherwise`. Borrowed from `r`. */
const char *results_fact(const struct results *r, const char *key,
                         const char *otherwise);

/* True if `r` has a row of that bench. */
bool results_have(const struct results *r, const char *bench);

/*
 * Fills `names` with the servers that have rows of `bench` (NULL: of any), each
 * once, in course order, which is the order of their names; yardsticks
 * ("floor", "raw/epoll") come last. Returns how many; what does not fit is left
 * out.
 */
int results_servers(const struct results *r, const char *bench,
                    const char **names, int room);

#endif
