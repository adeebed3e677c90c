/*
 * peers_libevent.c - libevent, on epoll. Read before: peers_loop.c.
 * Rests on: event_new(3), <event2/thread.h>.
 */
#include "peers.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/thread.h>

#include <string.h>

static struct event_base *base;

/* libev brings functions of the same names, of which these must not be. */
static const char *make(void)
{
    if (strcmp(event_get_version(), LIBEVENT_VERSION) != 0)
        return "another library has taken its name";
    struct event_config *config = event_config_new();
    event_config_avoid_method(config, "poll");
    event_config_avoid_method(config, "select");
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    base = event_base_new_with_config(config);
    event_config_free(config);
    return base == NULL ? "event_base_new failed" : NULL;
}

static void run(void)
{
    event_base_dispatch(base);
}

/* --- ring ----------------------------------------------------------------- */

static struct ring *ring;
static struct event *events;

static void on_readable(evutil_socket_t fd, short what, void *end)
{
    (void)fd;
    (void)what;
    if (ring_turn(ring, end))
        event_base_loopbreak(base);
}

static const char *ring_open(struct ring *r)
{
    ring = r;
    const char *reason = make();
    if (reason != NULL)
        return reason;
    events = base_alloc_array((size_t)r->n, sizeof *events);
    for (int i = 0; i < r->n; i++) {
        event_assign(&events[i], base, r->ends[i].from, EV_READ | EV_PERSIST,
                     on_readable, &r->ends[i]);
        event_add(&events[i], NULL);
    }
    return NULL;
}

static void ring_close(void)
{
    for (int i = 0; i < ring->n; i++)
        event_del(&events[i]);
    event_base_free(base);
    free(events);
}

static const struct ring_ops ring_ops = {ring_open, run, ring_close};

/* --- timers --------------------------------------------------------------- */

static struct timers *timers;

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    timers->fired++;
}

static const char *timers_open(struct timers *t)
{
    timers = t;
    events = timers_memory(t, sizeof *events);
    const char *reason = make();
    for (int i = 0; i <= t->n && reason == NULL; i++)
        evtimer_assign(&events[i], base, on_timer, NULL);
    return reason;
}

/* event_add moves an event that waits already. */
static inline void start(int i)
{
    const int ms = timers_deadline_ms(timers);
    const struct timeval after = {ms / 1000, ms % 1000 * 1000};
    evtimer_add(&events[i], &after);
}

static void timers_fill(void)
{
    for (int i = 0; i < timers->n; i++)
        start(i);
}

static void timers_churn(int times)
{
    for (int i = 0; i < times; i++) {
        start(timers->n);
        evtimer_del(&events[timers->n]);
    }
}

static void timers_rearm(int times)
{
    for (int i = 0; i < times; i++)
        start(timers_any(timers));
}

static void timers_close(void)
{
    for (int i = 0; i <= timers->n; i++)
        evtimer_del(&events[i]);
    event_base_free(base);
    free(events);
}

/* run returns when no timer is left. */
static const struct timers_ops timers_ops = {
    timers_open, timers_fill, timers_churn, timers_rearm, run, timers_close};

/* --- wakeup --------------------------------------------------------------- */

static struct wakeup *wakeup;
static struct wakeup_queue queue = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static struct event *bell;

static void on_bell(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    struct wakeup_message *m = wakeup_take_all(&queue);
    while (m != NULL) {
        struct wakeup_message *next = m->next;
        if (wakeup_got(wakeup))
            event_base_loopbreak(base);
        m = next;
    }
}

static const char *wakeup_open(struct wakeup *w)
{
    wakeup = w;
    evthread_use_pthreads();
    const char *reason = make();
    if (reason != NULL)
        return reason;
    bell = event_new(base, -1, EV_PERSIST, on_bell, NULL);
    event_add(bell, NULL);
    return NULL;
}

static void wakeup_post(struct wakeup_message *m)
{
    if (wakeup_push(&queue, m))
        event_active(bell, EV_READ, 0);
}

static void wakeup_run(void)
{
    event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY);
}

static void wakeup_close(void)
{
    event_free(bell);
    event_base_free(base);
}

static const struct wakeup_ops wakeup_ops = {wakeup_open, wakeup_post,
                                             wakeup_run, wakeup_close};

const struct peer peer_libevent = {.name = "libevent",
                                   .ring = &ring_ops,
                                   .timers = &timers_ops,
                                   .wakeup = &wakeup_ops,
                                   .whole = true,
                                   .watcher_size = sizeof(struct event),
                                   .timer_size = sizeof(struct event)};
