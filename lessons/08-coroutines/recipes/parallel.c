/*
 * parallel.c - recipe 3: several at once, the results in order.
 *
 * Three questions take 30, 10 and 20 ms. All are asked before an answer is
 * waited for, so together they take 30. They are answered in the order 2, 3, 1;
 * but each answer stands where its question stood. That is no merit of tasks:
 * one could do the same with threads, and join them in order.
 *
 * The group waits for all that were started in it, whatever happens: if one
 * fails, the others are cancelled, and `questions` stays until the last of them
 * has gone. For futures there is co_wait_all; and co_each_next for those who
 * want the answers as they come.
 *
 * Read before: blocking.c. Read after: interleave.c.
 */
#include "recipe.h"

#include <stdio.h>

enum { N = 3 };

struct question {
    int delay_ms, answer;
};

static int ask(void *arg)
{
    struct question *q = arg;
    const int error = co_sleep(q->delay_ms * LOOP_MS);
    if (error != 0)
        return error;
    q->answer = q->delay_ms * q->delay_ms;
    printf("answered: %d\n", q->delay_ms);
    return 0;
}

static int task(void *arg)
{
    (void)arg;
    struct question questions[N] = {{30, 0}, {10, 0}, {20, 0}};
    struct co_group all;
    co_group_begin(&all);
    int error = 0;
    for (int i = 0; i < N && error == 0; i++)
        error = co_group_go(&all, ask, &questions[i]);
    if (error != 0)
        co_group_cancel(&all); /* there is no stack for more */
    const int ended = co_group_wait(&all);
    error = error != 0 ? error : ended;
    for (int i = 0; i < N && error == 0; i++)
        printf("%d * %d = %d\n", questions[i].delay_ms, questions[i].delay_ms,
               questions[i].answer);
    return error;
}

int main(int argc, char **argv)
{
    return recipe_main(argc, argv, "Asks three questions at once.", task);
}
