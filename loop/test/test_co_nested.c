/*
 * test_co_nested.c - tasks that run where their loop does not: started by main,
 * in the last callbacks of a loop, in the child of a fork, and around a loop of
 * their own.
 *
 * Read before: test_co_task.c, test_co_end.c. Read after: test_core_fork.c.
 * Rests on: fork(2).
 */
#include "loop/test/each.h"
#include "loop/test/heard.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int note_name(void *arg)
{
    stage_note("%s", (const char *)arg);
    return 0;
}

/* --- started by main ----------------------------------------------------- */

static int note_where(void *arg)
{
    stage_note("%s", loop_current() == arg ? "inside" : "outside");
    return 0;
}

static void a_task_that_main_starts_is_in_its_loop(struct loop *like)
{
    struct loop *loop = stage_open(like);
    assert_int_equal(co_start(loop, note_where, loop), 0);
    assert_null(loop_current());
    struct co_task *t = co_spawn_now(loop, note_where, loop);
    assert_null(loop_current());
    stage_expect("inside inside");
    assert_int_equal(co_join(t, NULL), 0);
    stage_close(loop);
}

static void note_busy(int result)
{
    stage_note("%s", result == -EBUSY ? "busy" : stage_word(result));
}

static void try_to_run(struct loop *loop)
{
    static char name[] = "never";
    note_busy(co_run(loop, note_name, name));
    note_busy(loop_run_once(loop, 0));
    note_busy(loop_run_until(loop, 0));
}

static int run_its_own_loop(void *arg)
{
    try_to_run(arg);
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    try_to_run(arg);
    return 0;
}

static void a_task_that_main_starts_cannot_run_its_loop(struct loop *like)
{
    struct loop *loop = stage_open(like);
    assert_int_equal(co_start(loop, run_its_own_loop, loop), 0);
    stage_expect("busy busy busy");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok busy busy busy");
    stage_close(loop);
}

/* --- as the loop is freed ------------------------------------------------ */

static void a_task_cannot_run_the_loop_that_is_freed(struct loop *like)
{
    struct loop *loop = stage_open(like);
    assert_int_equal(co_start(loop, run_its_own_loop, loop), 0);
    stage_expect("busy busy busy");
    heard_begin();
    loop_free(loop);
    heard_expect("run_its_own_loop");
    heard_end();
    stage_expect("cancelled busy busy busy");
}

/* In the last callback of a loop that has never had a task. */
static void on_last(struct loop_op *op, ssize_t result)
{
    static struct loop_future f;
    static char name[] = "never";
    stage_note("%s", stage_word((int)result));
    stage_note("%d", co_start(op->arg, note_name, name));
    stage_note("%d", co_go(op->arg, note_name, name));
    stage_note("%d", co_promise(op->arg, &f, note_name, name));
    stage_note("%d", co_spawn(op->arg, note_name, name) != NULL);
    stage_note("%d", co_spawn_now(op->arg, note_name, name) != NULL);
}

static void the_first_task_of_a_loop_that_is_freed_is_refused(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_op op = {0};
    int pair[2];
    each_pair(pair);
    assert_int_equal(loop_recv(loop, &op, pair[0], on_last, loop), 0);
    loop_free(loop);
    stage_expect("cancelled -12 -12 -12 0 0");
    close(pair[0]);
    close(pair[1]);
}

/* --- around a loop of its own -------------------------------------------- */

static void on_inner(struct loop_timer *timer)
{
    static char name[] = "outer's";
    stage_note("%s", co_current() == NULL ? "nobody" : "somebody");
    stage_note("%s", stage_word(co_sleep(LOOP_MS)));
    co_go(timer->arg, note_name, name);
    co_start(timer->arg, note_name, name);
    loop_stop(loop_current());
}

static int run_inner(void *arg)
{
    struct loop *inner = arg, *outer = loop_current();
    const struct co_task *self = co_current();
    struct loop_timer timer = {0};
    loop_timer_start(inner, &timer, loop_now(inner), on_inner, outer);
    stage_note("%s", stage_word(loop_run(inner)));
    stage_note("%s", co_current() == self ? "back" : "lost");
    stage_note("%s", loop_current() == outer ? "back" : "lost");
    stage_note("%s", stage_word(co_yield_turn()));
    return 0;
}

/* Neither do they suspend it, nor do others of its loop run meanwhile. */
static void callbacks_of_a_loop_that_a_task_runs_are_not_it(struct loop *like)
{
    struct loop *outer = stage_open(like), *inner = each_other(like);
    co_go(outer, run_inner, inner);
    stage_settle(outer);
    stage_expect("nobody refused ok back back outer's outer's ok");
    loop_free(inner);
    stage_close(outer);
}

/* --- in the child of a fork ---------------------------------------------- */

#ifdef __SANITIZE_THREAD__
enum { UNDER_TSAN = true };
#else
enum { UNDER_TSAN = false };
#endif

static int n_ran;

static int count(void *arg)
{
    (void)arg;
    n_ran++;
    co_yield_turn();
    n_ran++;
    return 0;
}

struct family {
    struct loop *loop;
    struct loop_op op; /* receives, from: */
    int pair[2];
    pid_t child; /* 0: this is it */
    int status;  /* its */
};

static void on_received(struct loop_op *op, ssize_t result)
{
    (void)op;
    (void)result;
    n_ran++;
}

/* With tasks that are ready before it and behind it, and input, which the child
 * has all the time to take. */
static int fork_and_go_on(void *arg)
{
    struct family *f = arg;
    co_go(f->loop, count, NULL);
    co_go(f->loop, count, NULL);
    assert_int_equal(write(f->pair[1], "x", 1), 1);
    f->child = fork();
    if (f->child != 0)
        waitpid(f->child, &f->status, 0);
    return co_yield_turn();
}

static void the_child_of_a_task_runs_none_of_the_others(struct loop *like)
{
    if (UNDER_TSAN)
        each_skip(like, "ThreadSanitizer loses track of a fiber that forks");
    struct loop *loop = stage_open(like);
    struct family f = {.loop = loop, .status = -1};
    each_pair(f.pair);
    assert_int_equal(loop_recv(loop, &f.op, f.pair[0], on_received, NULL), 0);
    loop_run_once(loop, 0);
    n_ran = 0;
    const int result = co_run(loop, fork_and_go_on, &f);
    const int ran = n_ran;
    if (f.child == 0) {
        loop_free(loop); /* with the operation's last callback */
        _exit(result == -ECHILD ? ran : 99);
    }
    assert_true(WIFEXITED(f.status));
    assert_int_equal(WEXITSTATUS(f.status), 0);
    assert_int_equal(result, 0);
    stage_settle(loop);
    assert_int_equal(n_ran, 4 + 1); /* the input is the parent's */
    loop_close(loop, f.pair[0]);
    loop_close(loop, f.pair[1]);
    stage_settle(loop);
    stage_close(loop);
}

/* --- outside of tasks ---------------------------------------------------- */

static void clean(void *arg)
{
    (void)arg;
}

static void defer_outside(struct loop *loop)
{
    static struct co_cleanup cleanup;
    (void)loop;
    co_defer(&cleanup, clean, NULL);
}

static void run_cleanup_outside(struct loop *loop)
{
    static struct co_cleanup cleanup;
    (void)loop;
    co_defer_run(&cleanup);
}

static void set_value_outside(struct loop *loop)
{
    static const struct co_key key;
    co_set(&key, loop);
}

#ifdef NDEBUG
static void what_only_a_task_has_is_nobody_s_else(struct loop *loop)
{
    defer_outside(loop);
    run_cleanup_outside(loop);
    set_value_outside(loop);
}
#else
static void what_only_a_task_has_is_nobody_s_else(struct loop *loop)
{
    heard_abort(loop, defer_outside, "co_running != NULL");
    heard_abort(loop, run_cleanup_outside, "co_running != NULL");
    heard_abort(loop, set_value_outside, "co_running != NULL");
}
#endif

int main(void)
{
    static const struct each_test tests[] = {
        EACH(a_task_that_main_starts_is_in_its_loop),
        EACH(a_task_that_main_starts_cannot_run_its_loop),
        EACH(a_task_cannot_run_the_loop_that_is_freed),
        EACH(the_first_task_of_a_loop_that_is_freed_is_refused),
        EACH(callbacks_of_a_loop_that_a_task_runs_are_not_it),
        EACH(the_child_of_a_task_runs_none_of_the_others),
        EACH(what_only_a_task_has_is_nobody_s_else),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
