/*
 * buf.c - bytes that come in at the end and go out at the front.
 *
 *     memory [ taken out | held | room ]
 *            0         start   end   size
 *
 * Taking out moves `start` and no byte. When the room is used up, what is held
 * is moved to the front if no more is held than was taken out, and the memory
 * grows otherwise. So a byte that is moved pays with a byte taken out, and any
 * sequence of calls costs a constant time a byte, as long as the memory may
 * reach twice the limit: at that size too much is taken out before room ends.
 *
 * Read before: slice.c. Read after: log.c. Rests on: realloc(3), vsnprintf(3).
 */
#include "loop/base.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_SIZE = 256 }; /* bytes; a request head mostly fits in two steps */

void base_buf_fini(struct base_buf *b)
{
    free(b->memory);
    base_buf_init(b, b->limit);
}

void base_buf_consume(struct base_buf *b, size_t n)
{
    assert(n <= base_buf_len(b));
    b->start += n;
    if (b->start == b->end)
        base_buf_clear(b);
}

/* Enlarges the memory to `needed` bytes or twice what it was. */
static void grow(struct base_buf *b, size_t needed)
{
    assert(b->limit <= SIZE_MAX / 4);
    size_t size = b->size > 0 ? 2 * b->size : FIRST_SIZE;
    if (size > 2 * b->limit)
        size = 2 * b->limit;
    if (size < needed || size == 0)
        size = needed > 0 ? needed : 1; /* nothing asked of a limit of 0 */
    b->memory = base_realloc(b->memory, size);
    b->size = size;
}

char *base_buf_reserve(struct base_buf *b, size_t n)
{
    const size_t len = base_buf_len(b);
    if (n > b->limit - len)
        return NULL;
    if (n > b->size - b->end && b->start > 0 && b->start >= len) {
        memcpy(b->memory, b->memory + b->start, len);
        b->start = 0;
        b->end = len;
    }
    if (n > b->size - b->end || b->memory == NULL)
        grow(b, b->end + n);
    return b->memory + b->end;
}

void base_buf_commit(struct base_buf *b, size_t n)
{
    assert(n <= b->size - b->end);
    b->end += n;
}

int base_buf_append(struct base_buf *b, struct base_slice bytes)
{
    if (bytes.len == 0)
        return 0;
    char *room = base_buf_reserve(b, bytes.len);
    if (room == NULL)
        return -ENOBUFS;
    memcpy(room, bytes.ptr, bytes.len);
    base_buf_commit(b, bytes.len);
    return 0;
}

int base_buf_printf(struct base_buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int error = base_buf_vprintf(b, format, args);
    va_end(args);
    return error;
}

/* Formats into the room there is; if that is too little, once more. */
int base_buf_vprintf(struct base_buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const size_t room = b->size - b->end;
    const int len =
        vsnprintf(room > 0 ? b->memory + b->end : NULL, room, format, args);
    assert(len >= 0);
    int error = (size_t)len > b->limit - base_buf_len(b) ? -ENOBUFS : 0;
    if (error == 0 && (size_t)len >= room) {
        /* vsnprintf wants a byte for its NUL, beyond the limit perhaps. */
        char *text = base_alloc((size_t)len + 1);
        vsnprintf(text, (size_t)len + 1, format, again);
        error = base_buf_append(b, (struct base_slice){text, (size_t)len});
        free(text);
    } else if (error == 0) {
        base_buf_commit(b, (size_t)len);
    }
    va_end(again);
    return error;
}
