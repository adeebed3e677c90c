/*
 * test_co_model.c - random tasks. Those that wait for each other, at locks,
 * queues, channels and the rest, must do what an oracle says (oracle.h); and of
 * a tree of tasks that is cancelled somewhere nothing may be left (tree.h).
 *
 * SEED and OPS in the environment choose the first round's seed and the number
 * of operations a back end; LOOP_BACKEND restricts it to one. A failure prints
 * what differs, the last operations, and the command that repeats its round.
 * `make soak` does a million.
 *
 * That the comparison can fail is tested as well: each rule that the oracle is
 * told to have wrong must be found.
 *
 * Read before: actors.h, tree.h. Rests on: cmocka.
 */
#include "loop/test/actors.h"
#include "loop/test/each.h"
#include "loop/test/random.h"
#include "loop/test/tree.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { A_MINUTE = 60, A_ROUND = 2000, OPS = 100000, BACKENDS = 8 };

/* --- a round that never ends --------------------------------------------- */

static char hanging[200];

static void on_alarm(int signo)
{
    (void)signo;
    const ssize_t n = write(STDERR_FILENO, hanging, strlen(hanging));
    _exit(n > 0 ? 1 : 2);
}

static void expect_end(const char *backend, uint64_t seed, uint64_t ops)
{
    snprintf(hanging, sizeof hanging,
             "a round hangs; repeat it with:\n"
             "  LOOP_BACKEND=%s SEED=%llu OPS=%llu %s\n",
             backend, (unsigned long long)seed, (unsigned long long)ops,
             program_invocation_name);
    alarm(A_MINUTE);
}

static void skip_refused(const char *backend, int error)
{
    if (error == -ENOSYS || error == -EPERM) {
        print_message("the kernel refuses %s: %s\n", backend, strerror(-error));
        skip();
    }
    assert_int_equal(error, 0);
}

/* What is told to stderr is too long for fail_msg. */
static void expect_no_difference(bool differs, const char *text)
{
    if (!differs)
        return;
    fputs(text, stderr);
    fail();
}

/* --- tasks that wait for each other -------------------------------------- */

static void run_actors(const struct actors_options *options,
                       struct actors_result *result)
{
    const int fds = each_count_fds();
    expect_end(options->backend, options->seed, options->ops);
    actors_run(options, result);
    alarm(0);
    skip_refused(options->backend, result->error);
    assert_int_equal(each_count_fds(), fds);
}

static void the_tasks_agree_with_the_oracle(void **state)
{
    const uint64_t first = random_setting("SEED", 1);
    const uint64_t ops = random_setting("OPS", OPS);
    struct actors_result sum = {0}, result;
    for (uint64_t round = 0; sum.ops < ops; round++) {
        const uint64_t left = ops - sum.ops;
        run_actors(
            &(struct actors_options){.backend = *state,
                                     .seed = first + round,
                                     .ops = left < A_ROUND ? left : A_ROUND},
            &result);
        expect_no_difference(result.differs, result.text);
        sum.ops += result.ops;
        sum.granted += result.granted;
        sum.cancelled += result.cancelled;
        sum.late += result.late;
    }
    print_message("%s: seed %llu, %llu operations, no difference; of the waits "
                  "%llu were granted, %llu cancelled, %llu late\n",
                  (const char *)*state, (unsigned long long)first,
                  (unsigned long long)sum.ops, (unsigned long long)sum.granted,
                  (unsigned long long)sum.cancelled,
                  (unsigned long long)sum.late);
}

static void every_wrong_rule_is_found(void **state)
{
    for (enum oracle_wrong wrong = ORACLE_RIGHT + 1; wrong < ORACLE_WRONGS;
         wrong++) {
        struct actors_result result = {0};
        for (uint64_t round = 1; round <= 50 && !result.differs; round++)
            run_actors(&(struct actors_options){.backend = *state,
                                                .seed = round,
                                                .ops = A_ROUND,
                                                .wrong = wrong},
                       &result);
        if (!result.differs)
            fail_msg("wrong rule %d was not found", wrong);
    }
}

/* --- trees that are cancelled -------------------------------------------- */

static void a_cancelled_tree_leaves_nothing(void **state)
{
    const uint64_t first = random_setting("SEED", 1);
    const uint64_t ops = random_setting("OPS", OPS) / 5;
    struct tree_result sum = {0}, result;
    for (uint64_t round = 0; sum.ops < ops; round++) {
        const int fds = each_count_fds();
        expect_end(*state, first + round, 1);
        tree_run(*state, first + round, &result);
        alarm(0);
        skip_refused(*state, result.error);
        expect_no_difference(result.differs, result.text);
        assert_int_equal(each_count_fds(), fds);
        sum.ops += result.ops;
        sum.tasks += result.tasks;
        sum.cancels += result.cancels;
        sum.failed += result.failed;
    }
    print_message("%s: seed %llu, %llu operations of %llu tasks in trees, %llu "
                  "cancels, %llu errors, nothing left\n",
                  (const char *)*state, (unsigned long long)first,
                  (unsigned long long)sum.ops, (unsigned long long)sum.tasks,
                  (unsigned long long)sum.cancels,
                  (unsigned long long)sum.failed);
}

/* --- each test on each back end, as in each.c, without a loop of its own - */

static size_t add(struct CMUnitTest *tests, size_t n, const char *name,
                  CMUnitTestFunction test, const char *backend)
{
    char *full = base_alloc(128); /* as long as the program */
    snprintf(full, 128, "%s on %s", name, backend);
    tests[n] = (struct CMUnitTest){
        .name = full, .test_func = test, .initial_state = (void *)backend};
    return n + 1;
}

#define ADD(tests, n, test, backend) add(tests, n, #test, test, backend)

int main(void)
{
    signal(SIGALRM, on_alarm);
    static struct CMUnitTest tests[3 * BACKENDS];
    const char *only = getenv("LOOP_BACKEND");
    size_t n = 0;
    base_log_set_level(BASE_GENERAL, BASE_NONE);
    for (const char *const *backend = loop_backends(); *backend != NULL;
         backend++) {
        if (only != NULL && strcmp(only, *backend) != 0)
            continue;
        n = ADD(tests, n, the_tasks_agree_with_the_oracle, *backend);
        n = ADD(tests, n, every_wrong_rule_is_found, *backend);
        n = ADD(tests, n, a_cancelled_tree_leaves_nothing, *backend);
    }
    return _cmocka_run_group_tests("random tasks", tests, n, NULL, NULL);
}
