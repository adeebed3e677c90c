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
    pid_t pid; /* also when it has ended */
    int port;
    int input;  /* write end of its standard input; -1: closed */
    char *said; /* what it printed; NULL: nothing yet */
    size_t said_len;
    size_t heard; /* bytes of it that program_expect_said has gone past */
    bool shouted; /* it printed too much, and was ended */
    char *evidence_of_hang;
};

/* True when the kernel has handed over all that the clients have sent. */
bool peers_delivered(void);

#endif
