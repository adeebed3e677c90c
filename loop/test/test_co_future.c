/*
 * test_co_future.c - futures and tasks: waiting for one, for many, for the
 * first, in the order of settling; promises; work in the pool.
 *
 * Read before: test_co_wait.c, heard.h. Read after: test_core_future.c.
 * Rests on: GenBasicTest, WithTimeoutTest, WaitIteratorTest, RunOnExecutorTest
 * of Tornado, in their rules.
 */
#include "loop/test/each.h"
#include "loop/test/heard.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- one ----------------------------------------------------------------- */

static int note_wait(void *arg)
{
    struct loop_future *f = arg;
    void *value = "unset";
    const int error = co_wait(f, &value);
    stage_note("%s:%s", stage_word(error), (const char *)value);
    return error;
}

static void a_wait_brings_the_outcome(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future f[3];
    for (int i = 0; i < 3; i++) {
        loop_future_init(loop, &f[i]);
        co_detach(co_spawn(loop, note_wait, &f[i]));
    }
    stage_settle(loop);
    stage_expect("");
    heard_begin();
    loop_future_cancel(&f[2]);
    loop_future_set(&f[0], "value");
    loop_future_fail(&f[1], -EIO);
    stage_settle(loop);
    stage_expect("cancelled:unset ok:value Input/output error:unset");
    heard_expect("note_wait"); /* the second task's error */
    for (int i = 0; i < 3; i++)
        co_detach(co_spawn(loop, note_wait, &f[i]));
    stage_settle(loop);
    stage_expect("ok:value Input/output error:unset cancelled:unset");
    heard_expect("note_wait");
    heard_end();
    stage_close(loop);
}

static int wait_without_value(void *arg)
{
    return co_wait(arg, NULL);
}

static void one_future_has_many_waiters_in_order(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future f;
    loop_future_init(loop, &f);
    for (int i = 0; i < 3; i++)
        co_go(loop, note_wait, &f);
    struct co_task *quiet = co_spawn(loop, wait_without_value, &f);
    stage_settle(loop);
    loop_future_set(&f, "x");
    stage_expect("");
    stage_settle(loop);
    stage_expect("ok:x ok:x ok:x");
    assert_int_equal(co_join(quiet, NULL), 0);
    stage_close(loop);
}

/* FEATURES 1.6, point 5. */
static int wait_for_garbage(void *arg)
{
    struct loop_future zero = {0}, *foreign = arg, *list[] = {NULL};
    struct co_each each;
    stage_note("%d", co_wait(NULL, NULL) == -EINVAL);
    stage_note("%d", co_wait(&zero, NULL) == -EINVAL);
    stage_note("%d", co_wait(foreign, NULL) == -EINVAL);
    stage_note("%d", co_wait_all(list, 1, 0) == -EINVAL);
    stage_note("%d", co_wait_any(&foreign, 1) == -EINVAL);
    stage_note("%d", co_each_begin(&each, &foreign, 1) == -EINVAL);
    stage_note("%d", co_each_next(&each) == -ENOENT);
    co_each_end(&each);
    stage_note("%d", co_wait_all(&foreign, -1, 0) == -EINVAL);
    stage_note("%d", co_wait_any(&foreign, 0) == -EINVAL);
    stage_note("%d", co_each_begin(&each, NULL, -1) == -EINVAL);
    return 0;
}

static void to_wait_for_garbage_is_an_error(struct loop *like)
{
    struct loop *loop = stage_open(like), *other = each_other(like);
    struct loop_future foreign;
    loop_future_init(other, &foreign);
    loop_future_set(&foreign, NULL);
    co_go(loop, wait_for_garbage, &foreign);
    stage_settle(loop);
    stage_expect("1 1 1 1 1 1 1 1 1 1");
    loop_free(other);
    stage_close(loop);
}

/* What is freed as soon as its waiters are called. */
static void on_settled(struct loop_waiter *w)
{
    free(w->future);
}

static void a_future_may_go_when_its_waiters_were_called(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future *f = base_alloc(sizeof *f);
    struct loop_waiter waiter = {0};
    loop_future_init(loop, f);
    co_go(loop, note_wait, f);
    stage_settle(loop);
    loop_future_then(f, &waiter, on_settled, NULL);
    loop_future_set(f, "kept");
    stage_settle(loop);
    stage_expect("ok:kept");
    stage_close(loop);
}

/* --- one, and cancels and deadlines -------------------------------------- */

static void a_wait_that_is_cancelled_leaves_the_future(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future f;
    loop_future_init(loop, &f);
    struct co_task *t = co_spawn(loop, note_wait, &f);
    stage_settle(loop);
    assert_false(base_list_empty(&f.waiters));
    co_cancel(t);
    assert_true(base_list_empty(&f.waiters));
    stage_settle(loop);
    stage_expect("cancelled:unset");
    assert_int_equal(f.state, LOOP_PENDING);
    loop_future_set(&f, NULL); /* nobody listens any more */
    stage_settle(loop);
    assert_int_equal(co_join(t, NULL), 0);
    stage_close(loop);
}

static int wait_and_sleep(void *arg)
{
    note_wait(arg);
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    return 0;
}

/* Set, and then cancelled, before the waiter's call has come. */
static void a_future_set_before_the_cancel_wins(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future f;
    loop_future_init(loop, &f);
    struct co_task *t = co_spawn(loop, wait_and_sleep, &f);
    stage_settle(loop);
    loop_future_set(&f, "first");
    co_cancel(t);
    stage_settle(loop);
    stage_expect("ok:first cancelled");
    assert_int_equal(co_join(t, NULL), 0);
    assert_int_equal(loop_active(loop), 0);

    loop_future_init(loop, &f);
    t = co_spawn(loop, wait_and_sleep, &f);
    stage_settle(loop);
    co_cancel(t);
    loop_future_set(&f, "second");
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("cancelled:unset ok");
    assert_int_equal(co_join(t, NULL), 0);
    stage_close(loop);
}

/* FEATURES 1.6, point 7: with_timeout. */
static int wait_a_second(void *arg)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_SECOND);
    note_wait(arg);
    stage_note("%s", co_deadline_end(&d) ? "struck" : "kept");
    return 0;
}

static void a_timeout_leaves_the_future_alone(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future f, failing;
    heard_begin();
    loop_future_init(loop, &f);
    loop_future_init(loop, &failing);
    co_go(loop, wait_a_second, &f);
    co_go(loop, wait_a_second, &failing);
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("late:unset struck late:unset struck");
    assert_int_equal(f.state, LOOP_PENDING);
    assert_true(loop_future_set(&f, "later"));
    assert_true(loop_future_fail(&failing, -EIO)); /* which harms nobody */
    stage_settle(loop);
    co_go(loop, note_wait, &f);
    stage_settle(loop);
    stage_expect("ok:later");
    heard_end();
    stage_close(loop);
}

static int wait_with_a_past_deadline(void *arg)
{
    struct co_deadline d;
    co_deadline_begin(&d, 0);
    note_wait(arg);
    stage_note("%s", co_deadline_end(&d) ? "struck" : "kept");
    return 0;
}

static void what_is_done_wins_over_a_timeout(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future done, pending;
    loop_future_init(loop, &done);
    loop_future_init(loop, &pending);
    loop_future_set(&done, "done");
    co_go(loop, wait_with_a_past_deadline, &done);
    co_go(loop, wait_with_a_past_deadline, &pending);
    stage_settle(loop);
    stage_expect("ok:done struck late:unset struck");
    co_go(loop, wait_a_second, &pending);
    stage_settle(loop);
    loop_future_set(&pending, "early");
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_expect("ok:early kept");
    stage_close(loop);
}

/* --- all ----------------------------------------------------------------- */

enum { FUTURES = 10 }; /* more than gather.c keeps on the stack */

struct many {
    struct loop_future f[FUTURES], *list[FUTURES];
    int n;
    unsigned flags;
};

static void many_init(struct loop *loop, struct many *m, int n, unsigned flags)
{
    m->n = n;
    m->flags = flags;
    for (int i = 0; i < n; i++) {
        loop_future_init(loop, &m->f[i]);
        m->list[i] = &m->f[i];
    }
}

static int wait_all(void *arg)
{
    struct many *m = arg;
    const int error = co_wait_all(m->list, m->n, m->flags);
    stage_note("all:%s", stage_word(error));
    return 0;
}

static void note_values(struct many *m)
{
    for (int i = 0; i < m->n; i++)
        stage_note("%s", (const char *)m->list[i]->value);
}

/* FEATURES 1.6, point 1. */
static void all_keep_their_order(struct loop *like)
{
    struct loop *loop = stage_open(like);
    static char names[FUTURES][2];
    for (int n = 1; n <= FUTURES; n += 3) {
        struct many m;
        many_init(loop, &m, n, 0);
        co_go(loop, wait_all, &m);
        for (int i = n - 1; i >= 0; i--) {
            stage_settle(loop);
            stage_expect("");
            *names[i] = (char)('a' + i);
            loop_future_set(&m.f[i], names[i]);
        }
        stage_settle(loop);
        stage_expect("all:ok");
        note_values(&m);
        stage_expect(n == 1   ? "a"
                     : n == 4 ? "a b c d"
                     : n == 7 ? "a b c d e f g"
                              : "a b c d e f g h i j");
    }
    stage_close(loop);
}

static int wait_for_none(void *arg)
{
    (void)arg;
    co_cancel(co_current()); /* strikes only a wait that suspends */
    stage_note("%s", stage_word(co_wait_all(NULL, 0, CO_FAIL_FAST)));
    return 0;
}

static void of_none_all_are_there(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, wait_for_none, NULL);
    stage_settle(loop);
    stage_expect("ok");
    stage_close(loop);
}

static void one_future_may_be_named_twice(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    heard_begin();
    for (int fails = 0; fails < 2; fails++) {
        many_init(loop, &m, 3, 0);
        m.list[2] = &m.f[0];
        co_go(loop, wait_all, &m);
        stage_settle(loop);
        loop_future_set(&m.f[1], "b");
        if (fails)
            loop_future_fail(&m.f[0], -EIO); /* one failure: nothing logged */
        else
            loop_future_set(&m.f[0], "a");
        stage_settle(loop);
    }
    stage_expect("all:ok all:Input/output error");
    heard_end();
    stage_close(loop);
}

/* FEATURES 1.6, point 2: linear. Steps are counted, not time: to take n ready
 * ones needs no switch, and n that come in one pass need one. */
static int wait_for_many(void *arg)
{
    enum { MANY = 2000 };
    struct loop *loop = arg;
    struct loop_future *f = base_alloc_array(MANY, sizeof *f), **list;
    list = base_alloc_array(MANY, sizeof *list);
    for (int i = 0; i < MANY; i++) {
        loop_future_init(loop, list[i] = &f[i]);
        loop_future_set(&f[i], NULL);
    }
    struct co_stats before, after;
    co_stats(loop, &before);
    const int64_t begun_ns = loop_now(loop);
    const int error = co_wait_all(list, MANY, 0);
    co_stats(loop, &after);
    stage_note("%s %d %d", stage_word(error),
               (int)(after.switches - before.switches),
               loop_now(loop) - begun_ns < LOOP_SECOND);
    free(list);
    free(f);
    return 0;
}

static void of_2000_that_are_ready_none_switches(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, wait_for_many, loop);
    stage_settle(loop);
    stage_expect("ok 0 1");
    stage_close(loop);
}

static void the_first_error_in_time_is_returned(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    heard_begin();
    many_init(loop, &m, 4, 0);
    co_go(loop, wait_all, &m);
    stage_settle(loop);
    loop_future_fail(&m.f[3], -EPIPE);
    loop_future_fail(&m.f[0], -EIO);
    stage_settle(loop);
    stage_expect(""); /* it waits for all, by default */
    loop_future_cancel(&m.f[1]);
    loop_future_set(&m.f[2], NULL);
    stage_settle(loop);
    stage_expect("all:closed");
    heard_expect("future 0 failed as well: Input/output error");
    heard_end(); /* nothing for one that was cancelled */
    stage_close(loop);
}

static void with_one_error_or_quiet_nothing_is_logged(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    heard_begin();
    many_init(loop, &m, 3, 0);
    loop_future_set(&m.f[0], NULL);
    loop_future_fail(&m.f[1], -EIO);
    loop_future_set(&m.f[2], NULL);
    co_go(loop, wait_all, &m);
    stage_settle(loop);
    stage_expect("all:Input/output error");
    many_init(loop, &m, 3, CO_QUIET);
    for (int i = 0; i < 3; i++)
        loop_future_fail(&m.f[i], -EIO);
    co_go(loop, wait_all, &m);
    stage_settle(loop);
    stage_expect("all:Input/output error");
    heard_end();
    stage_close(loop);
}

static void fail_fast_returns_with_the_first_error(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    heard_begin();
    many_init(loop, &m, 3, CO_FAIL_FAST);
    co_go(loop, wait_all, &m);
    stage_settle(loop);
    loop_future_fail(&m.f[1], -EIO);
    stage_settle(loop);
    stage_expect("all:Input/output error");
    assert_int_equal(m.f[0].state, LOOP_PENDING);
    assert_true(base_list_empty(&m.f[0].waiters));
    many_init(loop, &m, 3, CO_FAIL_FAST);
    co_go(loop, wait_all, &m);
    stage_settle(loop);
    loop_future_fail(&m.f[2], -EPIPE);
    loop_future_fail(&m.f[1], -EIO); /* in the same pass: known, so logged */
    stage_settle(loop);
    stage_expect("all:closed");
    heard_expect("future 1 failed as well: Input/output error");
    heard_end();
    stage_close(loop);
}

static void cancel_rest_cancels_what_is_pending(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    heard_begin();
    many_init(loop, &m, 3, CO_CANCEL_REST);
    co_go(loop, wait_all, &m);
    stage_settle(loop);
    loop_future_set(&m.f[0], NULL);
    loop_future_fail(&m.f[1], -EIO);
    stage_settle(loop);
    stage_expect("all:Input/output error");
    assert_int_equal(m.f[0].state, LOOP_DONE);
    assert_int_equal(m.f[2].state, LOOP_CANCELLED);

    many_init(loop, &m, 3, CO_CANCEL_REST); /* and if the wait is cancelled */
    struct co_task *t = co_spawn(loop, wait_all, &m);
    stage_settle(loop);
    co_cancel(t);
    stage_settle(loop);
    stage_expect("all:cancelled");
    assert_int_equal(m.f[0].state, LOOP_CANCELLED);
    assert_int_equal(co_join(t, NULL), 0);
    heard_end();
    stage_close(loop);
}

static void a_cancel_leaves_what_is_pending_alone(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    many_init(loop, &m, FUTURES, CO_FAIL_FAST);
    struct co_task *t = co_spawn(loop, wait_all, &m);
    stage_settle(loop);
    loop_future_set(&m.f[0], NULL);
    stage_settle(loop);
    co_cancel(t);
    stage_settle(loop);
    stage_expect("all:cancelled");
    for (int i = 1; i < FUTURES; i++) {
        assert_int_equal(m.f[i].state, LOOP_PENDING);
        assert_true(base_list_empty(&m.f[i].waiters));
    }
    assert_int_equal(co_join(t, NULL), 0);
    stage_close(loop);
}

static int wait_all_and_sleep(void *arg)
{
    wait_all(arg);
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    return 0;
}

/* All settled, and then the cancel, before the waiters' calls have come. */
static void all_settled_before_the_cancel_wins(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    many_init(loop, &m, 3, 0);
    struct co_task *t = co_spawn(loop, wait_all_and_sleep, &m);
    stage_settle(loop);
    for (int i = 0; i < 3; i++)
        loop_future_set(&m.f[i], NULL);
    co_cancel(t);
    stage_settle(loop);
    stage_expect("all:ok cancelled");
    assert_int_equal(co_join(t, NULL), 0);
    assert_int_equal(loop_active(loop), 0);
    stage_close(loop);
}

/* --- the first ----------------------------------------------------------- */

static int wait_any(void *arg)
{
    struct many *m = arg;
    stage_note("any:%d", co_wait_any(m->list, m->n));
    return 0;
}

static void the_first_that_is_settled(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    for (int n = 3; n <= FUTURES; n += FUTURES - 3) {
        many_init(loop, &m, n, 0);
        co_go(loop, wait_any, &m);
        stage_settle(loop);
        stage_expect("");
        loop_future_fail(&m.f[2], -EIO); /* an error is an outcome too */
        loop_future_set(&m.f[1], NULL);
        stage_settle(loop);
        stage_expect("any:2");
        assert_true(base_list_empty(&m.f[0].waiters));
        co_go(loop, wait_any, &m); /* of those that are ready, the first */
        stage_settle(loop);
        stage_expect("any:1");
    }
    many_init(loop, &m, 3, 0);
    struct co_task *t = co_spawn(loop, wait_any, &m);
    stage_settle(loop);
    co_cancel(t);
    stage_settle(loop);
    stage_expect("any:-125");
    assert_int_equal(co_join(t, NULL), 0);
    stage_close(loop);
}

/* --- in the order of settling: FEATURES 1.6, point 8 --------------------- */

static int iterate(void *arg)
{
    struct many *m = arg;
    struct co_each each;
    int i;
    if (co_each_begin(&each, m->list, m->n) != 0)
        return -EINVAL;
    while ((i = co_each_next(&each)) >= 0)
        stage_note("%d:%s", i, stage_word(m->list[i]->error));
    stage_note("%s", i == -ENOENT ? "done" : stage_word(i));
    if (i != -ENOENT) /* what ended the wait has not ended the iteration */
        while ((i = co_each_next(&each)) >= 0)
            stage_note("%d:%s", i, stage_word(m->list[i]->error));
    co_each_end(&each);
    return 0;
}

static void each_comes_in_the_order_of_settling(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    many_init(loop, &m, 5, 0);
    loop_future_set(&m.f[4], NULL);
    loop_future_set(&m.f[1], NULL);
    co_go(loop, iterate, &m);
    stage_settle(loop);
    stage_expect("1:ok 4:ok"); /* when and before it began: by their places */
    loop_future_fail(&m.f[3], -EPIPE);
    loop_future_set(&m.f[0], NULL);
    stage_settle(loop);
    stage_expect("3:closed 0:ok"); /* an error does not stop it */
    loop_future_cancel(&m.f[2]);
    stage_settle(loop);
    stage_expect("2:cancelled done");
    stage_close(loop);
}

static void each_of_none_is_done(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    many_init(loop, &m, 0, 0);
    co_go(loop, iterate, &m);
    stage_settle(loop);
    stage_expect("done");
    stage_close(loop);
}

static void each_goes_on_after_a_cancel(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    many_init(loop, &m, 3, 0);
    m.list[2] = &m.f[0]; /* named twice, comes twice */
    struct co_task *t = co_spawn(loop, iterate, &m);
    stage_settle(loop);
    loop_future_set(&m.f[1], NULL);
    co_cancel(t);
    stage_settle(loop);
    stage_expect("1:ok cancelled"); /* it was settled before the cancel */
    loop_future_set(&m.f[0], NULL);
    stage_settle(loop);
    stage_expect("0:ok 2:ok");
    assert_int_equal(co_join(t, NULL), 0);
    stage_close(loop);
}

static int iterate_a_little(void *arg)
{
    struct many *m = arg;
    struct co_each each;
    const int error = co_each_begin(&each, m->list, m->n);
    stage_note("%s %d", stage_word(error), co_each_next(&each));
    co_each_end(&each);
    return 0;
}

static void each_may_end_before_its_end(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct many m;
    many_init(loop, &m, FUTURES, 0);
    loop_future_set(&m.f[7], NULL);
    co_go(loop, iterate_a_little, &m);
    stage_settle(loop);
    stage_expect("ok 7");
    for (int i = 0; i < FUTURES; i++)
        assert_true(base_list_empty(&m.f[i].waiters));
    stage_close(loop);
}

struct shared_each {
    struct many many;
    struct co_each each;
};

static int next_of_shared(void *arg)
{
    struct shared_each *s = arg;
    const int i = co_each_next(&s->each);
    stage_note("%s", i >= 0 ? "got" : strerror(-i));
    return 0;
}

static int begin_shared(void *arg)
{
    struct shared_each *s = arg;
    return co_each_begin(&s->each, s->many.list, s->many.n);
}

static void each_is_for_one_task_at_a_time(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct shared_each s;
    many_init(loop, &s.many, 1, 0);
    co_go(loop, begin_shared, &s);
    co_go(loop, next_of_shared, &s);
    co_go(loop, next_of_shared, &s);
    stage_settle(loop);
    stage_expect("Device or resource busy");
    loop_future_set(&s.many.f[0], NULL);
    stage_settle(loop);
    stage_expect("got");
    co_each_end(&s.each);
    stage_close(loop);
}

static int steal_next_of_shared(void *arg)
{
    struct shared_each *s = arg;
    stage_note("thief %s", stage_word(co_wait(&s->many.f[0], NULL)));
    const int i = co_each_next(&s->each);
    stage_note("%s", i >= 0 ? "got" : strerror(-i));
    return 0;
}

/*
 * Also between its wake and its turn: what has been settled is the one's that
 * waits. The thief waits for the same future, and is woken before.
 */
static void each_is_nobody_else_s_until_it_has_run(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct shared_each s;
    many_init(loop, &s.many, 1, 0);
    co_go(loop, steal_next_of_shared, &s);
    stage_settle(loop);
    co_go(loop, begin_shared, &s);
    co_go(loop, next_of_shared, &s);
    stage_settle(loop);
    loop_future_set(&s.many.f[0], NULL);
    stage_settle(loop);
    stage_expect("thief ok Device or resource busy got");
    co_each_end(&s.each);
    stage_close(loop);
}

/* --- promises ------------------------------------------------------------ */

struct promised {
    struct co_cleanup cleanup;
    int result;
    int64_t sleep_ns;
    bool defers;
};

static void clean_up(void *arg)
{
    (void)arg;
    stage_note("cleans");
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
}

static int keep_promise(void *arg)
{
    struct promised *p = arg;
    if (p->defers)
        co_defer(&p->cleanup, clean_up, p);
    const int error = co_sleep(p->sleep_ns);
    stage_note("%s", stage_word(error));
    return p->result != 0 ? p->result : error;
}

static void a_promise_settles_when_its_task_has_ended(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct promised good = {.sleep_ns = LOOP_SECOND, .defers = true},
                    bad = {.result = -EIO}, more = {.result = 5};
    struct loop_future f[3];
    heard_begin();
    assert_int_equal(co_promise(loop, &f[0], keep_promise, &good), 0);
    assert_int_equal(co_promise(loop, &f[1], keep_promise, &bad), 0);
    assert_int_equal(co_promise(loop, &f[2], keep_promise, &more), 0);
    assert_int_equal(f[2].state, LOOP_PENDING);
    stage_expect(""); /* never inside */
    stage_settle(loop);
    stage_expect("ok ok");
    assert_int_equal(f[1].state, LOOP_FAILED);
    assert_int_equal(f[1].error, -EIO);
    assert_int_equal(f[2].state, LOOP_DONE);
    assert_ptr_equal(f[2].value, &more);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok cleans");
    assert_int_equal(f[0].state, LOOP_PENDING); /* after its cleanups */
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok");
    assert_int_equal(f[0].state, LOOP_DONE);
    assert_ptr_equal(f[0].value, &good);
    heard_end(); /* who has the future has the error */
    stage_close(loop);
}

/* And may go at once, while its task still cleans up. */
static void to_cancel_the_future_cancels_its_task(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct promised p = {.sleep_ns = LOOP_NEVER, .defers = true};
    struct loop_future *f = base_alloc(sizeof *f);
    assert_int_equal(co_promise(loop, f, keep_promise, &p), 0);
    stage_settle(loop);
    loop_future_cancel(f);
    free(f);
    stage_expect("");
    stage_settle(loop);
    stage_expect("cancelled cleans");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok");
    stage_close(loop);
}

static int wait_for_promise_and_free_it(void *arg)
{
    struct promised *p = arg;
    struct loop_future *f = base_alloc(sizeof *f);
    struct co_deadline d;
    if (co_promise(loop_current(), f, keep_promise, p) != 0)
        return -EINVAL;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    stage_note("%s", stage_word(co_wait_all(&f, 1, CO_CANCEL_REST)));
    co_deadline_end(&d);
    stage_note("%s", f->state == LOOP_CANCELLED ? "none" : "pending");
    memset(f, 0xff, sizeof *f); /* for those who use it now */
    free(f);
    return 0;
}

/* The future may go with the function that has waited in vain. */
static void who_cancels_the_rest_may_let_go_of_it(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct promised p = {.sleep_ns = LOOP_NEVER, .defers = true};
    co_go(loop, wait_for_promise_and_free_it, &p);
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    stage_settle(loop);
    stage_expect("late none cancelled cleans");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok");
    stage_close(loop);
}

/* Before it has run it is cancelled, and runs to see that. */
static void a_promise_may_be_cancelled_at_once(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct promised p = {.sleep_ns = LOOP_NEVER};
    struct loop_future f;
    assert_int_equal(co_promise(loop, &f, keep_promise, &p), 0);
    loop_future_cancel(&f);
    stage_settle(loop);
    stage_expect("cancelled");
    stage_close(loop);
}

static void a_task_that_is_cancelled_cancels_its_future(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct promised p = {.result = -ECANCELED};
    struct loop_future f;
    assert_int_equal(co_promise(loop, &f, keep_promise, &p), 0);
    stage_settle(loop);
    stage_expect("ok");
    assert_int_equal(f.state, LOOP_CANCELLED);
    assert_int_equal(f.error, -ECANCELED);
    stage_close(loop);
}

static void an_error_that_no_future_takes_is_logged(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct promised p = {.sleep_ns = LOOP_NEVER, .result = -EIO};
    struct loop_future f;
    heard_begin();
    assert_int_equal(co_promise(loop, &f, keep_promise, &p), 0);
    stage_settle(loop);
    loop_future_cancel(&f);
    stage_settle(loop);
    stage_expect("cancelled");
    assert_int_equal(f.state, LOOP_CANCELLED);
    heard_expect("keep_promise");
    heard_end();
    stage_close(loop);
}

static int settle_it(void *arg)
{
    loop_future_set(arg, "somebody's");
    return 0;
}

/* Its task is cancelled, as nobody is left to want its result; also one that
 * ends in the very pass in which that happens. */
static void a_promise_that_somebody_else_settles(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct promised p = {.result = -EIO}, slow = {.sleep_ns = LOOP_SECOND};
    struct loop_future f[2];
    heard_begin();
    for (int i = 0; i < 2; i++) {
        co_go(loop, settle_it, &f[i]);
        assert_int_equal(co_promise(loop, &f[i], keep_promise, i ? &slow : &p),
                         0);
    }
    stage_settle(loop);
    assert_string_equal(f[0].value, "somebody's");
    assert_string_equal(f[1].value, "somebody's");
    stage_expect("ok cancelled");
    heard_expect("keep_promise"); /* its error found no future */
    heard_end();
    stage_close(loop);
}

static void a_promise_without_a_stack(struct loop *like)
{
    struct loop *loop = stage_open(like);
    const struct co_options options = {.max_tasks = 1};
    struct promised p = {0};
    struct loop_future f[2];
    heard_begin();
    assert_int_equal(co_setup(loop, &options), 0);
    assert_int_equal(co_promise(loop, &f[0], keep_promise, &p), 0);
    assert_int_equal(co_promise(loop, &f[1], keep_promise, &p), -ENOMEM);
    assert_int_equal(f[1].state, LOOP_PENDING);
    heard_expect("no stack for a task");
    heard_end();
    stage_settle(loop);
    stage_expect("ok");
    stage_close(loop);
}

/* Start now, wait later; one fails, and the rest is cancelled with it. What is
 * promised lives on: the tasks use it until they have ended. */
static int gather_promises(void *arg)
{
    static struct promised p[3] = {{.sleep_ns = 3 * LOOP_SECOND},
                                   {.sleep_ns = LOOP_SECOND, .result = -EIO},
                                   {.sleep_ns = 2 * LOOP_SECOND}};
    struct loop_future f[3], *list[3];
    for (int i = 0; i < 3; i++)
        co_promise(arg, list[i] = &f[i], keep_promise, &p[i]);
    const int error = co_wait_all(list, 3, CO_CANCEL_REST);
    stage_note("all:%s", stage_word(error));
    memset(f, 0xff, sizeof f);
    return 0;
}

static void promises_are_gathered(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, gather_promises, loop);
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok all:Input/output error cancelled cancelled");
    stage_close(loop);
}

/* --- work in the pool ---------------------------------------------------- */

struct job {
    sem_t open, begun;
    pthread_t thread;
    bool done;
    struct loop_pool *pool;
    struct co_task *task;
};

/* In the thread: waits until the test lets it go. */
static void work(void *arg)
{
    struct job *job = arg;
    job->thread = pthread_self();
    sem_post(&job->begun);
    while (sem_wait(&job->open) == -1)
        ;
    job->done = true;
}

static int work_main(void *arg)
{
    struct job *job = arg;
    stage_note("work:%s", stage_word(co_work(job->pool, work, job)));
    stage_note("%s", job->done ? "done" : "not done");
    stage_note("%s", stage_word(co_yield_turn()));
    return 0;
}

static void job_go(struct loop *loop, struct job *job, struct loop_pool *pool)
{
    job->done = false;
    job->pool = pool;
    sem_init(&job->open, 0, 0);
    sem_init(&job->begun, 0, 0);
    job->task = co_spawn(loop, work_main, job);
    stage_settle(loop);
}

static int join(void *arg)
{
    return co_join(arg, NULL);
}

static void job_end(struct loop *loop, struct job *job)
{
    assert_int_equal(co_run(loop, join, job->task), 0);
    sem_destroy(&job->open);
    sem_destroy(&job->begun);
}

static void wait_for_thread(struct job *job)
{
    while (sem_wait(&job->begun) == -1)
        ;
}

static void work_runs_in_another_thread(struct loop *loop)
{
    struct job job;
    job_go(loop, &job, NULL);
    wait_for_thread(&job);
    stage_settle(loop);
    stage_expect("");
    sem_post(&job.open);
    job_end(loop, &job);
    stage_expect("work:ok done ok");
    assert_false(pthread_equal(job.thread, pthread_self()));
}

static void work_in_a_pool_without_threads(struct loop *loop)
{
    struct loop_pool *pool = loop_pool_new(0, 0);
    struct job job = {0};
    sem_init(&job.open, 0, 1);
    sem_init(&job.begun, 0, 0);
    job.pool = pool;
    job.task = co_spawn(loop, work_main, &job);
    job_end(loop, &job);
    stage_expect("work:ok done ok");
    assert_true(pthread_equal(job.thread, pthread_self()));
    loop_pool_free(pool);
}

/* What has begun is waited for, and came first; the cancel strikes next. */
static void work_that_runs_is_waited_for(struct loop *loop)
{
    struct job job;
    job_go(loop, &job, NULL);
    wait_for_thread(&job);
    co_cancel(job.task);
    stage_settle(loop);
    stage_expect("");
    sem_post(&job.open);
    job_end(loop, &job);
    stage_expect("work:ok done cancelled");
}

static void work_that_has_not_begun_is_taken_back(struct loop *loop)
{
    struct loop_pool *pool = loop_pool_new(1, 1);
    struct job first, second, third;
    job_go(loop, &first, pool);
    wait_for_thread(&first);
    job_go(loop, &second, pool);
    job_go(loop, &third, pool);
    stage_expect("work:later not done ok"); /* -EAGAIN: the queue is full */
    assert_int_equal(co_join(third.task, NULL), 0);
    co_cancel(second.task);
    co_cancel(
        second.task); /* the job is on its way: this one is for the next wait */
    job_end(loop, &second);
    stage_expect("work:cancelled not done cancelled");
    sem_post(&first.open);
    job_end(loop, &first);
    stage_expect("work:ok done ok");
    sem_destroy(&third.open);
    sem_destroy(&third.begun);
    loop_pool_free(pool);
}

static int work_with_deadline(void *arg)
{
    struct job *job = arg;
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_SECOND);
    work_main(job);
    co_deadline_end(&d);
    return 0;
}

static void a_deadline_takes_work_back(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_pool *pool = loop_pool_new(1, 1);
    struct job first, second = {.pool = pool};
    job_go(loop, &first, pool);
    wait_for_thread(&first);
    sem_init(&second.open, 0, 0);
    sem_init(&second.begun, 0, 0);
    second.task = co_spawn(loop, work_with_deadline, &second);
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    job_end(loop, &second);
    stage_expect("work:late not done late");
    sem_post(&first.open);
    job_end(loop, &first);
    stage_expect("work:ok done ok");
    loop_pool_free(pool);
    stage_close(loop);
}

static int work_when_cancelled(void *arg)
{
    co_cancel(co_current());
    return work_main(arg);
}

static void work_does_not_begin_for_a_task_that_is_cancelled(struct loop *loop)
{
    struct job job = {0};
    job.task = co_spawn(loop, work_when_cancelled, &job);
    stage_settle(loop);
    stage_expect("work:cancelled not done ok");
    assert_int_equal(co_join(job.task, NULL), 0);
    assert_int_equal(loop_stats(loop)->jobs, 0);
}

/* FEATURES 1.6, point 7: with_timeout works on pool futures, too. */
static void unblock(struct loop_job *job)
{
    while (sem_wait(job->arg) == -1)
        ;
}

static void a_timeout_leaves_a_pool_future_alone(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct loop_future f;
    struct loop_job job = {0};
    sem_t open;
    sem_init(&open, 0, 0);
    loop_future_init(loop, &f);
    assert_int_equal(loop_future_run(&f, NULL, &job, unblock, &open), 0);
    struct co_task *t = co_spawn(loop, wait_a_second, &f);
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("late:unset struck");
    assert_int_equal(co_join(t, NULL), 0);
    assert_int_equal(f.state, LOOP_PENDING);
    sem_post(&open);
    t = co_spawn(loop, wait_without_value, &f);
    assert_int_equal(co_run(loop, join, t), 0);
    assert_int_equal(f.state, LOOP_DONE);
    sem_destroy(&open);
    stage_close(loop);
}

/* --- from another thread ------------------------------------------------- */

struct parcel {
    struct loop_mailbox *mailbox;
    struct loop_delivery delivery;
    struct loop_future f;
};

static void *deliver(void *arg)
{
    struct parcel *p = arg;
    loop_future_deliver(p->mailbox, &p->delivery, &p->f, "parcel", 0);
    loop_mailbox_release(p->mailbox);
    return NULL;
}

static void a_thread_settles_what_a_task_waits_for(struct loop *loop)
{
    struct parcel p = {.mailbox = loop_mailbox_hold(loop)};
    pthread_t thread;
    loop_future_init(loop, &p.f);
    struct co_task *t = co_spawn(loop, note_wait, &p.f);
    stage_settle(loop);
    stage_expect("");
    assert_int_equal(pthread_create(&thread, NULL, deliver, &p), 0);
    assert_int_equal(co_run(loop, join, t), 0);
    pthread_join(thread, NULL);
    stage_expect("ok:parcel");
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(a_wait_brings_the_outcome),
        EACH(one_future_has_many_waiters_in_order),
        EACH(to_wait_for_garbage_is_an_error),
        EACH(a_future_may_go_when_its_waiters_were_called),
        EACH(a_wait_that_is_cancelled_leaves_the_future),
        EACH(a_future_set_before_the_cancel_wins),
        EACH(a_timeout_leaves_the_future_alone),
        EACH(what_is_done_wins_over_a_timeout),
        EACH(all_keep_their_order),
        EACH(of_none_all_are_there),
        EACH(one_future_may_be_named_twice),
        EACH(of_2000_that_are_ready_none_switches),
        EACH(the_first_error_in_time_is_returned),
        EACH(with_one_error_or_quiet_nothing_is_logged),
        EACH(fail_fast_returns_with_the_first_error),
        EACH(cancel_rest_cancels_what_is_pending),
        EACH(a_cancel_leaves_what_is_pending_alone),
        EACH(all_settled_before_the_cancel_wins),
        EACH(the_first_that_is_settled),
        EACH(each_comes_in_the_order_of_settling),
        EACH(each_of_none_is_done),
        EACH(each_goes_on_after_a_cancel),
        EACH(each_may_end_before_its_end),
        EACH(each_is_for_one_task_at_a_time),
        EACH(each_is_nobody_else_s_until_it_has_run),
        EACH(a_promise_settles_when_its_task_has_ended),
        EACH(to_cancel_the_future_cancels_its_task),
        EACH(who_cancels_the_rest_may_let_go_of_it),
        EACH(a_promise_may_be_cancelled_at_once),
        EACH(a_task_that_is_cancelled_cancels_its_future),
        EACH(an_error_that_no_future_takes_is_logged),
        EACH(a_promise_that_somebody_else_settles),
        EACH(a_promise_without_a_stack),
        EACH(promises_are_gathered),
        EACH(work_runs_in_another_thread),
        EACH(work_in_a_pool_without_threads),
        EACH(work_that_runs_is_waited_for),
        EACH(work_that_has_not_begun_is_taken_back),
        EACH(a_deadline_takes_work_back),
        EACH(work_does_not_begin_for_a_task_that_is_cancelled),
        EACH(a_timeout_leaves_a_pool_future_alone),
        EACH(a_thread_settles_what_a_task_waits_for),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
