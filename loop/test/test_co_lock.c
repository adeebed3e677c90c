/*
 * test_co_lock.c - locks, semaphores, conditions and events, on every back end.
 *
 * Tasks note what they do as words (stage.h). A task's argument is its name.
 * What random sequences do is the business of test_co_model.c.
 */
#include "loop/co/co_internal.h"
#include "loop/test/each.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static struct co_lock lock;
static struct co_semaphore semaphore;
static struct co_condition condition;
static struct co_event event;

static struct loop *begin(const struct loop *like)
{
    lock = (struct co_lock){0};
    condition = (struct co_condition){0};
    event = (struct co_event){0};
    assert_int_equal(co_semaphore_init(&semaphore, 0, INT_MAX), 0);
    return stage_open(like);
}

/* Nobody has anything, nobody waits for anything. */
static void end(struct loop *loop)
{
    assert_null(lock.owner);
    assert_true(waiters_empty(&lock.waiters));
    assert_true(waiters_empty(&semaphore.waiters));
    assert_true(waiters_empty(&condition.waiters));
    assert_true(waiters_empty(&event.waiters));
    stage_close(loop);
}

/* --- tasks --------------------------------------------------------------- */

/* Has the lock until the event is set. */
static int holds(void *name)
{
    stage_note("%s:%s", (char *)name, stage_word(co_lock(&lock)));
    co_event_wait(&event);
    co_unlock(&lock);
    return 0;
}

static int locks(void *name)
{
    const int error = co_lock(&lock);
    stage_note("%s:%s", (char *)name, stage_word(error));
    if (error == 0)
        co_unlock(&lock);
    return 0;
}

static int locks_within_1ms(void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    locks(name);
    co_deadline_end(&d);
    return 0;
}

static int acquires(void *name)
{
    const int error = co_semaphore_acquire(&semaphore);
    stage_note("%s:%s", (char *)name, stage_word(error));
    return 0;
}

static int acquires_within_1ms(void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    acquires(name);
    co_deadline_end(&d);
    return 0;
}

static int waits(void *name)
{
    stage_note("%s:%s", (char *)name,
               stage_word(co_condition_wait(&condition, NULL)));
    return 0;
}

static int waits_within_1ms(void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    waits(name);
    co_deadline_end(&d);
    return 0;
}

static int waits_for_event(void *name)
{
    stage_note("%s:%s", (char *)name, stage_word(co_event_wait(&event)));
    return 0;
}

static int waits_for_event_within_1ms(void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    waits_for_event(name);
    co_deadline_end(&d);
    return 0;
}

static void go_three(struct loop *loop, co_fn *fn)
{
    stage_go(loop, fn, "a");
    stage_go(loop, fn, "b");
    stage_go(loop, fn, "c");
}

/* --- locks --------------------------------------------------------------- */

static void a_lock_is_served_in_the_order_of_asking(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, holds, "first");
    go_three(loop, locks);
    stage_settle(loop);
    stage_expect("first:ok");
    co_event_set(&event);
    stage_settle(loop);
    stage_expect("a:ok b:ok c:ok");
    end(loop);
}

/* It is never free in between: who unlocks cannot have it at once again. */
static int unlocks_and_locks(void *name)
{
    co_lock(&lock);
    co_event_wait(&event);
    co_unlock(&lock);
    stage_note("%s:unlocked", (char *)name);
    return locks(name);
}

static void an_unlock_hands_the_lock_to_the_next(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, unlocks_and_locks, "first");
    stage_go(loop, locks, "next");
    stage_settle(loop);
    co_event_set(&event);
    stage_settle(loop);
    stage_expect("first:unlocked next:ok first:ok");
    end(loop);
}

static int locks_twice(void *name)
{
    co_lock(&lock);
    stage_note("%s:%s", (char *)name, stage_word(co_lock(&lock)));
    return co_unlock(&lock);
}

static void locking_a_second_time_is_refused(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, locks_twice, "a");
    stage_settle(loop);
    stage_expect("a:Resource deadlock avoided");
    end(loop);
}

static int unlocks(void *name)
{
    stage_note("%s:%s", (char *)name, stage_word(co_unlock(&lock)));
    return 0;
}

static void
unlocking_by_a_task_that_does_not_have_it_is_refused(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, unlocks, "a"); /* nobody has it */
    stage_go(loop, holds, "b");
    stage_go(loop, unlocks, "c");
    stage_settle(loop);
    stage_expect("a:refused b:ok c:refused");
    assert_non_null(lock.owner);
    assert_int_equal(co_unlock(&lock), -EPERM); /* no task at all */
    co_event_set(&event);
    stage_settle(loop);
    end(loop);
}

static void outside_of_a_task_nobody_waits(struct loop *like)
{
    struct loop *loop = begin(like);
    assert_int_equal(co_lock(&lock), -EPERM);
    assert_int_equal(co_unlock(&lock), -EPERM);
    assert_int_equal(co_condition_wait(&condition, NULL), -EPERM);
    assert_int_equal(co_event_wait(&event), -EPERM);
    co_event_set(&event);
    assert_int_equal(co_event_wait(&event), -EPERM);
    assert_int_equal(co_semaphore_release(&semaphore), 0);
    assert_int_equal(co_semaphore_acquire(&semaphore), -EPERM);
    assert_int_equal(semaphore.value, 1);
    end(loop);
}

static void a_cancelled_waiter_leaves_no_trace(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, holds, "first");
    stage_go(loop, locks, "a");
    struct co_task *b = stage_go(loop, locks, "b");
    stage_go(loop, locks, "c");
    stage_settle(loop);
    co_cancel(b);
    stage_settle(loop);
    stage_expect("first:ok b:cancelled");
    co_event_set(&event);
    stage_settle(loop);
    stage_expect("a:ok c:ok");
    end(loop);
}

static int locks_and_waits(void *name)
{
    const int error = co_lock(&lock);
    stage_note("%s:%s,%s", (char *)name, stage_word(error),
               stage_word(co_sleep(LOOP_SECOND)));
    return co_unlock(&lock);
}

/* Is cancelled after it was given the lock and before it runs. */
static struct co_task *to_cancel;

static int unlocks_and_cancels(void *name)
{
    stage_note("%s:%s", (char *)name, stage_word(co_lock(&lock)));
    co_event_wait(&event);
    co_unlock(&lock);
    co_cancel(to_cancel);
    return 0;
}

static void
a_lock_that_was_handed_over_is_not_lost_by_a_cancel(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, unlocks_and_cancels, "first");
    to_cancel = stage_go(loop, locks_and_waits, "a");
    stage_go(loop, locks, "b");
    stage_settle(loop);
    co_event_set(&event);
    stage_settle(loop);
    stage_expect("first:ok a:ok,cancelled b:ok");
    end(loop);
}

static void one_hundred_and_one_that_are_late_leave_no_trace(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, holds, "first");
    stage_settle(loop);
    for (int i = 0; i < 101; i++)
        stage_go(loop, locks_within_1ms, "");
    stage_go(loop, locks, "last");
    stage_settle(loop);
    stage_expect("first:ok");
    assert_false(waiters_empty(&lock.waiters));
    stage_advance(loop, LOOP_MS);
    assert_ptr_equal(lock.waiters.list.next, lock.waiters.list.prev);
    co_event_set(&event);
    stage_settle(loop);
    char all[101 * 6 + 10] = "";
    for (int i = 0; i < 101; i++)
        strcat(all, ":late ");
    stage_expect(strcat(all, "last:ok"));
    end(loop);
}

/* --- guards -------------------------------------------------------------- */

static int guarded(bool fails)
{
    struct co_lock *held __attribute__((cleanup(co_lock_end))) = NULL;
    const int error = co_lock_begin(&held, &lock);
    if (error != 0)
        return error;
    if (fails)
        return -EIO;
    return 0;
}

static int uses_guards(void *name)
{
    const int failed = guarded(true);
    const bool released = lock.owner == NULL;
    stage_note("%s:%s,%s,%s", (char *)name, strerror(-failed),
               released ? "released" : "kept", stage_word(guarded(false)));
    return 0;
}

static void a_guard_unlocks_on_every_way_out(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, uses_guards, "a");
    stage_settle(loop);
    stage_expect("a:Input/output error,released,ok");
    end(loop);
}

static int is_late_with_a_guard(void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    stage_note("%s:%s", (char *)name, stage_word(guarded(false)));
    co_deadline_end(&d);
    return 0;
}

static void a_guard_that_was_late_unlocks_nothing(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, holds, "first");
    stage_go(loop, is_late_with_a_guard, "a");
    stage_settle(loop);
    const struct co_task *owner = lock.owner;
    stage_advance(loop, LOOP_MS);
    stage_settle(loop);
    stage_expect("first:ok a:late");
    assert_ptr_equal(lock.owner, owner);
    co_event_set(&event);
    stage_settle(loop);
    end(loop);
}

static int inside, entered, most;

static int enters_in_turns(void *name)
{
    (void)name;
    for (int i = 0; i < 10; i++) {
        struct co_lock *held __attribute__((cleanup(co_lock_end))) = NULL;
        if (co_lock_begin(&held, &lock) != 0)
            return 0;
        entered++;
        most = ++inside > most ? inside : most;
        for (int turn = 0; turn < i % 3; turn++)
            co_yield_turn();
        inside--;
    }
    return 0;
}

static void contended_guards_never_overlap(struct loop *like)
{
    struct loop *loop = begin(like);
    inside = entered = most = 0;
    for (int i = 0; i < 20; i++)
        stage_go(loop, enters_in_turns, "");
    stage_settle(loop);
    assert_int_equal(entered, 200);
    assert_int_equal(most, 1);
    end(loop);
}

/* What is free is taken without a wait, and only waits can end early. */
static int takes_all_that_is_free(void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, 0);
    co_cancel(co_current());
    struct co_stats before, after;
    co_stats(loop_current(), &before);
    const int a = co_lock(&lock), b = co_semaphore_acquire(&semaphore),
              c = co_event_wait(&event);
    co_stats(loop_current(), &after);
    stage_note("%s:%s,%s,%s", (char *)name, stage_word(a), stage_word(b),
               stage_word(c));
    stage_note("%d", (int)(after.switches - before.switches));
    stage_note("%s", stage_word(co_semaphore_acquire(&semaphore)));
    stage_note("%s", stage_word(co_semaphore_acquire(&semaphore)));
    co_deadline_end(&d);
    return co_unlock(&lock);
}

static void what_is_free_is_taken_without_a_wait(struct loop *like)
{
    struct loop *loop = begin(like);
    co_semaphore_release(&semaphore);
    co_event_set(&event);
    stage_go(loop, takes_all_that_is_free, "a");
    stage_settle(loop);
    stage_expect("a:ok,ok,ok 0 cancelled late");
    end(loop);
}

/* --- semaphores ---------------------------------------------------------- */

static void a_semaphore_lets_in_as_many_as_its_value(struct loop *like)
{
    struct loop *loop = begin(like);
    assert_int_equal(co_semaphore_init(&semaphore, 2, INT_MAX), 0);
    go_three(loop, acquires);
    stage_settle(loop);
    stage_expect("a:ok b:ok");
    assert_int_equal(co_semaphore_try(&semaphore), -EAGAIN);
    assert_int_equal(co_semaphore_release(&semaphore), 0);
    assert_int_equal(co_semaphore_try(&semaphore), -EAGAIN); /* c's already */
    stage_settle(loop);
    stage_expect("c:ok");
    assert_int_equal(co_semaphore_release(&semaphore), 0);
    assert_int_equal(co_semaphore_try(&semaphore), 0);
    end(loop);
}

static void a_semaphore_is_served_in_the_order_of_asking(struct loop *like)
{
    struct loop *loop = begin(like);
    go_three(loop, acquires);
    stage_settle(loop);
    stage_expect("");
    for (int i = 0; i < 3; i++)
        assert_int_equal(co_semaphore_release(&semaphore), 0);
    assert_int_equal(semaphore.value, 0);
    stage_settle(loop);
    stage_expect("a:ok b:ok c:ok");
    end(loop);
}

static void nonsense_for_a_semaphore_is_refused(struct loop *like)
{
    struct loop *loop = begin(like);
    struct co_semaphore s;
    assert_int_equal(co_semaphore_init(&s, -1, 3), -EINVAL);
    assert_int_equal(co_semaphore_init(&s, 4, 3), -EINVAL);
    assert_int_equal(co_semaphore_init(&s, 0, -1), -EINVAL);
    assert_int_equal(co_semaphore_init(&s, 3, 3), 0);
    end(loop);
}

static void a_release_beyond_the_bound_is_refused(struct loop *like)
{
    struct loop *loop = begin(like);
    assert_int_equal(co_semaphore_init(&semaphore, 1, 2), 0);
    assert_int_equal(co_semaphore_release(&semaphore), 0);
    assert_int_equal(co_semaphore_release(&semaphore), -EOVERFLOW);
    assert_int_equal(semaphore.value, 2);
    assert_int_equal(co_semaphore_try(&semaphore), 0);
    assert_int_equal(co_semaphore_release(&semaphore), 0);
    /* Nobody can ever have one of none: not by waiting either. */
    assert_int_equal(co_semaphore_init(&semaphore, 0, 0), 0);
    struct co_task *a = stage_go(loop, acquires, "a");
    stage_settle(loop);
    assert_int_equal(co_semaphore_release(&semaphore), -EOVERFLOW);
    co_cancel(a);
    stage_settle(loop);
    stage_expect("a:cancelled");
    end(loop);
}

static void late_waiters_of_a_semaphore_leave_no_trace(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, acquires_within_1ms, "a");
    stage_go(loop, acquires, "b");
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    co_semaphore_release(&semaphore);
    stage_settle(loop);
    stage_expect("a:late b:ok");
    assert_int_equal(semaphore.value, 0);
    end(loop);
}

static void
a_permit_that_was_handed_over_is_not_lost_by_a_cancel(struct loop *like)
{
    struct loop *loop = begin(like);
    struct co_task *a = stage_go(loop, acquires, "a");
    stage_settle(loop);
    co_semaphore_release(&semaphore);
    co_cancel(a);
    stage_settle(loop);
    stage_expect("a:ok");
    end(loop);
}

/* --- a deadline that comes too late -------------------------------------- */

static void on_release(struct loop_timer *t)
{
    (void)t;
    co_semaphore_release(&semaphore);
    co_condition_notify(&condition, 1);
    co_event_set(&event);
    co_event_clear(&event);
}

/* The timer and the deadlines are due in one pass, the timer first. */
static void what_was_just_granted_is_not_late(struct loop *like)
{
    struct loop *loop = begin(like);
    struct loop_timer t = {0};
    loop_timer_start(loop, &t, loop_now(loop) + LOOP_MS, on_release, NULL);
    stage_go(loop, acquires_within_1ms, "a");
    stage_go(loop, waits_within_1ms, "b");
    stage_go(loop, waits_for_event_within_1ms, "c");
    stage_go(loop, acquires_within_1ms, "d");
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    stage_settle(loop);
    stage_expect("a:ok b:ok c:ok d:late");
    end(loop);
}

/* --- conditions ---------------------------------------------------------- */

static void notify_wakes_the_first_that_wait(struct loop *like)
{
    struct loop *loop = begin(like);
    go_three(loop, waits);
    stage_go(loop, waits, "d");
    stage_settle(loop);
    co_condition_notify(&condition, 0);
    co_condition_notify(&condition, -1);
    stage_settle(loop);
    stage_expect("");
    co_condition_notify(&condition, 1);
    stage_settle(loop);
    stage_expect("a:ok");
    co_condition_notify(&condition, 2);
    stage_settle(loop);
    stage_expect("b:ok c:ok");
    co_condition_notify(&condition, 7);
    stage_settle(loop);
    stage_expect("d:ok");
    end(loop);
}

static void notify_all_wakes_all_in_order(struct loop *like)
{
    struct loop *loop = begin(like);
    go_three(loop, waits);
    stage_settle(loop);
    co_condition_notify_all(&condition);
    assert_true(waiters_empty(&condition.waiters));
    stage_settle(loop);
    stage_expect("a:ok b:ok c:ok");
    end(loop);
}

static void a_notify_that_reaches_nobody_is_not_kept(struct loop *like)
{
    struct loop *loop = begin(like);
    co_condition_notify(&condition, 1);
    co_condition_notify_all(&condition);
    struct co_task *a = stage_go(loop, waits, "a");
    stage_settle(loop);
    stage_expect("");
    co_cancel(a);
    stage_settle(loop);
    stage_expect("a:cancelled");
    end(loop);
}

static void notify_skips_those_that_are_late(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, waits, "a");
    stage_go(loop, waits_within_1ms, "b");
    stage_go(loop, waits, "c");
    stage_go(loop, waits, "d");
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    co_condition_notify(&condition, 2);
    stage_settle(loop);
    stage_expect("b:late a:ok c:ok");
    co_condition_notify(&condition, 1);
    stage_settle(loop);
    stage_expect("d:ok");
    end(loop);
}

/* FEATURES: notify re-entered from a waiter loses nothing. */
static int waits_and_notifies(void *name)
{
    waits(name);
    co_condition_notify(&condition, 1);
    return 0;
}

static void a_notify_from_a_waiter_reaches_the_next(struct loop *like)
{
    struct loop *loop = begin(like);
    go_three(loop, waits_and_notifies);
    stage_settle(loop);
    co_condition_notify(&condition, 1);
    stage_settle(loop);
    stage_expect("a:ok b:ok c:ok");
    end(loop);
}

static int waits_again(void *name)
{
    waits(name);
    return waits(name);
}

static void who_waits_again_while_all_are_notified_waits(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, waits_again, "a");
    stage_go(loop, waits_again, "b");
    stage_settle(loop);
    co_condition_notify_all(&condition);
    stage_settle(loop);
    stage_expect("a:ok b:ok");
    co_condition_notify_all(&condition);
    stage_settle(loop);
    stage_expect("a:ok b:ok");
    end(loop);
}

/* --- a condition with a lock --------------------------------------------- */

static int waits_with_lock(void *name)
{
    co_lock(&lock);
    const int error = co_condition_wait(&condition, &lock);
    stage_note("%s:%s,%s", (char *)name, stage_word(error),
               lock.owner == co_current() ? "has it" : "has it not");
    co_yield_turn(); /* the next may not come in */
    return co_unlock(&lock);
}

static int waits_with_lock_within_1ms(void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    waits_with_lock(name);
    co_deadline_end(&d);
    return 0;
}

static void a_condition_unlocks_while_it_waits(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, waits_with_lock, "a");
    stage_go(loop, waits_with_lock, "b");
    stage_settle(loop);
    assert_null(lock.owner);
    co_condition_notify_all(&condition);
    stage_settle(loop);
    stage_expect("a:ok,has it b:ok,has it");
    end(loop);
}

static void a_condition_needs_the_lock(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, holds, "first");
    stage_settle(loop);
    assert_int_equal(co_condition_wait(&condition, &lock), -EPERM);
    co_event_set(&event);
    stage_settle(loop);
    stage_expect("first:ok");
    end(loop);
}

static int waits_without_having_the_lock(void *name)
{
    stage_note("%s:%s", (char *)name,
               stage_word(co_condition_wait(&condition, &lock)));
    return 0;
}

static void a_condition_refuses_the_lock_of_another(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, waits_without_having_the_lock, "a");
    stage_go(loop, holds, "first");
    stage_go(loop, waits_without_having_the_lock, "b");
    stage_settle(loop);
    stage_expect("a:refused first:ok b:refused");
    co_event_set(&event);
    stage_settle(loop);
    end(loop);
}

/* The wait has ended early, but the lock is waited for however long. */
static void who_is_late_or_cancelled_has_the_lock_again(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, waits_with_lock_within_1ms, "a");
    struct co_task *b = stage_go(loop, waits_with_lock, "b");
    stage_settle(loop);
    stage_go(loop, holds, "c");
    stage_settle(loop);
    co_cancel(b);
    stage_advance(loop, LOOP_MS);
    stage_settle(loop);
    co_cancel(b); /* while it waits for the lock: later */
    stage_settle(loop);
    stage_expect("c:ok");
    co_event_set(&event);
    stage_settle(loop);
    stage_expect("b:cancelled,has it a:late,has it");
    end(loop);
}

static int holds_until_cancelled(void *name)
{
    co_lock(&lock);
    stage_note("%s:%s", (char *)name, stage_word(co_sleep(LOOP_NEVER)));
    return co_unlock(&lock);
}

/* While a loop is freed no wait succeeds, but this one must. */
static void a_condition_has_its_lock_again_also_at_the_end(struct loop *like)
{
    struct loop *loop = begin(like);
    stage_go(loop, waits_with_lock, "a");
    stage_go(loop, holds_until_cancelled, "b");
    stage_settle(loop);
    stage_expect("");
    loop_free(loop);
    stage_expect("b:cancelled a:cancelled,has it");
    assert_null(lock.owner);
}

/* --- events -------------------------------------------------------------- */

static void an_event_wakes_all_who_wait(struct loop *like)
{
    struct loop *loop = begin(like);
    go_three(loop, waits_for_event);
    stage_settle(loop);
    stage_expect("");
    co_event_set(&event);
    stage_expect("");
    stage_settle(loop);
    stage_expect("a:ok b:ok c:ok");
    go_three(loop, waits_for_event); /* it stays set */
    stage_settle(loop);
    stage_expect("a:ok b:ok c:ok");
    end(loop);
}

static void an_event_that_is_cleared_at_once_still_wakes(struct loop *like)
{
    struct loop *loop = begin(like);
    go_three(loop, waits_for_event);
    stage_settle(loop);
    co_event_set(&event);
    co_event_clear(&event);
    struct co_task *d = stage_go(loop, waits_for_event, "d");
    stage_settle(loop);
    stage_expect("a:ok b:ok c:ok");
    co_cancel(d);
    stage_settle(loop);
    stage_expect("d:cancelled");
    end(loop);
}

static void late_waiters_of_an_event_leave_no_trace(struct loop *like)
{
    struct loop *loop = begin(like);
    for (int i = 0; i < 101; i++)
        stage_go(loop, waits_for_event_within_1ms, "");
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    assert_true(waiters_empty(&event.waiters));
    stage_settle(loop);
    char all[101 * 6 + 1] = "";
    for (int i = 0; i < 101; i++)
        strcat(all, i == 0 ? ":late" : " :late");
    stage_expect(all);
    end(loop);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_lock_is_served_in_the_order_of_asking),
        EACH(an_unlock_hands_the_lock_to_the_next),
        EACH(locking_a_second_time_is_refused),
        EACH(unlocking_by_a_task_that_does_not_have_it_is_refused),
        EACH(outside_of_a_task_nobody_waits),
        EACH(a_cancelled_waiter_leaves_no_trace),
        EACH(a_lock_that_was_handed_over_is_not_lost_by_a_cancel),
        EACH(one_hundred_and_one_that_are_late_leave_no_trace),
        EACH(a_guard_unlocks_on_every_way_out),
        EACH(a_guard_that_was_late_unlocks_nothing),
        EACH(contended_guards_never_overlap),
        EACH(what_is_free_is_taken_without_a_wait),
        EACH(a_semaphore_lets_in_as_many_as_its_value),
        EACH(a_semaphore_is_served_in_the_order_of_asking),
        EACH(nonsense_for_a_semaphore_is_refused),
        EACH(a_release_beyond_the_bound_is_refused),
        EACH(late_waiters_of_a_semaphore_leave_no_trace),
        EACH(a_permit_that_was_handed_over_is_not_lost_by_a_cancel),
        EACH(what_was_just_granted_is_not_late),
        EACH(notify_wakes_the_first_that_wait),
        EACH(notify_all_wakes_all_in_order),
        EACH(a_notify_that_reaches_nobody_is_not_kept),
        EACH(notify_skips_those_that_are_late),
        EACH(a_notify_from_a_waiter_reaches_the_next),
        EACH(who_waits_again_while_all_are_notified_waits),
        EACH(a_condition_unlocks_while_it_waits),
        EACH(a_condition_needs_the_lock),
        EACH(a_condition_refuses_the_lock_of_another),
        EACH(who_is_late_or_cancelled_has_the_lock_again),
        EACH(a_condition_has_its_lock_again_also_at_the_end),
        EACH(an_event_wakes_all_who_wait),
        EACH(an_event_that_is_cleared_at_once_still_wakes),
        EACH(late_waiters_of_an_event_leave_no_trace),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
