/*
 * peers_co_minico.c - minico, the coroutines of lesson 08, which were written
 * to be read. Its tasks live as long as mini_main runs, so they are made within
 * a run, before the time that counts.
 * Read before: peers_co_loop.c, ../lessons/08-coroutines/minico.h.
 */
#include "peers_co.h"

#include "../lessons/08-coroutines/minico.h"

#include <stdlib.h>

static struct miniloop loop;
static long left;
static int n_tasks;

static const char *open_loop(int n)
{
    n_tasks = n;
    return mini_init(&loop) == 0 ? NULL : "mini_init failed";
}

static void close_loop(void)
{
    mini_fini(&loop);
}

static int yield_on(void *arg)
{
    (void)arg;
    while (left > 0) {
        left--;
        mini_yield();
    }
    co_timing_end(); /* with the first that sees it */
    return 0;
}

/* All are made, and had a turn, before it counts. */
static int yield_all(void *arg)
{
    const long *times = arg;
    left = 2L * n_tasks;
    for (int i = 1; i < n_tasks; i++)
        if (mini_spawn(NULL, yield_on, NULL) != 0)
            abort();
    while (left > n_tasks) {
        left--;
        mini_yield();
    }
    left = *times;
    co_timing_begin();
    return yield_on(NULL);
}

static long yield_often(long times)
{
    mini_main(&loop, yield_all, &times);
    return times - left;
}

static int end(void *arg)
{
    (void)arg;
    return 0;
}

static int spawn_all(void *arg)
{
    const long *times = arg;
    for (long i = 0; i < *times; i++) {
        struct task *t;
        if (mini_spawn(&t, end, NULL) != 0)
            abort();
        mini_join(t, NULL);
    }
    return 0;
}

static long spawn_often(long times)
{
    mini_main(&loop, spawn_all, &times);
    return times;
}

static const struct co_ops turns = {open_loop, yield_often, close_loop};
static const struct co_ops spawn = {open_loop, spawn_often, close_loop};

const struct co_peer co_minico = {
    .name = "minico", .works = {[CO_YIELD] = &turns, [CO_SPAWN] = &spawn}};
