/*
 * test_base_option_feed.h - any bytes as a file of options: what a test does
 * with some of its own, and the fuzzer with many.
 *
 * Read before: base.h, option. Read after: test_base_option.c, fuzz_option.c.
 */
#ifndef LOOP_TEST_BASE_OPTION_FEED_H
#define LOOP_TEST_BASE_OPTION_FEED_H

#include <stddef.h>

/*
 * Parses a copy of `bytes` that ends at an unreadable page, with an option of
 * each type. If it is accepted, what is printed for it is accepted too, and
 * printed again the same. Ends the program if not. Returns the error or 0.
 */
int feed_options(const void *bytes, size_t len);

#endif
