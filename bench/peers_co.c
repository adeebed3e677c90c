/*
 * peers_co.c - the table of those who take part, and how each is timed.
 *
 * Read before: peers_co.h. Read after: peers_co_raw.c.
 */
#include "peers_co.h"

#include "proc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { RUN_NS = 25000000, FIRST_TIMES = 100, TIMES_MAX = 100000000 };

extern const struct co_peer co_raw_jump, co_raw_ret, co_raw_mmap,
    co_raw_mmap_guard, co_raw_call, co_raw_stackless, co_loop, co_loop_go,
    co_loop_join, co_loop_cold, co_loop_queue, co_loop_mprotect, co_minico,
    co_ucontext, co_boost, co_pth, co_go, co_python, co_python_await,
    co_thread_futex, co_thread_condvar, co_thread_pipe;

const struct co_peer *const co_peers[] = {
#if defined __x86_64__ || defined __aarch64__
    &co_raw_jump,
    &co_raw_ret,
    &co_raw_mmap,
    &co_raw_mmap_guard,
#endif
    &co_raw_call,
    &co_raw_stackless,
    &co_loop,
    &co_loop_go,
    &co_loop_join,
    &co_loop_cold,
    &co_loop_queue,
    &co_loop_mprotect,
    &co_minico,
    &co_ucontext,
#ifdef PEERS_BOOST
    &co_boost,
#endif
#ifdef PEERS_PTH
    &co_pth,
#endif
    &co_go,
    &co_python,
    &co_python_await,
    &co_thread_futex,
    &co_thread_condvar,
    &co_thread_pipe,
    NULL,
};

/* Each begins with a comma, which is skipped. */
static const char left_out[] = ","
#ifndef PEERS_BOOST
                               ", boost"
#endif
#ifndef PEERS_PTH
                               ", pth"
#endif
    ;

const char *co_peers_left_out(void)
{
    return sizeof left_out > 3 ? left_out + 3 : "";
}

void co_peers_choose(struct micro *m, enum co_work work,
                     const struct co_peer **taking_part)
{
    m->n_subjects = 0;
    for (const struct co_peer *const *p = co_peers; *p != NULL; p++) {
        const bool can =
            (*p)->works[work] != NULL || (*p)->program[work] != NULL;
        if (!can || !micro_wants(m, (*p)->name))
            continue;
        taking_part[m->n_subjects] = *p;
        m->subjects[m->n_subjects++] = (*p)->name;
    }
}

/* --- timing --------------------------------------------------------------- */

static int64_t start_ns, took_ns; /* took_ns: -1 while it runs */

void co_timing_begin(void)
{
    took_ns = -1;
    start_ns = micro_cpu_ns();
}

void co_timing_end(void)
{
    if (took_ns == -1)
        took_ns = micro_cpu_ns() - start_ns;
}

/* Nanoseconds each. */
static double run(const struct co_ops *ops, long times)
{
    co_timing_begin();
    const long done = ops->run(times);
    co_timing_end();
    return (double)took_ns / (double)done;
}

/* Runs more and more often, until it takes long enough. */
static double run_long(const struct co_ops *ops)
{
    for (long times = FIRST_TIMES;;) {
        const double ns = run(ops, times);
        if (took_ns >= RUN_NS || times >= TIMES_MAX)
            return ns;
        const double fitting = 1.2 * RUN_NS / fmax(ns, 0.1);
        times = (long)fmin(fmin(fitting, 20 * (double)times), TIMES_MAX) + 1;
    }
}

/* --- programs of other languages ------------------------------------------ */

const char *const *co_peer_command(const struct co_peer *peer,
                                   enum co_work work, int x, long times)
{
    static const char *argv[CO_COMMAND_MAX];
    static char numbers[2][24];
    const char *const *words = peer->command();
    if (words == NULL)
        return NULL;
    int n = 0;
    while (words[n] != NULL) {
        argv[n] = words[n];
        n++;
    }
    snprintf(numbers[0], sizeof numbers[0], "%d", x);
    snprintf(numbers[1], sizeof numbers[1], "%ld", times);
    argv[n] = peer->program[work];
    argv[n + 1] = numbers[0];
    argv[n + 2] = numbers[1];
    argv[n + 3] = NULL;
    return argv;
}

static const char *ask_program(const struct co_peer *peer, enum co_work work,
                               int x, long times, double *ns)
{
    enum { TIMEOUT_MS = 60000 };
    const char *const *argv = co_peer_command(peer, work, x, times);
    if (argv == NULL)
        return "it is not installed";
    struct proc proc;
    int status = proc_spawn(&proc, argv, NULL);
    if (status == 0)
        status = proc_wait(&proc, TIMEOUT_MS);
    proc_stop(&proc);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
        return "it has none of this size";
    char *end;
    const double said = strtod(proc.said, &end);
    if (status != 0 || end == proc.said)
        return "its program failed";
    *ns = said;
    return NULL;
}

const char *co_peer_measure(const struct co_peer *peer, enum co_work work,
                            int x, long times, double *ns)
{
    if (peer->program[work] != NULL)
        return ask_program(peer, work, x, times, ns);
    const struct co_ops *ops = peer->works[work];
    const char *reason = ops->open(x);
    if (reason == NULL) {
        *ns = times > 0 ? run(ops, times) : run_long(ops);
        ops->close();
    }
    return reason;
}
