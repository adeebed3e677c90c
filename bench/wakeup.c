/*
 * wakeup.c - how another thread reaches a loop:
 *
 *     trip   both threads on one CPU. The thread posts and goes to sleep; the
 *            loop wakes, gets the message, answers (an eventfd), and sleeps
 *            until the next. Timed is the round trip; the answer costs the same
 *            for all.
 *     rate   threads on two CPUs, if there are two. The thread posts as fast as
 *            it can, at most 1,024 messages ahead of a loop that is kept busy.
 *
 * On one CPU one of both always runs, so the trip is CPU time, which holds on a
 * busy machine; the rate is by the clock. On one CPU because the way from CPU
 * to CPU, several times as long on many virtual machines, would hide all else.
 * Libraries that wake a loop but carry no messages (all but ours) get a queue
 * with a mutex, and are woken when it was empty.
 *
 * Read before: micro.h, peers.h. Read after: footprint.c.
 * Rests on: eventfd(2), pthread_create(3).
 */
#include "peers.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <sys/eventfd.h>

enum { WINDOW = 1024 };

static const struct peer *taking_part[MICRO_SUBJECTS];
static int trips = 4000, posts = 100000;

static const struct micro_metric metrics[] = {
    {"trip", "us", "us from a post to its answer"},
    {"rate", "posts/s", "posts a second"},
    {.name = NULL},
};

/* --- the other thread ----------------------------------------------------- */

struct poster {
    struct wakeup *w;
    int n;   /* messages to post */
    int cpu; /* the nth that we may use */
    int64_t start_ns, start_cpu_ns;
};

/* A message is free when the one WINDOW before it has been had. */
static void await_room(struct wakeup *w, int posted)
{
    while (posted - atomic_load_explicit(&w->got, memory_order_acquire) >=
           WINDOW)
        sched_yield();
}

static void *post_all(void *arg)
{
    struct poster *p = arg;
    struct wakeup *w = p->w;
    micro_pin(p->cpu);
    p->start_ns = micro_now_ns();
    p->start_cpu_ns = micro_cpu_ns();
    for (int i = 0; i < p->n; i++) {
        await_room(w, i);
        w->peer->wakeup->post(&w->messages[i % WINDOW]);
        eventfd_t answer;
        if (w->answer != -1)
            eventfd_read(w->answer, &answer);
    }
    return NULL;
}

/* --- one run -------------------------------------------------------------- */

/* Nanoseconds that n messages took. */
struct took {
    int64_t wall, cpu;
};

static struct took run(struct wakeup *w, int n, int cpu, const char **reason)
{
    const struct took nothing = {1, 1};
    w->left = n;
    atomic_store(&w->got, 0);
    *reason = w->peer->wakeup->open(w);
    if (*reason != NULL)
        return nothing;
    struct poster poster = {.w = w, .n = n, .cpu = cpu};
    pthread_t thread;
    if (pthread_create(&thread, NULL, post_all, &poster) != 0) {
        *reason = "no thread could be started";
        w->peer->wakeup->close();
        return nothing;
    }
    w->peer->wakeup->run();
    const struct took took = {micro_now_ns() - poster.start_ns,
                              micro_cpu_ns() - poster.start_cpu_ns};
    pthread_join(thread, NULL);
    w->peer->wakeup->close();
    return took;
}

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    (void)point;
    struct wakeup_message messages[WINDOW] = {{0}};
    struct wakeup w = {
        .messages = messages, .n = WINDOW, .peer = taking_part[subject]};
    const char *reason;
    w.answer = eventfd(0, EFD_CLOEXEC);
    if (w.answer == -1)
        return "eventfd failed";
    values[0] = (double)run(&w, trips, 0, &reason).cpu / 1e3 / trips;
    close(w.answer);
    w.answer = -1;
    if (reason == NULL)
        values[1] = posts / (double)run(&w, posts, 1, &reason).wall * 1e9;
    return reason;
}

static void choose(struct micro *m)
{
    for (const struct peer *const *p = peers; *p != NULL; p++) {
        if ((*p)->wakeup == NULL || !micro_wants(m, (*p)->name))
            continue;
        taking_part[m->n_subjects] = *p;
        m->subjects[m->n_subjects++] = (*p)->name;
    }
}

int main(int argc, char **argv)
{
    struct micro micro = {.bench = "wakeup",
                          .command = "bench/wakeup",
                          .metrics = metrics,
                          .measure = measure};
    const struct base_option rows[] = {
        {.name = "trips",
         .help = "round trips of a run",
         .number = &trips,
         .min = 1,
         .max = 10000000},
        {.name = "posts",
         .help = "messages of a run",
         .number = &posts,
         .min = 1,
         .max = 100000000},
        {.name = NULL},
    };
    micro_parse(
        &micro, argc, argv,
        "Measures how another thread wakes a loop: our loop on each back end "
        "beside one written by hand and other libraries.",
        rows);
    micro_begin(&micro);
    choose(&micro);
    const struct micro_point point = {
        .variant = "thread", .x = 1, .text = "a thread posts"};
    micro_point(&micro, &point);
    return micro_end(&micro);
}
