/*
 * blocking_call.c - a mistake: a task calls something that blocks.
 *
 * All tasks share one thread. A call that puts the thread to sleep, here one
 * that stands for a query to a database, puts all of them to sleep. It need not
 * be called sleep: getaddrinfo(3), a library for a database, a read from a disk
 * do the same. To see it:
 *
 *     build/lessons/08-coroutines/gallery/blocking_call
 *     LOOP_WATCHDOG=50 build/lessons/08-coroutines/gallery/blocking_call
 *
 * The first shows no point between the brackets. The second names the task that
 * holds the loop, while it does, and the stack that it stands on: nanosleep is
 * at the top. Static functions have no names there; addr2line -e PROGRAM turns
 * (+0x8d05) into a line.
 *
 * The cure: if there is a function that waits as a task, use that one (co_sleep
 * for a sleep, co_recv for a recv). If there is none, have a thread of the pool
 * block: co_work.
 *
 * Read before: gallery.h, ../recipes/blocking.c. Read after: cpu_in_task.c.
 * Rests on: nanosleep(2).
 */
#include "gallery.h"

#include <errno.h>
#include <time.h>

/* A library's function: it knows nothing of tasks. */
static void query(void *arg)
{
    (void)arg;
    struct timespec left = {.tv_sec = 1};
    while (nanosleep(&left, &left) == -1 && errno == EINTR)
        continue; /* the watchdog's signal woke it */
}

static int work(void *arg)
{
    if (mended)
        return co_work(NULL, query, arg);
    query(arg);
    return 0;
}

static int first(void *arg)
{
    (void)arg;
    return beside_a_beat(work);
}

int main(int argc, char **argv)
{
    return gallery_main(argc, argv, "A task calls something that blocks.",
                        first);
}
