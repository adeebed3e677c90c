/*
 * figures.h - what the data says, in sentences that say the opposite when the
 * data does.
 *
 * A topic is one question put to the results: which rows, what is better, how
 * its plot is drawn, and how the answer is said. Servers and lessons are never
 * listed: they are found in the results, and "best" and "worst" are computed.
 *
 * Two servers are compared round by round: they differ if one was ahead over
 * the whole spread of the rounds' ratios; else they count as equal, and the
 * sentence says so. Fewer than five rounds say little about the spread: then
 * it must be ahead by 10 % all the time.
 *
 * Read before: series.h, words.h. Read after: charts.h.
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "plot.h"
#include "series.h"
#include "words.h"

enum { SERVERS_MAX = 64 };

/* A server at one x. */
struct standing {
    const char *server; /* NULL: there is none */
    struct point point;
};

struct topic {
    const char *name; /* of its plot */
    struct query query;
    bool more_is_better;
    bool starved_count; /* starved points may be the worst */
    bool against_worst; /* a lesson is shown against the worst of all */
    double x;           /* where it is decided; 0: as far as data reaches */
    enum plot_kind kind;
    const char *x_label, *y_label;
    bool x_log;
    enum plot_scale scale;
    double factor;
    struct name (*show)(double value); /* a value with its unit */
    /* Sentences about the best and the worst at {x}: {best} with its {value},
     * {worst} with its {other}; if they differ, and if they count as equal.
     * NULL: who asks says it otherwise. */
    const char *differ, *equal;
    const char *look_at, *if_different;
    /* Of the loop's benchmarks: who is shown strong, against the best of the
     * others; who takes no part ("loop/poll loop/select"); what x counts. */
    const char *hero, *without, *x_title;
};

extern const struct topic topic_throughput, topic_idle, topic_fetch;

/* The questions put to the benchmarks of the loop, and of coroutines, ended by
 * a NULL. */
extern const struct topic *const topics_loop[];
extern const struct topic *const topics_co[];

/* The questions put to all lessons together, ended by a NULL. */
extern const struct topic *const topics_together[];

/* The topic of that name, or NULL. */
const struct topic *figures_topic(const char *name);

/* One server's rounds over another's; then what the ratio says. */
struct point figures_ratio(const struct results *r, const struct topic *t,
                           const struct standing *a, const struct standing *b);
enum order { LESS = -1, EQUAL, MORE };
enum order figures_order(const struct point *ratio);

/*
 * The lessons that have servers in `bench` (NULL: in any), in course order.
 * Returns how many; at most SERVERS_MAX.
 */
int figures_lessons(const struct results *r, const char *bench,
                    struct name *lessons);

/* The servers of a topic's bench, as results_servers, that take part in it. */
int figures_servers(const struct results *r, const struct topic *t,
                    const char **servers);

/*
 * The best (or worst) server of `lesson` (NULL: of all) at x; starved points
 * count for neither unless the topic says so. The floor takes no part.
 */
struct standing figures_best(const struct results *r, const struct topic *t,
                             const char *lesson, double x);
struct standing figures_worst(const struct results *r, const struct topic *t,
                              double x);

/* One server at x; its point may be missing. */
struct standing figures_standing(const struct results *r, const struct topic *t,
                                 const char *server, double x);

/* Every x of a topic, of one lesson or (NULL) of all, rising; how many. */
int figures_xs(const struct results *r, const struct topic *t,
               const char *lesson, double xs[POINTS_MAX]);

/* Where a topic is decided: its x if measured there, or the largest. */
double figures_x(const struct results *r, const struct topic *t);

/* Who is shown strong in a plot, and whom the sentence compares with. */
struct cast {
    struct standing strong, rival;
    struct point ratio; /* of the strong over the rival, if there is one */
    double x;
};
struct cast figures_cast(const struct results *r, const struct topic *t,
                         const char *lesson);

/* Of a lesson's servers, who leaves most connections without answer at x. */
struct standing figures_most_starved(const struct results *r,
                                     const struct topic *t, const char *lesson,
                                     double x);

/* --- sentences (sentences.c, answer.c) ----------------------------------- */

/* The sentence that a plot proves. `lesson` NULL: of all together. */
struct words figures_sentence(const struct results *r, const struct topic *t,
                              const char *lesson);

/* The answer of the whole course, with this machine's numbers. */
struct words figures_answer(const struct results *r);

/* "select at 1,000 (FD_SETSIZE); ..." of points that are missing, or "". */
struct words figures_missing(const struct results *r, const struct topic *t,
                             const char *lesson);

#endif
