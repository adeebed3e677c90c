/*
 * peers_co.h - who takes part in the benchmarks of coroutines: our tasks, what
 * can be written by hand (the yardsticks), and other libraries and languages,
 * each where it is installed. One file for each, peers_co_NAME.c.
 *
 * A peer takes part in a benchmark by a table of three functions; what is timed
 * is `run` alone. As a switch costs no more than a few nanoseconds, the loop
 * that repeats it stands in the peer's own file.
 *
 * Read before: micro.h. Read after: peers_co_raw.c, peers_co_loop.c, switch.c.
 */
#ifndef BENCH_PEERS_CO_H
#define BENCH_PEERS_CO_H

#include "micro.h"

/* The works of which a peer has a table, or has none. */
enum co_work {
    CO_PAIR,    /* resume a coroutine, which yields; x is 1 */
    CO_YIELD,   /* x tasks yield in turn, through their scheduler */
    CO_SPAWN,   /* create one, let it run, let it end; x is 1 */
    CO_CHANNEL, /* a message from a task to another; x: the capacity */
    CO_FAN_IN,  /* a message from one of x tasks to one */
    CO_FAN_OUT, /* a message from one to one of x tasks */
    CO_PARK,    /* x of them exist and wait: `open` alone, see memory.c */
    CO_WORKS
};

struct co_ops {
    /* Returns NULL, or why it cannot be: a constant text. */
    const char *(*open)(int x);
    /* Does it so many times, or a few more: returns how many. What it has to
     * do before or after stands outside of co_timing_begin and _end; without
     * these all of it is timed. */
    long (*run)(long times);
    void (*close)(void);
};

void co_timing_begin(void);
void co_timing_end(void);

struct co_peer {
    const char *name; /* "raw/..." is a yardstick, written by hand */
    const struct co_ops *works[CO_WORKS];
    /* Or the words by which a program of another language knows the works it
     * has; it times itself. */
    const char *program[CO_WORKS];
    const char *const *(*command)(void); /* up to a NULL; NULL: not there */
    int parks_most;                      /* 0: any number */
};

/* The yardstick first; a NULL ends them. */
extern const struct co_peer *const co_peers[];

/* What is not built in because it was not installed: "boost", or "". */
const char *co_peers_left_out(void);

/*
 * Those that can do this work and are asked for become the subjects of `m`, and
 * stand in `taking_part`, of MICRO_SUBJECTS.
 */
void co_peers_choose(struct micro *m, enum co_work work,
                     const struct co_peer **taking_part);

/*
 * Nanoseconds of CPU time that one takes: of a run of `times`, or (0) of one
 * that takes long enough, after others that do not count.
 */
const char *co_peer_measure(const struct co_peer *peer, enum co_work work,
                            int x, long times, double *ns);

/*
 * The command of a program that does a work: up to a NULL, valid until the next
 * call; NULL: it is not there.
 */
enum { CO_COMMAND_MAX = 8 };
const char *const *co_peer_command(const struct co_peer *peer,
                                   enum co_work work, int x, long times);

/* --- the switches that are written by hand (bare_*.S) --------------------- */

/*
 * Pushes the registers that a call must keep, leaves the stack pointer in
 * `from`, takes `to`, and pops. They differ in how they leave.
 */
void bare_jump(void **from, void *to);
void bare_ret(void **from, void *to);

/* A stack, of which `top` is the end, that begins with entry(). */
void *bare_new(char *top, void (*entry)(void));

/* Slot i of n stacks, of 64 KiB of address space each; its end. The ends lie
 * apart in the CPU's caches. */
char *bare_stacks(int n);
char *bare_top(char *stacks, int i);
void bare_stacks_free(char *stacks, int n);

#endif
