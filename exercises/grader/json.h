/*
 * json.h - writes JSON: commas, colons, indents and escapes come by themselves.
 *
 *     struct json json = {.to = &sink};
 *     json_open(&json, NULL, '{');
 *     json_string(&json, "name", any_bytes);
 *     json_points(&json, "score", 7.5);
 *     json_close(&json);
 *
 * In an array, and at the top, `key` is NULL. Every text goes through escape.h.
 *
 * Read before: escape.h. Read after: out_gradescope.c.
 */
#ifndef GRADER_JSON_H
#define GRADER_JSON_H

#include "escape.h"

enum { JSON_DEPTH_MAX = 16 };

struct json {
    struct sink *to;
    bool one_line; /* no line feeds at all */
    int depth;
    struct {
        char close; /* what ends it */
        bool some;  /* it has a member already */
    } levels[JSON_DEPTH_MAX];
};

/* Begins an object or array: '{' or '['; close ends the innermost. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json);

void json_string(struct json *json, const char *key, const char *text);
void json_points(struct json *json, const char *key, double points);
void json_seconds(struct json *json, const char *key, int64_t ms);
void json_integer(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);

/* Begins a string, whose text is put by escape with ESCAPE_JSON; ends it. */
void json_string_begin(struct json *json, const char *key);
void json_string_end(struct json *json);

#endif
