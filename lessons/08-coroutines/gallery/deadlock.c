/*
 * deadlock.c - a mistake: two tasks take two locks in opposite order.
 *
 *     ann to bob    locks ann, asks the bank ... wants bob: waits
 *     bob to ann    locks bob, asks the bank ... wants ann: waits
 *
 * Each has what the other wants, for ever. co_dump tells the whole story: which
 * task waits for a lock, and which one holds it.
 *
 * With tasks a lock is rare: between two waits nobody else runs. Here there is
 * a wait in the middle, so it is needed.
 *
 * The cure: an order in which all take their locks, whatever the order in which
 * they need them; here that of their addresses. Where there is no such order, a
 * deadline: co_deadline_begin, and on -ETIMEDOUT give back what one has, and
 * try again later. The tasks here do the first half of that: when their wait
 * is ended early they let go of the other lock, and so the program ends.
 *
 * Read before: lost_wakeup.c. Read after: ../monkey/monkey.c.
 * Rests on: the dining philosophers (Dijkstra, 1971).
 */
#include "gallery.h"

#include <errno.h>
#include <stdio.h>

struct account {
    struct co_lock lock;
    int balance;
};

struct transfer {
    const char *name;
    struct account *from, *to;
    int amount;
};

static struct account ann = {.balance = 100}, bob = {.balance = 100};

static int move(const struct transfer *t)
{
    const int error = co_sleep(10 * LOOP_MS); /* the bank is asked */
    if (error != 0)
        return error;
    t->from->balance -= t->amount;
    t->to->balance += t->amount;
    return 0;
}

static int transfer(void *arg)
{
    const struct transfer *t = arg;
    co_set_name(t->name);
    const bool swapped = mended && t->from > t->to;
    struct account *first = swapped ? t->to : t->from;
    struct account *second = swapped ? t->from : t->to;

    struct co_lock *one __attribute__((cleanup(co_lock_end))) = NULL;
    struct co_lock *two __attribute__((cleanup(co_lock_end))) = NULL;
    int error = co_lock_begin(&one, &first->lock);
    if (error == 0)
        error = co_sleep(10 * LOOP_MS); /* is there enough? */
    if (error == 0)
        error = co_lock_begin(&two, &second->lock);
    return error == 0 ? move(t) : error;
}

static int first(void *arg)
{
    (void)arg;
    struct transfer there = {"ann to bob", &ann, &bob, 10};
    struct transfer back = {"bob to ann", &bob, &ann, 30};
    struct loop *loop = loop_current();
    struct co_task *tasks[] = {co_spawn(loop, transfer, &there),
                               co_spawn(loop, transfer, &back)};
    if (tasks[0] == NULL || tasks[1] == NULL)
        return -ENOMEM;
    const int error = join_or_dump(tasks, 2);
    printf("ann has %d, bob has %d\n", ann.balance, bob.balance);
    return error;
}

int main(int argc, char **argv)
{
    return gallery_main(argc, argv, "Two tasks wait for each other's lock.",
                        first);
}
