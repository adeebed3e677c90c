/*
 * lost_wakeup.c - a mistake: to wait for what has happened already.
 *
 * A condition has no memory. co_condition_notify wakes those who wait at that
 * moment; if there is nobody, nothing happens, and who comes later waits for
 * the next time, which may never be. No task is busy then and none has failed:
 * the program does nothing. co_dump shows who waits, for what, and since when.
 *
 *     producer    notify --> nobody there
 *     consumer                    wait ..........................
 *
 * The cure: what one waits for is a fact, here `there`; the condition only says
 * when to look at it again. So: look first, wait in a loop.
 *
 *     while (!there)
 *         co_condition_wait(&arrived, NULL);
 *
 * Or take what remembers by itself: an event, a queue, a future. Threads know
 * the same mistake, and there it comes and goes with the scheduling; tasks run
 * in an order that one can rely on, so that here it comes each time.
 *
 * Read before: forgotten_join.c. Read after: deadlock.c.
 * Rests on: pthread_cond_wait(3), "Application usage".
 */
#include "gallery.h"

#include <errno.h>
#include <stdio.h>

static struct co_condition arrived;
static bool there;

static int producer(void *arg)
{
    (void)arg;
    there = true;
    co_condition_notify(&arrived, 1);
    return 0;
}

static int wait_at_once(void)
{
    return co_condition_wait(&arrived, NULL);
}

static int look_and_wait(void)
{
    int error = 0;
    while (!there && error == 0)
        error = co_condition_wait(&arrived, NULL);
    return error;
}

static int consumer(void *arg)
{
    (void)arg;
    const int error = mended ? look_and_wait() : wait_at_once();
    if (error == 0)
        puts("it has arrived");
    return error;
}

static int first(void *arg)
{
    (void)arg;
    struct loop *loop = loop_current();
    struct co_task *tasks[] = {co_spawn(loop, producer, NULL),
                               co_spawn(loop, consumer, NULL)};
    if (tasks[0] == NULL || tasks[1] == NULL)
        return -ENOMEM;
    return join_or_dump(tasks, 2);
}

int main(int argc, char **argv)
{
    return gallery_main(argc, argv, "A task waits for what has happened.",
                        first);
}
