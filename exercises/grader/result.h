/*
 * result.h - the result of grading: a class of submissions, each with the
 * findings of its checks. One run fills it; every output (terminal, Gradescope,
 * JUnit, CSV, HTML, ...) is written from it and from nothing else, so that all
 * of them agree.
 *
 * Read before: ../check/finding.h. Read after: outputs.h.
 */
#ifndef GRADER_RESULT_H
#define GRADER_RESULT_H

#include "../check/finding.h"

/* One check of a submission. */
struct mark {
    struct finding finding;
    bool hidden;   /* students see its name and points, no message */
    double points; /* earned, at most `max` */
    double max;
};

enum submission_state {
    SUBMISSION_GRADED,  /* the checks have run, perhaps with failures */
    SUBMISSION_EMPTY,   /* nothing was handed in */
    SUBMISSION_MISSING, /* a file is missing, or has the wrong name */
    SUBMISSION_REFUSED, /* an archive with tricks; `reason` says which */
    SUBMISSION_BROKEN,  /* it does not compile; `reason` has the compiler's
                           words, cut */
    SUBMISSION_ERROR,   /* the grader could not do its work: grade again */
};

/* "graded", "empty", ...: for people and for CSV. */
const char *submission_state_name(enum submission_state state);

/* What one student handed in for one exercise, and what came of it. */
struct submission {
    const char *student;  /* any bytes, as the folder or archive is called */
    const char *id;       /* the platform's number of the student; or NULL */
    const char *exercise; /* "05-drain" */
    const char *title;    /* "Drain what is ready" */
    enum submission_state state;
    const char *reason;   /* why it is not graded, what to do; else NULL */
    const char *notes;    /* ignored files and the like, a line each; or NULL */
    const char *compiler; /* what it said of files that it took; or NULL */
    struct mark *marks;   /* in the order of exercise.ini, of every state */
    size_t n_marks;
    double score, max; /* the sums of the marks, see submission_sum */
    /* Of one's own work (grade check), else 0 or NULL: */
    double elsewhere; /* points of hidden checks that are not here */
    const char *next; /* the first exercise behind this that is not done */
    int64_t ms;
    uint64_t seed;
    char sha256[65];        /* of the files graded, in hexadecimal */
    const char *protection; /* "bubblewrap", ...: how it was locked in */
    const char *missing;    /* protection that was absent, or NULL */
    bool kept;              /* from an earlier run: nothing had changed */
};

/*
 * Adds up the marks. Points are rounded to hundredths, once, here; they are at
 * most `max`, and 0 unless the submission is graded and the check has passed,
 * perhaps partly.
 */
void submission_sum(struct submission *s);

/* Points as whole hundredths, for who prints or adds them; never negative. */
int64_t result_hundredths(double points);

/*
 * Checks that were too noisy, or that the grader could not run, are no failures
 * of the student: their points are open until the submission is graded again.
 * `final` is false if there is such a check, or no check at all, or the state
 * is an error.
 */
bool mark_is_open(const struct mark *mark);
double submission_open(const struct submission *s);
bool submission_final(const struct submission *s);

/* A whole run. All memory is the arena's. */
struct class_result {
    struct submission *submissions; /* by student, then exercise */
    size_t n;
    const char *left_out; /* what was nobody's or came twice, a line each; or
                             NULL */
    const char *title;    /* of the course, for headings */
    const char *grader;   /* version: the kit's commit, or "unknown" */
    const char *started;  /* UTC, "2026-11-21T17:39:54Z" */
    double seconds;       /* the whole run took so long */
    struct base_arena arena;
};

#endif
