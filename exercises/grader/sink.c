/*
 * sink.c - see sink.h.
 *
 * Read before: sink.h. Read after: escape.c. Rests on: nothing.
 */
#include "sink.h"

#include "result.h"

#include <inttypes.h>

void sink_bytes(struct sink *to, struct base_slice bytes)
{
    if (to->error == 0)
        to->error = base_buf_append(to->out, bytes);
}

void sink_put(struct sink *to, const char *text)
{
    sink_bytes(to, base_slice_of(text));
}

void sink_printf(struct sink *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (to->error == 0)
        to->error = base_buf_vprintf(to->out, format, args);
    va_end(args);
}

void sink_fill(struct sink *to, char c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sink_bytes(to, (struct base_slice){&c, 1});
}

void sink_points(struct sink *to, double points)
{
    const int64_t hundredths = result_hundredths(points);
    sink_printf(to, "%" PRId64, hundredths / 100);
    if (hundredths % 10 != 0)
        sink_printf(to, ".%02d", (int)(hundredths % 100));
    else if (hundredths % 100 != 0)
        sink_printf(to, ".%d", (int)(hundredths % 100 / 10));
}

void sink_seconds(struct sink *to, int64_t ms)
{
    ms = ms > 0 ? ms : 0;
    sink_printf(to, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
}
