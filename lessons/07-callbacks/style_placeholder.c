/*
 * style_placeholder.c - asynchronous style 2: placeholders, called futures or
 * promises elsewhere.
 *
 * Who starts an operation gets an object at once. It has no value yet; one can
 * keep it, hand it on, and ask it when the value is needed. Here the asking
 * runs the loop until the value is there, which only main may do: a callback
 * would run the loop inside the loop. Lesson 08 mends that: a coroutine waits.
 *
 * Read before: style_callback.c. Read after: style_queue.c.
 */
#include "../common/common.h"
#include "square.h"

#include <stdio.h>

/* The place that a value will have. */
struct future {
    struct square square; /* how it comes about; the first field */
    bool done;
    int value;
};

static struct miniloop loop;

static void on_square(struct square *s)
{
    struct future *f = (struct future *)s;
    f->value = s->result;
    f->done = true;
    mini_stop(&loop); /* perhaps somebody waits for it */
}

static void future_square(struct future *f, int n)
{
    f->done = false;
    square_start(&loop, &f->square, n, on_square);
}

static int future_value(const struct future *f)
{
    while (!f->done) {
        const int error = mini_run(&loop);
        if (error != 0)
            die(-error, NULL, "the loop failed");
    }
    return f->value;
}

int main(int argc, char **argv)
{
    parse_options(argc, argv, "Squares two numbers at once, with placeholders.",
                  &(struct option){.name = NULL});
    const int error = mini_init(&loop);
    if (error != 0)
        die(-error, NULL, "cannot set up the loop");
    struct future three, four;
    future_square(&three, 3);
    future_square(&four, 4);
    printf("3*3 + 4*4 = %d\n", future_value(&three) + future_value(&four));
    mini_fini(&loop);
}
