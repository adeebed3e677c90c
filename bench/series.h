/*
 * series.h - from rows to points: the median of the rounds, and their spread.
 *
 * One measurement on a shared machine means little, so every point is measured
 * in several rounds and shown with what they say together:
 *
 *   median   half of the rounds lie below it
 *   spread   low to high: of fewer than 9 rounds the lowest and the highest,
 *            of more the middle half (the interquartile range)
 *
 * A ratio is taken within each round, where both were measured one after the
 * other, and the median is that of the ratios: a machine that was slow for a
 * round was slow for both.
 *
 * Read before: results.h. Read after: figures.h.
 */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#include "results.h"

enum {
    POINTS_MAX = 128,
    SPREAD_ROUNDS = 9,
    ACTIVE_IDLE = 50, /* active connections of the bench "idle" */
};

/* Which rows; words are borrowed for the call. */
struct query {
    const char *bench, *server;
    const char *variant; /* NULL: any */
    const char *metric;
    const char *over;     /* a ratio: over this server in the same round */
    const double *over_x; /* ... at this x; NULL: at the same */
};

struct point {
    double x;
    int rounds;               /* that were measured; 0: the point is missing */
    int failed;               /* rounds that could not be measured */
    double median, low, high; /* NAN if missing */
    bool starved;             /* some connections got no answer */
    double asked, answered;   /* connections; answered NAN: not counted */
    const char *reason;       /* of the first failure, or NULL; of results */
};

/* The points of one line in a plot, by rising x. */
struct series {
    int n;
    struct point points[POINTS_MAX];
};

/* Sorts `values`; `share` 0.5 is the median. Between two it is in between. */
double series_quantile(double *values, int n, double share);

/* Fills median, low, high and rounds of `p` from n values, which it sorts. */
void series_summary(struct point *p, double *values, int n);

/* One point. It is missing (rounds 0) if nothing was measured. */
struct point series_point(const struct results *r, const struct query *q,
                          double x);

/* All points that the results have rows for; what exceeds the room is cut. */
void series_load(struct series *s, const struct results *r,
                 const struct query *q);

/* The point at x, or NULL; and the last that was measured, or NULL. */
const struct point *series_at(const struct series *s, double x);
const struct point *series_last(const struct series *s);

/* Words for the spread of so many rounds: "lowest to highest", ... */
const char *series_spread_words(int rounds);

#endif
