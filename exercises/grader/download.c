/*
 * download.c - takes the names of Moodle's and Canvas's downloads to pieces.
 *
 * Neither documents them as an interface; these are the names that they are
 * seen to give. A student may have underscores in a file's name, and in Moodle
 * in the own name as well; so Moodle's is read from the middle, where its word
 * stands, and Canvas's, whose names have letters alone, from the left.
 *
 * Read before: download.h. Read after: intake_list.c.
 */
#include "download.h"

/* All of `s` are digits, and there is one at least. */
static bool is_number(struct base_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* Cuts what stands behind the last `at` off; "" if there is none. */
static struct base_slice cut_last(struct base_slice *s, char at)
{
    size_t i = s->len;
    while (i > 0 && s->ptr[i - 1] != at)
        i--;
    if (i == 0)
        return (struct base_slice){"", 0};
    const struct base_slice last = base_slice_skip(*s, i);
    s->len = i - 1;
    return last;
}

/* STUDENT_NUMBER_assignsubmission_file[_FILE] */
static bool parse_moodle(struct base_slice name, struct download *d)
{
    static const char word[] = "_assignsubmission_";
    const ssize_t at = base_slice_find(name, base_slice_of(word));
    if (at <= 0)
        return false;
    struct base_slice who = {name.ptr, (size_t)at};
    d->file = base_slice_skip(name, (size_t)at + strlen(word));
    base_slice_cut(&d->file, '_', NULL); /* "file" or "onlinetext" */
    d->id = cut_last(&who, '_');
    d->student = who;
    d->again = (struct base_slice){"", 0};
    return is_number(d->id) && d->student.len > 0;
}

/* server-1.c: the "-1" */
static struct base_slice again_of(struct base_slice file)
{
    cut_last(&file, '.');
    struct base_slice stem = file;
    const struct base_slice number = cut_last(&stem, '-');
    if (!is_number(number) || stem.len == 0)
        return (struct base_slice){"", 0};
    return base_slice_skip(file, stem.len);
}

/* STUDENT[_LATE]_USER_ATTACHMENT_FILE */
static bool parse_canvas(struct base_slice name, struct download *d)
{
    d->student = base_slice_cut(&name, '_', NULL);
    d->id = base_slice_cut(&name, '_', NULL);
    if (base_slice_equal(d->id, base_slice_of("LATE")))
        d->id = base_slice_cut(&name, '_', NULL);
    const struct base_slice attachment = base_slice_cut(&name, '_', NULL);
    d->file = name;
    d->again = again_of(name);
    return d->student.len > 0 && is_number(d->id) && is_number(attachment) &&
           d->file.len > 0;
}

bool download_parse(const char *name, struct download *d)
{
    return parse_moodle(base_slice_of(name), d) ||
           parse_canvas(base_slice_of(name), d);
}

const char *download_file(const struct download *d, struct base_arena *arena)
{
    if (d->again.len == 0)
        return base_arena_strdup(arena, d->file);
    const size_t stem = (size_t)(d->again.ptr - d->file.ptr);
    const struct base_slice ending =
        base_slice_skip(d->file, stem + d->again.len);
    return base_arena_printf(arena, "%.*s%.*s", (int)stem, d->file.ptr,
                             BASE_SLICE_ARGS(ending));
}
