/*
 * plot_layout.c - where the parts of a plot lie: margins that fit their texts,
 * axes that fit the data, and names at the lines' ends, pushed apart.
 */
#include "plot_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct plot_size plot_wide = {"wide", 960, 500, 18};
const struct plot_size plot_narrow = {"narrow", 360, 400, 14};
const struct plot_size plot_small = {"small", 240, 180, 14};
const struct plot_size plot_slide = {"slide", 1200, 560, 26};

static bool is_wide(const struct layout *l)
{
    return l->width >= 600;
}

double plot_value(const struct plot *p, double value)
{
    return p->factor > 0 ? value * p->factor : value;
}

double layout_x(const struct layout *l, double x)
{
    return l->left + axis_fraction(&l->x, x) * (l->right - l->left);
}

double layout_y(const struct layout *l, double value)
{
    return l->bottom - axis_fraction(&l->y, value) * (l->bottom - l->top);
}

/* --- axes ---------------------------------------------------------------- */

struct range {
    double low, high; /* low: of the values above zero */
};

/* The greatest and smallest value that is drawn, bands included. */
static struct range values_range(const struct plot *p)
{
    struct range range = {INFINITY, 0};
    for (int i = 0; i < p->n_lines; i++) {
        const struct plot_line *line = &p->lines[i];
        const bool band = line->role >= PLOT_RIVAL ||
                          line->role == PLOT_CROWD || p->kind == PLOT_DOTS;
        for (int k = 0; k < line->series.n; k++) {
            const struct point *point = &line->series.points[k];
            if (point->rounds == 0)
                continue;
            range.high = fmax(range.high, band ? point->high : point->median);
            const double low = band ? point->low : point->median;
            if (low > 0)
                range.low = fmin(range.low, low);
        }
    }
    return range;
}

bool plot_is_log(const struct plot *p)
{
    const struct range range = values_range(p);
    return p->scale == PLOT_LOG ||
           (p->scale == PLOT_BY_DATA && range.high > 50 * range.low);
}

/* The axis of the measured values: y for lines, x for dots. */
static struct axis value_axis(const struct plot *p, int n_ticks)
{
    const struct range range = values_range(p);
    const double high = plot_value(p, fmax(range.high, p->high));
    return plot_is_log(p) ? axis_log(plot_value(p, range.low), high)
                          : axis_linear(high, n_ticks);
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The axis of x, with every x that one of the lines has. */
static struct axis x_axis(const struct plot *p)
{
    double xs[POINTS_MAX] = {0};
    int n = 0;
    for (int i = 0; i < p->n_lines; i++)
        for (int k = 0; k < p->lines[i].series.n && n < POINTS_MAX; k++) {
            const double x = p->lines[i].series.points[k].x;
            int known = 0;
            while (known < n && xs[known] != x)
                known++;
            if (known == n)
                xs[n++] = x;
        }
    qsort(xs, (size_t)n, sizeof *xs, ascending);
    return axis_measured(xs, n, p->x_log);
}

static double widest(const struct axis *a)
{
    size_t len = 0;
    for (int i = 0; i < a->n_ticks; i++)
        if (strlen(a->ticks[i].label.text) > len)
            len = strlen(a->ticks[i].label.text);
    return (double)len;
}

/* --- names at the ends --------------------------------------------------- */

static const char *name_of(const struct layout *l, const struct plot_line *line)
{
    return is_wide(l) ? line->name.text : line->brief.text;
}

/* Width of the longest name, within a share of the drawing. */
static double names_width(const struct layout *l, const struct plot *p)
{
    double width = 0;
    for (int i = 0; i < p->n_lines; i++) {
        const double len = (double)strlen(name_of(l, &p->lines[i]));
        width = fmax(width, len * CHAR_WIDTH * l->font);
    }
    return fmin(width, l->width * (p->kind == PLOT_DOTS ? 0.44 : 0.36));
}

static int by_height(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    return (a->end_y > b->end_y) - (a->end_y < b->end_y);
}

/* Moves the names apart: down from the top, then up from the bottom. */
static void push_apart(struct layout *l)
{
    const double gap = LINE_HEIGHT * l->font;
    qsort(l->labels, (size_t)l->n_labels, sizeof *l->labels, by_height);
    double free_from = l->top - l->font / 2;
    for (int i = 0; i < l->n_labels; i++) {
        l->labels[i].y = fmax(l->labels[i].end_y, free_from);
        free_from = l->labels[i].y + gap;
    }
    double free_to = l->bottom + l->font / 4;
    for (int i = l->n_labels - 1; i >= 0; i--) {
        l->labels[i].y = fmin(l->labels[i].y, free_to);
        free_to = l->labels[i].y - gap;
    }
}

static void place_names(struct layout *l, const struct plot *p)
{
    const int room =
        (int)((l->width - l->right - 0.9 * l->font) / (CHAR_WIDTH * l->font));
    for (int i = 0; i < p->n_lines; i++) {
        const struct point *last = series_last(&p->lines[i].series);
        const char *name = name_of(l, &p->lines[i]);
        if (last == NULL || name[0] == '\0')
            continue;
        const double y = layout_y(l, plot_value(p, last->median));
        l->labels[l->n_labels++] = (struct label){
            .line = &p->lines[i],
            .text = words_cut(name, room),
            .end_x = layout_x(l, last->x),
            .end_y = y,
            .y = y,
        };
    }
    push_apart(l);
    for (int i = 0; i < l->n_labels; i++) {
        struct label *label = &l->labels[i];
        label->leader = label->end_x < l->right - 2 ||
                        fabs(label->y - label->end_y) > 0.35 * l->font;
    }
}

/* --- the two kinds ------------------------------------------------------- */

static void layout_lines(struct layout *l, const struct plot *p)
{
    const bool small = l->width < 300;
    l->y = value_axis(p, small ? 2 : is_wide(l) ? 5 : 4);
    l->x = x_axis(p);
    const double names = names_width(l, p);
    l->left = (widest(&l->y) * CHAR_WIDTH + 0.8) * l->font;
    l->right = l->width - (names > 0 ? names + 1.1 * l->font : l->font);
    l->top = (small ? 0.7 : 2.3) * l->font;
    l->bottom = l->height - (small ? 1.8 : 3.4) * l->font;
    axis_thin(&l->x, CHAR_WIDTH * l->font / (l->right - l->left));
    place_names(l, p);
}

/* Rows from the top; their names at the left. */
static void layout_dots(struct layout *l, const struct plot *p)
{
    int rows = 0;
    for (int i = 0; i < p->n_lines; i++)
        if (p->lines[i].row >= rows)
            rows = p->lines[i].row + 1;
    const double row_height = (is_wide(l) ? 1.7 : 1.9) * l->font;
    l->x = value_axis(p, is_wide(l) ? 6 : 3);
    l->left = names_width(l, p) + 1.1 * l->font;
    l->right = l->width - 3.5 * l->font;
    l->top = 0.4 * l->font;
    if (l->height == 0)
        l->height = (int)(l->top + rows * row_height + 3.4 * l->font);
    l->bottom = l->height - 3.4 * l->font;
    l->y = (struct axis){.low = rows - 0.5, .high = -0.5};
    axis_thin(&l->x, CHAR_WIDTH * l->font / (l->right - l->left));
    const int room = (int)((l->left - l->font) / (CHAR_WIDTH * l->font)) + 1;
    for (int i = 0; i < p->n_lines; i++)
        if (name_of(l, &p->lines[i])[0] != '\0')
            l->labels[l->n_labels++] = (struct label){
                .line = &p->lines[i],
                .text = words_cut(name_of(l, &p->lines[i]), room),
                .y = layout_y(l, p->lines[i].row),
            };
}

void plot_layout(struct layout *l, const struct plot *p,
                 const struct plot_size *size)
{
    *l = (struct layout){.width = size->width,
                         .height = p->kind == PLOT_DOTS && size != &plot_slide
                                       ? 0
                                       : size->height,
                         .font = size->font};
    if (p->kind == PLOT_DOTS)
        layout_dots(l, p);
    else
        layout_lines(l, p);
}
