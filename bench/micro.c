/*
 * micro.c - see micro.h. Read before: micro.h. Read after: micro_table.c.
 */
#include "micro.h"

#include "peers.h"
#include "record.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { ROUNDS_AT_MOST = 99 };

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t micro_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t micro_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* --- the CPU -------------------------------------------------------------- */

/* Those that the process might use before it pinned itself. */
static cpu_set_t allowed;

void micro_pin(int n)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && n >= 0; cpu++) {
        if (!CPU_ISSET(cpu, &allowed))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        n--;
    }
    sched_setaffinity(0, sizeof one, &one);
}

/* --- options -------------------------------------------------------------- */

static void define(struct micro *m, struct base_options *options)
{
    const struct base_option rows[] = {
        {.name = "rounds",
         .help = "how often each is measured",
         .number = &m->rounds,
         .min = 1,
         .max = ROUNDS_AT_MOST},
        {.name = "only",
         .help = "these alone: names, or beginnings: \"loop/epoll lib\"",
         .string = &m->only,
         .metavar = "SUBJECTS"},
        {.name = "out",
         .help = "keep the rows in this folder",
         .string = &m->out,
         .metavar = "FOLDER"},
        {.name = NULL},
    };
    base_options_define(options, rows);
}

void micro_parse(struct micro *m, int argc, char **argv, const char *about,
                 const struct base_option *rows)
{
    m->rounds = m->rounds != 0 ? m->rounds : 9;
    m->only = m->out = "";
    m->options = base_options_new(about, NULL);
    if (rows != NULL)
        base_options_define(m->options, rows);
    define(m, m->options);
    base_options_start(m->options, argc, argv);
}

/* A word is a whole name, or the beginning of several: "lib", "loop/". */
static bool is_meant(const char *name, const char *word, size_t len)
{
    if (len == 0 || strncmp(name, word, len) != 0)
        return false;
    for (const struct peer *const *p = peers; *p != NULL; p++)
        if (strlen((*p)->name) == len && strncmp((*p)->name, word, len) == 0)
            return name[len] == '\0';
    return true;
}

bool micro_wants(const struct micro *m, const char *name)
{
    if (m->only[0] == '\0' || m->n_subjects == 0)
        return true;
    for (const char *at = m->only; *at != '\0';) {
        const size_t len = strcspn(at, " ,");
        if (is_meant(name, at, len))
            return true;
        at += len + (at[len] != '\0');
    }
    return false;
}

void micro_begin_without(struct micro *m, const char *absent)
{
    sched_getaffinity(0, sizeof allowed, &allowed);
    m->quiet = record_quiet();
    micro_pin(0);
    if (absent[0] == '\0')
        return;
    printf("left out: %s (make deps SET=peers, then make)\n", absent);
    record_note("left out, not installed: %s", absent);
}

void micro_begin(struct micro *m)
{
    micro_begin_without(m, peers_left_out());
}

/* --- one point ------------------------------------------------------------ */

static int n_metrics(const struct micro *m)
{
    int n = 0;
    while (m->metrics[n].name != NULL)
        n++;
    return n;
}

/* What came of a point: by metric, subject and round. */
struct outcome {
    double values[MICRO_METRICS][MICRO_SUBJECTS][ROUNDS_AT_MOST];
    const char *reasons[MICRO_SUBJECTS];
};

static void keep(const struct micro *m, const struct micro_point *point,
                 int subject, int round, const double *values)
{
    for (int i = 0; i < n_metrics(m); i++) {
        if (isnan(values[i]))
            continue;
        record_add(&(struct row){.bench = m->bench,
                                 .server = m->subjects[subject],
                                 .variant = point->variant,
                                 .x = point->x,
                                 .metric = m->metrics[i].name,
                                 .value = values[i],
                                 .unit = m->metrics[i].unit,
                                 .round = round + 1});
    }
}

static void measure(const struct micro *m, const struct micro_point *point,
                    int subject, int round, struct outcome *o)
{
    double values[MICRO_METRICS];
    for (int i = 0; i < MICRO_METRICS; i++)
        values[i] = NAN;
    const char *reason = m->measure(subject, point, values);
    if (reason == NULL) {
        keep(m, point, subject, round, values);
    } else {
        o->reasons[subject] = reason;
        const struct row row = {.bench = m->bench,
                                .server = m->subjects[subject],
                                .variant = point->variant,
                                .x = point->x,
                                .round = round + 1};
        record_failure(&row, reason);
    }
    for (int i = 0; i < MICRO_METRICS; i++)
        o->values[i][subject][round] = values[i];
}

/* The values of a metric, close together. */
static void print(const struct micro *m, const struct micro_point *point,
                  const struct outcome *o, int metric)
{
    double values[MICRO_SUBJECTS * ROUNDS_AT_MOST];
    for (int s = 0; s < m->n_subjects; s++)
        for (int round = 0; round < m->rounds; round++)
            values[s * m->rounds + round] = o->values[metric][s][round];
    char title[160];
    snprintf(title, sizeof title, "%s: %s", point->text,
             m->metrics[metric].text);
    const struct micro_table table = {.title = title,
                                      .subjects = m->subjects,
                                      .reasons = o->reasons,
                                      .n_subjects = m->n_subjects,
                                      .n_rounds = m->rounds,
                                      .values = values};
    micro_table_print(&table);
}

void micro_point(struct micro *m, const struct micro_point *point)
{
    struct outcome *o = base_alloc(sizeof *o);
    for (int round = 0; round < m->rounds; round++)
        for (int i = 0; i < m->n_subjects; i++)
            measure(m, point, (round + i) % m->n_subjects, round, o);
    for (int i = 0; i < n_metrics(m); i++)
        print(m, point, o, i);
    fflush(stdout);
    free(o);
}

/* --- the end -------------------------------------------------------------- */

static int save(const struct micro *m)
{
    if (m->out[0] == '\0')
        return 0;
    const struct run_facts facts = {.command = m->command,
                                    .mode = "bench",
                                    .rounds = m->rounds,
                                    .quiet = m->quiet};
    int error = 0;
    if (mkdir(m->out, 0777) == -1 && errno != EEXIST)
        error = -errno;
    if (error == 0)
        error = record_write(m->out, &facts);
    if (error == 0)
        return 0;
    fprintf(stderr, "%s: cannot write results to %s: %s\n", m->bench, m->out,
            strerror(-error));
    return 2;
}

int micro_end(struct micro *m)
{
    const int status = save(m);
    base_options_free(m->options);
    return status;
}
