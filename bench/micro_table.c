/*
 * micro_table.c - the table of one point, see micro.h: medians with the spread
 * of the rounds, and the same of the ratios to the yardstick, each taken within
 * its round.
 *
 *     100 pipes, 1 active: us an event, 9 rounds
 *       raw/epoll            0.93  0.92 - 0.95     1.00
 *       loop/epoll           0.97  0.96 - 0.99     1.04  1.03 - 1.06
 */
#include "micro.h"

#include "series.h"

#include "words.h"

#include <math.h>
#include <stdio.h>

/* The finite ones of `subject`'s rounds, each over `divisor`'s (or -1: as they
 * are). */
static struct point summary(const struct micro_table *t, int subject,
                            int divisor)
{
    double values[ROUNDS_MAX];
    int n = 0;
    for (int round = 0; round < t->n_rounds; round++) {
        double value = t->values[subject * t->n_rounds + round];
        if (divisor >= 0)
            value /= t->values[divisor * t->n_rounds + round];
        if (isfinite(value))
            values[n++] = value;
    }
    struct point p = {.rounds = 0};
    series_summary(&p, values, n);
    return p;
}

static void print_subject(const struct micro_table *t, int i)
{
    const struct point value = summary(t, i, -1);
    if (value.rounds == 0) {
        printf("  %-16s %s\n", t->subjects[i],
               t->reasons[i] != NULL ? t->reasons[i] : "-");
        return;
    }
    char spread[2 * NAME_MAX_LEN + 8];
    snprintf(spread, sizeof spread, "%s - %s", words_number(value.low).text,
             words_number(value.high).text);
    printf("  %-16s %10s  %-20s", t->subjects[i],
           words_number(value.median).text, spread);
    const struct point ratio = summary(t, i, 0);
    if (i == 0)
        printf("%6s\n", "1");
    else if (ratio.rounds > 0)
        printf("%6s  %s - %s\n", words_ratio(ratio.median).text,
               words_ratio(ratio.low).text, words_ratio(ratio.high).text);
    else
        putchar('\n');
}

void micro_table_print(const struct micro_table *t)
{
    printf("%s, %d round%s (%s), times %s\n", t->title, t->n_rounds,
           t->n_rounds == 1 ? "" : "s", series_spread_words(t->n_rounds),
           t->subjects[0]);
    for (int i = 0; i < t->n_subjects; i++)
        print_subject(t, i);
}
