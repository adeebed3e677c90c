/*
 * watch.h - `grade watch`: checks an exercise at each save, and goes on to the
 * next when it is done.
 *
 *      on_save            on_checked
 *     -------->  CHECKS  ------------>  RESULT   not all points, or an error
 *                  ^          |             |
 *                  |          +-------->  PASSED   a pause: what was learned
 *                  |                        |  a key
 *                  +------------------------+----> DONE  if there is no next
 *
 * LISTS and ASKS are pages over these, left by a key. Without a terminal there
 * are no keys and no pause, and lines are printed one after the other.
 *
 * All of it hangs on one loop of the kit's own: the folder, the keyboard, the
 * check as a child, the timers, the signals. So nothing here waits, and a check
 * that hangs holds nobody up.
 *
 * Read before: watch_saves.h, watch_check.h, overview.h. Read after: watch.c.
 */
#ifndef GRADER_WATCH_H
#define GRADER_WATCH_H

#include "overview.h"
#include "watch_check.h"
#include "watch_saves.h"

struct watch_options {
    const char *exercise; /* begin with this one; NULL: the first unfinished */
    bool poll;            /* do not use inotify */
};

enum watch_state {
    WATCH_CHECKS,
    WATCH_RESULT,
    WATCH_PASSED,
    WATCH_DONE,
    WATCH_LISTS,
    WATCH_ASKS,
};

/* Shared by watch.c, which changes it, and watch_view.c, which shows it. */
struct watch {
    struct loop *loop;
    struct watch_saves saves;
    struct watch_check check;
    bool terminal;
    bool poll;
    enum watch_state state;
    enum watch_state under;  /* the state below LISTS and ASKS */
    struct base_arena arena; /* of all that belongs to the exercise */
    struct exercise exercise;
    struct base_slice page; /* its README.md */
    struct base_buf told;   /* about its files, for this view */
    char made[SHA256_HEX];  /* the files as they were made again; "" */
    int status;             /* of the last check */
    int hints;              /* how many are shown */
    struct overview overview;
    struct base_arena overview_arena;
    const char *next; /* the exercise after this one; NULL: none */
    struct loop_watcher keyboard;
    struct loop_signal signals[7];
};

/*
 * Runs until the user or a signal ends it (0), all exercises are done and
 * nobody is at a terminal (0), or it cannot begin (2, with a message).
 */
int watch_run(const struct watch_options *options);

/* Shows the whole: clears the terminal, or prints what is new as lines. */
void watch_view(const struct watch *w);

/* One line as it happens, where there is no terminal. */
void watch_view_line(const struct watch *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The last words. */
void watch_view_end(const struct watch *w);

#endif
