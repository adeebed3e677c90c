/*
 * gnuplot.h - a conversation with gnuplot, which runs as a child process: a
 * script in, a drawing out, as often as needed. Starting it costs more than
 * a drawing, so one child draws all.
 *
 * Read before: nothing. Read after: plot.h.
 */
#ifndef BENCH_GNUPLOT_H
#define BENCH_GNUPLOT_H

#include "results.h"

#include <stdio.h>
#include <sys/types.h>

/* Embedded by its user; filled by gnuplot_start. */
struct gnuplot {
    pid_t pid;
    FILE *script;  /* what is written here, it does; */
    FILE *drawing; /* what it draws, and prints, comes from here */
};

/*
 * Starts gnuplot and waits until it answers. Returns 0, or a negative errno
 * value with `problem` filled: -ENOENT if it is not installed. SIGPIPE is
 * ignored from then on: a gnuplot that dies is an error, not our end.
 */
int gnuplot_start(struct gnuplot *g, struct problem *problem);

/*
 * Ends the drawing whose commands were written to g->script, and copies it, as
 * gnuplot made it, into memory. The caller frees it. NULL if gnuplot has ended:
 * it has then said why on standard error.
 */
char *gnuplot_finish(struct gnuplot *g);

void gnuplot_stop(struct gnuplot *g);

#endif
