/*
 * json_check.c - see json_check.h: recursive descent, a function a rule of the
 * grammar in RFC 8259.
 */
#include "loop/test/json_check.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_LEVELS = 64 };

struct reader {
    struct base_arena *arena;
    struct base_slice all, rest;
    const char *wrong; /* the first thing that was wrong */
    int level;
};

static bool fail(struct reader *r, const char *what)
{
    if (r->wrong == NULL)
        r->wrong = base_arena_printf(r->arena, "%s after %zu bytes", what,
                                     r->all.len - r->rest.len);
    return false;
}

/* The next byte, -1 at the end. */
static int peek(const struct reader *r)
{
    return r->rest.len > 0 ? (unsigned char)r->rest.ptr[0] : -1;
}

static void skip(struct reader *r, size_t n)
{
    r->rest = base_slice_skip(r->rest, n);
}

static bool take(struct reader *r, char c)
{
    if (peek(r) != c)
        return false;
    skip(r, 1);
    return true;
}

static void skip_space(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' ||
           peek(r) == '\r')
        skip(r, 1);
}

/* --- strings ------------------------------------------------------------- */

static bool read_hex4(struct reader *r, unsigned *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++) {
        const int c = peek(r);
        const char digit[] = {(char)c, '\0'};
        if (c <= 0 || strspn(digit, "0123456789abcdefABCDEF") != 1)
            return fail(r, "no hexadecimal digit");
        *value = *value * 16 + (unsigned)strtoul(digit, NULL, 16);
        skip(r, 1);
    }
    return true;
}

/* After \u: one code, or two that are a surrogate pair. */
static bool read_code(struct reader *r, unsigned *code)
{
    unsigned low;
    if (!read_hex4(r, code))
        return false;
    if (*code < 0xd800 || *code > 0xdfff)
        return true;
    if (*code > 0xdbff || !take(r, '\\') || !take(r, 'u'))
        return fail(r, "half a surrogate pair");
    if (!read_hex4(r, &low))
        return false;
    if (low < 0xdc00 || low > 0xdfff)
        return fail(r, "half a surrogate pair");
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* Writes a code as UTF-8, RFC 3629 section 3; returns the bytes. */
static size_t put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    const size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char firsts[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    to[0] = (char)(firsts[n] | code);
    return n;
}

/* After the backslash. Adds to `to`. */
static bool read_escape(struct reader *r, char *to, size_t *len)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const int c = peek(r);
    const char *name = c > 0 ? strchr(names, c) : NULL;
    unsigned code;
    if (name != NULL) {
        skip(r, 1);
        to[(*len)++] = values[name - names];
        return true;
    }
    if (!take(r, 'u'))
        return fail(r, "no such escape");
    if (!read_code(r, &code))
        return false;
    *len += put_utf8(to + *len, code);
    return true;
}

/* How many bytes come before the quote that ends the string, escapes as they
 * are written: decoded it is never longer. */
static size_t raw_len(const struct reader *r)
{
    const char *bytes = r->rest.ptr;
    size_t n = 0;
    while (n < r->rest.len && bytes[n] != '"')
        n += bytes[n] == '\\' ? 2 : 1;
    return n < r->rest.len ? n : r->rest.len;
}

static bool read_string(struct reader *r, struct base_slice *text)
{
    if (!take(r, '"'))
        return fail(r, "no string");
    char *to = base_arena_alloc(r->arena, raw_len(r) + 1);
    size_t len = 0;
    while (!take(r, '"')) {
        if (take(r, '\\')) {
            if (!read_escape(r, to, &len))
                return false;
            continue;
        }
        const size_t n = base_slice_utf8(r->rest);
        if (n == 0)
            return fail(r, "no UTF-8, or no end of the string,");
        if (peek(r) < 0x20)
            return fail(r, "a control character");
        memcpy(to + len, r->rest.ptr, n);
        len += n;
        skip(r, n);
    }
    *text = (struct base_slice){to, len};
    return true;
}

/* --- other values -------------------------------------------------------- */

static bool read_digits(struct reader *r)
{
    size_t n = 0;
    while (n < r->rest.len && r->rest.ptr[n] >= '0' && r->rest.ptr[n] <= '9')
        n++;
    skip(r, n);
    return n > 0 || fail(r, "no digit");
}

static bool read_number(struct reader *r, struct json *v)
{
    const char *begin = r->rest.ptr;
    v->kind = JSON_NUMBER;
    take(r, '-');
    /* A zero in front stands alone. */
    if (!take(r, '0') && !read_digits(r))
        return false;
    if (take(r, '.') && !read_digits(r))
        return false;
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+'))
            take(r, '-');
        if (!read_digits(r))
            return false;
    }
    const size_t len = (size_t)(r->rest.ptr - begin);
    v->text.ptr = base_arena_strdup(r->arena, (struct base_slice){begin, len});
    v->text.len = len;
    return true;
}

static bool read_word(struct reader *r, struct json *v)
{
    static const char *const words[] = {"null", "false", "true"};
    for (unsigned i = 0; i < 3; i++)
        if (base_slice_starts(r->rest, base_slice_of(words[i]))) {
            skip(r, strlen(words[i]));
            v->kind = (enum json_kind)i;
            return true;
        }
    return fail(r, "no value");
}

static bool read_value(struct reader *r, struct json *v);

/* One element of an array, or member of an object. */
static bool read_part(struct reader *r, struct json *whole, struct json *part)
{
    skip_space(r);
    if (whole->kind == JSON_OBJECT) {
        if (!read_string(r, &part->key))
            return false;
        skip_space(r);
        if (!take(r, ':'))
            return fail(r, "no colon");
    }
    return read_value(r, part);
}

/* An array or an object, whose bracket is taken. */
static bool read_parts(struct reader *r, struct json *whole, char end)
{
    struct json **last = &whole->first;
    skip_space(r);
    if (take(r, end))
        return true;
    do {
        *last = base_arena_alloc(r->arena, sizeof **last);
        if (!read_part(r, whole, *last))
            return false;
        last = &(*last)->next;
    } while (take(r, ','));
    return take(r, end) || fail(r, "neither comma nor end");
}

static bool read_value(struct reader *r, struct json *v)
{
    bool good;
    skip_space(r);
    if (++r->level > MOST_LEVELS)
        return fail(r, "too many levels");
    if (take(r, '{')) {
        v->kind = JSON_OBJECT;
        good = read_parts(r, v, '}');
    } else if (take(r, '[')) {
        v->kind = JSON_ARRAY;
        good = read_parts(r, v, ']');
    } else if (peek(r) == '"') {
        v->kind = JSON_STRING;
        good = read_string(r, &v->text);
    } else if (peek(r) == '-' || (peek(r) >= '0' && peek(r) <= '9')) {
        good = read_number(r, v);
    } else {
        good = read_word(r, v);
    }
    r->level--;
    skip_space(r);
    return good;
}

/* --- what tests call ----------------------------------------------------- */

struct json *json_read(struct base_arena *arena, struct base_slice text,
                       const char **wrong)
{
    struct reader r = {.arena = arena, .all = text, .rest = text};
    struct json *v = base_arena_alloc(arena, sizeof *v);
    if (read_value(&r, v) && r.rest.len > 0)
        fail(&r, "something follows");
    if (wrong != NULL)
        *wrong = r.wrong;
    return r.wrong == NULL ? v : NULL;
}

const struct json *json_get(const struct json *v, const char *key)
{
    if (v == NULL || v->kind != JSON_OBJECT)
        return NULL;
    for (const struct json *part = v->first; part != NULL; part = part->next)
        if (base_slice_equal(part->key, base_slice_of(key)))
            return part;
    return NULL;
}

const char *json_string(const struct json *v)
{
    return v != NULL && v->kind == JSON_STRING ? v->text.ptr : "";
}

double json_number(const struct json *v)
{
    if (v == NULL || v->kind != JSON_NUMBER)
        return NAN;
    return strtod(v->text.ptr, NULL);
}
