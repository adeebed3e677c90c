/*
 * claim_crowd.c - E14: a hundred thousand tasks against ten thousand threads.
 *
 * Each waits for the same thing, and ends when it has come. Measured are the
 * time from the first start to the last end, the memory of the process when
 * all wait, and how often the kernel switched from one thread to another.
 *
 * A task has 64 KiB of address space, of which it touches a page when it only
 * waits. The threads are given as much and not 8 MiB; and a thread's stack in
 * the kernel, some 16 KiB that the process does not count, is not counted.
 *
 * Each round is in a process of its own, so that no memory is left from the
 * one before.
 *
 * Read before: claim_switch.c, ../../loop/co/stack.c. Read after: claim_disk.c.
 * Rests on: getrusage(2), proc(5) on statm, pthread_attr_setstacksize(3).
 */
#include "claims.h"

#include "../common/common.h"
#include "loop/co.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TASKS = 100000,
    THREADS = 10000,
    ENOUGH = 1000, /* threads, to be compared */
    STACK_SIZE = 64 * 1024,
};

/* What a crowd has cost. */
struct cost {
    int n; /* that were started */
    double s;
    long bytes;
    long switches; /* from thread to thread */
};

static long resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long total, pages = 0;
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld %ld", &total, &pages) != 2)
        pages = 0;
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static long kernel_switches(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_nvcsw + used.ru_nivcsw;
}

/* Notes memory when all wait: `before` is that of the process alone. */
static void note_memory(struct cost *c, long before)
{
    c->bytes = resident_bytes() - before;
}

/* --- tasks ---------------------------------------------------------------- */

static struct co_event end_of_tasks;
static int waiting;

static int wait_as_task(void *arg)
{
    waiting++;
    return co_event_wait(arg);
}

static int be_crowd(void *arg)
{
    struct cost *c = arg;
    const long before = resident_bytes();
    struct co_group crowd;
    co_group_begin(&crowd);
    while (c->n < TASKS &&
           co_group_go(&crowd, wait_as_task, &end_of_tasks) == 0)
        c->n++;
    while (waiting < c->n)
        co_yield_turn();
    note_memory(c, before);
    co_event_set(&end_of_tasks);
    return co_group_wait(&crowd);
}

static void crowd_of_tasks(struct cost *c)
{
    struct loop *loop;
    if (loop_new(&loop, NULL) == 0 && co_run(loop, be_crowd, c) != 0)
        c->n = 0;
    loop_free(loop);
}

/* --- threads -------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int arrived; /* the lock's */
static bool over;   /* the lock's */

static void *wait_as_thread(void *arg)
{
    pthread_mutex_lock(&lock);
    arrived++;
    while (!over)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return arg;
}

static bool all_have_arrived(int n)
{
    pthread_mutex_lock(&lock);
    const bool all = arrived == n;
    pthread_mutex_unlock(&lock);
    return all;
}

static void crowd_of_threads(struct cost *c)
{
    const long before = resident_bytes();
    pthread_t *threads = allocate_array(THREADS, sizeof *threads);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_SIZE);
    while (c->n < THREADS &&
           pthread_create(&threads[c->n], &small, wait_as_thread, NULL) == 0)
        c->n++;
    while (!all_have_arrived(c->n))
        usleep(1000);
    note_memory(c, before);
    pthread_mutex_lock(&lock);
    over = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < c->n; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

/* --- measuring ------------------------------------------------------------ */

/* In a process of its own; c->n is 0 if it failed. */
static void run_apart(void (*crowd)(struct cost *c), struct cost *c)
{
    int ends[2];
    *c = (struct cost){.n = 0};
    if (pipe(ends) == -1)
        die(errno, NULL, "cannot make a pipe");
    const pid_t child = fork();
    if (child == 0) {
        const long switches = kernel_switches();
        const int64_t start_ns = claim_now_ns();
        crowd(c);
        c->s = (double)(claim_now_ns() - start_ns) / 1e9;
        c->switches = kernel_switches() - switches;
        _exit(write(ends[1], c, sizeof *c) != sizeof *c);
    }
    close(ends[1]);
    if (read(ends[0], c, sizeof *c) != sizeof *c)
        c->n = 0;
    close(ends[0]);
    if (child != -1)
        waitpid(child, NULL, 0);
}

/* Of one: medians over the runs. */
struct each {
    int n;
    double us, kib, switches;
};

static struct each median(const struct cost costs[CLAIM_RUNS])
{
    double us[CLAIM_RUNS], kib[CLAIM_RUNS], switches[CLAIM_RUNS];
    int n = costs[0].n;
    for (int run = 0; run < CLAIM_RUNS; run++) {
        const struct cost *c = &costs[run];
        us[run] = c->s * 1e6 / c->n;
        kib[run] = (double)c->bytes / 1024 / c->n;
        switches[run] = (double)c->switches / c->n;
        n = c->n < n ? c->n : n;
    }
    return (struct each){n, claim_median(us, CLAIM_RUNS),
                         claim_median(kib, CLAIM_RUNS),
                         claim_median(switches, CLAIM_RUNS)};
}

static void crowd_row(const struct claim_result *r, const char *name,
                      const struct each *e)
{
    claim_row(r, "%-10s%12s%15.2f us%14.1f KiB%16.4f", name,
              claim_number(e->n).text, e->us, e->kib, e->switches);
}

int claim_crowds(struct claim_result *r)
{
    struct cost tasks[CLAIM_RUNS], threads[CLAIM_RUNS];
    for (int run = 0; run < CLAIM_RUNS; run++) {
        run_apart(crowd_of_tasks, &tasks[run]);
        run_apart(crowd_of_threads, &threads[run]);
        if (tasks[run].n < TASKS)
            return claim_not_measured(r, "only %d tasks could be started",
                                      tasks[run].n);
        if (threads[run].n < ENOUGH)
            return claim_not_measured(
                r, "only %d threads could be started, see ulimit -u",
                threads[run].n);
    }
    const struct each task = median(tasks), thread = median(threads);
    claim_row(r, "%-10s%12s%18s%18s%16s", "each", "how many", "begin and end",
              "memory", "kernel switches");
    crowd_row(r, "tasks", &task);
    crowd_row(r, "threads", &thread);
    return claim_conclude(
        r,
        task.kib < 12 && task.us * 2 < thread.us && task.switches < 0.01 &&
            thread.switches > 0.5,
        "%s tasks at once took %.2f us and %.1f KiB each, and the kernel "
        "switched %.0f times in all; %s threads took %.2f us and %.1f KiB "
        "(without their stacks in the kernel), and %.1f switches each",
        claim_number(task.n).text, task.us, task.kib, task.switches * task.n,
        claim_number(thread.n).text, thread.us, thread.kib, thread.switches);
}
