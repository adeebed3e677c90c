/*
 * checks.c - the visible checks of @NAME@, and its questions. Read before:
 * README.md.
 */
#include "measure.h"

#define SECTION "lessons/01-blocking/README.md, \"`recv` has three outcomes\""

void exercise_ask(void)
{
    printf("given/reads.c is called with these numbers:\n"
           "total = %u\n"
           "size  = %u\n"
           "Put into answers.txt:\n"
           "reads   how often it calls read\n"
           "last    how many bytes the last read brings that brings any\n"
           "full    how many of the reads bring as much as was asked for\n",
           total(), size());
}

static void reads(void)
{
    expect_answer("reads");
}

static void last(void)
{
    expect_answer("last");
}

const struct check visible_checks[] = {
    {.name = "reads",
     .title = "how often read is called",
     .run = reads,
     .cause = "A read brings at most as much as was asked for. That nothing "
              "more will come is told by a read of its own, which returns 0.",
     .section = SECTION},
    {.name = "last",
     .title = "what the last read brings",
     .run = last,
     .cause = "The last read that brings bytes brings what is left.",
     .section = SECTION},
    {.name = NULL},
};
