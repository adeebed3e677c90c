/*
 * claim_switch.c - E13: what it costs to go somewhere else and to come back.
 *
 *     function    called, and it returns
 *     stackless   the same, and a `switch` finds where it had stopped
 *     assembly    minico's mini_switch, there and back
 *     a yield     of loop/co: to the scheduler, which finds the next task
 *     ucontext    swapcontext, there and back: two system calls
 *     threads     a semaphore there, a semaphore back: the kernel switches
 *
 * All run on one processor, so that threads have no other to wake up. And the
 * same question of Python, by Tornado: a coroutine that waits for one which is
 * ready, written as a generator (gen.coroutine) and as `async def`.
 *
 * Read before: claims.h, generator.c, ucontext.c, minico_x86_64.S.
 * Read after: claim_crowd.c.
 * Rests on: makecontext(3), sem_wait(3), sched_setaffinity(2).
 */
#include "claims.h"

#include "../common/common.h"
#include "loop/co.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

enum { STACK_SIZE = 64 * 1024, SAMPLE_NS = 4000000 };

/* In minico_*.S, and described there. */
void mini_switch(void **from_sp, void *to_sp);
void *mini_first_frame(void *top, void (*begin)(void));

/* Goes there and comes back n times. */
typedef void way_fn(long n);

/* --- functions, and those that go on by switch ---------------------------- */

static int add_one(int i)
{
    return i + 1;
}

static int (*volatile function)(int) = add_one; /* it is not inlined */

static void by_function(long n)
{
    int sum = 0;
    for (long i = 0; i < n; i++)
        sum = function(sum);
}

struct counter {
    int at, i;
};

/* Hands out 0, 1, 2, ... for ever. */
static int counter_next(struct counter *c)
{
    switch (c->at) {
    case 0:
        for (c->i = 0;; c->i++) {
            c->at = 1;
            return c->i;
        case 1:;
        }
    default:
        return -1;
    }
}

static int (*volatile generator)(struct counter *) = counter_next;

static void by_switch_statement(long n)
{
    struct counter c = {0};
    for (long i = 0; i < n; i++)
        generator(&c);
}

/* --- stacks --------------------------------------------------------------- */

static char stack[STACK_SIZE] __attribute__((aligned(16)));
static void *here, *there;

static void come_back(void)
{
    for (;;)
        mini_switch(&there, here);
}

static void by_assembly(long n)
{
    there = mini_first_frame(stack + sizeof stack, come_back);
    for (long i = 0; i < n; i++)
        mini_switch(&here, there);
}

static int yield_often(void *arg)
{
    for (long i = 0; i < *(long *)arg; i++)
        co_yield_turn();
    return 0;
}

static void by_yield(long n)
{
    struct loop *loop;
    const int error = loop_new(&loop, NULL);
    if (error != 0)
        die(-error, NULL, "cannot make a loop");
    co_run(loop, yield_often, &n);
    loop_free(loop);
}

static ucontext_t context_here, context_there;

static void come_back_by_ucontext(void)
{
    for (;;)
        swapcontext(&context_there, &context_here);
}

static void by_ucontext(long n)
{
    getcontext(&context_there);
    context_there.uc_stack.ss_sp = stack;
    context_there.uc_stack.ss_size = sizeof stack;
    makecontext(&context_there, come_back_by_ucontext, 0);
    for (long i = 0; i < n; i++)
        swapcontext(&context_here, &context_there);
}

/* --- threads -------------------------------------------------------------- */

static sem_t go, gone;

static void *answer(void *arg)
{
    for (long i = 0; i < *(long *)arg; i++) {
        sem_wait(&go);
        sem_post(&gone);
    }
    return NULL;
}

static void by_thread(long n)
{
    pthread_t thread;
    const int error = pthread_create(&thread, NULL, answer, &n);
    if (error != 0)
        die(error, NULL, "cannot start a thread");
    for (long i = 0; i < n; i++) {
        sem_post(&go);
        sem_wait(&gone);
    }
    pthread_join(thread, NULL);
}

/* --- measuring ------------------------------------------------------------ */

enum way { FUNCTION, STACKLESS, ASSEMBLY, YIELD, UCONTEXT, THREADS, WAYS };

static const struct {
    const char *name;
    way_fn *go;
} ways[WAYS] = {
    {"a function call", by_function},
    {"stackless, by switch", by_switch_statement},
    {"stackful, in assembly", by_assembly},
    {"a yield of loop/co, by its scheduler", by_yield},
    {"stackful, by ucontext", by_ucontext},
    {"two threads", by_thread},
};

/* Nanoseconds of processor time each: the last batch takes most of SAMPLE_NS.
 */
static double sample_ns(way_fn *way)
{
    int64_t took_ns = 0;
    long n = 1;
    while (took_ns < SAMPLE_NS) {
        n *= 2;
        const int64_t start_ns = claim_cpu_ns();
        way(n);
        took_ns = claim_cpu_ns() - start_ns;
    }
    return (double)took_ns / (double)n;
}

/* On one CPU, the first that we may use. */
static void measure(double ns[WAYS])
{
    cpu_set_t all, one;
    sched_getaffinity(0, sizeof all, &all);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    double samples[WAYS][CLAIM_RUNS];
    for (int run = 0; run < CLAIM_RUNS; run++)
        for (int way = 0; way < WAYS; way++)
            samples[way][run] = sample_ns(ways[way].go);
    sched_setaffinity(0, sizeof all, &all);
    for (int way = 0; way < WAYS; way++)
        ns[way] = claim_median(samples[way], CLAIM_RUNS);
}

/* --- Python --------------------------------------------------------------- */

/* Prints the version, and microseconds of each way: medians of five. */
static const char script[] =
    "import asyncio, statistics, time, tornado\n"
    "from tornado import gen\n"
    "N = 20000\n"
    "@gen.coroutine\n"
    "def old_leaf():\n"
    "    return 1\n"
    "@gen.coroutine\n"
    "def old():\n"
    "    for i in range(N): yield old_leaf()\n"
    "async def new_leaf():\n"
    "    return 1\n"
    "async def new():\n"
    "    for i in range(N): await new_leaf()\n"
    "async def main():\n"
    "    us = {old: [], new: []}\n"
    "    for run in range(5):\n"
    "        for way in us:\n"
    "            start = time.process_time()\n"
    "            await way()\n"
    "            us[way].append((time.process_time() - start) / N * 1e6)\n"
    "    print(tornado.version, *map(statistics.median, us.values()))\n"
    "asyncio.run(main())\n";

struct python {
    char tornado[16];
    double generator_us, native_us;
};

/* False: there is no Tornado here. */
static bool ask_python(struct python *p)
{
    struct proc proc;
    const char *const argv[] = {"/usr/bin/python3", "-c", script, NULL};
    int status = proc_spawn(&proc, argv, NULL);
    if (status == 0)
        status = proc_wait(&proc, 30000);
    proc_stop(&proc);
    return status == 0 && sscanf(proc.said, "%15s %lf %lf", p->tornado,
                                 &p->generator_us, &p->native_us) == 3;
}

/* --- the claim ------------------------------------------------------------ */

static void print_table(const struct claim_result *r, const double ns[WAYS])
{
    claim_row(r, "%-40s%14s%16s", "there and back", "takes", "times as dear");
    for (int way = 0; way < WAYS; way++)
        claim_row(r, "%-40s%11s ns%16s", ways[way].name,
                  claim_short(ns[way]).text,
                  claim_short(ns[way] / ns[ASSEMBLY]).text);
}

static bool in_order(const double ns[WAYS])
{
    return ns[STACKLESS] < 1.2 * ns[ASSEMBLY] &&
           ns[ASSEMBLY] * 5 < ns[UCONTEXT] && ns[UCONTEXT] < ns[THREADS] &&
           ns[ASSEMBLY] * 10 < ns[THREADS];
}

int claim_switches(struct claim_result *r)
{
    double ns[WAYS];
    if (sem_init(&go, 0, 0) == -1 || sem_init(&gone, 0, 0) == -1)
        return claim_not_measured(r, "no semaphores: %s", strerror(errno));
    measure(ns);
    print_table(r, ns);
    struct python p;
    if (!ask_python(&p))
        return claim_not_measured(
            r,
            "/usr/bin/python3 has no tornado (make deps SET=peers); in C a "
            "switch takes %s ns and one of threads %s ns",
            claim_short(ns[ASSEMBLY]).text, claim_short(ns[THREADS]).text);
    claim_row(r, "in Python, Tornado %-21s%14s", p.tornado, "a wait takes");
    claim_row(r, "%-40s%11.2f us", "generators: gen.coroutine", p.generator_us);
    claim_row(r, "%-40s%11.2f us", "native: async def", p.native_us);
    return claim_conclude(
        r, in_order(ns) && p.native_us * 1.5 < p.generator_us,
        "in Tornado %s a native coroutine waits in %.2f us, one made of a "
        "generator in %.2f, %.0f times as long; in C a switch in assembly "
        "takes "
        "%s ns, by ucontext %s ns, of threads %s ns, %.0f times as long as the "
        "first",
        p.tornado, p.native_us, p.generator_us, p.generator_us / p.native_us,
        claim_short(ns[ASSEMBLY]).text, claim_short(ns[UCONTEXT]).text,
        claim_short(ns[THREADS]).text, ns[THREADS] / ns[ASSEMBLY]);
}
