/*
 * pump.h - the one place where a check waits: for a peer's descriptor, for what
 * the program prints, for its end, and for the stops of programs under trace,
 * which go on only while something is waited for here.
 *
 * Internal to the library of checks. Read before: check.h. Read after: trace.h.
 */
#ifndef CHECK_PUMP_H
#define CHECK_PUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SECOND_NS INT64_C(1000000000) /* as pump_clock_ns counts */

/* Called when the descriptor is readable (or at its end). */
typedef void pump_fn(int fd, void *arg);

/* Watches a descriptor from now on, in every wait; and no more. */
void pump_add(int fd, pump_fn *fn, void *arg);
void pump_remove(int fd);

/*
 * Called for each process or thread that waitpid(2) tells of and that has
 * stopped: returns true if it knew it (trace.c).
 */
extern bool (*pump_on_stop)(pid_t pid, int status);

/* Called for each child or tracee that has ended. Or NULL. */
extern void (*pump_on_gone)(pid_t pid, int status);

/*
 * Called after each turn in which nothing happened for 50 ms: for those who
 * wait for what nobody announces. Or NULL.
 */
extern void (*pump_on_idle)(void);

/*
 * Calls fn from the first wait that lasts beyond `deadline_ns`, or begins after
 * it; once. One limit: the last.
 */
void pump_limit(int64_t deadline_ns, void (*fn)(void));

/*
 * Waits until done(arg) is true, which is asked as things happen, and when none
 * does for 20 ms; until `fd` (-1: none) has one of `events`, as of poll(2); or
 * until `deadline_ns` of CLOCK_MONOTONIC. Returns 1, or 0 when the deadline has
 * passed. However late it is, what is there is handled once.
 */
int pump_until(bool (*done)(void *arg), void *arg, int fd, short events,
               int64_t deadline_ns);

/* Handles what is there, without waiting. */
void pump_now(void);

int64_t pump_clock_ns(void);

#endif
