/*
 * memory.c - what many tasks take that only wait: bytes that are resident,
 * bytes of the kernel's page tables, bytes of the kernel's own stacks, and the
 * time to make one.
 *
 *     build/bench/memory
 *     build/bench/memory --tasks 1000000 --only loop/co
 *
 * Each subject runs in a process of its own, which makes its tasks, says
 * "parked", and is looked at from outside; from all figures those of a process
 * with a single task are taken off. A task waits in the first function that it
 * calls: a shallow wait, so one page of memory is the least that a stack of its
 * own can take. Who needs more memory than is available is left out, with a row
 * that says so; threads, and stacks with a mapping for each guard, are asked
 * for 10,000 at most, for the kernel bounds their number. Its own stacks are
 * counted for the whole machine: what others start or end meanwhile shows.
 *
 * Read before: fan.c, footprint.c. Rests on: proc_pid_status(5),
 * proc_meminfo(5), proc_pid_smaps(5).
 */
#include "peers_co.h"
#include "proc.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct co_peer *taking_part[MICRO_SUBJECTS];

/* --- in the process of its own -------------------------------------------- */

/* Makes n of them and waits to be ended; or says why it cannot. */
static int park(const char *name, int n)
{
    for (const struct co_peer *const *p = co_peers; *p != NULL; p++) {
        if (strcmp((*p)->name, name) != 0 || (*p)->works[CO_PARK] == NULL)
            continue;
        const char *reason = (*p)->works[CO_PARK]->open(n);
        puts(reason == NULL ? "parked" : reason);
        fflush(stdout);
        while (reason == NULL)
            pause();
        return 1;
    }
    return 2;
}

/* --- from outside --------------------------------------------------------- */

/* The bytes that a line "NAME:   123 kB" of a file in /proc tells; -1: none. */
static double bytes_of(const char *path, const char *name)
{
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return -1;
    char line[256];
    const size_t len = strlen(name);
    double bytes = -1;
    while (bytes < 0 && fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, name, len) == 0 && line[len] == ':')
            bytes = 1024 * strtod(line + len + 1, NULL);
    fclose(in);
    return bytes;
}

struct figures {
    double resident, tables, kernel, cpu_ns;
};

static struct figures look_at(const struct proc *p)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", (int)p->pid);
    return (struct figures){.resident = (double)proc_memory(p),
                            .tables = bytes_of(path, "VmPTE"),
                            .kernel = bytes_of("/proc/meminfo", "KernelStack"),
                            .cpu_ns = (double)proc_cpu_ns(p)};
}

/* Waits for the word of the child. */
static bool is_parked(const struct proc *p)
{
    enum { TIMEOUT_MS = 120000 };
    char said[256] = "";
    struct pollfd output = {.fd = p->output, .events = POLLIN};
    if (poll(&output, 1, TIMEOUT_MS) != 1)
        return false;
    const ssize_t n = read(p->output, said, sizeof said - 1);
    return n > 0 && strncmp(said, "parked", 6) == 0;
}

/* The command of a child with n of them; NULL: it is not installed. */
static const char *const *command(const struct co_peer *peer, int n)
{
    static char number[24];
    static const char *own[] = {"/proc/self/exe", "--subject", NULL,
                                "--tasks",        number,      NULL};
    if (peer->program[CO_PARK] != NULL)
        return co_peer_command(peer, CO_PARK, n, 0);
    snprintf(number, sizeof number, "%d", n);
    own[2] = peer->name;
    return own;
}

/* False: it could not be. KernelStack is the whole machine's, so it is looked
 * at before, too. */
static bool measure_child(const struct co_peer *peer, int n, struct figures *f)
{
    const double before = bytes_of("/proc/meminfo", "KernelStack");
    struct proc proc;
    const bool parked =
        proc_spawn(&proc, command(peer, n), NULL) == 0 && is_parked(&proc);
    if (parked) {
        *f = look_at(&proc);
        f->kernel -= before;
    }
    proc_stop(&proc);
    return parked;
}

/* Roughly: what one needs, the kernel's part with it. */
static double need_of(const struct co_peer *peer)
{
    return strncmp(peer->name, "thread", 6) == 0 ? 32768 : 6144;
}

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    const struct co_peer *peer = taking_part[subject];
    const int n = point->x;
    struct figures one, all;
    if (command(peer, n) == NULL)
        return "it is not installed";
    if (bytes_of("/proc/meminfo", "MemAvailable") < n * need_of(peer))
        return "not enough memory is available";
    if (!measure_child(peer, 1, &one) || !measure_child(peer, n, &all))
        return "the kernel refuses as many";
    const double more = fmax(1, n - 1);
    values[0] = (all.resident - one.resident) / more;
    values[1] = (all.tables - one.tables) / more;
    values[2] = fmax(0, (all.kernel - one.kernel) / more);
    values[3] = (all.cpu_ns - one.cpu_ns) / more;
    return NULL;
}

static const struct micro_metric metrics[] = {
    {"resident", "bytes", "bytes resident of one that waits"},
    {"tables", "bytes", "bytes of page tables of one"},
    {"kernel", "bytes", "bytes of the kernel's stacks of one"},
    {"make", "ns", "ns of CPU time to make one, and park it"},
    {.name = NULL},
};

/* Who can have as many. */
static void choose(struct micro *m, int n)
{
    co_peers_choose(m, CO_PARK, taking_part);
    int kept = 0;
    for (int i = 0; i < m->n_subjects; i++) {
        const struct co_peer *peer = taking_part[i];
        if (peer->parks_most > 0 && peer->parks_most < n)
            continue;
        taking_part[kept] = peer;
        m->subjects[kept++] = peer->name;
    }
    m->n_subjects = kept;
}

static void measure_point(struct micro *m, int n)
{
    struct micro_point point = {.variant = "parked", .x = n};
    snprintf(point.text, sizeof point.text, "%d that wait", n);
    choose(m, n);
    micro_point(m, &point);
}

static int run(struct micro *m, int n)
{
    micro_begin_without(m, co_peers_left_out());
    static const int points[] = {10000, 100000, 1000000};
    for (int i = 0; i < (n == 0 ? 3 : 1); i++)
        measure_point(m, n == 0 ? points[i] : n);
    return micro_end(m);
}

int main(int argc, char **argv)
{
    int n = 0;
    const char *subject = "";
    struct micro micro = {.bench = "memory",
                          .command = "bench/memory",
                          .metrics = metrics,
                          .measure = measure,
                          .rounds = 3};
    const struct base_option rows[] = {
        {.name = "tasks",
         .help = "that wait; 0: the points of make bench",
         .number = &n,
         .max = 2000000000},
        {.name = "subject",
         .help = "park this one's, to be looked at from outside",
         .string = &subject},
        {.name = NULL},
    };
    micro_parse(
        &micro, argc, argv,
        "Measures what tasks take that only wait: ours beside the barest "
        "stacks, threads and other languages.",
        rows);
    if (subject[0] == '\0')
        return run(&micro, n);
    const int status = park(subject, n);
    base_options_free(micro.options);
    return status;
}
