/* series.c - see series.h. */
#include "series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double series_quantile(double *values, int n, double share)
{
    if (n == 0)
        return NAN;
    qsort(values, (size_t)n, sizeof *values, by_size);
    const double at = share * (n - 1);
    const int below = (int)at;
    const int above = below + 1 < n ? below + 1 : below;
    return values[below] + (at - below) * (values[above] - values[below]);
}

void series_summary(struct point *p, double *values, int n)
{
    const bool few = n < SPREAD_ROUNDS;
    p->rounds = n;
    p->median = series_quantile(values, n, 0.5);
    p->low = series_quantile(values, n, few ? 0 : 0.25);
    p->high = series_quantile(values, n, few ? 1 : 0.75);
}

const char *series_spread_words(int rounds)
{
    return rounds < SPREAD_ROUNDS ? "lowest to highest round"
                                  : "middle half of the rounds";
}

/* --- rows of one point --------------------------------------------------- */

/* Compares the numbers first: of many thousand rows they leave a few. */
static bool is_of(const struct row *row, const struct query *q,
                  const char *metric, double x)
{
    return row->x == x && strcmp(row->metric, metric) == 0 &&
           strcmp(row->server, q->server) == 0 &&
           (q->variant == NULL || strcmp(row->variant, q->variant) == 0) &&
           strcmp(row->bench, q->bench) == 0;
}

/* What `row` is divided by: the other's value in the same round, or NAN. */
static double divisor_of(const struct results *r, const struct query *q,
                         const struct row *row)
{
    const struct query other = {row->bench,  q->over, row->variant,
                                row->metric, NULL,    NULL};
    const double x = q->over_x != NULL ? *q->over_x : row->x;
    for (int i = 0; i < r->n_rows; i++)
        if (r->rows[i].round == row->round &&
            is_of(&r->rows[i], &other, row->metric, x))
            return r->rows[i].value;
    return NAN;
}

/* The values of all rounds. Returns how many. */
static int collect(const struct results *r, const struct query *q, double x,
                   double values[ROUNDS_MAX])
{
    int n = 0;
    for (int i = 0; i < r->n_rows && n < ROUNDS_MAX; i++) {
        const struct row *row = &r->rows[i];
        if (!is_of(row, q, q->metric, x))
            continue;
        const double value =
            q->over != NULL ? row->value / divisor_of(r, q, row) : row->value;
        if (isfinite(value))
            values[n++] = value;
    }
    return n;
}

/* The median of "answered", where this bench or the load's own counted it. */
static double count_answered(const struct results *r, const struct query *q,
                             double x)
{
    double values[ROUNDS_MAX];
    struct query answered = *q;
    answered.metric = "answered";
    answered.over = NULL;
    int n = collect(r, &answered, x, values);
    if (n == 0 && strcmp(q->bench, "wrk") == 0) {
        answered.bench = "connections"; /* wrk does not count them */
        n = collect(r, &answered, x, values);
    }
    return series_quantile(values, n, 0.5);
}

static void note_failures(struct point *p, const struct results *r,
                          const struct query *q)
{
    for (int i = 0; i < r->n_rows; i++) {
        if (!is_of(&r->rows[i], q, "failed", p->x))
            continue;
        p->failed++;
        if (p->reason == NULL)
            p->reason = r->rows[i].unit;
    }
}

struct point series_point(const struct results *r, const struct query *q,
                          double x)
{
    double values[ROUNDS_MAX];
    struct point p = {.x = x};
    const int n = collect(r, q, x, values);
    series_summary(&p, values, n);
    p.answered = count_answered(r, q, x);
    p.asked = strcmp(q->bench, "idle") == 0 ? ACTIVE_IDLE : x;
    p.starved = p.answered < p.asked;
    note_failures(&p, r, q);
    return p;
}

/* --- a whole line -------------------------------------------------------- */

void series_load(struct series *s, const struct results *r,
                 const struct query *q)
{
    double xs[POINTS_MAX] = {0};
    int n = 0;
    for (int i = 0; i < r->n_rows; i++) {
        const struct row *row = &r->rows[i];
        int known = 0;
        if (isnan(row->x) || (!is_of(row, q, q->metric, row->x) &&
                              !is_of(row, q, "failed", row->x)))
            continue;
        while (known < n && xs[known] != row->x)
            known++;
        if (known == n && n < POINTS_MAX)
            xs[n++] = row->x;
    }
    qsort(xs, (size_t)n, sizeof *xs, by_size);
    s->n = n;
    for (int i = 0; i < n; i++)
        s->points[i] = series_point(r, q, xs[i]);
}

const struct point *series_at(const struct series *s, double x)
{
    for (int i = 0; i < s->n; i++)
        if (s->points[i].x == x)
            return &s->points[i];
    return NULL;
}

const struct point *series_last(const struct series *s)
{
    for (int i = s->n - 1; i >= 0; i--)
        if (s->points[i].rounds > 0)
            return &s->points[i];
    return NULL;
}
