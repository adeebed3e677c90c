/*
 * proc.h - runs a server for a test or a measurement: starts it, waits until it
 * listens, tells what it costs, and stops it with everything it has started.
 *
 * Each program gets a process group of its own, so that a server that forks is
 * measured, and ended, as a whole. Used by the driver, the tests and the
 * claims. Functions return 0 or more, or a negative errno value.
 * Rests on: setpgid(2), proc(5), clock_getcpuclockid(3).
 */
#ifndef BENCH_PROC_H
#define BENCH_PROC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROC_SAID_MAX = 4096 };

/* Embedded by its user; filled by proc_start. */
struct proc {
    pid_t pid;  /* also its process group; 0 when stopped */
    int output; /* read end of a pipe: its standard output and error */
    int port;   /* of its "listening on" line; 0 if it printed none */
    size_t said_len;
    char said[PROC_SAID_MAX]; /* the first of what it printed, with a NUL */
};

struct proc_options {
    int cpu;           /* run on this CPU alone; negative: on any */
    int nofile;        /* hard limit of descriptors; 0: as it is */
    const char *ready; /* the text to wait for; NULL: "listening on http://" */
};

/*
 * Starts argv[0] (a path; no shell, no PATH) and waits up to 10 s until it has
 * printed a line with the text that says it is ready. Errors: -ECHILD if it
 * ended before (proc_stop tells how), -ETIMEDOUT, or what fork or exec said.
 * `p` must be stopped after an error, too. Borrows argv and options for the
 * call; NULL options: defaults.
 */
int proc_start(struct proc *p, const char *const *argv,
               const struct proc_options *options);

/* The same without waiting for a line: for programs that are no servers. */
int proc_spawn(struct proc *p, const char *const *argv,
               const struct proc_options *options);

/*
 * Waits up to `timeout_ms` for the program to end by itself. Returns its wait
 * status (wait(2)) with everything that it printed in `said`, or -ETIMEDOUT.
 */
int proc_wait(struct proc *p, int timeout_ms);

/*
 * Of a program that has ended: waits for those of its group that have ended
 * since, and returns 1 if others still run, 0 if none is left.
 */
int proc_orphans(pid_t group);

/*
 * Asks the program to stop by SIGTERM, waits up to 5 s, then kills it. Returns
 * its wait status. No process of its group is left afterwards.
 */
int proc_stop(struct proc *p);

/* Processor time of the whole group since its start, in nanoseconds. */
uint64_t proc_cpu_ns(const struct proc *p);

/*
 * Memory that the whole group has of its own, in bytes: anonymous pages, shared
 * ones divided among those that share them. Code and libraries do not count.
 */
uint64_t proc_memory(const struct proc *p);

/* State of the program itself, as in proc(5): 'S' sleeps, 'R' runs; or 0. */
char proc_state(const struct proc *p);

/* Threads of the whole group that run, or would if they had a processor. */
int proc_awake(const struct proc *p);

/* Open descriptors and processes of the whole group. */
int proc_descriptors(const struct proc *p);
int proc_processes(const struct proc *p);

#endif
