/* class.c - see class.h. */
#include "class.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- who takes part ------------------------------------------------------ */

/* "class/alice.tsv" is alice's. */
static struct name name_of_path(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    size_t from = len;
    while (from > 0 && path[from - 1] != '/')
        from--;
    if (len - from > 4 && strncmp(path + len - 4, ".tsv", 4) == 0)
        len -= 4;
    char base[256];
    snprintf(base, sizeof base, "%.*s", (int)(len - from), path + from);
    return words_cut(base, 40);
}

static int add_member(struct class *c, const char *path,
                      struct problem *problem)
{
    if (c->n == MEMBERS_MAX) {
        snprintf(problem->what, sizeof problem->what,
                 "more than %d results: %.200s is one too many", MEMBERS_MAX,
                 path);
        problem->try = "fewer at a time";
        return -E2BIG;
    }
    struct member *m = &c->members[c->n++];
    *m = (struct member){.name = name_of_path(path)};
    return results_load(&m->results, path, problem);
}

static bool share_a_bench(const struct results *a, const struct results *b)
{
    const char *last = "";
    for (int i = 0; i < a->n_rows; i++) {
        if (strcmp(a->rows[i].bench, last) == 0)
            continue;
        last = a->rows[i].bench;
        if (results_have(b, last))
            return true;
    }
    return false;
}

static bool of_one_person(const struct class *c, int first)
{
    for (int i = first; i < c->n; i++)
        for (int k = i + 1; k < c->n; k++)
            if (share_a_bench(&c->members[i].results, &c->members[k].results))
                return false;
    return true;
}

static void remove_from(struct class *c, int first)
{
    for (int i = first; i < c->n; i++)
        results_free(&c->members[i].results);
    c->n = first;
}

static int is_results_file(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 4 &&
           strcmp(entry->d_name + len - 4, ".tsv") == 0;
}

static int load_folder(struct class *c, const char *path,
                       struct problem *problem)
{
    struct dirent **entries;
    const int n = scandir(path, &entries, is_results_file, alphasort);
    if (n <= 0) {
        if (n == 0)
            free(entries);
        return add_member(c, path, problem); /* says what is wrong */
    }
    const int first = c->n;
    int error = 0;
    for (int i = 0; i < n; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (error == 0)
            error = add_member(c, file, problem);
        free(entries[i]);
    }
    free(entries);
    if (error != 0 || n == 1 || !of_one_person(c, first))
        return error;
    remove_from(c, first);
    return add_member(c, path, problem);
}

int class_load(struct class *c, const char *path, struct problem *problem)
{
    struct stat about;
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        return load_folder(c, path, problem);
    return add_member(c, path, problem);
}

void class_free(struct class *c)
{
    remove_from(c, 0);
}

/* --- how they lie -------------------------------------------------------- */

static double member_median(const struct member *m, const struct topic *t,
                            const char *server, double x)
{
    const struct standing s = figures_standing(&m->results, t, server, x);
    return s.point.rounds > 0 ? s.point.median : NAN;
}

struct point class_point(const struct class *c, const struct topic *t,
                         const char *server, double x)
{
    double values[MEMBERS_MAX];
    int n = 0;
    for (int i = 0; i < c->n; i++) {
        const double median = member_median(&c->members[i], t, server, x);
        if (isfinite(median))
            values[n++] = median;
    }
    return (struct point){
        .x = x,
        .rounds = n,
        .median = series_quantile(values, n, 0.5),
        .low = series_quantile(values, n, 0),
        .high = series_quantile(values, n, 1),
        .answered = NAN,
    };
}

const struct member *class_extreme(const struct class *c, const struct topic *t,
                                   const char *server, double x, int direction)
{
    const struct member *found = NULL;
    double furthest = 0;
    for (int i = 0; i < c->n; i++) {
        const double median = member_median(&c->members[i], t, server, x);
        if (isnan(median) ||
            (found != NULL && direction * (median - furthest) <= 0))
            continue;
        found = &c->members[i];
        furthest = median;
    }
    return found;
}
