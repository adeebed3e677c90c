/*
 * peers_libuv.c - libuv, which is on epoll. A handle has to be closed by the
 * loop before its memory may go. Read before: peers_loop.c.
 * Rests on: docs.libuv.org: uv_poll_t, uv_timer_t, uv_async_t.
 */
#include "peers.h"

#include <uv.h>

static uv_loop_t loop;

static const char *make(void)
{
    return uv_loop_init(&loop) != 0 ? "uv_loop_init failed" : NULL;
}

static void run(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void close_one(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void end(void)
{
    uv_walk(&loop, close_one, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

/* --- ring ----------------------------------------------------------------- */

static struct ring *ring;
static uv_poll_t *polls;

static void on_readable(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    if (ring_turn(ring, p->data))
        uv_stop(&loop);
}

static void ring_close(void)
{
    end();
    free(polls);
}

static const char *ring_open(struct ring *r)
{
    ring = r;
    const char *reason = make();
    if (reason != NULL)
        return reason;
    polls = base_alloc_array((size_t)r->n, sizeof *polls);
    for (int i = 0; i < r->n && reason == NULL; i++) {
        polls[i].data = &r->ends[i];
        if (uv_poll_init(&loop, &polls[i], r->ends[i].from) != 0 ||
            uv_poll_start(&polls[i], UV_READABLE, on_readable) != 0)
            reason = "uv_poll_start failed";
    }
    if (reason != NULL)
        ring_close();
    return reason;
}

static const struct ring_ops ring_ops = {ring_open, run, ring_close};

/* --- timers --------------------------------------------------------------- */

static struct timers *timers;
static uv_timer_t *timer;

static void on_timer(uv_timer_t *t)
{
    (void)t;
    timers->fired++;
}

static const char *timers_open(struct timers *t)
{
    timers = t;
    timer = timers_memory(t, sizeof *timer);
    const char *reason = make();
    for (int i = 0; i <= t->n && reason == NULL; i++)
        uv_timer_init(&loop, &timer[i]);
    return reason;
}

/* uv_timer_start moves a timer that waits already. */
static inline void start(int i)
{
    uv_timer_start(&timer[i], on_timer, (uint64_t)timers_deadline_ms(timers),
                   0);
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
        uv_timer_stop(&timer[timers->n]);
    }
}

static void timers_rearm(int times)
{
    for (int i = 0; i < times; i++)
        start(timers_any(timers));
}

static void timers_close(void)
{
    end();
    free(timer);
}

/* run returns when no timer is left. */
static const struct timers_ops timers_ops = {
    timers_open, timers_fill, timers_churn, timers_rearm, run, timers_close};

/* --- wakeup --------------------------------------------------------------- */

static struct wakeup *wakeup;
static struct wakeup_queue queue = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static uv_async_t async;

static void on_async(uv_async_t *a)
{
    (void)a;
    struct wakeup_message *m = wakeup_take_all(&queue);
    while (m != NULL) {
        struct wakeup_message *next = m->next;
        if (wakeup_got(wakeup))
            uv_stop(&loop);
        m = next;
    }
}

static const char *wakeup_open(struct wakeup *w)
{
    wakeup = w;
    const char *reason = make();
    if (reason != NULL)
        return reason;
    return uv_async_init(&loop, &async, on_async) != 0 ? "uv_async_init failed"
                                                       : NULL;
}

static void wakeup_post(struct wakeup_message *m)
{
    if (wakeup_push(&queue, m))
        uv_async_send(&async);
}

static const struct wakeup_ops wakeup_ops = {wakeup_open, wakeup_post, run,
                                             end};

const struct peer peer_libuv = {.name = "libuv",
                                .ring = &ring_ops,
                                .timers = &timers_ops,
                                .wakeup = &wakeup_ops,
                                .whole = true,
                                .watcher_size = sizeof(uv_poll_t),
                                .timer_size = sizeof(uv_timer_t)};
