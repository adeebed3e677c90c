/*
 * peers_co_pth.c - GNU Pth, threads in user space from before Linux had good
 * ones: its scheduler has priorities, and looks for events at each turn.
 * Read before: peers_co_loop.c.
 * Rests on: pth(3): pth_init, pth_spawn, pth_yield, pth_join, pth_uctx_switch.
 */
#include "peers_co.h"

#include <pth.h>

/* --- the switch ----------------------------------------------------------- */

enum { STACK = 65536 };

static pth_uctx_t main_context, co_context;

static void yield(void *arg)
{
    (void)arg;
    for (;;)
        pth_uctx_switch(co_context, main_context);
}

static const char *open_pair(int x)
{
    (void)x;
    pth_uctx_create(&main_context);
    pth_uctx_create(&co_context);
    if (!pth_uctx_make(co_context, NULL, STACK, NULL, yield, NULL,
                       main_context))
        return "pth_uctx_make failed";
    return NULL;
}

static long switch_often(long times)
{
    for (long i = 0; i < times; i++)
        pth_uctx_switch(main_context, co_context);
    return times;
}

static void close_pair(void)
{
    pth_uctx_destroy(co_context);
    pth_uctx_destroy(main_context);
}

static const struct co_ops pair = {open_pair, switch_often, close_pair};

/* --- the scheduler -------------------------------------------------------- */

static pth_attr_t attributes;
static long left;
static bool over;

static const char *open_pth(int x)
{
    (void)x;
    pth_init();
    attributes = pth_attr_new();
    pth_attr_set(attributes, PTH_ATTR_STACK_SIZE, STACK);
    return NULL;
}

static void close_pth(void)
{
    pth_attr_destroy(attributes);
    pth_kill();
}

static void *yield_on(void *arg)
{
    (void)arg;
    while (!over) {
        left--;
        pth_yield(NULL);
    }
    return NULL;
}

/* main is one of them. */
static const char *open_tasks(int n)
{
    open_pth(n);
    over = false;
    pth_attr_set(attributes, PTH_ATTR_JOINABLE, FALSE);
    for (int i = 1; i < n; i++)
        if (pth_spawn(attributes, yield_on, NULL) == NULL)
            return "pth_spawn failed";
    return NULL;
}

static long yield_often(long times)
{
    left = times;
    while (left > 0) {
        left--;
        pth_yield(NULL);
    }
    return times - left;
}

static void close_tasks(void)
{
    over = true;
    while (pth_ctrl(PTH_CTRL_GETTHREADS) > 1)
        pth_yield(NULL);
    close_pth();
}

static void *end(void *arg)
{
    return arg;
}

static long spawn_often(long times)
{
    for (long i = 0; i < times; i++)
        pth_join(pth_spawn(attributes, end, NULL), NULL);
    return times;
}

static const struct co_ops turns = {open_tasks, yield_often, close_tasks};
static const struct co_ops spawn = {open_pth, spawn_often, close_pth};

const struct co_peer co_pth = {
    .name = "pth",
    .works = {[CO_PAIR] = &pair, [CO_YIELD] = &turns, [CO_SPAWN] = &spawn}};
