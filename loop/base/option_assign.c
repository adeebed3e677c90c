/*
 * option_assign.c - from texts to the variable: single values, lists, and what
 * is said when a text is no value.
 *
 * Read before: option_value.c. Read after: option_file.c.
 * Rests on: nothing but the C library.
 */
#include "option_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* --- into the variable ---------------------------------------------------- */

static void store(const struct base_option *row, union base_value value)
{
    if (row->string != NULL)
        *row->string = value.string;
    else if (row->number != NULL)
        *row->number = (int)value.number;
    else if (row->large != NULL)
        *row->large = value.number;
    else if (row->real != NULL)
        *row->real = value.real;
    else if (row->flag != NULL)
        *row->flag = value.flag;
    else if (row->date != NULL)
        *row->date = value.date;
    else
        *row->span_ns = value.span_ns;
}

static int complain(struct base_options *set, const struct base_option *row,
                    struct base_slice text, int error)
{
    struct base_buf takes;
    base_buf_init(&takes, 4096);
    base_option_takes(row, &takes);
    const struct base_slice words = base_buf_slice(&takes);
    const bool cut = text.len > BASE_OPTION_SHORT;
    base_options_fail(set, error, "'%.*s%s' is no value of '%s': it takes %.*s",
                      cut ? BASE_OPTION_SHORT : (int)text.len, text.ptr,
                      cut ? "..." : "", row->name, BASE_SLICE_ARGS(words));
    base_buf_fini(&takes);
    return error;
}

static int assign_one(struct base_options *set, const struct base_option *row,
                      struct base_slice text)
{
    union base_value value;
    int error;
    if (base_option_type(row) == BASE_CUSTOM) {
        char *copy = base_slice_dup(text);
        error = row->parse(row->custom, copy);
        free(copy);
    } else {
        error = base_option_parse(set, row, text, &value);
        if (error == 0)
            store(row, value);
    }
    return error != 0 ? complain(set, row, text, error) : 0;
}

/* --- lists ---------------------------------------------------------------- */

/* A list that is being read; at most BASE_OPTION_MANY values. */
struct reading {
    struct base_options *set;
    const struct base_option *row;
    union base_value *items;
    size_t n, size;
};

static int add_value(struct reading *r, union base_value value)
{
    if (r->n == BASE_OPTION_MANY)
        return base_options_fail(r->set, -ERANGE,
                                 "'%s' takes a list of at most %d values",
                                 r->row->name, BASE_OPTION_MANY);
    if (r->n == r->size) {
        r->size = r->size > 0 ? 2 * r->size : 8;
        r->items = base_realloc(r->items, r->size * sizeof *r->items);
    }
    r->items[r->n++] = value;
    return 0;
}

/* "5:7" is 5,6,7. */
static int add_range(struct reading *r, struct base_slice text)
{
    struct base_slice rest = text;
    bool is_range;
    union base_value first, last;
    const struct base_slice from = base_slice_cut(&rest, ':', &is_range);
    int error =
        base_option_parse(r->set, r->row, base_slice_trim(from), &first);
    last = first;
    if (error == 0 && is_range)
        error = base_option_parse(r->set, r->row, base_slice_trim(rest), &last);
    if (error == 0 && first.number > last.number)
        error = -EINVAL;
    if (error != 0)
        return complain(r->set, r->row, text, error);
    for (;; first.number++) {
        error = add_value(r, first);
        if (error != 0 || first.number == last.number)
            return error;
    }
}

static int add_text(struct reading *r, struct base_slice text)
{
    if (r->row->of == BASE_NUMBER)
        return add_range(r, text);
    union base_value value;
    const int error = base_option_parse(r->set, r->row, text, &value);
    return error != 0 ? complain(r->set, r->row, text, error)
                      : add_value(r, value);
}

static int add_commas(struct reading *r, struct base_slice text)
{
    int error = 0;
    bool more = text.len > 0;
    while (more && error == 0)
        error = add_text(r, base_slice_trim(base_slice_cut(&text, ',', &more)));
    return error;
}

static int assign_many(struct base_options *set, const struct base_option *row,
                       const struct base_slice *texts, size_t n, bool is_list)
{
    struct reading r = {.set = set, .row = row};
    int error = 0;
    for (size_t i = 0; i < n && error == 0; i++)
        error = is_list ? add_text(&r, texts[i]) : add_commas(&r, texts[i]);
    if (error == 0) {
        const size_t size = r.n * sizeof *r.items;
        row->many->items = base_arena_alloc(&set->arena, size);
        row->many->n = r.n;
        if (size > 0)
            memcpy(row->many->items, r.items, size);
    }
    free(r.items);
    return error;
}

int base_option_assign(struct base_options *set,
                       const struct base_option_entry *entry,
                       const struct base_slice *texts, size_t n, bool is_list)
{
    const struct base_option *row = &entry->row;
    int error;
    if (row->many != NULL)
        error = assign_many(set, row, texts, n, is_list);
    else if (is_list)
        error = base_options_fail(
            set, -EINVAL, "'%s' takes one value, not a list", row->name);
    else
        error = assign_one(set, row, texts[0]);
    if (error != 0 || row->on_set == NULL)
        return error;
    error = row->on_set(set, row, row->arg);
    return error < 0 ? error : 0;
}

/* --- and back ------------------------------------------------------------- */

static union base_value load(const struct base_option *row)
{
    if (row->string != NULL)
        return (union base_value){.string = *row->string};
    if (row->number != NULL)
        return (union base_value){.number = *row->number};
    if (row->large != NULL)
        return (union base_value){.number = *row->large};
    if (row->real != NULL)
        return (union base_value){.real = *row->real};
    if (row->flag != NULL)
        return (union base_value){.flag = *row->flag};
    if (row->date != NULL)
        return (union base_value){.date = *row->date};
    return (union base_value){.span_ns = *row->span_ns};
}

int base_option_print(const struct base_option *row, struct base_buf *out)
{
    if (row->custom != NULL)
        return row->print != NULL ? row->print(row->custom, out) : 0;
    if (row->many == NULL)
        return base_option_print_value(row, load(row), out);
    int error = base_buf_printf(out, "[");
    for (size_t i = 0; i < row->many->n && error == 0; i++) {
        if (i > 0)
            error = base_buf_printf(out, ", ");
        if (error == 0)
            error = base_option_print_value(row, row->many->items[i], out);
    }
    return error != 0 ? error : base_buf_printf(out, "]");
}
