/*
 * compare.c - puts any number of results into one page.
 *
 *     build/bench/compare --results "a.tsv b.tsv"    build/report/compare.html
 *
 * What make bench-export writes is one result; a folder of such files is as
 * many. One's own results (build/bench) are shown strong, if there are any.
 *
 * Read before: compare_page.h. Read after: nothing.
 */
#include "../lessons/common/common.h"
#include "compare_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Results that need not be there. */
static void load_if_there(struct results *r, const char *path)
{
    struct problem problem;
    const int error = results_load(r, path, &problem);
    if (error != 0 && error != -ENOENT)
        page_give_up(&problem);
}

/* Splits the list at blanks and loads each of them. */
static void load_all(struct class *c, const char *list)
{
    char *copy = strdup(list);
    if (copy == NULL)
        die(ENOMEM, NULL, "cannot read the list");
    char *rest = copy;
    for (char *path; (path = strsep(&rest, " ")) != NULL;) {
        struct problem problem;
        const int error = *path != '\0' ? class_load(c, path, &problem) : 0;
        if (error == -ENOENT) /* it is somebody else's: nothing to measure */
            problem.try = "a file that make bench-export wrote";
        if (error != 0)
            page_give_up(&problem);
    }
    free(copy);
    if (c->n == 0)
        die(0, "make bench-compare RESULTS=\"a.tsv b.tsv\"",
            "no results were named");
}

int main(int argc, char **argv)
{
    const char *data = "build/bench", *reference = "bench/reference";
    const char *list = "", *out = "build/report/compare.html";
    const char *style = "bench/report.css";
    const struct option options[] = {
        {"results", "files, or folders with *.tsv, blanks between", NULL, 0, 0,
         &list, NULL},
        {"data", "your own results", NULL, 0, 0, &data, NULL},
        {"reference", "another machine's results", NULL, 0, 0, &reference,
         NULL},
        {"out", "the page to write", NULL, 0, 0, &out, NULL},
        {"style", "the page's style sheet", NULL, 0, 0, &style, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Compares results of several machines.", options);

    static struct class others;
    struct results mine = {.n_rows = 0}, other = {.n_rows = 0};
    load_all(&others, list);
    load_if_there(&mine, data);
    load_if_there(&other, reference);

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
    page_save(&source, out, compare_page, &others);
    compare_print(stdout, &mine, &others);
    if (mine.n_rows == 0)
        printf("yours are left out: there are none in %s (make course)\n",
               data);
    printf("compared: %d results, %s\nnext:   make bench-export NAME=yours\n",
           others.n, out);
    gnuplot_stop(&gnuplot);
    free(css);
    class_free(&others);
    results_free(&mine);
    results_free(&other);
}
