/*
 * figures.c - see figures.h: who is best, who is worst, and what to say.
 */
#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KNOWN_ROUNDS = 5 }; /* fewer say little about the spread */

enum order figures_order(const struct point *ratio)
{
    const double margin = ratio->rounds < KNOWN_ROUNDS ? 1.1 : 1;
    if (ratio->rounds == 0)
        return EQUAL;
    if (ratio->low > margin)
        return MORE;
    return ratio->high * margin < 1 ? LESS : EQUAL;
}

/* Of two points that share no round: from the edges of their spreads. */
static struct point ratio_of_spreads(const struct point *a,
                                     const struct point *b)
{
    struct point ratio = {.x = a->x,
                          .median = a->median / b->median,
                          .low = a->low / b->high,
                          .high = a->high / b->low};
    ratio.rounds = a->rounds < b->rounds ? a->rounds : b->rounds;
    return ratio;
}

struct point figures_ratio(const struct results *r, const struct topic *t,
                           const struct standing *a, const struct standing *b)
{
    struct query query = t->query;
    query.server = a->server;
    query.over = b->server;
    query.over_x = &b->point.x;
    const struct point ratio = series_point(r, &query, a->point.x);
    return ratio.rounds > 0 ? ratio : ratio_of_spreads(&a->point, &b->point);
}

int figures_lessons(const struct results *r, const char *bench,
                    struct name *lessons)
{
    const char *servers[SERVERS_MAX];
    const int n_servers = results_servers(r, bench, servers, SERVERS_MAX);
    int n = 0;
    for (int i = 0; i < n_servers; i++) {
        const struct name lesson = words_lesson(servers[i]);
        if (!words_yardstick(servers[i]) &&
            (bench != NULL || words_number_of(servers[i]).text[0] != '\0') &&
            (n == 0 || strcmp(lessons[n - 1].text, lesson.text) != 0))
            lessons[n++] = lesson;
    }
    return n;
}

/* --- best and worst ------------------------------------------------------ */

struct standing figures_standing(const struct results *r, const struct topic *t,
                                 const char *server, double x)
{
    struct query query = t->query;
    query.server = server;
    return (struct standing){server, series_point(r, &query, x)};
}

/* True if the topic is not about this server. */
static bool left_out(const struct topic *t, const char *server)
{
    const size_t len = strlen(server);
    for (const char *at = t->without; at != NULL && *at != '\0';) {
        const size_t n = strcspn(at, " ");
        if (n == len && strncmp(at, server, n) == 0)
            return true;
        at += n + strspn(at + n, " ");
    }
    return false;
}

int figures_servers(const struct results *r, const struct topic *t,
                    const char **servers)
{
    const char *all[SERVERS_MAX];
    const int n_all = results_servers(r, t->query.bench, all, SERVERS_MAX);
    int n = 0;
    for (int i = 0; i < n_all; i++)
        if (!left_out(t, all[i]))
            servers[n++] = all[i];
    return n;
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
        if (words_yardstick(servers[i]) || left_out(t, servers[i]) ||
            (lesson != NULL && !words_of_lesson(servers[i], lesson)))
            continue;
        const struct standing s = figures_standing(r, t, servers[i], x);
        const bool starved = s.point.starved && !(worst && t->starved_count);
        if (s.point.rounds == 0 || starved)
            continue;
        if (found.server == NULL ||
            direction * (s.point.median - found.point.median) > 0)
            found = s;
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

struct standing figures_most_starved(const struct results *r,
                                     const struct topic *t, const char *lesson,
                                     double x)
{
    const char *servers[SERVERS_MAX];
    const int n = results_servers(r, t->query.bench, servers, SERVERS_MAX);
    struct standing found = {.server = NULL};
    for (int i = 0; i < n; i++) {
        const struct standing s = figures_standing(r, t, servers[i], x);
        if (words_of_lesson(servers[i], lesson) && s.point.starved &&
            (found.server == NULL || s.point.answered < found.point.answered))
            found = s;
    }
    return found;
}

/* --- which x -------------------------------------------------------------- */

/* Puts x into its place among n rising values. Returns how many there are. */
static int insert(double *xs, int n, double x)
{
    int at = 0;
    while (at < n && xs[at] < x)
        at++;
    if (n == POINTS_MAX || (at < n && xs[at] == x))
        return n;
    memmove(xs + at + 1, xs + at, (size_t)(n - at) * sizeof *xs);
    xs[at] = x;
    return n + 1;
}

int figures_xs(const struct results *r, const struct topic *t,
               const char *lesson, double xs[POINTS_MAX])
{
    int n = 0;
    for (int i = 0; i < r->n_rows; i++) {
        const struct row *row = &r->rows[i];
        if (!isnan(row->x) && strcmp(row->bench, t->query.bench) == 0 &&
            (lesson == NULL || words_of_lesson(row->server, lesson)) &&
            (t->query.variant == NULL ||
             strcmp(row->variant, t->query.variant) == 0) &&
            (strcmp(row->metric, t->query.metric) == 0 ||
             strcmp(row->metric, "failed") == 0))
            n = insert(xs, n, row->x);
    }
    return n;
}

double figures_x(const struct results *r, const struct topic *t)
{
    double xs[POINTS_MAX];
    double x = 0;
    const int n = figures_xs(r, t, NULL, xs);
    for (int i = 0; i < n; i++)
        if (figures_best(r, t, NULL, xs[i]).server != NULL) {
            x = xs[i];
            if (t->x > 0 && x == t->x)
                break;
        }
    return x;
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
 * both reach with every connection answered. The first lesson's is compared
 * with its own server that leaves most connections without an answer.
 */
static struct cast cast_of_lesson(const struct results *r,
                                  const struct topic *t, const char *lesson)
{
    const struct name before = lesson_before(r, t, lesson);
    double xs[POINTS_MAX];
    struct cast cast = {.x = 0};
    for (int i = figures_xs(r, t, lesson, xs) - 1; i >= 0; i--) {
        const struct standing best = figures_best(r, t, lesson, xs[i]);
        if (best.server == NULL)
            continue;
        if (cast.strong.server == NULL)
            cast = (struct cast){.strong = best, .x = xs[i]};
        if (before.text[0] == '\0') {
            cast.rival = figures_most_starved(r, t, lesson, figures_x(r, t));
            break;
        }
        const struct standing rival = figures_best(r, t, before.text, xs[i]);
        if (rival.server == NULL)
            continue;
        cast = (struct cast){.strong = best, .rival = rival, .x = xs[i]};
        cast.ratio = figures_ratio(r, t, &best, &rival);
        break;
    }
    return cast;
}

static bool same_server(const struct standing *a, const struct standing *b)
{
    return a->server != NULL && b->server != NULL &&
           strcmp(a->server, b->server) == 0;
}

/* Compares the two, if there are two. */
static void add_ratio(struct cast *cast, const struct results *r,
                      const struct topic *t)
{
    if (same_server(&cast->strong, &cast->rival))
        cast->rival.server = NULL;
    if (cast->strong.server != NULL && cast->rival.server != NULL)
        cast->ratio = figures_ratio(r, t, &cast->strong, &cast->rival);
}

/* A lesson's best against the worst of all; the worst against the best. */
static struct cast cast_against_worst(const struct results *r,
                                      const struct topic *t, const char *lesson)
{
    struct cast cast = {.x = figures_x(r, t)};
    cast.strong = figures_best(r, t, lesson, cast.x);
    if (cast.strong.server == NULL)
        return cast_of_lesson(r, t, lesson);
    cast.rival = figures_worst(r, t, cast.x);
    if (same_server(&cast.strong, &cast.rival))
        cast.rival = figures_best(r, t, NULL, cast.x);
    add_ratio(&cast, r, t);
    return cast;
}

/* The best of those that are not of the hero's group. */
static struct standing best_other(const struct results *r,
                                  const struct topic *t, double x)
{
    struct name groups[SERVERS_MAX];
    const int n = figures_lessons(r, t->query.bench, groups);
    struct standing found = {.server = NULL};
    for (int i = 0; i < n; i++) {
        if (words_of_lesson(t->hero, groups[i].text))
            continue;
        const struct standing s = figures_best(r, t, groups[i].text, x);
        const double ahead = s.server == NULL || found.server == NULL
                                 ? 0
                                 : s.point.median - found.point.median;
        if (found.server == NULL || (t->more_is_better ? ahead : -ahead) > 0)
            found = s.server != NULL ? s : found;
    }
    return found;
}

static struct cast cast_of_hero(const struct results *r, const struct topic *t)
{
    struct cast cast = {.x = figures_x(r, t)};
    const struct standing hero = figures_standing(r, t, t->hero, cast.x);
    if (hero.point.rounds == 0)
        return cast;
    cast.strong = hero;
    cast.rival = best_other(r, t, cast.x);
    add_ratio(&cast, r, t);
    return cast;
}

struct cast figures_cast(const struct results *r, const struct topic *t,
                         const char *lesson)
{
    if (lesson == NULL && t->hero != NULL)
        return cast_of_hero(r, t);
    if (lesson != NULL && t->against_worst)
        return cast_against_worst(r, t, lesson);
    if (lesson != NULL)
        return cast_of_lesson(r, t, lesson);
    struct cast cast = {.x = figures_x(r, t)};
    cast.strong = figures_best(r, t, NULL, cast.x);
    cast.rival = figures_worst(r, t, cast.x);
    add_ratio(&cast, r, t);
    return cast;
}
