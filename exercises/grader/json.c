/*
 * json.c - see json.h.
 *
 * Read before: json.h. Read after: out_gradescope.c. Rests on: RFC 8259.
 */
#include "json.h"

#include <assert.h>
#include <inttypes.h>

static void new_line(struct json *json)
{
    if (json->one_line)
        return;
    sink_put(json->to, "\n");
    sink_fill(json->to, ' ', 2 * (size_t)json->depth);
}

/* What comes before each value: the comma, the line, the key. */
static void begin_value(struct json *json, const char *key)
{
    if (json->depth > 0) {
        bool *some = &json->levels[json->depth - 1].some;
        sink_put(json->to, *some ? "," : "");
        *some = true;
        new_line(json);
    }
    if (key != NULL) {
        sink_put(json->to, "\"");
        escape_line(json->to, ESCAPE_JSON, key);
        sink_put(json->to, json->one_line ? "\":" : "\": ");
    }
}

void json_open(struct json *json, const char *key, char bracket)
{
    assert(json->depth < JSON_DEPTH_MAX);
    begin_value(json, key);
    sink_bytes(json->to, (struct base_slice){&bracket, 1});
    json->levels[json->depth].close = bracket == '{' ? '}' : ']';
    json->levels[json->depth++].some = false;
}

void json_close(struct json *json)
{
    assert(json->depth > 0);
    const char close = json->levels[--json->depth].close;
    if (json->levels[json->depth].some)
        new_line(json);
    sink_bytes(json->to, (struct base_slice){&close, 1});
}

void json_string_begin(struct json *json, const char *key)
{
    begin_value(json, key);
    sink_put(json->to, "\"");
}

void json_string_end(struct json *json)
{
    sink_put(json->to, "\"");
}

void json_string(struct json *json, const char *key, const char *text)
{
    json_string_begin(json, key);
    escape_text(json->to, ESCAPE_JSON, text);
    json_string_end(json);
}

void json_points(struct json *json, const char *key, double points)
{
    begin_value(json, key);
    sink_points(json->to, points);
}

void json_seconds(struct json *json, const char *key, int64_t ms)
{
    begin_value(json, key);
    sink_seconds(json->to, ms);
}

void json_integer(struct json *json, const char *key, int64_t value)
{
    begin_value(json, key);
    sink_printf(json->to, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin_value(json, key);
    sink_put(json->to, value ? "true" : "false");
}
