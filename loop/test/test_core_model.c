/*
 * test_core_model.c - random operations on a loop and on a naive one (model.h)
 * with the same fake clock: the same callbacks in the same order, on every back
 * end.
 *
 * A round is a loop's whole life: made, used at random, freed with whatever is
 * active. SEED and OPS in the environment choose the first round's seed and the
 * number of operations a back end; LOOP_BACKEND restricts it to one. A failure
 * prints what differs, the last operations, and the command that repeats its
 * round. `make soak` does a million.
 *
 * That the comparison can fail is tested as well: each rule that the model is
 * told to have wrong must be found.
 *
 * Read before: world.h. Rests on: cmocka.
 */
#include "loop/test/each.h"
#include "loop/test/random.h"
#include "loop/test/world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    A_MINUTE = 60,
    A_ROUND = 2000,
    A_LINE = 100000,
    OPS = 100000,
    BACKENDS = 8
};

/* --- a round that never ends, which a loop may cause as well -------------- */

static char hanging[200];

static void on_alarm(int signo)
{
    (void)signo;
    const ssize_t n = write(STDERR_FILENO, hanging, strlen(hanging));
    _exit(n > 0 ? 1 : 2);
}

static void expect_end(const struct world_options *options)
{
    snprintf(hanging, sizeof hanging,
             "a round hangs; repeat it with:\n"
             "  LOOP_BACKEND=%s SEED=%llu OPS=%llu %s\n",
             options->backend, (unsigned long long)options->seed,
             (unsigned long long)options->ops, program_invocation_name);
    alarm(A_MINUTE);
}

/* --- rounds --------------------------------------------------------------- */

/* Runs a round, or skips the test if the kernel refuses the back end. */
static void run_round(const struct world_options *options,
                      struct world_result *result)
{
    const int fds = each_count_fds();
    expect_end(options);
    world_run(options, result);
    if (result->error == -ENOSYS || result->error == -EPERM) {
        print_message("the kernel refuses %s: %s\n", options->backend,
                      strerror(-result->error));
        skip();
    }
    assert_int_equal(result->error, 0);
    assert_int_equal(each_count_fds(), fds);
}

static void compare(const char *backend, uint64_t ops, bool threads)
{
    const uint64_t first = random_setting("SEED", 1);
    uint64_t callbacks = 0;
    for (uint64_t done = 0, round = 0; done < ops; round++) {
        const uint64_t left = ops - done;
        const struct world_options options = {.backend = backend,
                                              .seed = first + round,
                                              .ops = left < A_ROUND ? left
                                                                    : A_ROUND,
                                              .threads = threads};
        struct world_result result;
        run_round(&options, &result);
        if (result.differs) {
            fputs(result.text, stderr); /* too long for fail_msg */
            fail();
        }
        done += options.ops;
        callbacks += result.callbacks;
        if (done % A_LINE == 0 || done == ops)
            print_message("%s: seed %llu, %llu operations%s, %llu callbacks, "
                          "no difference\n",
                          backend, (unsigned long long)first,
                          (unsigned long long)done,
                          threads ? " while a thread posts" : "",
                          (unsigned long long)callbacks);
    }
}

static void the_loop_agrees_with_the_model(void **state)
{
    compare(*state, random_setting("OPS", OPS), false);
}

static void it_does_so_while_a_thread_posts(void **state)
{
    compare(*state, random_setting("OPS", OPS) / 5, true);
}

static void every_wrong_rule_is_found(void **state)
{
    for (enum model_wrong wrong = MODEL_RIGHT + 1; wrong < MODEL_WRONGS;
         wrong++) {
        struct world_result result = {0};
        for (uint64_t round = 1; round <= 10 && !result.differs; round++) {
            const struct world_options options = {.backend = *state,
                                                  .seed = round,
                                                  .ops = A_ROUND,
                                                  .wrong = wrong};
            run_round(&options, &result);
        }
        if (!result.differs)
            fail_msg("wrong rule %d was not found", wrong);
    }
}

/* Each test on each back end, as in each.c, but without a loop of its own. */
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
    for (const char *const *backend = loop_backends(); *backend != NULL;
         backend++) {
        if (only != NULL && strcmp(only, *backend) != 0)
            continue;
        n = ADD(tests, n, the_loop_agrees_with_the_model, *backend);
        n = ADD(tests, n, it_does_so_while_a_thread_posts, *backend);
        n = ADD(tests, n, every_wrong_rule_is_found, *backend);
    }
    return _cmocka_run_group_tests("model", tests, n, NULL, NULL);
}
