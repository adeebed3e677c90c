/*
 * supervise.h - work that leaves a folder behind, done so that it is cleared up
 * also when somebody presses Ctrl-C.
 *
 * Read before: scratch.h. Read after: supervise.c.
 */
#ifndef GRADER_SUPERVISE_H
#define GRADER_SUPERVISE_H

/*
 * Calls work(arg) in a child and returns its result, main's status. At SIGINT,
 * SIGTERM or SIGHUP the child is ended, and so is what it has started; then it
 * returns 128 and the number of the signal. Either way the caller goes on, and
 * clears up.
 */
int supervise(int (*work)(void *arg), void *arg);

#endif
