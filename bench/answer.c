/*
 * answer.c - the answer of the whole course in one sentence, from this
 * machine's numbers: what waiting together saves, and what asking about
 * everybody costs. See figures.h.
 */
#include "figures.h"

#include <string.h>

/* "20 pages that are 100 ms away take 0.10 s with epoll, 2.0 s with ..." */
static bool add_fetch(struct words *w, const struct results *r)
{
    const struct cast cast = figures_cast(r, &topic_fetch, NULL);
    if (cast.strong.server == NULL || cast.rival.server == NULL ||
        figures_compare(&cast.strong.point, &cast.rival.point) == EQUAL)
        return false;
    words_add(w, "%s pages arrive in %s s with %s instead of %s s with %s",
              words_count(cast.x).text,
              words_number(cast.strong.point.median).text,
              words_server(cast.strong.server).text,
              words_number(cast.rival.point.median).text,
              words_server(cast.rival.server).text);
    return true;
}

static bool add_idle(struct words *w, const struct results *r)
{
    const struct cast cast = figures_cast(r, &topic_idle, NULL);
    if (cast.strong.server == NULL)
        return false;
    words_add(w, "beside %s idle connections %s answers %s requests/s",
              words_count(cast.x).text, words_server(cast.strong.server).text,
              words_number(cast.strong.point.median).text);
    if (cast.rival.server == NULL)
        return true;
    const struct name rival = words_server(cast.rival.server);
    if (figures_compare(&cast.strong.point, &cast.rival.point) == EQUAL)
        words_add(w, ", and %s as many", rival.text);
    else
        words_add(
            w, ", %s times as many as %s",
            words_number(cast.strong.point.median / cast.rival.point.median)
                .text,
            rival.text);
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
