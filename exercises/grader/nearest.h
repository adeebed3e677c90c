/*
 * nearest.h - which exercise was meant by a name that is none.
 *
 * Read before: exercise.h.
 */
#ifndef GRADER_NEAREST_H
#define GRADER_NEAREST_H

#include "../../loop/base.h"

/*
 * "there is no exercise "05-drian": did you mean 05-drain? There are: ...".
 * Memory is the arena's.
 */
const char *nearest_advice(const char *name, struct base_arena *arena);

/*
 * What to type instead: `command` and the exercise that was meant, as "make
 * check EXERCISE=05-drain"; if none was, what lists all; if it is there and
 * cannot be read, what tells how it was changed. Memory is the arena's.
 */
const char *nearest_try(const char *command, const char *name,
                        struct base_arena *arena);

#endif
