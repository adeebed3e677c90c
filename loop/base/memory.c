/*
 * memory.c - allocation that does not fail: the one place where the program
 * ends for want of memory.
 *
 * A caller that had to handle failure at each allocation would be mostly
 * untested error paths; and under Linux's overcommit malloc rarely fails, the
 * program is killed later. So there is one policy, here.
 *
 * Read after: list in base.h. Rests on: malloc(3).
 */
#include "loop/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *ptr, size_t size)
{
    if (ptr == NULL) {
        fprintf(stderr, "out of memory: %zu bytes were asked for\n", size);
        abort();
    }
    return ptr;
}

void *base_alloc(size_t size)
{
    return checked(calloc(1, size), size);
}

void *base_alloc_array(size_t n, size_t size)
{
    return checked(calloc(n, size), size);
}

void *base_realloc(void *ptr, size_t size)
{
    return checked(realloc(ptr, size), size);
}

char *base_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    return memcpy(base_alloc(size), text, size);
}
