/*
 * peers_loop.c - our loop, on each of its back ends: with watchers, as the
 * other libraries are used, and with operations, as it would be used itself.
 *
 * Read before: peers.h, loop/loop.h. Read after: peers_libev.c.
 */
#include "peers.h"

#include "loop/loop.h"

#include <errno.h>

static struct loop *loop;

static const char *make(const struct peer *peer)
{
    const struct loop_options options = {.backend = peer->backend};
    const int error = loop_new(&loop, &options);
    if (error == -ENOSYS || error == -EPERM)
        return "the kernel refuses io_uring";
    if (error == -ERANGE)
        return "FD_SETSIZE is 1024";
    return error != 0 ? "loop_new failed" : NULL;
}

static void run(void)
{
    loop_run(loop);
}

/* --- ring: watchers ------------------------------------------------------- */

static struct ring *ring;
static struct loop_watcher *watchers;

typedef int watch_fn(struct loop_watcher *w, struct ring_end *end);

static void on_readable(struct loop_watcher *w, unsigned events)
{
    (void)events;
    if (ring_turn(ring, w->arg))
        loop_stop(loop);
}

static int watch_level(struct loop_watcher *w, struct ring_end *end)
{
    return loop_watcher_start(loop, w, end->from, LOOP_READ, on_readable, end);
}

static const char *watch(int i, watch_fn *how)
{
    const int error = how(&watchers[i], &ring->ends[i]);
    if (error == -ERANGE)
        return "FD_SETSIZE is 1024";
    return error != 0 ? "loop_watcher_start failed" : NULL;
}

static void ring_close(void)
{
    loop_free(loop);
    free(watchers);
}

static const char *open_ring(struct ring *r, watch_fn *how)
{
    ring = r;
    const char *reason = make(r->peer);
    if (reason != NULL)
        return reason;
    watchers = base_alloc_array((size_t)r->n, sizeof *watchers);
    for (int i = 0; i < r->n && reason == NULL; i++)
        reason = watch(i, how);
    if (reason != NULL)
        ring_close();
    return reason;
}

static const char *ring_open(struct ring *r)
{
    return open_ring(r, watch_level);
}

static const struct ring_ops ring_ops = {ring_open, run, ring_close};

/* --- ring: watchers with LOOP_EDGE
 * --------------------------------------------
 *
 * A pipe is read until it is empty, and all are read before anything is
 * written: see peers_uring.c. A single token needs no such care.
 */

static struct taken {
    const struct ring_end *end;
    ssize_t n;
} * taken;
static int n_taken;
static struct loop_call pass_on_call;

static void pass_on_tokens(const struct taken *t)
{
    for (ssize_t i = 0; i < t->n; i++) {
        if (ring->writes > 0) {
            ring->writes--;
            if (write(t->end->next, ".", 1) != 1)
                abort();
        }
        if (--ring->events == 0)
            loop_stop(loop);
    }
}

static void pass_on_all(struct loop_call *c)
{
    (void)c;
    for (int i = 0; i < n_taken; i++)
        pass_on_tokens(&taken[i]);
    n_taken = 0;
}

static void on_edge(struct loop_watcher *w, unsigned events)
{
    (void)events;
    char tokens[64];
    if (ring->tokens == 1) {
        const struct taken one = {w->arg, read(w->fd, tokens, sizeof tokens)};
        pass_on_tokens(&one);
        return;
    }
    if (n_taken == 0)
        loop_defer(loop, &pass_on_call, pass_on_all, NULL);
    taken[n_taken].end = w->arg;
    taken[n_taken++].n = read(w->fd, tokens, sizeof tokens);
    if (n_taken == ring->n) { /* more than one event of a pipe */
        loop_defer_cancel(&pass_on_call);
        pass_on_all(NULL);
    }
}

static int watch_edge(struct loop_watcher *w, struct ring_end *end)
{
    return loop_watcher_start(loop, w, end->from, LOOP_READ | LOOP_EDGE,
                              on_edge, end);
}

static void edge_close(void)
{
    ring_close();
    free(taken);
}

static const char *edge_open(struct ring *r)
{
    taken = base_alloc_array((size_t)r->n, sizeof *taken);
    n_taken = 0;
    const char *reason = open_ring(r, watch_edge);
    if (reason != NULL)
        free(taken);
    return reason;
}

static const struct ring_ops edge_ops = {edge_open, run, edge_close};

/* --- ring: operations ----------------------------------------------------- */

/* A pipe's end with its operations. A token that comes while the one before is
 * still on its way waits. */
struct station {
    struct loop_op in, out;
    int fd_in, fd_out;
    char token;
    bool sending;
    int waiting;
};

static struct station *stations;

static void on_sent(struct loop_op *op, ssize_t result);

static void pass_on(struct station *s)
{
    static const char token = '.';
    const struct base_slice data = {&token, 1};
    if (s->sending) {
        s->waiting++;
        return;
    }
    s->sending = true;
    if (ring->sockets)
        loop_send(loop, &s->out, s->fd_out, data, on_sent, s);
    else
        loop_write(loop, &s->out, s->fd_out, data, on_sent, s);
}

static void on_sent(struct loop_op *op, ssize_t result)
{
    struct station *s = op->arg;
    s->sending = false;
    if (result == 1 && s->waiting > 0) {
        s->waiting--;
        pass_on(s);
    }
}

static void turn(struct station *s)
{
    if (ring->writes > 0) {
        ring->writes--;
        pass_on(s);
    }
    if (--ring->events == 0)
        loop_stop(loop);
}

static void on_received(struct loop_op *op, ssize_t result)
{
    for (ssize_t i = 0; i < result; i++)
        turn(op->arg);
}

static void on_read(struct loop_op *op, ssize_t result);

static int take(struct station *s)
{
    if (ring->sockets)
        return loop_recv(loop, &s->in, s->fd_in, on_received, s);
    const struct iovec memory = {&s->token, 1};
    return loop_read(loop, &s->in, s->fd_in, memory, on_read, s);
}

static void on_read(struct loop_op *op, ssize_t result)
{
    struct station *s = op->arg;
    if (result != 1)
        return;
    take(s);
    turn(s);
}

static void stations_close(void)
{
    loop_free(loop);
    free(stations);
}

static const char *stations_open(struct ring *r)
{
    ring = r;
    const char *reason = make(r->peer);
    if (reason != NULL)
        return reason;
    stations = base_alloc_array((size_t)r->n, sizeof *stations);
    for (int i = 0; i < r->n && reason == NULL; i++) {
        stations[i].fd_in = r->ends[i].from;
        stations[i].fd_out = r->ends[i].next;
        if (take(&stations[i]) != 0)
            reason = "an operation does not start";
    }
    if (reason != NULL)
        stations_close();
    return reason;
}

static const struct ring_ops station_ops = {stations_open, run, stations_close};

/* --- timers --------------------------------------------------------------- */

static struct timers *timers;
static struct loop_timer *timer;

static void on_timer(struct loop_timer *t)
{
    (void)t;
    if (++timers->fired == timers->n)
        loop_stop(loop);
}

static const char *timers_open(struct timers *t)
{
    timers = t;
    timer = timers_memory(t, sizeof *timer);
    return make(t->peer);
}

/* As in a callback, where loop_now reads the clock once a pass. */
static int64_t now_ns;

static inline int64_t deadline(void)
{
    return now_ns + timers_deadline_ms(timers) * LOOP_MS;
}

static inline void start(int i)
{
    loop_timer_start(loop, &timer[i], deadline(), on_timer, NULL);
}

static void timers_fill(void)
{
    now_ns = loop_now(loop);
    for (int i = 0; i < timers->n; i++)
        start(i);
}

static void timers_churn(int times)
{
    now_ns = loop_now(loop);
    for (int i = 0; i < times; i++) {
        start(timers->n);
        loop_timer_stop(&timer[timers->n]);
    }
}

static void timers_rearm(int times)
{
    now_ns = loop_now(loop);
    for (int i = 0; i < times; i++)
        loop_timer_again(&timer[timers_any(timers)], deadline());
}

static void timers_close(void)
{
    loop_free(loop);
    free(timer);
}

static const struct timers_ops timers_ops = {
    timers_open, timers_fill, timers_churn, timers_rearm, run, timers_close};

/* --- wakeup --------------------------------------------------------------- */

static struct wakeup *wakeup;
static struct loop_post *posts;
static struct loop_mailbox *mailbox;

static void on_post(struct loop *l, struct loop_post *post)
{
    (void)post;
    if (wakeup_got(wakeup))
        loop_stop(l);
}

static const char *wakeup_open(struct wakeup *w)
{
    wakeup = w;
    const char *reason = make(w->peer);
    if (reason != NULL)
        return reason;
    mailbox = loop_mailbox_hold(loop);
    posts = base_alloc_array((size_t)w->n, sizeof *posts);
    for (int i = 0; i < w->n; i++)
        w->messages[i].own = &posts[i];
    return NULL;
}

static void wakeup_post(struct wakeup_message *m)
{
    loop_post(mailbox, m->own, on_post, NULL);
}

static void wakeup_close(void)
{
    loop_mailbox_release(mailbox);
    loop_free(loop);
    free(posts);
}

static const struct wakeup_ops wakeup_ops = {wakeup_open, wakeup_post, run,
                                             wakeup_close};

/* --- back ends ------------------------------------------------------------ */

enum {
    WATCHER = sizeof(struct loop_watcher),
    TIMER = sizeof(struct loop_timer),
};

const struct peer peer_select = {.name = "loop/select",
                                 .backend = "select",
                                 .ring = &ring_ops,
                                 .wakeup = &wakeup_ops,
                                 .whole = true,
                                 .watcher_size = WATCHER,
                                 .timer_size = TIMER};
const struct peer peer_poll = {.name = "loop/poll",
                               .backend = "poll",
                               .ring = &ring_ops,
                               .wakeup = &wakeup_ops,
                               .whole = true,
                               .watcher_size = WATCHER,
                               .timer_size = TIMER};
const struct peer peer_epoll = {.name = "loop/epoll",
                                .backend = "epoll",
                                .ring = &ring_ops,
                                .ring_sockets = &ring_ops,
                                .timers = &timers_ops,
                                .wakeup = &wakeup_ops,
                                .whole = true,
                                .watcher_size = WATCHER,
                                .timer_size = TIMER};
const struct peer peer_uring = {.name = "loop/uring",
                                .backend = "uring",
                                .ring = &ring_ops,
                                .ring_sockets = &ring_ops,
                                .wakeup = &wakeup_ops,
                                .whole = true,
                                .watcher_size = WATCHER,
                                .timer_size = TIMER};
const struct peer peer_uring_edge = {.name = "loop/uring-edge",
                                     .backend = "uring",
                                     .ring = &edge_ops,
                                     .ring_sockets = &edge_ops};
const struct peer peer_epoll_ops = {.name = "loop/epoll-ops",
                                    .backend = "epoll",
                                    .ring = &station_ops,
                                    .ring_sockets = &station_ops};
const struct peer peer_uring_ops = {.name = "loop/uring-ops",
                                    .backend = "uring",
                                    .ring = &station_ops,
                                    .ring_sockets = &station_ops};
