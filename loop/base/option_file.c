/*
 * option_file.c - the syntax of a file of options.
 *
 *     # a comment is a whole line
 *     port = 80
 *     root = /srv/my files               bare: to the end of the line
 *     title = "a \"quoted\" \x7e one"    or 'as it stands'
 *     hosts = [a, "b, c", 'd']           or a,b,d for a list without quotes
 *
 * Bytes are UTF-8, lines end with LF or CR LF. Tornado's files are programs in
 * Python; ours cannot do anything, and an unknown name in them is an error.
 *
 * Read before: option.c. Read after: option_help.c.
 * Rests on: open(2), read(2).
 */
#include "option_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- values --------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes what follows a backslash; returns the byte that is meant, or -1. */
static int take_escape(struct base_slice *s)
{
    static const char marks[] = "nrt\"\\'", meant[] = "\n\r\t\"\\'";
    if (s->len == 0)
        return -1;
    const char *at = strchr(marks, s->ptr[0]);
    if (at != NULL && *at != '\0') {
        *s = base_slice_skip(*s, 1);
        return (unsigned char)meant[at - marks];
    }
    if (s->len < 3 || s->ptr[0] != 'x')
        return -1;
    const int high = hex_digit(s->ptr[1]), low = hex_digit(s->ptr[2]);
    *s = base_slice_skip(*s, 3);
    /* A NUL would cut the value short. */
    return high < 0 || low < 0 || high + low == 0 ? -1 : high * 16 + low;
}

/*
 * Takes a text in quotes off the front of `s`; what it means goes to `out`,
 * which has room, as escapes are longer than what they mean.
 */
static int take_quoted(struct base_slice *s, char *out, size_t *len)
{
    const char quote = s->ptr[0];
    *s = base_slice_skip(*s, 1);
    *len = 0;
    while (s->len > 0) {
        int byte = (unsigned char)s->ptr[0];
        *s = base_slice_skip(*s, 1);
        if (byte == quote)
            return 0;
        if (byte == '\\' && quote == '"')
            byte = take_escape(s);
        if (byte < 0)
            return -EINVAL;
        out[(*len)++] = (char)byte;
    }
    return -EINVAL;
}

static bool is_quote(struct base_slice s)
{
    return s.len > 0 && (s.ptr[0] == '"' || s.ptr[0] == '\'');
}

/* The texts of one value; their bytes lie in the line or in `bytes`. */
struct texts {
    struct base_slice *items;
    size_t n;
    char *bytes; /* unquoted texts, one after the other */
    size_t used;
};

static int take_text(struct texts *t, struct base_slice *s)
{
    struct base_slice *item = &t->items[t->n++];
    if (!is_quote(*s)) {
        size_t len = 0;
        while (len < s->len && s->ptr[len] != ',' && s->ptr[len] != ']')
            len++;
        *item = base_slice_trim((struct base_slice){s->ptr, len});
        *s = base_slice_skip(*s, len);
        return 0;
    }
    item->ptr = t->bytes + t->used;
    const int error = take_quoted(s, t->bytes + t->used, &item->len);
    t->used += item->len;
    *s = base_slice_trim(*s);
    return error;
}

/* Takes "[a, b]" off the front of `s`. A comma after the last is allowed. */
static int take_list(struct texts *t, struct base_slice *s)
{
    *s = base_slice_trim(base_slice_skip(*s, 1));
    while (s->len > 0 && s->ptr[0] != ']') {
        const int error = take_text(t, s);
        if (error != 0)
            return error;
        if (s->len > 0 && s->ptr[0] == ',')
            *s = base_slice_trim(base_slice_skip(*s, 1));
        else if (s->len > 0 && s->ptr[0] != ']')
            return -EINVAL;
    }
    if (s->len == 0)
        return -EINVAL;
    *s = base_slice_trim(base_slice_skip(*s, 1));
    return 0;
}

static int assign_value(struct base_options *set,
                        const struct base_option_entry *entry,
                        struct base_slice s)
{
    const bool is_list = s.len > 0 && s.ptr[0] == '[';
    if (!is_list && !is_quote(s))
        return base_option_assign(set, entry, &s, 1, false);
    struct texts t = {0};
    t.items = base_alloc_array(s.len, sizeof *t.items);
    t.bytes = base_alloc(s.len);
    int error = is_list ? take_list(&t, &s) : take_text(&t, &s);
    if (error != 0 || (s.len > 0 && s.ptr[0] != '#'))
        error = base_options_fail(set, -EINVAL,
                                  "the value of '%s' has no end, an unknown "
                                  "escape, or something behind it",
                                  entry->row.name);
    else
        error = base_option_assign(set, entry, t.items, t.n, is_list);
    free(t.items);
    free(t.bytes);
    return error;
}

/* --- lines ---------------------------------------------------------------- */

static bool is_text(struct base_slice line)
{
    while (line.len > 0) {
        const size_t len = base_slice_utf8(line);
        if (len == 0 || line.ptr[0] == '\0')
            return false;
        line = base_slice_skip(line, len);
    }
    return true;
}

static int parse_line(struct base_options *set, struct base_slice line)
{
    if (!is_text(line))
        return base_options_fail(set, -EILSEQ,
                                 "this line is not UTF-8\n  try:     write "
                                 "other bytes as \"\\xff\"");
    if (base_slice_ends(line, base_slice_of("\r")))
        line.len--;
    line = base_slice_trim(line);
    if (line.len == 0 || line.ptr[0] == '#')
        return 0;
    bool found;
    const struct base_slice name =
        base_slice_trim(base_slice_cut(&line, '=', &found));
    if (!found)
        return base_options_fail(set, -EINVAL,
                                 "this line is no option\n  try:     "
                                 "name = value, or # in front of a comment");
    const struct base_option_entry *e = base_option_entry(set, name);
    return e != NULL ? assign_value(set, e, base_slice_trim(line))
                     : base_option_unknown(set, name, "");
}

static int parse_lines(struct base_options *set, struct base_slice text)
{
    int error = 0;
    if (base_slice_starts(text, base_slice_of("\xef\xbb\xbf")))
        text = base_slice_skip(text, 3); /* a mark that some editors put */
    while (text.len > 0 && error == 0) {
        set->line++;
        error = parse_line(set, base_slice_cut(&text, '\n', NULL));
    }
    return error;
}

int base_options_text(struct base_options *set, const char *name,
                      struct base_slice text, bool final)
{
    int error = base_option_begin(set);
    if (error != 0)
        return error;
    const char *outer = set->file;
    const int outer_line = set->line;
    set->file = name;
    set->line = 0;
    error = parse_lines(set, text);
    set->file = outer;
    set->line = outer_line;
    return base_option_end(set, error, final);
}

/* --- files ---------------------------------------------------------------- */

/* Reads the whole file; its size may change meanwhile, so to the end. */
static int read_all(int fd, struct base_buf *text)
{
    for (;;) {
        enum { STEP = 16384 };
        char *room = base_buf_reserve(text, STEP);
        if (room == NULL)
            return -EFBIG;
        const ssize_t n = read(fd, room, STEP);
        if (n == -1)
            return -errno;
        if (n == 0)
            return 0;
        base_buf_commit(text, (size_t)n);
    }
}

int base_options_file(struct base_options *set, const char *path, bool final)
{
    struct base_buf text;
    base_buf_init(&text, BASE_OPTION_TEXT);
    int error = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        error = -errno;
    } else {
        error = read_all(fd, &text);
        close(fd);
    }
    if (error == 0)
        error = base_options_text(set, path, base_buf_slice(&text), final);
    else
        base_options_fail(set, error, "cannot read options from '%s': %s", path,
                          strerror(-error));
    base_buf_fini(&text);
    return error;
}

int base_options_config(struct base_options *set, const struct base_option *row,
                        void *arg)
{
    (void)arg;
    return base_options_file(set, *row->string, false);
}

/* --- printing ------------------------------------------------------------- */

/* True if a bare `text` would be read as itself. */
static bool may_be_bare(struct base_slice text, bool in_list)
{
    if (text.len == 0 || is_quote(text) || text.ptr[0] == '[' ||
        !is_text(text) || base_slice_trim(text).len != text.len)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f ||
            (in_list && (text.ptr[i] == ',' || text.ptr[i] == ']')))
            return false;
    return true;
}

int base_option_quote(struct base_buf *out, const char *text, bool in_list)
{
    struct base_slice s = base_slice_of(text != NULL ? text : "");
    if (may_be_bare(s, in_list))
        return base_buf_append(out, s);
    int error = base_buf_printf(out, "\"");
    while (s.len > 0 && error == 0) {
        const size_t len = base_slice_utf8(s);
        const unsigned char first = (unsigned char)s.ptr[0];
        if (first == '"' || first == '\\')
            error = base_buf_printf(out, "\\%c", first);
        else if (len == 0 || first < 0x20 || first == 0x7f)
            error = base_buf_printf(out, "\\x%02x", (unsigned)first);
        else
            error = base_buf_append(out, (struct base_slice){s.ptr, len});
        s = base_slice_skip(s, len > 0 ? len : 1);
    }
    return error != 0 ? error : base_buf_printf(out, "\"");
}

static bool in_group(const struct base_option *row, const char *group)
{
    return group == NULL ||
           (row->group != NULL && strcmp(row->group, group) == 0);
}

int base_options_print(const struct base_options *set, const char *group,
                       struct base_buf *out)
{
    int error = 0;
    for (const struct base_option *row = base_options_next(set, NULL);
         row != NULL && error == 0; row = base_options_next(set, row)) {
        if (!in_group(row, group))
            continue;
        error = base_buf_printf(out, "%s = ", row->name);
        if (error == 0)
            error = base_option_print(row, out);
        if (error == 0)
            error = base_buf_printf(out, "\n");
    }
    return error;
}
