/*
 * build.h - makes programs of a student's files, in a jail: a compiler does
 * what the files tell it, and may be told to read what it should not, to use
 * all memory, or never to end.
 *
 *     work/src         the student's files
 *     work/plain       program, -O2
 *     work/sanitized   the same with -fsanitize=address,undefined
 *     work/given       programs of the kit, which the student's does not see
 *
 * The kit's own parts and its headers were made before, by make: see kit in
 * ../exercises.mk.
 *
 * Functions return 0 or a negative errno value.
 * Read before: exercise.h. Read after: run.h.
 */
#ifndef GRADER_BUILD_H
#define GRADER_BUILD_H

#include "exercise.h"

struct build_options {
    enum jail_tier tier;
    const char *warden; /* the path of that program */
    const char *kit;    /* include/, plain/, sanitized/: headers and parts */
    const char *work;   /* a folder of its own, with src/ in it */
};

/*
 * Builds. *words is what the compiler said, warnings too, cut; "" if nothing.
 * -ENOEXEC: the student's files do not compile (*words says why); other errors
 * are the grader's own.
 */
int build_submission(const struct exercise *e, const struct build_options *o,
                     struct base_arena *arena, const char **words);

#endif
