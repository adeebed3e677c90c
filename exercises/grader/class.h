/*
 * class.h - the class as a table: a row a student, a column an exercise. Tables
 * in CSV and HTML are made from it.
 *
 * Read before: result.h. Read after: out_csv.c, out_class_html.c.
 */
#ifndef GRADER_CLASS_H
#define GRADER_CLASS_H

#include "result.h"

struct class_column {
    const char *exercise, *title;
    double max; /* possible points: the most that a submission has */
};

/*
 * Lists the exercises that are handed in, each once, by name, into `columns`,
 * which has room for `c->n`. Returns how many.
 */
size_t class_columns(const struct class_result *c,
                     struct class_column *columns);

/* One student's submissions, which follow each other in the class. */
struct class_row {
    const struct submission *first;
    size_t n;
};

/* The row that begins with submission `i`; the next begins at i + row.n. */
struct class_row class_row_at(const struct class_result *c, size_t i);

/* The row's submission for that exercise, or NULL. */
const struct submission *class_find(struct class_row row, const char *exercise);

#endif
