/*
 * fuzz_tar.c - libFuzzer against the reader of tar archives: make fuzz.
 *
 * The fuzzer does not guess checksums, so they are set right before the bytes
 * are read, in each block that could be a header; and the bytes are read as
 * they are, too.
 *
 * Read before: test/tar_feed.h. Read after: nothing.
 * Rests on: clang's -fsanitize=fuzzer.
 */
#include "test/tar_feed.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHECKSUM_AT = 148, CHECKSUM_LEN = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void set_checksum(uint8_t *block)
{
    unsigned sum = 0;
    memset(block + CHECKSUM_AT, ' ', CHECKSUM_LEN);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += block[i];
    snprintf((char *)block + CHECKSUM_AT, CHECKSUM_LEN, "%06o", sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    tar_feed_in_all_ways((struct base_slice){(const char *)bytes, len});
    uint8_t *copy = base_alloc(len + 1);
    memcpy(copy, bytes, len);
    for (size_t at = 0; at + TAR_BLOCK <= len; at += TAR_BLOCK)
        if (copy[at] != 0)
            set_checksum(copy + at);
    tar_feed_in_all_ways((struct base_slice){(const char *)copy, len});
    free(copy);
    return 0;
}
