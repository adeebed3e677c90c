/*
 * group.c - structured concurrency: tasks that do not outlive the block that
 * started them.
 *
 * A task that is merely started is like a goto: one no longer sees from the
 * code who runs when. A group gives it a block: from co_group_begin to
 * co_group_wait, at whose end all are done. So errors have somewhere to go (to
 * the one who waits), and so do cancels (to all that are inside).
 *
 *     owner      begin --+-- go --+-- go --+-- wait ........... --> result
 *     task 1             +--------|--------|----- error -.      ^
 *     task 2                      +--------|---- cancelled -----+
 *     task 3                               +---- cancelled -----'
 *
 * The wait for the end cannot itself be ended early. If it is interrupted it
 * cancels the tasks, and goes on waiting, deaf, until the last has ended.
 *
 * Read before: task.c, wait.c. Read after: lock.c.
 * Rests on: nurseries of Trio; "Notes on structured concurrency" (N. J. Smith).
 */
#include "loop/co/co_internal.h"

#include <errno.h>

/* Without an owner a group is over: outside a task it never begins. */
void co_group_begin(struct co_group *g)
{
    struct co_task *owner = co_running;
    *g = (struct co_group){.owner = owner};
    base_list_init(&g->tasks);
    if (owner == NULL)
        return;
    g->loop = owner->scheduler->loop;
    owner->n_groups++;
}

int co_group_go_named(struct co_group *g, co_fn *fn, void *arg,
                      const char *place)
{
    if (g->owner == NULL)
        return -EPERM;
    if (g->cancelled)
        return -ECANCELED;
    struct co_task *t = co_spawn_named(g->loop, fn, arg, place);
    if (t == NULL)
        return -ENOMEM;
    t->group = g;
    g->n++;
    base_list_append(&g->tasks, &t->sibling);
    return 0;
}

void co_group_cancel(struct co_group *g)
{
    if (g->cancelled)
        return; /* a second one would strike those that clean up */
    g->cancelled = true;
    struct base_list *link = g->tasks.next;
    while (link != &g->tasks) {
        struct co_task *t = base_container(link, struct co_task, sibling);
        link = link->next;
        co_cancel(t);
    }
}

/* The first error is the group's; those of the cancelled are its echo. */
static void note(struct co_group *g, const struct co_task *t)
{
    if (g->error == 0) {
        g->error = t->result;
        co_group_cancel(g);
    } else if (t->result != -ECANCELED) {
        base_log_error("the task %s failed as well: %s", t->place,
                       strerror(-t->result));
    }
}

void group_ended(struct co_group *g, struct co_task *t)
{
    base_list_remove(&t->sibling);
    g->n--;
    if (t->result < 0)
        note(g, t);
    struct waiter *w = waiters_first(&g->waiters);
    if (g->n == 0 && w != NULL)
        waiter_wake(w, 0);
}

static void group_describe(const struct co_task *t, struct base_buf *out)
{
    const struct waiter *w = t->wait;
    const struct co_group *g = w->object;
    base_buf_printf(out, " of %d tasks", g->n);
}

static const struct wait_kind listening = {"group", waiter_interrupt,
                                           group_describe};
static const struct wait_kind deaf = {"cancelled group", NULL, group_describe};

/* More than once if others add tasks before the owner has its turn. */
static int wait_for_end(struct co_group *g)
{
    int error = 0;
    while (g->n > 0) {
        struct waiter w;
        const int ended = waiters_wait(
            &g->waiters, &w, error == 0 ? &listening : &deaf, g, NULL);
        if (ended == 0)
            continue;
        error = ended;
        co_group_cancel(g);
    }
    return error;
}

int co_group_wait(struct co_group *g)
{
    if (co_running == NULL || g->owner != co_running)
        return -EPERM;
    const int error = wait_for_end(g);
    if (error != 0 && g->error != 0 && g->error != -ECANCELED)
        base_log_error("a task in a group of %s failed as well: %s",
                       g->owner->place, strerror(-g->error));
    g->owner->n_groups--;
    g->owner = NULL;
    return error != 0 ? error : g->error;
}
