/*
 * peers.c - the table of those who take part, and what several of them share.
 * A library that is not installed is left out by the build: see bench.mk.
 *
 * Read before: peers.h. Read after: peers_raw.c, peers_loop.c.
 * Rests on: eventfd(2), pthread_mutex_lock(3).
 */
#include "peers.h"

#include <sys/eventfd.h>

extern const struct peer peer_raw_epoll, peer_raw_uring, peer_raw_wheel,
    peer_select, peer_poll, peer_epoll, peer_uring, peer_epoll_ops,
    peer_uring_ops, peer_uring_edge, peer_libevent, peer_libev, peer_libuv;

const struct peer *const peers[] = {
    &peer_raw_epoll,
    &peer_raw_wheel,
#ifdef PEERS_URING
    &peer_raw_uring,
#endif
    &peer_select,
    &peer_poll,
    &peer_epoll,
    &peer_epoll_ops,
#ifdef PEERS_URING
    &peer_uring,
    &peer_uring_edge,
    &peer_uring_ops,
#endif
#ifdef PEERS_LIBEVENT
    &peer_libevent,
#endif
#ifdef PEERS_LIBEV
    &peer_libev,
#endif
#ifdef PEERS_LIBUV
    &peer_libuv,
#endif
    NULL,
};

/* Each begins with a comma, which is skipped. */
static const char left_out[] = ","
#ifndef PEERS_LIBEVENT
                               ", libevent"
#endif
#ifndef PEERS_LIBEV
                               ", libev"
#endif
#ifndef PEERS_LIBUV
                               ", libuv"
#endif
    ;

const char *peers_left_out(void)
{
    return sizeof left_out > 3 ? left_out + 3 : "";
}

void *timers_memory(const struct timers *t, size_t size)
{
    char *memory = base_alloc_array((size_t)t->n + 1, size);
    const size_t len = ((size_t)t->n + 1) * size;
    for (size_t i = 0; i < len; i += 4096)
        *(volatile char *)(memory + i) = 0;
    return memory;
}

/* --- messages ------------------------------------------------------------- */

bool wakeup_got(struct wakeup *w)
{
    atomic_fetch_add_explicit(&w->got, 1, memory_order_release);
    if (w->answer != -1)
        eventfd_write(w->answer, 1);
    return --w->left == 0;
}

bool wakeup_push(struct wakeup_queue *q, struct wakeup_message *m)
{
    m->next = NULL;
    pthread_mutex_lock(&q->mutex);
    const bool first = q->first == NULL;
    if (first)
        q->first = m;
    else
        q->last->next = m;
    q->last = m;
    pthread_mutex_unlock(&q->mutex);
    return first;
}

struct wakeup_message *wakeup_take_all(struct wakeup_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    struct wakeup_message *all = q->first;
    q->first = q->last = NULL;
    pthread_mutex_unlock(&q->mutex);
    return all;
}
