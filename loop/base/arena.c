/*
 * arena.c - many blocks, freed at once.
 *
 *     chunks --> [next|size|used| block block block ......free...... ]
 *                  |
 *                  +--> [ full ] --> [ a big block ] --> NULL
 *
 * A block is cut by moving `used` on. When the chunk at the head has no room, a
 * new one becomes the head; the rest of the old one is given up. A block that
 * would waste too much so gets a chunk of its own behind the head. Cleanups
 * are blocks like others, in a list of their own.
 *
 * Read before: slice.c, memory.c. Read after: option.c.
 * Rests on: malloc(3); the interface by which AddressSanitizer is told of
 * memory that is not in use.
 */
#include "loop/base.h"

#include <stdio.h>
#include <stdlib.h>

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

/* A gap behind each block makes a write beyond its end visible. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size)   ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
enum { GAP = 0 };
#endif

enum { ALIGNMENT = _Alignof(max_align_t) };

struct base_arena_chunk {
    struct base_arena_chunk *next;
    size_t size, used; /* bytes of `blocks` */
    _Alignas(max_align_t) char blocks[];
};

struct base_arena_cleanup {
    struct base_arena_cleanup *next;
    void (*run)(void *arg);
    void *arg;
};

static struct base_arena_chunk *new_chunk(size_t size)
{
    /* A size that overflows is one that malloc refuses, which ends it. */
    size_t total;
    if (__builtin_add_overflow(size, sizeof(struct base_arena_chunk), &total))
        total = SIZE_MAX;
    struct base_arena_chunk *chunk = base_realloc(NULL, total);
    *chunk = (struct base_arena_chunk){.size = size};
    ASAN_POISON_MEMORY_REGION(chunk->blocks, size);
    return chunk;
}

static void free_chunks(struct base_arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct base_arena_chunk *next = chunk->next;
        ASAN_UNPOISON_MEMORY_REGION(chunk->blocks, chunk->size);
        free(chunk);
        chunk = next;
    }
}

/* The chunk to cut `size` bytes from. */
static struct base_arena_chunk *chunk_for(struct base_arena *a, size_t size)
{
    struct base_arena_chunk *head = a->chunks;
    if (head != NULL && size <= head->size - head->used)
        return head;
    if (head != NULL && size > a->chunk_size / 4) {
        struct base_arena_chunk *own = new_chunk(size);
        own->next = head->next;
        return head->next = own;
    }
    struct base_arena_chunk *fresh =
        new_chunk(size > a->chunk_size ? size : a->chunk_size);
    fresh->next = head;
    return a->chunks = fresh;
}

static void *cut_block(struct base_arena *a, size_t size)
{
    size_t rounded = (size + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded < size)
        rounded = SIZE_MAX;
    struct base_arena_chunk *chunk = chunk_for(a, rounded);
    char *block = chunk->blocks + chunk->used;
    chunk->used += rounded;
    ASAN_UNPOISON_MEMORY_REGION(block, size);
    return block;
}

void *base_arena_alloc(struct base_arena *a, size_t size)
{
    return memset(cut_block(a, size), 0, size);
}

char *base_arena_strdup(struct base_arena *a, struct base_slice s)
{
    char *copy = cut_block(a, s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

char *base_arena_printf(struct base_arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, args);
    const size_t size = len >= 0 ? (size_t)len + 1 : 1;
    char *text = cut_block(a, size);
    text[0] = '\0';
    vsnprintf(text, size, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void base_arena_defer(struct base_arena *a, void (*cleanup)(void *arg),
                      void *arg)
{
    struct base_arena_cleanup *c = base_arena_alloc(a, sizeof *c);
    *c = (struct base_arena_cleanup){a->cleanups, cleanup, arg};
    a->cleanups = c;
}

/* A cleanup may use the arena, and may defer another. */
static void run_cleanups(struct base_arena *a)
{
    while (a->cleanups != NULL) {
        const struct base_arena_cleanup c = *a->cleanups;
        a->cleanups = c.next;
        c.run(c.arg);
    }
}

void base_arena_reset(struct base_arena *a)
{
    run_cleanups(a);
    struct base_arena_chunk *head = a->chunks;
    if (head == NULL)
        return;
    if (head->size > a->chunk_size) { /* one big block is not kept for ever */
        base_arena_fini(a);
        return;
    }
    free_chunks(head->next);
    head->next = NULL;
    head->used = 0;
    ASAN_POISON_MEMORY_REGION(head->blocks, head->size);
}

void base_arena_fini(struct base_arena *a)
{
    run_cleanups(a);
    free_chunks(a->chunks);
    base_arena_init(a, a->chunk_size);
}
