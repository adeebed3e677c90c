/*
 * recipe.c - see recipe.h: how a program that is not yet a task becomes one.
 *
 * There are three ways. co_run, here, runs the loop until one task has ended,
 * and returns its result: for programs that do one thing. loop_run runs until
 * somebody calls loop_stop: for servers, whose tasks are started by co_go.
 * loop_future_wait runs until a future is settled: for a step of a program that
 * is not written with tasks otherwise.
 */
#include "recipe.h"

#include "../../common/common.h"

#include <stdio.h>

int recipe_main(int argc, char **argv, const char *about, co_fn *task)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* in order with what the log says */
    parse_options(argc, argv, about, &(struct option){.name = NULL});
    struct loop *loop;
    int error = loop_new(&loop, NULL);
    if (error == 0)
        error = co_run(loop, task, NULL);
    loop_free(loop);
    if (error < 0)
        die(-error, NULL, "the recipe failed");
    return 0;
}
