/*
 * run.c - the driver: measures every server of every lesson and keeps what it
 * saw in build/bench/KIND.tsv.
 *
 * A plan is a list of points (what, which server, with how many). A round goes
 * through the whole plan once; rounds follow one another until the time is
 * used up, so what is compared was measured interleaved, and drift of the
 * machine falls on all alike. The server runs on one CPU, the load on another.
 * A point that fails is kept as failed, with the reason, and the run goes on.
 *
 * Read before: measure.h, record.h. Read after: report.c.
 */
#include "measure.h"
#include "proc.h"

#include "../lessons/common/common.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- what is measured ----------------------------------------------------- */

/* One kind of measurement and its points; lists of x end with -1. */
struct series {
    const char *bench, *variant, *unit; /* the unit of x, for the progress */
    measure_fn *measure;
    int x[12];
};

static const struct series quick[] = {
    {"connections",
     "keep-alive",
     "connections",
     measure_connections,
     {1, 64, 1000, -1}},
    {"connections", "close", "connections", measure_connections, {64, -1}},
    {"idle", "keep-alive", "idle", measure_idle, {0, 900, 9000, -1}},
    {"fetch", "all-at-once", "pages", measure_fetch, {1, 5, 20, -1}},
    {.bench = NULL},
};
static const struct series course[] = {
    {"connections",
     "keep-alive",
     "connections",
     measure_connections,
     {1, 10, 64, 256, 1000, 4000, -1}},
    {"connections",
     "close",
     "connections",
     measure_connections,
     {1, 64, 256, -1}},
    {"idle",
     "keep-alive",
     "idle",
     measure_idle,
     {0, 100, 500, 900, 5000, 9000, -1}},
    {"fetch", "all-at-once", "pages", measure_fetch, {1, 10, 20, 50, -1}},
    {.bench = NULL},
};
static const struct series bench[] = {
    {"connections",
     "keep-alive",
     "connections",
     measure_connections,
     {1, 4, 16, 64, 128, 256, 512, 1000, 4000, 9000, -1}},
    {"connections",
     "close",
     "connections",
     measure_connections,
     {1, 16, 64, 256, 1000, -1}},
    {"wrk", "keep-alive", "connections", measure_wrk, {64, -1}},
    {"wrk", "close", "connections", measure_wrk, {64, -1}},
    {"idle",
     "keep-alive",
     "idle",
     measure_idle,
     {0, 100, 500, 900, 5000, 9000, -1}},
    {"fetch", "all-at-once", "pages", measure_fetch, {1, 10, 20, 50, 100, -1}},
    {.bench = NULL},
};
/* In the first round alone: wrk measures whole seconds, and system calls a
 * request hardly vary. */
static const struct series once[] = {
    {"wrk", "keep-alive", "connections", measure_wrk, {64, -1}},
    {"calls", "keep-alive", "connections", measure_calls, {64, -1}},
    {.bench = NULL},
};

static const struct {
    const char *name;
    const struct series *series;
    int ms, rounds; /* of a load; at least */
} modes[] = {
    {"quick", quick, 120, 3},
    {"course", course, 200, 3},
    {"bench", bench, 500, 5},
};

struct point {
    const struct series *series;
    const struct subject *subject;
    int x;
    bool only_once;
};

enum { POINTS_MAX = 4096 };

static struct subject subjects[SUBJECTS_MAX];
static int n_subjects;
static struct point plan[POINTS_MAX];
static int n_points;
static struct bench_setup setup = {.server_cpu = -1, .load_cpu = -1};

static bool takes_part(const struct series *series, const struct subject *s,
                       const struct subject *before)
{
    if (series->measure != measure_fetch)
        return true;
    /* fetch is a lesson's, not a model's: once a lesson */
    return subject_has_fetch(s, setup.build) &&
           (before == NULL || strcmp(before->lesson, s->lesson) != 0);
}

static void add_point(const struct point *p)
{
    if (n_points == POINTS_MAX)
        die(0, "fewer lessons: LESSONS=\"03 05\"",
            "the plan has more than %d points", POINTS_MAX);
    plan[n_points++] = *p;
}

static void add_points(const struct series *list, bool only_once)
{
    for (const struct series *s = list; s->bench != NULL; s++)
        for (const int *x = s->x; *x >= 0; x++)
            for (int i = 0; i < n_subjects; i++)
                if (takes_part(s, &subjects[i], i > 0 ? &subjects[i - 1] : 0))
                    add_point(&(struct point){s, &subjects[i], *x, only_once});
}

/* --- progress ------------------------------------------------------------- */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* 71300 as "71,300". */
static const char *grouped(double value, char *text, size_t size)
{
    if (value >= 1e6)
        snprintf(text, size, "%ld,%03ld,%03ld", (long)value / 1000000,
                 (long)value / 1000 % 1000, (long)value % 1000);
    else if (value >= 1e3)
        snprintf(text, size, "%ld,%03ld", (long)value / 1000,
                 (long)value % 1000);
    else
        snprintf(text, size, value < 100 ? "%.3g" : "%.0f", value);
    return text;
}

static void show_progress(int done, int all, const struct point *p,
                          double figure, double left_s)
{
    char x[32], value[32] = "no result", left[48];
    if (figure >= 0)
        grouped(figure, value, sizeof value);
    if (left_s >= 90)
        snprintf(left, sizeof left, "about %.0f min left", left_s / 60);
    else
        snprintf(left, sizeof left, "about %.0f s left",
                 left_s > 5 ? left_s : 5);
    const bool terminal = isatty(STDOUT_FILENO);
    if (!terminal && done % 25 != 0)
        return;
    printf("%s[%d/%d] %s  %s %s  %s %s  %s%s", terminal ? "\r\033[K" : "", done,
           all, p->subject->name, grouped(p->x, x, sizeof x), p->series->unit,
           value,
           figure < 0                            ? ""
           : p->series->measure == measure_fetch ? "s"
           : p->series->measure == measure_calls ? "system calls a request"
                                                 : "requests/s",
           left, terminal ? "" : "\n");
    fflush(stdout);
}

/* --- the run ------------------------------------------------------------ */

static volatile sig_atomic_t stopped; /* SIGINT or SIGTERM came */

static void on_signal(int signo)
{
    (void)signo;
    stopped = 1;
}

static double measure(const struct point *p, int round)
{
    const struct row at = {
        .bench = p->series->bench,
        .server = p->series->measure == measure_fetch ? p->subject->lesson
                                                      : p->subject->name,
        .variant = p->series->variant,
        .x = p->x,
        .round = round,
    };
    return p->series->measure(&setup, p->subject, &at);
}

/* Rounds until the time is used up, but at least `least`; returns how many. */
static int run_rounds(int least, double seconds)
{
    const double start = now_s();
    int done = 0, all = 0;
    for (int i = 0; i < n_points; i++)
        all += plan[i].only_once ? 1 : least;
    for (int round = 1;; round++) {
        const double round_start = now_s();
        for (int i = 0; i < n_points; i++) {
            if (plan[i].only_once && round > 1)
                continue;
            const double figure = measure(&plan[i], round);
            if (stopped)
                return round - 1;
            if (++done > all)
                all = done;
            const double each = (now_s() - start) / done;
            show_progress(done, all, &plan[i], figure, each * (all - done));
        }
        const double took = now_s() - round_start;
        if (round >= least && now_s() - start + took > seconds)
            return round;
    }
}

static const char *find_wrk(void)
{
    static const char *const paths[] = {"/usr/bin/wrk", "/usr/local/bin/wrk"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return NULL;
}

/* The first two CPUs that we may run on: one for the server, one for load. */
static void choose_cpus(void)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    sched_getaffinity(0, sizeof cpus, &cpus);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET((size_t)cpu, &cpus))
            continue;
        if (setup.server_cpu == -1)
            setup.server_cpu = cpu;
        else if (setup.load_cpu == -1)
            setup.load_cpu = cpu;
    }
    if (setup.load_cpu == -1) {
        setup.server_cpu = -1;
        record_note("one CPU: server and load share it");
    }
}

/* What the machine cannot give is noted, and appears on the plots. */
static void prepare(void)
{
    setup.descriptors = raise_descriptor_limit();
    setup.wrk = find_wrk();
    if (setup.wrk == NULL)
        die(0, "make deps SET=course", "wrk is not installed");
    if (setup.descriptors < 9100)
        record_note("at most %d descriptors: ulimit -n", setup.descriptors);
    choose_cpus();
}

static void start_slowd(struct proc *slowd)
{
    char path[300];
    snprintf(path, sizeof path, "%s/bench/slowd", setup.build);
    const struct proc_options options = {.cpu = setup.server_cpu};
    const int error = proc_start(
        slowd, (const char *[]){path, "--port", "0", "--delay", "100", NULL},
        &options);
    if (error != 0)
        die(-error, "make", "cannot start %s", path);
    setup.slow_port = slowd->port;
}

/* Writes what was measured; returns main's status. */
static int keep(const char *out, const struct run_facts *facts)
{
    if (stopped && facts->rounds == 0) {
        puts(
            "\nstopped before one round was complete: nothing is kept, earlier "
            "results are as they were\nnext:   make course");
        return 130;
    }
    if (stopped)
        record_note("stopped by the user in round %d", facts->rounds + 1);
    const int error = record_write(out, facts);
    if (error != 0)
        die(-error, NULL, "cannot write results to %s", out);
    printf("%s%d rounds kept in %s/*.tsv\n", isatty(STDOUT_FILENO) ? "\n" : "",
           facts->rounds, out);
    return stopped ? 130 : 0;
}

int main(int argc, char **argv)
{
    const char *mode = "course", *lessons = "", *out = "build/bench";
    int seconds = 0, rounds = 0;
    const struct option options[] = {
        {"mode", "how much is measured", NULL, 0, 0, &mode,
         "quick,course,bench"},
        {"seconds", "go on with rounds for so long", &seconds, 0, 86400, NULL,
         NULL},
        {"rounds", "at least; 0: as the mode has it", &rounds, 0, 1000, NULL,
         NULL},
        {"lessons", "only these, as \"03 05\"; default all", NULL, 0, 0,
         &lessons, NULL},
        {"out", "folder for the results", NULL, 0, 0, &out, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Measures every lesson's servers and clients.",
                  options);
    size_t m = 0;
    while (strcmp(modes[m].name, mode) != 0)
        m++;
    const char *build = getenv("KIT_BUILD");
    setup.build = build != NULL ? build : "build";
    setup.ms = modes[m].ms;
    prepare();
    n_subjects = subjects_find(subjects, setup.build, lessons);
    if (n_subjects < 2)
        die(0, "make, and lessons as in LESSONS=\"03 05\"",
            "no server of lessons '%s' is built", lessons);
    if (mkdir(out, 0777) == -1 && errno != EEXIST)
        die(errno, NULL, "cannot make the folder %s", out);
    add_points(modes[m].series, false);
    if (strcmp(mode, "bench") != 0)
        add_points(once, true);
    else
        add_points(once + 1, true);

    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct run_facts facts = {.mode = mode, .quiet = record_quiet()};
    char command[256];
    snprintf(command, sizeof command, "bench/run --mode %s%s%s%s", mode,
             lessons[0] != '\0' ? " --lessons '" : "", lessons,
             lessons[0] != '\0' ? "'" : "");
    facts.command = command;
    struct proc slowd;
    start_slowd(&slowd);
    facts.rounds = run_rounds(rounds > 0 ? rounds : modes[m].rounds, seconds);
    proc_stop(&slowd);
    return keep(out, &facts);
}
