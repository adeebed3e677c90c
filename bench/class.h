/*
 * class.h - the results of several people: who takes part, and how they lie
 * together.
 *
 * A file is one person's results. A folder is one person's too if each bench
 * stands in one of its files only (build/bench); if a bench stands in two, its
 * files are of different people (a folder of exports).
 *
 * Machines differ, so what is compared is each one's ratio to its own floor.
 *
 * Read before: results.h, series.h. Read after: compare.c.
 */
#ifndef BENCH_CLASS_H
#define BENCH_CLASS_H

#include "figures.h"

enum { MEMBERS_MAX = POINTS_MAX };

struct member {
    struct name name; /* of the file or folder */
    struct results results;
};

/* Embedded by its user; starts as all zero. */
struct class
{
    int n;
    struct member members[MEMBERS_MAX];
};

/*
 * Adds the results at `path`. Returns 0 or a negative errno value with
 * `problem` filled; -E2BIG if there are more than MEMBERS_MAX.
 */
int class_load(struct class *c, const char *path, struct problem *problem);
void class_free(struct class *c);

/*
 * The members' medians of one server at x, as a point: the median over the
 * members, their lowest and highest; `rounds` is how many have it.
 */
struct point class_point(const struct class *c, const struct topic *t,
                         const char *server, double x);

/* The member whose median lies lowest (-1) or highest (1), or NULL. */
const struct member *class_extreme(const struct class *c, const struct topic *t,
                                   const char *server, double x, int direction);

#endif
