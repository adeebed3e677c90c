/*
 * test_co_queue.c - queues: first in first out, last in first out, by priority;
 * on every back end.
 *
 * Items are small numbers or names, tasks note what they do as words (stage.h).
 *
 * Read before: stage.h, test_co_lock.c. Rests on: the tests of tornado.queues.
 */
#include "loop/co/co_internal.h"
#include "loop/test/each.h"
#include "loop/test/random.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static struct co_queue queue;

static const enum co_queue_kind kinds[] = {CO_FIFO, CO_LIFO, CO_PRIORITY};

static bool before(const void *a, const void *b)
{
    return strcmp(a, b) < 0;
}

static void make(enum co_queue_kind kind, int limit)
{
    assert_int_equal(
        co_queue_init(&queue, kind, limit, kind == CO_PRIORITY ? before : NULL),
        0);
}

static struct loop *begin(const struct loop *like, enum co_queue_kind kind,
                          int limit)
{
    make(kind, limit);
    return stage_open(like);
}

static void end(struct loop *loop)
{
    assert_true(waiters_empty(&queue.getters));
    assert_true(waiters_empty(&queue.putters));
    assert_true(waiters_empty(&queue.joiners));
    co_queue_fini(&queue);
    stage_close(loop);
}

/* --- tasks: their name is what they put ---------------------------------- */

static int puts_it(void *name)
{
    const int error = co_queue_put(&queue, name);
    stage_note("+%s:%s", (char *)name, stage_word(error));
    return 0;
}

static int gets(void *name)
{
    void *item = "nothing";
    const int error = co_queue_get(&queue, &item);
    stage_note("%s:%s", (char *)name,
               error == 0 ? (const char *)item : stage_word(error));
    return 0;
}

static int joins(void *name)
{
    stage_note("%s:%s", (char *)name, stage_word(co_queue_join(&queue)));
    return 0;
}

/* Their deadline is a millisecond from their first turn. */
static void within_1ms(co_fn *fn, void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    fn(name);
    co_deadline_end(&d);
}

static int puts_within_1ms(void *name)
{
    within_1ms(puts_it, name);
    return 0;
}

static int gets_within_1ms(void *name)
{
    within_1ms(gets, name);
    return 0;
}

static int joins_within_1ms(void *name)
{
    within_1ms(joins, name);
    return 0;
}

/* Without waiting, from outside: what is in the queue, in its order. */
static void drain(void)
{
    void *item;
    while (co_queue_try_get(&queue, &item) == 0)
        stage_note("%s", (char *)item);
}

static void put_now(const char *items)
{
    static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g"};
    for (; *items != '\0'; items++)
        assert_int_equal(
            co_queue_try_put(&queue, (void *)(uintptr_t)letters[*items - 'a']),
            0);
}

/* --- order --------------------------------------------------------------- */

static void each_kind_has_its_order(struct loop *like)
{
    static const char *const orders[] = {"c a d b", "b d a c", "a b c d"};
    for (int i = 0; i < 3; i++) {
        struct loop *loop = begin(like, kinds[i], 4);
        put_now("cadb");
        drain();
        stage_expect(orders[i]);
        end(loop);
    }
}

struct ranked {
    int rank, number;
};

static bool ranked_before(const void *a, const void *b)
{
    return ((const struct ranked *)a)->rank < ((const struct ranked *)b)->rank;
}

/* Also after items have been taken in between. */
static void equals_keep_their_order(struct loop *like)
{
    enum { N = 300 };
    static struct ranked items[N];
    struct loop *loop = stage_open(like);
    uint64_t seed = 1;
    assert_int_equal(co_queue_init(&queue, CO_PRIORITY, N, ranked_before), 0);
    for (int i = 0; i < N; i++) {
        items[i] = (struct ranked){(int)random_below(&seed, 5), i};
        assert_int_equal(co_queue_try_put(&queue, &items[i]), 0);
        void *first;
        if (i % 3 == 2)
            assert_int_equal(co_queue_try_get(&queue, &first), 0);
    }
    const struct ranked *last = NULL;
    void *item;
    for (int i = 0; co_queue_try_get(&queue, &item) == 0; i++) {
        const struct ranked *r = item;
        assert_true(i < N - N / 3);
        if (last != NULL)
            assert_true(last->rank < r->rank ||
                        (last->rank == r->rank && last->number < r->number));
        last = r;
    }
    end(loop);
}

/* The ring wraps around its end, and grows while it does. */
static void a_fifo_keeps_its_order_while_it_grows(struct loop *like)
{
    enum { LIMIT = 1000 };
    static char items[3 * LIMIT];
    struct loop *loop = begin(like, CO_FIFO, LIMIT);
    uint64_t seed = 7;
    int in = 0, out = 0;
    while (out < 3 * LIMIT) {
        void *item;
        if (in < 3 * LIMIT && random_below(&seed, 5) < 3) {
            const int error = co_queue_try_put(&queue, &items[in]);
            assert_int_equal(error, in - out < LIMIT ? 0 : -EAGAIN);
            in += error == 0;
        } else if (co_queue_try_get(&queue, &item) == 0) {
            assert_ptr_equal(item, &items[out++]);
        } else {
            assert_int_equal(in, out);
        }
    }
    end(loop);
}

static void memory_doubles_up_to_the_limit(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 100);
        assert_int_equal(queue.capacity, 0);
        int seen = 0, steps[8], n = 0;
        for (int i = 0; i < 100; i++) {
            put_now("a");
            if (queue.capacity != seen)
                steps[n++] = seen = queue.capacity;
        }
        assert_int_equal(n, 5);
        const int expected[] = {8, 16, 32, 64, 100};
        assert_memory_equal(steps, expected, sizeof expected);
        assert_int_equal(co_queue_try_put(&queue, "x"), -EAGAIN);
        end(loop);
    }
    struct loop *loop = begin(like, CO_FIFO, 3);
    put_now("abc");
    assert_int_equal(queue.capacity, 3);
    end(loop);
}

static void an_item_may_be_null(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    assert_int_equal(co_queue_try_put(&queue, NULL), 0);
    void *item = loop;
    assert_int_equal(co_queue_try_get(&queue, &item), 0);
    assert_null(item);
    end(loop);
}

/* --- waiting ------------------------------------------------------------- */

static void getters_are_served_in_the_order_of_asking(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 9);
        stage_go(loop, gets, "1");
        stage_go(loop, gets, "2");
        stage_go(loop, gets, "3");
        stage_settle(loop);
        put_now("cab");
        assert_int_equal(queue.n, 0); /* they have them already */
        stage_settle(loop);
        stage_expect("1:c 2:a 3:b");
        end(loop);
    }
}

static void putters_are_served_in_the_order_of_asking(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 1);
        stage_go(loop, puts_it, "a");
        stage_go(loop, puts_it, "c");
        stage_go(loop, puts_it, "b");
        stage_settle(loop);
        stage_expect("+a:ok");
        drain();
        stage_expect("a c b");
        stage_settle(loop);
        stage_expect("+c:ok +b:ok");
        end(loop);
    }
}

/* A putter that waits is not in the queue: get does not choose its item. */
static void get_takes_the_best_of_those_that_are_in(struct loop *like)
{
    static const char *const orders[] = {"c d a b", "d a b c", "c a b d"};
    for (int i = 0; i < 3; i++) {
        struct loop *loop = begin(like, kinds[i], 2);
        put_now("cd");
        stage_go(loop, puts_it, "a");
        stage_go(loop, puts_it, "b");
        stage_settle(loop);
        drain();
        stage_expect(orders[i]);
        stage_settle(loop);
        stage_expect("+a:ok +b:ok");
        end(loop);
    }
}

static int takes_now(void *name)
{
    void *item;
    stage_note("%s:%s", (char *)name,
               stage_word(co_queue_try_get(&queue, &item)));
    return 0;
}

/* The item is the waiting getter's: who comes after the put finds nothing. */
static void a_put_hands_over_to_the_getter_that_waits(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    stage_go(loop, gets, "1");
    stage_settle(loop);
    stage_go(loop, takes_now, "2"); /* runs before 1 does */
    put_now("a");
    stage_settle(loop);
    stage_expect("2:later 1:a");
    end(loop);
}

/* FEATURES: put_nowait wakes the getter on the next pass, not inline. */
static void try_put_does_not_run_the_getter(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    stage_go(loop, gets, "1");
    stage_settle(loop);
    put_now("a");
    stage_expect("");
    stage_settle(loop);
    stage_expect("1:a");
    end(loop);
}

static int puts_twice_and_goes_on(void *name)
{
    stage_note("%s", (char *)name);
    co_queue_put(&queue, "a");
    co_queue_put(&queue, "b");
    stage_note("%s", (char *)name);
    return 0;
}

static void a_put_with_room_or_a_getter_does_not_switch(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    stage_go(loop, gets, "1");
    stage_settle(loop);
    stage_go(loop, puts_twice_and_goes_on, "p");
    stage_settle(loop);
    stage_expect("p p 1:a");
    drain();
    stage_expect("b");
    end(loop);
}

static void the_try_forms_refuse_instead_of_waiting(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 2);
        void *item = "untouched";
        assert_int_equal(co_queue_try_get(&queue, &item), -EAGAIN);
        assert_string_equal(item, "untouched");
        put_now("ab");
        assert_int_equal(co_queue_try_put(&queue, "c"), -EAGAIN);
        assert_int_equal(queue.n, 2);
        drain();
        stage_expect(kinds[kind] == CO_LIFO ? "b a" : "a b");
        end(loop);
    }
}

static void outside_of_a_task_nobody_waits(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    void *item;
    assert_int_equal(co_queue_put(&queue, "x"), -EPERM);
    assert_int_equal(co_queue_get(&queue, &item), -EPERM);
    assert_int_equal(co_queue_join(&queue), -EPERM);
    assert_int_equal(queue.n, 0);
    end(loop);
}

static void nonsense_is_refused(struct loop *like)
{
    struct co_queue q;
    (void)like;
    for (int kind = 0; kind < 3; kind++) {
        co_before_fn *right = kinds[kind] == CO_PRIORITY ? before : NULL;
        co_before_fn *wrong = kinds[kind] == CO_PRIORITY ? NULL : before;
        assert_int_equal(co_queue_init(&q, kinds[kind], -1, right), -EINVAL);
        assert_int_equal(co_queue_init(&q, kinds[kind], 0, right), -EINVAL);
        assert_int_equal(co_queue_init(&q, kinds[kind], 1, wrong), -EINVAL);
        assert_int_equal(co_queue_init(&q, kinds[kind], INT_MAX, right), 0);
        co_queue_fini(&q);
    }
}

/* --- waits that end early ------------------------------------------------ */

/* FEATURES: a put that was late never appears. */
static void a_put_that_was_late_never_appears(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 1);
        put_now("a");
        stage_go(loop, puts_within_1ms, "b");
        struct co_task *c = stage_go(loop, puts_it, "c");
        stage_go(loop, puts_it, "d");
        stage_settle(loop);
        stage_advance(loop, LOOP_MS);
        co_cancel(c);
        drain();
        stage_expect("a d");
        stage_settle(loop);
        stage_expect("+b:late +c:cancelled +d:ok");
        assert_int_equal(queue.unfinished, 2);
        end(loop);
    }
}

static int is_late_already(void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()));
    void *item = "untouched";
    stage_note("%s:%s", (char *)name, stage_word(co_queue_put(&queue, "b")));
    stage_note("%s:%s", (char *)name, stage_word(co_queue_get(&queue, &item)));
    stage_note("%s", (char *)item);
    item = "untouched";
    stage_note("%s:%s", (char *)name, stage_word(co_queue_get(&queue, &item)));
    stage_note("%s", (char *)item);
    co_deadline_end(&d);
    return 0;
}

/* What is there is got all the same: only waits are late. */
static void a_deadline_that_has_passed_changes_nothing(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    put_now("a");
    stage_go(loop, is_late_already, "1");
    stage_settle(loop);
    stage_expect("1:late 1:ok a 1:late untouched");
    assert_int_equal(queue.n, 0);
    end(loop);
}

static void on_put(struct loop_timer *t)
{
    stage_note("put:%s", stage_word(co_queue_try_put(&queue, t->arg)));
}

/* The timer and the deadlines are due in one pass, the timer first. */
static void a_get_just_satisfied_is_not_late(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 1);
        struct loop_timer t = {0};
        loop_timer_start(loop, &t, loop_now(loop) + LOOP_MS, on_put, "a");
        stage_go(loop, gets_within_1ms, "1");
        stage_go(loop, gets_within_1ms, "2");
        stage_settle(loop);
        stage_advance(loop, LOOP_MS);
        stage_settle(loop);
        stage_expect("put:ok 1:a 2:late");
        end(loop);
    }
}

static void on_get(struct loop_timer *t)
{
    (void)t;
    void *item = "nothing";
    co_queue_try_get(&queue, &item);
    stage_note("got:%s", (char *)item);
}

static void a_put_just_satisfied_is_not_late(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    struct loop_timer t = {0};
    put_now("a");
    loop_timer_start(loop, &t, loop_now(loop) + LOOP_MS, on_get, NULL);
    stage_go(loop, puts_within_1ms, "b");
    stage_go(loop, puts_within_1ms, "c");
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    stage_settle(loop);
    stage_expect("got:a +b:ok +c:late");
    drain();
    stage_expect("b");
    end(loop);
}

static int gets_and_sleeps(void *name)
{
    gets(name);
    stage_note("%s:%s", (char *)name, stage_word(co_sleep(LOOP_SECOND)));
    return 0;
}

/* It keeps the item, and the cancel strikes at its next wait. */
static void a_getter_cancelled_before_it_runs_keeps_its_item(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    struct co_task *first = stage_go(loop, gets_and_sleeps, "1");
    stage_go(loop, gets, "2");
    stage_settle(loop);
    put_now("a");
    co_cancel(first);
    put_now("b");
    stage_settle(loop);
    stage_expect("1:a 1:cancelled 2:b");
    end(loop);
}

/* FEATURES: 101 late waiters are purged; one that is not is served. */
static void getters_that_are_late_leave_no_trace(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 1);
        for (int i = 0; i < 101; i++)
            stage_go(loop, gets_within_1ms, "");
        stage_go(loop, gets, "last");
        stage_settle(loop);
        stage_advance(loop, LOOP_MS);
        assert_ptr_equal(queue.getters.list.next, queue.getters.list.prev);
        put_now("a");
        stage_settle(loop);
        char all[101 * 6 + 10] = "";
        for (int i = 0; i < 101; i++)
            strcat(all, ":late ");
        stage_expect(strcat(all, "last:a"));
        end(loop);
    }
}

/* --- done and join ------------------------------------------------------- */

static void joins_of_an_empty_queue_return_at_once(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 1);
        stage_go(loop, joins, "j");
        stage_go(loop, joins, "k");
        stage_settle(loop);
        stage_expect("j:ok k:ok");
        end(loop);
    }
}

/* FEATURES: join completes on done, not on get. */
static void a_join_waits_for_done_and_not_for_get(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 2);
        put_now("ab");
        stage_go(loop, joins, "j");
        stage_go(loop, joins, "k");
        stage_settle(loop);
        drain();
        stage_expect(kinds[kind] == CO_LIFO ? "b a" : "a b");
        stage_settle(loop);
        stage_expect("");
        assert_int_equal(co_queue_done(&queue), 0);
        stage_settle(loop);
        stage_expect("");
        assert_int_equal(co_queue_done(&queue), 0);
        stage_settle(loop);
        stage_expect("j:ok k:ok");
        end(loop);
    }
}

/* An item that went straight to a getter has to be done as well. */
static void what_was_handed_over_counts_for_join(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    stage_go(loop, gets, "1");
    stage_settle(loop);
    put_now("a");
    stage_go(loop, joins, "j");
    stage_settle(loop);
    stage_expect("1:a");
    assert_int_equal(co_queue_done(&queue), 0);
    stage_settle(loop);
    stage_expect("j:ok");
    end(loop);
}

/* A put that waits is not counted until it is in. */
static void a_putter_that_waits_is_counted_when_it_is_in(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    put_now("a");
    stage_go(loop, puts_it, "b");
    stage_go(loop, joins, "j");
    stage_settle(loop);
    assert_int_equal(queue.unfinished, 1);
    drain();
    assert_int_equal(queue.unfinished, 2);
    assert_int_equal(co_queue_done(&queue), 0);
    stage_settle(loop);
    stage_expect("a b +b:ok");
    assert_int_equal(co_queue_done(&queue), 0);
    stage_settle(loop);
    stage_expect("j:ok");
    end(loop);
}

static void done_too_often_is_an_error(struct loop *like)
{
    for (int kind = 0; kind < 3; kind++) {
        struct loop *loop = begin(like, kinds[kind], 2);
        assert_int_equal(co_queue_done(&queue), -EINVAL);
        put_now("ab");
        assert_int_equal(co_queue_done(&queue), -EINVAL); /* got by nobody */
        void *item;
        assert_int_equal(co_queue_try_get(&queue, &item), 0);
        assert_int_equal(co_queue_done(&queue), 0);
        assert_int_equal(co_queue_done(&queue), -EINVAL);
        assert_int_equal(queue.unfinished, 1);
        end(loop);
    }
}

/* Woken by the last done, a join is over, even if something is put at once. */
static void a_join_that_is_over_stays_over(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    put_now("a");
    stage_go(loop, joins, "j");
    stage_settle(loop);
    drain();
    assert_int_equal(co_queue_done(&queue), 0);
    put_now("b");
    stage_settle(loop);
    stage_expect("a j:ok");
    end(loop);
}

static void a_join_that_was_late_leaves_no_trace(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 1);
    put_now("a");
    stage_go(loop, joins_within_1ms, "j");
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    assert_true(waiters_empty(&queue.joiners));
    stage_settle(loop);
    stage_expect("j:late");
    end(loop);
}

/* --- together ------------------------------------------------------------ */

static int produces_ten(void *name)
{
    static const char *const items[] = {"0", "1", "2", "3", "4",
                                        "5", "6", "7", "8", "9"};
    for (int i = 0; i < 10; i++) {
        if (co_queue_put(&queue, (void *)(uintptr_t)items[i]) != 0)
            stage_note("refused");
        if (queue.n > 3)
            stage_note("too many");
    }
    const int error = co_queue_join(&queue);
    stage_note("%s:%s", (char *)name, stage_word(error));
    return 0;
}

static int consumes_ten(void *name)
{
    for (int i = 0; i < 10; i++) {
        gets(name);
        if (i % 4 == 0)
            co_yield_turn();
        co_queue_done(&queue);
    }
    return 0;
}

/* FEATURES: bounded producer and consumer of 10 through 3 keeps order. */
static void ten_through_three_keep_their_order(struct loop *like)
{
    struct loop *loop = begin(like, CO_FIFO, 3);
    stage_go(loop, produces_ten, "p");
    stage_go(loop, consumes_ten, "");
    stage_settle(loop);
    stage_expect(":0 :1 :2 :3 :4 :5 :6 :7 :8 :9 p:ok");
    end(loop);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(each_kind_has_its_order),
        EACH(equals_keep_their_order),
        EACH(a_fifo_keeps_its_order_while_it_grows),
        EACH(memory_doubles_up_to_the_limit),
        EACH(an_item_may_be_null),
        EACH(getters_are_served_in_the_order_of_asking),
        EACH(putters_are_served_in_the_order_of_asking),
        EACH(get_takes_the_best_of_those_that_are_in),
        EACH(a_put_hands_over_to_the_getter_that_waits),
        EACH(try_put_does_not_run_the_getter),
        EACH(a_put_with_room_or_a_getter_does_not_switch),
        EACH(the_try_forms_refuse_instead_of_waiting),
        EACH(outside_of_a_task_nobody_waits),
        EACH(nonsense_is_refused),
        EACH(a_put_that_was_late_never_appears),
        EACH(a_deadline_that_has_passed_changes_nothing),
        EACH(a_get_just_satisfied_is_not_late),
        EACH(a_put_just_satisfied_is_not_late),
        EACH(a_getter_cancelled_before_it_runs_keeps_its_item),
        EACH(getters_that_are_late_leave_no_trace),
        EACH(joins_of_an_empty_queue_return_at_once),
        EACH(a_join_waits_for_done_and_not_for_get),
        EACH(what_was_handed_over_counts_for_join),
        EACH(a_putter_that_waits_is_counted_when_it_is_in),
        EACH(done_too_often_is_an_error),
        EACH(a_join_that_is_over_stays_over),
        EACH(a_join_that_was_late_leaves_no_trace),
        EACH(ten_through_three_keep_their_order),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
