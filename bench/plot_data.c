/*
 * plot_data.c - the data of a plot and the command that draws it: greys first,
 * the strong line last, on top of all. See plot_internal.h.
 */
#include "plot_internal.h"

#include <stdarg.h>

static const struct look looks[] = {
    [PLOT_CROWD] = {PALE_COLOUR, 0, "1", 7, 6, 0.3, 0.35},
    [PLOT_GREY] = {PALE_COLOUR, 2, "1", 7, 6, 0.35, 0},
    [PLOT_REFERENCE] = {GREY_COLOUR, 2, "(6,5)", 7, 6, 0.4, 0},
    [PLOT_SECOND] = {RIVAL_COLOUR, 2.5, "(8,5)", 9, 8, 0.62, 0},
    [PLOT_RIVAL] = {RIVAL_COLOUR, 2.5, "1", 5, 4, 0.5, 0.1},
    [PLOT_STRONG] = {STRONG_COLOUR, 3.5, "1", 7, 6, 0.6, 0.2},
};

/* Dots lie alone: grey ones may be darker. */
static const struct look dot_looks[] = {
    [PLOT_CROWD] = {PALE_COLOUR, 2, "1", 7, 6, 0.34, 0},
    [PLOT_GREY] = {GREY_COLOUR, 2, "1", 7, 6, 0.42, 0},
    [PLOT_REFERENCE] = {PALE_COLOUR, 1, "1", 6, 6, 0.5, 0},
    [PLOT_SECOND] = {RIVAL_COLOUR, 2, "1", 9, 8, 0.7, 0},
    [PLOT_RIVAL] = {RIVAL_COLOUR, 2, "1", 5, 4, 0.55, 0},
    [PLOT_STRONG] = {STRONG_COLOUR, 2, "1", 7, 6, 0.65, 0},
};

const struct look *plot_look(const struct plot *p, enum plot_role role)
{
    return p->kind == PLOT_DOTS ? &dot_looks[role] : &looks[role];
}

const char *plot_text_colour(const struct plot *p, enum plot_role role)
{
    return role == PLOT_GREY ? GREY_COLOUR : plot_look(p, role)->colour;
}

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
        if (p->kind == PLOT_DOTS && line->role != PLOT_CROWD)
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
    const struct look *look = plot_look(s->plot, line->role);
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
            look->mark_size * (1 + s->scale) / 2 * (dots ? 1.5 : 1),
            starved ? 2 * s->scale : 1, look->colour);
}

static void put_line(const struct script *s, int number)
{
    const struct plot_line *line = &s->plot->lines[number];
    const struct look *look = plot_look(s->plot, line->role);
    if (look->band > 0) {
        put_element(s, "%s: spread of the rounds", line->tooltip.text);
        fprintf(s->out,
                "$line%d using 1:3:4 with filledcurves fc rgb '%s' "
                "fs transparent solid %.2f noborder title 'band'",
                number, look->colour, look->band);
    }
    if (look->width == 0)
        return;
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
    const struct look *look = plot_look(s->plot, line->role);
    if (line->role == PLOT_REFERENCE) { /* a stroke through the row */
        put_element(s, "%s", line->tooltip.text);
        fprintf(s->out,
                "$line%d using 2:($1-0.36):(0):(0.72) with vectors nohead "
                "lw %.1f lc rgb '%s' title 'line'",
                number, 3 * s->scale, GREY_COLOUR);
        return;
    }
    if (line->role != PLOT_CROWD) {
        put_element(s, "%s: spread of the rounds", line->tooltip.text);
        fprintf(s->out,
                "$line%d using 3:1:($4-$3):(0) with vectors nohead lw %.1f "
                "lc rgb '%s' title 'band'",
                number, 4 * s->scale, look->colour);
    }
    put_marks(s, number, false);
    put_marks(s, number, true);
}

/* The order in which roles are drawn: what comes later lies on top. */
static int layer(const struct plot *p, enum plot_role role)
{
    return p->kind == PLOT_DOTS && role == PLOT_REFERENCE ? 0 : (int)role;
}

void plot_put_data(const struct script *s)
{
    const struct plot *p = s->plot;
    for (int i = 0; i < p->n_lines; i++)
        put_data(s, i);
    for (int at = 0; at <= PLOT_STRONG; at++)
        for (int i = 0; i < p->n_lines; i++) {
            if (layer(p, p->lines[i].role) != at ||
                series_last(&p->lines[i].series) == NULL)
                continue;
            if (p->kind == PLOT_LINES)
                put_line(s, i);
            else
                put_dot(s, i);
        }
    fputc('\n', s->out);
}
