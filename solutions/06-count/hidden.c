/*
 * hidden.c - the hidden checks of 06-count: two more workloads.
 */
#include "../../exercises/06-count/measure.h"

#define PAGE "lessons/06-uring/README.md, "

static void in_one_piece(void)
{
    expect_answer("piece_transfers", EPOLL, IN_ONE_PIECE,
                  offsetof(struct counts, transfers));
    expect_answer("piece_enters", URING, IN_ONE_PIECE,
                  offsetof(struct counts, waits));
}

static void all_at_once(void)
{
    expect_answer("once_waits", EPOLL, ALL_AT_ONCE,
                  offsetof(struct counts, waits));
    expect_answer("once_transfers", EPOLL, ALL_AT_ONCE,
                  offsetof(struct counts, transfers));
    expect_answer("once_enters", URING, ALL_AT_ONCE,
                  offsetof(struct counts, waits));
}

const struct check hidden_checks[] = {
    {.name = "in-one-piece",
     .title = "all requests of a client in one piece",
     .run = in_one_piece,
     .cause = "A recv is not a request. What has arrived together is received "
              "together, answered together, and sent together.",
     .section = "lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {.name = "all-at-once",
     .title = "requests of all clients at once",
     .run = all_at_once,
     .cause = "One wait reports all that is ready, but each connection needs "
              "its own recv and send. One io_uring_enter brings all bytes, the "
              "next submits all answers, the last one sleeps.",
     .section = PAGE "\"Wait: one call submits all that was armed\""},
    {.name = NULL},
};
