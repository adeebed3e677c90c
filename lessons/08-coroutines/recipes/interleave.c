/*
 * interleave.c - recipe 4: start now, wait later.
 *
 * A file is fetched and written in chunks. Straight code would fetch, write,
 * fetch, write. Here the next chunk is under way while this one is written:
 *
 *     fetch   1 ----- 2 ----- 3 -----
 *     write           1 ----- 2 ----- 3 -----
 *
 * co_group_go starts the fetch; then one may do what one likes, also wait for
 * something else; co_group_wait waits for its end. Whatever goes wrong between
 * the two, no fetch is left behind that writes into a chunk that has gone.
 *
 * Read before: parallel.c. Read after: loop.c.
 */
#include "recipe.h"

#include <stdio.h>

enum { CHUNKS = 3 };

struct chunk {
    int number, len;
};

static int fetch(void *arg)
{
    struct chunk *c = arg;
    printf("fetch %d begins\n", c->number);
    c->len = 1000 * c->number;
    return co_sleep(10 * LOOP_MS);
}

static int write_out(const struct chunk *c)
{
    const int error = co_sleep(10 * LOOP_MS);
    printf("write %d ends: %d bytes\n", c->number, c->len);
    return error;
}

/* Writes a chunk while the next one (NULL: there is none) is fetched. */
static int step(const struct chunk *c, struct chunk *next)
{
    struct co_group fetching;
    co_group_begin(&fetching);
    int error = next != NULL ? co_group_go(&fetching, fetch, next) : 0;
    if (error == 0)
        error = write_out(c);
    if (error != 0)
        co_group_cancel(&fetching);
    const int fetched = co_group_wait(&fetching);
    return error != 0 ? error : fetched;
}

static int task(void *arg)
{
    (void)arg;
    struct chunk chunks[CHUNKS] = {{1, 0}, {2, 0}, {3, 0}};
    int error = fetch(&chunks[0]); /* a task's function is a function */
    for (int i = 0; i < CHUNKS && error == 0; i++)
        error = step(&chunks[i], i + 1 < CHUNKS ? &chunks[i + 1] : NULL);
    return error;
}

int main(int argc, char **argv)
{
    return recipe_main(argc, argv, "Fetches a chunk while it writes another.",
                       task);
}
