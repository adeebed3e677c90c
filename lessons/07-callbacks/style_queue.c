/*
 * style_queue.c - asynchronous style 3: a queue of results.
 *
 * Who starts an operation goes on. Results come out of one queue in the order
 * in which they are ready, and the consumer has to find out what each belongs
 * to. It is the style of io_uring's completions (lesson 06), and of workers
 * that take jobs from one queue and put results into another.
 *
 * Read before: style_placeholder.c. Read after: style_registry.c.
 */
#include "../common/common.h"
#include "square.h"

#include <stdio.h>

enum { QUEUE_MAX = 2 }; /* as many as there are operations at most */

static struct miniloop loop;
static struct {
    const struct square *items[QUEUE_MAX];
    int n, taken;
} queue;

static void on_square(struct square *s)
{
    queue.items[queue.n++] = s; /* there is room for all that were started */
    mini_stop(&loop);
}

/* The next result; runs the loop while there is none. */
static const struct square *queue_take(void)
{
    while (queue.taken == queue.n) {
        const int error = mini_run(&loop);
        if (error != 0)
            die(-error, NULL, "the loop failed");
    }
    return queue.items[queue.taken++];
}

int main(int argc, char **argv)
{
    parse_options(argc, argv,
                  "Squares two numbers at once, with a queue of results.",
                  &(struct option){.name = NULL});
    const int error = mini_init(&loop);
    if (error != 0)
        die(-error, NULL, "cannot set up the loop");
    struct square three, four;
    square_start(&loop, &three, 3, on_square);
    square_start(&loop, &four, 4, on_square);
    int sum = 0;
    for (int i = 0; i < 2; i++)
        sum += queue_take()->result;
    printf("3*3 + 4*4 = %d\n", sum);
    mini_fini(&loop);
}
