/*
 * test_co_group.c - groups: nothing that was started in one outlives its end.
 *
 * Read before: test_co_wait.c, heard.h. Read after: test_co_future.c.
 * Rests on: nurseries of Trio, in their rules.
 */
#include "loop/test/each.h"
#include "loop/test/heard.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <string.h>

/* What one task of a group does. */
struct child {
    const char *name;
    int seconds;  /* it sleeps */
    int result;   /* and returns, unless the sleep was interrupted */
    bool ignores; /* a cancel: sleeps once more, and returns its result */
    int then;     /* instead of what interrupted the sleep; 0: that */
};

static int child_main(void *arg)
{
    const struct child *c = arg;
    int error = co_sleep(c->seconds * LOOP_SECOND);
    stage_note("%s:%s", c->name, stage_word(error));
    if (error != 0 && c->ignores) {
        error = co_sleep(c->seconds * LOOP_SECOND);
        stage_note("%s:%s", c->name, stage_word(error));
    }
    if (error == 0)
        return c->result;
    return c->then != 0 ? c->then : error;
}

/* The group's owner. */
struct family {
    struct child children[3];
    double deadline_s; /* 0: none */
    struct co_group group;
    int result;
};

static int family_main(void *arg)
{
    struct family *f = arg;
    struct co_deadline d;
    co_deadline_begin(&d, f->deadline_s > 0 ? loop_now(loop_current()) +
                                                  (int64_t)(f->deadline_s * 1e9)
                                            : LOOP_NEVER);
    co_group_begin(&f->group);
    for (int i = 0; i < 3 && f->children[i].name != NULL; i++)
        stage_note("go:%s", stage_word(co_group_go(&f->group, child_main,
                                                   &f->children[i])));
    f->result = co_group_wait(&f->group);
    stage_note("end:%s", stage_word(f->result));
    co_deadline_end(&d);
    return 0;
}

static struct co_task *family_go(struct loop *loop, struct family *f)
{
    struct co_task *t = co_spawn(loop, family_main, f);
    assert_non_null(t);
    co_detach(t);
    stage_settle(loop);
    return t;
}

static void pass_seconds(struct loop *loop, int n)
{
    for (int i = 0; i < n; i++) {
        stage_advance(loop, LOOP_SECOND);
        stage_settle(loop);
    }
}

/* --- the end ------------------------------------------------------------- */

static void its_end_waits_for_all(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct co_stats stats;
    struct family f = {.children = {{.name = "a", .seconds = 2, .result = 7},
                                    {.name = "b", .seconds = 1},
                                    {.name = "c", .seconds = 3, .result = 1}}};
    family_go(loop, &f);
    stage_expect("go:ok go:ok go:ok");
    pass_seconds(loop, 2);
    stage_expect("b:ok a:ok");
    pass_seconds(loop, 1);
    stage_expect("c:ok end:ok");
    assert_int_equal(f.result, 0);
    co_stats(loop, &stats);
    assert_int_equal(stats.switches, 2 * 4); /* the owner is woken once */
    stage_close(loop);
}

static void an_empty_one_ends_at_once(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct family f = {0};
    struct co_task *t = co_spawn(loop, family_main, &f);
    co_cancel(t); /* strikes only a wait that would suspend */
    stage_settle(loop);
    stage_expect("end:ok");
    assert_int_equal(co_join(t, NULL), 0);
    stage_close(loop);
}

static int wait_too_late(void *arg)
{
    struct child c = {.name = "a", .seconds = 0};
    struct co_group g;
    (void)arg;
    co_group_begin(&g);
    co_group_go(&g, child_main, &c);
    co_sleep(LOOP_SECOND);
    stage_note("end:%s", stage_word(co_group_wait(&g)));
    stage_note("go:%s", stage_word(co_group_go(&g, child_main, &c)));
    stage_note("end:%s", stage_word(co_group_wait(&g)));
    co_group_begin(&g);
    co_group_go(&g, child_main, &c);
    stage_note("end:%s", stage_word(co_group_wait(&g)));
    return 0;
}

static void when_it_is_over_it_can_begin_anew(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, wait_too_late, NULL);
    stage_settle(loop);
    stage_expect("a:ok");
    pass_seconds(loop, 1);
    stage_expect("end:ok go:refused end:refused a:ok end:ok");
    stage_close(loop);
}

/* Its tasks, and others that are shown it, may add to it. */
struct helper {
    struct co_group *group;
    struct child child;
};

static int add_to_group(void *arg)
{
    struct helper *h = arg;
    stage_note("adds:%s",
               stage_word(co_group_go(h->group, child_main, &h->child)));
    stage_note("wait:%s", stage_word(co_group_wait(h->group)));
    return 0;
}

static int group_with_helper(void *arg)
{
    struct helper *h = arg;
    struct co_group g;
    h->group = &g;
    co_group_begin(&g);
    co_group_go(&g, add_to_group, h);
    stage_note("end:%s", stage_word(co_group_wait(&g)));
    return 0;
}

static void its_tasks_may_add_to_it(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct helper h = {.child = {.name = "a", .seconds = 1}};
    co_go(loop, group_with_helper, &h);
    stage_settle(loop);
    stage_expect("adds:ok wait:refused"); /* only the owner waits */
    pass_seconds(loop, 1);
    stage_expect("a:ok end:ok");
    stage_close(loop);
}

/* Added when the last has ended and the owner has not had its turn. */
static int add_when_all_seems_over(void *arg)
{
    struct helper *h = arg;
    co_event_wait(&(struct co_event){.is_set = true});
    stage_note("adds:%s",
               stage_word(co_group_go(h->group, child_main, &h->child)));
    return 0;
}

static int wait_for_event(void *arg)
{
    return co_event_wait(arg);
}

struct pair {
    struct helper helper;
    struct co_event event;
};

static int group_with_event(void *arg)
{
    struct pair *p = arg;
    struct co_group g;
    p->helper.group = &g;
    co_group_begin(&g);
    co_group_go(&g, wait_for_event, &p->event);
    stage_note("end:%s", stage_word(co_group_wait(&g)));
    return 0;
}

static void a_task_added_at_the_last_moment_is_waited_for(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct pair p = {.helper.child = {.name = "a", .seconds = 1}};
    co_go(loop, group_with_event, &p);
    stage_settle(loop);
    co_event_set(&p.event); /* the queue: the only task, the helper, and then
                               the owner */
    co_go(loop, add_when_all_seems_over, &p.helper);
    stage_settle(loop);
    stage_expect("adds:ok");
    pass_seconds(loop, 1);
    stage_expect("a:ok end:ok");
    stage_close(loop);
}

/* --- errors -------------------------------------------------------------- */

static void the_first_error_cancels_the_rest(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct family f = {.children = {{.name = "a", .seconds = 3},
                                    {.name = "b", .seconds = 1, .result = -EIO},
                                    {.name = "c", .seconds = 2}}};
    heard_begin();
    family_go(loop, &f);
    stage_expect("go:ok go:ok go:ok");
    pass_seconds(loop, 1);
    stage_expect("b:ok a:cancelled c:cancelled end:Input/output error");
    heard_end(); /* it was returned: nothing to log */
    stage_close(loop);
}

static void later_errors_are_logged(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct family f = {
        .children = {{.name = "a", .seconds = 3, .then = -EPIPE},
                     {.name = "b", .seconds = 1, .result = -EIO},
                     {.name = "c", .seconds = 2, .then = -ENOSPC}}};
    heard_begin();
    family_go(loop, &f);
    pass_seconds(loop, 1);
    assert_int_equal(f.result, -EIO);
    heard_expect("failed as well: Broken pipe");
    heard_expect("failed as well: No space left on device");
    heard_end();
    stage_expect("go:ok go:ok go:ok b:ok a:cancelled c:cancelled "
                 "end:Input/output error");
    stage_close(loop);
}

static void a_task_that_cancels_itself_cancels_the_rest(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct family f = {
        .children = {{.name = "a", .seconds = 3},
                     {.name = "b", .seconds = 1, .result = -ECANCELED}}};
    family_go(loop, &f);
    pass_seconds(loop, 1);
    stage_expect("go:ok go:ok b:ok a:cancelled end:cancelled");
    stage_close(loop);
}

static int fail_at_once(void *arg)
{
    (void)arg;
    return -EIO;
}

static int go_after_an_error(void *arg)
{
    struct child c = {.name = "never", .seconds = 1};
    struct co_group g;
    (void)arg;
    co_group_begin(&g);
    co_group_go(&g, fail_at_once, NULL);
    co_yield_turn();
    stage_note("go:%s", stage_word(co_group_go(&g, child_main, &c)));
    stage_note("end:%s", stage_word(co_group_wait(&g)));
    return 0;
}

static void after_an_error_nothing_starts(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, go_after_an_error, NULL);
    stage_settle(loop);
    stage_expect("go:cancelled end:Input/output error");
    stage_close(loop);
}

static int go_without_stacks(void *arg)
{
    struct co_group g;
    (void)arg;
    co_group_begin(&g);
    stage_note("go:%s", stage_word(co_group_go(&g, fail_at_once, NULL)));
    stage_note("end:%s", stage_word(co_group_wait(&g)));
    return 0;
}

static void where_there_is_no_stack_the_group_says_so(struct loop *like)
{
    struct loop *loop = stage_open(like);
    const struct co_options options = {.max_tasks = 1};
    heard_begin();
    assert_int_equal(co_setup(loop, &options), 0);
    co_go(loop, go_without_stacks, NULL);
    stage_settle(loop);
    stage_expect("go:Cannot allocate memory end:ok");
    heard_expect("no stack for a task");
    heard_end();
    stage_close(loop);
}

/* --- cancels and deadlines ----------------------------------------------- */

static void a_cancel_of_the_owner_cancels_and_waits(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct family f = {
        .children = {{.name = "a", .seconds = 3},
                     {.name = "b", .seconds = 2, .ignores = true}}};
    heard_begin();
    struct co_task *owner = family_go(loop, &f);
    co_cancel(owner);
    stage_settle(loop);
    stage_expect("go:ok go:ok a:cancelled b:cancelled");
    co_cancel(owner); /* deaf by now: it strikes its next wait */
    pass_seconds(loop, 1);
    stage_expect("");
    pass_seconds(loop, 1);
    stage_expect("b:ok end:cancelled");
    heard_end(); /* that the tasks were cancelled is no news */
    stage_close(loop);
}

static void a_deadline_of_the_owner_cancels_and_waits(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct family f = {
        .children = {{.name = "a", .seconds = 1},
                     {.name = "b", .seconds = 3, .ignores = true},
                     {.name = "c", .seconds = 4}},
        .deadline_s = 2};
    family_go(loop, &f);
    pass_seconds(loop, 2);
    stage_expect("go:ok go:ok go:ok a:ok b:cancelled c:cancelled");
    pass_seconds(loop, 3);
    stage_expect("b:ok end:late");
    stage_close(loop);
}

static void an_error_behind_a_cancel_of_the_owner_is_logged(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct family f = {.children = {{.name = "a", .seconds = 3, .then = -EPIPE},
                                    {.name = "b", .seconds = 3}}};
    heard_begin();
    co_cancel(family_go(loop, &f));
    stage_settle(loop);
    stage_expect("go:ok go:ok a:cancelled b:cancelled end:cancelled");
    heard_expect("failed as well: Broken pipe");
    heard_end();
    stage_close(loop);
}

static int cancel_it(void *arg)
{
    co_cancel(arg);
    return 0;
}

static int group_and_sleep(void *arg)
{
    group_with_event(arg);
    stage_note("%s", stage_word(co_sleep(LOOP_SECOND)));
    return 0;
}

/* The last task ends, then the owner is cancelled: the end came first. */
static void an_end_before_the_cancel_is_kept(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct pair p = {0};
    struct co_task *owner = co_spawn(loop, group_and_sleep, &p);
    stage_settle(loop);
    co_event_set(&p.event);
    co_go(loop, cancel_it, owner);
    stage_settle(loop);
    stage_expect("end:ok cancelled");
    assert_int_equal(co_join(owner, NULL), 0);
    stage_close(loop);
}

static int cancel_group(void *arg)
{
    struct family *f = arg;
    co_group_cancel(&f->group);
    co_group_cancel(&f->group);
    return 0;
}

/* A second cancel would end the sleep of one that cleans up. */
static void a_group_is_cancelled_once(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct family f = {
        .children = {{.name = "a", .seconds = 1, .ignores = true},
                     {.name = "b", .seconds = 9}}};
    family_go(loop, &f);
    co_go(loop, cancel_group, &f);
    stage_settle(loop);
    stage_expect("go:ok go:ok a:cancelled b:cancelled");
    co_go(loop, cancel_group, &f);
    stage_settle(loop);
    pass_seconds(loop, 1);
    stage_expect("a:ok end:cancelled");
    stage_close(loop);
}

static int cancel_unborn(void *arg)
{
    struct child a = {.name = "a", .seconds = 1},
                 b = {.name = "b", .seconds = 1};
    struct co_group g;
    (void)arg;
    co_group_begin(&g);
    co_group_go(&g, child_main, &a);
    co_group_cancel(&g);
    stage_note("go:%s", stage_word(co_group_go(&g, child_main, &b)));
    stage_note("end:%s", stage_word(co_group_wait(&g)));
    return 0;
}

static void tasks_that_have_not_run_are_cancelled_too(struct loop *like)
{
    struct loop *loop = stage_open(like);
    co_go(loop, cancel_unborn, NULL);
    stage_settle(loop);
    stage_expect("go:cancelled a:cancelled end:cancelled");
    stage_close(loop);
}

/* --- group in group ------------------------------------------------------ */

struct tree {
    struct family inner;
    struct child sibling;
};

static int tree_main(void *arg)
{
    struct tree *tree = arg;
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, family_main, &tree->inner);
    co_group_go(&g, child_main, &tree->sibling);
    stage_note("outer:%s", stage_word(co_group_wait(&g)));
    return 0;
}

static void a_cancel_goes_down_and_the_end_comes_up(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct tree tree = {
        .inner.children = {{.name = "a", .seconds = 5},
                           {.name = "b", .seconds = 1, .ignores = true}},
        .sibling = {.name = "s", .seconds = 5},
    };
    struct co_task *root = co_spawn(loop, tree_main, &tree);
    stage_settle(loop);
    stage_expect("go:ok go:ok");
    co_cancel(root);
    stage_settle(loop);
    stage_expect("s:cancelled a:cancelled b:cancelled");
    pass_seconds(loop, 1);
    stage_expect("b:ok end:cancelled outer:cancelled");
    assert_int_equal(co_join(root, NULL), 0);
    stage_close(loop);
}

/* As family_main, but its result is the group's. */
static int strict_family_main(void *arg)
{
    struct family *f = arg;
    family_main(f);
    return f->result;
}

static int strict_tree_main(void *arg)
{
    struct tree *tree = arg;
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, strict_family_main, &tree->inner);
    co_group_go(&g, child_main, &tree->sibling);
    stage_note("outer:%s", stage_word(co_group_wait(&g)));
    return 0;
}

static void an_error_goes_up_through_groups(struct loop *like)
{
    struct loop *loop = stage_open(like);
    struct tree tree = {
        .inner.children = {{.name = "a", .seconds = 5},
                           {.name = "b", .seconds = 1, .result = -EIO}},
        .sibling = {.name = "s", .seconds = 5},
    };
    heard_begin();
    co_go(loop, strict_tree_main, &tree);
    stage_settle(loop);
    stage_expect("go:ok go:ok");
    pass_seconds(loop, 1);
    stage_expect("b:ok a:cancelled end:Input/output error s:cancelled "
                 "outer:Input/output error");
    heard_end();
    stage_close(loop);
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(its_end_waits_for_all),
        EACH(an_empty_one_ends_at_once),
        EACH(when_it_is_over_it_can_begin_anew),
        EACH(its_tasks_may_add_to_it),
        EACH(a_task_added_at_the_last_moment_is_waited_for),
        EACH(the_first_error_cancels_the_rest),
        EACH(later_errors_are_logged),
        EACH(a_task_that_cancels_itself_cancels_the_rest),
        EACH(after_an_error_nothing_starts),
        EACH(where_there_is_no_stack_the_group_says_so),
        EACH(a_cancel_of_the_owner_cancels_and_waits),
        EACH(a_deadline_of_the_owner_cancels_and_waits),
        EACH(an_error_behind_a_cancel_of_the_owner_is_logged),
        EACH(an_end_before_the_cancel_is_kept),
        EACH(a_group_is_cancelled_once),
        EACH(tasks_that_have_not_run_are_cancelled_too),
        EACH(a_cancel_goes_down_and_the_end_comes_up),
        EACH(an_error_goes_up_through_groups),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
