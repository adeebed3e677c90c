/*
 * claim.h - what the experiments share that check the course's claims.
 *
 * A lesson's claims.c holds a table of claims, each with a function that does
 * the experiment: it prints a small table of what it measured and ends with
 * one sentence and a verdict.
 *
 *     E03  select can watch no more than 1,024 descriptors
 *          <table>                                          claim_row
 *          measured: ...                                    claim_conclude
 *          verdict:  holds
 *
 * Only the direction of a claim is judged, with a margin: figures differ from
 * machine to machine. A verdict never changes an exit status. Time is the
 * median of at least five runs, and what is compared is measured in turns.
 *
 * Read before: common.h, ../../bench/proc.h. Read after: a claims.c.
 */
#ifndef LESSONS_CLAIM_H
#define LESSONS_CLAIM_H

#include "../../bench/proc.h"

#include <stdbool.h>
#include <stdint.h>

/* --- a claim and its verdict ---------------------------------------------- */

enum claim_verdict { CLAIM_FAILS, CLAIM_HOLDS, CLAIM_NOT_MEASURED };

/* What an experiment has to say; the runner owns it. */
struct claim_result {
    bool quiet;         /* rows are not printed */
    char measured[512]; /* a sentence with numbers, or why there are none */
};

/* A row without an id ends a table of claims. */
struct claim {
    const char *id;                     /* E03 */
    const char *sentence;               /* the claim, as the course makes it */
    int (*run)(struct claim_result *r); /* returns an enum claim_verdict */
};

/*
 * main of a claims program: parses the command line (--help tells it), runs
 * the claims asked for, prints, and returns 0 whatever the verdicts are. Exits
 * with 2 if an argument is bad. `lesson` is the name of its folder.
 */
int claims_main(int argc, char **argv, const char *lesson,
                const struct claim *claims);

/* Prints one row of the experiment's table, without a newline in `format`. */
void claim_row(const struct claim_result *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes the sentence of what was measured; returns what `run` has to return. */
int claim_conclude(struct claim_result *r, bool holds, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Notes why nothing was measured; returns what `run` has to return. */
int claim_not_measured(struct claim_result *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- numbers -------------------------------------------------------------- */

enum { CLAIM_RUNS = 5 }; /* of whatever is timed */

int64_t claim_now_ns(void);

/* Processor time of this process: what other programs take is not in it. */
int64_t claim_cpu_ns(void);

/* The median of `n` values, which are sorted in place. */
double claim_median(double *values, int n);

/* A whole number with commas: claim_number(1024).text is "1,024". */
struct claim_number {
    char text[32];
};
struct claim_number claim_number(long n);

/* A measured number, with a decimal below 100: "0.4", "21.7", "9,414". */
struct claim_number claim_short(double value);

/* --- programs of the kit -------------------------------------------------- */

/*
 * Starts a server, see proc_start: argv[0] is its path in the build folder
 * ("lessons/03-select/server"), which KIT_BUILD names. It runs on `cpu` alone
 * (-1: any). Returns false, with the reason noted and the server stopped, if
 * it does not run; else the caller stops it.
 */
bool claim_start(struct claim_result *r, struct proc *p, int cpu,
                 const char *const *argv);

/* Runs a program to its end; false, with the reason noted, unless that is 0. */
bool claim_run(struct claim_result *r, struct proc *p, int cpu,
               const char *const *argv);

/* What a fetch client printed. */
struct claim_fetched {
    double wall_s, cpu_s;
    unsigned long calls;
};

/* Runs `fetch -n N` of a lesson against a port; false as claim_run. */
bool claim_fetch(struct claim_result *r, const char *lesson, int n, int port,
                 struct claim_fetched *fetched);

/*
 * Starts bench/idle, which opens `n` connections to a port, asks for a page on
 * each and stays silent then. Returns how many it holds, or -1 with the reason
 * noted and idle stopped; else the caller stops it.
 */
int claim_hold(struct claim_result *r, struct proc *p, int n, int port);

/* A blocking connection to 127.0.0.1:`port`, or -1 with errno. */
int claim_connect(int port);

/* --- what waiting costs --------------------------------------------------- */

/* select without the limit of fd_set: the system call, with longer bitmaps. */
int claim_select(int n_bits, unsigned long *readable);

enum claim_way { BY_SELECT, BY_POLL, BY_EPOLL, CLAIM_WAYS };

/* One turn of an event loop, without a network: what it watches. */
struct claim_turn {
    int watched; /* descriptors, each of an own eventfd(2) */
    int ready;   /* so many of them, the last among them */
    int lowest;  /* number of the first descriptor; 0: any */
    bool echo;   /* take 8 bytes from each ready one and put them back */
};

/*
 * Measures the turn by select, poll and epoll: wait, find the ready ones, echo.
 * Microseconds of processor time, medians of CLAIM_RUNS. Returns 0, or a
 * negative errno value if there are not enough descriptors.
 */
int claim_turn_us(const struct claim_turn *turn, double us[CLAIM_WAYS]);

#endif
