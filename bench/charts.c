/*
 * charts.c - see charts.h.
 *
 * The sentence over a plot compares two servers; these two are its strong line
 * and its first rival, so that the eye finds what the sentence says. In a
 * lesson's plot the lesson's other servers have names too; of every other
 * lesson only the best has one.
 */
#include "charts.h"

#include "../lessons/common/common.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Letters, digits and '-': what may stand in an id and a file's name. */
static void add_id(struct words *w, const char *text)
{
    for (; *text != '\0'; text++)
        words_add(w, "%c", isalnum((unsigned char)*text) ? *text : '-');
}

static struct plot *plot_of(const struct topic *t, const char *about)
{
    struct plot *p = allocate(sizeof *p);
    *p = (struct plot){.kind = t->kind,
                       .x_label = t->x_label,
                       .y_label = t->y_label,
                       .x_log = t->x_log,
                       .scale = t->scale,
                       .factor = t->factor};
    struct words id = {.len = 0};
    add_id(&id, t->name);
    if (about != NULL) {
        words_add(&id, "-");
        add_id(&id, about);
    }
    snprintf(p->name, sizeof p->name, "%.*s", NAME_MAX_LEN - 1, id.text);
    return p;
}

static void load(struct series *s, const struct results *r,
                 const struct topic *t, const char *server)
{
    struct query query = t->query;
    query.server = server;
    series_load(s, r, &query);
    if (t->kind != PLOT_DOTS || s->n == 0)
        return;
    const double x = figures_x(r, t);
    const struct point *at = series_at(s, x);
    s->points[0] = at != NULL ? *at : (struct point){.x = x};
    s->n = 1;
}

static struct plot_line *add_line(struct plot *p, enum plot_role role,
                                  const struct results *r,
                                  const struct topic *t, const char *server)
{
    struct plot_line *line = plot_line_new(p, role);
    if (line == NULL)
        return NULL;
    load(&line->series, r, t, server);
    line->tooltip = words_server(server);
    return line;
}

static void name_line(struct plot_line *line, const char *server)
{
    line->name = words_server(server);
    line->brief = words_short(server);
}

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* The height at which a line ends: who of a lesson is named first. */
static double end_of(const struct plot_line *line)
{
    const struct point *last = series_last(&line->series);
    return last != NULL && !last->starved ? last->median : -1;
}

/* --- lines --------------------------------------------------------------- */

/* Whether `server` is the best of its lesson at the end of its line. */
static bool leads_lesson(const struct results *r, const struct topic *t,
                         const char *server)
{
    const struct name lesson = words_lesson(server);
    const struct cast cast = figures_cast(r, t, lesson.text);
    return same(cast.strong.server, server);
}

/* The second rival: of the lesson's other servers the one that ends highest. */
static void promote_second(struct plot *p, const char *lesson)
{
    struct plot_line *second = NULL;
    for (int i = 0; i < p->n_lines; i++) {
        struct plot_line *line = &p->lines[i];
        if (line->role == PLOT_GREY && line->name.text[0] != '\0' &&
            words_of_lesson(line->name.text, words_server(lesson).text) &&
            series_last(&line->series) != NULL &&
            (second == NULL || end_of(line) > end_of(second)))
            second = line;
    }
    if (second != NULL)
        second->role = PLOT_SECOND;
}

static void add_reference(struct plot *p, const struct results *reference,
                          const struct topic *t, const char *server)
{
    if (reference->n_rows == 0 || server == NULL)
        return;
    struct plot_line *line = add_line(p, PLOT_REFERENCE, reference, t, server);
    if (line == NULL)
        return;
    snprintf(line->name.text, sizeof line->name.text, "reference");
    snprintf(line->brief.text, sizeof line->brief.text, "reference");
    snprintf(line->tooltip.text, sizeof line->tooltip.text,
             "%.30s on the reference machine", words_server(server).text);
}

static void add_lines(struct plot *p, const struct results *r,
                      const struct topic *t, const struct cast *cast,
                      const char *lesson)
{
    const char *servers[SERVERS_MAX];
    const int n = figures_servers(r, t, servers);
    for (int i = 0; i < n; i++) {
        const char *server = servers[i];
        enum plot_role role = PLOT_GREY;
        if (same(server, cast->strong.server))
            role = PLOT_STRONG;
        else if (same(server, cast->rival.server))
            role = PLOT_RIVAL;
        else if (t->hero != NULL && words_yardstick(server) &&
                 (t->query.over == NULL || same(server, t->query.over)))
            role = PLOT_SECOND;
        struct plot_line *line = add_line(p, role, r, t, server);
        if (line == NULL)
            return;
        if (t->hero != NULL || t->x_title != NULL) {
            line->name = line->brief = words_server(server);
            continue;
        }
        const bool own = lesson != NULL && words_of_lesson(server, lesson);
        if (own || role != PLOT_GREY || strcmp(server, "floor") == 0 ||
            leads_lesson(r, t, server))
            name_line(line, server);
        if (!own && lesson != NULL) /* whose it is says more than which */
            line->brief =
                line->name.text[0] != '\0' ? words_topic(server) : line->name;
    }
    if (lesson != NULL)
        promote_second(p, lesson);
}

/* --- dots ---------------------------------------------------------------- */

/* A row a server, in course order; the reference's dot in the same row. */
static void add_dots(struct plot *p, const struct results *mine,
                     const struct results *reference, const struct topic *t,
                     const struct cast *cast)
{
    const char *servers[SERVERS_MAX];
    const int n = figures_servers(mine, t, servers);
    int row = 0;
    for (int i = 0; i < n; i++) {
        enum plot_role role = PLOT_GREY;
        if (same(servers[i], cast->strong.server))
            role = PLOT_STRONG;
        else if (same(servers[i], cast->rival.server))
            role = PLOT_RIVAL;
        struct plot_line *line = add_line(p, role, mine, t, servers[i]);
        if (line == NULL)
            return;
        if (series_last(&line->series) == NULL) {
            p->n_lines--; /* its reason stands in the caption */
            continue;
        }
        line->row = row++;
        line->name = words_server(servers[i]);
        line->brief = line->name;
        struct plot_line *other =
            reference->n_rows > 0
                ? add_line(p, PLOT_REFERENCE, reference, t, servers[i])
                : NULL;
        if (other != NULL)
            other->row = line->row;
    }
}

struct plot *chart_new(const struct results *mine,
                       const struct results *reference, const struct topic *t,
                       const char *lesson)
{
    const struct topic *asked = t;
    struct topic dots = *t;
    double xs[POINTS_MAX];
    if (t->kind == PLOT_LINES && figures_xs(mine, t, NULL, xs) == 1) {
        /* There is no line through one point. */
        dots.kind = PLOT_DOTS;
        dots.x_label = t->y_label;
        t = &dots;
    }
    struct plot *p = plot_of(t, lesson);
    const struct cast cast = figures_cast(mine, t, lesson);
    if (t->kind == PLOT_DOTS) {
        add_dots(p, mine, reference, t, &cast);
    } else {
        add_lines(p, mine, t, &cast, lesson);
        add_reference(p, reference, t, cast.strong.server);
    }
    const struct words sentence = figures_sentence(mine, asked, lesson);
    snprintf(p->title, sizeof p->title, "%s", sentence.text);
    return p;
}

/* The top of all bands: every multiple has the same axis. */
static double highest(const struct plot *p)
{
    double high = 0;
    for (int i = 0; i < p->n_lines; i++)
        for (int k = 0; k < p->lines[i].series.n; k++)
            high = fmax(high, p->lines[i].series.points[k].high);
    return high;
}

struct plot *chart_multiple(const struct results *mine,
                            const struct results *reference,
                            const struct topic *t, const char *server)
{
    struct plot *p = plot_of(t, server);
    p->no_words = true;
    p->x_label = NULL;
    const char *servers[SERVERS_MAX];
    const int n = results_servers(mine, t->query.bench, servers, SERVERS_MAX);
    for (int i = 0; i < n; i++)
        add_line(p, same(servers[i], server) ? PLOT_STRONG : PLOT_GREY, mine, t,
                 servers[i]);
    if (reference->n_rows > 0)
        add_line(p, PLOT_REFERENCE, reference, t, server);
    p->high = highest(p);
    snprintf(p->title, sizeof p->title, "%s: %s against connections",
             words_server(server).text, t->y_label);
    return p;
}
