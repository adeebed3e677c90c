/* summary.c - see summary.h. */
#include "summary.h"

#include "figures.h"

#include <math.h>
#include <string.h>

static struct point at(const struct results *r, const char *server,
                       const char *metric, const char *over, double x)
{
    const struct query query = {"connections", server, "keep-alive",
                                metric,        over,   NULL};
    return series_point(r, &query, x);
}

/* "all of 64", "3 of 64 starved": how many got no answer. */
static struct words answered_words(const struct point *p)
{
    struct words words = {.len = 0};
    if (p->rounds == 0)
        words_add(&words, "%s",
                  p->reason != NULL ? words_cut(p->reason, 17).text : "-");
    else if (isnan(p->answered))
        words_add(&words, "-");
    else if (p->starved)
        words_add(&words, "%s of %s starved",
                  words_count(p->asked - p->answered).text,
                  words_count(p->asked).text);
    else
        words_add(&words, "all of %s", words_count(p->asked).text);
    return words;
}

static struct words idle_words(const struct results *r, const char *server,
                               double x)
{
    const struct query query = {"idle", server, "keep-alive",
                                "rate", NULL,   NULL};
    const struct point p = series_point(r, &query, x);
    struct words words = {.len = 0};
    if (p.rounds > 0)
        words_add(&words, "%s", words_number(p.median).text);
    else
        words_add(&words, "%s",
                  p.reason != NULL ? words_cut(p.reason, 20).text : "-");
    return words;
}

static void print_server(FILE *out, const struct results *r, const char *server,
                         double x, double idle_x)
{
    const struct point rate = at(r, server, "rate", NULL, x);
    const struct point rate_ratio = at(r, server, "rate", "floor", x);
    const struct point cpu = at(r, server, "cpu", NULL, x);
    const struct point cpu_ratio = at(r, server, "cpu", "floor", x);
    fprintf(out, "%-21s %10s %6s %9s %6s  %-17s", server,
            words_number(rate.median).text, words_ratio(rate_ratio.median).text,
            words_number(cpu.median).text, words_ratio(cpu_ratio.median).text,
            answered_words(&rate).text);
    if (idle_x > 0)
        fprintf(out, "  %s", idle_words(r, server, idle_x).text);
    fputc('\n', out);
}

void summary_print(FILE *out, const struct results *r)
{
    if (!results_have(r, "connections"))
        return;
    const double x = figures_x(r, &topic_throughput);
    const double idle_x =
        results_have(r, "idle") ? figures_x(r, &topic_idle) : 0;
    fprintf(out, "at %s connections, keep-alive; medians, x: times the floor\n",
            words_count(x).text);
    fprintf(out, "%-21s %10s %6s %9s %6s  %-17s", "server", "requests/s", "x",
            "CPU us", "x", "answered");
    if (idle_x > 0)
        fprintf(out, "  beside %s idle", words_count(idle_x).text);
    fputc('\n', out);
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, "connections", servers, SERVERS_MAX);
    for (int i = 0; i < n; i++)
        print_server(out, r, servers[i], x, idle_x);
}
