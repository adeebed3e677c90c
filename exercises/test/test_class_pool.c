/*
 * test_class_pool.c - workers that answer, die, hang, talk without end or leave
 * others behind: each costs its own task, and nothing stays.
 *
 * What several workers do at once is counted in shared memory. No test asks how
 * long something takes: who waits in vain here is ended by its limit, and that
 * is what the test sees.
 *
 * Read before: ../grader/class_pool.h. Rests on: cmocka.
 */
#include "../grader/class_pool.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TASKS = 12, ANSWER_MAX = 1 << 20, LONG = 300000, FOREVER_S = 60 };

/* What the workers see of each other. */
struct shared {
    atomic_int running, most, seen_by_alone, waiting, ended;
};

struct trial {
    struct shared *shared;
    int (*work[TASKS])(struct trial *t, int fd);
    struct class_task tasks[TASKS];
    size_t n;
    int left[2]; /* a pipe, for what a worker leaves behind */
    size_t n_started, n_ended;
    enum class_end end[TASKS];
    int status[TASKS];
    char *bytes[TASKS];
    size_t len[TASKS];
};

static int work(size_t i, int fd, void *arg)
{
    struct trial *t = arg;
    return t->work[i](t, fd);
}

static void on_start(size_t i, void *arg)
{
    (void)i;
    ((struct trial *)arg)->n_started++;
}

static void on_end(size_t i, const struct class_answer *answer, void *arg)
{
    struct trial *t = arg;
    t->n_ended++;
    t->end[i] = answer->end;
    t->status[i] = answer->status;
    t->bytes[i] = base_slice_dup(answer->bytes);
    t->len[i] = answer->bytes.len;
}

static int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    int n = 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

/* Runs the trial with `jobs` workers at once, and has no child after it. */
static int run(struct trial *t, int jobs)
{
    const struct class_pool pool = {
        .jobs = jobs,
        .answer_max = ANSWER_MAX,
        .arg = t,
        .work = work,
        .on_start = on_start,
        .on_end = on_end,
    };
    const int fds = count_fds();
    const int result = class_pool_run(&pool, t->tasks, t->n);
    assert_int_equal(count_fds(), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return result;
}

static void add(struct trial *t, int (*fn)(struct trial *t, int fd), bool alone)
{
    t->tasks[t->n] = (struct class_task){.alone = alone,
                                         .limit_ns = FOREVER_S * LOOP_SECOND};
    t->work[t->n++] = fn;
}

static int set_up(void **state)
{
    struct trial *t = base_alloc(sizeof *t);
    t->shared = mmap(NULL, sizeof *t->shared, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *state = t;
    return t->shared == MAP_FAILED;
}

static int tear_down(void **state)
{
    struct trial *t = *state;
    munmap(t->shared, sizeof *t->shared);
    for (size_t i = 0; i < TASKS; i++)
        free(t->bytes[i]);
    free(t);
    return 0;
}

/* --- what workers do ------------------------------------------------------ */

static int say_pong(struct trial *t, int fd)
{
    (void)t;
    return write(fd, "pong", 4) == 4 ? 0 : 9;
}

static int say_much(struct trial *t, int fd)
{
    (void)t;
    for (int i = 0; i < LONG; i++)
        if (write(fd, &"0123456789"[i % 10], 1) != 1)
            return 9;
    return 0;
}

static int say_without_end(struct trial *t, int fd)
{
    (void)t;
    static const char block[4096];
    while (write(fd, block, sizeof block) > 0)
        ;
    return 0;
}

static int fail_with_7(struct trial *t, int fd)
{
    say_pong(t, fd);
    return 7;
}

static int die(struct trial *t, int fd)
{
    say_pong(t, fd);
    signal(SIGSEGV, SIG_DFL); /* the sanitizer has a handler of its own */
    raise(SIGSEGV);
    return 0;
}

static noreturn void wait_for_ever(void)
{
    for (;;)
        pause();
}

static int hang(struct trial *t, int fd)
{
    (void)fd;
    atomic_fetch_add(&t->shared->waiting, 1);
    wait_for_ever();
}

/* Leaves a process that has the answer's pipe, and another one, open. */
static int leave_another(struct trial *t, int fd)
{
    if (fork() == 0)
        hang(t, fd);
    while (atomic_load(&t->shared->waiting) == 0)
        usleep(1000);
    return say_pong(t, fd);
}

static int meet_another(struct trial *t, int fd)
{
    atomic_fetch_add(&t->shared->waiting, 1);
    while (atomic_load(&t->shared->waiting) < 2)
        usleep(1000);
    return say_pong(t, fd);
}

static int count(struct trial *t, int fd)
{
    const int now = atomic_fetch_add(&t->shared->running, 1) + 1;
    int most = atomic_load(&t->shared->most);
    while (now > most &&
           !atomic_compare_exchange_weak(&t->shared->most, &most, now))
        ;
    say_pong(t, fd);
    atomic_fetch_sub(&t->shared->running, 1);
    atomic_fetch_add(&t->shared->ended, 1);
    return 0;
}

/* How many others run, or have not yet ended: both should be none. */
static int count_alone(struct trial *t, int fd)
{
    const int others = (int)t->n - 2 - atomic_load(&t->shared->ended);
    const int now = atomic_fetch_add(&t->shared->running, 1);
    atomic_fetch_add(&t->shared->seen_by_alone, now + others);
    say_pong(t, fd);
    atomic_fetch_sub(&t->shared->running, 1);
    return 0;
}

static int stop_us(struct trial *t, int fd)
{
    (void)fd;
    while (atomic_load(&t->shared->waiting) == 0)
        usleep(1000);
    kill(getppid(), SIGTERM);
    wait_for_ever();
}

/* --- tests ---------------------------------------------------------------- */

static void assert_pong(const struct trial *t, size_t i)
{
    assert_int_equal(t->end[i], CLASS_ANSWERED);
    assert_string_equal(t->bytes[i], "pong");
}

static void test_answers_come_back(void **state)
{
    struct trial *t = *state;
    add(t, say_pong, false);
    add(t, say_much, false);
    add(t, say_pong, false);
    assert_int_equal(run(t, 2), 0);
    assert_pong(t, 0);
    assert_pong(t, 2);
    assert_int_equal(t->len[1], LONG);
    for (int i = 0; i < LONG; i++)
        assert_int_equal(t->bytes[1][i], '0' + i % 10);
    assert_int_equal(t->n_started, 3);
}

static void test_no_task_at_all(void **state)
{
    assert_int_equal(run(*state, 2), 0);
}

static void test_one_that_dies_costs_its_own_task(void **state)
{
    struct trial *t = *state;
    add(t, fail_with_7, false);
    add(t, say_pong, false);
    add(t, die, false);
    add(t, say_pong, false);
    assert_int_equal(run(t, 2), 0);
    assert_int_equal(t->end[0], CLASS_DIED);
    assert_int_equal(t->status[0], 7);
    assert_int_equal(t->end[2], CLASS_DIED);
    assert_int_equal(t->status[2], -SIGSEGV);
    assert_pong(t, 1);
    assert_pong(t, 3);
}

static void test_one_that_hangs_is_ended_at_its_limit(void **state)
{
    struct trial *t = *state;
    add(t, hang, false);
    t->tasks[0].limit_ns = 20 * LOOP_MS;
    add(t, say_pong, false);
    assert_int_equal(run(t, 1), 0);
    assert_int_equal(t->end[0], CLASS_TOO_LONG);
    assert_int_equal(t->status[0], -SIGKILL);
    assert_pong(t, 1);
}

static void test_one_that_talks_without_end(void **state)
{
    struct trial *t = *state;
    add(t, say_without_end, false);
    add(t, say_pong, false);
    assert_int_equal(run(t, 2), 0);
    assert_int_equal(t->end[0], CLASS_TOO_MUCH);
    assert_pong(t, 1);
}

static void test_what_a_worker_leaves_behind_is_ended(void **state)
{
    struct trial *t = *state;
    int left[2];
    assert_int_equal(pipe(left), 0);
    add(t, leave_another, false);
    assert_int_equal(run(t, 1), 0);
    assert_pong(t, 0);
    /* Nobody but us has the other end: else this would wait. */
    close(left[1]);
    char byte;
    assert_int_equal(read(left[0], &byte, 1), 0);
    close(left[0]);
}

static void test_two_at_once(void **state)
{
    struct trial *t = *state;
    add(t, meet_another, false);
    add(t, meet_another, false);
    assert_int_equal(run(t, 2), 0);
    assert_pong(t, 0);
    assert_pong(t, 1);
}

static void test_no_more_than_so_many(void **state)
{
    struct trial *t = *state;
    while (t->n < TASKS)
        add(t, count, false);
    assert_int_equal(run(t, 3), 0);
    assert_in_range(atomic_load(&t->shared->most), 1, 3);
    assert_int_equal(t->n_ended, TASKS);
}

static void test_some_run_alone_and_last(void **state)
{
    struct trial *t = *state;
    add(t, count_alone, true);
    while (t->n < TASKS - 1)
        add(t, count, false);
    add(t, count_alone, true);
    assert_int_equal(run(t, 4), 0);
    assert_int_equal(t->n_ended, TASKS);
    assert_int_equal(atomic_load(&t->shared->seen_by_alone), 0);
}

static void test_a_signal_ends_all(void **state)
{
    struct trial *t = *state;
    add(t, hang, false);
    add(t, stop_us, false);
    add(t, say_pong, false);
    assert_int_equal(run(t, 2), SIGTERM);
    assert_int_equal(t->n_started, 2);
    assert_int_equal(t->n_ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers_come_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_no_task_at_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_dies_costs_its_own_task,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_one_that_hangs_is_ended_at_its_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_talks_without_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_what_a_worker_leaves_behind_is_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_more_than_so_many, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_some_run_alone_and_last, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_signal_ends_all, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
