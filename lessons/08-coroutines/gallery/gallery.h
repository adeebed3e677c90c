/*
 * gallery.h - what the programs of the gallery share. Each of them shows one
 * mistake that tasks invite to, what one sees of it, and with --mended a cure.
 *
 *     blocking_call    a call that blocks the thread, and so all tasks
 *     cpu_in_task      a computation, which does the same
 *     stack_overflow   an array that is larger than the stack
 *     forgotten_join   an error that nobody asks for
 *     lost_wakeup      a wait for what has happened already
 *     deadlock         two tasks, each with the lock that the other wants
 *
 * Two ways to look on are built in, and more are in the environment:
 *
 *     kill -QUIT PID        what does each task wait for, and how long?
 *     LOOP_WATCHDOG=50      who holds the loop for more than 50 ms, and where?
 *     LOOP_TRACE=file.json  who ran when? (for chrome://tracing, Perfetto)
 *
 * Read before: ../../../loop/co.h. Read after: blocking_call.c.
 */
#ifndef LESSONS_GALLERY_H
#define LESSONS_GALLERY_H

#include "loop/co.h"

/* Whether --mended was given. */
extern bool mended;

/*
 * main of a program of the gallery: parses the command line (`about` is for
 * --help), runs `first` as the first task of a loop, frees the loop, and
 * returns 0, or 1 if the task's result is an error.
 */
#define gallery_main(argc, argv, about, first)                                 \
    gallery_main_named(argc, argv, about, first, LOOP_PLACE(first))
int gallery_main_named(int argc, char **argv, const char *about, co_fn *first,
                       const char *place);

/*
 * Does `work` in this task, beside another that stands for all others: it
 * beats each 50 ms, and prints a point. Brackets show when the work began and
 * ended. Returns its result.
 */
int beside_a_beat(co_fn *work);

/*
 * Waits for the ends of n tasks. Those that do not end within a second hang:
 * then all tasks are written down, and these are cancelled and waited for.
 * Returns 0, -EDEADLK: they hung, or the last error of a task.
 */
int join_or_dump(struct co_task *const tasks[], int n);

#endif
