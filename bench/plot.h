/*
 * plot.h - one plot that proves one sentence.
 *
 * A plot is described once and drawn in several sizes, because the text of an
 * SVG shrinks with the drawing: wide for screens, narrow for phones, slide for
 * projectors, small for small multiples. The sentence stands in HTML, where it
 * wraps; here it is only the drawing's name for those who cannot see it.
 *
 * One line is strong, with its band; at most two are rivals in a second colour;
 * all others are grey. Names stand at the lines' ends, pushed apart. Open marks
 * are starved points; a missing point has its reason at the gap.
 *
 *   plot_line_of    who plays which part is the caller's decision
 *   plot_draw       layout (plot_layout.c), script (plot.c), gnuplot,
 *                   then a filter that makes its SVG fit a page (plot_svg.c)
 *
 * Read before: series.h, axis.h, gnuplot.h. Read after: plot_internal.h.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include "gnuplot.h"
#include "series.h"
#include "words.h"

#include <stdio.h>

enum plot_kind {
    PLOT_LINES, /* a line a series, over x */
    PLOT_DOTS,  /* a row a series: its first point, with its spread */
};

enum plot_role {
    PLOT_CROWD, /* others, unnamed: a band; of dots, each point is one */
    PLOT_GREY,
    PLOT_REFERENCE, /* grey, dashed: another machine */
    PLOT_SECOND,    /* rival: dashed, triangles */
    PLOT_RIVAL,     /* rival: solid, squares */
    PLOT_STRONG,    /* round marks and a band */
};

enum plot_scale {
    PLOT_LINEAR,  /* from 0 */
    PLOT_LOG,     /* says so at the axis */
    PLOT_BY_DATA, /* log if the largest value is 50 times the smallest */
};

struct plot_line {
    enum plot_role role;
    struct name name;    /* at its end, where there is room; "" for none */
    struct name brief;   /* where there is little room */
    struct name tooltip; /* whose line this is */
    int row;             /* PLOT_DOTS: which row, 0 on top */
    struct series series;
};

enum { PLOT_LINES_MAX = 160 };

struct plot {
    char name[NAME_MAX_LEN]; /* unique on the page: letters, digits, '-' */
    char title[WORDS_MAX];   /* the sentence */
    enum plot_kind kind;
    const char *x_label; /* with its unit */
    const char *y_label; /* of PLOT_LINES: the unit, above the axis */
    bool x_log;
    enum plot_scale scale; /* of the values */
    double factor;         /* what values are multiplied with; 0: 1 */
    double high;           /* the axis reaches this, at least */
    bool no_words;         /* small multiples: the caption has them */
    int n_lines;
    struct plot_line lines[PLOT_LINES_MAX];
};

struct plot_size {
    const char *name;
    int width, height; /* height 0: as many rows as there are dots */
    int font;
};

extern const struct plot_size plot_wide, plot_narrow, plot_small, plot_slide;

/* A new, empty line, or NULL when there is no room for another. */
struct plot_line *plot_line_new(struct plot *p, enum plot_role role);

/* True if a line other than the reference has a measured point. */
bool plot_has_points(const struct plot *p);

/* True if the reference has one. */
bool plot_has_reference(const struct plot *p);

/* True if the values' axis will be a log axis. */
bool plot_is_log(const struct plot *p);

/*
 * Draws `p` and writes it to `out` as an <svg> element. `style` is put inside
 * it, for a drawing that stands alone; NULL: the page has the style. Returns 0
 * or -EPIPE with `problem` filled, if gnuplot gave up.
 */
int plot_draw(const struct plot *p, const struct plot_size *size,
              struct gnuplot *g, const char *style, FILE *out,
              struct problem *problem);

#endif
