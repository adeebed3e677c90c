/* page.c - see page.h. Tables are in page_tables.c. */
#include "page.h"

#include "charts.h"
#include "html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* With the words for those whose name says little. */
static const struct {
    const char *bench, *words;
} benches[] = {
    {"connections", NULL}, {"wrk", NULL},
    {"idle", NULL},        {"fetch", NULL},
    {"calls", NULL},       {"claim", "claims"},
    {"ring", "the loop"},  {"switch", "coroutines"},
};

struct words page_left_out(const struct results *r)
{
    struct words words = {.len = 0};
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++)
        if (!results_have(r, benches[i].bench))
            words_add(&words, "%s%s", words.len > 0 ? ", " : "",
                      benches[i].words != NULL ? benches[i].words
                                               : benches[i].bench);
    return words;
}

/* --- frame --------------------------------------------------------------- */

void page_begin(const struct source *s, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
          "<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, "
          "initial-scale=1\"/>\n",
          s->out);
    html_element(s->out, "title", "%s", title);
    fprintf(s->out, "<style>\n%s</style>\n</head>\n<body>\n", s->style);
    html_element(s->out, "h1", "%s", title);
}

void page_end(const struct source *s)
{
    fputs("</body>\n</html>\n", s->out);
}

int page_plot(const struct source *s, const struct plot *p)
{
    int error = plot_draw(p, &plot_wide, s->gnuplot, NULL, s->out, s->problem);
    if (error == 0)
        error =
            plot_draw(p, &plot_narrow, s->gnuplot, NULL, s->out, s->problem);
    return error;
}

/* --- the machine --------------------------------------------------------- */

/* Every value of that fact: files of one folder may differ. */
static struct words all_facts(const struct results *r, const char *key,
                              const char *otherwise)
{
    struct words words = {.len = 0};
    for (int i = 0; i < r->n_facts; i++)
        if (strcmp(r->facts[i].key, key) == 0)
            words_add(&words, "%s%s", words.len > 0 ? " and " : "",
                      r->facts[i].value);
    if (words.len == 0)
        words_add(&words, "%s", otherwise);
    return words;
}

void page_facts(FILE *out, const struct results *r)
{
    fputs("<p>", out);
    html_format(out, "%s, %s CPUs, %s, %s.",
                all_facts(r, "cpu", "unknown processor").text,
                all_facts(r, "cpus", "?").text,
                all_facts(r, "kernel", "unknown kernel").text,
                all_facts(r, "compiler", "unknown compiler").text);
    fputs("</p>\n<p>", out);
    html_format(out, "Measured %s by ", all_facts(r, "date", "some day").text);
    fputs("<code>", out);
    html_text(out, all_facts(r, "command", "make bench").text);
    fputs("</code>", out);
    html_format(out, " (commit %s), mode %s, %s rounds; the machine was %s.",
                all_facts(r, "commit", "?").text,
                all_facts(r, "mode", "?").text,
                all_facts(r, "rounds", "?").text,
                strcmp(all_facts(r, "quiet", "yes").text, "yes") == 0
                    ? "otherwise quiet"
                    : "busy with other things: trust ratios and CPU time, "
                      "not requests/s");
    for (int i = 0; i < r->n_facts; i++)
        if (strcmp(r->facts[i].key, "note") == 0)
            html_format(out, " Note: %s.", r->facts[i].value);
    fputs("</p>\n", out);
}

/* The sections of the library: the benchmarks of the loop and of coroutines. */
static const struct library {
    const char *id, *title, *link;
    const char *about, *again; /* ours, with markup */
    const struct topic *const *topics;
} libraries[] = {
    {.id = "loop",
     .title = "The loop",
     .link = "the loop",
     .about = "What libloop adds to the kernel's work, in one process and on "
              "one CPU: beside loops written by hand (raw) and, where they are "
              "installed, libevent, libev and libuv.",
     .again = "<code>make bench-loop</code>. One point by hand: "
              "<code>build/bench/ring --pipes 100 --active 1</code>.",
     .topics = topics_loop},
    {.id = "coroutines",
     .title = "Coroutines",
     .link = "coroutines",
     .about = "What a task of libloop costs, on one CPU: beside what can be "
              "written by hand (raw), lesson 08's minico, threads and, where "
              "they are installed, other libraries and languages.",
     .again = "<code>make bench-co</code>. One point by hand: "
              "<code>build/bench/switch --tasks 1000 --only loop/co</code>.",
     .topics = topics_co},
};

enum { N_LIBRARIES = sizeof libraries / sizeof libraries[0] };

static bool has_library(const struct results *r, const struct library *l)
{
    for (int i = 0; l->topics[i] != NULL; i++)
        if (results_have(r, l->topics[i]->query.bench))
            return true;
    return false;
}

static void put_head(const struct source *s, const struct name *lessons, int n)
{
    page_begin(s, "One server, one client, every model of I/O: your numbers");
    const struct words answer = figures_answer(s->mine);
    html_element(s->out, "p class=\"answer\"", "%s", answer.text);
    fputs("<div class=\"facts\">\n", s->out);
    page_facts(s->out, s->mine);
    if (s->reference->n_rows > 0)
        html_element(s->out, "p",
                     "Reference, dashed grey: %s, %s, measured %s.",
                     results_fact(s->reference, "cpu", "unknown processor"),
                     results_fact(s->reference, "kernel", "unknown kernel"),
                     results_fact(s->reference, "date", "some day"));
    const struct words left_out = page_left_out(s->mine);
    if (left_out.len > 0)
        html_element(s->out, "p",
                     "Left out, because there are no results: %s. They are "
                     "measured by make bench and make claims.",
                     left_out.text);
    fputs("</div>\n<nav>", s->out);
    for (int i = 0; i < n; i++) {
        fputs("<a href=\"#lesson-", s->out);
        html_text(s->out, lessons[i].text);
        fputs("\">", s->out);
        html_text(s->out, lessons[i].text);
        fputs("</a> ", s->out);
    }
    fputs("<a href=\"#together\">all together</a>", s->out);
    for (int i = 0; i < N_LIBRARIES; i++)
        if (has_library(s->mine, &libraries[i]))
            fprintf(s->out, " <a href=\"#%s\">%s</a>", libraries[i].id,
                    libraries[i].link);
    fputs("</nav>\n", s->out);
}

/* --- figures ------------------------------------------------------------- */

/* How many rounds the points of a plot have: fewest and most. */
static void count_rounds(const struct plot *p, int *fewest, int *most)
{
    *fewest = ROUNDS_MAX;
    *most = 0;
    for (int i = 0; i < p->n_lines; i++) {
        const struct plot_line *line = &p->lines[i];
        for (int k = 0; k < line->series.n; k++) {
            const int rounds = line->series.points[k].rounds;
            if (line->role == PLOT_REFERENCE || rounds == 0)
                continue;
            *fewest = rounds < *fewest ? rounds : *fewest;
            *most = rounds > *most ? rounds : *most;
        }
    }
}

static bool any_starved(const struct plot *p)
{
    for (int i = 0; i < p->n_lines; i++)
        for (int k = 0; k < p->lines[i].series.n; k++)
            if (p->lines[i].series.points[k].starved)
                return true;
    return false;
}

static void put_caption(const struct source *s, const struct plot *p,
                        const struct topic *t, const char *lesson)
{
    int fewest, most;
    count_rounds(p, &fewest, &most);
    fputs("<figcaption>", s->out);
    if (most < 2)
        html_text(s->out, "One round: no spread is known.");
    else if (fewest == most)
        html_format(s->out, "Median of %d rounds", most);
    else
        html_format(s->out, "Medians of %d to %d rounds", fewest, most);
    if (most >= 2)
        html_format(s->out, "; %s: %s.", p->kind == PLOT_DOTS ? "bar" : "band",
                    series_spread_words(most));
    if (plot_is_log(p))
        html_text(s->out, " The axis of values is a log axis.");
    if (plot_has_reference(p))
        html_format(s->out, " %s: the reference.",
                    p->kind == PLOT_DOTS ? "Grey stroke" : "Dashed grey");
    if (any_starved(p))
        html_text(s->out, " Open marks: starved, some connections got no "
                          "answer.");
    const struct words missing = figures_missing(s->mine, t, lesson);
    if (missing.len > 0)
        html_format(s->out, " Not measured: %s.", missing.text);
    fputs("</figcaption>\n", s->out);
}

/* `look_at` and `if_different` are ours and hold markup. */
static void put_advice(const struct source *s, const struct topic *t)
{
    fprintf(s->out,
            "<p><b>Look at:</b> %s</p>\n<details><summary>If yours looks "
            "different</summary><p>%s</p></details>\n",
            t->look_at, t->if_different);
}

static int put_figure(const struct source *s, const struct topic *t,
                      const char *lesson)
{
    struct plot *p = chart_new(s->mine, s->reference, t, lesson);
    html_element(s->out, "h3", "%s", p->title);
    int error = 0;
    if (plot_has_points(p)) {
        fputs("<figure>\n", s->out);
        error = page_plot(s, p);
        put_caption(s, p, t, lesson);
        fputs("</figure>\n", s->out);
        put_advice(s, t);
    }
    if (lesson != NULL)
        page_lesson_table(s->out, s->mine, t, lesson);
    else
        page_topic_table(s->out, s->mine, t);
    free(p);
    return error;
}

/* True if the lesson has a server in the topic's bench. */
static bool takes_part(const struct results *r, const struct topic *t,
                       const char *lesson)
{
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, t->query.bench, servers, SERVERS_MAX);
    for (int i = 0; i < n; i++)
        if (words_of_lesson(servers[i], lesson))
            return true;
    return false;
}

static int put_lesson(const struct source *s, const char *lesson)
{
    static const struct topic *const topics[] = {&topic_throughput, &topic_idle,
                                                 &topic_fetch};
    const struct name number = words_number_of(lesson);
    fputs("<section id=\"lesson-", s->out);
    html_text(s->out, lesson);
    fputs("\">\n", s->out);
    html_element(s->out, "h2", "%s", lesson);
    int error = 0;
    for (size_t i = 0; error == 0 && i < 3; i++)
        if (takes_part(s->mine, topics[i], lesson))
            error = put_figure(s, topics[i], lesson);
    fprintf(s->out,
            "<p class=\"again\">Measure and draw this again: "
            "<code>make bench LESSONS=\"%s\"</code>, then "
            "<code>make report</code>.</p>\n</section>\n",
            number.text);
    return error;
}

/* --- all together -------------------------------------------------------- */

/* Every server's line on the same axes, the others pale behind it. */
static int put_multiples(const struct source *s, const struct topic *t)
{
    const char *servers[SERVERS_MAX];
    const int n =
        results_servers(s->mine, t->query.bench, servers, SERVERS_MAX);
    int error = 0;
    html_element(s->out, "h3", "%s", figures_sentence(s->mine, t, NULL).text);
    fputs("<div class=\"multiples\">\n", s->out);
    for (int i = 0; error == 0 && i < n; i++) {
        struct plot *p = chart_multiple(s->mine, s->reference, t, servers[i]);
        fputs("<figure>\n", s->out);
        html_element(s->out, "figcaption", "%s", words_server(servers[i]).text);
        error = plot_draw(p, &plot_small, s->gnuplot, NULL, s->out, s->problem);
        fputs("</figure>\n", s->out);
        free(p);
    }
    fputs("</div>\n", s->out);
    html_element(s->out, "p class=\"facts\"",
                 "%s against %s, the same axes everywhere: this server strong, "
                 "all others pale behind it, the reference dashed. Open marks: "
                 "starved.",
                 t->y_label, t->x_label);
    page_topic_table(s->out, s->mine, t);
    return error;
}

static int put_together(const struct source *s)
{
    fputs("<section id=\"together\">\n<h2>All together</h2>\n", s->out);
    int error = 0;
    if (results_have(s->mine, "connections"))
        error = put_multiples(s, &topic_throughput);
    for (int i = 0; error == 0 && topics_together[i] != NULL; i++)
        if (results_have(s->mine, topics_together[i]->query.bench))
            error = put_figure(s, topics_together[i], NULL);
    fputs("<p class=\"again\">Measure and draw all of it again: "
          "<code>make bench</code>, then <code>make report</code>. Give your "
          "results to somebody: <code>make bench-export NAME=yours</code>."
          "</p>\n</section>\n",
          s->out);
    return error;
}

/* --- the library --------------------------------------------------------- */

static int put_library(const struct source *s, const struct library *l)
{
    if (!has_library(s->mine, l))
        return 0;
    fprintf(s->out, "<section id=\"%s\">\n<h2>%s</h2>\n<p>%s</p>\n", l->id,
            l->title, l->about);
    int error = 0;
    for (int i = 0; error == 0 && l->topics[i] != NULL; i++)
        if (results_have(s->mine, l->topics[i]->query.bench))
            error = put_figure(s, l->topics[i], NULL);
    fprintf(s->out,
            "<p class=\"again\">Measure and draw this again: %s</p>\n"
            "</section>\n",
            l->again);
    return error;
}

int page_report(const struct source *s, const void *arg)
{
    (void)arg;
    struct name lessons[SERVERS_MAX];
    const int n = figures_lessons(s->mine, NULL, lessons);
    put_head(s, lessons, n);
    page_verdicts(s->out, s->mine);
    int error = 0;
    for (int i = 0; error == 0 && i < n; i++)
        error = put_lesson(s, lessons[i].text);
    if (error == 0)
        error = put_together(s);
    for (int i = 0; error == 0 && i < N_LIBRARIES; i++)
        error = put_library(s, &libraries[i]);
    page_end(s);
    return error;
}
