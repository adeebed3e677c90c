/*
 * hidden.c - the hidden checks of @NAME@. Read before: NOTES.md.
 */
#include "exercises/@NAME@/measure.h"

static void full(void)
{
    expect_answer("full");
}

const struct check hidden_checks[] = {
    {.name = "full",
     .title = "how many reads bring as much as was asked for",
     .run = full,
     .cause = "All but the last that brings bytes, and the one that returns 0.",
     .section = "lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {.name = NULL},
};
