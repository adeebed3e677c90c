/*
 * minico.c - see minico.h.
 *
 * A switch (mini_switch, in minico_*.S) changes the stack that the processor
 * runs on. Tasks switch to the loop and back, never to each other; so the
 * scheduler is the loop of lesson 07, and what it calls lets a task go on:
 *
 *      the loop's stack               the task's stack
 *      mini_run
 *        pass
 *          on_ready(descriptor)
 *            resume(task) ----------> mini_await has returned
 *                                       ... recv, send, compute ...
 *            resume returns <-------- mini_await: suspend
 *          the next callback
 *
 * A task that waits is *parked*: it is in no list, but whoever will wake it
 * knows it: a descriptor, a timer, a task that it joins. The first to wake it
 * says what its wait returns, and all others come too late:
 *
 *                   wait                     resume
 *     +---------+ ----------> +--------+ ------------------> +---------+
 *     | running |             | parked |                     | running |
 *     +---------+             +--------+                     +---------+
 *          ^                       | mini_wake                    ^
 *          | yield (by itself)     v                              |
 *          +----------------> +-------+     in the next pass      |
 *             begins ready:   | ready | --------------------------+
 *             spawn           +-------+
 *
 * Stacks. A task's memory is one mapping: a guard that nobody may touch, the
 * stack, which grows down towards the guard, and on top struct task:
 *
 *     | GUARD_SIZE: PROT_NONE |   <--- stack   ...   | struct task |
 *     lowest address                                    highest address
 *
 * The kernel gives memory to pages when they are first touched, so that a stack
 * of 256 KiB costs one page, 4 KiB, if the task is modest. A task that needs
 * more than there is hits the guard: SIGSEGV, and not another task's variables.
 * To map a stack takes thousands of nanoseconds, so some are kept for the next.
 *
 * SIMPLIFIED, and done fully in loop/co:
 *   - a function whose frame is larger than the guard can step over it, unless
 *     built with -fstack-clash-protection; all stacks have one size;
 *   - two mappings a stack: about 32,000 tasks, then vm.max_map_count is used
 *     up (a madvise of Linux 6.13 guards without that);
 *   - one loop with tasks in a program; one task at a time for a descriptor;
 *   - a task that waits for ever is not reported, and keeps mini_main waiting;
 *   - no groups: who spawns and forgets to join is not told of errors.
 *
 * Read before: minico.h, minico_x86_64.S. Read after: minico_io.c, server.c.
 * Rests on: mmap(2), mprotect(2).
 */
#include "minico.h"

#include "../common/common.h"
#include "minico_tools.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <sys/mman.h>

enum {
    STACK_SIZE = 256 * 1024,
    GUARD_SIZE = 64 * 1024, /* no processor's pages are larger */
    STACKS_KEPT_MAX = 64,   /* for the next tasks; more go back at once */
};

struct task {
    _Alignas(16) struct call turn; /* lets it go on in the next pass */
    struct timer deadline;
    task_function *function;
    void *arg;
    struct task *next, *prev; /* all tasks; or, alone, the kept stacks */
    struct task *joiner;      /* who waits for the end */
    void *sp;                 /* where its stack ends while it does not run */
    struct tools tools;
    int woken_with; /* what its wait returns */
    int result;
    bool parked, cancelled, late, detached, ended;
};

/* minico_*.S: the two functions that C cannot say. */
void mini_switch(void **from_sp, void *to_sp);
void *mini_first_frame(void *top, void (*begin)(void));

static struct miniloop *loop; /* NULL: mini_main does not run */
static struct task *current;  /* NULL: the loop, or a callback, runs */
static void *loop_sp;
static struct tools loop_tools;
static struct task tasks = {.next = &tasks, .prev = &tasks};
static int n_running; /* tasks that have not ended */
static struct task *kept;
static int n_kept;

/* --- stacks --------------------------------------------------------------- */

static char *stack_of(struct task *t)
{
    return (char *)(t + 1) - STACK_SIZE;
}

static void stack_unmap(struct task *t)
{
    tools_stack_goes(&t->tools);
    CALL(munmap(stack_of(t) - GUARD_SIZE, GUARD_SIZE + STACK_SIZE));
}

/* The task on top of a new stack; NULL: there is no room. */
static struct task *stack_map(void)
{
    char *guard = CALL(mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0));
    if (guard == MAP_FAILED)
        return NULL;
    char *stack = guard + GUARD_SIZE;
    if (CALL(mprotect(stack, STACK_SIZE, PROT_READ | PROT_WRITE)) == -1) {
        CALL(munmap(guard, GUARD_SIZE + STACK_SIZE));
        return NULL;
    }
    struct task *t = (struct task *)(stack + STACK_SIZE) - 1;
    tools_stack_comes(&t->tools, stack, (size_t)((char *)t - stack));
    return t;
}

static struct task *stack_take(void)
{
    struct task *t = kept;
    if (t == NULL)
        return stack_map();
    kept = t->next;
    n_kept--;
    return t;
}

static void stack_give(struct task *t)
{
    if (n_kept == STACKS_KEPT_MAX) {
        stack_unmap(t);
        return;
    }
    t->next = kept;
    kept = t;
    n_kept++;
}

static void stacks_unmap(void)
{
    while (n_kept > 0)
        stack_unmap(stack_take());
}

/* --- switches ------------------------------------------------------------- */

/* From the loop to the task, until that is parked, yields or ends. */
static void run(struct task *t)
{
    current = t;
    tools_hold_signals();
    tools_leave(&loop_tools, &t->tools);
    mini_switch(&loop_sp, t->sp);
    tools_arrive(&loop_tools);
    tools_free_signals();
    current = NULL;
}

/* From the task to the loop, until somebody lets it go on. */
static void leave(struct task *t)
{
    tools_leave(&t->tools, &loop_tools);
    mini_switch(&t->sp, loop_sp);
    tools_arrive(&t->tools);
}

/* The first function on a task's stack, and the last. */
static noreturn void begin(void)
{
    struct task *t = current;
    tools_arrive_first(&t->tools, &loop_tools);
    t->result = t->function(t->arg);
    t->ended = true;
    tools_leave_last(&t->tools, &loop_tools);
    mini_switch(&t->sp, loop_sp);
    abort(); /* nobody lets it go on */
}

/* --- park and wake -------------------------------------------------------- */

/* Why a wait that is about to begin must not; 0: it may. */
static int interrupted(struct task *t)
{
    if (t->cancelled) {
        t->cancelled = false;
        return -ECANCELED;
    }
    return t->late ? -ETIMEDOUT : 0;
}

int mini_suspend(void)
{
    struct task *t = current;
    assert(t != NULL); /* else a callback waits */
    const int error = interrupted(t);
    if (error != 0)
        return error;
    t->parked = true;
    leave(t);
    return t->woken_with;
}

int mini_yield(void)
{
    struct task *t = current;
    const int error = interrupted(t);
    if (error != 0)
        return error;
    mini_defer(loop, &t->turn);
    leave(t);
    return 0;
}

void mini_wake(struct task *t, int result)
{
    if (!t->parked)
        return;
    t->parked = false;
    t->woken_with = result;
    mini_defer(loop, &t->turn);
}

static void end(struct task *t);

/* on_turn: a task is ready, and goes on. */
static void on_turn(void *arg)
{
    struct task *t = arg;
    run(t);
    if (t->ended)
        end(t);
}

/* For callbacks of the loop: wakes the task, and lets it go on in this pass. */
static void resume(struct task *t, int result)
{
    if (!t->parked)
        return; /* another was first */
    t->parked = false;
    t->woken_with = result;
    on_turn(t);
}

/* --- begin and end -------------------------------------------------------- */

static void on_deadline(void *arg)
{
    struct task *t = arg;
    t->late = true;
    resume(t, -ETIMEDOUT);
}

int mini_spawn(struct task **t, task_function *function, void *arg)
{
    assert(loop != NULL);
    struct task *new = stack_take();
    if (new == NULL)
        return -ENOMEM;
    *new = (struct task){
        .turn = {.function = on_turn, .arg = new},
        .deadline = {.call = {.function = on_deadline, .arg = new}},
        .function = function,
        .arg = arg,
        .next = &tasks,
        .prev = tasks.prev,
        .tools = new->tools,
        .sp = mini_first_frame(new, begin),
        .detached = t == NULL,
    };
    tools_task_begins(&new->tools);
    new->prev->next = tasks.prev = new;
    n_running++;
    mini_defer(loop, &new->turn);
    if (t != NULL)
        *t = new;
    return 0;
}

static void release(struct task *t)
{
    t->prev->next = t->next;
    t->next->prev = t->prev;
    stack_give(t);
}

/* end: what is to be done when a task has returned, on the loop's stack. */
static void end(struct task *t)
{
    mini_timer_stop(&t->deadline);
    tools_task_ends(&t->tools);
    if (t->joiner != NULL)
        mini_wake(t->joiner, 0);
    if (t->detached)
        release(t);
    if (--n_running == 0)
        mini_stop(loop);
}

int mini_join(struct task *t, int *result)
{
    assert(!t->detached && t->joiner == NULL && t != current);
    if (!t->ended) {
        t->joiner = current;
        const int error = mini_suspend();
        t->joiner = NULL;
        if (error != 0)
            return error;
    }
    if (result != NULL)
        *result = t->result;
    release(t);
    return 0;
}

void mini_cancel(struct task *t)
{
    if (t->parked)
        mini_wake(t, -ECANCELED);
    else
        t->cancelled = true;
}

void mini_cancel_all(void)
{
    for (struct task *t = tasks.next; t != &tasks; t = t->next)
        if (t != current)
            mini_cancel(t);
}

void mini_deadline(int delay_ms)
{
    struct task *t = current;
    t->late = false;
    if (delay_ms < 0)
        mini_timer_stop(&t->deadline);
    else
        mini_timer_start(loop, &t->deadline, delay_ms);
}

struct task *mini_self(void)
{
    return current;
}

int mini_main(struct miniloop *l, task_function *function, void *arg)
{
    assert(loop == NULL);
    loop = l;
    tools_loop_begins(&loop_tools);
    int error = mini_spawn(NULL, function, arg);
    if (error == 0)
        error = mini_run(l);
    if (error != 0)
        return error;
    while (tasks.next != &tasks)
        release(tasks.next); /* ended, but nobody has joined it */
    stacks_unmap();
    loop = NULL;
    return 0;
}

/* --- wait ----------------------------------------------------------------- */

/*
 * The watcher stays started after a wait, because the next one is likely to be
 * for the same: that saves two system calls a wait. If it finds nobody waiting,
 * it is stopped, or it would be called in each pass.
 */
static void on_ready(void *arg)
{
    struct descriptor *d = arg;
    if (d->waiter != NULL)
        resume(d->waiter, 0);
    else
        mini_unwatch(loop, &d->watcher);
}

int mini_await(struct descriptor *d, uint32_t interest)
{
    assert(d->waiter == NULL); /* one at a time */
    if (d->watcher.interest == 0)
        d->watcher = (struct watcher){.call = {.function = on_ready, .arg = d},
                                      .fd = d->fd};
    int error = mini_watch(loop, &d->watcher, interest);
    if (error != 0)
        return error;
    d->waiter = current;
    error = mini_suspend();
    d->waiter = NULL;
    return error;
}

void mini_forget(struct descriptor *d)
{
    assert(d->waiter == NULL);
    mini_unwatch(loop, &d->watcher);
}

static void on_timer(void *arg)
{
    resume(arg, 0);
}

/* The timer is a local variable of a function that is not over yet. */
int mini_sleep(int ms)
{
    struct timer timer = {.call = {.function = on_timer, .arg = current}};
    mini_timer_start(loop, &timer, ms);
    const int error = mini_suspend();
    mini_timer_stop(&timer);
    return error;
}
