/*
 * tasks.c - two tasks, two locks, two orders: the loop's own list says it, the
 * kernel sees a thread that waits for events.
 */
#include "loop/co.h"
#include "scene.h"

static struct co_lock locks[2];

static int take(int mine)
{
    int error = co_lock(&locks[mine]);
    if (error == 0)
        error = co_yield_turn();
    return error != 0 ? error : co_lock(&locks[1 - mine]);
}

static int forth(void *arg)
{
    (void)arg;
    return take(0);
}

static int back(void *arg)
{
    (void)arg;
    return take(1);
}

static int first(void *arg)
{
    struct loop *loop = arg;
    struct co_task *one = co_spawn(loop, forth, NULL);
    struct co_task *two = co_spawn(loop, back, NULL);
    for (int i = 0; i < 4; i++)
        co_yield_turn();
    co_dump(loop, STDOUT_FILENO);
    scene_say("now");
    const int error = co_join(one, NULL);
    return error != 0 ? error : co_join(two, NULL);
}

int main(void)
{
    struct loop *loop;
    if (loop_new(&loop, NULL) != 0)
        return 1;
    return co_run(loop, first, loop) != 0;
}
