/*
 * watch_check.h - runs `grade check EXERCISE` beside the loop, keeps what it
 * prints, and can end it at any time: a program that hangs, or a save that
 * makes the check one of the past.
 *
 * Read before: ../../loop/loop.h, loop_child. Read after: watch_check.c.
 */
#ifndef GRADER_WATCH_CHECK_H
#define GRADER_WATCH_CHECK_H

#include "../../loop/loop.h"

enum { WATCH_CHECK_OUTPUT_MAX = 1 << 20 };

struct watch_check;

/* It has ended by itself. `status`: of exit(3), or minus a signal. */
typedef void watch_check_fn(struct watch_check *c, int status);

struct watch_check {
    struct loop *loop;
    struct loop_child child;
    struct loop_watcher watcher;
    struct loop_timer patience;
    struct base_buf output; /* of the check that runs, or ran last */
    int fd;                 /* our end of the pipe; -1: none */
    bool running;
    bool ending;         /* it was told to end, and its result is unwanted */
    const char *waiting; /* the exercise to check when it has ended; or NULL */
    int columns;         /* of the terminal that its output is for; 0: none */
    char *temporary;     /* the folder for their temporary files; or NULL */
    watch_check_fn *fn;
    void *arg;
};

void watch_check_init(struct watch_check *c, struct loop *loop,
                      watch_check_fn *fn, void *arg);

/* Ends what runs, and waits for its end: a second at most. */
void watch_check_fini(struct watch_check *c);

/*
 * Checks the exercise (a name that stays); one that is under way is ended
 * first, and its result not told. Returns 0, or why it could not start.
 */
int watch_check_start(struct watch_check *c, const char *exercise);

/* Ends it without a word. */
void watch_check_stop(struct watch_check *c);

#endif
