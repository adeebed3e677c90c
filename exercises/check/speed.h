/*
 * speed.h - scores how fast a program is, against a reference that is measured
 * in the same run, turn by turn.
 *
 * Seconds say little on a machine that others use. So both do the same work in
 * turn, as often as it takes; each turn gives one ratio of processor times, and
 * the ratios give a median and an interval (the middle half). What disturbs one
 * turn disturbs both halves of it alike, or makes one ratio that the median
 * does not see. If the interval stays wide, the outcome is "too noisy", which
 * is not scored: neither a pass nor a failure.
 *
 * The work is done by a function of the check, which also looks whether every
 * answer is right: a program that is fast because it is wrong fails.
 *
 * Read before: check.h. Read after: speed.c.
 * Rests on: clock_getcpuclockid(3).
 */
#ifndef CHECK_SPEED_H
#define CHECK_SPEED_H

#include "check.h"

/* The same work for whoever it is given; checks the answers itself. */
typedef void speed_work(struct program *p, void *arg);

struct speed {
    double ratio;     /* the student's time over the reference's: median */
    double low, high; /* the middle half of the ratios */
    int rounds;
    double ns; /* the student's processor time of one work, median */
};

/*
 * Measures both, for 9 to 45 rounds; in each, the work is done as often as it
 * takes to keep the reference busy for 3 ms. Ends the check as noisy if the
 * interval is still wider than a fifth of the ratio then. A student's program
 * that is above 20 times from the start is measured once. Adds a note with the
 * figures.
 */
struct speed speed_compare(struct program *student, struct program *reference,
                           speed_work *work, void *arg);

/*
 * Ends the check with a share: all at a ratio of `full` or below, none from
 * `none` on, in proportion between. The end of the interval that is better for
 * the student counts.
 */
noreturn void speed_score(const struct speed *s, double full, double none,
                          const char *what);

#endif
