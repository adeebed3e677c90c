/*
 * test_base_page.h - bytes that end where memory ends: who reads one byte too
 * many dies of SIGSEGV at once, with or without a sanitizer.
 *
 * Read before: nothing. Read after: test_base_slice.c. Rests on: mmap(2).
 */
#ifndef LOOP_TEST_BASE_PAGE_H
#define LOOP_TEST_BASE_PAGE_H

#include "loop/base.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE_ROOM = 1 << 16 }; /* a multiple of any page size there is */

/*
 * A copy of `bytes` (at most PAGE_ROOM) whose end touches a page that cannot be
 * read. Valid until the next call: there is one such place.
 */
static inline struct base_slice at_page_end(const void *bytes, size_t len)
{
    static char *room;
    if (room == NULL) {
        room = mmap(NULL, (size_t)2 * PAGE_ROOM, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room == MAP_FAILED ||
            mprotect(room + PAGE_ROOM, PAGE_ROOM, PROT_NONE) == -1)
            abort();
    }
    char *start = room + PAGE_ROOM - len;
    if (len > 0)
        memcpy(start, bytes, len);
    return (struct base_slice){start, len};
}

#endif
