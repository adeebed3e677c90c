/*
 * scratch.h - a place outside of the kit for what a run of the grader builds:
 * whom it locks in may be another user, who may not even see the kit.
 *
 * SCRATCH is grade.XXXXXX.
 *
 *     SCRATCH/warden            a copy of that program
 *     SCRATCH/kit/              headers and parts, copied
 *     SCRATCH/work.XXXXXX/      one submission; gone when it is graded
 *
 * Read before: build.h. Read after: scratch.c.
 */
#ifndef GRADER_SCRATCH_H
#define GRADER_SCRATCH_H

#include "../../loop/base.h"

struct scratch {
    char *dir, *warden, *kit;
    const char *try; /* after an error of scratch_make: what to type */
};

/*
 * Makes it below $TMPDIR, or /tmp; `build` is the folder of built programs
 * ("build"). 0 or a negative errno value, with what was tried in *why.
 */
int scratch_make(struct scratch *s, const char *build, const char **why);

/* Makes a folder that others may read, too, whatever our umask(2) says. */
int scratch_mkdir(const char *path);

/* A new folder in it for one submission; the caller frees the path. */
char *scratch_folder(const struct scratch *s);

/* Removes a folder with all in it; follows no link. */
int scratch_remove(const char *path);

/* Removes it all. */
void scratch_end(struct scratch *s);

/* Copies a file, with its permission to execute; others may read it, too. */
int scratch_copy(const char *from, const char *to);

#endif
