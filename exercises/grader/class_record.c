/*
 * class_record.c - a submission as bytes, believed only if whole.
 *
 *     magic, state, ms, seed, kept, n       numbers, 8 bytes each
 *     length, bytes                         each text; ABSENT: NULL
 *     hidden, none, points, max, finding    each mark
 *     count of the marks, nonce             the proof that all was written
 *
 * A finding without an outcome cannot be written, see finding_write: nobody
 * shall be able to send one by mistake. Here it is no mistake (what does not
 * compile has not been checked), so its mark says `none`, and the finding goes
 * as an error.
 *
 * Read before: class_record.h, ../check/finding.c. Read after: class_store.c.
 * Rests on: write(2).
 */
#include "class_record.h"

#include <errno.h>
#include <unistd.h>

enum { TEXTS = 7, NUMBERS = 6, MARK_NUMBERS = 2 };
static const uint64_t magic = 0x3164726f63657273; /* "srecord1" */
static const uint64_t absent = UINT64_MAX;

/* --- trimming ------------------------------------------------------------- */

/* Cuts *text to `most` bytes and the line that says so; returns its length. */
static size_t trim_text(char **text, size_t most, struct base_arena *arena)
{
    const size_t len = *text != NULL ? strlen(*text) : 0;
    if (len <= most)
        return len;
    *text = base_arena_printf(arena, "%.*s\n(%zu bytes more are left out)",
                              (int)most, *text, len - most);
    return strlen(*text);
}

void class_record_trim(struct submission *s, struct base_arena *arena)
{
    size_t left = CLASS_TEXTS_MAX;
    for (size_t i = 0; i < s->n_marks; i++) {
        struct finding *f = &s->marks[i].finding;
        char **const texts[] = {
            &f->did,       &f->command, &f->expected,  &f->came,
            &f->cause,     &f->section, &f->reproduce, &f->note,
            &f->sanitizer, &f->hang,    &f->output,
        };
        for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++) {
            const size_t most = left < CLASS_TEXT_MAX ? left : CLASS_TEXT_MAX;
            const size_t len = trim_text(texts[j], most, arena);
            left -= len < left ? len : left;
        }
    }
}

/* --- writing -------------------------------------------------------------- */

static int put(struct base_buf *out, const void *bytes, size_t len)
{
    return base_buf_append(out, (struct base_slice){bytes, len});
}

static int put_number(struct base_buf *out, uint64_t number)
{
    return put(out, &number, sizeof number);
}

static int put_text(struct base_buf *out, const char *text)
{
    if (text == NULL)
        return put_number(out, absent);
    const int error = put_number(out, strlen(text));
    return error != 0 ? error : put(out, text, strlen(text));
}

/* Writes what `out` holds, and empties it; `error` is one from before. */
static int flush(int fd, struct base_buf *out, int error)
{
    if (error != 0)
        return -EMSGSIZE;
    while (base_buf_len(out) > 0) {
        const struct base_slice bytes = base_buf_slice(out);
        const ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n == -1 && errno != EINTR)
            return -errno;
        base_buf_consume(out, n > 0 ? (size_t)n : 0);
    }
    return 0;
}
