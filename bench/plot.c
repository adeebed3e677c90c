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
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

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

static const struct look looks[] = {
    [PLOT_GREY] = {PALE_COLOUR, 2, "1", 7, 6, 0.35, 0},
    [PLOT_REFERENCE] = {GREY_COLOUR, 2, "(6,5)", 7, 6, 0.4, 0},
    [PLOT_SECOND] = {RIVAL_COLOUR, 2.5, "(8,5)", 9, 8, 0.62, 0.1},
    [PLOT_RIVAL] = {RIVAL_COLOUR, 2.5, "1", 5, 4, 0.5, 0.1},
    [PLOT_STRONG] = {STRONG_COLOUR, 3.5, "1", 7, 6, 0.6, 0.2},
};

/* What a script is written with. */
struct script {
    FILE *out;
    const struct plot *plot;
    const struct layout *layout;
    struct elements *elements;
    double scale; /* marks and lines grow with the font */
};

struct plot_line *plot_line_new(struct plot *p, enum plot_role role)
{
    if (p->n_lines == PLOT_LINES_MAX)
        return NULL;
    struct plot_line *line = &p->lines[p->n_lines++];
    *line = (struct plot_line){.role = role};
    return line;
}

bool plot_has_points(const struct plot *p)
{
    for (int i = 0; i < p->n_lines; i++)
        if (p->lines[i].role != PLOT_REFERENCE &&
            series_last(&p->lines[i].series) != NULL)
            return true;
    return false;
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
    fprintf(s->out, "set %ctics (", axis);
    for (int i = 0; i < a->n_ticks; i++) {
        fprintf(s->out, "%s", i > 0 ? ", " : "");
        put_quoted(s->out, a->ticks[i].label.text);
        fprintf(s->out, " %.10g", a->ticks[i].at);
    }
    fprintf(s->out, ") nomirror norotate scale %s\n",
            axis == 'x' ? "0.4" : "0");
    fprintf(s->out, "%sset logscale %c\n", a->log ? "" : "un", axis);
    fprintf(s->out, "set %crange [%.10g:%.10g]\n", axis, a->low, a->high);
}

static void put_axes(const struct script *s)
{
    const struct layout *l = s->layout;
    const bool lines = s->plot->kind == PLOT_LINES;
    fprintf(s->out, "set border %d lw 1\n", lines ? 1 : 0);
    put_ticks(s, 'x', &l->x);
    put_ticks(s, 'y', &l->y);
    fprintf(s->out, "set xtics offset 0,%.2f\n", l->font > 20 ? -0.2 : 0.1);
    fprintf(s->out,
            "set grid noxtics noytics\n"
            "set grid %s lt 1 lw 1 lc rgb '" GRID_COLOUR "'\n",
            lines ? "ytics" : "xtics");
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
    if (p->kind == PLOT_LINES)
        put_label(
            s, p->y_label,
            (struct text_place){0.2 * l->font, 0.75 * l->font, NULL, "left"});
    if (p->x_label != NULL)
        put_label(s, p->x_label,
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
        const char *colour = looks[label->line->role].colour;
        if (label->line->role == PLOT_GREY)
            colour = GREY_COLOUR; /* text needs more contrast than a line */
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
                s->scale, looks[label->line->role].colour);
    }
}

/* The point before the first gap of a line, or the first after it. */
static const struct point *beside_gap(const struct series *s,
                                      const char **reason)
{
    for (int i = 0; i < s->n; i++) {
        if (s->points[i].rounds > 0 || s->points[i].reason == NULL)
            continue;
        *reason = s->points[i].reason;
        for (int k = i - 1; k >= 0; k--)
            if (s->points[k].rounds > 0)
                return &s->points[k];
        for (int k = i + 1; k < s->n; k++)
            if (s->points[k].rounds > 0)
                return &s->points[k];
    }
    return NULL;
}

static const struct point *first_starved(const struct series *s)
{
    for (int i = 0; i < s->n; i++)
        if (s->points[i].rounds > 0 && s->points[i].starved)
            return &s->points[i];
    return NULL;
}

/* A word beside a point: below it, or above where there is no room below. */
static void put_word(const struct script *s, const struct plot_line *line,
                     const struct point *point, const char *word)
{
    const struct layout *l = s->layout;
    const double y = layout_y(l, plot_value(s->plot, point->median));
    const bool low = y + 1.3 * l->font > l->bottom;
    const bool left = layout_x(l, point->x) > (l->left + l->right) / 2;
    put_label(s, word,
              (struct text_place){
                  layout_x(l, point->x), y + (low ? -0.9 : 0.95) * l->font,
                  looks[line->role].colour, left ? "right" : "left"});
}

static void put_words(const struct script *s)
{
    const int room = s->layout->width >= 600 ? 26 : 14;
    for (int i = 0; i < s->plot->n_lines; i++) {
        const struct plot_line *line = &s->plot->lines[i];
        if (line->role < PLOT_SECOND || s->plot->no_words)
            continue;
        const char *reason = NULL;
        const struct point *point = beside_gap(&line->series, &reason);
        if (point != NULL)
            put_word(s, line, point, words_cut(reason, room).text);
        point = first_starved(&line->series);
        if (point != NULL)
            put_word(s, line, point, "starved");
    }
}

/* --- data ---------------------------------------------------------------- */

static bool has_marks(const struct plot_line *line, bool starved)
{
    for (int i = 0; i < line->series.n; i++)
        if (line->series.points[i].rounds > 0 &&
            line->series.points[i].starved == starved)
            return true;
    return false;
}

/* A blank line where a point is missing: there the line has a gap. */
static void put_data(const struct script *s, int number)
{
    const struct plot *p = s->plot;
    const struct plot_line *line = &p->lines[number];
    const struct axis *values =
        p->kind == PLOT_LINES ? &s->layout->y : &s->layout->x;
    fprintf(s->out, "# x median low high starved\n$line%d << END\n", number);
    for (int i = 0; i < line->series.n; i++) {
        const struct point *point = &line->series.points[i];
        if (point->rounds == 0) {
            fputc('\n', s->out);
            continue;
        }
        const double x = p->kind == PLOT_LINES
                             ? axis_value(&s->layout->x, point->x)
                             : line->row;
        fprintf(s->out, "%.10g %.10g %.10g %.10g %d\n", x,
                axis_value(values, plot_value(p, point->median)),
                axis_value(values, plot_value(p, point->low)),
                axis_value(values, plot_value(p, point->high)), point->starved);
        if (p->kind == PLOT_DOTS)
            break;
    }
    fputs("END\n", s->out);
}

/* Begins an element of the plot command; `format` is its tooltip. */
static void put_element(const struct script *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put_element(const struct script *s, const char *format, ...)
{
    struct elements *e = s->elements;
    fputs(e->n == 0 ? "plot " : ", \\\n  ", s->out);
    if (e->n == ELEMENTS_MAX)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(e->titles[e->n++], sizeof e->titles[0], format, args);
    va_end(args);
}

static void put_marks(const struct script *s, int number, bool starved)
{
    const struct plot_line *line = &s->plot->lines[number];
    const struct look *look = &looks[line->role];
    if (!has_marks(line, starved))
        return;
    const bool dots = s->plot->kind == PLOT_DOTS;
    put_element(s, "%s%s", line->tooltip.text, starved ? ", starved" : "");
    fprintf(s->out,
            "$line%d using %s with points pt %d ps %.2f lw %.1f lc rgb '%s' "
            "title 'marks'",
            number,
            starved
                ? (dots ? "($5 == 1 ? $2 : 1/0):1" : "1:($5 == 1 ? $2 : 1/0)")
                : (dots ? "($5 == 0 ? $2 : 1/0):1" : "1:($5 == 0 ? $2 : 1/0)"),
            starved ? look->open : look->mark,
            look->mark_size * s->scale * (dots ? 1.5 : 1),
            starved ? 2 * s->scale : 1, look->colour);
}

static void put_line(const struct script *s, int number)
{
    const struct plot_line *line = &s->plot->lines[number];
    const struct look *look = &looks[line->role];
    if (look->band > 0) {
        put_element(s, "%s: spread of the rounds", line->tooltip.text);
        fprintf(s->out,
                "$line%d using 1:3:4 with filledcurves fc rgb '%s' "
                "fs transparent solid %.2f noborder title 'band'",
                number, look->colour, look->band);
    }
    put_element(s, "%s", line->tooltip.text);
    fprintf(s->out,
            "$line%d using 1:2 with lines lw %.2f dt %s lc rgb '%s' "
            "title 'line'",
            number, look->width * s->scale, look->dash, look->colour);
    /* Grey lines carry marks only where they are nothing but a point. */
    if (line->role >= PLOT_REFERENCE || line->series.n == 1)
        put_marks(s, number, false);
    put_marks(s, number, true);
}

static void put_dot(const struct script *s, int number)
{
    const struct plot_line *line = &s->plot->lines[number];
    const struct look *look = &looks[line->role];
    if (line->role != PLOT_GREY || line->name.text[0] != '\0') {
        put_element(s, "%s: spread of the rounds", line->tooltip.text);
        fprintf(s->out,
                "$line%d using 3:1:($4-$3):(0) with vectors nohead lw %.1f "
                "lc rgb '%s' title 'band'",
                number, 4 * s->scale, look->colour);
    }
    put_marks(s, number, false);
    put_marks(s, number, true);
}

/* The number behind a dot. */
static void put_dot_value(const struct script *s, const struct plot_line *line)
{
    const struct layout *l = s->layout;
    const struct point *point = series_last(&line->series);
    if (point == NULL || line->name.text[0] == '\0')
        return;
    put_label(
        s, words_number(plot_value(s->plot, point->median)).text,
        (struct text_place){
            layout_x(l, plot_value(s->plot, point->high)) + 0.7 * l->font,
            layout_y(l, line->row),
            line->role == PLOT_GREY ? GREY_COLOUR : looks[line->role].colour,
            "left"});
}

static void put_script(const struct script *s, const struct plot_size *size)
{
    const struct plot *p = s->plot;
    put_frame(s, size);
    put_names(s);
    if (p->kind == PLOT_LINES)
        put_words(s);
    for (int i = 0; i < p->n_lines; i++) {
        put_data(s, i);
        if (p->kind == PLOT_DOTS)
            put_dot_value(s, &p->lines[i]);
    }
    for (int role = PLOT_GREY; role <= PLOT_STRONG; role++)
        for (int i = 0; i < p->n_lines; i++) {
            if ((int)p->lines[i].role != role ||
                series_last(&p->lines[i].series) == NULL)
                continue;
            if (p->kind == PLOT_LINES)
                put_line(s, i);
            else
                put_dot(s, i);
        }
    fputc('\n', s->out);
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
