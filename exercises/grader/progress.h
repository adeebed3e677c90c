/*
 * progress.h - how far a student is: exercises/.progress, a text file that git
 * does not look at.
 *
 *     05-drain SHA256 7/10 2026-11-21T17:39:54Z       checked: points, when
 *     05-drain SHA256 skeleton 2026-11-20T08:15:00Z   begun from this skeleton
 *
 * A line is about one content of the student's files (files_sha256): after the
 * next change it does not count, and when the change is undone it counts again.
 * So the lines of two machines can stand in one file in any order: `cat a b`,
 * `sort -u a b` and `grade progress --merge FILE` mean the same. What wins:
 *
 *   - of one exercise and one content: the best result, then the latest
 *   - of contents that are not finished: the latest alone is kept
 *   - of skeletons: the latest
 *
 * An exercise whose checks are changed by an update stays finished. Lines that
 * we do not understand (a comment, a later version's) are kept as they are.
 *
 * Functions return 0 or a negative errno value. The file lies below the current
 * folder, as the exercises do.
 * Read before: files.h. Read after: progress.c, workspace.h.
 */
#ifndef GRADER_PROGRESS_H
#define GRADER_PROGRESS_H

#include "files.h"

#define PROGRESS_PATH "exercises/.progress"

enum progress_kind { PROGRESS_OTHER, PROGRESS_MARK, PROGRESS_SKELETON };

/* A line of the file; texts are the arena's. */
struct progress_line {
    enum progress_kind kind;
    const char *text; /* of PROGRESS_OTHER: the line, without its end */
    const char *exercise, *sha256, *date;
    double score, max;
};

struct progress {
    struct progress_line *lines; /* those that count, see above */
    size_t n;
};

/* Reads the file; one that is not there yet has no lines. */
int progress_read(struct progress *p, struct base_arena *arena);

/*
 * What is known of the exercise with this content; NULL: it has not been
 * checked so. Borrowed from `p`.
 */
const struct progress_line *progress_find(const struct progress *p,
                                          const char *exercise,
                                          const char *sha256);

/* The same whatever the content: the best one, the latest of several. */
const struct progress_line *progress_best(const struct progress *p,
                                          const char *exercise);

/* The skeleton that it was begun from; NULL: none is noted. */
const struct progress_line *progress_skeleton(const struct progress *p,
                                              const char *exercise);

/* All points, and there are some. */
bool progress_finished(const struct progress_line *line);

/*
 * Notes that the exercise was checked, now: `sha256` as of files_sha256 over
 * the files of exercise.ini. May be called by several processes at once.
 */
int progress_note(const char *exercise, const char *sha256, double score,
                  double max);

/* Notes that the work was begun, or goes on, from this skeleton. */
int progress_note_skeleton(const char *exercise, const char *sha256);

/* Adds the lines of another such file. */
int progress_merge(const char *path);

#endif
