/*
 * oracle.c - see oracle.h.
 */
#include "loop/test/oracle.h"

#include "loop/co.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

void oracle_init(struct oracle *o, int64_t now_ns)
{
    *o = (struct oracle){.now_ns = now_ns, .running = -1};
    for (int i = 0; i < ORACLE_LOCKS; i++)
        o->owners[i] = -1;
}

/* --- who is ready, who waits --------------------------------------------- */

static void returns(struct oracle *o, int task, int result)
{
    o->tasks[task].result = result;
}

static void make_ready(struct oracle *o, int task)
{
    o->tasks[task].state = ORACLE_READY;
    o->tasks[task].order = ++o->order;
}

static void wake(struct oracle *o, int task, int result)
{
    returns(o, task, result);
    make_ready(o, task);
    o->granted += result >= 0;
    o->cancelled += result == -ECANCELED;
    o->late += result == -ETIMEDOUT;
}

static bool expired(const struct oracle *o, const struct oracle_deadline *d,
                    const struct oracle_task *t)
{
    return d->expired && (d->shields >= t->shields ||
                          o->wrong == ORACLE_SHIELDS_HOLD_NOTHING);
}

/* What ends a wait before it begins. */
static int check(struct oracle *o, struct oracle_task *t)
{
    if (t->cancelled && t->shields == 0) {
        t->cancelled = o->wrong == ORACLE_CANCEL_STRIKES_TWICE;
        return -ECANCELED;
    }
    for (int i = 0; i < t->n_deadlines; i++) {
        if (o->wrong == ORACLE_OUTER_DEADLINES_COUNT_NOT &&
            i < t->n_deadlines - 1)
            continue;
        if (expired(o, &t->deadlines[i], t))
            return -ETIMEDOUT;
    }
    return 0;
}

static void stand(struct oracle *o, int task, enum oracle_wait wait, int object)
{
    struct oracle_task *t = &o->tasks[task];
    t->state = ORACLE_WAITS;
    t->wait = wait;
    t->object = object;
    t->order = ++o->order;
    o->running = -1;
}

/* What was asked for is not there: its task waits, if it may. */
static void not_there(struct oracle *o, int task, bool may_wait,
                      enum oracle_wait wait, int object)
{
    const int error = may_wait ? check(o, &o->tasks[task]) : -EAGAIN;
    if (error != 0)
        returns(o, task, error);
    else
        stand(o, task, wait, object);
}

static bool waits_for(const struct oracle_task *t, enum oracle_wait wait,
                      int object)
{
    return t->state == ORACLE_WAITS && t->wait == wait && t->object == object;
}

/* Of two that wait, or -1. */
static int earlier(const struct oracle *o, int a, int b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    const bool a_first = o->tasks[a].order < o->tasks[b].order;
    return a_first != (o->wrong == ORACLE_LAST_COME_FIRST_SERVED) ? a : b;
}

/* The first who waits for that; -1: nobody. */
static int first(const struct oracle *o, enum oracle_wait wait, int object)
{
    int best = -1;
    for (int i = 0; i < ORACLE_TASKS; i++)
        if (waits_for(&o->tasks[i], wait, object))
            best = earlier(o, best, i);
    return best;
}

static int first_ready(const struct oracle *o)
{
    int best = -1;
    for (int i = 0; i < ORACLE_TASKS; i++)
        if (o->tasks[i].state == ORACLE_READY &&
            (best == -1 || o->tasks[i].order < o->tasks[best].order))
            best = i;
    return best;
}

/*
 * A task whose wait for a condition has ended takes its lock when it runs, and
 * may park again for it, which is seen only by those who run instead.
 */
static bool parks_for_its_lock(struct oracle *o, int task)
{
    struct oracle_task *t = &o->tasks[task];
    if (t->relock == -1)
        return false;
    if (o->owners[t->relock] == -1) {
        o->owners[t->relock] = task;
        t->relock = -1;
        return false;
    }
    stand(o, task, ORACLE_LOCKS_AGAIN, t->relock);
    return true;
}

int oracle_next(struct oracle *o)
{
    int task;
    do
        task = first_ready(o);
    while (task != -1 && parks_for_its_lock(o, task));
    return task;
}

bool oracle_resumed(struct oracle *o, int task)
{
    if (task == ORACLE_OUTSIDE || o->running == task)
        return true;
    if (o->running != -1 || oracle_next(o) != task)
        return false;
    o->running = task;
    o->tasks[task].state = ORACLE_RUNS;
    return true;
}

/* --- tasks --------------------------------------------------------------- */

void oracle_spawn(struct oracle *o, int task)
{
    o->tasks[task] = (struct oracle_task){.relock = -1};
    make_ready(o, task);
}

void oracle_end(struct oracle *o, int task)
{
    o->tasks[task].state = ORACLE_NONE;
    o->running = -1;
}

static void interrupt(struct oracle *o, int task, int error)
{
    struct oracle_task *t = &o->tasks[task];
    const enum oracle_wrong wrong = error == -ECANCELED
                                        ? ORACLE_CANCEL_TAKES_WHAT_WAS_GRANTED
                                        : ORACLE_LATE_TAKES_WHAT_WAS_GRANTED;
    if (t->state == ORACLE_WAITS && t->wait != ORACLE_LOCKS_AGAIN)
        wake(o, task, error);
    else if (t->state == ORACLE_READY && o->wrong == wrong)
        returns(o, task, error);
}

void oracle_cancel(struct oracle *o, int task)
{
    struct oracle_task *t = &o->tasks[task];
    const bool on_its_way = t->state == ORACLE_READY && t->result == -ECANCELED;
    if (t->state == ORACLE_NONE || on_its_way)
        return;
    if (t->state == ORACLE_WAITS && t->wait != ORACLE_LOCKS_AGAIN &&
        (t->shields == 0 || o->wrong == ORACLE_SHIELDS_HOLD_NOTHING)) {
        wake(o, task, -ECANCELED);
        return;
    }
    t->cancelled = true;
    if (t->shields == 0)
        interrupt(o, task, -ECANCELED);
}

void oracle_yield(struct oracle *o, int task)
{
    const int error = check(o, &o->tasks[task]);
    returns(o, task, error);
    if (error != 0)
        return;
    make_ready(o, task);
    o->running = -1;
}

void oracle_sleep(struct oracle *o, int task, int64_t until_ns)
{
    if (until_ns <= o->now_ns) {
        oracle_yield(o, task);
        return;
    }
    o->tasks[task].until_ns = until_ns;
    not_there(o, task, true, ORACLE_SLEEPS, 0);
}

void oracle_deadline_begin(struct oracle *o, int task, int64_t ns)
{
    struct oracle_task *t = &o->tasks[task];
    t->deadlines[t->n_deadlines++] =
        (struct oracle_deadline){.ns = ns,
                                 .order = ++o->order,
                                 .shields = t->shields,
                                 .expired = ns <= o->now_ns};
}

bool oracle_deadline_end(struct oracle *o, int task)
{
    struct oracle_task *t = &o->tasks[task];
    return t->deadlines[--t->n_deadlines].expired;
}

void oracle_shield(struct oracle *o, int task, int change)
{
    o->tasks[task].shields += change;
}

/* --- time ---------------------------------------------------------------- */

struct due {
    int task, deadline; /* -1: the task's sleep */
    int64_t ns;
    uint64_t order;
};

static bool is_before(const struct due *d, int64_t ns, uint64_t order)
{
    return d->ns < ns || (d->ns == ns && d->order < order);
}

static void consider(struct due *best, struct due other)
{
    if (best->task == -1 || is_before(&other, best->ns, best->order))
        *best = other;
}

static struct due find_due(const struct oracle *o)
{
    struct due best = {.task = -1};
    for (int i = 0; i < ORACLE_TASKS; i++) {
        const struct oracle_task *t = &o->tasks[i];
        if (t->state == ORACLE_NONE)
            continue;
        if (waits_for(t, ORACLE_SLEEPS, 0) && t->until_ns <= o->now_ns)
            consider(&best, (struct due){i, -1, t->until_ns, t->order});
        for (int k = 0; k < t->n_deadlines; k++) {
            const struct oracle_deadline *d = &t->deadlines[k];
            if (!d->expired && d->ns <= o->now_ns)
                consider(&best, (struct due){i, k, d->ns, d->order});
        }
    }
    return best;
}

void oracle_time(struct oracle *o, int64_t ns, uint64_t order)
{
    struct due due;
    while ((due = find_due(o)).task != -1 && is_before(&due, ns, order)) {
        struct oracle_task *t = &o->tasks[due.task];
        if (due.deadline == -1) {
            wake(o, due.task, 0);
            continue;
        }
        struct oracle_deadline *d = &t->deadlines[due.deadline];
        d->expired = true;
        if (expired(o, d, t))
            interrupt(o, due.task, -ETIMEDOUT);
    }
}

/* --- queues -------------------------------------------------------------- */

static bool goes_before(const struct oracle *o, enum co_queue_kind kind,
                        const struct oracle_item *a,
                        const struct oracle_item *b)
{
    const bool earlier = a->order < b->order;
    if (kind == CO_FIFO)
        return earlier;
    if (kind == CO_LIFO)
        return !earlier;
    const long x = a->value % ORACLE_RANKS, y = b->value % ORACLE_RANKS;
    return x != y ? x < y : earlier != (o->wrong == ORACLE_EQUALS_REVERSED);
}

static void add(struct oracle *o, struct oracle_queue *q, long value)
{
    q->items[q->n++] = (struct oracle_item){value, ++o->order};
    q->unfinished++;
}

/* The queues are one of each kind, in the order of the kinds. */
static long take(struct oracle *o, int queue)
{
    struct oracle_queue *q = &o->queues[queue];
    int best = 0;
    for (int i = 1; i < q->n; i++)
        if (goes_before(o, (enum co_queue_kind)queue, &q->items[i],
                        &q->items[best]))
            best = i;
    const long value = q->items[best].value;
    memmove(&q->items[best], &q->items[best + 1],
            (size_t)(--q->n - best) * sizeof q->items[0]);
    return value;
}

void oracle_put(struct oracle *o, int task, int queue, long value, bool wait)
{
    struct oracle_queue *q = &o->queues[queue];
    const int getter = first(o, ORACLE_GETS, queue);
    returns(o, task, 0);
    if (getter != -1) {
        o->tasks[getter].value = value;
        q->unfinished++;
        wake(o, getter, 0);
    } else if (q->n < q->limit) {
        add(o, q, value);
    } else {
        o->tasks[task].value = value;
        not_there(o, task, wait, ORACLE_PUTS, queue);
    }
}

static void finish(struct oracle *o, int queue)
{
    int joiner;
    while (o->queues[queue].unfinished == 0 &&
           (joiner = first(o, ORACLE_JOINS, queue)) != -1)
        wake(o, joiner, 0);
}

void oracle_get(struct oracle *o, int task, int queue, bool wait)
{
    struct oracle_queue *q = &o->queues[queue];
    const int putter = first(o, ORACLE_PUTS, queue);
    const bool before =
        o->wrong == ORACLE_WAITING_PUTS_ARE_IN && q->n < ORACLE_LIMIT;
    returns(o, task, 0);
    if (q->n == 0) {
        not_there(o, task, wait, ORACLE_GETS, queue);
        return;
    }
    if (putter != -1 && before)
        add(o, q, o->tasks[putter].value);
    o->tasks[task].value = take(o, queue);
    if (putter != -1 && !before)
        add(o, q, o->tasks[putter].value);
    if (putter != -1)
        wake(o, putter, 0);
    if (o->wrong == ORACLE_JOIN_COUNTS_GETS) {
        q->unfinished--;
        finish(o, queue);
    }
}

void oracle_done(struct oracle *o, int task, int queue)
{
    struct oracle_queue *q = &o->queues[queue];
    returns(o, task, q->unfinished > q->n ? 0 : -EINVAL);
    if (q->unfinished <= q->n)
        return;
    q->unfinished--;
    finish(o, queue);
}

void oracle_join(struct oracle *o, int task, int queue)
{
    returns(o, task, 0);
    if (o->queues[queue].unfinished != 0)
        not_there(o, task, true, ORACLE_JOINS, queue);
}

/* --- locks, semaphores --------------------------------------------------- */

void oracle_lock(struct oracle *o, int task, int lock)
{
    returns(o, task, 0);
    if (o->owners[lock] == task)
        returns(o, task, -EDEADLK);
    else if (o->owners[lock] == -1)
        o->owners[lock] = task;
    else
        not_there(o, task, true, ORACLE_LOCKS_IT, lock);
}

void oracle_unlock(struct oracle *o, int task, int lock)
{
    returns(o, task, o->owners[lock] == task ? 0 : -EPERM);
    if (o->owners[lock] != task)
        return;
    const int next = earlier(o, first(o, ORACLE_LOCKS_IT, lock),
                             first(o, ORACLE_LOCKS_AGAIN, lock));
    o->owners[lock] = o->wrong == ORACLE_UNLOCK_FREES ? -1 : next;
    if (next == -1)
        return;
    struct oracle_task *t = &o->tasks[next];
    if (t->wait == ORACLE_LOCKS_AGAIN) {
        t->relock = -1;
        make_ready(o, next); /* its condition's wait has its result already */
    } else {
        wake(o, next, 0);
    }
}

void oracle_acquire(struct oracle *o, int task, int semaphore, bool wait)
{
    returns(o, task, 0);
    if (o->values[semaphore] > 0)
        o->values[semaphore]--;
    else
        not_there(o, task, wait, ORACLE_ACQUIRES, semaphore);
}

void oracle_release(struct oracle *o, int task, int semaphore)
{
    const int next = first(o, ORACLE_ACQUIRES, semaphore);
    returns(o, task, 0);
    if (o->values[semaphore] == o->bounds[semaphore] &&
        o->wrong != ORACLE_RELEASE_HAS_NO_BOUND)
        returns(o, task, -EOVERFLOW);
    else if (next != -1)
        wake(o, next, 0);
    else
        o->values[semaphore]++;
}

/* --- conditions, events -------------------------------------------------- */

void oracle_condition(struct oracle *o, int task, int condition, int lock)
{
    struct oracle_task *t = &o->tasks[task];
    if (lock != -1) {
        oracle_unlock(o, task, lock);
        if (t->result != 0)
            return;
    }
    t->relock = lock;
    not_there(o, task, true, ORACLE_AWAITS_NOTIFY, condition);
    if (t->state != ORACLE_WAITS)
        parks_for_its_lock(o, task);
}

void oracle_notify(struct oracle *o, int condition, int n)
{
    if (o->wrong == ORACLE_NOTIFY_WAKES_ALL)
        n = n > 0 ? INT_MAX : n;
    int next;
    while (n-- > 0 && (next = first(o, ORACLE_AWAITS_NOTIFY, condition)) != -1)
        wake(o, next, 0);
}

void oracle_event(struct oracle *o, int task, int event)
{
    returns(o, task, 0);
    if (!o->events[event])
        not_there(o, task, true, ORACLE_AWAITS_EVENT, event);
}

void oracle_set(struct oracle *o, int event)
{
    o->events[event] = true;
    int next;
    while ((next = first(o, ORACLE_AWAITS_EVENT, event)) != -1)
        wake(o, next, 0);
}

/* If it is wrong, those whom it has just woken wait on. */
void oracle_clear(struct oracle *o, int event)
{
    o->events[event] = false;
    for (int i = 0; i < ORACLE_TASKS; i++) {
        struct oracle_task *t = &o->tasks[i];
        if (o->wrong == ORACLE_CLEARED_EVENTS_WAKE_NOBODY &&
            t->state == ORACLE_READY && t->wait == ORACLE_AWAITS_EVENT &&
            t->object == event && t->result == 0)
            t->state = ORACLE_WAITS;
    }
}

/* --- channels ------------------------------------------------------------ */

static int case_at(const struct oracle_task *t, int channel, bool sends)
{
    for (int i = 0; i < t->n_cases; i++)
        if (t->cases[i].channel == channel && t->cases[i].sends == sends)
            return i;
    return -1;
}

/* The first who stands in that line of a channel. */
static int first_in_line(const struct oracle *o, int channel, bool sends)
{
    int best = -1;
    for (int i = 0; i < ORACLE_TASKS; i++)
        if (waits_for(&o->tasks[i], ORACLE_SELECTS, 0) &&
            case_at(&o->tasks[i], channel, sends) != -1)
            best = earlier(o, best, i);
    return best;
}

static bool can(const struct oracle *o, const struct oracle_case *c)
{
    const struct oracle_channel *ch = &o->channels[c->channel];
    if (ch->closed || first_in_line(o, c->channel, !c->sends) != -1)
        return true;
    return c->sends ? ch->n < ch->capacity : ch->n > 0;
}

static void note_turn(struct oracle *o, const struct oracle_task *t, int chosen)
{
    uint64_t last = 0;
    if (t->n_cases == 1 || o->wrong == ORACLE_SELECT_TAKES_THE_FIRST)
        return;
    for (int i = 0; i < t->n_cases; i++) {
        const struct oracle_case *c = &t->cases[i];
        const uint64_t turn = o->channels[c->channel].turns[c->sends];
        last = turn > last ? turn : last;
    }
    const struct oracle_case *c = &t->cases[chosen];
    o->channels[c->channel].turns[c->sends] = last + 1;
}

/* One who stands in that line is served. */
static void serve(struct oracle *o, int task, int channel, bool sends,
                  int result)
{
    struct oracle_task *t = &o->tasks[task];
    const int chosen = case_at(t, channel, sends);
    note_turn(o, t, chosen);
    t->chosen = result;
    wake(o, task, chosen);
}

static int send_now(struct oracle *o, const struct oracle_case *c)
{
    struct oracle_channel *ch = &o->channels[c->channel];
    const int receiver = first_in_line(o, c->channel, false);
    if (ch->closed)
        return -EPIPE;
    if (receiver != -1) {
        o->tasks[receiver].value = c->value;
        serve(o, receiver, c->channel, false, 0);
    } else {
        ch->values[ch->n++] = c->value;
    }
    return 0;
}

static int receive_now(struct oracle *o, struct oracle_task *t, int channel)
{
    struct oracle_channel *ch = &o->channels[channel];
    const int sender = first_in_line(o, channel, true);
    if (sender != -1) {
        const struct oracle_task *s = &o->tasks[sender];
        ch->values[ch->n++] = s->cases[case_at(s, channel, true)].value;
        serve(o, sender, channel, true, 0);
    }
    if (ch->n == 0)
        return -EPIPE;
    t->value = ch->values[0];
    memmove(ch->values, ch->values + 1, (size_t)--ch->n * sizeof *ch->values);
    return 0;
}

static int choose(const struct oracle *o, const struct oracle_task *t)
{
    int best = -1;
    uint64_t least = 0;
    for (int i = 0; i < t->n_cases; i++) {
        const struct oracle_case *c = &t->cases[i];
        const uint64_t turn = o->channels[c->channel].turns[c->sends];
        if (can(o, c) && (best == -1 || turn < least)) {
            best = i;
            least = turn;
        }
    }
    return best;
}

void oracle_select(struct oracle *o, int task, bool wait)
{
    struct oracle_task *t = &o->tasks[task];
    const int chosen = choose(o, t);
    if (chosen == -1) {
        not_there(o, task, wait, ORACLE_SELECTS, 0);
        return;
    }
    const struct oracle_case *c = &t->cases[chosen];
    note_turn(o, t, chosen);
    t->chosen = c->sends ? send_now(o, c) : receive_now(o, t, c->channel);
    returns(o, task, chosen);
}

void oracle_close(struct oracle *o, int channel)
{
    o->channels[channel].closed = true;
    if (o->wrong == ORACLE_CLOSE_DROPS_ELEMENTS)
        o->channels[channel].n = 0;
    for (int sends = 0; sends < 2; sends++) {
        int next;
        while ((next = first_in_line(o, channel, sends)) != -1)
            serve(o, next, channel, sends, -EPIPE);
    }
}
