/*
 * option_internal.h - what the files of the options share.
 *
 *     option.c         the set: rows, look-up, the command line, errors
 *     option_value.c   text to value and back, type by type
 *     option_time.c    the same for dates and spans of time
 *     option_assign.c  value to variable and back; lists
 *     option_file.c    the syntax of `name = value`
 *     option_help.c    what is said to people: help, what a row takes, guesses
 *
 * Read before: base.h, option. Read after: option.c.
 */
#ifndef LOOP_BASE_OPTION_INTERNAL_H
#define LOOP_BASE_OPTION_INTERNAL_H

#include "loop/base.h"

enum {
    BASE_OPTION_TEXT = 1 << 20, /* bytes of a file of options */
    BASE_OPTION_MANY = 10000,   /* values in a list */
    BASE_OPTION_NESTED = 8,     /* files that name files */
    BASE_OPTION_SHORT = 64,     /* bytes of a real or a date, with a NUL */
};

/* A row in the set. A row of the public interface is the first member. */
struct base_option_entry {
    struct base_option row;
    const char *fallback; /* what the variable held when it was defined */
    struct base_option_entry *next;
};

struct base_options {
    const char *about, *arguments;
    struct base_arena arena; /* entries, and the values of strings and lists */
    struct base_option_entry *entries, **last;
    struct base_list on_parsed;
    int broken;       /* what base_options_define said */
    int depth;        /* parses under way, one inside the other */
    const char *file; /* the file that is being read, ... */
    int line;         /* ... and its line; file is NULL outside */
    char *error;
};

/* --- option.c ------------------------------------------------------------- */

/*
 * A parse of any kind begins with one and ends with the other, which runs what
 * waits for the end if the parse is `final` and went well. Both return an error
 * or go on with what they were given.
 */
int base_option_begin(struct base_options *set);
int base_option_end(struct base_options *set, int error, bool final);

/* True if the names are equal when - and _ are. */
bool base_option_same(const char *name, struct base_slice other);

/* The entry of that name, or NULL. */
struct base_option_entry *base_option_entry(const struct base_options *set,
                                            struct base_slice name);

/* --- option_value.c, option_time.c ---------------------------------------- */

/* The type of the row's variable, or of the list's values. */
enum base_option_type base_option_type(const struct base_option *row);

/*
 * Makes a value of `text`, of any type but BASE_CUSTOM: 0, -EINVAL if it is
 * none, -ERANGE if it does not fit. Print appends what is read as the value.
 */
int base_option_parse(struct base_options *set, const struct base_option *row,
                      struct base_slice text, union base_value *value);
int base_option_print_value(const struct base_option *row,
                            union base_value value, struct base_buf *out);

int base_option_parse_date(struct base_slice text, time_t *date);
int base_option_parse_span(struct base_slice text, int64_t *span_ns);
int base_option_print_date(time_t date, struct base_buf *out);
int base_option_print_span(int64_t span_ns, struct base_buf *out);

/* A copy with a NUL; -EINVAL if it is empty, too long or has a NUL in it. */
int base_option_copy(struct base_slice text, char copy[BASE_OPTION_SHORT]);

/* True if `text` is one of `words`, which have commas between them. */
bool base_option_is_word(struct base_slice text, const char *words);

/* --- option_assign.c ------------------------------------------------------ */

/*
 * Sets the row's variable from `n` texts, and calls its on_set: from one text,
 * which a list splits at its commas, or from the `is_list` of a file, each of
 * whose texts is a value. On error nothing is set and the set has the words.
 */
int base_option_assign(struct base_options *set,
                       const struct base_option_entry *entry,
                       const struct base_slice *texts, size_t n, bool is_list);

/* --- option_file.c, option_help.c ----------------------------------------- */

/* Appends `text`, in quotes if a file would read the bare one as another. */
int base_option_quote(struct base_buf *out, const char *text, bool in_list);

/* "a number, 0 to 65535": what the row's value may be, for an error. */
int base_option_takes(const struct base_option *row, struct base_buf *out);

/* Notes that there is no option `name`, with a guess at what was meant. */
int base_option_unknown(struct base_options *set, struct base_slice name,
                        const char *dashes);

#endif
