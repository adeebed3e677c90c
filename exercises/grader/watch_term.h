/*
 * watch_term.h - the terminal: a key at a time without echo, and given back as
 * it was, however the program ends.
 *
 * Only two bits are changed (ICANON and ECHO: see termios(3)), so Ctrl-C and
 * Ctrl-Z stay the terminal's. No alternate screen: what was printed can be
 * scrolled back to, and is there afterwards.
 *
 * Read before: nothing. Read after: watch_term.c.
 */
#ifndef GRADER_WATCH_TERM_H
#define GRADER_WATCH_TERM_H

#include <stdbool.h>

/*
 * True if there is a terminal on standard input and output. It is then in our
 * mode until watch_term_leave, or until the process ends by exit(3); who ends
 * it by a signal leaves first.
 */
bool watch_term_enter(void);

/* Gives the terminal back. May be called more often than needed. */
void watch_term_leave(void);

/* Our mode again after watch_term_leave, for one who was stopped. */
void watch_term_again(void);

/* Clears what is seen, and begins in the first line. */
void watch_term_clear(void);

/* Columns; 80 if nobody knows. */
int watch_term_width(void);

/*
 * The next key, when there is one; -1: at the end of input; 0: a part of an
 * arrow or the like, which are no keys of ours.
 */
int watch_term_key(void);

#endif
