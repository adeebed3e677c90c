/*
 * tar.c - the reader of tar archives: numbers, headers, the extended headers in
 * front of them, and the content.
 *
 * The source may return any number of bytes at a time, so everything is read
 * through read_all. Sizes are bounded before they are used: a size that is too
 * large to be true is refused, not computed with.
 *
 * Read before: tar.h. Read after: intake_archive.c. Rests on: tar(5).
 */
#include "tar.h"

#include <errno.h>

/* No file of a student's is longer; and sums of two do not overflow. */
static const uint64_t size_max = UINT64_C(1) << 60;

struct header { /* all of it is text */
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
    char type, linkname[100], magic[6], version[2], uname[32], gname[32];
    char major[8], minor[8], prefix[155], unused[12];
};
_Static_assert(sizeof(struct header) == TAR_BLOCK, "a header is one block");

void tar_open(struct tar *t, tar_source *source, void *arg)
{
    *t = (struct tar){.source = source, .arg = arg};
}

static int broken(struct tar *t, const char *problem)
{
    t->problem = problem;
    return -EPROTO;
}

/* Returns 1 if all `len` bytes came, 0 if the source ended before the first. */
static int read_all(struct tar *t, char *bytes, size_t len)
{
    size_t have = 0;
    while (have < len) {
        const ssize_t n = t->source(bytes + have, len - have, t->arg);
        if (n < 0)
            return (int)n;
        if (n == 0)
            return have == 0 ? 0 : broken(t, "it breaks off within a block");
        have += (size_t)n;
    }
    return 1;
}

ssize_t tar_read(struct tar *t, char *bytes, size_t len)
{
    if (t->left < len)
        len = (size_t)t->left;
    if (len == 0)
        return 0;
    const ssize_t n = t->source(bytes, len, t->arg);
    if (n == 0)
        return broken(t, "it breaks off within a file");
    if (n > 0)
        t->left -= (uint64_t)n;
    return n;
}

static int skip_content(struct tar *t)
{
    char ignored[16 * TAR_BLOCK];
    ssize_t n = 0;
    while ((n = tar_read(t, ignored, sizeof(ignored))) > 0)
        ;
    if (n < 0 || t->filling == 0)
        return (int)n;
    const int got = read_all(t, ignored, t->filling);
    t->filling = 0;
    return got == 0  ? broken(t, "it breaks off within a file")
           : got < 0 ? got
                     : 0;
}

static void expect_content(struct tar *t, uint64_t size)
{
    t->left = size;
    t->filling = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

/* --- numbers and texts of a header ----------------------------------------*/

/* The bytes before the first NUL, or all of the field. */
static struct base_slice text_of(const char *field, size_t len)
{
    return (struct base_slice){field, strnlen(field, len)};
}

/* GNU's form of a number that has too many digits: big endian, bit 7 set. */
static bool binary_number(const char *field, size_t len, uint64_t *value)
{
    uint64_t sum = (unsigned char)field[0] & 0x7f;
    for (size_t i = 1; i < len; i++) {
        if (sum >= size_max >> 8)
            return false;
        sum = sum << 8 | (unsigned char)field[i];
    }
    *value = sum;
    return true;
}

/* Octal digits, perhaps with spaces before, ended by a space, NUL or `len`. */
static bool number(const char *field, size_t len, uint64_t *value)
{
    if ((unsigned char)field[0] & 0x80)
        return binary_number(field, len, value);
    size_t i = 0;
    while (i < len && field[i] == ' ')
        i++;
    uint64_t sum = 0;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
        sum = sum << 3 | (uint64_t)(field[i] - '0');
    *value = sum;
    return i == len || field[i] == ' ' || field[i] == '\0';
}

/* The sum of all bytes, those of the checksum itself counted as spaces. */
static bool checksum_holds(const struct header *h)
{
    const unsigned char *bytes = (const unsigned char *)h;
    const size_t from = offsetof(struct header, checksum);
    uint64_t sum = 0, told = 0;
    for (size_t i = 0; i < sizeof(*h); i++)
        sum += i - from < sizeof(h->checksum) ? ' ' : bytes[i];
    return number(h->checksum, sizeof(h->checksum), &told) && told == sum;
}

static bool all_zero(const struct header *h)
{
    const char *bytes = (const char *)h;
    return bytes[0] == '\0' && memcmp(bytes, bytes + 1, sizeof(*h) - 1) == 0;
}

/* --- paths ----------------------------------------------------------------*/

static int set_path(struct tar *t, struct base_slice path)
{
    if (path.len >= sizeof(t->path))
        return broken(t, "a name in it is too long");
    if (memchr(path.ptr, '\0', path.len))
        return broken(t, "a name in it has a NUL");
    memcpy(t->path, path.ptr, path.len);
    t->path_len = path.len;
    return 0;
}

/* The name in the header, behind the prefix that only ustar has. */
static int set_path_of_header(struct tar *t, const struct header *h)
{
    const struct base_slice name = text_of(h->name, sizeof(h->name));
    struct base_slice prefix = text_of(h->prefix, sizeof(h->prefix));
    if (memcmp(h->magic, "ustar", sizeof(h->magic)) != 0 || prefix.len == 0)
        return set_path(t, name);
    char path[sizeof(h->prefix) + 1 + sizeof(h->name)];
    memcpy(path, prefix.ptr, prefix.len);
    path[prefix.len] = '/';
    memcpy(path + prefix.len + 1, name.ptr, name.len);
    return set_path(t, (struct base_slice){path, prefix.len + 1 + name.len});
}

/* --- extended headers -----------------------------------------------------*/

static int set_record(struct tar *t, struct base_slice key,
                      struct base_slice value)
{
    if (base_slice_equal(key, base_slice_of("path"))) {
        t->long_path = true;
        return set_path(t, value);
    }
    if (base_slice_equal(key, base_slice_of("size"))) {
        t->long_size = true;
        return base_slice_to_uint(value, &t->size) == 0
                   ? 0
                   : broken(t, "a size in it is no number");
    }
    if (base_slice_starts(key, base_slice_of("GNU.sparse.")))
        t->sparse = true;
    return 0;
}

/* pax: records "LEN KEY=VALUE\n", LEN in decimal and of the whole record. */
static int read_records(struct tar *t, struct base_slice rest)
{
    while (rest.len > 0) {
        const struct base_slice from = rest;
        bool found = false;
        uint64_t len = 0;
        const struct base_slice digits = base_slice_cut(&rest, ' ', &found);
        if (!found || base_slice_to_uint(digits, &len) != 0 ||
            len < digits.len + 2 || len > from.len || from.ptr[len - 1] != '\n')
            return broken(t, "an extended header in it is damaged");
        struct base_slice value = {rest.ptr, len - digits.len - 2};
        const struct base_slice key = base_slice_cut(&value, '=', &found);
        const int error = found ? set_record(t, key, value) : 0;
        if (error)
            return error;
        rest = base_slice_skip(from, len);
    }
    return 0;
}

/* Reads the content of an "x" or "L", which belongs to the next header. */
static int read_extended(struct tar *t, char type)
{
    if (t->left > sizeof(t->extended))
        return broken(t, "an extended header in it is too long");
    const struct base_slice all = {t->extended, (size_t)t->left};
    const int got = all.len > 0 ? read_all(t, t->extended, all.len) : 1;
    if (got <= 0)
        return got == 0 ? broken(t, "it breaks off within a header") : got;
    t->left = 0;
    if (type == 'x')
        return read_records(t, all);
    t->long_path = true;
    return set_path(t, text_of(all.ptr, all.len));
}

/* --- headers --------------------------------------------------------------*/

static enum tar_kind kind_of(const struct tar *t, char type)
{
    const bool slash = t->path_len > 0 && t->path[t->path_len - 1] == '/';
    switch (type) {
    case '\0': /* before POSIX, a folder was told by its name alone */
    case '0':
    case '7': /* "contiguous": a hint to the disk */
        return t->sparse ? TAR_OTHER : slash ? TAR_FOLDER : TAR_FILE;
    case '1':
        return TAR_HARD_LINK;
    case '2':
        return TAR_LINK;
    case '5':
        return TAR_FOLDER;
    default:
        return TAR_OTHER;
    }
}

/* Makes the header, and what came in front of it, one entry. */
static int make_entry(struct tar *t, const struct header *h,
                      struct tar_entry *entry)
{
    const int error = t->long_path ? 0 : set_path_of_header(t, h);
    if (error)
        return error;
    if (t->long_size)
        expect_content(t, t->size);
    const enum tar_kind kind = kind_of(t, h->type);
    if (kind != TAR_FILE && kind != TAR_OTHER && t->left > 0)
        return broken(t, "a folder or link in it has content");
    *entry = (struct tar_entry){.kind = kind,
                                .path = {t->path, t->path_len},
                                .size = kind == TAR_FILE ? t->left : 0};
    return 1;
}

static int read_header(struct tar *t, struct header *h)
{
    const int got = read_all(t, (char *)h, sizeof(*h));
    if (got <= 0)
        return got == 0 ? broken(t, "it breaks off before its end") : got;
    if (all_zero(h))
        return 0;
    uint64_t size = 0;
    if (!checksum_holds(h) || !number(h->size, sizeof(h->size), &size))
        return broken(t, "a header in it is damaged");
    expect_content(t, size);
    return 1;
}

int tar_next(struct tar *t, struct tar_entry *entry)
{
    t->long_path = t->long_size = t->sparse = false;
    for (;;) {
        struct header h;
        int got = skip_content(t);
        if (got == 0)
            got = read_header(t, &h);
        if (got <= 0)
            return got;
        if (h.type == 'x' || h.type == 'L')
            got = read_extended(t, h.type);
        else if (h.type != 'g' && h.type != 'K')
            return make_entry(t, &h, entry);
        if (got < 0)
            return got;
    }
}
