/*
 * jailed.h - runs one of the programs of jail_inside.h in a jail, and reads
 * what it finds there; the tests that do so, by what they are about.
 *
 *     jailed_sees    what a program sees, and what it may do
 *     jailed_limits  what it may use
 *     jailed_ends    the gate, the end, and what is left
 *
 * A test's state is the tier. What does not come true fails the test.
 *
 * Read before: ../check/jail.h, jail_inside.h. Read after: jailed.c,
 * test_jail.c.
 */
#ifndef EXERCISES_TEST_JAILED_H
#define EXERCISES_TEST_JAILED_H

#include "../check/jail.h"

enum {
    JAILED_SAID_MAX = 1 << 18,
    JAILED_PATIENCE_MS = 20000,
#ifdef __SANITIZE_ADDRESS__
    JAILED_SANITIZED = 1,
#else
    JAILED_SANITIZED = 0,
#endif
};

/* Copies of the warden, and the folder with one of this program, "inside". */
extern char jailed_warden[100], jailed_work[100];
extern bool jailed_there[JAIL_BWRAP + 1]; /* tiers that work here */

struct jailed_test {
    const char *name; /* NULL at the end of a table */
    void (*run)(void **state);
};
extern const struct jailed_test jailed_sees[], jailed_limits[], jailed_ends[];

/* --- a run in a jail ------------------------------------------------------ */

struct jail_options jailed_options_for(enum jail_tier tier);

/* Starts the program of that name, which waits at the gate. */
void jailed_start(struct jail *j, const struct jail_options *o,
                  const char *name);

/* Reads what comes, up to `text` or the end (NULL), into JAILED_SAID_MAX. */
void jailed_hear_until(struct jail *j, char *said, const char *text);
void jailed_await_end(struct jail *j);

/* All of a program's life; returns what it said, until the next run. */
const char *jailed_run(struct jail *j, const struct jail_options *o,
                       const char *name);

/* The same for one that ends well. */
const char *jailed_look(enum jail_tier tier, const char *name);

/* --- for tests ------------------------------------------------------------ */

void jailed_skip_unless(bool there_is, const char *why);

/* The tier of a test; skips it if that does not work here. */
enum jail_tier jailed_tier_of(void **state);

void jailed_expect_line(const char *text, const char *line);

#endif
