/*
 * said.h - for tests of loops: what is called writes letters, and the test
 * compares the word. A loop that does not come back ends all tests, in words.
 */
#ifndef TEST_SAID_H
#define TEST_SAID_H

#include "../common.h"
#include "client.h"

#include <string.h>

enum { MUTE = ' ' }; /* the letter of those that are too many to write down */

extern char said[64];

/* Before and after each test. `test`: its name, for the message. */
void said_begin(const char *test);
void said_end(void);

void say(char letter);

/* A macro, so that a failure names the line of the test. */
#define expect_said(word)                                                      \
    do {                                                                       \
        if (strcmp(said, word) != 0)                                           \
            fail_msg("the callbacks said \"%s\", not \"%s\": a letter for "    \
                     "each call, a dot for the one that one_pass defers",      \
                     said, word);                                              \
    } while (0)

/* The system calls that were made by CALL(), since `calls` was set to 0. */
#define expect_calls(n)                                                        \
    do {                                                                       \
        if (calls != (n))                                                      \
            fail_msg("the loop made %lu system calls, not %d; if there are "   \
                     "many, it does not sleep",                                \
                     calls, (n));                                              \
    } while (0)

/* How many descriptors are open, and the number that the next one gets. */
int open_descriptors(int *next);

#endif
