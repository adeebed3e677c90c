/*
 * class_progress.h - how far a run is: one line, that stands still on a
 * terminal and is drawn anew; elsewhere a line for each submission.
 *
 *     [12/40] bob 05-drain  8/10  about 2 min left
 *
 * Read before: result.h. Read after: class_progress.c.
 */
#ifndef GRADER_CLASS_PROGRESS_H
#define GRADER_CLASS_PROGRESS_H

#include "result.h"

struct class_progress {
    bool terminal;
    bool silent; /* says nothing at all */
    size_t n, done;
    size_t kept;          /* of those done: they took no time */
    int64_t begun_ns;     /* of CLOCK_MONOTONIC */
    struct base_buf last; /* what is said of the last one */
};

/* Begins with none of `n` submissions done. On standard output. */
void class_progress_begin(struct class_progress *p, size_t n);

/* Work on one has begun: as long as none is done, it stands in the line. */
void class_progress_start(struct class_progress *p, const struct submission *s);

/* One has been graded, or could not be. */
void class_progress_add(struct class_progress *p, const struct submission *s);

/* What goes on when all of them are done. */
void class_progress_say(struct class_progress *p, const char *what);

/* Draws the line, with the time left as of now; on a terminal alone. */
void class_progress_draw(const struct class_progress *p);

/* Takes the line away. */
void class_progress_end(struct class_progress *p);

/*
 * The time that `left` submissions will take when `done` took `elapsed_ns`, as
 * "about 2 min left"; "" if that is not known.
 */
const char *class_progress_left(int64_t elapsed_ns, size_t done, size_t left,
                                char text[32]);

#endif
