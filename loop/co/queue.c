/*
 * queue.c - a queue between tasks: who has work puts it in, who can do it takes
 * it out, and its limit holds back those who are too fast.
 *
 *     producers --> putters .. [ items, at most `limit` ] .. getters -->
 * workers (waiting)                               (waiting)
 *
 * One of the three is always empty: tasks wait to get only while there are no
 * items, and to put only while there is no room.
 *
 * Handing over. A put that finds a getter waiting writes the item to where the
 * getter wants it, and a get that makes room moves in the item of the first
 * putter. So what a waiting task asked for has happened before it runs again:
 * nobody slips in between, and a cancel or a deadline that comes later comes
 * too late. A put that waits is not in the queue yet: also of a LIFO or a
 * PRIORITY queue, get takes the best of those that are.
 *
 * FIFO is a ring; LIFO the same ring, taken from its other end; PRIORITY a
 * binary heap in which the parent of i stands at (i - 1) / 2 and goes before
 * it. A heap does not keep the order of equals, so each item has a number.
 *
 * Read before: lock.c, condition.c. Read after: channel.c.
 * Rests on: tornado.queues, whose rules it keeps but one: there the item of a
 * putter that waits counts when a get chooses; heapsort, Williams 1964.
 */
#include "loop/co/co_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct co_queue_item {
    void *item;
    uint64_t serial;
};

enum { CAPACITY_MIN = 8 };

/* --- life ---------------------------------------------------------------- */

int co_queue_init(struct co_queue *q, enum co_queue_kind kind, int limit,
                  co_before_fn *before)
{
    if (limit < 1 || (kind == CO_PRIORITY) != (before != NULL))
        return -EINVAL;
    *q = (struct co_queue){.kind = kind, .limit = limit, .before = before};
    return 0;
}

void co_queue_fini(struct co_queue *q)
{
    assert(waiters_empty(&q->getters) && waiters_empty(&q->putters));
    assert(waiters_empty(&q->joiners));
    free(q->items);
    *q = (struct co_queue){0};
}

/* --- the ring ------------------------------------------------------------ */

/* The i-th from the head. */
static struct co_queue_item *at(const struct co_queue *q, int i)
{
    const int to_end = q->capacity - q->head;
    return &q->items[i < to_end ? q->head + i : i - to_end];
}

/* Twice the memory, but not above the limit; the head moves to its front. */
static void grow(struct co_queue *q)
{
    int capacity = q->capacity > 0 ? q->capacity : CAPACITY_MIN / 2;
    capacity = capacity > q->limit / 2 ? q->limit : 2 * capacity;
    struct co_queue_item *items =
        base_alloc_array((size_t)capacity, sizeof *items);
    for (int i = 0; i < q->n; i++)
        items[i] = *at(q, i);
    free(q->items);
    q->items = items;
    q->capacity = capacity;
    q->head = 0;
}

static void *take_first(struct co_queue *q)
{
    void *item = at(q, 0)->item;
    q->head = q->head + 1 == q->capacity ? 0 : q->head + 1;
    q->n--;
    return item;
}

static void *take_last(struct co_queue *q)
{
    return at(q, --q->n)->item;
}

/* --- the heap: as the ring, whose head stays at 0 ------------------------ */

static bool goes_before(const struct co_queue *q, int a, int b)
{
    const struct co_queue_item *x = &q->items[a], *y = &q->items[b];
    if (q->before(x->item, y->item))
        return true;
    return !q->before(y->item, x->item) && x->serial < y->serial;
}

static void swap(struct co_queue *q, int a, int b)
{
    const struct co_queue_item item = q->items[a];
    q->items[a] = q->items[b];
    q->items[b] = item;
}

static void sift_up(struct co_queue *q, int i)
{
    for (int parent; i > 0 && goes_before(q, i, parent = (i - 1) / 2);
         i = parent)
        swap(q, i, parent);
}

/* Of i and its children the one that goes before the others. */
static int first_of(const struct co_queue *q, int i)
{
    if (i >= q->n / 2)
        return i; /* has no children */
    const int left = 2 * i + 1, right = left + 1;
    const int first = goes_before(q, left, i) ? left : i;
    return right < q->n && goes_before(q, right, first) ? right : first;
}

static void sift_down(struct co_queue *q, int i)
{
    for (int child; (child = first_of(q, i)) != i; i = child)
        swap(q, i, child);
}

static void *take_smallest(struct co_queue *q)
{
    void *item = q->items[0].item;
    q->items[0] = q->items[--q->n];
    sift_down(q, 0);
    return item;
}

/* --- putting in and taking out, without waiting -------------------------- */

static void insert(struct co_queue *q, void *item)
{
    if (q->n == q->capacity)
        grow(q);
    *at(q, q->n++) = (struct co_queue_item){item, q->serial++};
    if (q->kind == CO_PRIORITY)
        sift_up(q, q->n - 1);
    q->unfinished++;
}

static void *take(struct co_queue *q)
{
    switch (q->kind) {
    case CO_LIFO:
        return take_last(q);
    case CO_PRIORITY:
        return take_smallest(q);
    default:
        return take_first(q);
    }
}

int co_queue_try_put(struct co_queue *q, void *item)
{
    struct waiter *getter = waiters_first(&q->getters);
    if (getter != NULL) {
        *(void **)getter->slot = item;
        q->unfinished++;
        waiter_wake(getter, 0);
    } else if (q->n < q->limit) {
        insert(q, item);
    } else {
        return -EAGAIN;
    }
    return 0;
}

int co_queue_try_get(struct co_queue *q, void **item)
{
    if (q->n == 0)
        return -EAGAIN;
    *item = take(q);
    struct waiter *putter = waiters_first(&q->putters);
    if (putter != NULL) {
        insert(q, putter->slot);
        waiter_wake(putter, 0);
    }
    return 0;
}

/* --- waiting ------------------------------------------------------------- */

static void queue_describe(const struct co_task *t, struct base_buf *out)
{
    const struct waiter *w = t->wait;
    const struct co_queue *q = w->object;
    base_buf_printf(out, " with %d of %d items, %llu not done", q->n, q->limit,
                    (unsigned long long)q->unfinished);
}

static const struct wait_kind for_room = {"room in a queue", waiter_interrupt,
                                          queue_describe};
static const struct wait_kind for_item = {"an item of a queue",
                                          waiter_interrupt, queue_describe};
static const struct wait_kind for_done = {"the items of a queue",
                                          waiter_interrupt, queue_describe};

int co_queue_put(struct co_queue *q, void *item)
{
    if (co_running == NULL)
        return -EPERM;
    if (co_queue_try_put(q, item) == 0)
        return 0;
    struct waiter w;
    return waiters_wait(&q->putters, &w, &for_room, q, item);
}

int co_queue_get(struct co_queue *q, void **item)
{
    if (co_running == NULL)
        return -EPERM;
    if (co_queue_try_get(q, item) == 0)
        return 0;
    struct waiter w;
    return waiters_wait(&q->getters, &w, &for_item, q, item);
}

/* Those in the queue have not been got yet, so they cannot be done. */
int co_queue_done(struct co_queue *q)
{
    if (q->unfinished == (uint64_t)q->n)
        return -EINVAL;
    q->unfinished--;
    if (q->unfinished == 0)
        waiters_wake_all(&q->joiners);
    return 0;
}

int co_queue_join(struct co_queue *q)
{
    if (co_running == NULL)
        return -EPERM;
    if (q->unfinished == 0)
        return 0;
    struct waiter w;
    return waiters_wait(&q->joiners, &w, &for_done, q, NULL);
}
