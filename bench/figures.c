/*
 * figures.c - see figures.h: who is best, who is worst, and what to say.
 */
#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KNOWN_ROUNDS = 3 }; /* fewer say nothing about the spread */

enum order figures_compare(const struct point *a, const struct point *b)
{
    double margin = 1;
    if (a->rounds < KNOWN_ROUNDS || b->rounds < KNOWN_ROUNDS)
        margin = 1.1;
    if (a->low > b->high * margin)
        return MORE;
    return a->high * margin < b->low ? LESS : EQUAL;
}

int figures_lessons(const struct results *r, const char *bench,
                    struct name *lessons)
{
    const char *servers[SERVERS_MAX];
    const int n_servers = results_servers(r, bench, servers, SERVERS_MAX);
    int n = 0;
    for (int i = 0; i < n_servers; i++) {
        const struct name lesson = words_lesson(servers[i]);
        if (strcmp(servers[i], "floor") != 0 &&
            (n == 0 || strcmp(lessons[n - 1].text, lesson.text) != 0))
            lessons[n++] = lesson;
    }
    return n;
}

/* --- best and worst ------------------------------------------------------ */

static struct point point_of(const struct results *r, const struct topic *t,
                             const char *server, double x)
{
    struct query query = t->query;
    query.server = server;
    return series_point(r, &query, x);
}

/* The server that is furthest in one direction: up (1) or down (-1). */
static struct standing furthest(const struct results *r, const struct topic *t,
                                const char *lesson, double x, int direction)
{
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, t->query.bench, servers, SERVERS_MAX);
    const bool worst = direction == (t->more_is_better ? -1 : 1);
    struct standing found = {.server = NULL};
    for (int i = 0; i < n; i++) {
        if (strcmp(servers[i], "floor") == 0 ||
            (lesson != NULL && !words_of_lesson(servers[i], lesson)))
            continue;
        const struct point p = point_of(r, t, servers[i], x);
        if (p.rounds == 0 || (p.starved && !(worst && t->starved_count)))
            continue;
        if (found.server == NULL ||
            direction * (p.median - found.point.median) > 0)
            found = (struct standing){servers[i], p};
    }
    return found;
}

struct standing figures_best(const struct results *r, const struct topic *t,
                             const char *lesson, double x)
{
    return furthest(r, t, lesson, x, t->more_is_better ? 1 : -1);
}

struct standing figures_worst(const struct results *r, const struct topic *t,
                              double x)
{
    return furthest(r, t, NULL, x, t->more_is_better ? -1 : 1);
}

/* All x of a topic, of one lesson or of all, rising. */
static int all_x(const struct results *r, const struct topic *t,
                 const char *lesson, double *xs)
{
    const char *servers[SERVERS_MAX];
    const int n_servers =
        results_servers(r, t->query.bench, servers, SERVERS_MAX);
    int n = 0;
    for (int i = 0; i < n_servers; i++) {
        if (lesson != NULL && !words_of_lesson(servers[i], lesson))
            continue;
        struct query query = t->query;
        query.server = servers[i];
        struct series series;
        series_load(&series, r, &query);
        for (int k = 0; k < series.n; k++) {
            int at = 0;
            while (at < n && xs[at] < series.points[k].x)
                at++;
            if (series.points[k].rounds == 0 ||
                (at < n && xs[at] == series.points[k].x) || n == POINTS_MAX)
                continue;
            memmove(xs + at + 1, xs + at, (size_t)(n - at) * sizeof *xs);
            xs[at] = series.points[k].x;
            n++;
        }
    }
    return n;
}

double figures_x(const struct results *r, const struct topic *t)
{
    double xs[POINTS_MAX];
    const int n = all_x(r, t, NULL, xs);
    for (int i = 0; i < n; i++)
        if (t->x > 0 && xs[i] == t->x)
            return t->x;
    return n > 0 ? xs[n - 1] : 0;
}

/* --- who plays which part ------------------------------------------------ */

/* The nearest lesson before `lesson` that has servers in this bench. */
static struct name lesson_before(const struct results *r, const struct topic *t,
                                 const char *lesson)
{
    struct name lessons[SERVERS_MAX];
    const int n = figures_lessons(r, t->query.bench, lessons);
    struct name before = {""};
    for (int i = 0; i < n && strcmp(lessons[i].text, lesson) < 0; i++)
        before = lessons[i];
    return before;
}

/*
 * A lesson's best against the best of the lesson before, at the largest x that
 * both reach with every connection answered.
 */
static struct cast cast_of_lesson(const struct results *r,
                                  const struct topic *t, const char *lesson)
{
    const struct name before = lesson_before(r, t, lesson);
    double xs[POINTS_MAX];
    struct cast cast = {.x = 0};
    for (int i = all_x(r, t, lesson, xs) - 1; i >= 0; i--) {
        const struct standing best = figures_best(r, t, lesson, xs[i]);
        if (best.server == NULL)
            continue;
        if (cast.strong.server == NULL)
            cast = (struct cast){.strong = best, .x = xs[i]};
        if (before.text[0] == '\0')
            break;
        const struct standing rival = figures_best(r, t, before.text, xs[i]);
        if (rival.server != NULL)
            return (struct cast){best, rival, xs[i]};
    }
    return cast;
}

struct cast figures_cast(const struct results *r, const struct topic *t,
                         const char *lesson)
{
    if (lesson != NULL)
        return cast_of_lesson(r, t, lesson);
    struct cast cast = {.x = figures_x(r, t)};
    cast.strong = figures_best(r, t, NULL, cast.x);
    cast.rival = figures_worst(r, t, cast.x);
    if (cast.strong.server != NULL && cast.rival.server != NULL &&
        strcmp(cast.strong.server, cast.rival.server) == 0)
        cast.rival.server = NULL;
    return cast;
}

/* --- what is missing, who starves ---------------------------------------- */

struct words figures_missing(const struct results *r, const struct topic *t,
                             const char *lesson)
{
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, t->query.bench, servers, SERVERS_MAX);
    struct words words = {.len = 0};
    for (int i = 0; i < n; i++) {
        if (lesson != NULL && !words_of_lesson(servers[i], lesson))
            continue;
        struct query query = t->query;
        query.server = servers[i];
        struct series series;
        series_load(&series, r, &query);
        for (int k = 0; k < series.n; k++) {
            const struct point *p = &series.points[k];
            if (p->rounds > 0 || p->reason == NULL)
                continue;
            words_add(&words, "%s%s at %s (%s)", words.len > 0 ? "; " : "",
                      words_server(servers[i]).text, words_count(p->x).text,
                      words_cut(p->reason, NAME_MAX_LEN - 1).text);
            break; /* the first says it: from there on */
        }
    }
    return words;
}

/* Adds the lesson's worst starved server at x, if there is one. */
static void add_starved(struct words *w, const struct results *r,
                        const struct topic *t, const char *lesson, double x)
{
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, t->query.bench, servers, SERVERS_MAX);
    struct standing worst = {.server = NULL};
    for (int i = 0; i < n; i++) {
        const struct point p = point_of(r, t, servers[i], x);
        if (words_of_lesson(servers[i], lesson) && p.starved &&
            (worst.server == NULL || p.answered < worst.point.answered))
            worst = (struct standing){servers[i], p};
    }
    if (worst.server != NULL)
        words_add(w, "; %s leaves %s of %s connections without any answer",
                  words_server(worst.server).text,
                  words_count(x - worst.point.answered).text,
                  words_count(x).text);
}

/* --- sentences ----------------------------------------------------------- */

/* "..., 1.7 times as many as poll"; or as many, within the spread. */
static void add_comparison(struct words *w, const struct cast *cast)
{
    const struct point *mine = &cast->strong.point;
    const struct point *other = &cast->rival.point;
    const struct name rival = words_server(cast->rival.server);
    const enum order order = figures_compare(mine, other);
    if (order == EQUAL)
        words_add(w, ", as many as %s within the spread (%s)", rival.text,
                  words_number(other->median).text);
    else
        words_add(w, ", %s%s times as many as %s", order == LESS ? "only " : "",
                  words_ratio(mine->median / other->median).text, rival.text);
}

static void say_throughput(struct words *w, const struct results *r,
                           const struct topic *t, const char *lesson)
{
    const struct cast cast = cast_of_lesson(r, t, lesson);
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
    if (cast.rival.server != NULL)
        add_comparison(w, &cast);
    add_starved(w, r, t, lesson, decisive);
    words_add(w, ".");
}

/* What idle connections take away from the active ones. */
static void say_idle(struct words *w, const struct results *r,
                     const struct topic *t, const char *lesson)
{
    const struct cast cast = cast_of_lesson(r, t, lesson);
    if (cast.strong.server == NULL || cast.x == 0) {
        words_add(w, "No server of %s answers beside idle connections.",
                  lesson);
        return;
    }
    const char *server = cast.strong.server;
    const struct point alone = point_of(r, t, server, 0);
    const struct point *beside = &cast.strong.point;
    const struct name idle = words_count(cast.x);
    const struct name name = words_server(server);
    if (alone.rounds == 0)
        words_add(w, "Beside %s idle connections %s answers %s requests/s.",
                  idle.text, name.text, words_number(beside->median).text);
    else if (figures_compare(beside, &alone) == EQUAL)
        words_add(w,
                  "%s idle connections cost %s nothing that shows: %s "
                  "requests/s beside none, %s beside them.",
                  idle.text, name.text, words_number(alone.median).text,
                  words_number(beside->median).text);
    else
        words_add(w,
                  "%s idle connections take %s from %s to %s requests/s: "
                  "%s of what it does beside none.",
                  idle.text, name.text, words_number(alone.median).text,
                  words_number(beside->median).text,
                  words_ratio(beside->median / alone.median).text);
}

/* Whether pages wait one after another, or together. */
static void say_fetch(struct words *w, const struct results *r,
                      const struct topic *t, const char *lesson)
{
    double xs[POINTS_MAX];
    const int n = all_x(r, t, lesson, xs);
    const double pages = n > 0 ? xs[n - 1] : 0;
    const struct standing best = figures_best(r, t, lesson, pages);
    if (n < 2 || best.server == NULL) {
        words_add(w, "%s fetched too few pages to compare.", lesson);
        return;
    }
    const struct point first = point_of(r, t, best.server, xs[0]);
    const double times = best.point.median / first.median;
    const double pages_times = pages / xs[0];
    words_add(w, "%s pages take %s %s s, ", words_count(pages).text,
              words_server(best.server).text,
              words_number(best.point.median).text);
    if (times > 0.8 * pages_times)
        words_add(w, "%s times as long as %s: they wait one after another.",
                  words_number(times).text, words_count(xs[0]).text);
    else if (times < 1.5)
        words_add(w, "about as long as %s: all wait together.",
                  words_count(xs[0]).text);
    else
        words_add(w, "%s times as long as %s: about %s wait at a time.",
                  words_number(times).text, words_count(xs[0]).text,
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
    else if (figures_compare(&cast.strong.point, &cast.rival.point) == EQUAL)
        fill(w, t->equal, t, &cast);
    else
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
