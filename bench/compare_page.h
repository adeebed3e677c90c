/*
 * compare_page.h - several people's results on one page: one's own strong, the
 * reference beside it, all others as a quiet crowd.
 *
 * Read before: class.h, page.h. Read after: compare.c.
 */
#ifndef BENCH_COMPARE_PAGE_H
#define BENCH_COMPARE_PAGE_H

#include "class.h"
#include "page.h"

/* Writes the page; `others` is a struct class. s->mine may be empty. */
int compare_page(const struct source *s, const void *others);

/* The table of ratios for a terminal. */
void compare_print(FILE *out, const struct results *mine,
                   const struct class *others);

#endif
