/*
 * workspace.h - where a student works: exercises/NAME/FILE, a file that git
 * does not look at, made from the kit's exercises/NAME/skeleton/FILE.
 *
 *     git pull  --->  skeleton/server.c      the kit's: always the newest
 *                          |
 *                          |  once, if there is no server.c (O_EXCL)
 *                          v
 *                     server.c               the student's: nobody else writes
 *                          |
 *                          |  reset: kept first
 *                          v
 *                     server.c.bak-1, ...
 *
 * So an update of the kit can neither conflict with one's work nor lose it. Of
 * which skeleton the work was made is noted in progress.h; when an update has
 * changed that, the student is told so, and decides.
 *
 * Functions return 0 or a negative errno value. `told` gets lines for the
 * student: what was made, what has changed, and after an error what could not
 * be done and what to try. All paths are below the current folder.
 * Read before: exercise.h, progress.h. Read after: workspace.c.
 */
#ifndef GRADER_WORKSPACE_H
#define GRADER_WORKSPACE_H

#include "exercise.h"
#include "progress.h"

/* Makes the files that are missing; never changes one that is there. */
int workspace_prepare(const struct exercise *e, struct base_buf *told);

/*
 * Tells which of the kit's files that are built in, parts and their headers,
 * are not as git has them. Without git there is nothing to tell.
 */
void workspace_tell_changed(const struct exercise *e, struct base_buf *told);

/*
 * Keeps a copy of each file that differs from the skeleton, under a name that
 * was free, and begins anew.
 */
int workspace_reset(const struct exercise *e, struct base_buf *told);

/* The student has seen that the skeleton is another: no more word of it. */
int workspace_seen(const struct exercise *e);

/* The fingerprint of the student's files, as progress_note wants it. */
int workspace_sha256(const struct exercise *e, char hex[SHA256_HEX]);

#endif
