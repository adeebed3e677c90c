/*
 * background.c - recipe 6: a task that nobody waits for.
 *
 * Some work goes on beside everything else, and nobody needs its result. co_go
 * starts such a task, and there is no handle to forget. But if it fails,
 * somebody should know: the error goes into the log, with the name of the
 * function and the line where it was started. The program goes on.
 *
 * A task that never ends by itself is another matter: keep its handle
 * (co_spawn), and cancel and join it at the end.
 *
 * Read before: loop.c. Read after: ../gallery/forgotten_join.c.
 */
#include "recipe.h"

#include <errno.h>
#include <stdio.h>

/* Fails at the third time. */
static int tidy_up(void *arg)
{
    (void)arg;
    for (int i = 1; i < 3; i++) {
        const int error = co_sleep(10 * LOOP_MS);
        if (error != 0)
            return error;
        printf("tidied up: %d\n", i);
    }
    return -ENOSPC;
}

static int task(void *arg)
{
    (void)arg;
    int error = co_go(loop_current(), tidy_up, NULL);
    for (int i = 1; i <= 5 && error == 0; i++) {
        error = co_sleep(10 * LOOP_MS);
        printf("served: %d\n", i);
    }
    return error;
}

int main(int argc, char **argv)
{
    return recipe_main(argc, argv, "Serves, and tidies up in the background.",
                       task);
}
