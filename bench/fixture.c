/* fixture.c - see fixture.h. The numbers are made up and claim nothing. */
#include "fixture.h"

#include "../lessons/common/common.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void fixture_init(struct fixture *f)
{
    strcpy(f->folder, "/tmp/course-kit-test.XXXXXX");
    if (mkdtemp(f->folder) == NULL)
        die(errno, NULL, "cannot make a folder in /tmp");
}

static int remove_entry(const char *path, const struct stat *about, int type,
                        struct FTW *level)
{
    (void)about, (void)type, (void)level;
    return remove(path);
}

void fixture_fini(struct fixture *f)
{
    nftw(f->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fixture_path(const struct fixture *f, const char *name)
{
    static char paths[8][256];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", f->folder, name);
    return path;
}

FILE *fixture_open(const struct fixture *f, const char *name)
{
    FILE *out = fopen(fixture_path(f, name), "we");
    if (out == NULL) {
        die(errno, NULL, "cannot write %s", name);
        return NULL; /* not reached; said for analysers */
    }
    fputs("# course-kit results 1\n# kernel Linux 6.0\n# cpu Test CPU\n"
          "# cpus 2\n# compiler gcc 12\n# date 2026-01-02\n# commit abc\n"
          "# command make bench\n# mode bench\n# rounds 5\n# quiet yes\n"
          "bench\tserver\tvariant\tx\tmetric\tvalue\tunit\tround\n",
          out);
    return out;
}

void fixture_rounds(FILE *out, const char *point, const char *metric,
                    const double *values, int n)
{
    for (int i = 0; i < n; i++)
        fprintf(out, "%s\t%s\t%.10g\tunit\t%d\n", point, metric, values[i],
                i + 1);
}

/* Five rounds around `value`, the same way for all: what is measured together
 * is slow together. */
static void around(FILE *out, const char *point, const char *metric,
                   double value)
{
    const double values[] = {value, 0.9 * value, 1.1 * value, 0.95 * value,
                             1.05 * value};
    fixture_rounds(out, point, metric, values, 5);
}

/* Servers of three lessons; the first of them starves its clients. */
static const struct {
    const char *name;
    double rate, most_served;
} servers[] = {
    {"floor", 100000, 1e9},           {"01-blocking/iterative", 10000, 1},
    {"01-blocking/fork", 40000, 1e9}, {"03-select", 60000, 1e9},
    {"05-epoll/edge", 90000, 1e9},    {"05-epoll/level", 80000, 1e9},
};

enum { SERVERS = sizeof servers / sizeof servers[0] };

static void put_connections(const struct fixture *f)
{
    FILE *out = fixture_open(f, "connections.tsv");
    static const char *const variants[] = {"keep-alive", "close"};
    for (int i = 0; i < SERVERS; i++)
        for (int v = 0; v < 2; v++)
            for (int x = 1; x <= 4096; x *= 8) {
                char point[128];
                snprintf(point, sizeof point, "connections\t%s\t%s\t%d",
                         servers[i].name, variants[v], x);
                if (strcmp(servers[i].name, "03-select") == 0 && x > 1000) {
                    fprintf(out, "%s\tfailed\t-\tFD_SETSIZE <1024> & more\t1\n",
                            point);
                    continue;
                }
                const double most = v == 0 ? servers[i].most_served : 1e9;
                around(out, point, "rate", servers[i].rate / (v + 1));
                around(out, point, "p50", 100);
                around(out, point, "p99", x > most ? 1e6 : 1000);
                around(out, point, "cpu", 1e6 / servers[i].rate);
                const double answered = x > most ? most : x;
                fixture_rounds(out, point, "answered", &answered, 1);
                fixture_rounds(out, point, "errors", (const double[]){0}, 1);
            }
    fclose(out);
}

static void put_idle(const struct fixture *f)
{
    FILE *out = fixture_open(f, "idle.tsv");
    for (int i = 0; i < SERVERS; i++)
        for (int x = 0; x <= 9000; x += 4500) {
            char point[128];
            snprintf(point, sizeof point, "idle\t%s\tkeep-alive\t%d",
                     servers[i].name, x);
            if (strcmp(servers[i].name, "01-blocking/iterative") == 0) {
                fprintf(out, "%s\tfailed\t-\tone at a time\t1\n", point);
                continue;
            }
            const bool scans = strcmp(servers[i].name, "03-select") == 0;
            around(out, point, "rate",
                   servers[i].rate / (scans ? 1 + x / 1000.0 : 1));
            around(out, point, "cpu", 10);
            fixture_rounds(out, point, "answered", (const double[]){50}, 1);
            if (x > 0)
                around(out, point, "memory", 400 + i);
        }
    fclose(out);
}

static void put_fetch(const struct fixture *f)
{
    FILE *out = fixture_open(f, "fetch.tsv");
    static const char *const lessons[] = {"01-blocking", "03-select",
                                          "05-epoll"};
    for (int i = 0; i < 3; i++)
        for (int x = 1; x <= 16; x *= 4) {
            char point[128];
            snprintf(point, sizeof point, "fetch\t%s\tall-at-once\t%d",
                     lessons[i], x);
            const double wall = i == 0 ? 0.1 * x : 0.1;
            fixture_rounds(out, point, "wall",
                           (const double[]){wall, wall, wall}, 3);
            around(out, point, "cpu", 0.001 * x);
            around(out, point, "calls", 5 * x);
        }
    fclose(out);
}

void fixture_course(const struct fixture *f)
{
    put_connections(f);
    put_idle(f);
    put_fetch(f);
    FILE *out = fixture_open(f, "calls.tsv");
    for (int i = 0; i < SERVERS; i++)
        fprintf(out,
                "calls\t%s\tkeep-alive\t64\tcalls\t%d.5\tcalls/request\t1\n",
                servers[i].name, i + 1);
    fclose(out);
    out = fixture_open(f, "claims.tsv");
    fputs("claim\t03-select\tE03\t-\tclaim\t-\tselect <scans> & copies\t1\n"
          "claim\t03-select\tE03\t-\tverdict\tholds\t3 < 4\t1\n"
          "claim\t05-epoll\tE06\t-\tclaim\t-\tepoll never scans\t1\n"
          "claim\t05-epoll\tE06\t-\tverdict\tdoes-not-hold\tit did\t1\n",
          out);
    fclose(out);
}

/* One row a subject of a benchmark of the loop at x; `value` is raw's. */
static void put_subjects(FILE *out, const char *bench, const char *variant,
                         int x, const char *metric, double value, double faster)
{
    const struct {
        const char *name;
        double times;
    } subjects[] = {
        {"loop/epoll", 1.25},
        {"loop/poll", 60},
        {"libev", 1.25 * faster},
        {"libuv", 2.5 * faster},
        {strcmp(bench, "timers") == 0 ? "raw/wheel" : "raw/epoll", 1}};
    for (int i = 0; i < 5; i++) {
        char point[128];
        snprintf(point, sizeof point, "%s\t%s\t%s\t%d", bench, subjects[i].name,
                 variant, x);
        around(out, point, metric, value * subjects[i].times);
    }
    fprintf(out, "%s\tloop/select\t%s\t%d\tfailed\t-\tFD_SETSIZE\t1\n", bench,
            variant, x);
}

void fixture_loop(const struct fixture *f, double faster)
{
    FILE *out = fixture_open(f, "ring.tsv");
    for (int x = 100; x <= 1000; x *= 10)
        put_subjects(out, "ring", "1 active", x, "event", 2, faster);
    fclose(out);
    out = fixture_open(f, "timers.tsv");
    for (int x = 1000; x <= 1000000; x *= 1000)
        put_subjects(out, "timers", "random", x, "cancel", 8, faster);
    fclose(out);
    out = fixture_open(f, "wakeup.tsv");
    put_subjects(out, "wakeup", "thread", 1, "rate", 2e6, 1 / faster);
    fclose(out);
}

static void put_co(FILE *out, const char *point, int x, const char *metric,
                   double value, double faster)
{
    const struct {
        const char *name;
        double times;
    } subjects[] = {{"loop/co", 2},
                    {"go", 2 * faster},
                    {"thread/futex", 200 * faster},
                    {"raw/jump", 1}};
    for (int i = 0; i < 4; i++) {
        char row[128];
        const char *variant = strchr(point, ' ');
        snprintf(row, sizeof row, "%.*s\t%s\t%s\t%d", (int)(variant - point),
                 point, subjects[i].name, variant + 1, x);
        around(out, row, metric, value * subjects[i].times);
    }
}

void fixture_co(const struct fixture *f, double faster)
{
    FILE *out = fixture_open(f, "switch.tsv");
    put_co(out, "switch pair", 1, "pair", 5, faster);
    put_co(out, "switch yield", 2, "yield", 6, faster);
    put_co(out, "switch yield", 1000, "yield", 8, faster);
    fclose(out);
    out = fixture_open(f, "channel.tsv");
    put_co(out, "channel room for 0", 0, "message", 20, faster);
    put_co(out, "channel room for 128", 128, "message", 10, faster);
    fprintf(out, "channel\tthread/pipe\troom for 0\t0\tfailed\t-\t"
                 "a pipe holds at least one\t1\n");
    fclose(out);
    out = fixture_open(f, "memory.tsv");
    for (int x = 10000; x <= 1000000; x *= 10)
        put_co(out, "memory parked", x, "resident", 2048, faster);
    fclose(out);
}

int fixture_run(struct proc *proc, const char *name, const char *const *options)
{
    const char *build = getenv("KIT_BUILD");
    char path[300];
    snprintf(path, sizeof path, "%s/bench/%s", build != NULL ? build : "build",
             name);
    const char *argv[16] = {path};
    for (int i = 0; i < 14 && options[i] != NULL; i++)
        argv[i + 1] = options[i];
    if (proc_spawn(proc, argv, NULL) != 0)
        return -1;
    const int status = proc_wait(proc, 60000);
    proc_stop(proc);
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool fixture_measure(const struct fixture *f, struct proc *proc,
                     const char *name, const char *const *options,
                     struct results *results)
{
    const char *all[14] = {"--out", f->folder};
    for (int i = 0; i < 11 && options[i] != NULL; i++)
        all[2 + i] = options[i];
    struct problem problem;
    return fixture_run(proc, name, all) == 0 &&
           results_load(results, f->folder, &problem) == 0;
}

const struct row *fixture_row(const struct results *results, const char *server,
                              const char *metric, double x, int round)
{
    for (int i = 0; i < results->n_rows; i++) {
        const struct row *row = &results->rows[i];
        if (strcmp(row->server, server) == 0 && row->x == x &&
            strcmp(row->metric, metric) == 0 && row->round == round)
            return row;
    }
    return NULL;
}

char *fixture_text(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    char *text = NULL;
    size_t room = 0;
    if (getdelim(&text, &room, '\0', file) == -1 && text != NULL)
        text[0] = '\0';
    fclose(file);
    return text;
}
