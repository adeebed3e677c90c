/*
 * plot_internal.h - what the parts of plot share: the layout decides where
 * things lie, the script tells gnuplot, the filter mends its SVG.
 */
#ifndef BENCH_PLOT_INTERNAL_H
#define BENCH_PLOT_INTERNAL_H

#include "axis.h"
#include "plot.h"

/* Where things lie, in pixels of the drawing, y downwards. */
struct layout {
    int width, height;
    double font;
    double left, right, top, bottom; /* edges of the area of the data */
    struct axis x, y;
    struct label {
        const struct plot_line *line;
        struct name text;
        double end_x, end_y; /* of the line */
        double y;            /* where the name stands */
        bool leader;         /* far from the end: a thin line leads to it */
    } labels[PLOT_LINES_MAX];
    int n_labels;
};

/* Height of a line of text, in font sizes; width of a character, about. */
#define LINE_HEIGHT 1.22
#define CHAR_WIDTH  0.58

void plot_layout(struct layout *l, const struct plot *p,
                 const struct plot_size *size);

/* A value as it is drawn, and where. */
double plot_value(const struct plot *p, double value);
double layout_x(const struct layout *l, double x);
double layout_y(const struct layout *l, double value);

/*
 * What gnuplot draws it draws element by element; each has a title, which is
 * also its tooltip. The filter replaces gnuplot's titles by these, in order.
 */
enum { ELEMENTS_MAX = 8 * PLOT_LINES_MAX };
struct elements {
    int n;
    char titles[ELEMENTS_MAX][2 * NAME_MAX_LEN];
};

/* --- script -------------------------------------------------------------- */

/* Mended by the filter, so that a style can turn them for the dark. */
#define STRONG_COLOUR "#B84A00"
#define RIVAL_COLOUR  "#0072B2"
#define GREY_COLOUR   "#6b7280"
#define PALE_COLOUR   "#b4bac4"
#define GRID_COLOUR   "#d9dde3"

/* How a role looks. `open` is the mark of a starved point. */
struct look {
    const char *colour;
    double width;
    const char *dash;
    int mark, open;
    double mark_size;
    double band; /* opacity; 0: none */
};

const struct look *plot_look(const struct plot *p, enum plot_role role);

/* Text needs more contrast than a line. */
const char *plot_text_colour(const struct plot *p, enum plot_role role);

/* What a script is written with. */
struct script {
    FILE *out;
    const struct plot *plot;
    const struct layout *layout;
    struct elements *elements;
    double scale; /* marks and lines grow with the font */
};

/* Writes the data, then the command that draws it (plot_data.c). */
void plot_put_data(const struct script *s);

/* --- filter -------------------------------------------------------------- */

/*
 * Copies gnuplot's SVG to `out` so that several fit into one page: unique ids,
 * a name and a description, no empty groups, colours that a style can turn.
 */
void plot_filter(char *svg, const struct plot *p, const struct plot_size *size,
                 const struct layout *l, const struct elements *elements,
                 const char *style, FILE *out);

#endif
