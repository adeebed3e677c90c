/*
 * speed.c - see speed.h.
 *
 * Read before: speed.h. Rests on: clock_getcpuclockid(3), sched_setaffinity(2).
 */
#include "speed.h"

#include "check_internal.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS_LEAST = 9, ROUNDS_MOST = 45, HOPELESS = 20, TIMES_MOST = 1000 };

static const double interval_most = 0.2; /* of the ratio */
static const double turn_ns = 3e6;       /* what the reference needs at least */

/* The programs on the first CPU that we may use, the check on the last. */
static void pin(pid_t pid, bool first)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == -1)
        return;
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &allowed))
            continue;
        if (!first)
            CPU_ZERO(&one);
        CPU_SET(i, &one);
        if (first)
            break;
    }
    sched_setaffinity(pid, sizeof one, &one);
}

static double cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) == -1)
        check_error("cannot read the processor time of process %d", pid);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* What is compared, and how often the work is done in one turn. */
struct race {
    struct program *student, *reference;
    speed_work *work;
    void *arg;
    int times;
};

/* The clock is that of one process: whoever has others do its work would win.
 */
static void expect_alone(struct program *p)
{
    program_expect_alive(p);
    check_equal("processes of the server", 1, program_processes(p));
}

static double time_of(const struct race *r, struct program *p)
{
    expect_alone(p);
    const double before = cpu_ns(program_pid(p));
    for (int i = 0; i < r->times; i++)
        r->work(p, r->arg);
    expect_alone(p);
    return (cpu_ns(program_pid(p)) - before) / r->times;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* At `part` (0 to 1) of the sorted values. */
static double quantile(const double *values, int n, double part)
{
    double sorted[ROUNDS_MOST];
    memcpy(sorted, values, (size_t)n * sizeof *values);
    qsort(sorted, (size_t)n, sizeof *sorted, by_size);
    const double at = part * (n - 1);
    const int below = (int)at;
    const double rest = at - below;
    return below + 1 < n ? sorted[below] * (1 - rest) + sorted[below + 1] * rest
                         : sorted[below];
}

static struct speed sum_up(const double *ratios, const double *times, int n)
{
    return (struct speed){.ratio = quantile(ratios, n, 0.5),
                          .low = quantile(ratios, n, 0.25),
                          .high = quantile(ratios, n, 0.75),
                          .rounds = n,
                          .ns = quantile(times, n, 0.5)};
}

static bool is_wide(const struct speed *s)
{
    return s->high - s->low > interval_most * s->ratio;
}

/*
 * The first works, which bring caches and connections in order. They tell how
 * many a turn takes, and whether more of them would change the score.
 */
static struct speed warm_up(struct race *r)
{
    time_of(r, r->student);
    time_of(r, r->reference);
    const double student = time_of(r, r->student);
    const double reference = time_of(r, r->reference);
    r->times = (int)fmin(TIMES_MOST, 1 + turn_ns / reference);
    const double ratio = student / reference;
    return sum_up(&ratio, &student, 1);
}

static struct speed run_rounds(const struct race *r)
{
    double ratios[ROUNDS_MOST], times[ROUNDS_MOST];
    struct speed s = {.rounds = 0};
    for (int n = 0; n < ROUNDS_LEAST || (n < ROUNDS_MOST && is_wide(&s)); n++) {
        /* Who comes first changes, too. */
        const bool first = n % 2 == 0;
        const double one = time_of(r, first ? r->student : r->reference);
        const double two = time_of(r, first ? r->reference : r->student);
        times[n] = first ? one : two;
        ratios[n] = times[n] / (first ? two : one);
        s = sum_up(ratios, times, n + 1);
    }
    return s;
}

/* "1.32 times (middle half of 9 rounds: 1.30 to 1.35)" */
static char *figures(const struct speed *s)
{
    if (s->rounds == 1)
        return check_text("about %.0f times (so far away that one round is "
                          "enough)",
                          s->ratio);
    return check_text("%.2f times (middle half of %d rounds: %.2f to %.2f)",
                      s->ratio, s->rounds, s->low, s->high);
}

struct speed speed_compare(struct program *student, struct program *reference,
                           speed_work *work, void *arg)
{
    struct race race = {student, reference, work, arg, .times = 1};
    check_did("both do the same work in turn, round after round");
    story_mute(true);
    pin(0, false);
    pin(program_pid(student), true);
    pin(program_pid(reference), true);
    struct speed s = warm_up(&race);
    if (s.ratio <= HOPELESS)
        s = run_rounds(&race);
    story_mute(false);
    check_note("processor time, against the reference's: %s", figures(&s));
    if (is_wide(&s))
        check_noisy("the machine is too busy to tell: run it again when it is "
                    "quiet");
    return s;
}

noreturn void speed_score(const struct speed *s, double full, double none,
                          const char *what)
{
    const double share = (none - s->low) / (none - full);
    check_share(fmax(0, fmin(1, share)),
                check_text("%s: at most %.2f times the reference's processor "
                           "time; nothing from %.2f times on",
                           what, full, none),
                figures(s));
}
