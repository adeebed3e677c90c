/*
 * peers_co_raw.c - what is written by hand: the yardsticks. A call through a
 * pointer and a coroutine without a stack, which cannot wait within a function
 * that it calls; and the barest switch of stacks, which can.
 *
 * The barest one is also the yardstick of what stands on a switch: as a
 * scheduler, that takes the next of an array; as a spawn, that takes a stack
 * from a list. In the same way, a spawn that maps memory each time.
 *
 * Read before: peers_co.h, bare_x86_64.S. Read after: peers_co_loop.c.
 * Rests on: mmap(2), mprotect(2).
 */
#include "peers_co.h"

#include <stdlib.h>
#include <sys/mman.h>

static const char *open_nothing(int x)
{
    (void)x;
    return NULL;
}

static void close_nothing(void)
{
}

/* --- a call, and a coroutine without a stack ------------------------------ */

struct generator {
    int state;
    long value;
};

typedef void resume_fn(struct generator *g);

static void count(struct generator *g)
{
    g->value++;
}

/* Numbers by pairs: while (true) { yield value + 1; yield value + 2; } */
static void resume(struct generator *g)
{
    switch (g->state) {
    case 0:
        for (;;) {
            g->value++;
            g->state = 1;
            return;
        case 1:
            g->value += 2;
            g->state = 2;
            return;
        case 2:;
        }
    }
}

/* The compiler must not know who is called. */
static resume_fn *volatile called;

static long call_often(long times)
{
    struct generator g = {0};
    resume_fn *const fn = called;
    for (long i = 0; i < times; i++)
        fn(&g);
    return times;
}

static const char *open_call(int x)
{
    (void)x;
    called = count;
    return NULL;
}

static const char *open_stackless(int x)
{
    (void)x;
    called = resume;
    return NULL;
}

static const struct co_ops call = {open_call, call_often, close_nothing};
static const struct co_ops stackless = {open_stackless, call_often,
                                        close_nothing};

const struct co_peer co_raw_call = {.name = "raw/call",
                                    .works = {[CO_PAIR] = &call}};
const struct co_peer co_raw_stackless = {.name = "raw/stackless",
                                         .works = {[CO_PAIR] = &stackless}};

#if defined __x86_64__ || defined __aarch64__

/* --- stacks --------------------------------------------------------------- */

enum { SLOT = 65536, COLOURS = 16, COLOUR = 192 };

char *bare_stacks(int n)
{
    char *memory = mmap(NULL, (size_t)n * SLOT, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    madvise(memory, (size_t)n * SLOT, MADV_NOHUGEPAGE);
    return memory;
}

char *bare_top(char *stacks, int i)
{
    return stacks + (size_t)(i + 1) * SLOT - (size_t)(i % COLOURS) * COLOUR;
}

void bare_stacks_free(char *stacks, int n)
{
    munmap(stacks, (size_t)n * SLOT);
}

#if defined __x86_64__
void *bare_new(char *top, void (*entry)(void))
{
    void **at = (void **)(void *)top;
    at[-1] = NULL; /* where entry's return address would be */
    at[-2] = (void *)entry;
    return at - 8; /* six registers below */
}
#else
void *bare_new(char *top, void (*entry)(void))
{
    void **at = (void **)(void *)(top - 160);
    at[0] = NULL; /* x29: where a chain of frames ends */
    at[1] = (void *)entry;
    return at;
}
#endif

/* --- a pair --------------------------------------------------------------- */

static char *stacks;
static int n_stacks;
static void *main_sp, *co_sp;

static const char *open_stacks(int n)
{
    n_stacks = n;
    stacks = bare_stacks(n);
    return stacks != NULL ? NULL : "no memory";
}

static void close_stacks(void)
{
    bare_stacks_free(stacks, n_stacks);
}

static void yield_by_jump(void)
{
    for (;;)
        bare_jump(&co_sp, main_sp);
}

static void yield_by_ret(void)
{
    for (;;)
        bare_ret(&co_sp, main_sp);
}

static const char *open_pair(void (*entry)(void))
{
    const char *reason = open_stacks(1);
    if (reason == NULL)
        co_sp = bare_new(bare_top(stacks, 0), entry);
    return reason;
}

static const char *open_jump(int x)
{
    (void)x;
    return open_pair(yield_by_jump);
}

static const char *open_ret(int x)
{
    (void)x;
    return open_pair(yield_by_ret);
}

static long jump_often(long times)
{
    for (long i = 0; i < times; i++)
        bare_jump(&main_sp, co_sp);
    return times;
}

static long ret_often(long times)
{
    for (long i = 0; i < times; i++)
        bare_ret(&main_sp, co_sp);
    return times;
}

static const struct co_ops pair = {open_jump, jump_often, close_stacks};
static const struct co_ops pair_ret = {open_ret, ret_often, close_stacks};

/* --- the barest scheduler ------------------------------------------------- */

static void **task_sp;
static int at; /* who runs */

static void task(void)
{
    for (;;)
        bare_jump(&task_sp[at], main_sp);
}

static const char *open_tasks_with(int n, void (*entry)(void))
{
    const char *reason = open_stacks(n);
    if (reason != NULL)
        return reason;
    task_sp = base_alloc_array((size_t)n, sizeof *task_sp);
    for (int i = 0; i < n; i++)
        task_sp[i] = bare_new(bare_top(stacks, i), entry);
    at = 0;
    return NULL;
}

static const char *open_tasks(int n)
{
    return open_tasks_with(n, task);
}

static long run_tasks(long times)
{
    for (long i = 0; i < times; i++) {
        bare_jump(&main_sp, task_sp[at]);
        at = at + 1 < n_stacks ? at + 1 : 0;
    }
    return times;
}

static void close_tasks(void)
{
    free(task_sp);
    close_stacks();
}

static const struct co_ops turns = {open_tasks, run_tasks, close_tasks};

/* --- messages ------------------------------------------------------------- */

/* On their way: n of them, the oldest at `head`. */
static struct {
    uint64_t *messages;
    int capacity, head, n;
} ring;
static uint64_t last, sum; /* of the messages: sent; received */

static void put(uint64_t message)
{
    const int end = ring.head + ring.n++;
    ring.messages[end < ring.capacity ? end : end - ring.capacity] = message;
}

static uint64_t get(void)
{
    const uint64_t message = ring.messages[ring.head];
    ring.head = ring.head + 1 < ring.capacity ? ring.head + 1 : 0;
    ring.n--;
    return message;
}

static void send_on(void)
{
    for (;;) {
        while (ring.n == ring.capacity)
            bare_jump(&task_sp[at], main_sp);
        put(++last);
    }
}

static void receive_on(void)
{
    for (;;) {
        while (ring.n == 0)
            bare_jump(&task_sp[at], main_sp);
        sum += get();
    }
}

static const char *open_ring(int n, int capacity, void (*entry)(void))
{
    const char *reason = open_tasks_with(n, entry);
    if (reason == NULL)
        ring.messages =
            base_alloc_array((size_t)capacity, sizeof *ring.messages);
    ring.capacity = capacity;
    ring.n = ring.head = 0;
    return reason;
}

/* A sender that waits for its receiver has one message under way. */
static const char *open_channel(int capacity)
{
    return open_ring(1, capacity > 0 ? capacity : 1, send_on);
}

static const char *open_fan_in(int n)
{
    return open_ring(n, 1, send_on);
}

static const char *open_fan_out(int n)
{
    return open_ring(n, 1, receive_on);
}

static void next(void)
{
    bare_jump(&main_sp, task_sp[at]);
    at = at + 1 < n_stacks ? at + 1 : 0;
}

static long receive_often(long times)
{
    for (long i = 0; i < times; i++) {
        while (ring.n == 0)
            next();
        sum += get();
    }
    return times;
}

static long send_often(long times)
{
    for (long i = 0; i < times; i++) {
        put(++last);
        next();
    }
    return times;
}

static void close_ring(void)
{
    free(ring.messages);
    close_tasks();
}

static const struct co_ops channel = {open_channel, receive_often, close_ring};
static const struct co_ops fan_in = {open_fan_in, receive_often, close_ring};
static const struct co_ops fan_out = {open_fan_out, send_often, close_ring};

/* --- parked --------------------------------------------------------------- */

static const char *park(int n)
{
    const char *reason = open_tasks(n);
    if (reason == NULL)
        run_tasks(n);
    return reason;
}

static const struct co_ops parked = {park, NULL, close_tasks};

/* --- spawn: from a pool --------------------------------------------------- */

/* At the top of a stack that is free. */
struct spare {
    struct spare *next;
};

static struct spare *spares;
static long ended;

static void run_and_end(void)
{
    ended++;
    bare_jump(&co_sp, main_sp); /* never comes back */
}

static const char *open_pool(int x)
{
    (void)x;
    const char *reason = open_stacks(2);
    spares = NULL;
    ended = 0;
    for (int i = 0; i < 2 && reason == NULL; i++) {
        struct spare *spare =
            (struct spare *)(void *)(bare_top(stacks, i) - 64);
        spare->next = spares;
        spares = spare;
    }
    return reason;
}

static long spawn_from_pool(long times)
{
    for (long i = 0; i < times; i++) {
        struct spare *spare = spares;
        spares = spare->next;
        bare_jump(&main_sp, bare_new((char *)spare, run_and_end));
        spare->next = spares;
        spares = spare;
    }
    return times;
}

static const struct co_ops pool = {open_pool, spawn_from_pool, close_stacks};

/* --- spawn: memory from the kernel each time ------------------------------ */

static long spawn_mapped(long times, bool guarded)
{
    for (long i = 0; i < times; i++) {
        char *stack = bare_stacks(1);
        if (stack == NULL ||
            (guarded && mprotect(stack, 4096, PROT_NONE) == -1))
            abort();
        bare_jump(&main_sp, bare_new(bare_top(stack, 0), run_and_end));
        bare_stacks_free(stack, 1);
    }
    return times;
}

static long spawn_unguarded(long times)
{
    return spawn_mapped(times, false);
}

static long spawn_guarded(long times)
{
    return spawn_mapped(times, true);
}

static const struct co_ops mapped = {open_nothing, spawn_unguarded,
                                     close_nothing};
static const struct co_ops mapped_guarded = {open_nothing, spawn_guarded,
                                             close_nothing};

const struct co_peer co_raw_jump = {.name = "raw/jump",
                                    .works = {[CO_PAIR] = &pair,
                                              [CO_YIELD] = &turns,
                                              [CO_SPAWN] = &pool,
                                              [CO_CHANNEL] = &channel,
                                              [CO_FAN_IN] = &fan_in,
                                              [CO_FAN_OUT] = &fan_out,
                                              [CO_PARK] = &parked}};
const struct co_peer co_raw_ret = {.name = "raw/ret",
                                   .works = {[CO_PAIR] = &pair_ret}};
const struct co_peer co_raw_mmap = {.name = "raw/mmap",
                                    .works = {[CO_SPAWN] = &mapped}};
const struct co_peer co_raw_mmap_guard = {
    .name = "raw/mmap-guard", .works = {[CO_SPAWN] = &mapped_guarded}};

#endif
