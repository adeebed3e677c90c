/*
 * exercise.h - what exercise.ini of an exercise says, and which exercises there
 * are.
 *
 *     title     = Drain what is ready
 *     lesson    = 05
 *     kind      = write        write, mend, predict, trace, test, speed
 *     minutes   = 40           what it takes
 *     files     = server.c     the student's; only these are handed in
 *     parts     = lessons/common/common.c
 *                              the kit's, built with them; CPU in a name stands
 *                              for x86_64 or aarch64
 *     given     = given/good.c lessons/05-epoll/server
 *                              programs of the kit beside the student's
 *     program   = server       what the files are built to; none: no build
 *     libraries = -luring      for the linker
 *     model     = epoll        what it must be built on, for the reader
 *     skeleton  = 0            the points of the untouched files
 *     patience_s = 1           see check.h, "In time"
 *     cpu_s = 10, wall_s = 20, memory_mb = 256, processes = 8, files_open = 64
 *
 *     [checks]                       points; the order is that of the table
 *     answers = 2
 *     [hidden]                       those of solutions/; names only
 *     drains = 3
 *
 * Each on its own line; lesson, minutes and model are for readers alone. A line
 * that begins with # is a comment. An unknown name is an error: what is
 * misspelt must not be without effect.
 *
 * Functions return 0 or a negative errno value.
 * Read before: result.h. Read after: build.h.
 */
#ifndef GRADER_EXERCISE_H
#define GRADER_EXERCISE_H

#include "../check/jail.h"
#include "result.h"

enum {
    EXERCISE_FILES_MAX = 8,
    EXERCISE_CHECKS_MAX = 40,
    EXERCISE_GIVEN_MAX = 24
};

struct exercise_check {
    const char *name;
    double points;
    bool hidden;
};

struct exercise {
    const char *name; /* "05-drain" */
    const char *dir;  /* "exercises/05-drain" */
    const char *title, *kind, *program, *libraries;
    const char *files[EXERCISE_FILES_MAX + 1]; /* NULL at the end */
    const char *parts[EXERCISE_FILES_MAX + 1];
    const char *given[EXERCISE_GIVEN_MAX + 1]; /* below dir, or lessons/... */
    double skeleton;
    struct jail_limits limits;
    int own_stacks;
    int patience_s; /* see check.h, "In time" */
    struct exercise_check checks[EXERCISE_CHECKS_MAX];
    size_t n_checks;
};

/*
 * Reads exercises/NAME/exercise.ini below the current folder. `name` may be
 * cut: "05" is 05-drain, if no other begins so. -ENOENT: there is none;
 * -EEXIST: more than one; -EINVAL: the file is wrong. On an error *why says
 * what, and what to do. Memory is the arena's.
 */
int exercise_load(const char *name, struct base_arena *arena,
                  struct exercise *e, const char **why);

/*
 * The names of all exercises, sorted, NULL at the end. Returns how many, or a
 * negative errno value; then there are none.
 */
int exercise_list(struct base_arena *arena, const char *const **names);

/* True if the instructor's half, solutions/NAME, is there. */
bool exercise_has_hidden(const struct exercise *e);

#endif
