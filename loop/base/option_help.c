/*
 * option_help.c - what is said to people: --help, what a value may be, and a
 * guess at what was meant.
 *
 * Read before: option.c. Read after: log_options.c.
 * Rests on: Levenshtein's distance of two words.
 */
#include "option_internal.h"

#include <errno.h>
#include <stdio.h>

/* --- what a value may be -------------------------------------------------- */

static const struct {
    const char *metavar, *one, *many;
} types[] = {
    [BASE_STRING] = {"TEXT", "a text", "texts"},
    [BASE_NUMBER] = {"NUMBER", "a number", "numbers such as 1,2,5:7"},
    [BASE_REAL] = {"NUMBER", "a number such as 2.5", "numbers such as 2.5,3"},
    [BASE_FLAG] = {"BOOL", "true or false", "true or false"},
    [BASE_DATE] = {"DATE", "a date such as 2026-11-21 17:39:54", "dates"},
    [BASE_SPAN] = {"TIME", "a time such as 45s or 1h30m", "times such as 45s"},
    [BASE_CUSTOM] = {"VALUE", "another", "others"},
};

/* "0 to 65535", or the words there are; empty if anything goes. */
static int print_bounds(const struct base_option *row, struct base_buf *out)
{
    if (row->min != row->max && row->max == INT64_MAX)
        return base_buf_printf(out, "%lld or more", (long long)row->min);
    if (row->min != row->max)
        return base_buf_printf(out, "%lld to %lld", (long long)row->min,
                               (long long)row->max);
    return row->words != NULL ? base_buf_printf(out, "%s", row->words) : 0;
}

int base_option_takes(const struct base_option *row, struct base_buf *out)
{
    const enum base_option_type type = base_option_type(row);
    if (row->words != NULL)
        return base_buf_printf(out, "one of %s", row->words);
    if (type == BASE_CUSTOM && row->metavar != NULL)
        return base_buf_printf(out, "%s", row->metavar);
    const int error = base_buf_printf(
        out, "%s%s", row->many != NULL ? types[type].many : types[type].one,
        row->min != row->max ? ", " : "");
    return error != 0 ? error : print_bounds(row, out);
}

/* --- a guess -------------------------------------------------------------- */

enum { WORD_MAX = 64, NEAR = 2 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* How many letters to insert, drop or change to make `b` of `a`. */
static size_t distance(struct base_slice a, struct base_slice b)
{
    size_t row[WORD_MAX + 1];
    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            const size_t change = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            diagonal = row[j];
            row[j] = smallest(row[j] + 1, row[j - 1] + 1, change);
        }
    }
    return row[b.len];
}

/* The name that is nearest to `name`, or that it begins; NULL: none is. */
static const char *guess(const struct base_options *set, struct base_slice name)
{
    const char *best = NULL;
    size_t best_distance = NEAR + 1;
    for (const struct base_option *row = base_options_next(set, NULL);
         row != NULL; row = base_options_next(set, row)) {
        const struct base_slice other = base_slice_of(row->name);
        size_t d = distance(name, other);
        if (d >= name.len) /* nothing of it is left */
            d = WORD_MAX;
        if (name.len > 1 && base_slice_starts(other, name))
            d = 0;
        if (d < best_distance) {
            best = row->name;
            best_distance = d;
        }
    }
    return best;
}

/* Appends a name as it is typed: with dashes. */
static int print_name(struct base_buf *out, const char *name)
{
    int error = 0;
    for (; *name != '\0' && error == 0; name++)
        error = base_buf_printf(out, "%c", *name == '_' ? '-' : *name);
    return error;
}

int base_option_unknown(struct base_options *set, struct base_slice name,
                        const char *dashes)
{
    const struct base_slice typed = base_slice_cut(&name, '=', NULL);
    const int len = typed.len < WORD_MAX ? (int)typed.len : WORD_MAX;
    const char *meant = guess(set, typed);
    struct base_buf text;
    base_buf_init(&text, WORD_MAX);
    if (meant != NULL && *dashes != '\0')
        print_name(&text, meant);
    const struct base_slice with_dashes = base_buf_slice(&text);
    if (meant == NULL)
        base_options_fail(set, -ENOENT,
                          "unknown option '%s%.*s'\n  try:     --help lists "
                          "the options",
                          dashes, len, typed.ptr);
    else if (*dashes == '\0')
        base_options_fail(set, -ENOENT, "unknown option '%.*s'\n  try:     %s",
                          len, typed.ptr, meant);
    else
        base_options_fail(set, -ENOENT,
                          "unknown option '%s%.*s'\n  try:     %s%.*s", dashes,
                          len, typed.ptr, meant[1] != '\0' ? "--" : "-",
                          BASE_SLICE_ARGS(with_dashes));
    base_buf_fini(&text);
    return -ENOENT;
}

/* --- help ----------------------------------------------------------------- */

enum {
    COLUMN = 30,    /* where the explanations begin */
    WORDS_MAX = 24, /* longer lists of words are for `help` to explain */
};

/* "  --log-file-prefix FILE": with room up to the column, or on a line. */
static int print_left(const struct base_option *row, struct base_buf *out)
{
    const size_t before = base_buf_len(out);
    const bool is_short = row->name[1] == '\0';
    int error = base_buf_printf(out, "  %s", is_short ? "-" : "--");
    if (error == 0)
        error = print_name(out, row->name);
    if (error == 0 && row->flag == NULL)
        error = base_buf_printf(out, " %s",
                                row->metavar != NULL
                                    ? row->metavar
                                    : types[base_option_type(row)].metavar);
    const size_t len = base_buf_len(out) - before;
    if (error == 0 && len + 2 > COLUMN)
        error = base_buf_printf(out, "\n%*s", COLUMN, "");
    else if (error == 0)
        error = base_buf_printf(out, "%*s", COLUMN - (int)len, "");
    return error;
}

/* "the port (0 to 65535; default 8000)" */
static int print_right(const struct base_option_entry *entry,
                       struct base_buf *out)
{
    const struct base_option *row = &entry->row;
    const bool bounds = row->min != row->max ||
                        (row->words != NULL && strlen(row->words) <= WORDS_MAX);
    const bool fallback = row->flag == NULL && entry->fallback[0] != '\0' &&
                          strcmp(entry->fallback, "\"\"") != 0 &&
                          strcmp(entry->fallback, "[]") != 0;
    int error = base_buf_printf(out, "%s%s", row->help != NULL ? row->help : "",
                                bounds || fallback ? " (" : "");
    if (error == 0 && bounds)
        error = print_bounds(row, out);
    if (error == 0 && fallback)
        error = base_buf_printf(out, "%sdefault %s", bounds ? "; " : "",
                                entry->fallback);
    return error != 0 ? error
                      : base_buf_printf(out, bounds || fallback ? ")\n" : "\n");
}

static bool same_group(const struct base_option *a, const struct base_option *b)
{
    const char *of_a = a->group != NULL ? a->group : "";
    const char *of_b = b->group != NULL ? b->group : "";
    return strcmp(of_a, of_b) == 0;
}

/* All rows of the group of `first`, which is the first one of it. */
static int print_group(const struct base_option_entry *first,
                       struct base_buf *out)
{
    int error = 0;
    for (const struct base_option_entry *e = first; e != NULL && error == 0;
         e = e->next) {
        if (!same_group(&first->row, &e->row))
            continue;
        error = print_left(&e->row, out);
        if (error == 0)
            error = print_right(e, out);
    }
    return error;
}

static const struct base_option_entry *
first_of_group(const struct base_options *set,
               const struct base_option_entry *entry)
{
    const struct base_option_entry *e = set->entries;
    while (!same_group(&e->row, &entry->row))
        e = e->next;
    return e;
}

int base_options_help(const struct base_options *set, const char *program,
                      struct base_buf *out)
{
    int error = base_buf_printf(out, "usage: %s [OPTION...]%s%s\n%s\n\n",
                                program, set->arguments != NULL ? " " : "",
                                set->arguments != NULL ? set->arguments : "",
                                set->about);
    const struct base_option no_group = {0};
    for (const struct base_option_entry *e = set->entries; e != NULL;
         e = e->next)
        if (error == 0 && same_group(&e->row, &no_group)) {
            error = print_group(e, out);
            break;
        }
    if (error == 0)
        error = base_buf_printf(out, "  %-*sprint this and exit\n", COLUMN - 2,
                                "--help");
    for (const struct base_option_entry *e = set->entries;
         e != NULL && error == 0; e = e->next) {
        if (same_group(&e->row, &no_group) || first_of_group(set, e) != e)
            continue;
        error = base_buf_printf(out, "\n%s:\n", e->row.group);
        if (error == 0)
            error = print_group(e, out);
    }
    return error;
}
