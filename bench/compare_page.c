/*
 * compare_page.c - see compare_page.h.
 *
 * All figures but the clients' are ratios to the floor of the same machine and
 * round: a fast machine and a slow one can stand in one plot.
 */
#include "compare_page.h"

#include "charts.h"
#include "html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_APART = 12 }; /* more members than these become a band */

static const struct topic rate_dots = {
    .name = "compare-rate",
    .query = {"connections", NULL, "keep-alive", "rate", "floor", NULL},
    .more_is_better = true,
    .x = 64,
    .kind = PLOT_DOTS,
    .x_label = "requests/s, times the floor's",
    .show = words_ratio,
};

static const struct topic rate_lines = {
    .name = "compare-connections",
    .query = {"connections", NULL, "keep-alive", "rate", "floor", NULL},
    .more_is_better = true,
    .x = 64,
    .x_label = "connections",
    .y_label = "requests/s, times the floor's",
    .x_log = true,
    .show = words_ratio,
};

static const struct topic idle_lines = {
    .name = "compare-idle",
    .query = {"idle", NULL, "keep-alive", "rate", "floor", NULL},
    .more_is_better = true,
    .x_label = "idle connections beside 50 active ones",
    .y_label = "requests/s, times the floor's",
    .x_log = true,
    .show = words_ratio,
};

static const struct topic fetch_lines = {
    .name = "compare-fetch",
    .query = {"fetch", NULL, NULL, "wall", NULL, NULL},
    .x_label = "pages, each 100 ms away",
    .y_label = "seconds",
    .show = words_number,
};

/* Servers of my own results, else of the first member that has some. */
static int servers_of(const struct source *s, const struct class *c,
                      const char *bench, const char **servers)
{
    int n = results_servers(s->mine, bench, servers, SERVERS_MAX);
    for (int i = 0; n == 0 && i < c->n; i++)
        n = results_servers(&c->members[i].results, bench, servers,
                            SERVERS_MAX);
    return n;
}

static double x_of(const struct source *s, const struct class *c,
                   const struct topic *t)
{
    double x = figures_x(s->mine, t);
    for (int i = 0; x <= 0 && i < c->n; i++)
        x = figures_x(&c->members[i].results, t);
    return x;
}

/* --- plots --------------------------------------------------------------- */

/* The others' medians as the dots of one row. */
static void add_crowd_dots(struct plot *p, const struct class *c,
                           const struct topic *t, const char *server, double x)
{
    struct plot_line *line = plot_line_new(p, PLOT_CROWD);
    if (line == NULL)
        return;
    snprintf(line->tooltip.text, sizeof line->tooltip.text, "the others");
    for (int i = 0; i < c->n; i++)
        line->series.points[line->series.n++] =
            figures_standing(&c->members[i].results, t, server, x).point;
}

static struct plot *dots_chart(const struct source *s, const struct class *c,
                               const struct topic *t)
{
    /* Without results of one's own the members alone make the rows. */
    const struct results empty = {.n_rows = 0};
    struct plot *p =
        chart_new(s->mine->n_rows > 0 ? s->mine : &c->members[0].results,
                  s->mine->n_rows > 0 ? s->reference : &empty, t, NULL);
    const char *servers[SERVERS_MAX];
    const int n = servers_of(s, c, t->query.bench, servers);
    const double x = x_of(s, c, t);
    for (int i = 0; i < n; i++) {
        const struct name name = words_server(servers[i]);
        for (int k = 0; k < p->n_lines; k++)
            if (strcmp(p->lines[k].name.text, name.text) == 0) {
                const int row = p->lines[k].row;
                add_crowd_dots(p, c, t, servers[i], x);
                p->lines[p->n_lines - 1].row = row;
                break;
            }
    }
    return p;
}

static void load_line(struct plot *p, enum plot_role role,
                      const struct results *r, const struct topic *t,
                      const char *server)
{
    struct plot_line *line = plot_line_new(p, role);
    if (line == NULL || r->n_rows == 0)
        return;
    struct query query = t->query;
    query.server = server;
    series_load(&line->series, r, &query);
}

/* Few members are pale lines; many are a band from the lowest to the highest */
static void add_crowd_lines(struct plot *p, const struct class *c,
                            const struct topic *t, const char *server)
{
    if (c->n <= LINES_APART) {
        for (int i = 0; i < c->n; i++) {
            load_line(p, PLOT_GREY, &c->members[i].results, t, server);
            p->lines[p->n_lines - 1].tooltip = c->members[i].name;
        }
        return;
    }
    double xs[POINTS_MAX];
    struct plot_line *line = plot_line_new(p, PLOT_CROWD);
    const int n = figures_xs(&c->members[0].results, t, NULL, xs);
    for (int i = 0; line != NULL && i < n; i++)
        line->series.points[line->series.n++] =
            class_point(c, t, server, xs[i]);
}

static int put_multiple(const struct source *s, const struct class *c,
                        const struct topic *t, const char *server, double high)
{
    struct plot *p = chart_multiple(s->mine, s->reference, t, server);
    p->n_lines = 0; /* other servers would be one crowd too many */
    p->high = high;
    add_crowd_lines(p, c, t, server);
    load_line(p, PLOT_REFERENCE, s->reference, t, server);
    load_line(p, PLOT_STRONG, s->mine, t, server);
    int error = 0;
    if (plot_has_points(p)) { /* else nobody could measure this server so */
        fputs("<figure>\n", s->out);
        html_element(s->out, "figcaption", "%s", words_server(server).text);
        error = plot_draw(p, &plot_small, s->gnuplot, NULL, s->out, s->problem);
        fputs("</figure>\n", s->out);
    }
    free(p);
    return error;
}

/* --- sections ------------------------------------------------------------ */

/* "Here epoll answers 0.93 ...; the others 0.85 to 0.97, half below 0.91." */
static void put_standing(const struct source *s, const struct class *c,
                         const struct topic *t, const char *what)
{
    const double x = x_of(s, c, t);
    const struct results *judge =
        s->mine->n_rows > 0 ? s->mine : &c->members[0].results;
    const struct standing best = figures_best(judge, t, NULL, x);
    if (best.server == NULL)
        return;
    const struct point crowd = class_point(c, t, best.server, x);
    struct words words = {.len = 0};
    words_add(&words, "At %s connections %s has ", words_count(x).text,
              words_server(best.server).text);
    if (s->mine->n_rows > 0)
        words_add(&words, "%s times the floor's %s here%s",
                  words_ratio(best.point.median).text, what,
                  crowd.rounds > 0 ? "; elsewhere " : "");
    if (crowd.rounds > 0)
        words_add(&words, "%s to %s%s%s, in the middle %s",
                  words_ratio(crowd.low).text, words_ratio(crowd.high).text,
                  s->mine->n_rows > 0 ? "" : " times the floor's ",
                  s->mine->n_rows > 0 ? "" : what,
                  words_ratio(crowd.median).text);
    html_element(s->out, "h3", "%s.", words.text);
}

static int put_dots(const struct source *s, const struct class *c,
                    const struct topic *t, const char *what)
{
    struct plot *p = dots_chart(s, c, t);
    int error = 0;
    put_standing(s, c, t, what);
    if (plot_has_points(p)) {
        fputs("<figure>\n", s->out);
        error = page_plot(s, p);
        html_element(
            s->out, "figcaption",
            "%s: median of the rounds, with their spread. Small grey "
            "dots: the others' medians.%s",
            s->mine->n_rows > 0 ? "Your results" : c->members[0].name.text,
            s->reference->n_rows > 0 ? " Grey stroke: the reference." : "");
        fputs("</figure>\n", s->out);
    }
    free(p);
    return error;
}

/* The highest median of all: what the axes of the multiples must hold. */
static double highest(const struct source *s, const struct class *c,
                      const struct topic *t, const char **servers, int n)
{
    double xs[POINTS_MAX], high = 0;
    const struct results *judge =
        s->mine->n_rows > 0 ? s->mine : &c->members[0].results;
    const int n_xs = figures_xs(judge, t, NULL, xs);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n_xs; k++) {
            const struct standing own =
                figures_standing(s->mine, t, servers[i], xs[k]);
            high = fmax(high, own.point.high);
            high = fmax(high, class_point(c, t, servers[i], xs[k]).high);
        }
    return high;
}

static int put_multiples(const struct source *s, const struct class *c,
                         const struct topic *t, const char *title)
{
    const char *servers[SERVERS_MAX];
    const int n = servers_of(s, c, t->query.bench, servers);
    int error = 0;
    if (n == 0)
        return 0;
    const double high = highest(s, c, t, servers, n);
    html_element(s->out, "h3", "%s", title);
    fputs("<div class=\"multiples\">\n", s->out);
    for (int i = 0; error == 0 && i < n; i++)
        if (strcmp(servers[i], "floor") != 0)
            error = put_multiple(s, c, t, servers[i], high);
    fputs("</div>\n", s->out);
    html_element(s->out, "p class=\"facts\"",
                 "%s against %s. Yours strong, the reference dashed, the "
                 "others %s.",
                 t->y_label, t->x_label,
                 c->n <= LINES_APART ? "pale, a line each"
                                     : "a band from the lowest to the highest");
    return error;
}

/* --- tables -------------------------------------------------------------- */

static void put_ratio(FILE *out, const struct point *p)
{
    fputs("<td>", out);
    html_text(out, words_ratio(p->median).text);
    if (p->rounds > 1)
        html_format(out, " (%s\u2013%s)", words_ratio(p->low).text,
                    words_ratio(p->high).text);
    fputs(p->starved ? " \u25cb</td>" : "</td>", out);
}

static void put_ratio_row(const struct source *s, const struct class *c,
                          const char *server, double x)
{
    const struct point mine =
        figures_standing(s->mine, &rate_dots, server, x).point;
    const struct point reference =
        figures_standing(s->reference, &rate_dots, server, x).point;
    const struct point crowd = class_point(c, &rate_dots, server, x);
    const struct member *low = class_extreme(c, &rate_dots, server, x, -1);
    const struct member *high = class_extreme(c, &rate_dots, server, x, 1);
    fputs("<tr>", s->out);
    html_element(s->out, "td", "%s", server);
    put_ratio(s->out, &mine);
    put_ratio(s->out, &reference);
    html_element(s->out, "td", "%s", words_ratio(crowd.median).text);
    html_element(s->out, "td", "%s %s", words_ratio(crowd.low).text,
                 low != NULL ? low->name.text : "");
    html_element(s->out, "td", "%s %s", words_ratio(crowd.high).text,
                 high != NULL ? high->name.text : "");
    fputs("</tr>\n", s->out);
}

static void put_ratios(const struct source *s, const struct class *c)
{
    const char *servers[SERVERS_MAX];
    const int n = servers_of(s, c, "connections", servers);
    const double x = x_of(s, c, &rate_dots);
    html_element(s->out, "h3",
                 "Requests/s at %s connections, times the same machine's floor",
                 words_count(x).text);
    fputs("<div class=\"scroll\"><table><thead><tr><th>server</th>"
          "<th>yours</th><th>reference</th><th>others: middle</th>"
          "<th>lowest</th><th>highest</th></tr></thead><tbody>\n",
          s->out);
    for (int i = 0; i < n; i++)
        put_ratio_row(s, c, servers[i], x);
    fputs("</tbody></table></div>\n", s->out);
}

static void put_machine(FILE *out, const char *name, const struct results *r)
{
    fputs("<tr>", out);
    html_element(out, "td", "%s", name);
    static const char *const keys[] = {"cpu",  "cpus",   "kernel", "compiler",
                                       "date", "rounds", "quiet"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        html_element(out, "td class=\"text\"", "%s",
                     results_fact(r, keys[i], "-"));
    fputs("</tr>\n", out);
}

static void put_machines(const struct source *s, const struct class *c)
{
    fputs("<h2>The machines</h2>\n<div class=\"scroll\"><table><thead><tr>"
          "<th>results</th><th class=\"text\">processor</th>"
          "<th class=\"text\">CPUs</th><th class=\"text\">kernel</th>"
          "<th class=\"text\">compiler</th><th class=\"text\">date</th>"
          "<th class=\"text\">rounds</th><th class=\"text\">quiet</th></tr>"
          "</thead><tbody>\n",
          s->out);
    if (s->mine->n_rows > 0)
        put_machine(s->out, "yours", s->mine);
    if (s->reference->n_rows > 0)
        put_machine(s->out, "reference", s->reference);
    for (int i = 0; i < c->n; i++)
        put_machine(s->out, c->members[i].name.text, &c->members[i].results);
    fputs("</tbody></table></div>\n", s->out);
}

int compare_page(const struct source *s, const void *others)
{
    const struct class *c = others;
    page_begin(s, "Results compared: each machine against its own floor");
    int error = put_dots(s, c, &rate_dots, "requests/s");
    put_ratios(s, c);
    if (error == 0)
        error = put_dots(s, c, figures_topic("cpu-ratio"), "CPU time");
    if (error == 0)
        error = put_multiples(s, c, &rate_lines, "With more connections");
    if (error == 0)
        error = put_multiples(s, c, &idle_lines, "Beside idle connections");
    if (error == 0)
        error = put_multiples(s, c, &fetch_lines,
                              "The clients, which wait 100 ms for each page");
    put_machines(s, c);
    page_end(s);
    return error;
}

void compare_print(FILE *out, const struct results *mine,
                   const struct class *others)
{
    const struct source s = {.mine = mine};
    const char *servers[SERVERS_MAX];
    const int n = servers_of(&s, others, "connections", servers);
    const double x = x_of(&s, others, &rate_dots);
    fprintf(out,
            "requests/s at %s connections, times the same machine's floor\n"
            "%-21s %6s %7s %15s\n",
            words_count(x).text, "server", "yours", "others", "lowest-highest");
    for (int i = 0; i < n; i++) {
        const struct point own =
            figures_standing(mine, &rate_dots, servers[i], x).point;
        const struct point crowd =
            class_point(others, &rate_dots, servers[i], x);
        fprintf(out, "%-21s %6s %7s %8s-%s\n", servers[i],
                words_ratio(own.median).text, words_ratio(crowd.median).text,
                words_ratio(crowd.low).text, words_ratio(crowd.high).text);
    }
}
