/*
 * run.h - grades one submission of one exercise: builds it in a jail, runs the
 * check program, reads its findings, adds up.
 *
 *     files   build (jail)   checks (program)   findings   submission
 *     ---->   build.c  ---->  check/main.c ----->  run.c  ----->
 *
 * Read before: exercise.h. Read after: run.c.
 */
#ifndef GRADER_RUN_H
#define GRADER_RUN_H

#include "exercise.h"
#include "scratch.h"

struct run_options {
    enum jail_tier tier;
    const struct scratch *scratch; /* of this run of the grader */
    bool hidden;                   /* run the hidden checks too */
    const char *only; /* this check alone, and those it needs; NULL: all */
    bool has_seed;
    uint64_t seed;    /* otherwise of the student and the exercise */
    int64_t limit_ms; /* for all checks together; 0: twenty minutes */
    /* Called as each check ends, for progress; or NULL. */
    void (*on_check)(const struct mark *mark, void *arg);
    void *arg;
};

/*
 * Grades the files in folder `from` (which are trusted to be plain files: see
 * intake.h) into *s, whose student is set by the caller and whose state is
 * SUBMISSION_GRADED so far. Texts are put into `arena`. What the submission
 * does cannot make it fail: it returns 0 with a state; a negative errno value
 * only if the grader could not work, and then s->state is SUBMISSION_ERROR with
 * a reason.
 */
int run_submission(const struct exercise *e, const char *from,
                   const struct run_options *o, struct submission *s,
                   struct base_arena *arena);

/*
 * Prints the questions of an exercise (kinds predict and trace) to standard
 * output, with the numbers of this student's seed. 0 or a negative errno value;
 * -EIO: the check program has said itself what is wrong.
 */
int run_ask(const struct exercise *e, const struct run_options *o,
            const char *student, struct base_arena *arena);

/* Where the kit's programs are: $KIT_BUILD, or "build". */
const char *run_build_folder(void);

/* The seed that belongs to a student's name and an exercise. */
uint64_t run_seed(const char *student, const char *exercise);

#endif
