/*
 * style_registry.c - asynchronous style 4: a registry of callbacks, as for
 * POSIX signals.
 *
 * A function is registered once for a kind of event, before and apart from any
 * operation: as sigaction(2) does for a signal. Who starts an operation says
 * nothing about the result. So the function gets every event of its kind, has
 * nothing but the event itself to tell them apart, and works on globals.
 *
 * Read before: style_queue.c. Read after: fetch.c.
 * Rests on: sigaction(2), for the likeness.
 */
#include "../common/common.h"
#include "square.h"

#include <stdio.h>

enum kind { SQUARED, KINDS };

typedef void (*handler)(int n, int result);

static struct miniloop loop;
static handler registry[KINDS];
static int sum, waiting_for;

/* Like signal(2): there is one function for a kind; the last one wins. */
static void on(enum kind kind, handler function)
{
    registry[kind] = function;
}

static void raise_event(struct square *s)
{
    if (registry[SQUARED] != NULL)
        registry[SQUARED](s->n, s->result);
}

static void handle_square(int n, int result)
{
    if (n != 3 && n != 4)
        return; /* somebody else's */
    sum += result;
    if (--waiting_for > 0)
        return;
    printf("3*3 + 4*4 = %d\n", sum);
    mini_stop(&loop);
}

int main(int argc, char **argv)
{
    parse_options(argc, argv,
                  "Squares two numbers at once, with a registry of callbacks.",
                  &(struct option){.name = NULL});
    struct square three, four;
    int error = mini_init(&loop);
    if (error == 0) {
        on(SQUARED, handle_square);
        waiting_for = 2;
        square_start(&loop, &three, 3, raise_event);
        square_start(&loop, &four, 4, raise_event);
        error = mini_run(&loop);
        mini_fini(&loop);
    }
    if (error != 0)
        die(-error, NULL, "the loop failed");
}
