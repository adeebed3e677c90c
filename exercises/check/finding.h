/*
 * finding.h - what one check found out: the outcome, and for a failure the
 * message in five parts. The check program writes it, the grader reads it.
 *
 * They are two processes, joined by a pipe that no student's process has. A
 * check's record ends with the nonce that the grader gave and the count of its
 * fields; a record without this end is an error of the grader, never a pass.
 *
 *     check program                  grader
 *       finding_write  ---- pipe ---->  finding_read
 *
 * Read before: ../../loop/base.h. Read after: check.h.
 * Rests on: pipe(7).
 */
#ifndef CHECK_FINDING_H
#define CHECK_FINDING_H

#include "../../loop/base.h"

enum outcome {
    OUTCOME_NONE,    /* no proof that the check has run */
    OUTCOME_PASSED,  /* all of its points */
    OUTCOME_PARTLY,  /* a share of them: kinds predict, trace, speed */
    OUTCOME_FAILED,  /* none */
    OUTCOME_SKIPPED, /* a check that it needs has failed */
    OUTCOME_NOISY,   /* a speed that could not be told; not scored */
    OUTCOME_ERROR,   /* the grader's own fault, or the system's */
};

/* A check gets so much time; a program that has not come so far has failed. */
enum { FINDING_SECONDS_MAX = 300 };

/* "passed", "partly passed", "failed", ...: for people and for CSV. */
const char *outcome_name(enum outcome outcome);

/*
 * Texts are bytes of any kind. What the check itself quotes of a student's
 * program it has escaped (bytes_escape); `output`, `sanitizer` and names of
 * files are as they came: whoever shows them escapes them. NULL: there is
 * nothing to say. All of it belongs to the arena that it was read into.
 */
struct finding {
    char *check;          /* the name, as in exercise.ini */
    char *title;          /* one line: what the check looks at */
    enum outcome outcome; /* what came of it */
    double share;         /* 0 to 1: of the check's points */
    int64_t ms;           /* it took so long */
    uint64_t seed;
    /* The five parts, of a failure. Lines end with \n but for the last. */
    char *did;       /* what was done, step by step */
    char *command;   /* the same for a shell, "printf 'GET ...' | nc ..." */
    char *expected;  /* what should have come */
    char *came;      /* bytes escaped; offset and caret */
    char *cause;     /* the likely cause, in words of the lesson */
    char *section;   /* where to read: "lessons/05-epoll/README.md, ..." */
    char *reproduce; /* one command */
    /* And what belongs to some. */
    char *hang;      /* what hang.h found out, of a time-out */
    char *sanitizer; /* the sanitizer's report, from the student's frame on */
    char *output;    /* what the student's program printed, cut */
    char *note;      /* of a pass, too: what was measured */
};

/* The share of its points that it earns: 1, 0, or `share` of OUTCOME_PARTLY. */
double finding_share(const struct finding *f);

/*
 * Writes the record to `fd`, all of it. Returns 0 or a negative errno value:
 * -EINVAL without check, title or outcome, or if the share is none; -EMSGSIZE
 * if it has more than 16 MiB.
 */
int finding_write(int fd, uint64_t nonce, const struct finding *f);

/*
 * Reads one record that begins at *bytes, and moves *bytes behind it. Returns
 * 1; 0 if there is no whole record yet; -EPROTO if it is none, or its nonce or
 * count is wrong. Texts are put into `arena`.
 */
int finding_read(struct base_slice *bytes, uint64_t nonce, struct finding *f,
                 struct base_arena *arena);

#endif
