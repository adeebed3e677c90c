/* fuzz_hello.c - libFuzzer against the hello's HTTP: make fuzz. */
#include "test/feed.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    feed_in_all_ways((const char *)bytes, len);
    return 0;
}
