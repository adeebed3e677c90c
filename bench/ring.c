/*
 * ring.c - the classical benchmark of event loops: N pipes in a circle, A
 * tokens on their way, and every event passes one on: a read and a write of a
 * byte. What a loop adds to that is its own; the yardstick is a loop on epoll
 * that is written by hand.
 *
 *     build/bench/ring --pipes 1000 --active 1
 *     build/bench/ring                        all points; make bench-loop
 *
 * Timed is the run alone, from the first wait to the last event: pipes stand,
 * are watched, and hold their tokens before. A short run that does not count
 * comes first, for some libraries tell the kernel of their watchers only when
 * they run; another one finds how many events fit into a run's time, so that
 * slow subjects do not take all of it. As something is always ready, no subject
 * ever sleeps, and CPU time is taken: it holds on a busy machine. Operations on
 * sockets are compared among themselves, for a socket costs the kernel more
 * than a pipe.
 *
 * Read before: micro.h, peers.h. Read after: timers.c.
 * Rests on: pipe(7), socketpair(2).
 */
#include "peers.h"
#include "record.h"

#include "../lessons/common/common.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    RUN_MS = 25,
    FIRST_WRITES = 100,
    WRITES_MAX = 20000000,
    LOW = 64, /* descriptors beside the pipes' */
};

static int active, writes;
static struct ring ring;
static const struct peer *taking_part[MICRO_SUBJECTS];
static long writes_of[MICRO_SUBJECTS]; /* a run, at this point; 0: not known */

/* --- the circle ----------------------------------------------------------- */

/* The reading end gets a low number, for the sake of select. */
static bool make_pair(int fds[2])
{
    const int error =
        ring.sockets
            ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                         fds)
            : pipe2(fds, O_NONBLOCK | O_CLOEXEC);
    if (error == -1)
        return false;
    const int high = fcntl(fds[1], F_DUPFD_CLOEXEC, ring.n + LOW);
    close(fds[1]);
    fds[1] = high;
    if (high == -1)
        close(fds[0]);
    return high != -1;
}

static void close_circle(void)
{
    for (int i = 0; i < ring.n; i++) {
        if (ring.ends[i].from != -1)
            close(ring.ends[i].from);
        if (ring.ends[i].next != -1)
            close(ring.ends[i].next);
    }
    free(ring.ends);
    ring.ends = NULL;
    ring.n = 0;
}

/* End i takes from pipe i and puts into pipe i + 1. False: no descriptors. */
static bool make_circle(int n, bool sockets)
{
    ring = (struct ring){.n = n, .sockets = sockets, .tokens = active};
    ring.ends = base_alloc_array((size_t)n, sizeof *ring.ends);
    for (int i = 0; i < n; i++)
        ring.ends[i].from = ring.ends[i].next = -1;
    for (int i = 0; i < n; i++) {
        int fds[2];
        if (!make_pair(fds))
            return false;
        ring.ends[i].from = fds[0];
        ring.ends[(i + n - 1) % n].next = fds[1];
    }
    return true;
}

/* Puts the tokens in, as far from one another as can be. */
static void put_tokens(void)
{
    for (int i = 0; i < active; i++) {
        const int at = (int)((long)i * ring.n / active);
        if (write(ring.ends[at].next, ".", 1) != 1)
            abort(); /* they are empty */
    }
}

/* --- one run -------------------------------------------------------------- */

/* Microseconds an event. */
static double run(const struct ring_ops *ops, long n_writes)
{
    ring.writes = n_writes;
    ring.events = n_writes + active;
    put_tokens();
    const int64_t start_ns = micro_cpu_ns();
    ops->run();
    return (double)(micro_cpu_ns() - start_ns) / 1e3 /
           (double)(n_writes + active);
}

static long fitting_writes(double us)
{
    const double fitting = RUN_MS * 1e3 / us;
    return fitting < WRITES_MAX ? (long)fitting + 1 : WRITES_MAX;
}

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    (void)point;
    ring.peer = taking_part[subject];
    const struct ring_ops *ops =
        ring.sockets ? ring.peer->ring_sockets : ring.peer->ring;
    if (ring.n == 0)
        return "not enough descriptors";
    if (ops == NULL)
        return "not with sockets";
    const char *reason = ops->open(&ring);
    if (reason != NULL)
        return reason;
    run(ops, FIRST_WRITES);
    if (writes_of[subject] == 0)
        writes_of[subject] =
            writes > 0 ? writes : fitting_writes(run(ops, FIRST_WRITES));
    values[0] = run(ops, writes_of[subject]);
    ops->close();
    return NULL;
}

/* --- points --------------------------------------------------------------- */

static const struct micro_metric metrics[] = {
    {"event", "us/event", "us an event"}, {.name = NULL}};

static struct micro ring_micro = {.bench = "ring",
                                  .command = "bench/ring",
                                  .metrics = metrics,
                                  .measure = measure};

/* Who has no chance with sockets is not asked. */
static void choose(bool sockets)
{
    struct micro *m = &ring_micro;
    m->n_subjects = 0;
    for (const struct peer *const *p = peers; *p != NULL; p++) {
        const struct ring_ops *ops = sockets ? (*p)->ring_sockets : (*p)->ring;
        if (ops == NULL || !micro_wants(m, (*p)->name))
            continue;
        taking_part[m->n_subjects] = *p;
        m->subjects[m->n_subjects++] = (*p)->name;
    }
}

static void measure_point(int n, int tokens, bool sockets)
{
    char variant[32];
    const char *kind = sockets ? "sockets" : "pipes";
    snprintf(variant, sizeof variant, "%d active%s", tokens,
             sockets ? ", sockets" : "");
    struct micro_point point = {.variant = variant, .x = n};
    snprintf(point.text, sizeof point.text, "%d %s, %d active", n, kind,
             tokens);
    choose(sockets);
    memset(writes_of, 0, sizeof writes_of);
    active = tokens;
    if (!make_circle(n, sockets)) {
        close_circle();
        record_note("ring: %d %s need more descriptors: ulimit -n", n, kind);
    }
    micro_point(&ring_micro, &point);
    close_circle();
}

static void measure_all(void)
{
    static const int ns[] = {100, 1000, 9900}, tokens[] = {1, 100};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++)
            measure_point(ns[i], tokens[k], false);
    for (int k = 0; k < 2; k++)
        measure_point(1000, tokens[k], true);
}

int main(int argc, char **argv)
{
    int n = 0, tokens = 1;
    bool sockets = false;
    const struct base_option rows[] = {
        {.name = "pipes",
         .help = "how many; 0: the points of make bench",
         .number = &n,
         .max = 1000000},
        {.name = "active",
         .help = "tokens on their way",
         .number = &tokens,
         .min = 1,
         .max = 10000},
        {.name = "writes",
         .help = "of a run; 0: as many as take 25 ms",
         .number = &writes,
         .max = WRITES_MAX},
        {.name = "sockets",
         .help = "pairs of sockets instead of pipes",
         .flag = &sockets},
        {.name = NULL},
    };
    micro_parse(
        &ring_micro, argc, argv,
        "Measures what an event costs in a ring of pipes: our loop beside one "
        "written by hand and beside other libraries.",
        rows);
    raise_descriptor_limit();
    micro_begin(&ring_micro);
    if (n == 0)
        measure_all();
    else
        measure_point(n, tokens < n ? tokens : n, sockets);
    return micro_end(&ring_micro);
}
