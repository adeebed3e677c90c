/*
 * tar_feed.c - see tar_feed.h. The bytes are copied to memory of just their
 * size, so that AddressSanitizer sees a read beyond them.
 *
 * Rests on: abort(3).
 */
#include "tar_feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOLD_MAX = 1 << 24 };

struct source {
    struct base_slice rest;
    size_t piece;
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "tar_feed: this does not hold: %s\n", what);
    abort();
}

static ssize_t read_piece(char *bytes, size_t len, void *arg)
{
    struct source *s = arg;
    must(len > 0, "nothing of no length is asked for");
    if (len > s->piece)
        len = s->piece;
    if (len > s->rest.len)
        len = s->rest.len;
    memcpy(bytes, s->rest.ptr, len);
    s->rest = base_slice_skip(s->rest, len);
    return (ssize_t)len;
}

static void tell(struct base_buf *told, const char *bytes, size_t len)
{
    must(base_buf_append(told, (struct base_slice){bytes, len}) == 0, "room");
}

static ssize_t read_content(struct tar *t, const struct tar_entry *entry,
                            struct base_buf *told)
{
    char bytes[300];
    uint64_t len = 0;
    ssize_t n = 0;
    while ((n = tar_read(t, bytes, sizeof(bytes))) > 0) {
        tell(told, bytes, (size_t)n);
        len += (uint64_t)n;
    }
    must(n < 0 || len == entry->size || entry->kind != TAR_FILE,
         "the content is as long as its size says");
    return n;
}

void tar_feed(struct base_slice bytes, size_t piece, bool contents,
              struct base_buf *told)
{
    static const char *const kinds[] = {"FILE", "FOLDER", "LINK", "HARD",
                                        "OTHER"};
    struct source source = {bytes, piece};
    struct tar *t = base_alloc(sizeof(*t));
    struct tar_entry entry;
    tar_open(t, read_piece, &source);
    int got = 0;
    while ((got = tar_next(t, &entry)) == 1) {
        must(entry.path.len < TAR_PATH_MAX, "a path has a bound");
        must(!memchr(entry.path.ptr, '\0', entry.path.len), "and no NUL");
        (void)base_buf_printf(told, "%s %ju ", kinds[entry.kind],
                              (uintmax_t)entry.size);
        tell(told, entry.path.ptr, entry.path.len);
        tell(told, ": ", 2);
        if (contents && (got = (int)read_content(t, &entry, told)) < 0)
            break;
        tell(told, "\n", 1);
    }
    must(got == 0 || got == -EPROTO, "no other error comes from memory");
    must((got == 0) != (t->problem != NULL), "an error has words");
    const char *end = got == 0 ? "end" : t->problem;
    tell(told, end, strlen(end));
    free(t);
}

void tar_feed_in_all_ways(struct base_slice bytes)
{
    static const size_t pieces[] = {1, 7, 511, 512, 513};
    char *copy = base_alloc(bytes.len + !bytes.len);
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    bytes.ptr = copy;
    for (int contents = 0; contents < 2; contents++) {
        struct base_buf whole, parts;
        base_buf_init(&whole, TOLD_MAX);
        base_buf_init(&parts, TOLD_MAX);
        tar_feed(bytes, SIZE_MAX, contents, &whole);
        for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
            base_buf_clear(&parts);
            tar_feed(bytes, pieces[i], contents, &parts);
            must(base_slice_equal(base_buf_slice(&whole),
                                  base_buf_slice(&parts)),
                 "the pieces make no difference");
        }
        base_buf_fini(&whole);
        base_buf_fini(&parts);
    }
    free(copy);
}
