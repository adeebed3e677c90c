/*
 * test_co_stack.c - stacks: their guards, how many are kept, that memory goes
 * back, that what is said of their depth is true; and what happens when the
 * kernel refuses: spawning says so once in the log, and works again later.
 *
 * The linker sends the library's calls of mmap, madvise and mprotect here
 * (ld(1), --wrap; see loop.mk).
 *
 * Read before: co/stack.c, heard.h. Read after: test_co_overflow.c.
 */
#include "loop/co/stack.h"
#include "loop/co/witness.h"
#include "loop/test/each.h"
#include "loop/test/heard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

/* What sanitizers keep beside: frames elsewhere, fibers. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { SANITIZED = true, MANY = 300 };
#else
enum { SANITIZED = false, MANY = 20000 };
#endif

/* --- calls that may be refused ------------------------------------------- */

static struct {
    int mmap_error, guard_error, mprotect_error; /* 0: done as ever */
    int n_guards, n_mprotects, n_huge_refused;   /* that were done */
} kernel;

/* ld gives these names. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_mmap(void *, size_t, int, int, int, off_t);
int __real_madvise(void *, size_t, int);
int __real_mprotect(void *, size_t, int);
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
int __wrap_madvise(void *, size_t, int);
int __wrap_mprotect(void *, size_t, int);

void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
    if (kernel.mmap_error == 0)
        return __real_mmap(at, len, prot, flags, fd, off);
    errno = kernel.mmap_error;
    return MAP_FAILED;
}

int __wrap_madvise(void *at, size_t len, int advice)
{
    enum { GUARD_INSTALL = 102 };
    if (advice == GUARD_INSTALL && kernel.guard_error != 0) {
        errno = kernel.guard_error;
        return -1;
    }
    kernel.n_guards += advice == GUARD_INSTALL;
    kernel.n_huge_refused += advice == MADV_NOHUGEPAGE;
    return __real_madvise(at, len, advice);
}

int __wrap_mprotect(void *at, size_t len, int prot)
{
    if (kernel.mprotect_error != 0) {
        errno = kernel.mprotect_error;
        return -1;
    }
    kernel.n_mprotects++;
    return __real_mprotect(at, len, prot);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void kernel_is_well(void)
{
    memset(&kernel, 0, sizeof kernel);
}

/* --- tasks --------------------------------------------------------------- */

static int finish(void *arg)
{
    (void)arg;
    return 0;
}

/* Parks until the event is set. */
static int wait_for(void *arg)
{
    return co_event_wait(arg);
}

static struct co_stats stats_of(const struct loop *loop)
{
    struct co_stats stats;
    co_stats(loop, &stats);
    return stats;
}

/* Passes until nobody goes on: one may run only some of the tasks. */
static void settle(struct loop *loop)
{
    uint64_t before;
    do {
        before = stats_of(loop).switches;
        assert_true(loop_run_once(loop, 0) >= 0);
    } while (stats_of(loop).switches != before);
}

/* Passes until no task is left. */
static void run_out(struct loop *loop)
{
    while (stats_of(loop).tasks > 0)
        assert_true(loop_run_once(loop, 0) >= 0);
}

static void park(struct loop *loop, struct co_event *event, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(co_go(loop, wait_for, event), 0);
    settle(loop);
}

static void set_up(struct loop *loop, struct co_options options)
{
    assert_int_equal(co_setup(loop, &options), 0);
}

/* --- options ------------------------------------------------------------- */

static void bad_options_are_refused(struct loop *loop)
{
    const struct co_options bad[] = {
        {.stack_size = 65536 + 1},
        {.stack_size = PAGE_SIZE},
        {.stack_size = SLOT_LEAST - PAGE_SIZE},
        {.stack_size = (size_t)SLOT_MOST + PAGE_SIZE},
        {.stack_size = ((size_t)1 << 30) + PAGE_SIZE},
        {.stack_size = ((size_t)1 << 58) + PAGE_SIZE}, /* 64 wrap */
        {.stack_size = SIZE_MAX - PAGE_SIZE + 1},
        {.max_tasks = -1},
        {.stacks_kept = -1},
    };
    for (size_t i = 0; i < N(bad); i++)
        assert_int_equal(co_setup(loop, &bad[i]), -EINVAL);
    set_up(loop, (struct co_options){.stack_size = SLOT_LEAST});
    set_up(loop, (struct co_options){.stack_size = (size_t)1 << 30});
    set_up(loop, (struct co_options){.stack_size = 128 * PAGE_SIZE});
    assert_int_equal(co_run(loop, finish, NULL), 0);
    assert_int_equal(co_setup(loop, &(struct co_options){0}), -EBUSY);
    assert_int_equal(stats_of(loop).stack_size, 128 * PAGE_SIZE - GUARD_SIZE);
}

static void a_loop_without_tasks_has_no_stacks(struct loop *loop)
{
    const struct co_stats stats = stats_of(loop);
    assert_int_equal(stats.stacks, 0);
    assert_int_equal(stats.tasks, 0);
    assert_int_equal(co_stack_high(loop), 0);
}

/* --- guards -------------------------------------------------------------- */

static void each_kind_of_guard_is_made(struct loop *loop)
{
    static const struct {
        enum co_guard guard;
        int refused; /* MADV_GUARD_INSTALL, by an older kernel */
        bool guards, mprotects;
    } cases[] = {
        {CO_GUARD_BEST, 0, true, false},
        {CO_GUARD_BEST, EINVAL, false, true},
        {CO_GUARD_MPROTECT, 0, false, true},
        {CO_GUARD_NONE, 0, false, false},
    };
    for (size_t i = 0; i < N(cases); i++) {
        struct loop *other = each_other(loop);
        kernel_is_well();
        kernel.guard_error = cases[i].refused;
        set_up(other, (struct co_options){.guard = cases[i].guard});
        assert_int_equal(co_run(other, finish, NULL), 0);
        if (i == 0 && kernel.n_guards == 0) /* this kernel is older */
            assert_int_equal(kernel.n_mprotects, STACKS_A_SLAB);
        else
            assert_int_equal(kernel.n_guards,
                             cases[i].guards ? STACKS_A_SLAB : 0);
        if (i > 0)
            assert_int_equal(kernel.n_mprotects,
                             cases[i].mprotects ? STACKS_A_SLAB : 0);
        assert_int_equal(kernel.n_huge_refused, 1);
        loop_free(other);
    }
}

/* --- refusals ------------------------------------------------------------ */

/* Refused, said once, and well again; twice. */
static void try_refusal(struct loop *loop, const char *why)
{
    for (int i = 0; i < 3; i++)
        assert_null(co_spawn(loop, finish, NULL));
    heard_expect(why);
    heard_nothing();
    assert_int_equal(co_go(loop, finish, NULL), -ENOMEM);
    assert_int_equal(co_run(loop, finish, NULL), -ENOMEM);
    heard_nothing();
}

static void memory_that_is_refused_is_told_once(struct loop *loop)
{
    static const struct {
        int mmap_error, guard_error, mprotect_error;
        const char *why;
    } cases[] = {
        {ENOMEM, 0, 0, "vm.max_map_count"},
        {EAGAIN, 0, 0, "Resource temporarily unavailable"},
        {0, EINVAL, ENOMEM, "vm.max_map_count"},
    };
    heard_begin();
    for (size_t i = 0; i < N(cases); i++) {
        struct loop *other = each_other(loop);
        for (int times = 0; times < 2; times++) {
            kernel_is_well();
            struct co_event event = {0};
            const size_t before = stats_of(other).stacks;
            /* Takes what is left of the slabs. */
            park(other, &event, times == 0 ? 0 : STACKS_A_SLAB);
            kernel.mmap_error = cases[i].mmap_error;
            kernel.guard_error = cases[i].guard_error;
            kernel.mprotect_error = cases[i].mprotect_error;
            try_refusal(other, cases[i].why);
            assert_int_equal(stats_of(other).stacks,
                             times == 0 ? before : STACKS_A_SLAB);
            kernel_is_well();
            co_event_set(&event);
            assert_int_equal(co_go(other, finish, NULL), 0);
            run_out(other);
        }
        loop_free(other);
    }
    heard_end();
}

static void more_tasks_than_allowed_are_refused(struct loop *loop)
{
    struct co_event event = {0};
    set_up(loop, (struct co_options){.max_tasks = 10});
    heard_begin();
    for (int times = 0; times < 2; times++) {
        co_event_clear(&event);
        park(loop, &event, 10);
        try_refusal(loop, "max_tasks");
        assert_int_equal(stats_of(loop).tasks, 10);
        co_event_set(&event);
        run_out(loop);
    }
    heard_end();
    assert_int_equal(stats_of(loop).most_tasks, 10);
}

/* --- how many are kept --------------------------------------------------- */

static void no_more_stacks_are_kept_than_asked_for(struct loop *loop)
{
    struct co_event event = {0};
    set_up(loop, (struct co_options){.stacks_kept = 20});
    park(loop, &event, 200);
    assert_int_equal(stats_of(loop).tasks, 200);
    assert_int_equal(stats_of(loop).stacks, 200);
    assert_int_equal(stats_of(loop).stacks_warm, 0);
    co_event_set(&event);
    run_out(loop);
    assert_int_equal(stats_of(loop).stacks, 20);
    assert_int_equal(stats_of(loop).stacks_warm, 20);
    park(loop, &event, 5); /* set: they end at once */
    run_out(loop);
    assert_int_equal(stats_of(loop).stacks, 20);
    assert_int_equal(stats_of(loop).most_tasks, 200);
    assert_int_equal(stats_of(loop).spawned, 205);
}

/* One after the other they take the same stack. */
static void a_stack_is_used_again(struct loop *loop)
{
    for (int i = 0; i < 1000; i++)
        assert_int_equal(co_run(loop, finish, NULL), 0);
    assert_int_equal(stats_of(loop).stacks, 1);
    assert_int_equal(stats_of(loop).spawned, 1000);
}

/* --- memory -------------------------------------------------------------- */

/* Writes to `bytes` of the stack. */
__attribute__((noinline)) static void dig(size_t bytes)
{
    volatile char *memory = __builtin_alloca(bytes);
    for (size_t i = 0; i < bytes; i += 64)
        memory[i] = 1;
}

struct depth {
    size_t bytes;
    struct co_event *event;
};

static int dig_and_wait(void *arg)
{
    const struct depth *d = arg;
    dig(d->bytes);
    return co_event_wait(d->event);
}

/* Memory of this process that is there, in bytes. */
static long resident(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * PAGE_SIZE;
}

/* 200 tasks use 40 KiB each, 8 MiB in all; then all but 10 stacks are cold. */
static void memory_goes_back_to_the_kernel(struct loop *loop)
{
    enum { TASKS = 200, BYTES = 40960 };
    struct co_event event = {0};
    struct depth d = {BYTES, &event};
    if (SANITIZED)
        each_skip(loop, "a sanitizer keeps memory of its own");
    set_up(loop, (struct co_options){.stacks_kept = 10});
    const long before = resident();
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(co_go(loop, dig_and_wait, &d), 0);
    settle(loop);
    const long during = resident();
    assert_true(during - before >= (long)TASKS * BYTES);
    co_event_set(&event);
    run_out(loop);
    assert_true(during - resident() >= (long)(TASKS - 10) * BYTES * 9 / 10);
}

static int park_in(void *arg)
{
    return co_event_wait(arg);
}

/* A task that waits in a shallow place has one page, and a part of another's
 * for what the library keeps. */
static void many_tasks_wait_at_little_cost(struct loop *loop)
{
    struct co_event event = {0};
    const long before = resident();
    for (int i = 0; i < MANY; i++)
        assert_int_equal(co_go(loop, park_in, &event), 0);
    settle(loop);
    assert_int_equal(stats_of(loop).tasks, MANY);
    if (!SANITIZED)
        assert_true(resident() - before <=
                    (long)MANY * (PAGE_SIZE + PAGE_SIZE / 8));
    co_event_set(&event);
    run_out(loop);
    assert_int_equal(stats_of(loop).tasks, 0);
}

/* --- how deep ------------------------------------------------------------ */

/* What is said of a task that dug so deep: within a page, and what the calls
 * themselves take. */
static void the_depth_of_a_task_is_known(struct loop *loop)
{
    const size_t depths[] = {0, 5000, 20000, 40000};
    struct co_event event = {0};
    set_up(loop, (struct co_options){.stacks_kept = 1});
    for (size_t i = 0; i < N(depths); i++) {
        struct depth d = {depths[i], &event};
        struct co_task *task = co_spawn(loop, dig_and_wait, &d);
        co_event_clear(&event);
        settle(loop);
        const size_t used = co_stack_used(task), high = co_stack_high(loop);
        assert_true(used >= depths[i]);
        assert_true(used <= depths[i] + PAGE_SIZE || SANITIZED);
        assert_true(high >= used);
        co_event_set(&event);
        settle(loop);
        assert_true(co_ended(task));
        co_join(task, NULL);
        assert_true(co_stack_high(loop) >= used); /* of a stack that is free */
    }
}

static void to_look_costs_no_memory(struct loop *loop)
{
    struct co_event event = {0};
    park(loop, &event, MANY / 10);
    const long before = resident();
    const size_t high = co_stack_high(loop);
    assert_true(high > 0 && high < 65536);
    if (!SANITIZED) /* 120 MB lie there untouched */
        assert_true(resident() - before < 1000 * PAGE_SIZE);
    co_event_set(&event);
    run_out(loop);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(bad_options_are_refused),
        EACH(a_loop_without_tasks_has_no_stacks),
        EACH(each_kind_of_guard_is_made),
        EACH(memory_that_is_refused_is_told_once),
        EACH(more_tasks_than_allowed_are_refused),
        EACH(no_more_stacks_are_kept_than_asked_for),
        EACH(a_stack_is_used_again),
        EACH(memory_goes_back_to_the_kernel),
        EACH(many_tasks_wait_at_little_cost),
        EACH(the_depth_of_a_task_is_known),
        EACH(to_look_costs_no_memory),
    };
    return each_backend(tests, N(tests));
}
