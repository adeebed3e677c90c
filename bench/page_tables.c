/*
 * page_tables.c - the numbers behind the plots, and the verdicts. See page.h.
 */
#include "page.h"

#include "html.h"

#include <math.h>
#include <string.h>

/* Behind a starved point's number; the legend says so. */
#define STARVED " \u25cb"

static void end_table(FILE *out)
{
    fputs("</tbody></table></div>\n<p class=\"again\">Small: the spread of "
          "the rounds. \u25cb starved: some connections got no answer."
          "</p></details>\n",
          out);
}

/* --- verdicts ------------------------------------------------------------ */

static const struct row *verdict_of(const struct results *r,
                                    const struct row *claim)
{
    for (int i = 0; i < r->n_rows; i++) {
        const struct row *row = &r->rows[i];
        if (strcmp(row->metric, "verdict") == 0 &&
            strcmp(row->server, claim->server) == 0 &&
            strcmp(row->variant, claim->variant) == 0)
            return row;
    }
    return NULL;
}

static void put_verdict(FILE *out, const struct row *claim,
                        const struct row *verdict)
{
    const char *word = verdict != NULL ? verdict->text : "not-measured";
    fputs("<tr>", out);
    html_element(out, "td class=\"text\"", "%s", claim->server);
    html_element(out, "td class=\"prose\"", "%s (%s)", claim->unit,
                 claim->variant);
    if (strcmp(word, "holds") == 0)
        fputs("<td class=\"text holds\">\u2713 holds</td>", out);
    else if (strcmp(word, "does-not-hold") == 0)
        fputs("<td class=\"text fails\">\u2717 does not hold here</td>", out);
    else
        fputs("<td class=\"text\">\u2013 not measured</td>", out);
    html_element(out, "td class=\"prose\"", "%s",
                 verdict != NULL ? verdict->unit : "");
    fputs("</tr>\n", out);
}

void page_verdicts(FILE *out, const struct results *r)
{
    if (!results_have(r, "claim"))
        return;
    fputs("<h2 id=\"claims\">What the course claims, and what this machine "
          "says</h2>\n<div class=\"scroll\"><table class=\"verdicts\"><thead>"
          "<tr><th>lesson</th><th class=\"text\">claim</th>"
          "<th class=\"text\">verdict</th><th class=\"text\">measured</th></tr>"
          "</thead><tbody>\n",
          out);
    for (int i = 0; i < r->n_rows; i++)
        if (strcmp(r->rows[i].bench, "claim") == 0 &&
            strcmp(r->rows[i].metric, "claim") == 0)
            put_verdict(out, &r->rows[i], verdict_of(r, &r->rows[i]));
    fputs("</tbody></table></div>\n", out);
}

/* --- a lesson's numbers -------------------------------------------------- */

/* A column of a lesson's table. */
struct column {
    const char *title, *metric;
    const char *bench; /* NULL: the topic's own */
    bool to_floor;
    bool spread; /* low to high beside the median */
};

static const struct column of_connections[] = {
    {"requests/s", "rate", NULL, false, true},
    {"of the floor", "rate", NULL, true, false},
    {"p50 us", "p50", NULL, false, false},
    {"p99 us", "p99", NULL, false, false},
    {"CPU us", "cpu", NULL, false, true},
    {"errors", "errors", NULL, false, false},
    {"wrk: requests/s", "rate", "wrk", false, false},
    {"wrk: p99 us", "p99", "wrk", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct column of_idle[] = {
    {"requests/s", "rate", NULL, false, true},
    {"of the floor", "rate", NULL, true, false},
    {"p50 us", "p50", NULL, false, false},
    {"p99 us", "p99", NULL, false, false},
    {"CPU us", "cpu", NULL, false, true},
    {"bytes a connection", "memory", NULL, false, false},
    {"really held", "held", NULL, false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct column of_fetch[] = {
    {"seconds", "wall", NULL, false, true},
    {"CPU seconds", "cpu", NULL, false, true},
    {"system calls", "calls", NULL, false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct column *columns_of(const struct topic *t)
{
    if (strcmp(t->query.bench, "fetch") == 0)
        return of_fetch;
    return strcmp(t->query.bench, "idle") == 0 ? of_idle : of_connections;
}

static const char *x_title(const struct topic *t)
{
    if (strcmp(t->query.bench, "fetch") == 0)
        return "pages";
    if (t->x_title != NULL)
        return t->x_title;
    return strcmp(t->query.bench, "idle") == 0 ? "idle connections"
                                               : "connections";
}

/* A median, and what is to be known beside it. */
static void put_cell(FILE *out, const struct point *p, bool spread)
{
    fputs("<td>", out);
    html_format(out, "%s", words_number(p->median).text);
    if (p->rounds > 1 && spread)
        html_element(out, "small", "%s \u2013 %s", words_number(p->low).text,
                     words_number(p->high).text);
    fputs("</td>", out);
}

static void put_lesson_row(FILE *out, const struct results *r,
                           const struct topic *t, const char *server,
                           const struct point *main)
{
    fputs("<tr>", out);
    html_element(out, "td", "%s", words_server(server).text);
    html_element(out, "td", "%s", words_count(main->x).text);
    const struct column *columns = columns_of(t);
    if (main->rounds == 0) {
        int n = 0;
        while (columns[n].title != NULL)
            n++;
        fprintf(out, "<td class=\"text\" colspan=\"%d\">", n + 2);
        html_format(out, "not measured: %s",
                    main->reason != NULL ? main->reason : "no row");
        fputs("</td></tr>\n", out);
        return;
    }
    if (main->failed > 0)
        html_element(out, "td", "%d (%d not: %s)", main->rounds, main->failed,
                     main->reason);
    else
        html_element(out, "td", "%d", main->rounds);
    if (isnan(main->answered))
        fputs("<td>\u2013</td>", out);
    else
        html_element(out, "td", "%s of %s%s", words_count(main->answered).text,
                     words_count(main->asked).text,
                     main->starved ? STARVED : "");
    for (const struct column *c = columns; c->title != NULL; c++) {
        struct query query = t->query;
        query.server = server;
        query.metric = c->metric;
        query.over = c->to_floor ? "floor" : NULL;
        if (c->bench != NULL)
            query.bench = c->bench;
        const struct point p = series_point(r, &query, main->x);
        put_cell(out, &p, c->spread);
    }
    fputs("</tr>\n", out);
}

void page_lesson_table(FILE *out, const struct results *r,
                       const struct topic *t, const char *lesson)
{
    fputs("<details><summary>The numbers</summary><div class=\"scroll\">"
          "<table><thead><tr><th>server</th>",
          out);
    html_element(out, "th", "%s", x_title(t));
    fputs("<th>rounds</th><th>answered</th>", out);
    for (const struct column *c = columns_of(t); c->title != NULL; c++)
        html_element(out, "th", "%s", c->title);
    fputs("</tr></thead><tbody>\n", out);
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, t->query.bench, servers, SERVERS_MAX);
    for (int i = 0; i < n; i++) {
        if (!words_of_lesson(servers[i], lesson))
            continue;
        struct query query = t->query;
        query.server = servers[i];
        struct series series;
        series_load(&series, r, &query);
        for (int k = 0; k < series.n; k++)
            put_lesson_row(out, r, t, servers[i], &series.points[k]);
    }
    end_table(out);
}

/* --- all servers' numbers ------------------------------------------------ */

/* The columns of x; of dots the one that they show. */
static int columns_x(const struct results *r, const struct topic *t,
                     double xs[POINTS_MAX])
{
    if (t->kind == PLOT_LINES)
        return figures_xs(r, t, NULL, xs);
    xs[0] = figures_x(r, t);
    return 1;
}

static void put_topic_cell(FILE *out, const struct topic *t,
                           const struct point *p)
{
    fputs("<td>", out);
    if (p->rounds > 0) {
        html_text(out, t->show(p->median).text);
        fputs(p->starved ? STARVED : "", out);
        if (p->rounds > 1)
            html_element(out, "small", "%s \u2013 %s", t->show(p->low).text,
                         t->show(p->high).text);
    } else {
        html_text(out, p->reason != NULL ? words_cut(p->reason, 24).text : "-");
    }
    fputs("</td>", out);
}

void page_topic_table(FILE *out, const struct results *r, const struct topic *t)
{
    double xs[POINTS_MAX];
    const int n_xs = columns_x(r, t, xs);
    fputs("<details><summary>The numbers</summary><div class=\"scroll\">"
          "<table><thead><tr>",
          out);
    html_element(out, "th", "server, by %s", x_title(t));
    for (int i = 0; i < n_xs; i++)
        html_element(out, "th", "%s", words_count(xs[i]).text);
    fputs("</tr></thead><tbody>\n", out);
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, t->query.bench, servers, SERVERS_MAX);
    for (int i = 0; i < n; i++) {
        fputs("<tr>", out);
        html_element(out, "td", "%s", servers[i]);
        struct query query = t->query;
        query.server = servers[i];
        for (int k = 0; k < n_xs; k++) {
            const struct point p = series_point(r, &query, xs[k]);
            put_topic_cell(out, t, &p);
        }
        fputs("</tr>\n", out);
    }
    end_table(out);
}
