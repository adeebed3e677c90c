/*
 * fuzz_option.c - libFuzzer against the files of options: make fuzz.
 *
 * Read before: test_base_option_feed.h. Read after: nothing.
 * Rests on: clang's -fsanitize=fuzzer.
 */
#include "loop/test/test_base_option_feed.h"

#include <stdint.h>

enum { LEN_MAX = 1 << 16 }; /* what feed_options has room for */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    feed_options(bytes, len < LEN_MAX ? len : LEN_MAX);
    return 0;
}
