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
static int alive; /* tasks that run on until they are told */

static const char *open_with(const struct co_options *options)
{
    if (loop_new(&loop, NULL) != 0)
        return "no loop could be made";
    if (options != NULL)
        co_setup(loop, options);
    alive = 0;
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

/* --- the switch ----------------------------------------------------------- */

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

/* --- yields --------------------------------------------------------------- */

static long left; /* of a run */
static bool over;

static void end_one(void)
{
    if (--alive == 0)
        loop_stop(loop);
}

static int yield_on(void *arg)
{
    (void)arg;
    while (!over) {
        if (--left == 0)
            loop_stop(loop);
        co_yield_turn();
    }
    end_one();
    return 0;
}

static long run_tasks(long times)
{
    left = times;
    loop_run(loop);
    return times - left;
}

static const char *go_tasks(co_fn *fn, int n)
{
    for (int i = 0; i < n; i++, alive++)
        if (co_go(loop, fn, NULL) != 0)
            return "no stack for a task";
    return NULL;
}

static const char *open_tasks(int n)
{
    const char *reason = open_with(NULL);
    if (reason != NULL)
        return reason;
    over = false;
    return go_tasks(yield_on, n);
}

static void close_tasks(void)
{
    over = true;
    loop_run(loop); /* until the last has ended */
    close_loop();
}

static const struct co_ops turns = {open_tasks, run_tasks, close_tasks};

/* --- spawn ---------------------------------------------------------------- */

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

/* --- channels and queues -------------------------------------------------- */

static struct co_channel channel;
static uint64_t last, sum; /* of the messages: sent; received */

static int send_on(void *arg)
{
    (void)arg;
    do
        last++;
    while (co_channel_send(&channel, &last) == 0);
    end_one();
    return 0;
}

/* A run ends when so many messages have been received. */
static int receive_on(void *arg)
{
    (void)arg;
    uint64_t message;
    while (co_channel_receive(&channel, &message) == 0) {
        sum += message;
        if (--left == 0)
            loop_stop(loop);
    }
    end_one();
    return 0;
}

static const char *open_channel_with(int senders, int receivers, int capacity)
{
    const char *reason = open_with(NULL);
    if (reason != NULL)
        return reason;
    co_channel_init(&channel, sizeof last, capacity);
    reason = go_tasks(send_on, senders);
    return reason == NULL ? go_tasks(receive_on, receivers) : reason;
}

static const char *open_channel(int capacity)
{
    return open_channel_with(1, 1, capacity);
}

static const char *open_fan_in(int n)
{
    return open_channel_with(n, 1, 0);
}

static const char *open_fan_out(int n)
{
    return open_channel_with(1, n, 0);
}

static void close_channel(void)
{
    co_channel_close(&channel);
    loop_run(loop); /* until the last has ended */
    co_channel_fini(&channel);
    close_loop();
}

static struct co_queue queue;

static int put_on(void *arg)
{
    (void)arg;
    while (!over)
        co_queue_put(&queue, &last);
    end_one();
    return 0;
}

static int get_on(void *arg)
{
    (void)arg;
    void *message;
    while (!over || queue.n > 0) {
        co_queue_get(&queue, &message);
        if (--left == 0)
            loop_stop(loop);
    }
    end_one();
    return 0;
}

static const char *open_queue(int limit)
{
    if (limit == 0)
        return "a queue holds at least one";
    const char *reason = open_with(NULL);
    if (reason != NULL)
        return reason;
    over = false;
    co_queue_init(&queue, CO_FIFO, limit, NULL);
    reason = go_tasks(put_on, 1);
    return reason == NULL ? go_tasks(get_on, 1) : reason;
}

/* The one that puts ends first; if nothing is left for the other one, it gets
 * something to end with. */
static void close_queue(void)
{
    over = true;
    while (alive > 0) {
        co_queue_try_put(&queue, &last);
        loop_run_once(loop, 0);
    }
    co_queue_fini(&queue);
    close_loop();
}

static const struct co_ops channels = {open_channel, run_tasks, close_channel};
static const struct co_ops fan_in = {open_fan_in, run_tasks, close_channel};
static const struct co_ops fan_out = {open_fan_out, run_tasks, close_channel};
static const struct co_ops queues = {open_queue, run_tasks, close_queue};

/* --- parked --------------------------------------------------------------- */

static int asleep;

static int sleep_long(void *arg)
{
    (void)arg;
    asleep++;
    return co_sleep(3600 * LOOP_SECOND);
}

static const char *park_with(int n, enum co_guard guard)
{
    const char *reason = open_with(&(struct co_options){.guard = guard});
    for (int i = 0; i < n && reason == NULL; i++)
        if (co_go(loop, sleep_long, NULL) != 0)
            reason = "no stack for a task";
    while (reason == NULL && asleep < n)
        loop_run_once(loop, 0);
    return reason;
}

static const char *park(int n)
{
    return park_with(n, CO_GUARD_BEST);
}

static const char *park_mprotect(int n)
{
    return park_with(n, CO_GUARD_MPROTECT);
}

static const struct co_ops parked = {park, NULL, close_loop};
static const struct co_ops parked_mprotect = {park_mprotect, NULL, close_loop};

const struct co_peer co_loop = {.name = "loop/co",
                                .works = {[CO_PAIR] = &pair,
                                          [CO_YIELD] = &turns,
                                          [CO_SPAWN] = &spawn,
                                          [CO_CHANNEL] = &channels,
                                          [CO_FAN_IN] = &fan_in,
                                          [CO_FAN_OUT] = &fan_out,
                                          [CO_PARK] = &parked}};
const struct co_peer co_loop_go = {.name = "loop/co-go",
                                   .works = {[CO_SPAWN] = &spawn_go}};
const struct co_peer co_loop_join = {.name = "loop/co-join",
                                     .works = {[CO_SPAWN] = &spawn_join}};
const struct co_peer co_loop_cold = {.name = "loop/co-cold",
                                     .works = {[CO_SPAWN] = &spawn_cold}};
const struct co_peer co_loop_queue = {.name = "loop/co-queue",
                                      .works = {[CO_CHANNEL] = &queues}};
const struct co_peer co_loop_mprotect = {
    .name = "loop/co-mprotect",
    .works = {[CO_PARK] = &parked_mprotect},
    .parks_most = 10000};
