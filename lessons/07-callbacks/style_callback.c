/*
 * style_callback.c - asynchronous style 1: callbacks.
 *
 * Who starts an operation says which function gets the result. What one wants
 * with both results lies in two functions and in what they share.
 *
 * Read before: square.h. Read after: style_placeholder.c.
 */
#include "../common/common.h"
#include "square.h"

#include <stdio.h>

static struct miniloop loop;
static int sum, waiting_for;

static void on_square(struct square *s)
{
    sum += s->result;
    if (--waiting_for > 0)
        return;
    printf("3*3 + 4*4 = %d\n", sum);
    mini_stop(&loop);
}

int main(int argc, char **argv)
{
    parse_options(argc, argv, "Squares two numbers at once, with callbacks.",
                  &(struct option){.name = NULL});
    struct square three, four;
    int error = mini_init(&loop);
    if (error == 0) {
        waiting_for = 2;
        square_start(&loop, &three, 3, on_square);
        square_start(&loop, &four, 4, on_square);
        error = mini_run(&loop);
        mini_fini(&loop);
    }
    if (error != 0)
        die(-error, NULL, "the loop failed");
}
