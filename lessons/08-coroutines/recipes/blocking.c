/*
 * blocking.c - recipe 2: a call that blocks, without blocking.
 *
 * `read` on this pipe sleeps until somebody writes; and who writes is another
 * task of the same thread. Called in a task it would sleep for ever. co_work
 * calls it in a thread of the pool; the task waits for that thread, and the
 * others run.
 *
 * The struct lies on the task's stack, and the thread writes into it. That is
 * safe: co_work returns only when the thread is done with it, also if the task
 * is cancelled meanwhile.
 *
 * Read before: from_callback.c, ../gallery/blocking_call.c. Read after:
 * parallel.c. Rests on: pipe(2), read(2).
 */
#include "recipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int ends[2]; /* of the pipe; both are blocking */

struct reading {
    char bytes[16];
    ssize_t n;
};

/* In a thread of the pool. */
static void blocking_read(void *arg)
{
    struct reading *r = arg;
    r->n = read(ends[0], r->bytes, sizeof r->bytes);
    if (r->n == -1)
        r->n = -errno; /* each thread has an errno of its own */
}

static int writer(void *arg)
{
    (void)arg;
    for (int i = 1; i <= 3; i++) {
        printf("the loop goes on: %d\n", i);
        co_sleep(10 * LOOP_MS);
    }
    return write(ends[1], "hello", 5) == 5 ? 0 : -errno;
}

static int task(void *arg)
{
    (void)arg;
    if (pipe2(ends, O_CLOEXEC) == -1)
        return -errno;
    int error = co_go(loop_current(), writer, NULL);
    if (error != 0)
        return error;
    struct reading r;
    error = co_work(NULL, blocking_read, &r);
    if (error != 0 || r.n < 0)
        return error != 0 ? error : (int)r.n;
    printf("read got \"%.*s\"\n", (int)r.n, r.bytes);
    return 0;
}

int main(int argc, char **argv)
{
    return recipe_main(argc, argv, "Calls what blocks in a thread of the pool.",
                       task);
}
