/*
 * feed.h - feeds bytes to a hello in pieces and gathers its answers, checking
 * after each step what must always hold. Used by the tests and by the fuzzer.
 */
#ifndef TEST_FEED_H
#define TEST_FEED_H

#include <stddef.h>

/* All answers to one input; the caller frees `bytes`. */
struct answers {
    char *bytes;
    size_t len;
    int closed; /* whether the server would have closed */
};

/*
 * Feeds bytes[0..len) in pieces of at most `piece` bytes, then EOF, and sends
 * at most `room` bytes at a time. Aborts if the hello breaks a promise of its
 * header: bounds, or a step without progress.
 */
struct answers feed(const char *bytes, size_t len, size_t piece, size_t room);

/*
 * Feeds the same bytes whole, one by one and in pieces between, and aborts
 * unless all give the same answers.
 */
void feed_in_all_ways(const char *bytes, size_t len);

#endif
