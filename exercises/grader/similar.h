/*
 * similar.h - who handed in the same: pairs of submissions of one exercise with
 * the share of code that they have in common, and pages that show each pair
 * side by side.
 *
 * The comparing is done by sim_c of Debian's similarity-tester, which sees
 * tokens: other names, other layout and other comments make no difference. What
 * was given to all, the skeleton, is taken out of each text before:
 *
 *     text --- sim_c against the skeleton ---> lines that are one's own
 *     own lines of all --- sim_c, each against each ---> shares
 *     the highest pairs --- sim_c once more ---> which lines to mark
 *
 * A share is a reason to read both, no verdict: a small exercise has few ways
 * to be solved. So the usual share of all pairs is told beside it.
 *
 * Files that are not C (answers in a text file) are left out. What a student
 * wrote cannot end the run: a text that sim_c does not get through is left out
 * with a note.
 *
 * Rests on: sim_c(1). Read before: intake.h, confined.h. Read after: similar.c.
 */
#ifndef GRADER_SIMILAR_H
#define GRADER_SIMILAR_H

#include "../../loop/base.h"

enum {
    SIMILAR_STUDENTS_MAX = 2000,
    SIMILAR_PAIRS_MAX = 200,    /* told; those with the highest shares */
    SIMILAR_PAGES_MAX = 50,     /* of these, shown side by side */
    SIMILAR_TEXT_MAX = 1 << 18, /* bytes of one student; the rest is cut */
    SIMILAR_RUN = 24,           /* tokens in a row that count as the same */
    SIMILAR_SMALL = 60,         /* a shorter text counts as so long */
    SIMILAR_USUAL_MIN = 5,      /* students; fewer pairs have no median */
};

/* A student, and the folder that intake_copy has put the files into. */
struct similar_student {
    const char *name;
    const char *dir;
};

struct similar_job {
    const char *exercise;     /* "05-drain" */
    const char *const *files; /* the student's; NULL at the end */
    const char *skeleton;     /* the folder with what was given */
    const struct similar_student *students;
    size_t n_students;
};

/* Two students, as indexes into those of the job. */
struct similar_pair {
    size_t a, b;
    unsigned tokens; /* that both have, in runs of SIMILAR_RUN and more */
    double share;    /* 0 to 1: of the shorter text; by this it is sorted */
    double of_a, of_b;
};

/* What was found; all of it belongs to the arena. */
struct similar {
    struct similar_pair *pairs;
    size_t n_pairs;
    size_t compared; /* students with code of their own */
    double usual;    /* the median of the shares of all pairs */
    char *notes;     /* who was left out, and why, a line each; or NULL */
    char *why;       /* after an error: what could not be done, what to try */
    struct base_arena arena;
};

/*
 * Compares all with all, and writes index.html and pair-1.html, ... into the
 * folder `out`, which exists; NULL: no pages. Everything in `job` is borrowed
 * during the call. Returns 0 or a negative errno value, with found->why:
 * -ENOENT if sim_c is not installed. Ask for similar_free in any case.
 */
int similar_report(const struct similar_job *job, const char *out,
                   struct similar *found);

void similar_free(struct similar *found);

#endif
