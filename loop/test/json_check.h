/*
 * json_check.h - a strict reader of JSON, for tests of what writes it. It takes
 * what RFC 8259 allows and nothing else, and hands the values out as a tree.
 *
 * Rests on: RFC 8259 (JSON), RFC 3629 (UTF-8).
 */
#ifndef LOOP_TEST_JSON_CHECK_H
#define LOOP_TEST_JSON_CHECK_H

#include "loop/base.h"

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_kind kind;
    struct base_slice key; /* in an object: the member's */
    struct base_slice
        text;           /* string: decoded, with a NUL; number: as written */
    struct json *first; /* array, object: its parts ... */
    struct json *next;  /* ... in order */
};

/*
 * Reads one value, with nothing but white space around it. NULL if that is no
 * JSON: then *wrong (may be NULL) says what, and after how many bytes. The tree
 * lasts as long as the arena.
 */
struct json *json_read(struct base_arena *arena, struct base_slice text,
                       const char **wrong);

/* The member of that name; NULL if it has none, or if `v` is no object. */
const struct json *json_get(const struct json *v, const char *key);

/* A string's text, "" for anything else and for NULL; a number, or NaN. */
const char *json_string(const struct json *v);
double json_number(const struct json *v);

#endif
