/*
 * tar_feed.h - gives the reader of tar archives bytes of any kind, in pieces
 * of several sizes, and ends the program if it does not keep its promises. For
 * the test and for the fuzzer.
 */
#ifndef EXERCISES_TEST_TAR_FEED_H
#define EXERCISES_TEST_TAR_FEED_H

#include "../grader/tar.h"

/*
 * Reads `bytes` in pieces of at most `piece`, and writes what came of it to
 * `told`: a line each entry, "FILE 3 path: abc", and at last "end" or what is
 * wrong. Contents are read if `contents`, else skipped.
 */
void tar_feed(struct base_slice bytes, size_t piece, bool contents,
              struct base_buf *told);

/* In whole, byte by byte and else: what came of it must be the same. */
void tar_feed_in_all_ways(struct base_slice bytes);

#endif
