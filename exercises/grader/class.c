/*
 * class.c - see class.h.
 *
 * Read before: class.h. Read after: out_csv.c. Rests on: qsort(3).
 */
#include "class.h"

#include <stdlib.h>

static int by_exercise(const void *a, const void *b)
{
    const struct class_column *left = a, *right = b;
    return strcmp(left->exercise, right->exercise);
}

size_t class_columns(const struct class_result *c, struct class_column *columns)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct submission *s = &c->submissions[i];
        columns[i] = (struct class_column){s->exercise, s->title, s->max};
    }
    qsort(columns, c->n, sizeof *columns, by_exercise);
    for (size_t i = 0; i < c->n; i++) {
        if (n == 0 || strcmp(columns[n - 1].exercise, columns[i].exercise) != 0)
            columns[n++] = columns[i];
        else if (columns[i].max > columns[n - 1].max)
            columns[n - 1].max = columns[i].max;
    }
    return n;
}

struct class_row class_row_at(const struct class_result *c, size_t i)
{
    struct class_row row = {&c->submissions[i], 1};
    while (i + row.n < c->n &&
           strcmp(row.first[row.n].student, row.first->student) == 0)
        row.n++;
    return row;
}

const struct submission *class_find(struct class_row row, const char *exercise)
{
    for (size_t i = 0; i < row.n; i++)
        if (strcmp(row.first[i].exercise, exercise) == 0)
            return row.first + i;
    return NULL;
}
