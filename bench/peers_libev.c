/*
 * peers_libev.c - libev, on epoll. Read before: peers_loop.c.
 * Rests on: ev(3).
 */
#include "peers.h"

/* Its macros cast without mercy. */
#pragma GCC diagnostic ignored "-Wstrict-aliasing"
#include <ev.h>

static struct ev_loop *loop;

static const char *make(void)
{
    loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    return loop == NULL ? "ev_loop_new failed" : NULL;
}

static void run(void)
{
    ev_run(loop, 0);
}

/* --- ring ----------------------------------------------------------------- */

static struct ring *ring;
static ev_io *watchers;

static void on_readable(struct ev_loop *l, ev_io *w, int events)
{
    (void)events;
    if (ring_turn(ring, w->data))
        ev_break(l, EVBREAK_ALL);
}

static const char *ring_open(struct ring *r)
{
    ring = r;
    const char *reason = make();
    if (reason != NULL)
        return reason;
    watchers = base_alloc_array((size_t)r->n, sizeof *watchers);
    for (int i = 0; i < r->n; i++) {
        ev_io_init(&watchers[i], on_readable, r->ends[i].from, EV_READ);
        watchers[i].data = &r->ends[i];
        ev_io_start(loop, &watchers[i]);
    }
    return NULL;
}

static void ring_close(void)
{
    for (int i = 0; i < ring->n; i++)
        ev_io_stop(loop, &watchers[i]);
    ev_loop_destroy(loop);
    free(watchers);
}

static const struct ring_ops ring_ops = {ring_open, run, ring_close};

/* --- timers --------------------------------------------------------------- */

static struct timers *timers;
static ev_timer *timer;

static void on_timer(struct ev_loop *l, ev_timer *t, int events)
{
    (void)l;
    (void)t;
    (void)events;
    timers->fired++;
}

static const char *timers_open(struct timers *t)
{
    timers = t;
    timer = timers_memory(t, sizeof *timer);
    for (int i = 0; i <= t->n; i++)
        ev_init(&timer[i], on_timer);
    return make();
}

static inline double after(void)
{
    return timers_deadline_ms(timers) * 1e-3;
}

static inline void start(int i)
{
    ev_timer_set(&timer[i], after(), 0.);
    ev_timer_start(loop, &timer[i]);
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
        ev_timer_stop(loop, &timer[timers->n]);
    }
}

/* ev_timer_again is the way that ev(3) recommends: it does not leave the heap.
 */
static void timers_rearm(int times)
{
    for (int i = 0; i < times; i++) {
        ev_timer *any = &timer[timers_any(timers)];
        any->repeat = after();
        ev_timer_again(loop, any);
    }
}

/* It returns when no timer is left. */
static void timers_fire(void)
{
    ev_run(loop, 0);
}

static void timers_close(void)
{
    ev_loop_destroy(loop);
    free(timer);
}

static const struct timers_ops timers_ops = {timers_open,  timers_fill,
                                             timers_churn, timers_rearm,
                                             timers_fire,  timers_close};

/* --- wakeup --------------------------------------------------------------- */

static struct wakeup *wakeup;
static struct wakeup_queue queue = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static ev_async async;

static void on_async(struct ev_loop *l, ev_async *a, int events)
{
    (void)a;
    (void)events;
    struct wakeup_message *m = wakeup_take_all(&queue);
    while (m != NULL) {
        struct wakeup_message *next = m->next;
        if (wakeup_got(wakeup))
            ev_break(l, EVBREAK_ALL);
        m = next;
    }
}

static const char *wakeup_open(struct wakeup *w)
{
    wakeup = w;
    const char *reason = make();
    if (reason != NULL)
        return reason;
    ev_async_init(&async, on_async);
    ev_async_start(loop, &async);
    return NULL;
}

static void wakeup_post(struct wakeup_message *m)
{
    if (wakeup_push(&queue, m))
        ev_async_send(loop, &async);
}

static void wakeup_close(void)
{
    ev_async_stop(loop, &async);
    ev_loop_destroy(loop);
}

static const struct wakeup_ops wakeup_ops = {wakeup_open, wakeup_post, run,
                                             wakeup_close};

const struct peer peer_libev = {.name = "libev",
                                .ring = &ring_ops,
                                .timers = &timers_ops,
                                .wakeup = &wakeup_ops,
                                .whole = true,
                                .watcher_size = sizeof(ev_io),
                                .timer_size = sizeof(ev_timer)};
