/*
 * answer.c - the answer of the whole course in one sentence, from this
 * machine's numbers: what waiting together saves, and what asking about
 * everybody costs. See figures.h.
 */
#include "figures.h"

#include <string.h>

/* Of those that count as equal to the best, the one that is taught last. */
static struct standing last_of_the_best(const struct results *r,
                                        const struct topic *t,
                                        const struct standing *best, double x)
{
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, t->query.bench, servers, SERVERS_MAX);
    struct standing last = *best;
    for (int i = 0; i < n; i++) {
        const struct standing s = figures_standing(r, t, servers[i], x);
        const struct point ratio = figures_ratio(r, t, &s, best);
        if (s.point.rounds > 0 && strcmp(s.server, "floor") != 0 &&
            figures_order(&ratio) == EQUAL)
            last = s;
    }
    return last;
}

/* "20 pages arrive in 0.10 s with epoll instead of 2.0 s with blocking" */
static bool add_fetch(struct words *w, const struct results *r)
{
    const struct topic *t = &topic_fetch;
    const struct cast cast = figures_cast(r, t, NULL);
    if (cast.strong.server == NULL || cast.rival.server == NULL ||
        figures_order(&cast.ratio) == EQUAL)
        return false;
    const struct standing best = last_of_the_best(r, t, &cast.strong, cast.x);
    words_add(w, "%s pages arrive in %s s with %s instead of %s s with %s",
              words_count(cast.x).text, words_number(best.point.median).text,
              words_server(best.server).text,
              words_number(cast.rival.point.median).text,
              words_server(cast.rival.server).text);
    return true;
}

/* The best server of all other lessons at x. */
static struct standing runner_up(const struct results *r, const struct topic *t,
                                 const struct standing *best, double x)
{
    struct name lessons[SERVERS_MAX];
    const int n = figures_lessons(r, t->query.bench, lessons);
    struct standing found = {.server = NULL};
    for (int i = 0; i < n; i++) {
        const struct standing s = figures_best(r, t, lessons[i].text, x);
        if (s.server != NULL &&
            !words_of_lesson(best->server, lessons[i].text) &&
            (found.server == NULL || s.point.median > found.point.median))
            found = s;
    }
    return found;
}

static bool add_idle(struct words *w, const struct results *r)
{
    const struct topic *t = &topic_idle;
    const double x = figures_x(r, t);
    const struct standing best = figures_best(r, t, NULL, x);
    if (best.server == NULL)
        return false;
    words_add(w, "beside %s idle connections %s answers %s requests/s",
              words_count(x).text, words_server(best.server).text,
              words_number(best.point.median).text);
    const struct standing other = runner_up(r, t, &best, x);
    if (other.server == NULL)
        return true;
    const struct point ratio = figures_ratio(r, t, &best, &other);
    if (figures_order(&ratio) == EQUAL)
        words_add(w, ", and %s as many", words_server(other.server).text);
    else
        words_add(w, ", %s times as many as %s",
                  words_number(ratio.median).text,
                  words_server(other.server).text);
    return true;
}

struct words figures_answer(const struct results *r)
{
    struct words words = {.len = 0};
    words_add(&words, "On this machine ");
    const bool fetch = add_fetch(&words, r);
    struct words idle = {.len = 0};
    if (add_idle(&idle, r))
        words_add(&words, "%s%s.", fetch ? "; " : "", idle.text);
    else if (fetch)
        words_add(&words, ".");
    else
        return figures_sentence(r, &topic_throughput, NULL);
    return words;
}
