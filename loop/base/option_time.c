/*
 * option_time.c - dates and spans of time as people write them.
 *
 * Read before: option_value.c. Read after: option_assign.c.
 * Rests on: strptime(3), mktime(3).
 */
#include "option_internal.h"

#include <errno.h>
#include <stdlib.h>

/* --- dates ---------------------------------------------------------------- */

/* A day that is not in the calendar is an error, not the day after. */
int base_option_parse_date(struct base_slice text, time_t *date)
{
    static const char *const formats[] = {
        "%a %b %d %H:%M:%S %Y",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y%m%d %H:%M:%S",
        "%Y%m%d %H:%M",
        "%Y-%m-%d",
        "%Y%m%d",
        "%H:%M:%S",
        "%H:%M",
    };
    char copy[BASE_OPTION_SHORT];
    if (base_option_copy(text, copy) != 0)
        return -EINVAL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const time_t now = time(NULL);
        struct tm tm;
        localtime_r(&now, &tm); /* a time alone is one of today */
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        const char *end = strptime(copy, formats[i], &tm);
        if (end == NULL || *end != '\0')
            continue;
        const int day = tm.tm_mday;
        tm.tm_isdst = -1;
        *date = mktime(&tm);
        return tm.tm_mday == day ? 0 : -EINVAL;
    }
    return -EINVAL;
}

int base_option_print_date(time_t date, struct base_buf *out)
{
    char text[BASE_OPTION_SHORT] = "";
    struct tm tm;
    if (localtime_r(&date, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    return base_buf_append(out, base_slice_of(text));
}

/* --- spans of time -------------------------------------------------------- */

/* From the longest to the shortest: they are printed in this order. */
static const struct unit {
    const char *mark, *word;
    int64_t ns;
} units[] = {
    {"w", "weeks", 604800000000000}, {"d", "days", 86400000000000},
    {"h", "hours", 3600000000000},   {"m", "minutes", 60000000000},
    {"s", "seconds", 1000000000},    {"ms", "milliseconds", 1000000},
    {"us", "microseconds", 1000},    {"ns", "nanoseconds", 1},
    {"min", "minutes", 60000000000}, {"sec", "seconds", 1000000000},
};
enum { PRINTED_UNITS = 8 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct base_slice take_digits(struct base_slice *s)
{
    const struct base_slice all = *s;
    while (s->len > 0 && is_digit(s->ptr[0]))
        *s = base_slice_skip(*s, 1);
    return (struct base_slice){all.ptr, all.len - s->len};
}

/* "h", "hour" or "hours"; nothing at all is seconds. */
static int64_t take_unit(struct base_slice *s)
{
    const struct base_slice all = *s;
    while (s->len > 0 && ((s->ptr[0] >= 'a' && s->ptr[0] <= 'z')))
        *s = base_slice_skip(*s, 1);
    const struct base_slice word = {all.ptr, all.len - s->len};
    if (word.len == 0)
        return 1000000000;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const struct base_slice full = base_slice_of(units[i].word);
        if (base_slice_equal(word, base_slice_of(units[i].mark)) ||
            (base_slice_starts(full, word) && word.len >= full.len - 1))
            return units[i].ns;
    }
    return -1;
}

/* Takes "1.5h" off the front of `s` and adds it to `*sum_ns`. */
static int add_span(struct base_slice *s, int64_t *sum_ns)
{
    const struct base_slice whole = take_digits(s);
    struct base_slice fraction = {0};
    if (whole.len > 0 && s->len > 0 && s->ptr[0] == '.') {
        *s = base_slice_skip(*s, 1);
        fraction = take_digits(s);
    }
    int64_t n;
    const int error = base_slice_to_int(whole, &n);
    if (error != 0)
        return error;
    *s = base_slice_trim(*s);
    const int64_t unit_ns = take_unit(s);
    if (unit_ns < 0)
        return -EINVAL;
    double part = 0;
    for (size_t i = fraction.len; i-- > 0;)
        part = (part + (fraction.ptr[i] - '0')) / 10;
    int64_t ns;
    if (__builtin_mul_overflow(n, unit_ns, &ns) ||
        __builtin_add_overflow(*sum_ns, ns, sum_ns) ||
        __builtin_add_overflow(*sum_ns, (int64_t)(part * (double)unit_ns + 0.5),
                               sum_ns))
        return -ERANGE;
    *s = base_slice_trim(*s);
    return 0;
}

int base_option_parse_span(struct base_slice text, int64_t *span_ns)
{
    struct base_slice s = base_slice_trim(text);
    const bool negative = s.len > 0 && s.ptr[0] == '-';
    int64_t sum_ns = 0;
    s = base_slice_skip(s, negative);
    do {
        const int error = add_span(&s, &sum_ns);
        if (error != 0)
            return error;
    } while (s.len > 0);
    *span_ns = negative ? -sum_ns : sum_ns;
    return 0;
}

int base_option_print_span(int64_t span_ns, struct base_buf *out)
{
    uint64_t rest = span_ns < 0 ? -(uint64_t)span_ns : (uint64_t)span_ns;
    if (rest == 0)
        return base_buf_printf(out, "0s");
    int error = span_ns < 0 ? base_buf_printf(out, "-") : 0;
    for (int i = 0; i < PRINTED_UNITS && error == 0; i++) {
        const uint64_t n = rest / (uint64_t)units[i].ns;
        rest %= (uint64_t)units[i].ns;
        if (n > 0)
            error = base_buf_printf(out, "%llu%s", (unsigned long long)n,
                                    units[i].mark);
    }
    return error;
}
