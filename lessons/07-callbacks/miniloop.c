/*
 * miniloop.c - see miniloop.h.
 *
 * Whatever the loop waits for ends as a struct call in the list `ready`:
 *
 *     later   (deferred calls) ----+
 *     epoll   (watchers) ----------+--> ready --> take one --> call it
 *     timers  (those that are due) +               ^                |
 *                                                  +----------------+
 *
 * A pass has three steps. *ready*: sleep until there is something to call, and
 * put all of it into the list. *take*: take the first out of the list. *call*
 * it. A callback that defers, or starts a timer, adds to the next pass; so a
 * pass ends, and descriptors get their turn.
 *
 * Stale events. What is stopped is unlinked from whichever list it is in. So a
 * watcher or timer that was ready, and that an earlier callback of the same
 * pass has stopped, is not called, and its memory may go at once. Between the
 * return of epoll_wait and the list no callback runs, so that the pointers in
 * its batch are good. (Lesson 05 gave each connection a serial number instead.)
 *
 * SIMPLIFIED, and done fully in loop/core:
 *   - timers are a sorted list: to start one takes as many steps as there are
 *     timers with a later deadline; few, if all have the same delay;
 *   - each change of interest is a system call at once;
 *   - epoll alone; no signals, children or worker threads;
 *   - after fork(2) parent and child share one epoll: do not use it there.
 *
 * Read before: miniloop.h. Read after: server.c.
 * Rests on: epoll(7), eventfd(2), clock_gettime(2), pthread_mutex_lock(3).
 */
#include "miniloop.h"

#include "../common/common.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, NS_PER_MS = 1000000 };

/* --- lists ---------------------------------------------------------------- */

/* A list is a ring: its head is linked to the first and to the last call. */

static void list_init(struct call *head)
{
    head->next = head->prev = head;
}

static bool list_is_empty(const struct call *head)
{
    return head->next == head;
}

static void insert_after(struct call *at, struct call *c)
{
    c->prev = at;
    c->next = at->next;
    at->next->prev = c;
    at->next = c;
}

static void append(struct call *head, struct call *c)
{
    insert_after(head->prev, c);
}

/* Takes `c` out of whichever list it is in; harmless if it is in none. */
static void unlink_call(struct call *c)
{
    if (c->next == NULL)
        return;
    c->prev->next = c->next;
    c->next->prev = c->prev;
    c->next = c->prev = NULL;
}

/* take: the first of the list, which it leaves; NULL: there is none. */
static struct call *take(struct call *head)
{
    if (list_is_empty(head))
        return NULL;
    struct call *c = head->next;
    unlink_call(c);
    return c;
}

static void append_all(struct call *head, struct call *from)
{
    for (struct call *c; (c = take(from)) != NULL;)
        append(head, c);
}

/* --- watchers ------------------------------------------------------------- */

int mini_watch(struct miniloop *l, struct watcher *w, uint32_t interest)
{
    assert(interest != 0);
    if (interest == w->interest)
        return 0;
    const int op = w->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    struct epoll_event event = {.events = interest, .data.ptr = w};
    if (CALL(epoll_ctl(l->epoll, op, w->fd, &event)) == -1)
        return -errno;
    unlink_call(&w->call); /* it was found ready for what it asked before */
    w->interest = interest;
    return 0;
}

void mini_unwatch(struct miniloop *l, struct watcher *w)
{
    if (w->interest == 0)
        return;
    /* To close would do, unless a copy of the descriptor is open (dup, fork):
     * then epoll goes on to report it, with a pointer to freed memory. */
    const int error = CALL(epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL));
    assert(error == 0); /* else it was closed before */
    (void)error;
    unlink_call(&w->call);
    w->interest = 0;
}

/* --- timers --------------------------------------------------------------- */

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The timer that a call of the list `timers` is the first field of. */
static struct timer *timer_of(struct call *c)
{
    return (struct timer *)c;
}

void mini_timer_start(struct miniloop *l, struct timer *t, int delay_ms)
{
    unlink_call(&t->call);
    t->due_ns = mini_now(l) + (int64_t)delay_ms * NS_PER_MS;
    struct call *at = l->timers.prev;
    while (at != &l->timers && timer_of(at)->due_ns > t->due_ns)
        at = at->prev;
    insert_after(at, &t->call);
}

void mini_timer_stop(struct timer *t)
{
    unlink_call(&t->call);
}

/* --- deferred calls and wake-ups ------------------------------------------ */

void mini_defer(struct miniloop *l, struct call *c)
{
    if (c->next == NULL)
        append(&l->later, c);
}

void mini_undefer(struct call *c)
{
    unlink_call(c);
}

void mini_post(struct miniloop *l, struct call *c)
{
    pthread_mutex_lock(&l->lock);
    assert(c->next == NULL);
    /* One wake-up does for all that is posted until the loop looks. */
    if (list_is_empty(&l->posted)) {
        const uint64_t one = 1;
        const ssize_t n = write(l->wake.fd, &one, sizeof one);
        assert(n == sizeof one);
        (void)n;
    }
    append(&l->posted, c);
    pthread_mutex_unlock(&l->lock);
}

static void on_wake(void *arg)
{
    struct miniloop *l = arg;
    uint64_t wakeups; /* reading sets the eventfd to 0: no longer ready */
    const ssize_t n = CALL(read(l->wake.fd, &wakeups, sizeof wakeups));
    assert(n == sizeof wakeups);
    (void)n;
    pthread_mutex_lock(&l->lock);
    append_all(&l->later, &l->posted);
    pthread_mutex_unlock(&l->lock);
}

/* --- run ------------------------------------------------------------------ */

/* How long to sleep: until the first timer, rounded up; -1: for ever. */
static int sleep_ms(const struct miniloop *l)
{
    if (!list_is_empty(&l->later))
        return 0;
    if (list_is_empty(&l->timers))
        return -1;
    const int64_t left_ns = timer_of(l->timers.next)->due_ns - clock_ns();
    const int64_t ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;
    return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

/* ready: sleeps until there is something to call, and lists all of it. */
static int ready(struct miniloop *l)
{
    struct epoll_event events[BATCH];
    const int n = CALL(epoll_wait(l->epoll, events, BATCH, sleep_ms(l)));
    if (n == -1 && errno != EINTR)
        return -errno;
    l->now_ns = clock_ns();
    append_all(&l->ready, &l->later);
    for (int i = 0; i < n; i++) {
        struct watcher *w = events[i].data.ptr;
        w->found = events[i].events;
        append(&l->ready, &w->call);
    }
    while (!list_is_empty(&l->timers) &&
           timer_of(l->timers.next)->due_ns <= l->now_ns)
        append(&l->ready, take(&l->timers));
    return 0;
}

/* One pass: ready, then take and call, until nothing is left to call. */
static int pass(struct miniloop *l)
{
    const int error = ready(l);
    for (struct call *c; (c = take(&l->ready)) != NULL;)
        c->function(c->arg); /* call; it may free c: not to be used after it */
    return error;
}

int mini_run(struct miniloop *l)
{
    if (l->running)
        return -EBUSY;
    int error = 0;
    l->running = true;
    while (!l->stopped && error == 0)
        error = pass(l);
    l->running = l->stopped = false;
    return error;
}

void mini_stop(struct miniloop *l)
{
    l->stopped = true;
}

int64_t mini_now(const struct miniloop *l)
{
    return l->running ? l->now_ns : clock_ns();
}

/* --- create and destroy --------------------------------------------------- */

int mini_init(struct miniloop *l)
{
    *l = (struct miniloop){.running = false};
    list_init(&l->ready);
    list_init(&l->later);
    list_init(&l->timers);
    list_init(&l->posted);
    l->epoll = CALL(epoll_create1(EPOLL_CLOEXEC));
    if (l->epoll == -1)
        return -errno;
    l->wake = (struct watcher){
        .call = {.function = on_wake, .arg = l},
        .fd = CALL(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
    };
    int error = l->wake.fd == -1 ? -errno : mini_watch(l, &l->wake, EPOLLIN);
    if (error == 0)
        error = -pthread_mutex_init(&l->lock, NULL);
    if (error != 0) {
        if (l->wake.fd != -1)
            close(l->wake.fd);
        close(l->epoll);
    }
    return error;
}

void mini_fini(struct miniloop *l)
{
    assert(!l->running);
    struct call *const lists[] = {&l->ready, &l->later, &l->timers, &l->posted};
    for (int i = 0; i < 4; i++)
        while (take(lists[i]) != NULL)
            continue; /* a call that is in no list may be freed, or reused */
    pthread_mutex_destroy(&l->lock);
    close(l->wake.fd);
    close(l->epoll);
}
