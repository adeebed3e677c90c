/*
 * message.h - what a result says in words: the same words in every output.
 *
 * A failure is told in parts, each with a plain label:
 *
 *     did, shell             what the check did, and how to do it by hand
 *     expected, came         and where the two part
 *     hangs at, sanitizer, printed      what else was seen
 *     likely cause           in the words of the lesson
 *     read, try              where to go on, and one command
 *
 * Read before: result.h, escape.h. Read after: out_terminal.c.
 */
#ifndef GRADER_MESSAGE_H
#define GRADER_MESSAGE_H

#include "escape.h"
#include "outputs.h"

/* What those formats say that know four words only. */
enum verdict {
    VERDICT_OK,      /* all of its points */
    VERDICT_FAILED,  /* or a share of them: there is something to mend */
    VERDICT_SKIPPED, /* nothing is known: skipped, or too noisy */
    VERDICT_ERROR,   /* the grader's fault: no failure of the student */
};
enum verdict message_verdict(const struct mark *mark);

/* "ok", "FAILED", "not scored", ...: a word in front of a check. */
const char *message_word(const struct mark *mark);

/* Why a check is VERDICT_SKIPPED, in a few words. */
const char *message_skipped(const struct mark *mark);

/* False for a hidden check of which students learn name and points alone. */
bool message_is_shown(const struct mark *mark, const struct output_options *o);

/* What the check looks at, or "hidden check". */
const char *message_title(const struct mark *mark,
                          const struct output_options *o);

enum {
    MESSAGE_PROSE = 1, /* words; else bytes or code */
    MESSAGE_GROUP = 2, /* the first of a new group: a blank line before it */
    MESSAGE_TABLE = 4, /* its columns have a meaning: a caret, an indent */
};

struct message_part {
    const char *label;
    const char *text; /* not yet escaped */
    int flags;
};

enum { MESSAGE_PARTS_MAX = 12 };

/*
 * Lists the parts that there are, in order, and returns how many. They belong
 * to the mark. Of a check that is not shown it is a word on hidden checks; of
 * one that is no failure, its note.
 */
size_t message_parts(const struct mark *mark, const struct output_options *o,
                     struct message_part parts[MESSAGE_PARTS_MAX]);

/* The same of a submission that is not graded: reason and advice. */
size_t message_state_parts(const struct submission *s,
                           struct message_part parts[MESSAGE_PARTS_MAX]);

/*
 * The part of a reason to begin with, if there is room for one line: of what a
 * compiler says, the first error. (Before it says in which function it is.)
 */
struct base_slice message_telling_line(const char *reason);

/* "nothing was handed in", ...; "graded". */
const char *message_state(enum submission_state state);

struct message_layout {
    size_t width; /* columns, for prose */
    size_t most;  /* bytes of one part; the rest is cut, with a word on it */
};

/* Lays the parts out: labels on the left, texts beside them. */
void message_put(struct sink *to, enum escape syntax,
                 const struct message_part *parts, size_t n,
                 const struct message_layout *layout);

/*
 * "7 of 10 points, 2 still open: 3 passed, 1 failed, 1 too noisy". And where
 * there are hidden checks elsewhere: "10 of 10 visible points; 9 more are
 * hidden: reread the task".
 */
void message_sum(struct sink *to, const struct submission *s);

#endif
