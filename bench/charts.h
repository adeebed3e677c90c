/*
 * charts.h - from a topic to a plot: which line is strong, which are grey, and
 * what stands at their ends.
 *
 * Read before: figures.h, plot.h. Read after: page.h.
 */
#ifndef BENCH_CHARTS_H
#define BENCH_CHARTS_H

#include "figures.h"

/*
 * A plot of the topic: of one lesson before all the others, or (NULL) of all
 * together, the best against the worst. `reference` (may be empty) adds what
 * another machine measured with the strong server. The caller frees it.
 */
struct plot *chart_new(const struct results *mine,
                       const struct results *reference, const struct topic *t,
                       const char *lesson);

/* One server strong before all others in pale grey, for a small multiple. */
struct plot *chart_multiple(const struct results *mine,
                            const struct results *reference,
                            const struct topic *t, const char *server);

#endif
