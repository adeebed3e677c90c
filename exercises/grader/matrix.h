/*
 * matrix.h - tests the exercises themselves: their skeletons, good solutions
 * and wrong ones, each against all checks.
 *
 *     solutions/NN-name/FILE           reference: all points
 *     solutions/NN-name/second/FILE    another good one: all points
 *     exercises/NN-name/skeleton/FILE  the points that exercise.ini says
 *     solutions/NN-name/wrong/...      first line: caught by CHECK: "text"
 *     solutions/hostile/...            first line: against NN-name: what it
 * does
 *
 * A wrong solution must be caught by the check that it names, as the first one
 * that fails, with the text in its message. And each check must be the first to
 * fail for one wrong solution at least: one that is not catches nothing that
 * another does not, or nothing at all.
 *
 * A hostile one must earn no more than the untouched skeleton.
 *
 * Read before: run.h, class_pool.h. Read after: matrix.c.
 */
#ifndef GRADER_MATRIX_H
#define GRADER_MATRIX_H

#include "run.h"

enum matrix_kind {
    MATRIX_SKELETON,
    MATRIX_REFERENCE,
    MATRIX_SECOND,
    MATRIX_WRONG,
    MATRIX_HOSTILE,
};

struct matrix_case {
    enum matrix_kind kind;
    const struct exercise *exercise;
    const char *label;  /* "wrong/one-recv" */
    const char *path;   /* of the file that stands for files[0] */
    const char *others; /* the folder of the other files */
    const char *check;  /* that must catch it; NULL */
    const char *text;   /* that its message must contain; "": none is told */
    /* And what came of it. */
    struct submission result;
    const char *fault; /* NULL: as it should be */
};

struct matrix {
    struct exercise *exercises;
    size_t *n_wrong; /* of each exercise */
    size_t n_exercises;
    struct matrix_case *cases;
    size_t n;
    struct base_arena arena;
};

/*
 * Finds the cases of the exercises `names` (NULL at the end; none: all) and, if
 * no exercise is named, the hostile ones. 0 or a negative errno value, *why
 * says which.
 */
int matrix_find(struct matrix *m, const char *const *names, const char **why);

/* Puts the case's files into folder `into`. 0 or a negative errno value. */
int matrix_files(const struct matrix_case *c, const char *into, uint64_t seed);

/* Sets c->fault from c->result. */
void matrix_judge(struct matrix_case *c, struct base_arena *arena);

/* The first check that failed; NULL: none. */
const struct mark *matrix_first_failure(const struct submission *s);

/* True if a check could not be scored on so busy a machine. */
bool matrix_is_noisy(const struct submission *s);

#endif
