/*
 * plot.c - see plot.h. Writes the script that gnuplot draws a plot from.
 *
 * Everything of one script is inline, data too, so it depends on no file. What
 * a person reads (names, reasons) is written without gnuplot's markup, since
 * names of servers hold characters that are markup.
 */
#include "plot.h"

#include "plot_internal.h"

#include "../lessons/common/common.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct plot_line *plot_line_new(struct plot *p, enum plot_role role)
{
    if (p->n_lines == PLOT_LINES_MAX)
        return NULL;
    struct plot_line *line = &p->lines[p->n_lines++];
    *line = (struct plot_line){.role = role};
    return line;
}

/* True if the reference has a measured point, or (false) another line has. */
static bool has_points(const struct plot *p, bool reference)
{
    for (int i = 0; i < p->n_lines; i++)
        if ((p->lines[i].role == PLOT_REFERENCE) == reference &&
            series_last(&p->lines[i].series) != NULL)
            return true;
    return false;
}

bool plot_has_points(const struct plot *p)
{
    return has_points(p, false);
}

bool plot_has_reference(const struct plot *p)
{
    return has_points(p, true);
}

/* --- frame --------------------------------------------------------------- */

/* A text in gnuplot's double quotes. */
static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
    }
    fputc('"', out);
}

/* Screen coordinates from pixels: gnuplot counts from the bottom, 0 to 1. */
static double screen_x(const struct layout *l, double x)
{
    return x / l->width;
}

static double screen_y(const struct layout *l, double y)
{
    return 1 - y / l->height;
}

struct text_place {
    double x, y; /* pixels */
    const char *colour, *align;
};

static void put_label(const struct script *s, const char *text,
                      struct text_place at)
{
    fprintf(s->out, "set label ");
    put_quoted(s->out, text);
    fprintf(s->out, " at screen %.5f,%.5f %s noenhanced front",
            screen_x(s->layout, at.x), screen_y(s->layout, at.y), at.align);
    if (at.colour != NULL)
        fprintf(s->out, " tc rgb '%s'", at.colour);
    fputc('\n', s->out);
}

static void put_ticks(const struct script *s, char axis, const struct axis *a)
{
    if (a->n_ticks == 0) { /* an empty list would mean gnuplot's own */
        fprintf(s->out, "unset %ctics\nset %crange [%.10g:%.10g]\n", axis, axis,
                a->low, a->high);
        return;
    }
    fprintf(s->out, "set %ctics (", axis);
    for (int i = 0; i < a->n_ticks; i++) {
        fprintf(s->out, "%s", i > 0 ? ", " : "");
        put_quoted(s->out, a->ticks[i].label.text);
        fprintf(s->out, " %.10g", a->ticks[i].at);
    }
    fprintf(s->out, ") nomirror norotate scale %s\n",
            axis == 'x' ? "0.4" : "0");
    fprintf(s->out, "%sset logscale %c\n", a->log ? "" : "un", axis);
    /* Its logarithms are not exact: the lowest tick must not fall out. */
    fprintf(s->out, "set %crange [%.12g:%.12g]\n", axis,
            a->log ? a->low * (1 - 1e-9) : a->low, a->high);
}

static void put_axes(const struct script *s)
{
    const struct layout *l = s->layout;
    const bool lines = s->plot->kind == PLOT_LINES;
    fprintf(s->out, "set border %d lw 1\n", lines ? 1 : 0);
    put_ticks(s, 'x', &l->x);
    put_ticks(s, 'y', &l->y);
    fprintf(s->out, "set xtics offset 0,%.2f\n", l->font > 20 ? 0.25 : 0.1);
    fprintf(s->out,
            "set grid noxtics noytics\n"
            "set grid %s lt 1 lw 1 lc rgb '" GRID_COLOUR "'\n",
            lines ? "ytics" : "xtics");
}

/* What an axis counts; a log axis says so. */
static void put_unit(const struct script *s, const char *unit, bool log,
                     struct text_place at)
{
    struct words words = {.len = 0};
    words_add(&words, "%s%s", unit, log ? " (log scale)" : "");
    const double half = (double)words.len * CHAR_WIDTH * s->layout->font / 2;
    if (strcmp(at.align, "center") == 0 && at.x < half)
        at.x = half; /* a long one moves to the right rather than out */
    put_label(s, words.text, at);
}

static void put_frame(const struct script *s, const struct plot_size *size)
{
    const struct layout *l = s->layout;
    const struct plot *p = s->plot;
    fprintf(s->out,
            "reset session\nset encoding utf8\nset samples 100\n"
            "set term svg size %d,%d dynamic enhanced font 'sans-serif,%d' "
            "\nunset key\n",
            l->width, l->height, size->font);
    fprintf(s->out,
            "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
            "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
            screen_x(l, l->left), screen_x(l, l->right), screen_y(l, l->top),
            screen_y(l, l->bottom));
    put_axes(s);
    if (p->kind == PLOT_LINES && !p->no_words)
        put_unit(
            s, p->y_label, l->y.log,
            (struct text_place){0.2 * l->font, 0.75 * l->font, NULL, "left"});
    if (p->x_label != NULL)
        put_unit(s, p->x_label, l->x.log,
                 (struct text_place){(l->left + l->right) / 2,
                                     l->height - 0.8 * l->font, NULL,
                                     "center"});
}

/* --- names and reasons --------------------------------------------------- */

static void put_names(const struct script *s)
{
    const struct layout *l = s->layout;
    for (int i = 0; i < l->n_labels; i++) {
        const struct label *label = &l->labels[i];
        const bool dots = s->plot->kind == PLOT_DOTS;
        const char *colour = plot_text_colour(s->plot, label->line->role);
        put_label(s, label->text.text,
                  dots ? (struct text_place){l->left - 0.7 * l->font, label->y,
                                             colour, "right"}
                       : (struct text_place){l->right + 0.8 * l->font, label->y,
                                             colour, "left"});
        if (!label->leader)
            continue;
        fprintf(s->out,
                "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead "
                "lw %.1f dt (2,3) lc rgb '%s'\n",
                screen_x(l, label->end_x + 0.45 * l->font),
                screen_y(l, label->end_y),
                screen_x(l, l->right + 0.6 * l->font), screen_y(l, label->y),
                s->scale, plot_look(s->plot, label->line->role)->colour);
    }
}

/* Where a word stands: beside which point, and whether the line ends there. */
struct remark {
    const struct point *point;
    const char *reason; /* of a gap, or NULL */
};

/* The point before the first gap of a line, or the first after it. */
static struct remark beside_gap(const struct series *s)
{
    for (int i = 0; i < s->n; i++) {
        if (s->points[i].rounds > 0 || s->points[i].reason == NULL)
            continue;
        const struct remark gap = {NULL, s->points[i].reason};
        for (int k = i - 1; k >= 0; k--)
            if (s->points[k].rounds > 0)
                return (struct remark){&s->points[k], gap.reason};
        for (int k = i + 1; k < s->n; k++)
            if (s->points[k].rounds > 0)
                return (struct remark){&s->points[k], gap.reason};
    }
    return (struct remark){NULL, NULL};
}

static const struct point *first_starved(const struct series *s)
{
    for (int i = 0; i < s->n; i++)
        if (s->points[i].rounds > 0 && s->points[i].starved)
            return &s->points[i];
    return NULL;
}

/* Words that were put down: a second one at the same place moves down. */
struct placed {
    int n;
    double x[2 * PLOT_LINES_MAX], y[2 * PLOT_LINES_MAX];
};

static double free_place(struct placed *placed, double x, double y, double font)
{
    for (int i = 0; i < placed->n; i++)
        if (fabs(placed->y[i] - y) < font && fabs(placed->x[i] - x) < 6 * font)
            y = placed->y[i] + LINE_HEIGHT * font;
    if (placed->n < 2 * PLOT_LINES_MAX) {
        placed->x[placed->n] = x;
        placed->y[placed->n++] = y;
    }
    return y;
}

/*
 * A word beside a point: below it, or above where there is no room below. To
 * the right of a line that ends, for there is nothing of it.
 */
static void put_word(const struct script *s, const struct plot_line *line,
                     const struct point *point, const char *word,
                     struct placed *placed)
{
    const struct layout *l = s->layout;
    const double x = layout_x(l, point->x);
    const double y = layout_y(l, plot_value(s->plot, point->median));
    const double width = (double)strlen(word) * CHAR_WIDTH * l->font;
    const bool low = y + 1.3 * l->font > l->bottom;
    const bool ends = point == series_last(&line->series);
    const bool left = x + width > l->right;
    put_label(
        s, word,
        (struct text_place){
            x + (left   ? 0
                 : ends ? 0.5
                        : 0.2) *
                    l->font,
            free_place(placed, x, y + (low ? -0.95 : 0.95) * l->font, l->font),
            plot_text_colour(s->plot, line->role), left ? "right" : "left"});
}

static void put_words(const struct script *s)
{
    const int room = s->layout->width >= 600 ? 26 : 14;
    struct placed placed = {.n = 0};
    for (int i = 0; i < s->plot->n_lines; i++) {
        const struct plot_line *line = &s->plot->lines[i];
        if (line->role < PLOT_SECOND || s->plot->no_words)
            continue;
        const struct remark gap = beside_gap(&line->series);
        const struct point *starved = first_starved(&line->series);
        struct words words = {.len = 0};
        if (gap.point != NULL)
            words_add(&words, "%s", words_cut(gap.reason, room).text);
        if (gap.point != NULL && gap.point == starved)
            words_add(&words, ", starved");
        if (gap.point != NULL)
            put_word(s, line, gap.point, words.text, &placed);
        if (starved != NULL && starved != gap.point)
            put_word(s, line, starved, "starved", &placed);
    }
}

/* The number behind a dot. */
static void put_dot_value(const struct script *s, const struct plot_line *line)
{
    const struct layout *l = s->layout;
    const struct point *point = series_last(&line->series);
    if (point == NULL || line->name.text[0] == '\0')
        return;
    put_label(s, words_number(plot_value(s->plot, point->median)).text,
              (struct text_place){
                  layout_x(l, plot_value(s->plot, point->high)) + 0.9 * l->font,
                  layout_y(l, line->row), plot_text_colour(s->plot, line->role),
                  "left"});
}

/* --- the whole ----------------------------------------------------------- */

static void put_script(const struct script *s, const struct plot_size *size)
{
    put_frame(s, size);
    put_names(s);
    if (s->plot->kind == PLOT_LINES)
        put_words(s);
    for (int i = 0; i < s->plot->n_lines && s->plot->kind == PLOT_DOTS; i++)
        put_dot_value(s, &s->plot->lines[i]);
    plot_put_data(s);
}

int plot_draw(const struct plot *p, const struct plot_size *size,
              struct gnuplot *g, const char *style, FILE *out,
              struct problem *problem)
{
    struct layout *layout = allocate(sizeof *layout);
    struct elements *elements = allocate(sizeof *elements);
    elements->n = 0;
    plot_layout(layout, p, size);
    const struct script script = {.out = g->script,
                                  .plot = p,
                                  .layout = layout,
                                  .elements = elements,
                                  .scale = size->font / 18.0};
    put_script(&script, size);
    char *svg = gnuplot_finish(g);
    /* After a command that it cannot do gnuplot goes on, without a drawing. */
    const bool drawn = svg != NULL && strstr(svg, "</svg>") != NULL;
    if (drawn) {
        plot_filter(svg, p, size, layout, elements, style, out);
    } else {
        snprintf(problem->what, sizeof problem->what,
                 "cannot draw %s: gnuplot gave up", p->name);
        problem->try = "what it says above; then make report";
    }
    free(svg);
    free(elements);
    free(layout);
    return drawn ? 0 : -EPIPE;
}
