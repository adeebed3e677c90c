/*
 * generator.c - stackless coroutines: functions that go on where they stopped,
 * by `switch`.
 *
 * A *coroutine* is a function that can stop half-way, give its place to others,
 * and go on later. A *generator* is one that hands out a value at each stop: it
 * *yields*. C has none; but to stop is to return, and to go on is to jump
 * behind that return. Any label will do, and `case` is one: a switch may jump
 * into the middle of a loop.
 *
 * What a function knows dies when it returns. So two things move into a struct:
 * the place where it goes on, and each variable that has to live. That is all
 * that this coroutine is: no stack, and no switch that C does not know. Hence
 * it costs next to nothing. The price:
 *
 *   - Locals die. Were `i` a local variable, it would be a new one at each
 *     call, and the jump to `case YIELDED` would pass its first value by.
 *   - Only the coroutine itself can yield. A function that it calls can return
 *     to it, not to its caller: so a nested generator needs a struct inside the
 *     outer's struct, and each value passes through every level (`twice_next`).
 *
 * Python's generators and C#'s and Rust's async functions are of this kind: the
 * compiler writes the struct and the switch.
 *
 * Read before: ../07-callbacks/crawl.c. Read after: ucontext.c.
 * Rests on: C17 section 6.8.4.2 (the switch statement).
 */
#include "../common/common.h"

#include <stdio.h>

enum { TIMES = 4, ROUNDS = 2 };

enum place { START, YIELDED, ENDED };

static int yields; /* values handed out, by whichever generator */

struct letters {
    enum place at;
    int i;
    char letter; /* filled by the user */
};

/* Yields its letter TIMES times; then, and ever after, a NUL. */
static char letters_next(struct letters *g)
{
    switch (g->at) {
    case START:
        for (g->i = 0; g->i < TIMES; g->i++) {
            g->at = YIELDED;
            yields++;
            return g->letter;
        case YIELDED:; /* the next call goes on here */
        }
        g->at = ENDED;
        break;
    case ENDED:
        break;
    }
    return '\0';
}

struct twice {
    enum place at;
    int i;
    char letter; /* filled by the user */
    char value;
    struct letters inner;
};

/* Yields all values of an inner generator, ROUNDS times. */
static char twice_next(struct twice *g)
{
    switch (g->at) {
    case START:
        for (g->i = 0; g->i < ROUNDS; g->i++) {
            g->inner = (struct letters){.letter = g->letter};
            while ((g->value = letters_next(&g->inner)) != '\0') {
                g->at = YIELDED;
                yields++; /* once more for the same value: it is passed on */
                return g->value;
            case YIELDED:;
            }
        }
        g->at = ENDED;
        break;
    case ENDED:
        break;
    }
    return '\0';
}

int main(int argc, char **argv)
{
    const struct option options[] = {{.name = NULL}};
    parse_options(argc, argv, "Two generators take turns, by switch.", options);

    struct letters a = {.letter = 'a'}, b = {.letter = 'b'};
    for (char letter; (letter = letters_next(&a)) != '\0';)
        printf("%c%c", letter, letters_next(&b));
    printf("\na generator is %zu bytes\n", sizeof a);

    struct twice c = {.letter = 'c'};
    yields = 0;
    while (twice_next(&c) != '\0')
        continue;
    printf("nested in another, both are %zu bytes, and %d values are yielded "
           "%d times\n",
           sizeof c, TIMES * ROUNDS, yields);
}
