/*
 * many_tasks.c - tasks of every depth, some alive at once, many one after the
 * other, waiting, cancelled, dumped: for .ci/valgrind to look at.
 */
#include "loop/co.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 5, TASKS = 100, KEPT = 20, DEEPEST = 40 };

/* A frame of a kilobyte a level; waits at the bottom, and on the way up. */
static __attribute__((noinline)) int go_down(int depth, struct co_event *event)
{
    volatile char frame[1000];
    frame[depth] = (char)depth;
    const int error =
        depth == 0 ? co_event_wait(event) : go_down(depth - 1, event);
    if (depth % 8 == 0)
        co_yield_turn();
    return frame[depth] == depth ? error : -EIO;
}

struct dive {
    struct co_event *event;
    int depth;
};

static int dive(void *arg)
{
    const struct dive *d = arg;
    return go_down(d->depth, d->event);
}

/* 0; -EIO if the bytes that were written are not those that are read. */
static int write_and_read(const int ends[2])
{
    char bytes[100];
    const ssize_t wrote = co_write(ends[1], "hello", 5);
    const ssize_t n = co_read(ends[0], bytes, sizeof bytes);
    return wrote == 5 && n == 5 && memcmp(bytes, "hello", 5) == 0 ? 0 : -EIO;
}

/* A wait that times out, or is cancelled; and then bytes. */
static int use_pipe(void *arg)
{
    int ends[2];
    char byte;
    struct co_deadline d;
    (void)arg;
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) == -1)
        return -errno;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    int error = (int)co_read(ends[0], &byte, 1);
    co_deadline_end(&d);
    if (error == -ETIMEDOUT) {
        co_shield_begin();
        error = write_and_read(ends);
        co_shield_end();
    }
    loop_close(loop_current(), ends[0]);
    loop_close(loop_current(), ends[1]);
    return error;
}

static int start_all(struct co_group *g, struct dive *dives,
                     struct co_event *event)
{
    int error = 0;
    for (int i = 0; i < TASKS && error == 0; i++) {
        dives[i] = (struct dive){event, i * 7 % DEEPEST};
        error = i % 10 == 0 ? co_group_go(g, use_pipe, NULL)
                            : co_group_go(g, dive, &dives[i]);
    }
    return error;
}

static int round_of_dives(void *arg)
{
    struct dive dives[TASKS];
    struct co_event event = {0};
    struct co_group g;
    const int *round = arg;
    co_group_begin(&g);
    int error = start_all(&g, dives, &event);
    co_sleep(2 * LOOP_MS);
    if (*round % 2 == 0)
        co_event_set(&event);
    else
        co_group_cancel(&g);
    const int result = co_group_wait(&g);
    if (error == 0 && result != (*round % 2 == 0 ? 0 : -ECANCELED))
        error = -EIO;
    return error;
}

int main(void)
{
    struct loop *loop;
    int error = loop_new(&loop, NULL);
    if (error != 0)
        return 1;
    const struct co_options options = {.stacks_kept = KEPT};
    error = co_setup(loop, &options);
    for (int round = 0; round < ROUNDS && error == 0; round++)
        error = co_run(loop, round_of_dives, &round);
    co_dump(loop, STDOUT_FILENO);
    printf("at most %zu bytes of a stack\n", co_stack_high(loop));
    loop_free(loop);
    return error == 0 ? 0 : 1;
}
