/*
 * overview.h - all exercises in their order, and how far the student is with
 * each: what `grade progress` prints, and where `grade watch` goes next.
 *
 * Functions return 0 or a negative errno value.
 * Read before: exercise.h, progress.h. Read after: overview.c.
 */
#ifndef GRADER_OVERVIEW_H
#define GRADER_OVERVIEW_H

#include "exercise.h"
#include "progress.h"

enum overview_state {
    OVERVIEW_WRONG,   /* exercise.ini cannot be read; `why` says more */
    OVERVIEW_NEW,     /* no file of the student's is there yet */
    OVERVIEW_BEGUN,   /* there are files, not checked as they are */
    OVERVIEW_CHANGED, /* it was finished; the files have changed since */
    OVERVIEW_PARTLY,  /* checked as it is: some points, or none */
    OVERVIEW_DONE,
};

struct overview_row {
    const char *name;
    enum overview_state state;
    struct exercise exercise; /* unless OVERVIEW_WRONG */
    const char *why;
    double score, max; /* of OVERVIEW_PARTLY and OVERVIEW_DONE */
};

struct overview {
    struct overview_row *rows;
    size_t n, done;
};

/* Memory is the arena's. -ENOENT: there are no exercises. */
int overview_read(struct overview *o, struct base_arena *arena);

/*
 * The first exercise after `name` (NULL: of all) that is not done, round to
 * `name` itself, which is the last that is asked. NULL: all are done.
 */
const struct overview_row *overview_next(const struct overview *o,
                                         const char *name);

/* A line each, `current` (or NULL) marked, and how many are done. */
void overview_print(const struct overview *o, const char *current,
                    struct base_buf *out);

#endif
