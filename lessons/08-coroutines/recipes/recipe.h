/*
 * recipe.h - the main of all recipes: each shows one way to put tasks together.
 *
 *     from_callback   a function that waits, from one that calls back
 *     blocking        a call that blocks, without blocking
 *     parallel        several at once, the results in order
 *     interleave      start now, wait later
 *     loop            a loop of waits
 *     background      a task that nobody waits for
 *
 * Read before: ../../../loop/co.h. Read after: recipe.c, from_callback.c.
 */
#ifndef LESSONS_RECIPE_H
#define LESSONS_RECIPE_H

#include "loop/co.h"

/*
 * Makes a loop, runs `task` on it, and returns main's status when the task has
 * ended. `about` is a sentence for --help.
 */
int recipe_main(int argc, char **argv, const char *about, co_fn *task);

#endif
