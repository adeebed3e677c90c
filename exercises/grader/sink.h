/*
 * sink.h - where an output goes: a buffer, and the first error that it gave.
 *
 * A format is a hundred small pieces in a row, and after an error none of them
 * matters; so an error is kept until the end, what follows it is left out, and
 * the writer looks once. Numbers are written here too, always with a point: the
 * locale's comma would be another number in JSON and a new column in CSV.
 *
 * Read before: ../../loop/base.h, buf. Read after: escape.h.
 */
#ifndef GRADER_SINK_H
#define GRADER_SINK_H

#include "../../loop/base.h"

struct sink {
    struct base_buf *out;
    int error; /* 0, or the first one: -ENOBUFS */
};

static inline struct sink sink_of(struct base_buf *out)
{
    return (struct sink){.out = out};
}

void sink_bytes(struct sink *to, struct base_slice bytes);
void sink_put(struct sink *to, const char *text);
void sink_printf(struct sink *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `n` times the character. */
void sink_fill(struct sink *to, char c, size_t n);

/* 7.5, 10, 0.25: points, or an amount of them. */
void sink_points(struct sink *to, double points);

/* Milliseconds as seconds: 1.204. */
void sink_seconds(struct sink *to, int64_t ms);

#endif
