/*
 * test_co_end.c - tasks and the end: of their loop, of the program, of a
 * process that forks; and loops in two threads, and one inside another.
 *
 * Read before: test_co_task.c, heard.h. Read after: test_core_fork.c.
 */
#include "loop/test/each.h"
#include "loop/test/heard.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- what the loop finds when it is freed -------------------------------- */

struct named {
    struct co_cleanup cleanup;
    const char *name;
};

static void clean(void *arg)
{
    const struct named *n = arg;
    stage_note("%s", n->name);
}

static struct named first = {.name = "first"}, second = {.name = "second"};

static int wait_for_event(void *arg)
{
    co_defer(&first.cleanup, clean, &first);
    co_defer(&second.cleanup, clean, &second);
    stage_note("%s", stage_word(co_event_wait(arg)));
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND))); /* nor any other */
    return -EIO;
}

static int return_5(void *arg)
{
    (void)arg;
    return 5;
}

/* FEATURES 1.6, point 9. */
static void who_waits_for_ever_ends_with_the_loop(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_event never = {0};
    struct co_stats stats;
    heard_begin();
    co_go(loop, wait_for_event, &never);
    stage_settle(loop);
    co_stats(loop, &stats);
    assert_int_equal(stats.tasks, 1);
    loop_free(loop);
    stage_expect("cancelled cancelled second first");
    assert_true(base_list_empty(&never.waiters.list));
    heard_expect("wait_for_event (loop/test/test_co_end.c:");
    heard_expect("failed: Input/output error");
    heard_end();
}

static void the_loop_says_what_was_forgotten(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_event never = {0};
    heard_begin();
    co_spawn_named(loop, return_5, NULL, "forgotten");
    co_spawn_named(loop, wait_for_event, &never, "blocked");
    stage_settle(loop);
    co_spawn_named(loop, return_5, NULL, "new");
    loop_free(loop);
    stage_expect("cancelled cancelled second first");
    heard_expect("the task forgotten has ended with 5, and nobody joined it");
    heard_expect("the task blocked still waits (event) as its loop is freed");
    heard_expect("the task new is not done as its loop is freed");
    heard_end();
}

static int sleep_behind_a_shield(void *arg)
{
    (void)arg;
    co_shield_begin();
    stage_note("%s", stage_word(co_sleep(LOOP_NEVER)));
    co_shield_end();
    return 0;
}

static int spawn_more(void *arg)
{
    stage_note("%s", stage_word(co_sleep(LOOP_NEVER)));
    stage_note("%s",
               co_spawn(arg, return_5, NULL) == NULL ? "none" : "spawned");
    stage_note("%d", co_go(arg, return_5, NULL));
    return 0;
}

static void no_shield_and_no_new_task_outlives_the_loop(struct loop *like)
{
    struct loop *loop = stage_open(like);
    heard_begin();
    co_go(loop, sleep_behind_a_shield, NULL);
    co_go(loop, spawn_more, loop);
    stage_settle(loop);
    loop_free(loop);
    stage_expect("cancelled cancelled none -12");
    heard_expect("sleep_behind_a_shield");
    heard_expect("spawn_more");
    heard_end();
}

/* One of every kind of wait for a future and for a group. */
static int wait_in_group(void *arg)
{
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, wait_for_event, arg);
    stage_note("group:%s", stage_word(co_group_wait(&g)));
    return 0;
}

static int wait_for_all(void *arg)
{
    struct loop_future *f = arg, *list[] = {f, f};
    stage_note("all:%s", stage_word(co_wait_all(list, 2, 0)));
    stage_note("one:%s", stage_word(co_wait(f, NULL)));
    return 0;
}

static int promised(void *arg)
{
    return co_wait(arg, NULL);
}

static void groups_and_futures_end_with_the_loop(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_event never = {0};
    struct loop_future f, promise;
    heard_begin();
    loop_future_init(loop, &f);
    co_go(loop, wait_in_group, &never);
    co_go(loop, wait_for_all, &f);
    co_promise(loop, &promise, promised, &f);
    stage_settle(loop);
    loop_free(loop);
    stage_expect("all:cancelled one:cancelled cancelled cancelled second first "
                 "group:cancelled");
    assert_true(base_list_empty(&f.waiters));
    assert_int_equal(promise.state, LOOP_CANCELLED);
    heard_expect("wait_in_group");
    heard_expect("wait_for_all");
    heard_expect("promised");
    heard_expect("wait_for_event");
    heard_expect("failed as well: Input/output error");
    heard_end();
}

struct job {
    struct loop_pool *pool;
    sem_t begun, open;
};

static void work(void *arg)
{
    struct job *job = arg;
    sem_post(&job->begun);
    while (sem_wait(&job->open) == -1)
        ;
}

static int work_main(void *arg)
{
    struct job *job = arg;
    stage_note("%s", stage_word(co_work(job->pool, work, job)));
    return 0;
}

static int open_at_the_end(void *arg)
{
    struct job *job = arg;
    stage_note("%s", stage_word(co_sleep(LOOP_NEVER)));
    sem_post(&job->open);
    return 0;
}

/* What has begun is waited for, what has not is taken back. */
static void work_ends_before_the_loop(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct job job = {.pool = loop_pool_new(1, 1)};
    sem_init(&job.begun, 0, 0);
    sem_init(&job.open, 0, 0);
    co_go(loop, work_main, &job);
    co_go(loop, open_at_the_end, &job);
    stage_settle(loop);
    while (sem_wait(&job.begun) == -1)
        ;
    co_go(loop, work_main, &job);
    stage_settle(loop);
    heard_begin();
    loop_free(loop);
    stage_expect("cancelled cancelled ok");
    heard_expect("still waits (work)");
    heard_expect("still waits (sleep)");
    heard_expect("still waits (work)");
    heard_end();
    loop_pool_free(job.pool);
    sem_destroy(&job.begun);
    sem_destroy(&job.open);
}

/* --- what ends the program ----------------------------------------------- */

static int leave_group(void *arg)
{
    struct co_group g;
    (void)arg;
    co_group_begin(&g);
    return 0;
}

static int leave_deadline(void *arg)
{
    struct co_deadline d;
    (void)arg;
    co_deadline_begin(&d, LOOP_NEVER);
    return 0;
}

static int leave_lock(void *arg)
{
    static struct co_lock lock;
    (void)arg;
    return co_lock(&lock);
}

static int wait_again_and_again(void *arg)
{
    for (;;)
        co_event_wait(arg);
    return 0;
}

static void run_leave_group(struct loop *loop)
{
    co_run(loop, leave_group, NULL);
}

static void run_leave_deadline(struct loop *loop)
{
    co_run(loop, leave_deadline, NULL);
}

static void run_leave_lock(struct loop *loop)
{
    co_run(loop, leave_lock, NULL);
}

static void free_with_a_task_that_does_not_end(struct loop *loop)
{
    struct co_event never = {0};
    co_go(loop, wait_again_and_again, &never);
    loop_run_once(loop, 0);
    loop_free(loop);
}

static void a_task_must_end_what_it_begins(struct loop *loop)
{
    heard_abort(loop, run_leave_group, "the task leave_group (");
    heard_abort(loop, run_leave_group, "leaves a group it has not waited for");
    heard_abort(loop, run_leave_deadline, "the task leave_deadline (");
    heard_abort(loop, run_leave_deadline, "leaves a deadline");
    heard_abort(loop, run_leave_lock, "leaves a lock it has not unlocked");
}

static void a_task_must_end_when_the_loop_is_freed(struct loop *loop)
{
    heard_abort(loop, free_with_a_task_that_does_not_end,
                "the task wait_again_and_again (");
    heard_abort(loop, free_with_a_task_that_does_not_end,
                "does not end: it must return when a wait returns -ECANCELED");
}

/* --- forking ------------------------------------------------------------- */

static int status_of(pid_t child)
{
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int n_woken;

static int park(void *arg)
{
    const int error = co_event_wait(arg);
    n_woken++;
    stage_note("%s", stage_word(error));
    return 0;
}

static void a_child_frees_tasks_without_calling_them(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_event event = {0};
    struct co_task *parked = co_spawn(loop, park, &event);
    stage_settle(loop);
    struct co_task *ready = co_spawn(loop, park, &event);
    n_woken = 0;
    const pid_t child = fork();
    if (child == 0) {
        loop_free(loop);
        _exit(n_woken);
    }
    assert_int_equal(status_of(child), 0);
    stage_settle(loop);
    co_event_set(&event);
    stage_settle(loop);
    stage_expect("ok ok");
    assert_int_equal(co_join(parked, NULL), 0);
    assert_int_equal(co_join(ready, NULL), 0);
    stage_close(loop);
}

/* The child makes a loop of its own, and it has tasks. */
static void a_child_has_tasks_of_its_own(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_event event = {0};
    struct co_task *parked = co_spawn(loop, park, &event);
    stage_settle(loop);
    const char *backend = loop_backend(loop);
    const pid_t child = fork();
    if (child == 0) {
        const struct loop_options options = {.backend = backend};
        struct loop *own;
        loop_free(loop);
        if (loop_new(&own, &options) != 0)
            _exit(2);
        const int result = co_run(own, return_5, NULL);
        loop_free(own);
        _exit(result);
    }
    assert_int_equal(status_of(child), 5);
    co_event_set(&event);
    stage_settle(loop);
    stage_expect("ok");
    assert_int_equal(co_join(parked, NULL), 0);
    stage_close(loop);
}

/* --- two loops in two threads -------------------------------------------- */

enum { TURNS = 200, TASKS = 20 };

static int count_turns(void *arg)
{
    int *n = arg;
    for (int i = 0; i < TURNS; i++) {
        ++*n;
        co_yield_turn();
    }
    return 0;
}

static int count_in_group(void *arg)
{
    struct co_group g;
    co_group_begin(&g);
    for (int i = 0; i < TASKS; i++)
        co_group_go(&g, count_turns, arg);
    return co_group_wait(&g);
}

struct counter {
    const char *backend;
    int n, error;
};

static void *count_in_a_loop(void *arg)
{
    struct counter *c = arg;
    const struct loop_options options = {.backend = c->backend};
    struct loop *loop;
    c->error = loop_new(&loop, &options);
    if (c->error != 0)
        return NULL;
    c->error = co_run(loop, count_in_group, &c->n);
    loop_free(loop);
    return NULL;
}

static void two_threads_have_tasks_each(struct loop *loop)
{
    struct counter c[2] = {{.backend = loop_backend(loop)},
                           {.backend = loop_backend(loop)}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, count_in_a_loop, &c[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(c[i].error, 0);
        assert_int_equal(c[i].n, TURNS * TASKS);
    }
}

/* --- a loop inside a task of another ------------------------------------- */

static int note_name(void *arg)
{
    stage_note("%s", (const char *)arg);
    return 0;
}

/* What a loop calls that a task runs is not that task. */
static void start_inside(struct loop_call *c)
{
    static char name[] = "inner callback's";
    (void)c;
    stage_note("%s", co_current() == NULL ? "nobody" : "somebody");
    stage_note("%s", stage_word(co_yield_turn()));
    stage_note("before");
    co_start(loop_current(), note_name, name);
    stage_note("after");
}

static int inner_main(void *arg)
{
    struct loop *outer_loop = arg;
    stage_note("%s", loop_current() != outer_loop ? "inside" : "outside");
    co_set_name("inner");
    stage_note("%s", stage_word(co_yield_turn()));
    return 7;
}

static int outer_main(void *arg)
{
    struct loop *inner = arg, *outer = loop_current();
    struct co_task *self = co_current();
    struct loop_call call = {0};
    co_set_name("outer");
    stage_note("%d", co_run(inner, inner_main, outer));
    stage_note("%s", co_current() == self ? co_name(self) : "lost");
    loop_defer(inner, &call, start_inside, NULL);
    stage_note("%d", loop_run_once(inner, 0));
    stage_note("%s", loop_current() == outer ? "back" : "lost");
    stage_note("%s", stage_word(co_yield_turn()));
    return 0;
}

static void a_task_may_run_another_loop(struct loop *like)
{
    struct loop *outer = stage_open(like), *inner = each_other(like);
    co_go(outer, outer_main, inner);
    stage_settle(outer);
    stage_expect("inside ok 7 outer nobody refused before inner callback's "
                 "after 1 back ok");
    loop_free(inner);
    stage_close(outer);
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(who_waits_for_ever_ends_with_the_loop),
        EACH(the_loop_says_what_was_forgotten),
        EACH(no_shield_and_no_new_task_outlives_the_loop),
        EACH(groups_and_futures_end_with_the_loop),
        EACH(work_ends_before_the_loop),
        EACH(a_task_must_end_what_it_begins),
        EACH(a_task_must_end_when_the_loop_is_freed),
        EACH(a_child_frees_tasks_without_calling_them),
        EACH(a_child_has_tasks_of_its_own),
        EACH(two_threads_have_tasks_each),
        EACH(a_task_may_run_another_loop),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
