/*
 * test_co_context.c - a switch keeps what a function call keeps, and nothing
 * else: the callee-saved registers of each context, in whatever order they are
 * switched; the argument, the alignment and the bounds of the stack; and tasks
 * that compute across their waits, on every back end.
 *
 * A plain program that prints TAP, without cmocka: test_co_aarch64.sh builds it
 * for another CPU, where there are no libraries.
 *
 * Read before: co/context.h. Rests on: System V ABI for x86-64, 3.2.1; AAPCS64,
 * 6.1.
 */
#include "loop/co.h"
#include "loop/co/context.h"
#include "loop/test/random.h"

#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <stdio.h>
#include <unistd.h>

/*
 * Fills the callee-saved registers from `in`, switches, stores them in `out`,
 * and returns what the switch brought.
 */
int registers_across(struct context *from, struct context *to,
                     const uint64_t *in, uint64_t *out);

#if defined __x86_64__
enum { REGISTERS = 6 };
__asm__(".text\n"
        ".type registers_across, @function\n"
        "registers_across:\n"
        "    pushq %rbx\n    pushq %rbp\n    pushq %r12\n"
        "    pushq %r13\n    pushq %r14\n    pushq %r15\n"
        "    pushq %rcx\n" /* out; and the stack is aligned */
        "    movq (%rdx), %rbx\n    movq 8(%rdx), %rbp\n"
        "    movq 16(%rdx), %r12\n    movq 24(%rdx), %r13\n"
        "    movq 32(%rdx), %r14\n    movq 40(%rdx), %r15\n"
        "    movl (%rdx), %edx\n" /* brings the first */
        "    call context_switch\n"
        "    popq %rcx\n"
        "    movq %rbx, (%rcx)\n    movq %rbp, 8(%rcx)\n"
        "    movq %r12, 16(%rcx)\n    movq %r13, 24(%rcx)\n"
        "    movq %r14, 32(%rcx)\n    movq %r15, 40(%rcx)\n"
        "    popq %r15\n    popq %r14\n    popq %r13\n"
        "    popq %r12\n    popq %rbp\n    popq %rbx\n"
        "    ret\n"
        ".size registers_across, . - registers_across\n");
#elif defined __aarch64__
enum { REGISTERS = 19 };
__asm__(".text\n"
        ".type registers_across, %function\n"
        "registers_across:\n"
        "    stp x29, x30, [sp, -176]!\n"
        "    stp x19, x20, [sp, 16]\n    stp x21, x22, [sp, 32]\n"
        "    stp x23, x24, [sp, 48]\n    stp x25, x26, [sp, 64]\n"
        "    stp x27, x28, [sp, 80]\n    stp d8, d9, [sp, 96]\n"
        "    stp d10, d11, [sp, 112]\n    stp d12, d13, [sp, 128]\n"
        "    stp d14, d15, [sp, 144]\n    str x3, [sp, 160]\n"
        "    ldp x19, x20, [x2]\n    ldp x21, x22, [x2, 16]\n"
        "    ldp x23, x24, [x2, 32]\n    ldp x25, x26, [x2, 48]\n"
        "    ldp x27, x28, [x2, 64]\n    ldp d8, d9, [x2, 80]\n"
        "    ldp d10, d11, [x2, 96]\n    ldp d12, d13, [x2, 112]\n"
        "    ldp d14, d15, [x2, 128]\n    ldr x29, [x2, 144]\n"
        "    ldr w2, [x2]\n"
        "    bl context_switch\n"
        "    ldr x3, [sp, 160]\n"
        "    stp x19, x20, [x3]\n    stp x21, x22, [x3, 16]\n"
        "    stp x23, x24, [x3, 32]\n    stp x25, x26, [x3, 48]\n"
        "    stp x27, x28, [x3, 64]\n    stp d8, d9, [x3, 80]\n"
        "    stp d10, d11, [x3, 96]\n    stp d12, d13, [x3, 112]\n"
        "    stp d14, d15, [x3, 128]\n    str x29, [x3, 144]\n"
        "    ldp x19, x20, [sp, 16]\n    ldp x21, x22, [sp, 32]\n"
        "    ldp x23, x24, [sp, 48]\n    ldp x25, x26, [sp, 64]\n"
        "    ldp x27, x28, [sp, 80]\n    ldp d8, d9, [sp, 96]\n"
        "    ldp d10, d11, [sp, 112]\n    ldp d12, d13, [sp, 128]\n"
        "    ldp d14, d15, [sp, 144]\n"
        "    ldp x29, x30, [sp], 176\n"
        "    ret\n"
        ".size registers_across, . - registers_across\n");
#else /* nothing is known of its registers */
enum { REGISTERS = 1 };
int registers_across(struct context *from, struct context *to,
                     const uint64_t *in, uint64_t *out)
{
    *out = *in;
    return context_switch(from, to, (int)*in);
}
#endif

/* --- TAP ----------------------------------------------------------------- */

static int n_tests, n_failed;

static void report(bool ok, const char *name, const char *where)
{
    printf("%sok %d - %s%s\n", ok ? "" : "not ", ++n_tests, name, where);
    n_failed += !ok;
}

/* --- contexts, switched by hand ------------------------------------------ */

enum { CONTEXTS = 16, SWITCHES = 50000, STACK_BYTES = 65536 };

static struct context contexts[CONTEXTS], home;
static char stacks[CONTEXTS][STACK_BYTES] __attribute__((aligned(64)));
static uint64_t random_state;
static long n_left, n_lost, n_wrong, n_misplaced;
static uint64_t brought; /* by the switch that goes on */

static bool is_on(const void *at, int i)
{
    const char *byte = at;
    return byte >= stacks[i] && byte < stacks[i] + STACK_BYTES;
}

/* Chooses where to go: anybody else, or home at the end. */
static struct context *next(int i)
{
    if (n_left-- <= 0)
        return &home;
    const int step = 1 + (int)random_below(&random_state, CONTEXTS - 1);
    return &contexts[(i + step) % CONTEXTS];
}

static void wander(void *arg)
{
    const int i = (int)((struct context *)arg - contexts);
    uint64_t in[REGISTERS], out[REGISTERS];
    n_misplaced += !is_on(in, i);
    n_misplaced += (uintptr_t)__builtin_frame_address(0) % 16 != 0;
    for (;;) {
        for (int r = 0; r < REGISTERS; r++)
            in[r] = random_next(&random_state);
        brought = in[0];
        const int value = registers_across(&contexts[i], next(i), in, out);
        for (int r = 0; r < REGISTERS; r++)
            n_lost += in[r] != out[r];
        n_wrong += value != (int)brought;
    }
}

static void switch_by_hand(void)
{
    random_state = random_setting("SEED", 1);
    n_left = SWITCHES;
    for (int i = 0; i < CONTEXTS; i++)
        context_init(&contexts[i], stacks[i], STACK_BYTES - (size_t)i, wander,
                     &contexts[i], &home);
    const int value = context_switch(&home, &contexts[0], 1);
    report(n_left < 0, "contexts switch to each other", "");
    report(n_lost == 0, "callee-saved registers survive", "");
    report(n_wrong == 0 && value == (int)brought,
           "a switch returns what another brings", "");
    report(n_misplaced == 0, "a context has its own, aligned stack", "");
}

/* --- the modes of the thread --------------------------------------------- */

static struct context other;
static int seen_mode;

static void set_mode(void *arg)
{
    (void)arg;
    seen_mode = fegetround();
    fesetround(FE_DOWNWARD);
    context_switch(&other, &home, 0);
}

/* They are not the context's: see context.h. (swapcontext keeps them.) */
static void switch_modes(void)
{
#ifndef LOOP_CO_UCONTEXT
    fesetround(FE_UPWARD);
    context_init(&other, stacks[0], STACK_BYTES, set_mode, NULL, &home);
    context_switch(&home, &other, 0);
    report(seen_mode == FE_UPWARD && fegetround() == FE_DOWNWARD,
           "the rounding mode is the thread's", "");
    fesetround(FE_TONEAREST);
#else
    (void)set_mode;
#endif
}

/* --- tasks that compute -------------------------------------------------- */

enum { TASKS = 50, TERMS = 400 };

/* A sum in floating point, that rounds at each step; turns in between. */
static double series(int i, bool waits, int depth)
{
    double sum = 0, factor = 1.0 + i / 7.0;
    for (int n = 1; n <= TERMS; n++) {
        factor *= n % 2 == 0 ? 1.01 : 0.98;
        sum += factor / n;
        if (waits && n % (3 + i % 5) == 0)
            co_yield_turn();
        if (depth > 0 && n == TERMS / 2)
            sum += series(i + depth, waits, depth - 1);
    }
    return sum;
}

static int n_same;

static int compute(void *arg)
{
    const int i = *(int *)arg;
    const double sum = series(i, true, 5);
    n_same += sum == series(i, false, 5);
    return 0;
}

static int compute_all(void *arg)
{
    int numbers[TASKS];
    struct co_group g;
    (void)arg;
    n_same = 0;
    co_group_begin(&g);
    for (int i = 0; i < TASKS; i++) {
        numbers[i] = i;
        co_group_go(&g, compute, &numbers[i]);
    }
    return co_group_wait(&g);
}

/* --- tasks that wait for each other -------------------------------------- */

struct ends {
    int in, out;
};

/* Passes bytes on, each one higher. */
static int pass_on(void *arg)
{
    const struct ends *e = arg;
    char bytes[64];
    ssize_t n;
    while ((n = co_read(e->in, bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            bytes[i]++;
        if (co_write(e->out, bytes, (size_t)n) != n)
            return -EIO;
    }
    loop_close(loop_current(), e->out);
    return (int)n;
}

enum { LINKS = 20 };

/* A chain of pipes with a task between each. */
static int chain(void *arg)
{
    int ends[LINKS + 1][2];
    struct ends links[LINKS];
    struct co_group g;
    char bytes[5];
    bool *right = arg;
    for (int i = 0; i <= LINKS; i++)
        if (pipe2(ends[i], O_NONBLOCK | O_CLOEXEC) == -1)
            return -errno;
    co_group_begin(&g);
    for (int i = 0; i < LINKS; i++) {
        links[i] = (struct ends){ends[i][0], ends[i + 1][1]};
        co_group_go(&g, pass_on, &links[i]);
    }
    *right = co_write(ends[0][1], "ABCDE", 5) == 5;
    loop_close(loop_current(), ends[0][1]);
    for (ssize_t got = 0, n; got < 5; got += n)
        if ((n = co_read(ends[LINKS][0], bytes + got, 5)) <= 0)
            break;
    *right = *right && memcmp(bytes, "UVWXY", 5) == 0;
    const int error = co_group_wait(&g);
    for (int i = 0; i <= LINKS; i++)
        loop_close(loop_current(), ends[i][0]);
    return error;
}

static void run_tasks(const char *backend)
{
    const struct loop_options options = {.backend = backend};
    struct loop *loop;
    char where[32];
    bool right = false;
    snprintf(where, sizeof where, " on %s", backend);
    const int error = loop_new(&loop, &options);
    if (error != 0) {
        printf("ok %d - tasks%s # SKIP the kernel refuses it: %s\n", ++n_tests,
               where, strerror(-error));
        return;
    }
    const int result = co_run(loop, compute_all, NULL);
    report(result == 0 && n_same == TASKS, "tasks compute as if alone", where);
    report(co_run(loop, chain, &right) == 0 && right,
           "tasks wait for each other", where);
    loop_free(loop);
}

int main(void)
{
    switch_by_hand();
    switch_modes();
    for (const char *const *name = loop_backends(); *name != NULL; name++)
        run_tasks(*name);
    printf("1..%d\n", n_tests);
    return n_failed > 0;
}
