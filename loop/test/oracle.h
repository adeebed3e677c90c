/*
 * oracle.h - what co.h promises of tasks that wait for each other, written down
 * without lists, heaps, rings or stacks: tables, searches, and a number for
 * each thing that happens, by which one came before the other.
 *
 * It runs nobody. Whoever does (actors.c) tells it what a task is about to do,
 * then does it, and asks whether what came back was right:
 *
 *     oracle_put(o, task, queue, value, true);
 *     result = co_queue_put(&queue, value);
 *     right = oracle_resumed(o, task) && result == o->tasks[task].result;
 *
 * oracle_resumed knows whose turn it is: the same task's if what it asked for
 * was there, else that of whoever was woken first.
 *
 * Read before: co.h. Read after: oracle.c, actors.h.
 */
#ifndef LOOP_TEST_ORACLE_H
#define LOOP_TEST_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ORACLE_TASKS = 12,
    ORACLE_OUTSIDE = ORACLE_TASKS, /* a callback's "task": it never waits */
    ORACLE_QUEUES = 3,             /* one of each enum co_queue_kind */
    ORACLE_LOCKS = 2,
    ORACLE_SEMAPHORES = 2,
    ORACLE_CONDITIONS = 2,
    ORACLE_EVENTS = 2,
    ORACLE_CHANNELS = 3,
    ORACLE_CASES = 4,
    ORACLE_DEPTH = 2, /* of deadlines, and of shields */
    ORACLE_LIMIT = 8, /* of queues; channels have less */
    ORACLE_RANKS = 3  /* of the values of a priority queue: value % RANKS */
};

/* Rules to be broken on purpose: who compares must find each of them. */
enum oracle_wrong {
    ORACLE_RIGHT,
    ORACLE_LAST_COME_FIRST_SERVED,
    ORACLE_CANCEL_TAKES_WHAT_WAS_GRANTED,
    ORACLE_LATE_TAKES_WHAT_WAS_GRANTED,
    ORACLE_CANCEL_STRIKES_TWICE,
    ORACLE_SHIELDS_HOLD_NOTHING,
    ORACLE_OUTER_DEADLINES_COUNT_NOT,
    ORACLE_UNLOCK_FREES,
    ORACLE_RELEASE_HAS_NO_BOUND,
    ORACLE_NOTIFY_WAKES_ALL,
    ORACLE_CLEARED_EVENTS_WAKE_NOBODY,
    ORACLE_EQUALS_REVERSED,
    ORACLE_WAITING_PUTS_ARE_IN,
    ORACLE_JOIN_COUNTS_GETS,
    ORACLE_CLOSE_DROPS_ELEMENTS,
    ORACLE_SELECT_TAKES_THE_FIRST,
    ORACLE_WRONGS
};

enum oracle_state { ORACLE_NONE, ORACLE_READY, ORACLE_RUNS, ORACLE_WAITS };

enum oracle_wait {
    ORACLE_PUTS,
    ORACLE_GETS,
    ORACLE_JOINS,
    ORACLE_LOCKS_IT,
    ORACLE_LOCKS_AGAIN, /* after a condition: cannot end early */
    ORACLE_ACQUIRES,
    ORACLE_AWAITS_NOTIFY,
    ORACLE_AWAITS_EVENT,
    ORACLE_SELECTS,
    ORACLE_SLEEPS
};

struct oracle_case {
    int channel;
    bool sends;
    long value; /* to be sent */
};

struct oracle_deadline {
    int64_t ns;
    uint64_t order;
    int shields;
    bool expired;
};

struct oracle_task {
    enum oracle_state state;
    uint64_t order; /* of becoming ready, or of coming to wait */
    enum oracle_wait wait;
    int object;
    int64_t until_ns;
    struct oracle_case cases[ORACLE_CASES];
    int n_cases;
    int relock; /* the lock that its condition wait ends with, or -1 */
    bool cancelled;
    int shields, n_deadlines;
    struct oracle_deadline deadlines[ORACLE_DEPTH];
    /* what its call has returned or will return: */
    int result; /* of co_select: the index */
    int chosen; /* of co_select: the case's result */
    long value; /* that it got; or puts */
};

struct oracle_item {
    long value;
    uint64_t order;
};

struct oracle_queue {
    int limit, n;
    int unfinished;
    struct oracle_item items[ORACLE_LIMIT];
};

struct oracle_channel {
    int capacity, n;
    bool closed;
    long values[ORACLE_LIMIT];
    uint64_t turns[2]; /* of receiving, of sending */
};

struct oracle {
    enum oracle_wrong wrong;
    int64_t now_ns; /* moved by the caller, who then calls oracle_time */
    uint64_t order; /* of the last thing that happened */
    int running;    /* a task, or -1 */
    uint64_t granted, cancelled, late; /* waits, by how they ended */
    struct oracle_task tasks[ORACLE_TASKS + 1];
    struct oracle_queue queues[ORACLE_QUEUES];
    int owners[ORACLE_LOCKS]; /* tasks, or -1 */
    int values[ORACLE_SEMAPHORES], bounds[ORACLE_SEMAPHORES];
    bool events[ORACLE_EVENTS];
    struct oracle_channel channels[ORACLE_CHANNELS];
};

/* Limits, bounds and capacities are set by the caller. */
void oracle_init(struct oracle *o, int64_t now_ns);

/* Which task runs next; -1: none is ready. */
int oracle_next(struct oracle *o);

/* A call of the task has returned (or its function has begun): is that right?
 */
bool oracle_resumed(struct oracle *o, int task);

/* The clock has moved, and the loop has called what is due: all of it, or what
 * was before a timer with that deadline that was started as number `order`. */
void oracle_time(struct oracle *o, int64_t ns, uint64_t order);

/* Tasks. */
void oracle_spawn(struct oracle *o, int task);
void oracle_end(struct oracle *o, int task);
void oracle_cancel(struct oracle *o, int task);
void oracle_yield(struct oracle *o, int task);
void oracle_sleep(struct oracle *o, int task, int64_t until_ns);
void oracle_deadline_begin(struct oracle *o, int task, int64_t ns);
bool oracle_deadline_end(struct oracle *o, int task);
void oracle_shield(struct oracle *o, int task, int change);

/* What tasks do. The result stands in o->tasks[task] when it is resumed. */
void oracle_put(struct oracle *o, int task, int queue, long value, bool wait);
void oracle_get(struct oracle *o, int task, int queue, bool wait);
void oracle_done(struct oracle *o, int task, int queue);
void oracle_join(struct oracle *o, int task, int queue);
void oracle_lock(struct oracle *o, int task, int lock);
void oracle_unlock(struct oracle *o, int task, int lock);
void oracle_acquire(struct oracle *o, int task, int semaphore, bool wait);
void oracle_release(struct oracle *o, int task, int semaphore);
/* lock: -1: none. */
void oracle_condition(struct oracle *o, int task, int condition, int lock);
void oracle_notify(struct oracle *o, int condition, int n);
void oracle_event(struct oracle *o, int task, int event);
void oracle_set(struct oracle *o, int event);
void oracle_clear(struct oracle *o, int event);
/* The cases are in o->tasks[task]. */
void oracle_select(struct oracle *o, int task, bool wait);
void oracle_close(struct oracle *o, int channel);

#endif
