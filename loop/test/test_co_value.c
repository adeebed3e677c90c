/*
 * test_co_value.c - values of a task: its own, over all waits, and dropped at
 * its end. FEATURES 1.6, point 11 (ContextVarsTest).
 *
 * Read before: stage.h. Rests on: pthread_setspecific(3), in its rules.
 */
#include "loop/test/each.h"
#include "loop/test/heard.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <stdlib.h>

static const struct co_key user, page; /* without drop: told apart by address */

static const char *word(const void *value)
{
    return value != NULL ? value : "none";
}

static void note_values(const char *who)
{
    stage_note("%s:%s,%s", who, word(co_get(&user)), word(co_get(&page)));
}

/* Sets its values, and looks again after each of several kinds of waits. */
static int keep_values(void *arg)
{
    char *name = arg;
    struct co_lock lock = {0};
    note_values(name);
    co_set(&user, name);
    co_set(&page, "p");
    co_yield_turn();
    note_values(name);
    co_sleep(LOOP_SECOND);
    co_lock(&lock);
    co_set(&page, name);
    co_yield_turn();
    co_unlock(&lock);
    note_values(name);
    co_set(&user, NULL);
    note_values(name);
    return 0;
}

static void values_survive_waits_and_stay_with_their_task(struct loop *like)
{
    struct loop *loop = stage_open(like);
    stage_go(loop, keep_values, "a");
    stage_go(loop, keep_values, "b");
    stage_settle(loop);
    stage_expect("a:none,none b:none,none a:a,p b:b,p");
    assert_null(co_get(&user)); /* main is no task, and has none */
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("a:a,a a:none,a b:b,b b:none,b");
    stage_close(loop);
}

/* Also not from a task that has ended to the next one on its stack. */
static int spawn_child(void *arg)
{
    co_set(&user, "parent");
    stage_go(arg, keep_values, "child");
    co_yield_turn();
    note_values("parent");
    return 0;
}

static void values_are_not_inherited(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, spawn_child, loop);
    stage_settle(loop);
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("child:none,none parent:parent,none child:child,p "
                 "child:child,child child:none,child");
    stage_close(loop);
}

/* --- dropping ------------------------------------------------------------ */

static void drop(void *value)
{
    stage_note("drop:%s", (const char *)value);
    free(value);
}

static void drop_slowly(void *value)
{
    stage_note("drops:%s", (const char *)value);
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    free(value);
}

static const struct co_key owned = {drop}, slow = {drop_slowly};

static int own_values(void *arg)
{
    stage_note("%s", (const char *)arg);
    co_set(&owned, base_strdup("one"));
    co_set(&slow, base_strdup("two"));
    co_set(&user, "borrowed");
    return co_sleep(LOOP_SECOND);
}

static void values_are_dropped_when_the_task_has_ended(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_task *t = stage_go(loop, own_values, "a");
    stage_settle(loop);
    stage_expect("a");
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("drops:two"); /* the newest first; it may wait */
    co_cancel(t);              /* which does not concern it any more */
    stage_advance(loop, LOOP_SECOND);
    stage_settle(loop);
    stage_expect("ok drop:one");
    stage_close(loop);
}

static int replace_value(void *arg)
{
    char *mine = arg;
    co_set(&owned, mine);
    stage_note("%d", co_get(&owned) == mine);
    co_set(&owned, NULL);
    stage_note("%s", word(co_get(&owned)));
    return 0;
}

/* What is replaced was the caller's, and is his again. */
static void only_what_is_there_at_the_end_is_dropped(struct loop *like)
{
    struct loop *loop = stage_open(like);
    char mine[] = "mine";
    co_go(loop, replace_value, mine);
    stage_settle(loop);
    stage_expect("1 none");
    stage_close(loop);
}

/* A task without a chance to end by itself. */
static void values_are_dropped_when_the_loop_is_freed(struct loop *like)
{
    struct loop *loop = stage_open(like);
    stage_go(loop, own_values, "a");
    stage_settle(loop);
    heard_begin();
    loop_free(loop);
    heard_expect("own_values (");
    heard_end();
    stage_expect("a drops:two cancelled drop:one");
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(values_survive_waits_and_stay_with_their_task),
        EACH(values_are_not_inherited),
        EACH(values_are_dropped_when_the_task_has_ended),
        EACH(only_what_is_there_at_the_end_is_dropped),
        EACH(values_are_dropped_when_the_loop_is_freed),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
