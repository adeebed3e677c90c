/*
 * task.c - tasks: how one begins and ends.
 *
 * A task lies at the top of its own stack, so that to spawn one takes a stack
 * from the cache and fills in some fields; nothing else is allocated. The tops
 * of stacks are 64 KiB apart, which for a CPU's cache is the same place: tasks
 * would push each other out although the cache is empty. So each is moved down
 * by a colour of its own (bench/switch, with 1,000 tasks: see COLOURS).
 *
 * The end. task_main is the first function on the stack; when the task's own
 * function has returned it runs the cleanups, and leaves for ever. The stack is
 * free only then: a task that ended stays until somebody has joined it.
 *
 * Read before: scheduler.c. Read after: wait.c, group.c.
 */
#include "loop/co/co_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* Of 128 bytes, so that they need not more than a part of the page. */
enum { COLOURS = 8 };

/* --- begin --------------------------------------------------------------- */

/* Said for what others would find in frames that are gone, or never get. */
static void check_left(const struct co_task *t, bool left, const char *what)
{
    if (!left)
        return;
    base_log_error("the task %s has ended and leaves %s", t->place, what);
    abort();
}

/* `place` is an argument for the sake of those who read a backtrace. */
static void __attribute__((noinline))
task_call(struct co_task *t, const char *place)
{
    t->result = t->fn(t->arg);
    __asm__ volatile("" : : "r"(place)); /* it is there to be seen until here */
    check_left(t, t->n_groups > 0, "a group it has not waited for");
    check_left(t, t->deadlines != NULL, "a deadline it has not ended");
}

/* Never returns. */
static void task_main(void *arg)
{
    struct co_task *t = arg;
    witness_arrive(&t->witness, &t->scheduler->witness);
    task_call(t, t->place);
    t->shields++; /* a cancel comes too late */
    while (t->cleanups != NULL)
        co_defer_run(t->cleanups);
    values_drop(t);
    check_left(t, t->n_locks > 0, "a lock it has not unlocked");
    t->state = TASK_ENDED;
    witness_leave(&t->witness, &t->scheduler->witness, true);
    context_end(&t->scheduler->context);
}

static struct co_task *place_on(struct stack stack)
{
    const size_t colour = ((uintptr_t)stack.low >> 16) % COLOURS * 128;
    const uintptr_t top = (uintptr_t)stack.low + stack.size - colour;
    struct co_task *t = (struct co_task *)((top - sizeof *t) & ~(uintptr_t)63);
    t->stack = stack;
    return t;
}

/* A task to be filled: of those that have gone, the last one first, for it is
 * still in the CPU's cache. */
static struct co_task *take(struct co_scheduler *s)
{
    struct co_task *t = s->used;
    struct stack stack;
    if (t == NULL)
        return stack_take(&s->stacks, &stack) ? place_on(stack) : NULL;
    s->used = t->next;
    s->n_used--;
    return t;
}

static void give(struct co_scheduler *s, struct co_task *t)
{
    witness_stack_unused(t->stack);
    s->stacks.refused = false; /* there is one again */
    if (s->n_used == s->most_used) {
        stack_give(&s->stacks, t->stack);
        return;
    }
    t->next = s->used;
    s->used = t;
    s->n_used++;
}

/* Field by field: a literal clears all by `rep stos`, which takes 15 ns. */
static void fill(struct co_task *t, struct co_scheduler *s)
{
    t->scheduler = s;
    t->deadlines = NULL;
    t->detached = t->cancelled = t->stops_loop = false;
    t->wake = t->shields = t->budget = 0;
    t->name = NULL;
    t->n_groups = t->n_locks = t->refused = t->lane = 0;
    t->cleanups = NULL;
    t->values = NULL;
    t->joiner = NULL;
    t->group = NULL;
    t->number = ++s->stats.spawned;
}

/* A task that is not ready yet; NULL: there is no stack. */
static struct co_task *task_new(struct co_scheduler *s, co_fn *fn, void *arg,
                                const char *place)
{
    struct co_task *t = s->closing ? NULL : take(s);
    if (t == NULL)
        return NULL;
    fill(t, s);
    t->fn = fn;
    t->arg = arg;
    t->place = place;
    context_init(&t->context, t->stack.low, (size_t)((char *)t - t->stack.low),
                 task_main, t, &s->context);
    witness_init(&t->witness, t->stack);
    base_list_append(&s->all, &t->link);
    s->stats.tasks++;
    if (s->stats.tasks > s->stats.most_tasks)
        s->stats.most_tasks = s->stats.tasks;
    if (s->loop->trace != NULL)
        trace_task_spawned(t);
    return t;
}

struct co_task *co_spawn_named(struct loop *loop, co_fn *fn, void *arg,
                               const char *place)
{
    struct co_task *t = task_new(scheduler_of(loop), fn, arg, place);
    if (t != NULL)
        scheduler_add(t->scheduler, t);
    return t;
}

int co_go_named(struct loop *loop, co_fn *fn, void *arg, const char *place)
{
    struct co_task *t = co_spawn_named(loop, fn, arg, place);
    if (t == NULL)
        return -ENOMEM;
    co_detach(t);
    return 0;
}

/* A loop that does not run is entered for as long as the task runs. */
static void run_now(struct loop *loop, struct co_task *t)
{
    const bool enters = !loop->running;
    const char *caller = loop->place;
    if (enters)
        core_enter(loop);
    loop->place = t->place;
    t->scheduler->coarse_ns = 0; /* the loop may have slept */
    scheduler_resume(t->scheduler, t);
    loop->place = caller;
    if (enters)
        core_leave(loop);
}

struct co_task *co_spawn_now_named(struct loop *loop, co_fn *fn, void *arg,
                                   const char *place)
{
    struct co_scheduler *s = scheduler_of(loop);
    if (s->running != NULL)
        return co_spawn_named(loop, fn, arg, place);
    struct co_task *t = task_new(s, fn, arg, place);
    if (t != NULL)
        run_now(loop, t);
    return t;
}

int co_start_named(struct loop *loop, co_fn *fn, void *arg, const char *place)
{
    struct co_task *t = co_spawn_now_named(loop, fn, arg, place);
    if (t == NULL)
        return -ENOMEM;
    co_detach(t);
    return 0;
}

/* --- end ----------------------------------------------------------------- */

static void task_free(struct co_task *t)
{
    struct co_scheduler *s = t->scheduler;
    base_list_remove(&t->link);
    s->stats.tasks--;
    witness_fini(&t->witness);
    give(s, t);
}

static void log_error(const struct co_task *t)
{
    if (t->result < 0 && t->result != -ECANCELED)
        base_log_error("the task %s failed: %s", t->place,
                       strerror(-t->result));
}

void task_ended(struct co_task *t)
{
    if (t->group != NULL) {
        group_ended(t->group, t);
        task_free(t);
    } else if (t->detached) {
        log_error(t);
        task_free(t);
    } else if (t->stops_loop) {
        loop_stop(t->scheduler->loop);
    } else if (t->joiner != NULL) {
        task_wake(t->joiner, 0);
    }
}

void co_detach(struct co_task *t)
{
    assert(!t->detached && t->joiner == NULL);
    t->detached = true;
    if (t->state == TASK_ENDED)
        task_ended(t);
}

static void join_interrupt(struct co_task *t, int error)
{
    struct co_task *joined = t->wait;
    joined->joiner = NULL;
    task_wake(t, error);
}

static void join_describe(const struct co_task *t, struct base_buf *out)
{
    const struct co_task *joined = t->wait;
    base_buf_printf(out, " of task %llu", (unsigned long long)joined->number);
}

static const struct wait_kind joins = {"end", join_interrupt, join_describe};

static int wait_for_end(struct co_task *self, struct co_task *t)
{
    if (self == NULL)
        return -EPERM;
    if (t == self)
        return -EDEADLK;
    const int error = task_check(self);
    if (error != 0)
        return error;
    t->joiner = self;
    return task_park(self, &joins, t);
}

/* One who waits has it also between its end and that other's turn. */
int co_join(struct co_task *t, int *result)
{
    if (t->joiner != NULL)
        return -EBUSY;
    if (t->state != TASK_ENDED) {
        const int error = wait_for_end(co_running, t);
        if (error != 0)
            return error;
    }
    if (result != NULL)
        *result = t->result;
    task_free(t);
    return 0;
}

bool co_ended(const struct co_task *t)
{
    return t->state == TASK_ENDED;
}

/* --- running one from main ----------------------------------------------- */

int co_run_named(struct loop *loop, co_fn *fn, void *arg, const char *place)
{
    if (loop->running)
        return -EBUSY;
    struct co_task *t = co_spawn_named(loop, fn, arg, place);
    if (t == NULL)
        return -ENOMEM;
    t->stops_loop = true;
    while (!co_ended(t)) {
        const int error = loop_run(loop);
        if (error != 0)
            return error;
        co_cancel(t); /* unless it has ended: somebody else stops the loop */
    }
    int result = 0;
    co_join(t, &result);
    return result;
}

/* --- cleanups, names ----------------------------------------------------- */

void co_defer(struct co_cleanup *c, void (*fn)(void *arg), void *arg)
{
    assert(co_running != NULL);
    *c = (struct co_cleanup){.fn = fn, .arg = arg};
    if (co_running == NULL)
        return;
    c->before = co_running->cleanups;
    co_running->cleanups = c;
}

/* Unlinked before it runs: its memory may go then. */
void co_defer_run(struct co_cleanup *c)
{
    assert(co_running != NULL);
    if (co_running == NULL)
        return;
    struct co_cleanup **link = &co_running->cleanups;
    while (*link != NULL && *link != c)
        link = &(*link)->before;
    if (*link == NULL)
        return;
    *link = c->before;
    c->fn(c->arg);
}

const char *co_name(const struct co_task *t)
{
    return t->name != NULL ? t->name : t->place;
}

void co_set_name(const char *name)
{
    if (co_running != NULL)
        co_running->name = name;
}
