/*
 * class_run.h - grading a class: who, what, and how; and the steps of it.
 *
 *     command_class.c  options
 *     class_run.c      a whole class: from the folder to the report
 *     class_one.c      one submission, for a platform
 *     class_find.c     which exercises were handed in
 *     class_grade.c    all submissions, to workers and back
 *     class_work.c     in a worker: one submission
 *     class_report.c   the last lines
 *
 * Read before: run.h, intake.h, class_pool.h, class_store.h.
 * Read after: class_run.c.
 */
#ifndef GRADER_CLASS_RUN_H
#define GRADER_CLASS_RUN_H

#include "class_pool.h"
#include "class_progress.h"
#include "class_store.h"
#include "intake.h"
#include "run.h"
#include "scratch.h"

/* What was asked for; texts are borrowed. */
struct class_settings {
    const char *submissions; /* the folder */
    const char *out;
    const char *exercise; /* this one alone; NULL: those handed in */
    const char *command;  /* what to type to do the same again */
    int jobs;
    const char *tier; /* how to lock programs in; "": as well as can be */
    bool unsafe;      /* also where nobody can be locked in */
    bool again;       /* grade also what is kept */
    bool has_seed;
    uint64_t seed;
    int64_t limit_ns; /* of one submission; 0: 25 minutes */
};

/* An exercise that is graded. */
struct class_exercise {
    struct exercise exercise;
    char version[SHA256_HEX]; /* of all that decides on the points */
};

/* Submission `i` of the result is what `from` handed in for `of`. */
struct class_job {
    const struct handed_in *from;
    const struct class_exercise *of;
    uint64_t nonce;
};

struct class_run {
    const struct class_settings *settings;
    struct handed_in *students;
    size_t n_students;
    struct class_exercise *exercises;
    size_t n_exercises;
    struct class_job *jobs;
    struct class_result result; /* its arena has all of the above, too */
    struct class_store store;
    struct class_progress progress;
    struct scratch scratch;
    enum jail_tier tier;
    int unkept; /* why results could not be kept, or 0 */
};

/* --- steps ----------------------------------------------------------------
 *
 * In this order.
 */

/*
 * Makes the place to work in, and finds out how to lock programs in. False: it
 * has said what is missing.
 */
bool class_prepare(struct class_run *run);

/*
 * Sets run->exercises to those that somebody has handed in, or to the one of
 * the settings. Returns 0; the number of a signal; or a negative errno value,
 * when *why says what is wrong: -ENOENT if there is none.
 */
int class_find_exercises(struct class_run *run, const char **why);

/*
 * Sets jobs and result: each student for each exercise, nothing of it graded
 * yet.
 */
void class_begin(struct class_run *run);

/*
 * Grades all of them. Returns 0, the number of a signal, or a negative errno
 * value.
 */
int class_grade(struct class_run *run);

/* --- in a worker ---------------------------------------------------------- */

/*
 * Takes submission `i` in, grades it unless its result is kept, and writes the
 * record. Returns 0 or an exit status. `arg` is the run.
 */
int class_work(size_t i, int fd, void *arg);

/* The hash of all files that decide on an exercise's points, ours as well. */
void class_version(const struct exercise *e, char hex[SHA256_HEX]);

/* --- the last lines ------------------------------------------------------- */

/* Prints what came out, and what to do next. */
void class_report(const struct class_run *run);

/* --- doors ---------------------------------------------------------------- */

/* Grades the class; returns main's status. */
int class_run(const struct class_settings *settings);

/* Says on standard error what went wrong, why (or ""), what to try. False. */
bool class_complain(const char *what, const char *why, const char *try);

/* Where and how the result of one submission is to be written. */
struct class_output {
    const char *format;  /* "gradescope", ... */
    const char *path;    /* "": where the platform looks for it; "-" */
    const char *student; /* "": as the folder is called */
};

/* Grades one submission for a platform; returns main's status. */
int class_one(const struct class_settings *settings,
              const struct class_output *output);

#endif
