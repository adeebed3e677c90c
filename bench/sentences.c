/*
 * sentences.c - see figures.h: what the data says, in words.
 */
#include "figures.h"

#include <stdio.h>
#include <string.h>

/* --- what is missing, who starves ---------------------------------------- */

/* The first gap of a line. */
struct gap {
    const char *server;
    const char *from; /* how its x is said: "", " at ", " from " */
    double x;
    const char *reason; /* NULL: there is no gap */
};

static struct gap gap_of(const struct results *r, const struct topic *t,
                         const char *server)
{
    struct query query = t->query;
    query.server = server;
    struct series s;
    series_load(&s, r, &query);
    int first = 0;
    while (first < s.n && s.points[first].rounds > 0)
        first++;
    if (t->kind == PLOT_DOTS) { /* shows one x; only that can be missing */
        const struct point *shown = series_at(&s, figures_x(r, t));
        first =
            shown != NULL && shown->rounds == 0 ? (int)(shown - s.points) : s.n;
    }
    if (first == s.n)
        return (struct gap){.server = server};
    const struct point *last = series_last(&s);
    const struct point *gap = &s.points[first];
    const char *from = last == NULL || t->kind == PLOT_DOTS ? ""
                       : last->x < gap->x                   ? " from "
                                                            : " at ";
    return (struct gap){server, from, gap->x, gap->reason};
}

static bool alike(const struct gap *a, const struct gap *b)
{
    return a->reason != NULL && b->reason != NULL &&
           strcmp(a->reason, b->reason) == 0 && strcmp(a->from, b->from) == 0 &&
           (a->from[0] == '\0' || a->x == b->x);
}

/* "pool, prefork from 1,000 on (the reason)": all gaps that are alike. */
static void add_gaps(struct words *w, struct gap *gaps, int n)
{
    const struct gap first = gaps[0];
    for (int i = 0; i < n; i++) {
        if (!alike(&first, &gaps[i]))
            continue;
        words_add(w, "%s%s",
                  i > 0        ? ", "
                  : w->len > 0 ? "; "
                               : "",
                  words_server(gaps[i].server).text);
        gaps[i].reason = NULL; /* said */
    }
    if (first.from[0] != '\0')
        words_add(w, "%s%s%s", first.from, words_count(first.x).text,
                  strcmp(first.from, " from ") == 0 ? " on" : "");
    words_add(w, " (%s)", words_cut(first.reason, NAME_MAX_LEN - 1).text);
}

struct words figures_missing(const struct results *r, const struct topic *t,
                             const char *lesson)
{
    const char *servers[SERVERS_MAX];
    const int n_servers = figures_servers(r, t, servers);
    struct gap gaps[SERVERS_MAX];
    int n = 0;
    for (int i = 0; i < n_servers; i++)
        if (lesson == NULL || words_of_lesson(servers[i], lesson))
            gaps[n++] = gap_of(r, t, servers[i]);
    struct words words = {.len = 0};
    for (int i = 0; i < n; i++)
        if (gaps[i].reason != NULL)
            add_gaps(&words, gaps + i, n - i);
    return words;
}

/* Adds who of the lesson leaves most connections without an answer at x. */
static void add_starved(struct words *w, const struct results *r,
                        const struct topic *t, const char *lesson, double x)
{
    const struct standing s = figures_most_starved(r, t, lesson, x);
    if (s.server != NULL)
        words_add(w, "; %s leaves %s of %s connections without any answer",
                  words_server(s.server).text,
                  words_count(s.point.asked - s.point.answered).text,
                  words_count(s.point.asked).text);
}

/* --- sentences ----------------------------------------------------------- */

/* "..., 1.7 times as many as poll"; or as many, within the spread. */
static void add_comparison(struct words *w, const struct cast *cast)
{
    const struct name rival = words_server(cast->rival.server);
    const enum order order = figures_order(&cast->ratio);
    if (order == EQUAL)
        words_add(w, ", as many as %s within the spread", rival.text);
    else
        words_add(w, ", %s%s times as many as %s", order == LESS ? "only " : "",
                  words_ratio(cast->ratio.median).text, rival.text);
}

static void say_throughput(struct words *w, const struct results *r,
                           const struct topic *t, const char *lesson)
{
    const struct cast cast = figures_cast(r, t, lesson);
    const double decisive = figures_x(r, t);
    if (cast.strong.server == NULL) {
        words_add(w, "No server of %s answers all of its connections", lesson);
        add_starved(w, r, t, lesson, decisive);
        words_add(w, ".");
        return;
    }
    words_add(w, "At %s connection%s %s answers %s requests/s",
              words_count(cast.x).text, cast.x == 1 ? "" : "s",
              words_server(cast.strong.server).text,
              words_number(cast.strong.point.median).text);
    if (cast.ratio.rounds > 0)
        add_comparison(w, &cast);
    add_starved(w, r, t, lesson, decisive);
    words_add(w, ".");
}

/* What idle connections take away from the active ones. */
static void say_idle(struct words *w, const struct results *r,
                     const struct topic *t, const char *lesson)
{
    const struct cast cast = figures_cast(r, t, lesson);
    if (cast.strong.server == NULL || cast.x == 0) {
        words_add(w, "No server of %s answers beside idle connections.",
                  lesson);
        return;
    }
    const struct standing *beside = &cast.strong;
    const struct standing alone = figures_standing(r, t, beside->server, 0);
    const struct name idle = words_count(cast.x);
    const struct name name = words_server(beside->server);
    const struct name before = words_number(alone.point.median);
    const struct name after = words_number(beside->point.median);
    const struct point ratio = figures_ratio(r, t, beside, &alone);
    if (alone.point.rounds == 0)
        words_add(w, "Beside %s idle connections %s answers %s requests/s.",
                  idle.text, name.text, after.text);
    else if (figures_order(&ratio) == EQUAL)
        words_add(w,
                  "%s idle connections cost %s nothing that shows: %s "
                  "requests/s beside none, %s beside them.",
                  idle.text, name.text, before.text, after.text);
    else
        words_add(w,
                  "%s idle connections take %s from %s to %s requests/s: "
                  "%s of what it does beside none.",
                  idle.text, name.text, before.text, after.text,
                  words_ratio(ratio.median).text);
}

/* Whether pages wait one after another, or together. */
static void say_fetch(struct words *w, const struct results *r,
                      const struct topic *t, const char *lesson)
{
    double xs[POINTS_MAX];
    const int n = figures_xs(r, t, lesson, xs);
    const double pages = n > 0 ? xs[n - 1] : 0;
    const struct standing best = figures_best(r, t, lesson, pages);
    if (n < 2 || best.server == NULL) {
        words_add(w, "%s fetched too few pages to compare.", lesson);
        return;
    }
    const struct standing first = figures_standing(r, t, best.server, xs[0]);
    const struct point ratio = figures_ratio(r, t, &best, &first);
    const double times = ratio.median;
    struct name few = words_count(xs[0]);
    if (xs[0] == 1)
        few = (struct name){"one"};
    const double pages_times = pages / xs[0];
    words_add(w, "With %s %s pages take %s s, ", words_server(best.server).text,
              words_count(pages).text, words_number(best.point.median).text);
    if (times > 0.8 * pages_times)
        words_add(w, "%s times as long as %s: they wait one after another.",
                  words_number(times).text, few.text);
    else if (times < 1.5)
        words_add(w, "about as long as %s: all wait together.", few.text);
    else
        words_add(w, "%s times as long as %s: about %s wait at a time.",
                  words_number(times).text, few.text,
                  words_count(pages_times / times).text);
}

/* Fills {x} {best} {value} {worst} {other} of a topic's sentence. */
static void fill(struct words *w, const char *sentence, const struct topic *t,
                 const struct cast *cast)
{
    const struct {
        const char *slot;
        struct name word;
    } slots[] = {
        {"{x}", words_count(cast->x)},
        {"{best}", words_server(cast->strong.server)},
        {"{value}", t->show(cast->strong.point.median)},
        {"{worst}", words_server(cast->rival.server)},
        {"{other}", t->show(cast->rival.point.median)},
    };
    while (*sentence != '\0') {
        const int plain = (int)strcspn(sentence, "{");
        words_add(w, "%.*s", plain, sentence);
        sentence += plain;
        const char *slot = sentence;
        for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
            const size_t len = strlen(slots[i].slot);
            if (strncmp(sentence, slots[i].slot, len) != 0)
                continue;
            words_add(w, "%s", slots[i].word.text);
            sentence += len;
        }
        sentence += sentence == slot && *sentence != '\0'; /* no slot */
    }
}

/* The best and the worst of all, in the topic's own words. */
static void say_extremes(struct words *w, const struct results *r,
                         const struct topic *t)
{
    const struct cast cast = figures_cast(r, t, NULL);
    if (cast.strong.server == NULL) {
        words_add(w, "No server could be measured here.");
        return;
    }
    if (cast.rival.server == NULL)
        words_add(w, "%s: %s at %s.", words_server(cast.strong.server).text,
                  t->show(cast.strong.point.median).text,
                  words_count(cast.x).text);
    else if (t->equal != NULL && figures_order(&cast.ratio) == EQUAL)
        fill(w, t->equal, t, &cast);
    else if (t->differ != NULL)
        fill(w, t->differ, t, &cast);
}

struct words figures_sentence(const struct results *r, const struct topic *t,
                              const char *lesson)
{
    struct words words = {.len = 0};
    if (lesson == NULL)
        say_extremes(&words, r, t);
    else if (t == &topic_throughput)
        say_throughput(&words, r, t, lesson);
    else if (t == &topic_idle)
        say_idle(&words, r, t, lesson);
    else
        say_fetch(&words, r, t, lesson);
    return words;
}
