/*
 * bytes.c - bytes for people: escaped, compared, for a shell. What looks alike
 * must not look alike here: NUL, \r and spaces at the end are visible.
 *
 * Read before: check.h.
 */
#include "check_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    SHOWN_MAX = 60,  /* columns of a string that is shown whole ... */
    SHOWN_HEAD = 16, /* ... and of a longer one its begin ... */
    SHOWN_TAIL = 8,  /* ... and its end */
    WINDOW = 20,     /* columns before and after a difference */
};

char *check_text(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text;
    if (vasprintf(&text, format, args) == -1)
        text = base_strdup("?");
    va_end(args);
    return text;
}

/* One byte as in C source; returns the length, at most 4. */
static size_t escape_one(char *to, unsigned char byte)
{
    static const char plain[] = "\"\\\n\r\t", letters[] = "\"\\nrt";
    const char *at = byte == '\0' ? NULL : strchr(plain, byte);
    if (at != NULL) {
        to[0] = '\\';
        to[1] = letters[at - plain];
        return 2;
    }
    if (isprint(byte)) {
        to[0] = (char)byte;
        return 1;
    }
    return (size_t)sprintf(to, "\\x%02x", byte);
}

static size_t escape(char *to, const unsigned char *bytes, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += escape_one(to + n, bytes[i]);
    to[n] = '\0';
    return n;
}

/* How many bytes from the begin, or of the end, take at most `columns`. */
static size_t fits(const unsigned char *bytes, size_t len, size_t columns,
                   bool of_end)
{
    char one[8];
    size_t n = 0;
    for (size_t used = 0; n < len; n++) {
        used += escape_one(one, bytes[of_end ? len - 1 - n : n]);
        if (used > columns)
            break;
    }
    return n;
}

char *bytes_escape(const void *bytes, size_t len)
{
    const unsigned char *b = bytes;
    char *text = base_alloc(4 * (size_t)SHOWN_MAX + 64);
    size_t n = 0;
    text[n++] = '"';
    if (fits(b, len, SHOWN_MAX, false) == len) {
        n += escape(text + n, b, len);
    } else {
        const size_t head = fits(b, len, SHOWN_HEAD, false);
        const size_t tail = fits(b, len, SHOWN_TAIL, true);
        n += escape(text + n, b, head);
        n += (size_t)sprintf(text + n, "\" ... %zu bytes ... \"",
                             len - head - tail);
        n += escape(text + n, b + len - tail, tail);
    }
    strcpy(text + n, "\"");
    return text;
}

/* What is around `at`, which is shown at column *column. */
static char *window(const unsigned char *bytes, size_t len, size_t at,
                    size_t *column)
{
    const size_t from = at - fits(bytes, at, WINDOW, true);
    const size_t to = at + fits(bytes + at, len - at, WINDOW, false);
    char *text = base_alloc(8 * (size_t)WINDOW + 16);
    size_t n = (size_t)sprintf(text, from > 0 ? "... \"" : "\"");
    n += escape(text + n, bytes + from, at - from);
    *column = n;
    n += escape(text + n, bytes + at, to - at);
    sprintf(text + n, to < len ? "\" ..." : "\"");
    return text;
}

/* What is before the difference is the same: one caret shows it in both. */
char *bytes_difference(const void *expected, size_t expected_len,
                       const void *came, size_t came_len)
{
    static const char came_label[] = "came      ", label[] = "expected  ";
    const unsigned char *e = expected, *c = came;
    const size_t both = expected_len < came_len ? expected_len : came_len;
    size_t at = 0;
    while (at < both && e[at] == c[at])
        at++;
    size_t column;
    const char *is_text = window(c, came_len, at, &column);
    const char *text = window(e, expected_len, at, &column);
    char should[8] = "the end", is[8] = "the end";
    if (at < expected_len)
        should[escape_one(should, e[at])] = '\0';
    if (at < came_len)
        is[escape_one(is, c[at])] = '\0';
    return check_text("%s%s\n%s%s\n%*s^ byte %zu: %s, where %s was expected",
                      came_label, is_text, label, text,
                      (int)(column + sizeof label - 1), "", at, is, should);
}

char *bytes_for_printf(const void *bytes, size_t len)
{
    const unsigned char *b = bytes;
    char *text = base_alloc(5 * len + 3);
    size_t n = 0;
    text[n++] = '\'';
    for (size_t i = 0; i < len; i++) {
        if (b[i] == '\'' ||
            (!isprint(b[i]) && b[i] != '\n' && b[i] != '\r' && b[i] != '\t'))
            n += (size_t)sprintf(text + n, "\\%03o", b[i]);
        else if (b[i] == '%')
            n += (size_t)sprintf(text + n, "%%%%");
        else if (b[i] == '"')
            text[n++] = '"';
        else
            n += escape_one(text + n, b[i]);
    }
    strcpy(text + n, "'");
    return text;
}
