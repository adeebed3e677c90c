/* summary.h - the table of a report that fits into a terminal. */
#ifndef BENCH_SUMMARY_H
#define BENCH_SUMMARY_H

#include "results.h"

#include <stdio.h>

/* A line a server, the floor last. Nothing if no connections were measured. */
void summary_print(FILE *out, const struct results *r);

#endif
