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

/* Of all together, or of one lesson before the others; see slides/README.md. */
static const struct {
    const char *topic, *lesson;
} slide_plots[] = {
    {"throughput-connections", NULL},
    {"throughput-idle", NULL},
    {"cpu-connections", NULL},
    {"fetch-wall", NULL},
    {"fetch-cpu", NULL},
    {"throughput-connections", "01-blocking"},
    {"fetch-wall", "01-blocking"},
    {"throughput-idle", "02-nonblocking"},
    {"throughput-idle", "03-select"},
    {"throughput-idle", "04-poll"},
    {"calls", "06-uring"},
    {"cpu-connections", "06-uring"},
    {"fetch-wall", "07-callbacks"},
    {"switch-pair", NULL},
};

/* True if `r` has results of `bench` of that lesson (NULL: of any). */
static bool have(const struct results *r, const char *bench, const char *lesson)
{
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, bench, servers, SERVERS_MAX);
    for (int i = 0; i < n; i++)
        if (lesson == NULL || words_of_lesson(servers[i], lesson))
            return true;
    return false;
}

static void write_slides(struct source *s, const char *folder)
{
    for (size_t i = 0; i < sizeof slide_plots / sizeof slide_plots[0]; i++) {
        const char *lesson = slide_plots[i].lesson;
        const struct topic *t = figures_topic(slide_plots[i].topic);
        const bool own = have(s->mine, t->query.bench, lesson);
        if (!own && !have(s->reference, t->query.bench, lesson)) {
            printf("left out: %s, no results of %s\n", t->name,
                   lesson != NULL ? lesson : t->query.bench);
            continue;
        }
        const struct results none = {.n_rows = 0};
        struct plot *p = own ? chart_new(s->mine, s->reference, t, lesson)
                             : chart_new(s->reference, &none, t, lesson);
        char path[PATH_MAX_LEN];
        snprintf(path, sizeof path, "%s/%s.svg", folder, p->name);
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
