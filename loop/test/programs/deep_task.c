/*
 * deep_task.c - a task that stops in a function below its own, for
 * test_co_backtrace.sh to look at with a debugger.
 */
#include "loop/co.h"

#include <stdio.h>
#include <stdlib.h>

static volatile int depth;

/* Nobody inlines them, or makes a jump of the call. */
#define A_FRAME __attribute__((noinline))

static A_FRAME int on_header(const char *name)
{
    depth++;
    if (depth == 3)
        abort();
    return (int)name[0] + depth;
}

static A_FRAME int parse_page(const char *text)
{
    depth++;
    const int n = on_header(text);
    return n + depth;
}

static int fetch_page(void *arg)
{
    depth++;
    co_yield_turn(); /* so that it has been away */
    const int n = parse_page(arg);
    return n + depth;
}

int main(void)
{
    struct loop *loop;
    static char text[] = "Host";
    if (loop_new(&loop, NULL) != 0)
        return 1;
    const int n = co_run(loop, fetch_page, text);
    printf("%d\n", n);
    loop_free(loop);
    return 0;
}
