/*
 * slice.c - looking at bytes that somebody else owns, without copying them.
 *
 * Text from a peer has no NUL where we would like one and may have one where
 * we would not, so nothing here asks str...(3). Everything reads within the
 * slice and not one byte beyond: tests put it before an unreadable page.
 *
 * Read before: base.h, slice. Read after: buf.c.
 * Rests on: memchr(3), memmem(3), write(2), RFC 3629 section 4 (UTF-8).
 */
#include "loop/base.h"

#include <errno.h>
#include <unistd.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool base_slice_equal_nocase(struct base_slice a, struct base_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

ssize_t base_slice_find(struct base_slice s, struct base_slice what)
{
    if (what.len == 0 || s.len == 0)
        return what.len == 0 ? 0 : -1;
    const char *at = memmem(s.ptr, s.len, what.ptr, what.len);
    return at != NULL ? at - s.ptr : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct base_slice base_slice_trim(struct base_slice s)
{
    while (s.len > 0 && is_blank(s.ptr[0]))
        s = base_slice_skip(s, 1);
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct base_slice base_slice_cut(struct base_slice *rest, char at, bool *found)
{
    const struct base_slice s = *rest;
    const char *p = s.len > 0 ? memchr(s.ptr, at, s.len) : NULL;
    const size_t len = p != NULL ? (size_t)(p - s.ptr) : s.len;
    if (found != NULL)
        *found = p != NULL;
    *rest = base_slice_skip(s, p != NULL ? len + 1 : len);
    return (struct base_slice){s.ptr, len};
}

int base_slice_to_uint(struct base_slice s, uint64_t *value)
{
    if (s.len == 0)
        return -EINVAL;
    uint64_t sum = 0;
    bool fits = true;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return -EINVAL;
        fits &= !__builtin_mul_overflow(sum, 10, &sum);
        fits &= !__builtin_add_overflow(sum, (uint64_t)(s.ptr[i] - '0'), &sum);
    }
    if (!fits)
        return -ERANGE;
    *value = sum;
    return 0;
}

int base_slice_to_int(struct base_slice s, int64_t *value)
{
    const bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t size;
    const int error = base_slice_to_uint(base_slice_skip(s, negative), &size);
    if (error != 0)
        return error;
    if (size > (uint64_t)INT64_MAX + negative)
        return -ERANGE;
    /* The detour by -(size - 1) - 1 reaches INT64_MIN without overflow. */
    *value = negative && size > 0 ? -(int64_t)(size - 1) - 1 : (int64_t)size;
    return 0;
}

/*
 * The rows of RFC 3629, section 4: which first bytes there are, the range of
 * the second, and the length. Overlong forms, surrogates and what is beyond
 * U+10FFFF are those that no row allows.
 */
static const struct row {
    unsigned char first_min, first_max, second_min, second_max, len;
} rows[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool fits_row(const struct row *row, const unsigned char *bytes)
{
    if (row->len > 1 &&
        (bytes[1] < row->second_min || bytes[1] > row->second_max))
        return false;
    for (size_t i = 2; i < row->len; i++)
        if (bytes[i] < 0x80 || bytes[i] > 0xbf)
            return false;
    return true;
}

size_t base_slice_utf8(struct base_slice s)
{
    const unsigned char *bytes = (const unsigned char *)s.ptr;
    for (size_t i = 0; s.len > 0 && i < sizeof rows / sizeof rows[0]; i++)
        if (bytes[0] >= rows[i].first_min && bytes[0] <= rows[i].first_max)
            return s.len >= rows[i].len && fits_row(&rows[i], bytes)
                       ? rows[i].len
                       : 0;
    return 0;
}

char *base_slice_dup(struct base_slice s)
{
    char *copy = base_alloc(s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

int base_slice_write(int fd, struct base_slice s)
{
    while (s.len > 0) {
        const ssize_t n = write(fd, s.ptr, s.len);
        if (n == -1 && errno != EINTR)
            return -errno;
        s = base_slice_skip(s, n > 0 ? (size_t)n : 0);
    }
    return 0;
}
