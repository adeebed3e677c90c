/*
 * actors.c - see actors.h.
 *
 * An act is a function that does one thing, first to the oracle, then to the
 * loop, and compares. Tasks do acts until they end; so does the stage hand, who
 * stands outside of tasks as a callback does, and never waits. He moves the
 * clock, runs the loop, and cancels whom he likes, also in a timer's callback.
 *
 * The first difference ends the round: all tasks clean up and return, and
 * nothing is compared any more.
 */
#include "loop/test/actors.h"
#include "loop/co/co_internal.h"
#include "loop/test/random.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 24 };

struct world;

struct actor {
    struct world *world;
    int number;
    bool alive;
    struct co_task *task;
    struct co_deadline deadlines[ORACLE_DEPTH];
    int n_deadlines, n_shields;
    bool has[ORACLE_LOCKS];
};

struct world {
    const struct actors_options *options;
    struct actors_result *result;
    struct loop *loop;
    int64_t clock_ns;
    struct loop_timer cue; /* of the stage hand */
    int64_t cue_ns;
    uint64_t cue_order;
    uint64_t random;
    bool ending, compares;
    long values; /* those that were sent or put, 1, 2, ... */
    char lines[LINES][80];
    uint64_t n_lines;
    struct oracle oracle;
    struct actor actors[ORACLE_TASKS + 1];
    struct co_queue queues[ORACLE_QUEUES];
    struct co_lock locks[ORACLE_LOCKS];
    struct co_semaphore semaphores[ORACLE_SEMAPHORES];
    struct co_condition conditions[ORACLE_CONDITIONS];
    struct co_event events[ORACLE_EVENTS];
    struct co_channel channels[ORACLE_CHANNELS];
};

static int below(struct world *w, unsigned n)
{
    return (int)random_below(&w->random, n);
}

static int64_t fake_clock(void *arg)
{
    const struct world *w = arg;
    return w->clock_ns;
}

/* --- what was done, and what differs ------------------------------------- */

static void __attribute__((format(printf, 2, 3)))
say(struct actor *a, const char *format, ...)
{
    struct world *w = a->world;
    char *line = w->lines[w->n_lines++ % LINES];
    va_list args;
    va_start(args, format);
    const int n = a->number == ORACLE_OUTSIDE
                      ? snprintf(line, sizeof *w->lines, "outside: ")
                      : snprintf(line, sizeof *w->lines, "%d: ", a->number);
    vsnprintf(line + n, sizeof *w->lines - (size_t)n, format, args);
    va_end(args);
    w->result->ops++;
}

static void __attribute__((format(printf, 2, 3)))
differ(struct world *w, const char *format, ...)
{
    struct actors_result *r = w->result;
    w->ending = true;
    if (!w->compares)
        return;
    w->compares = false;
    r->differs = true;
    char what[200];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    struct base_buf out;
    base_buf_init(&out, sizeof r->text);
    const uint64_t from = w->n_lines > LINES ? w->n_lines - LINES : 0;
    for (uint64_t i = from; i < w->n_lines; i++)
        base_buf_printf(&out, "  %s\n", w->lines[i % LINES]);
    base_buf_printf(&out, "differs: %s\nrepeat it with:\n", what);
    base_buf_printf(&out, "  LOOP_BACKEND=%s SEED=%llu OPS=%llu %s\n",
                    w->options->backend, (unsigned long long)w->options->seed,
                    (unsigned long long)w->options->ops,
                    program_invocation_name);
    const struct base_slice text = base_buf_slice(&out);
    snprintf(r->text, sizeof r->text, "%.*s", (int)text.len, text.ptr);
    base_buf_fini(&out);
}

/* After each call that may suspend, in the task again. */
static void compare(struct actor *a, const char *what, int result, long value)
{
    struct world *w = a->world;
    if (!w->compares)
        return;
    const int expected_next = w->oracle.running;
    const struct oracle_task *t = &w->oracle.tasks[a->number];
    if (!oracle_resumed(&w->oracle, a->number))
        differ(w, "%s returns %d to %d, but %d runs, and next is %d", what,
               result, a->number, expected_next, oracle_next(&w->oracle));
    else if (t->result != result || (result >= 0 && t->value != value))
        differ(w, "%s returns %d (value %ld) to %d, not %d (value %ld)", what,
               result, value, a->number, t->result, t->value);
}

/* For calls that give nothing beside their result. */
static void compare_result(struct actor *a, const char *what, int result)
{
    compare(a, what, result, a->world->oracle.tasks[a->number].value);
}

/* --- acts: queues -------------------------------------------------------- */

static void *pointer(long value)
{
    return (void *)(uintptr_t)value;
}

static bool rank_before(const void *a, const void *b)
{
    return (uintptr_t)a % ORACLE_RANKS < (uintptr_t)b % ORACLE_RANKS;
}

static bool may_wait(struct actor *a)
{
    return a->number != ORACLE_OUTSIDE && below(a->world, 4) > 0;
}

static void put(struct actor *a)
{
    struct world *w = a->world;
    const int q = below(w, ORACLE_QUEUES);
    const long value = ++w->values;
    const bool wait = may_wait(a);
    say(a, "%s %ld into queue %d", wait ? "put" : "try_put", value, q);
    oracle_put(&w->oracle, a->number, q, value, wait);
    compare_result(a, "put",
                   wait ? co_queue_put(&w->queues[q], pointer(value))
                        : co_queue_try_put(&w->queues[q], pointer(value)));
}

static void be_done(struct actor *a, int q)
{
    struct world *w = a->world;
    say(a, "done with an item of queue %d", q);
    oracle_done(&w->oracle, a->number, q);
    compare_result(a, "done", co_queue_done(&w->queues[q]));
}

static void get(struct actor *a)
{
    struct world *w = a->world;
    const int q = below(w, ORACLE_QUEUES);
    const bool wait = may_wait(a);
    void *item = NULL;
    say(a, "%s from queue %d", wait ? "get" : "try_get", q);
    oracle_get(&w->oracle, a->number, q, wait);
    const int result = wait ? co_queue_get(&w->queues[q], &item)
                            : co_queue_try_get(&w->queues[q], &item);
    compare(a, "get", result, (long)(uintptr_t)item);
    if (result == 0 && below(w, 4) > 0)
        be_done(a, q);
}

static void done(struct actor *a)
{
    be_done(a, below(a->world, ORACLE_QUEUES));
}

static void join(struct actor *a)
{
    struct world *w = a->world;
    const int q = below(w, ORACLE_QUEUES);
    say(a, "join queue %d", q);
    oracle_join(&w->oracle, a->number, q);
    compare_result(a, "join", co_queue_join(&w->queues[q]));
}

/* --- acts: locks, semaphores, conditions, events -------------------------- */

static void lock(struct actor *a)
{
    struct world *w = a->world;
    const int l = below(w, ORACLE_LOCKS);
    say(a, "lock %d", l);
    oracle_lock(&w->oracle, a->number, l);
    const int result = co_lock(&w->locks[l]);
    a->has[l] = a->has[l] || result == 0;
    compare_result(a, "lock", result);
}

/* Now and then one that it does not have, which is refused. */
static void unlock(struct actor *a)
{
    struct world *w = a->world;
    int l = below(w, ORACLE_LOCKS);
    if (!a->has[l] && below(w, 4) > 0)
        l = (l + 1) % ORACLE_LOCKS;
    say(a, "unlock %d", l);
    oracle_unlock(&w->oracle, a->number, l);
    const int result = co_unlock(&w->locks[l]);
    a->has[l] = a->has[l] && result != 0;
    compare_result(a, "unlock", result);
}

static void acquire(struct actor *a)
{
    struct world *w = a->world;
    const int s = below(w, ORACLE_SEMAPHORES);
    const bool wait = may_wait(a);
    say(a, "%s semaphore %d", wait ? "acquire" : "try", s);
    oracle_acquire(&w->oracle, a->number, s, wait);
    compare_result(a, "acquire",
                   wait ? co_semaphore_acquire(&w->semaphores[s])
                        : co_semaphore_try(&w->semaphores[s]));
}

static void release(struct actor *a)
{
    struct world *w = a->world;
    const int s = below(w, ORACLE_SEMAPHORES);
    say(a, "release semaphore %d", s);
    oracle_release(&w->oracle, a->number, s);
    compare_result(a, "release", co_semaphore_release(&w->semaphores[s]));
}

/* Also with a lock that it does not have, which is refused. */
static void wait_for_condition(struct actor *a)
{
    struct world *w = a->world;
    const int c = below(w, ORACLE_CONDITIONS);
    const int l = below(w, 3 * ORACLE_LOCKS) - 2 * ORACLE_LOCKS;
    struct co_lock *its_lock = l >= 0 ? &w->locks[l] : NULL;
    say(a, "wait for condition %d with lock %d", c, l >= 0 ? l : -1);
    oracle_condition(&w->oracle, a->number, c, l >= 0 ? l : -1);
    const int result = co_condition_wait(&w->conditions[c], its_lock);
    if (l >= 0 && a->has[l] && w->locks[l].owner != a->task)
        differ(w, "condition returns to %d without its lock", a->number);
    compare_result(a, "condition", result);
}

static void notify(struct actor *a)
{
    struct world *w = a->world;
    const int c = below(w, ORACLE_CONDITIONS);
    const int n = below(w, 5) - 1;
    say(a, "notify %d of condition %d", n, c);
    oracle_notify(&w->oracle, c, n == 3 ? INT_MAX : n);
    if (n == 3)
        co_condition_notify_all(&w->conditions[c]);
    else
        co_condition_notify(&w->conditions[c], n);
}

static void wait_for_event(struct actor *a)
{
    struct world *w = a->world;
    const int e = below(w, ORACLE_EVENTS);
    say(a, "wait for event %d", e);
    oracle_event(&w->oracle, a->number, e);
    compare_result(a, "event", co_event_wait(&w->events[e]));
}

static void set(struct actor *a)
{
    struct world *w = a->world;
    const int e = below(w, ORACLE_EVENTS);
    const bool stays = below(w, 4) == 0;
    say(a, "set event %d%s", e, stays ? "" : " and clear it");
    oracle_set(&w->oracle, e);
    co_event_set(&w->events[e]);
    if (stays)
        return;
    oracle_clear(&w->oracle, e);
    co_event_clear(&w->events[e]);
}

/* --- acts: channels ------------------------------------------------------ */

static void say_select(struct actor *a, int n, bool wait)
{
    const struct oracle_case *c = a->world->oracle.tasks[a->number].cases;
    char text[64] = "";
    for (int i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %s%d",
                 c[i].sends ? "to " : "from ", c[i].channel);
    say(a, "%s%s", wait ? "select" : "try to select", text);
}

/* One case or several: co_channel_send and _receive are the former. */
static void choose(struct actor *a)
{
    struct world *w = a->world;
    struct oracle_task *t = &w->oracle.tasks[a->number];
    long values[ORACLE_CASES], received = 0;
    struct co_case cases[ORACLE_CASES];
    const int n = below(w, 2) == 0 ? 1 : 1 + below(w, ORACLE_CASES);
    const bool wait = may_wait(a), plain = wait && n == 1 && below(w, 2) == 0;
    t->n_cases = n;
    for (int i = 0; i < n; i++) {
        struct oracle_case *c = &t->cases[i];
        *c = (struct oracle_case){.channel = below(w, ORACLE_CHANNELS),
                                  .sends = below(w, 2) == 0,
                                  .value = values[i] = ++w->values};
        cases[i] = (struct co_case){
            .channel = &w->channels[c->channel],
            .send = c->sends ? &values[i] : NULL,
            .receive = c->sends ? NULL : &received,
        };
    }
    say_select(a, n, wait);
    oracle_select(&w->oracle, a->number, wait);
    int chosen = -EPIPE;
    if (plain)
        cases[0].result = cases[0].send != NULL
                              ? co_channel_send(cases[0].channel, values)
                              : co_channel_receive(cases[0].channel, &received);
    else
        chosen = co_select(cases, n, wait);
    if (plain)
        chosen = cases[0].result == 0 || cases[0].result == -EPIPE
                     ? 0
                     : cases[0].result;
    const bool got = chosen >= 0 && cases[chosen].receive != NULL &&
                     cases[chosen].result == 0;
    compare(a, "select", chosen, got ? received : t->value);
    if (w->compares && chosen >= 0 && cases[chosen].result != t->chosen)
        differ(w, "select's case %d is %d, not %d", chosen,
               cases[chosen].result, t->chosen);
}

/* Rarely: what is closed stays so until the round ends. */
static void close_channel(struct actor *a)
{
    struct world *w = a->world;
    const int c = below(w, 40 * ORACLE_CHANNELS);
    if (c >= ORACLE_CHANNELS)
        return;
    say(a, "close channel %d", c);
    oracle_close(&w->oracle, c);
    co_channel_close(&w->channels[c]);
}

/* --- acts: tasks and time ------------------------------------------------ */

static void yield(struct actor *a)
{
    say(a, "yield");
    oracle_yield(&a->world->oracle, a->number);
    compare_result(a, "yield", co_yield_turn());
}

static int64_t soon(struct world *w)
{
    return w->clock_ns + (below(w, 12) - 1) * LOOP_MS;
}

static void sleep_until(struct actor *a)
{
    const int64_t until_ns = soon(a->world);
    say(a, "sleep until %lld", (long long)(until_ns / LOOP_MS));
    oracle_sleep(&a->world->oracle, a->number, until_ns);
    compare_result(a, "sleep", co_sleep_until(until_ns));
}

static void end_deadline(struct actor *a)
{
    struct world *w = a->world;
    say(a, "end deadline");
    const bool expected = oracle_deadline_end(&w->oracle, a->number);
    if (co_deadline_end(&a->deadlines[--a->n_deadlines]) != expected)
        differ(w, "a deadline of %d has %s", a->number,
               expected ? "not struck" : "struck");
}

static void change_deadline(struct actor *a)
{
    struct world *w = a->world;
    if (a->n_deadlines == ORACLE_DEPTH ||
        (a->n_deadlines > 0 && below(w, 2) == 0)) {
        end_deadline(a);
        return;
    }
    const int64_t deadline_ns = soon(w);
    say(a, "begin deadline %lld", (long long)(deadline_ns / LOOP_MS));
    oracle_deadline_begin(&w->oracle, a->number, deadline_ns);
    co_deadline_begin(&a->deadlines[a->n_deadlines++], deadline_ns);
}

static void end_shield(struct actor *a)
{
    say(a, "end shield");
    oracle_shield(&a->world->oracle, a->number, -1);
    a->n_shields--;
    co_shield_end();
}

/* More often ended than begun. */
static void change_shield(struct actor *a)
{
    const int what = below(a->world, 4);
    if (a->n_shields > 0 && (what > 0 || a->n_shields == ORACLE_DEPTH)) {
        end_shield(a);
    } else if (what == 0) {
        say(a, "begin shield");
        oracle_shield(&a->world->oracle, a->number, 1);
        a->n_shields++;
        co_shield_begin();
    }
}

/* Anybody, also itself, also one that has not begun. */
static void cancel(struct actor *a)
{
    struct world *w = a->world;
    struct actor *other = &w->actors[below(w, ORACLE_TASKS)];
    if (!other->alive)
        return;
    say(a, "cancel %d", other->number);
    oracle_cancel(&w->oracle, other->number);
    co_cancel(other->task);
}

typedef void act_fn(struct actor *a);

/* What a callback may do as well: nothing here waits, outside of a task. */
static act_fn *const outside[] = {
    put,     get,    done, choose, acquire,
    release, notify, set,  cancel, close_channel,
};

static act_fn *const inside[] = {
    put,
    put,
    get,
    get,
    choose,
    choose,
    choose,
    join,
    lock,
    lock,
    unlock,
    unlock,
    unlock,
    acquire,
    acquire,
    wait_for_condition,
    yield,
    sleep_until,
    change_shield,
    wait_for_event,
    cancel,
    change_deadline,
    change_deadline,
    change_deadline,
};

/* What ends by itself: a shield holds back whoever could end it. */
static act_fn *const shielded[] = {
    yield,         sleep_until,   change_deadline, cancel, release,
    change_shield, change_shield, unlock,          notify, set,
};

#define ANY(w, acts) ((acts)[below(w, sizeof(acts) / sizeof *(acts))])

/* One of the three, and rarely of another. */
static act_fn *any(struct actor *a)
{
    struct world *w = a->world;
    if (a->number == ORACLE_OUTSIDE || below(w, 4) == 0)
        return ANY(w, outside);
    return a->n_shields > 0 && below(w, 16) > 0 ? ANY(w, shielded)
                                                : ANY(w, inside);
}

/* --- the life of a task -------------------------------------------------- */

static void clean_up(struct actor *a)
{
    struct world *w = a->world;
    while (a->n_deadlines > 0)
        end_deadline(a);
    while (a->n_shields > 0)
        end_shield(a);
    for (int l = 0; l < ORACLE_LOCKS; l++) {
        if (!a->has[l])
            continue;
        say(a, "unlock %d at its end", l);
        oracle_unlock(&w->oracle, a->number, l);
        compare_result(a, "unlock", co_unlock(&w->locks[l]));
    }
}

/* No wait succeeds until the deadline ends. */
static bool is_late(const struct actor *a)
{
    return a->deadlines[a->n_deadlines - 1].expired;
}

static int act(void *arg)
{
    struct actor *a = arg;
    struct world *w = a->world;
    if (w->compares && !oracle_resumed(&w->oracle, a->number))
        differ(w, "%d begins, but next is %d", a->number,
               oracle_next(&w->oracle));
    while (!w->ending && below(w, 100) > 0) {
        any(a)(a);
        if (a->n_deadlines > 0 && is_late(a) && below(w, 4) > 0)
            end_deadline(a);
    }
    clean_up(a);
    oracle_end(&w->oracle, a->number);
    a->alive = false;
    return 0;
}

static void spawn(struct actor *a)
{
    struct world *w = a->world;
    *a = (struct actor){.world = w, .number = a->number, .alive = true};
    a->task = co_spawn(w->loop, act, a);
    co_detach(a->task);
    say(a, "begins");
    oracle_spawn(&w->oracle, a->number);
}

/* --- the round ----------------------------------------------------------- */

static void open_objects(struct world *w)
{
    struct oracle *o = &w->oracle;
    for (int i = 0; i < ORACLE_QUEUES; i++) {
        o->queues[i].limit = 1 + below(w, i == 0 ? ORACLE_LIMIT : 4);
        co_queue_init(&w->queues[i], (enum co_queue_kind)i, o->queues[i].limit,
                      i == CO_PRIORITY ? rank_before : NULL);
    }
    for (int i = 0; i < ORACLE_SEMAPHORES; i++) {
        o->values[i] = below(w, 3);
        o->bounds[i] = i == 0 ? INT_MAX : 3;
        co_semaphore_init(&w->semaphores[i], o->values[i], o->bounds[i]);
    }
    for (int i = 0; i < ORACLE_CHANNELS; i++) {
        o->channels[i].capacity = i == 0 ? 0 : below(w, 4);
        co_channel_init(&w->channels[i], sizeof(long), o->channels[i].capacity);
    }
}

/* Nobody has anything, nobody waits for anything. */
static bool is_left(struct world *w)
{
    bool left = false;
    for (int i = 0; i < ORACLE_QUEUES; i++)
        left = left || !waiters_empty(&w->queues[i].getters) ||
               !waiters_empty(&w->queues[i].putters) ||
               !waiters_empty(&w->queues[i].joiners);
    for (int i = 0; i < ORACLE_LOCKS; i++)
        left = left || w->locks[i].owner != NULL ||
               !waiters_empty(&w->locks[i].waiters);
    for (int i = 0; i < ORACLE_SEMAPHORES; i++)
        left = left || !waiters_empty(&w->semaphores[i].waiters);
    for (int i = 0; i < ORACLE_CONDITIONS; i++)
        left = left || !waiters_empty(&w->conditions[i].waiters);
    for (int i = 0; i < ORACLE_EVENTS; i++)
        left = left || !waiters_empty(&w->events[i].waiters);
    for (int i = 0; i < ORACLE_CHANNELS; i++)
        left = left || !waiters_empty(&w->channels[i].senders) ||
               !waiters_empty(&w->channels[i].receivers);
    for (int i = 0; i < ORACLE_TASKS; i++)
        left = left || w->actors[i].alive;
    return left;
}

static void close_objects(struct world *w)
{
    for (int i = 0; i < ORACLE_QUEUES; i++)
        co_queue_fini(&w->queues[i]);
    for (int i = 0; i < ORACLE_CHANNELS; i++)
        co_channel_fini(&w->channels[i]);
}

static uint64_t switches(const struct world *w)
{
    struct co_stats stats;
    co_stats(w->loop, &stats);
    return stats.switches;
}

/*
 * Passes until nobody is ready. The clock stands still meanwhile: a pass may
 * end before all have run, when real time says so, and a seed has to repeat.
 */
static void run_tasks(struct world *w)
{
    uint64_t before;
    do {
        before = switches(w);
        loop_run_once(w->loop, 0);
    } while (switches(w) != before);
    const int next = w->compares ? oracle_next(&w->oracle) : -1;
    if (next != -1)
        differ(w, "nobody is ready, but next is %d", next);
}

/* What the stage hand does, before the tasks run or in a timer of his. */
static void interfere(struct world *w)
{
    struct actor *hand = &w->actors[ORACLE_OUTSIDE];
    for (int i = 0; i < ORACLE_TASKS; i++)
        if (!w->actors[i].alive && below(w, 4) == 0)
            spawn(&w->actors[i]);
    for (int n = below(w, 4); n > 0; n--)
        any(hand)(hand);
}

/* What was due before it has been called. */
static void on_cue(struct loop_timer *t)
{
    struct world *w = t->arg;
    if (!w->compares)
        return;
    oracle_time(&w->oracle, w->cue_ns, w->cue_order);
    interfere(w);
}

static void move_clock(struct world *w)
{
    if (!loop_timer_active(&w->cue)) {
        w->cue_ns = soon(w);
        w->cue_order = ++w->oracle.order;
        loop_timer_start(w->loop, &w->cue, w->cue_ns, on_cue, w);
    }
    w->clock_ns += below(w, 4) * LOOP_MS;
    w->oracle.now_ns = w->clock_ns;
    loop_run_once(w->loop, 0);
    if (w->compares)
        oracle_time(&w->oracle, INT64_MAX, 0);
}

static void play(struct world *w)
{
    while (w->result->ops < w->options->ops && w->compares) {
        interfere(w);
        run_tasks(w);
        move_clock(w);
    }
    w->ending = true;
    loop_timer_stop(&w->cue);
}

/* Half of the rounds end by cancels; what these do not reach, by the loop. */
static void end_tasks(struct world *w)
{
    for (int i = below(w, 2) * 3 * ORACLE_TASKS; i > 0; i--) {
        struct actor *a = &w->actors[i % ORACLE_TASKS];
        if (a->alive) {
            oracle_cancel(&w->oracle, a->number);
            co_cancel(a->task);
        }
        run_tasks(w);
    }
}

static void end_round(struct world *w)
{
    end_tasks(w);
    w->compares = false;
    loop_free(w->loop);
    w->compares = !w->result->differs;
    if (is_left(w))
        differ(w, "something is left");
    else
        close_objects(w);
    w->result->granted = w->oracle.granted;
    w->result->cancelled = w->oracle.cancelled;
    w->result->late = w->oracle.late;
}

void actors_run(const struct actors_options *options,
                struct actors_result *result)
{
    struct world *w = base_alloc(sizeof *w);
    *result = (struct actors_result){0};
    *w = (struct world){.options = options,
                        .result = result,
                        .clock_ns = 1000 * LOOP_SECOND,
                        .random = options->seed,
                        .compares = true};
    const struct loop_options loop_options = {
        .backend = options->backend, .clock_ns = fake_clock, .clock_arg = w};
    result->error = loop_new(&w->loop, &loop_options);
    if (result->error == 0) {
        oracle_init(&w->oracle, w->clock_ns);
        w->oracle.wrong = options->wrong;
        for (int i = 0; i <= ORACLE_TASKS; i++)
            w->actors[i] = (struct actor){.world = w, .number = i};
        open_objects(w);
        play(w);
        end_round(w);
    }
    free(w);
}
