/*
 * from_callback.c - recipe 1: a function that waits, from one that calls back.
 *
 * loop.h can start a program and calls back when it has ended; co.h has nothing
 * for that. A future stands between the two:
 *
 *     callback   on_end ------> loop_future_set
 *     task       run_program -> co_wait ...... goes on, with the status
 *
 * What follows after co_wait is as much a part of the recipe. If the wait
 * ends early (the task is cancelled, a deadline passes), `child` and `ended`
 * are about to go with the stack that they lie on: so whoever would call back
 * is stopped first.
 *
 * Read before: ../../07-callbacks/style_placeholder.c, recipe.h.
 * Read after: blocking.c.
 */
#include "recipe.h"

#include <stdio.h>

static void on_end(struct loop_child *child)
{
    loop_future_set(child->arg, NULL);
}

/*
 * Runs a program, and returns its exit status when it has ended; or a negative
 * number: of an error, or of the signal that has ended it.
 */
static int run_program(const char *const *argv)
{
    struct loop *loop = loop_current();
    struct loop_child child = {0};
    struct loop_future ended;
    loop_future_init(loop, &ended);
    int error = loop_child_start(loop, &child,
                                 &(struct loop_child_options){.argv = argv},
                                 on_end, &ended);
    if (error != 0)
        return error;
    error = co_wait(&ended, NULL);
    if (error != 0)
        loop_child_stop(&child);
    return error != 0 ? error : child.status;
}

static int task(void *arg)
{
    (void)arg;
    const int three =
        run_program((const char *[]){"sh", "-c", "sleep 0.1; exit 3", NULL});
    const int four = run_program((const char *[]){"sh", "-c", "exit 4", NULL});
    printf("they ended with %d and %d\n", three, four);
    return three < 0 ? three : four;
}

int main(int argc, char **argv)
{
    return recipe_main(argc, argv, "Waits for programs that end.", task);
}
