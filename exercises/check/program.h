/*
 * program.h - a program of a check, for the files that implement check.h.
 *
 * Read before: check_internal.h. Read after: program.c.
 */
#ifndef CHECK_PROGRAM_H
#define CHECK_PROGRAM_H

#include "check.h"
#include "jail.h"

struct program {
    const char *name;
    enum build build;
    struct jail jail;
    pid_t pid;      /* also when it has ended */
    int port;       /* 0: it has not said that it listens */
    bool unreached; /* the student's server; no client is connected yet */
    int input;      /* write end of its standard input; -1: closed */
    char *said;     /* what it printed; NULL: nothing yet */
    size_t said_len;
    size_t heard; /* bytes of it that program_expect_said has gone past */
    bool shouted; /* it printed too much, and was ended */
    char *evidence_of_hang;
};

/* The check's programs in the order of their start; NULL: no more. */
struct program *program_nth(int i);

bool program_has_ended(void *program); /* for program_wait_for */

/* The kit's own: one that spins does so for the exercise's sake. */
bool program_is_given(const struct program *p);
bool program_is_traced(const struct program *p);

/* Reads the last of what it has printed, before anyone looks at it. */
void program_hear(struct program *p);

/* "it used more than 5 s of processor time, and was ended" */
char *program_end_text(const struct program *p);

/*
 * To be called before a failure. If no client has reached the server, its start
 * is to blame and not what the check is about: then cause and section say so.
 */
void program_blame_start(struct program *p);

/* True when the kernel has handed over all that the clients have sent. */
bool peers_delivered(void);

#endif
