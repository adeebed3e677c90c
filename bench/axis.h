/*
 * axis.h - an axis of a plot: its range, what stands at its ticks, and where a
 * value lies on it.
 *
 * The plot places names beside the ends of lines, so it must know where gnuplot
 * will draw a value; hence range and ticks are chosen here, not by gnuplot.
 * A log axis has no zero. Where one was measured ("no idle connection") it
 * stands apart at the left, and its tick says 0.
 *
 * Read before: words.h. Read after: plot.h.
 */
#ifndef BENCH_AXIS_H
#define BENCH_AXIS_H

#include "words.h"

enum { TICKS_MAX = 16 };

struct tick {
    double at;
    struct name label;
};

struct axis {
    bool log;
    double low, high;
    double zero; /* stands for 0 on a log axis */
    int n_ticks;
    struct tick ticks[TICKS_MAX];
};

/* From 0 to a little above `high`, with at most `n` ticks above 0. */
struct axis axis_linear(double high, int n);

/* A log axis that holds low to high, with a tick at each power of ten. */
struct axis axis_log(double low, double high);

/* An axis with a tick at each of the rising values that were measured. */
struct axis axis_measured(const double *values, int n, bool log);

/* Removes ticks until labels do not touch: one character is `share` wide. */
void axis_thin(struct axis *a, double share);

/* What to give to gnuplot for a value; where it lies, 0 to 1. */
double axis_value(const struct axis *a, double value);
double axis_fraction(const struct axis *a, double value);

#endif
