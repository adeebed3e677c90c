/*
 * peers_co_boost.c - Boost.Context, the switch under Boost's coroutines: its
 * functions are C's, its headers are not, so they are declared here. The switch
 * also saves the control words of floating point.
 * Read before: peers_co_raw.c.
 * Rests on: boost.org/libs/context: fcontext_t, make_fcontext, jump_fcontext.
 */
#include "peers_co.h"

#include <stdlib.h>

struct transfer {
    void *from, *data;
};

struct transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *top, size_t size, void (*fn)(struct transfer));

enum { STACK = 65536 };

static char *stack;
static void *context;

static void yield(struct transfer t)
{
    for (;;)
        t = jump_fcontext(t.from, NULL);
}

static void end(struct transfer t)
{
    jump_fcontext(t.from, NULL); /* never comes back */
}

static const char *open_pair(int x)
{
    (void)x;
    stack = base_alloc(STACK);
    context = make_fcontext(stack + STACK, STACK, yield);
    return NULL;
}

static long switch_often(long times)
{
    void *to = context;
    for (long i = 0; i < times; i++)
        to = jump_fcontext(to, NULL).from;
    context = to;
    return times;
}

static long spawn_often(long times)
{
    for (long i = 0; i < times; i++)
        jump_fcontext(make_fcontext(stack + STACK, STACK, end), NULL);
    return times;
}

static void close_stack(void)
{
    free(stack);
}

static const struct co_ops pair = {open_pair, switch_often, close_stack};
static const struct co_ops spawn = {open_pair, spawn_often, close_stack};

const struct co_peer co_boost = {
    .name = "boost", .works = {[CO_PAIR] = &pair, [CO_SPAWN] = &spawn}};
