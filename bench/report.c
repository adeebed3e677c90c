/*
 * report.c - reads what was measured, draws it, and writes the page.
 *
 *     build/bench/report                          build/report/index.html
 *     build/bench/report --slides build/slides/plots   plots for the slides
 *
 * The page appears whole or not at all. Missing results of one bench are left
 * out with a line that says so; no results at all end the program.
 *
 * Read before: page.h. Read after: compare.c.
 */
#include "../lessons/common/common.h"
#include "charts.h"
#include "outfile.h"
#include "page.h"
#include "summary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void load(struct results *r, const char *path)
{
    struct problem problem;
    if (results_load(r, path, &problem) != 0)
        page_give_up(&problem);
}

/* The reference is a help, not a need: without it there is no grey line. */
static void load_if_there(struct results *r, const char *path)
{
    struct problem problem;
    const int error = results_load(r, path, &problem);
    if (error != 0 && error != -ENOENT)
        page_give_up(&problem);
}

/* --- slides -------------------------------------------------------------- */

/* Slides are light always: a style that turned with the reader's system would
 * write white on white. */
static const char slide_style[] =
    "text{paint-order:stroke;stroke:#fff;stroke-width:.2em;"
    "stroke-linejoin:round}";

static int write_slide(const struct source *s, const void *plot)
{
    return plot_draw(plot, &plot_slide, s->gnuplot, slide_style, s->out,
                     s->problem);
}

static void write_slides(struct source *s, const char *folder)
{
    static const char *const names[] = {"throughput-connections",
                                        "throughput-idle", "cpu-connections",
                                        "fetch-wall"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct topic *t = figures_topic(names[i]);
        const bool own = results_have(s->mine, t->query.bench);
        if (!own && !results_have(s->reference, t->query.bench)) {
            printf("left out: %s, no results of %s\n", names[i],
                   t->query.bench);
            continue;
        }
        const struct results none = {.n_rows = 0};
        struct plot *p = own ? chart_new(s->mine, s->reference, t, NULL)
                             : chart_new(s->reference, &none, t, NULL);
        char path[PATH_MAX_LEN];
        snprintf(path, sizeof path, "%s/%s.svg", folder, names[i]);
        page_save(s, path, write_slide, p);
        free(p);
    }
    printf("plots:  %s\n", folder);
}

/* --- the page ------------------------------------------------------------ */

static void say_what_is_next(const struct results *mine, const char *path)
{
    const struct words left_out = page_left_out(mine);
    if (left_out.len > 0)
        printf("left out: %s; measured by make bench and make claims\n",
               left_out.text);
    printf("report: %s\nnext:   make run LESSON=01\n", path);
}

int main(int argc, char **argv)
{
    const char *data = "build/bench", *reference = "bench/reference";
    const char *out = "build/report/index.html", *slides = NULL;
    const char *style = "bench/report.css";
    const struct option options[] = {
        {"data", "results: a file, or a folder with *.tsv", NULL, 0, 0, &data,
         NULL},
        {"reference", "another machine's results, in grey", NULL, 0, 0,
         &reference, NULL},
        {"out", "the page to write", NULL, 0, 0, &out, NULL},
        {"slides", "write plots for slides here instead", NULL, 0, 0, &slides,
         NULL},
        {"style", "the page's style sheet", NULL, 0, 0, &style, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Draws what was measured and writes the report.",
                  options);

    struct results mine = {.n_rows = 0}, other = {.n_rows = 0};
    load_if_there(&other, reference);
    if (slides != NULL && other.n_rows > 0)
        load_if_there(&mine, data);
    else
        load(&mine, data);

    struct gnuplot gnuplot;
    struct problem problem = {.try = NULL};
    if (gnuplot_start(&gnuplot, &problem) != 0)
        page_give_up(&problem);
    char *css = page_style(style);
    struct source source = {.mine = &mine,
                            .reference = &other,
                            .gnuplot = &gnuplot,
                            .style = css,
                            .problem = &problem};
    if (slides != NULL) {
        write_slides(&source, slides);
    } else {
        page_save(&source, out, page_report, NULL);
        summary_print(stdout, &mine);
        say_what_is_next(&mine, out);
    }
    gnuplot_stop(&gnuplot);
    free(css);
    results_free(&mine);
    results_free(&other);
}
