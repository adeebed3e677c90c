/*
 * peers_co_loop.c - our tasks: the switch alone, and through their scheduler.
 *
 * Spawning is done in each way that there is:
 *
 *     loop/co         co_start: it runs at once, as from a callback
 *     loop/co-go      co_go, 64 of them, which then have their turn
 *     loop/co-join    co_spawn, and co_join
 *     loop/co-cold    as co-go, but no stack is kept: each gets its memory from
 *                     the kernel and gives it back
 *
 * Read before: peers_co.h, ../loop/co.h. Read after: peers_co_thread.c.
 */
#include "peers_co.h"

#include "loop/co.h"
#include "loop/co/context.h"

#include <stdlib.h>

static struct loop *loop;

static const char *open_with(const struct co_options *options)
{
    if (loop_new(&loop, NULL) != 0)
        return "no loop could be made";
    if (options != NULL)
        co_setup(loop, options);
    return NULL;
}

static const char *open_loop(int x)
{
    (void)x;
    return open_with(NULL);
}

static void close_loop(void)
{
    loop_free(loop);
}

/* --- the switch ------------------------------------------------------------
 */

enum { STACK = 65536 };

static char *stack;
static struct context main_context, co_context;

static void yield(void *arg)
{
    (void)arg;
    for (;;)
        context_switch(&co_context, &main_context, 0);
}

static const char *open_pair(int x)
{
    (void)x;
    stack = base_alloc(STACK);
    context_init(&co_context, stack, STACK, yield, NULL, &main_context);
    return NULL;
}

static long switch_often(long times)
{
    for (long i = 0; i < times; i++)
        context_switch(&main_context, &co_context, 0);
    return times;
}

static void close_pair(void)
{
    free(stack);
}

static const struct co_ops pair = {open_pair, switch_often, close_pair};

/* --- yields ----------------------------------------------------------------
 */

static long left;
static int alive;
static bool over;

static int yield_on(void *arg)
{
    (void)arg;
    while (!over) {
        if (--left == 0)
            loop_stop(loop);
        co_yield_turn();
    }
    if (--alive == 0)
        loop_stop(loop);
    return 0;
}

static long run_tasks(long times)
{
    left = times;
    loop_run(loop);
    return times - left;
}

static const char *open_tasks(int n)
{
    const char *reason = open_with(NULL);
    if (reason != NULL)
        return reason;
    over = false;
    left = 0;
    for (alive = 0; alive < n && reason == NULL; alive++)
        if (co_go(loop, yield_on, NULL) != 0)
            reason = "no stack for a task";
    return reason;
}

static void close_tasks(void)
{
    over = true;
    loop_run(loop); /* until the last has ended */
    close_loop();
}

static const struct co_ops turns = {open_tasks, run_tasks, close_tasks};

/* --- spawn -----------------------------------------------------------------
 */

enum { AT_ONCE = 64 };

static int end(void *arg)
{
    (void)arg;
    return 0;
}

static long start_often(long times)
{
    for (long i = 0; i < times; i++)
        co_start(loop, end, NULL);
    return times;
}

static int go(void *arg)
{
    long *times = arg;
    for (long done = 0; done < *times; done += AT_ONCE) {
        for (int i = 0; i < AT_ONCE; i++)
            co_go(loop, end, NULL);
        co_yield_turn();
    }
    return 0;
}

static long go_often(long times)
{
    co_run(loop, go, &times);
    return (times + AT_ONCE - 1) / AT_ONCE * AT_ONCE;
}

static int join(void *arg)
{
    const long *times = arg;
    for (long i = 0; i < *times; i++)
        co_join(co_spawn(loop, end, NULL), NULL);
    return 0;
}

static long join_often(long times)
{
    co_run(loop, join, &times);
    return times;
}

static const char *open_cold(int x)
{
    (void)x;
    return open_with(&(struct co_options){.stacks_kept = 1});
}

static const struct co_ops spawn = {open_loop, start_often, close_loop};
static const struct co_ops spawn_go = {open_loop, go_often, close_loop};
static const struct co_ops spawn_join = {open_loop, join_often, close_loop};
static const struct co_ops spawn_cold = {open_cold, go_often, close_loop};

const struct co_peer co_loop = {
    .name = "loop/co",
    .works = {[CO_PAIR] = &pair, [CO_YIELD] = &turns, [CO_SPAWN] = &spawn}};
const struct co_peer co_loop_go = {.name = "loop/co-go",
                                   .works = {[CO_SPAWN] = &spawn_go}};
const struct co_peer co_loop_join = {.name = "loop/co-join",
                                     .works = {[CO_SPAWN] = &spawn_join}};
const struct co_peer co_loop_cold = {.name = "loop/co-cold",
                                     .works = {[CO_SPAWN] = &spawn_cold}};
