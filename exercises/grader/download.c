/*
 * download.c - takes the names of Moodle's and Canvas's downloads to pieces.
 *
 * Neither documents them as an interface; these are the names that they are
 * seen to give. They are read from the left, up to the number, as what stands
 * behind it is the student's: the name of a file must make nobody another. In
 * front of it stands a name, in which Moodle leaves no underscore and Canvas no
 * number between two.
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

/* Cuts Canvas's mark off, which stands between name and number. */
static struct base_slice without_late(struct base_slice student)
{
    static const char late[] = "_LATE";
    if (base_slice_ends(student, base_slice_of(late)))
        student.len -= strlen(late);
    return student;
}

bool download_parse(const char *name, struct download *d)
{
    struct base_slice rest = base_slice_of(name);
    bool more;
    do
        d->id = base_slice_cut(&rest, '_', &more);
    while (more && !is_number(d->id));
    const size_t before = (size_t)(d->id.ptr - name);
    if (!more || before < 2)
        return false;
    d->student = without_late((struct base_slice){name, before - 1});
    const struct base_slice next = base_slice_cut(&rest, '_', NULL);
    d->moodle = base_slice_equal(next, base_slice_of("assignsubmission"));
    if (d->moodle)
        base_slice_cut(&rest, '_', NULL); /* "file" or "onlinetext" */
    d->file = rest;
    d->again = d->moodle ? (struct base_slice){"", 0} : again_of(rest);
    return d->student.len > 0 &&
           (d->moodle || (is_number(next) && rest.len > 0));
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
