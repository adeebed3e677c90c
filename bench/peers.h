/*
 * peers.h - who takes part in the benchmarks of the loop: our loop on each of
 * its back ends, the hand-written loops that are the yardsticks, and other
 * libraries, each where it is installed. One file for each, peers_NAME.c.
 *
 * A peer takes part in a benchmark by a table of functions. Each file has the
 * same three loops (a pipe's turn, a timer's start and stop, a message) so that
 * what is compared differs in the library alone; what they share stands here as
 * inline functions, for a call through a pointer would cost as much as what is
 * measured.
 *
 * Read before: micro.h. Read after: peers_raw.c.
 */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "micro.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct peer;

/* --- ring -----------------------------------------------------------------
 *
 * N pipes in a circle. A token is a byte in a pipe: whoever finds it takes it
 * out and, as long as writes are left, puts it into the next pipe.
 */

struct ring_end {
    int from, next; /* takes from here, puts there */
};

struct ring {
    int n;
    bool sockets; /* pairs of sockets instead of pipes */
    struct ring_end *ends;
    int tokens;
    long writes, events;     /* left */
    const struct peer *peer; /* who runs it */
};

struct ring_ops {
    /* Watches all pipes. Returns NULL, or why it cannot be: a constant text. */
    const char *(*open)(struct ring *ring);
    void (*run)(void); /* until all events have come */
    void (*close)(void);
};

/* An event at `end`: true if it was the last. */
static inline bool ring_turn(struct ring *ring, const struct ring_end *end)
{
    char token;
    if (read(end->from, &token, 1) != 1)
        return false;
    if (ring->writes > 0) {
        ring->writes--;
        if (write(end->next, &token, 1) != 1)
            abort(); /* a pipe holds more bytes than there are tokens */
    }
    return --ring->events == 0;
}

/* --- timers --------------------------------------------------------------- */

struct timers {
    int n; /* timers 0 to n - 1; timer n is one more */
    uint64_t random;
    int spread_ms; /* deadlines lie within so many ms */
    bool in_order; /* by rising deadline, instead of at random */
    int started;   /* so many of them */
    int fired;
    const struct peer *peer;
};

struct timers_ops {
    const char *(*open)(struct timers *t); /* nothing is started */
    void (*fill)(void);                    /* starts all but timer n */
    void (*churn)(int times); /* starts and stops timer n, so often */
    void (*rearm)(int times); /* moves a random one, so often */
    void (*fire)(void);       /* all are due: until all have fired */
    void (*close)(void);
};

static inline int timers_deadline_ms(struct timers *t)
{
    if (t->in_order)
        return 1 + (int)((int64_t)t->started++ * t->spread_ms / t->n);
    return 1 + (int)(micro_random(&t->random) % (uint32_t)t->spread_ms);
}

/* Timers 0 to n, all zero. To touch memory for the first time is dear, and no
 * library's own doing: it is done here. */
void *timers_memory(const struct timers *t, size_t size);

static inline int timers_any(struct timers *t)
{
    return (int)((uint64_t)micro_random(&t->random) * (uint64_t)t->n >> 32);
}

/* --- wakeup ---------------------------------------------------------------
 *
 * Another thread has messages, each of which the loop's thread has to get.
 */

struct wakeup_message {
    struct wakeup_message *next;
    void *own; /* the peer's */
};

struct wakeup {
    struct wakeup_message *messages;
    int n;
    int left;       /* messages until the loop may stop; the loop's */
    atomic_int got; /* messages that it has had */
    int answer;     /* an eventfd to answer each with, or -1 */
    const struct peer *peer;
};

struct wakeup_ops {
    const char *(*open)(struct wakeup *w);
    void (*post)(struct wakeup_message *m); /* from the other thread */
    void (*run)(void);                      /* until none is left */
    void (*close)(void);
};

/* The loop has got a message: true if it was the last. */
bool wakeup_got(struct wakeup *w);

/*
 * For libraries that wake a loop, but carry no messages: a queue of them. push
 * returns true if it was empty, so that the loop has to be woken.
 */
struct wakeup_queue {
    pthread_mutex_t mutex;
    struct wakeup_message *first, *last;
};
bool wakeup_push(struct wakeup_queue *q, struct wakeup_message *m);
struct wakeup_message *wakeup_take_all(struct wakeup_queue *q);

/* --- peers ---------------------------------------------------------------- */

/* Who takes part: as "loop/epoll". NULL tables: not in that benchmark. */
struct peer {
    const char *name;
    const char *backend; /* of our loop */
    const struct ring_ops *ring, *ring_sockets;
    const struct timers_ops *timers;
    const struct wakeup_ops *wakeup;
    /* A whole loop, of which the size matters; and the bytes that its user
     * keeps for a watcher and a timer, or 0. */
    bool whole;
    size_t watcher_size, timer_size;
};

/* The yardsticks first, then our loop, then the others; a NULL ends them. */
extern const struct peer *const peers[];

/* What is not built in because it was not installed: "libev, libuv", or "". */
const char *peers_left_out(void);

#endif
