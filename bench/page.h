/*
 * page.h - the report: one page of HTML without scripts that needs nothing but
 * itself. First the answer and the verdicts, then a section a lesson, then the
 * lessons together.
 *
 * The page is written as XML would have it (every tag closed, every attribute
 * quoted), so that a test can check it.
 *
 * Read before: charts.h. Read after: report.c.
 */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include "figures.h"

#include <stdnoreturn.h>

struct source {
    const struct results *mine, *reference; /* the latter may be empty */
    struct gnuplot *gnuplot;
    const char *style; /* CSS */
    FILE *out;
    struct problem *problem; /* filled on an error */
};

/* Writes a page to s->out. Returns 0 or a negative errno value. */
typedef int page_fn(const struct source *s, const void *arg);

/* The report; `arg` is not used. */
int page_report(const struct source *s, const void *arg);

/* --- files (page_save.c); these end the program when something fails ------ */

/* Lets `write` write a page to `path`, which appears whole or not at all. */
void page_save(struct source *s, const char *path, page_fn *write,
               const void *arg);

/* The style sheet at `path`; the caller frees it. */
char *page_style(const char *path);

/* Ends the program with the problem's words and status 2. */
noreturn void page_give_up(const struct problem *problem);

/* --- parts that the comparison's page uses, too -------------------------- */

void page_begin(const struct source *s, const char *title);
void page_end(const struct source *s);

/* The plot in both sizes. Returns 0 or a negative errno value. */
int page_plot(const struct source *s, const struct plot *p);

/* A machine's two lines. */
void page_facts(FILE *out, const struct results *r);

/* The names of benches of which the results have no row, ", " between. */
struct words page_left_out(const struct results *r);

/* --- tables (page_tables.c) ---------------------------------------------- */

/* Claims, verdicts, measurements. Nothing if the results have none. */
void page_verdicts(FILE *out, const struct results *r);

/* The numbers of a lesson's plot, a row a server and x, folded. */
void page_lesson_table(FILE *out, const struct results *r,
                       const struct topic *t, const char *lesson);

/* The numbers of a plot of all servers, a row a server, folded. */
void page_topic_table(FILE *out, const struct results *r,
                      const struct topic *t);

#endif
