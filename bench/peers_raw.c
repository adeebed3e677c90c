/*
 * peers_raw.c - the yardsticks: what a program that needs nothing else would
 * write by hand. A loop on epoll, level-triggered; and the timer wheel of
 * loop/base without a loop round it.
 *
 * Read before: peers.h. Read after: peers_uring.c.
 * Rests on: epoll_wait(2), eventfd(2).
 */
#include "peers.h"

#include "loop/base/wheel_internal.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { BATCH = 256 }; /* as in loop/core/epoll.c */

static int set = -1;

static const char *set_open(void)
{
    set = epoll_create1(EPOLL_CLOEXEC);
    return set == -1 ? "epoll_create1 failed" : NULL;
}

static const char *set_add(int fd, void *ptr)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = ptr};
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == -1 ? "epoll_ctl failed"
                                                           : NULL;
}

static void set_close(void)
{
    close(set);
}

/* --- ring ----------------------------------------------------------------- */

static struct ring *ring;

static const char *ring_open(struct ring *r)
{
    ring = r;
    const char *reason = set_open();
    for (int i = 0; i < r->n && reason == NULL; i++)
        reason = set_add(r->ends[i].from, &r->ends[i]);
    return reason;
}

static void ring_run(void)
{
    struct epoll_event events[BATCH];
    for (;;) {
        const int n = epoll_wait(set, events, BATCH, -1);
        for (int i = 0; i < n; i++)
            if (ring_turn(ring, events[i].data.ptr))
                return;
    }
}

static const struct ring_ops ring_ops = {ring_open, ring_run, set_close};

/* --- wakeup --------------------------------------------------------------- */

static struct wakeup *wakeup;
static struct wakeup_queue queue = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static int wake_fd;

static const char *wakeup_open(struct wakeup *w)
{
    wakeup = w;
    wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    const char *reason = set_open();
    return reason != NULL ? reason : set_add(wake_fd, NULL);
}

static void wakeup_post(struct wakeup_message *m)
{
    if (wakeup_push(&queue, m))
        eventfd_write(wake_fd, 1);
}

static bool wakeup_deliver(void)
{
    bool last = false;
    eventfd_t count;
    eventfd_read(wake_fd, &count);
    struct wakeup_message *m = wakeup_take_all(&queue);
    while (m != NULL) {
        struct wakeup_message *next = m->next;
        last |= wakeup_got(wakeup);
        m = next;
    }
    return last;
}

static void wakeup_run(void)
{
    struct epoll_event event;
    do
        epoll_wait(set, &event, 1, -1);
    while (!wakeup_deliver());
}

static void wakeup_close(void)
{
    close(wake_fd);
    set_close();
}

static const struct wakeup_ops wakeup_ops = {wakeup_open, wakeup_post,
                                             wakeup_run, wakeup_close};

const struct peer peer_raw_epoll = {.name = "raw/epoll",
                                    .ring = &ring_ops,
                                    .ring_sockets = &ring_ops,
                                    .wakeup = &wakeup_ops,
                                    .whole = true};

/* --- timers: the bare wheel ----------------------------------------------- */

static struct timers *timers;
static struct base_wheel wheel;
static struct base_wheel_entry *entries;

static uint64_t now_ms(void)
{
    return (uint64_t)(micro_now_ns() / 1000000);
}

static const char *timers_open(struct timers *t)
{
    timers = t;
    entries = timers_memory(t, sizeof *entries);
    base_wheel_init(&wheel, now_ms());
    return NULL;
}

static inline void start(int i)
{
    base_wheel_add(&wheel, &entries[i],
                   wheel.now + (uint64_t)timers_deadline_ms(timers));
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
        base_wheel_remove(&wheel, &entries[timers->n]);
    }
}

static void timers_rearm(int times)
{
    for (int i = 0; i < times; i++) {
        const int any = timers_any(timers);
        base_wheel_remove(&wheel, &entries[any]);
        start(any);
    }
}

static void timers_fire(void)
{
    struct base_list due;
    base_list_init(&due);
    base_wheel_advance(&wheel, now_ms(), &due);
    while (base_wheel_take(&wheel, &due) != NULL)
        timers->fired++;
}

static void timers_close(void)
{
    free(entries);
}

static const struct timers_ops timers_ops = {timers_open,  timers_fill,
                                             timers_churn, timers_rearm,
                                             timers_fire,  timers_close};

const struct peer peer_raw_wheel = {.name = "raw/wheel",
                                    .timers = &timers_ops,
                                    .timer_size =
                                        sizeof(struct base_wheel_entry)};
