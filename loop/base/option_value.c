/*
 * option_value.c - text to value and back, type by type. What is printed for a
 * value is read as the same value.
 *
 * Read before: option.c. Read after: option_time.c.
 * Rests on: strtod(3) in the locale "C".
 */
#include "option_internal.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum base_option_type base_option_type(const struct base_option *row)
{
    if (row->many != NULL)
        return row->of;
    if (row->number != NULL || row->large != NULL)
        return BASE_NUMBER;
    if (row->real != NULL)
        return BASE_REAL;
    if (row->flag != NULL)
        return BASE_FLAG;
    if (row->date != NULL)
        return BASE_DATE;
    if (row->span_ns != NULL)
        return BASE_SPAN;
    if (row->custom != NULL)
        return BASE_CUSTOM;
    assert(row->string != NULL);
    return BASE_STRING;
}

/* --- text to value -------------------------------------------------------- */

bool base_option_is_word(struct base_slice text, const char *words)
{
    struct base_slice rest = base_slice_of(words);
    while (rest.len > 0)
        if (base_slice_equal(text, base_slice_cut(&rest, ',', NULL)))
            return true;
    return false;
}

static int parse_number(const struct base_option *row, struct base_slice text,
                        int64_t *number)
{
    int64_t value;
    const int error = base_slice_to_int(text, &value);
    if (error != 0)
        return error;
    if (row->min != row->max && (value < row->min || value > row->max))
        return -ERANGE;
    if (row->number != NULL && (value < INT_MIN || value > INT_MAX))
        return -ERANGE;
    *number = value;
    return 0;
}

int base_option_copy(struct base_slice text, char copy[BASE_OPTION_SHORT])
{
    if (text.len == 0 || text.len >= BASE_OPTION_SHORT)
        return -EINVAL;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return strlen(copy) == text.len ? 0 : -EINVAL;
}

/* A program in a German locale would want 3,5. glibc has this one at hand. */
static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static int parse_real(struct base_slice text, double *real)
{
    char copy[BASE_OPTION_SHORT], *end;
    if (base_option_copy(text, copy) != 0 ||
        copy[strspn(copy, "+-.0123456789eE")] != '\0')
        return -EINVAL;
    const double value = strtod_l(copy, &end, c_locale());
    if (*end != '\0')
        return -EINVAL;
    if (!isfinite(value))
        return -ERANGE;
    *real = value;
    return 0;
}

static int parse_flag(struct base_slice text, bool *flag)
{
    static const char *const yes = "true,yes,on,t,y,1";
    static const char *const no = "false,no,off,f,n,0";
    char copy[BASE_OPTION_SHORT];
    if (base_option_copy(text, copy) != 0)
        return -EINVAL;
    for (char *c = copy; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    *flag = base_option_is_word(base_slice_of(copy), yes);
    return *flag || base_option_is_word(base_slice_of(copy), no) ? 0 : -EINVAL;
}

int base_option_parse(struct base_options *set, const struct base_option *row,
                      struct base_slice text, union base_value *value)
{
    switch (base_option_type(row)) {
    case BASE_NUMBER:
        return parse_number(row, text, &value->number);
    case BASE_REAL:
        return parse_real(text, &value->real);
    case BASE_FLAG:
        return parse_flag(text, &value->flag);
    case BASE_DATE:
        return base_option_parse_date(text, &value->date);
    case BASE_SPAN:
        return base_option_parse_span(text, &value->span_ns);
    default:
        if (row->words != NULL && !base_option_is_word(text, row->words))
            return -EINVAL;
        value->string = base_arena_strdup(&set->arena, text);
        return 0;
    }
}

/* --- and back ------------------------------------------------------------- */

/* As few digits as are read as the same number, but six at least: 2000. */
static int print_real(double real, struct base_buf *out)
{
    char text[BASE_OPTION_SHORT];
    double again;
    const locale_t before = uselocale(c_locale());
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, real);
        if (parse_real(base_slice_of(text), &again) == 0 && again == real)
            break;
    }
    uselocale(before);
    return base_buf_append(out, base_slice_of(text));
}

int base_option_print_value(const struct base_option *row,
                            union base_value value, struct base_buf *out)
{
    switch (base_option_type(row)) {
    case BASE_NUMBER:
        return base_buf_printf(out, "%lld", (long long)value.number);
    case BASE_REAL:
        return print_real(value.real, out);
    case BASE_FLAG:
        return base_buf_printf(out, value.flag ? "true" : "false");
    case BASE_DATE:
        return base_option_print_date(value.date, out);
    case BASE_SPAN:
        return base_option_print_span(value.span_ns, out);
    default:
        return base_option_quote(out, value.string, row->many != NULL);
    }
}
