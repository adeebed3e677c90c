/*
 * tree.c - see tree.h.
 *
 * A node is a task and its memory, which the last of its cleanups frees: so a
 * cleanup that is left out is a leak, and one that runs twice a double free.
 * What a node does at random it does with whatever may end it early; most give
 * up then, as they should, and some do not, but in every second tree.
 */
#include "loop/test/tree.h"
#include "loop/co/co_internal.h"
#include "loop/test/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MOST_TASKS = 150, DEPTH = 5, STEPS = 100, ENOUGH_STEPS = 10000 };

struct tree {
    struct tree_result *result;
    struct loop *loop;
    const char *wrong; /* NULL: nothing */
    int64_t clock_ns;
    uint64_t random;
    bool freeing;
    bool obedient;          /* nobody goes on after an error */
    struct base_list nodes; /* that live */
    int n_nodes, orphans;
    struct co_lock lock;
    struct co_queue queue;
    struct co_channel channel;
};

struct node {
    struct base_list link;
    struct tree *tree;
    struct co_task *task;
    int depth;
    int *alive; /* how many of its kind are, for who waits for them */
    int pair[2];
    struct co_cleanup free_it, close_it, use_it;
};

static int below(struct tree *t, unsigned n)
{
    return (int)random_below(&t->random, n);
}

static int64_t fake_clock(void *arg)
{
    const struct tree *t = arg;
    return t->clock_ns;
}

static int64_t a_while(struct node *n)
{
    return below(n->tree, 20) * LOOP_MS;
}

/* --- memory -------------------------------------------------------------- */

static struct node *node_new(struct tree *t, int depth, int *alive)
{
    struct node *n = base_alloc(sizeof *n);
    n->tree = t;
    n->depth = depth;
    n->alive = alive;
    base_list_append(&t->nodes, &n->link);
    t->n_nodes++;
    t->result->tasks++;
    ++*alive;
    return n;
}

static void node_free(void *arg)
{
    struct node *n = arg;
    base_list_remove(&n->link);
    n->tree->n_nodes--;
    --*n->alive;
    free(n);
}

/* --- cleanups, which wait ------------------------------------------------ */

/* As the last words to a peer would. */
static void close_pair(void *arg)
{
    struct node *n = arg;
    co_write(n->pair[0], "bye", 3);
    loop_close(n->tree->loop, n->pair[0]);
    co_sleep(a_while(n));
    loop_close(n->tree->loop, n->pair[1]);
}

/* A cleanup that needs a descriptor of its own. */
static void use_event(void *arg)
{
    struct node *n = arg;
    uint64_t value = 0;
    const int fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    co_yield_turn();
    const ssize_t got = co_read(fd, &value, sizeof value);
    if (got != (ssize_t)sizeof value && !n->tree->freeing)
        n->tree->wrong = "a cleanup was cancelled";
    loop_close(n->tree->loop, fd);
}

/* --- what a node does: 0, or what ended it early ------------------------- */

static int sleeps(struct node *n)
{
    return co_sleep(a_while(n));
}

static int sleeps_shielded(struct node *n)
{
    co_shield_begin();
    const int error = co_sleep(a_while(n));
    co_shield_end();
    if (error != 0 && !n->tree->freeing)
        n->tree->wrong = "a shielded wait ended early";
    return error;
}

static int locks(struct node *n)
{
    struct co_lock *held __attribute__((cleanup(co_lock_end))) = NULL;
    const int error = co_lock_begin(&held, &n->tree->lock);
    return error != 0 ? error : sleeps(n);
}

static int puts_something(struct node *n)
{
    return co_queue_put(&n->tree->queue, n->tree);
}

static int gets_something(struct node *n)
{
    void *item;
    return co_queue_get(&n->tree->queue, &item);
}

static int chooses(struct node *n)
{
    struct tree *t = n->tree;
    char in, out = 'x';
    struct co_case cases[] = {{.channel = &t->channel, .send = &out},
                              {.channel = &t->channel, .receive = &in}};
    const int chosen = co_select(cases, 2, true);
    return chosen < 0 ? chosen : 0;
}

static int sends_bytes(struct node *n)
{
    const ssize_t sent = co_write(n->pair[1], "x", 1);
    return sent < 0 ? (int)sent : 0;
}

/* Waits for ever if none were sent. */
static int receives_bytes(struct node *n)
{
    char byte;
    const ssize_t got = co_recv(n->pair[0], &byte, 1);
    return got < 0 ? (int)got : 0;
}

static int live(void *arg);

static bool may_grow(const struct node *n)
{
    return n->depth < DEPTH && n->tree->n_nodes < MOST_TASKS;
}

static int does_something(struct node *n);

static int begins_group(struct node *n)
{
    struct co_group group;
    int alive = 0, error = 0;
    co_group_begin(&group);
    for (int i = below(n->tree, 4); i >= 0 && error == 0 && may_grow(n); i--) {
        struct node *child = node_new(n->tree, n->depth + 1, &alive);
        if (co_group_go(&group, live, child) != 0)
            node_free(child);
        if (below(n->tree, 8) == 0)
            co_group_cancel(&group);
        error = below(n->tree, 4) == 0 ? does_something(n) : 0;
        if (error != 0)
            co_group_cancel(&group);
    }
    const int first = co_group_wait(&group);
    if (alive != 0)
        n->tree->wrong = "a group is over and its tasks are not";
    return error != 0 ? error : first;
}

/* One that is to be joined whatever happens. */
static int joins(struct node *n)
{
    if (!may_grow(n))
        return 0;
    int alive = 0;
    struct node *child = node_new(n->tree, n->depth + 1, &alive);
    struct co_task *task = co_spawn(n->tree->loop, live, child);
    if (task == NULL) {
        node_free(child);
        return -ENOMEM;
    }
    const int error = co_join(task, NULL);
    if (error == 0)
        return 0;
    co_cancel(task);
    co_shield_begin();
    if (co_join(task, NULL) != 0) { /* the loop is freed */
        if (alive > 0)
            child->alive = &n->tree->orphans;
        co_detach(task);
    }
    co_shield_end();
    return error;
}

static int (*const deeds[])(struct node *n) = {
    sleeps,         sleeps_shielded, locks,        puts_something,
    gets_something, chooses,         sends_bytes,  receives_bytes,
    begins_group,   begins_group,    begins_group, joins,
};
enum { N_DEEDS = sizeof deeds / sizeof *deeds };

static int does_something(struct node *n)
{
    n->tree->result->ops++;
    return deeds[below(n->tree, N_DEEDS)](n);
}

static int does_something_in_time(struct node *n)
{
    struct co_deadline d;
    const int64_t now_ns = loop_now(n->tree->loop);
    co_deadline_begin(&d, now_ns + a_while(n));
    const int error = does_something(n);
    co_deadline_end(&d);
    return error;
}

static int lives_on(struct node *n)
{
    for (int i = below(n->tree, 6); i >= 0; i--) {
        const int error = below(n->tree, 3) == 0 ? does_something_in_time(n)
                                                 : does_something(n);
        if (error != 0 && (n->tree->obedient || below(n->tree, 8) > 0))
            return error;
    }
    return below(n->tree, 10) == 0 ? -EIO : 0;
}

static int live(void *arg)
{
    struct node *n = arg;
    n->task = co_current();
    co_defer(&n->free_it, node_free, n);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                   n->pair) == -1)
        return -errno;
    co_defer(&n->close_it, close_pair, n);
    if (below(n->tree, 2) == 0)
        co_defer(&n->use_it, use_event, n);
    const int error = lives_on(n);
    n->tree->result->failed += error < 0;
    if (below(n->tree, 4) == 0)
        co_defer_run(&n->close_it); /* out of turn */
    return error;
}

/* --- growing one --------------------------------------------------------- */

/* Anybody, also one that has not begun or is cleaning up. */
static void cancel_somebody(struct tree *t)
{
    if (t->n_nodes == 0)
        return;
    struct base_list *link = t->nodes.next;
    for (int i = below(t, (unsigned)t->n_nodes); i > 0; i--)
        link = link->next;
    const struct node *n = base_container(link, struct node, link);
    if (n->task == NULL)
        return;
    co_cancel(n->task);
    t->result->cancels++;
}

/* Until nobody is ready: see run_tasks in actors.c. */
static void run_tasks(struct tree *t)
{
    struct co_stats before, after;
    do {
        co_stats(t->loop, &before);
        loop_run_once(t->loop, 0);
        co_stats(t->loop, &after);
    } while (after.switches != before.switches);
}

/* Those whom the timers wake are ready when somebody is cancelled. */
static void step(struct tree *t, bool cancels)
{
    t->clock_ns += below(t, 4) * LOOP_MS;
    loop_run_once(t->loop, 0);
    if (cancels)
        cancel_somebody(t);
    run_tasks(t);
}

static void grow(struct tree *t, struct co_task *root)
{
    int left = below(t, 4) == 0 ? below(t, STEPS) : -1;
    while (!co_ended(root) && left-- != 0)
        step(t, below(t, 4) == 0);
}

/* One cancel, of the root, reaches all. */
static void grow_obedient(struct tree *t, struct co_task *root)
{
    for (int left = below(t, STEPS); !co_ended(root) && left > 0; left--)
        step(t, false);
    co_cancel(root);
    t->result->cancels++;
    for (int left = ENOUGH_STEPS; !co_ended(root) && left > 0; left--)
        step(t, false);
    if (!co_ended(root))
        t->wrong = "a tree does not end although its root is cancelled";
}

static void look_around(struct tree *t)
{
    struct co_stats stats;
    co_stats(t->loop, &stats);
    if (t->n_nodes != 0)
        t->wrong = "a node is left";
    else if (stats.tasks != 0)
        t->wrong = "a task is left";
    else if (t->lock.owner != NULL || !waiters_empty(&t->lock.waiters))
        t->wrong = "a lock is held";
    else if (!waiters_empty(&t->queue.getters) ||
             !waiters_empty(&t->queue.putters) ||
             !waiters_empty(&t->channel.senders) ||
             !waiters_empty(&t->channel.receivers))
        t->wrong = "somebody waits";
}

static void live_and_die(struct tree *t)
{
    int alive = 0;
    struct node *node = node_new(t, 0, &alive);
    struct co_task *root = co_spawn(t->loop, live, node);
    t->obedient = below(t, 2) == 0;
    if (t->obedient)
        grow_obedient(t, root);
    else
        grow(t, root);
    if (co_ended(root)) {
        co_join(root, NULL);
        look_around(t);
        loop_free(t->loop);
    } else {
        co_detach(root);
        t->freeing = true;
        loop_free(t->loop);
        if (t->n_nodes != 0)
            t->wrong = "a node is left after the loop";
        if (t->lock.owner != NULL)
            t->wrong = "a lock is held after the loop";
    }
}

static void report(struct tree *t, const char *backend, uint64_t seed)
{
    t->result->differs = t->wrong != NULL;
    if (t->wrong != NULL)
        snprintf(t->result->text, sizeof t->result->text,
                 "%s\nrepeat it with:\n  LOOP_BACKEND=%s SEED=%llu OPS=1 %s\n",
                 t->wrong, backend, (unsigned long long)seed,
                 program_invocation_name);
}

void tree_run(const char *backend, uint64_t seed, struct tree_result *result)
{
    *result = (struct tree_result){0};
    struct tree t = {
        .result = result, .clock_ns = 1000 * LOOP_SECOND, .random = seed};
    const struct loop_options options = {
        .backend = backend, .clock_ns = fake_clock, .clock_arg = &t};
    result->error = loop_new(&t.loop, &options);
    if (result->error != 0)
        return;
    base_list_init(&t.nodes);
    co_queue_init(&t.queue, CO_FIFO, 2, NULL);
    co_channel_init(&t.channel, 1, 0);
    live_and_die(&t);
    if (t.wrong == NULL) {
        co_queue_fini(&t.queue);
        co_channel_fini(&t.channel);
    }
    report(&t, backend, seed);
}
