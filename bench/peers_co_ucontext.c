/*
 * peers_co_ucontext.c - ucontext, the C library's own coroutines: a system
 * call a switch, for the signal mask. Read before: peers_co_raw.c.
 * Rests on: makecontext(3), swapcontext(3).
 */
#include "peers_co.h"

#include <stdlib.h>
#include <ucontext.h>

enum { STACK = 65536 };

static ucontext_t main_context, co_context;
static char *stack;

static void make(void (*entry)(void), ucontext_t *link)
{
    getcontext(&co_context);
    co_context.uc_stack.ss_sp = stack;
    co_context.uc_stack.ss_size = STACK;
    co_context.uc_link = link;
    makecontext(&co_context, entry, 0);
}

static void yield(void)
{
    for (;;)
        swapcontext(&co_context, &main_context);
}

static void end(void)
{
}

static const char *open_pair(int x)
{
    (void)x;
    stack = base_alloc(STACK);
    make(yield, NULL);
    return NULL;
}

static const char *open_pool(int x)
{
    (void)x;
    stack = base_alloc(STACK);
    return NULL;
}

static long switch_often(long times)
{
    for (long i = 0; i < times; i++)
        swapcontext(&main_context, &co_context);
    return times;
}

static long spawn_often(long times)
{
    for (long i = 0; i < times; i++) {
        make(end, &main_context);
        swapcontext(&main_context, &co_context);
    }
    return times;
}

static void close_stack(void)
{
    free(stack);
}

static const struct co_ops pair = {open_pair, switch_often, close_stack};
static const struct co_ops spawn = {open_pool, spawn_often, close_stack};

const struct co_peer co_ucontext = {
    .name = "ucontext", .works = {[CO_PAIR] = &pair, [CO_SPAWN] = &spawn}};
