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
#include "escape.h"

#include <errno.h>

static const uint64_t magic = 0x3264726f63657273; /* "srecord2" */
static const uint64_t absent = UINT64_MAX;

/* --- trimming ------------------------------------------------------------- */

/* `text` with at most `most` bytes, and the line that says so. */
static char *trim(char *text, size_t most, struct base_arena *arena)
{
    const size_t len = text != NULL ? strlen(text) : 0;
    if (len <= most)
        return text;
    const size_t at = escape_cut_at(base_slice_of(text), most);
    return base_arena_printf(arena, "%.*s\n(%zu bytes more are left out)",
                             (int)at, text, len - at);
}

static void trim_finding(struct finding *f, size_t *left,
                         struct base_arena *arena)
{
    char **const texts[] = {
        &f->did,       &f->command, &f->expected, &f->came,
        &f->cause,     &f->section, &f->note,     &f->reproduce,
        &f->sanitizer, &f->hang,    &f->output,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const size_t most = *left < CLASS_TEXT_MAX ? *left : CLASS_TEXT_MAX;
        *texts[i] = trim(*texts[i], most, arena);
        const size_t len = *texts[i] != NULL ? strlen(*texts[i]) : 0;
        *left -= len < *left ? len : *left;
    }
}

void class_record_trim(struct submission *s, struct base_arena *arena)
{
    size_t left = CLASS_TEXTS_MAX;
    /* The casts: trim gives back what it got, or a text of the arena. */
    s->reason = trim((char *)s->reason, CLASS_TEXT_MAX, arena);
    s->notes = trim((char *)s->notes, CLASS_TEXT_MAX, arena);
    s->compiler = trim((char *)s->compiler, CLASS_TEXT_MAX, arena);
    for (size_t i = 0; i < s->n_marks; i++)
        trim_finding(&s->marks[i].finding, &left, arena);
}

/* --- writing -------------------------------------------------------------- */

static void put_number(struct sink *to, uint64_t number)
{
    sink_bytes(to, (struct base_slice){(const char *)&number, sizeof number});
}

static void put_real(struct sink *to, double real)
{
    sink_bytes(to, (struct base_slice){(const char *)&real, sizeof real});
}

static void put_text(struct sink *to, const char *text)
{
    put_number(to, text != NULL ? strlen(text) : absent);
    sink_bytes(to, base_slice_of(text != NULL ? text : ""));
}

/* Writes what has been put, and begins anew. */
static int flush(int fd, struct sink *to)
{
    if (to->error != 0)
        return -EMSGSIZE;
    const int error = base_slice_write(fd, base_buf_slice(to->out));
    base_buf_clear(to->out);
    return error;
}

static int write_mark(int fd, uint64_t nonce, const struct mark *mark,
                      struct sink *to)
{
    struct finding finding = mark->finding;
    const bool none = finding.outcome == OUTCOME_NONE;
    if (none)
        finding.outcome = OUTCOME_ERROR;
    put_number(to, mark->hidden);
    put_number(to, none);
    put_real(to, mark->points);
    put_real(to, mark->max);
    const int error = flush(fd, to);
    return error != 0 ? error : finding_write(fd, nonce, &finding);
}

static void put_head(struct sink *to, const struct submission *s,
                     const char *key)
{
    put_number(to, magic);
    put_number(to, s->state);
    put_number(to, (uint64_t)s->ms);
    put_number(to, s->seed);
    put_number(to, s->kept);
    put_number(to, s->n_marks);
    put_text(to, s->exercise);
    put_text(to, key);
    put_text(to, s->sha256);
    put_text(to, s->reason);
    put_text(to, s->notes);
    put_text(to, s->compiler);
    put_text(to, s->protection);
    put_text(to, s->missing);
}

int class_record_write(int fd, uint64_t nonce, const struct submission *s,
                       const char *key)
{
    struct base_buf buf;
    base_buf_init(&buf, CLASS_RECORD_MAX);
    struct sink to = sink_of(&buf);
    put_head(&to, s, key);
    int error = flush(fd, &to);
    for (size_t i = 0; i < s->n_marks && error == 0; i++)
        error = write_mark(fd, nonce, &s->marks[i], &to);
    put_number(&to, s->n_marks);
    put_number(&to, nonce);
    if (error == 0)
        error = flush(fd, &to);
    base_buf_fini(&buf);
    return error;
}

/* --- reading -------------------------------------------------------------- */

/* What is still to be read; `bad` once something was not as it has to be. */
struct source {
    struct base_slice rest;
    struct base_arena *arena;
    bool bad;
};

static void take(struct source *from, void *into, size_t len)
{
    from->bad = from->bad || from->rest.len < len;
    if (from->bad) {
        memset(into, 0, len);
        return;
    }
    memcpy(into, from->rest.ptr, len);
    from->rest = base_slice_skip(from->rest, len);
}

/* A number that is at most `max`. */
static uint64_t take_number(struct source *from, uint64_t max)
{
    uint64_t number;
    take(from, &number, sizeof number);
    from->bad = from->bad || number > max;
    return number;
}

static double take_points(struct source *from)
{
    double points;
    take(from, &points, sizeof points);
    from->bad = from->bad || !(points >= 0 && points < 1e9); /* or NaN */
    return points;
}

/* A NUL within a text would hide what follows. */
static const char *take_text(struct source *from)
{
    const uint64_t len = take_number(from, absent);
    if (from->bad || len == absent)
        return NULL;
    const struct base_slice text = {from->rest.ptr, len};
    from->bad = len > from->rest.len ||
                (len > 0 && memchr(text.ptr, '\0', text.len) != NULL);
    if (from->bad)
        return NULL;
    from->rest = base_slice_skip(from->rest, len);
    return base_arena_strdup(from->arena, text);
}

/* A hash in hexadecimal, or nothing. */
static void take_hash(struct source *from, char hex[SHA256_HEX])
{
    const char *text = take_text(from);
    const size_t len = text != NULL ? strlen(text) : 1;
    from->bad = from->bad || (len != 0 && len != SHA256_HEX - 1) ||
                strspn(text, "0123456789abcdef") != len;
    if (!from->bad)
        memcpy(hex, text, len + 1);
}

static void take_mark(struct source *from, uint64_t nonce, struct mark *mark)
{
    mark->hidden = take_number(from, 1) == 1;
    const bool none = take_number(from, 1) == 1;
    mark->points = take_points(from);
    mark->max = take_points(from);
    from->bad = from->bad || finding_read(&from->rest, nonce, &mark->finding,
                                          from->arena) != 1;
    if (none)
        mark->finding.outcome = OUTCOME_NONE;
}

static void take_head(struct source *from, struct submission *s,
                      char key[SHA256_HEX])
{
    from->bad = take_number(from, absent) != magic;
    s->state = (enum submission_state)take_number(from, SUBMISSION_ERROR);
    s->ms = (int64_t)take_number(from, INT64_MAX);
    s->seed = take_number(from, UINT64_MAX);
    s->kept = take_number(from, 1) == 1;
    s->n_marks = take_number(from, CLASS_MARKS_MAX);
    const char *exercise = take_text(from);
    from->bad =
        from->bad || exercise == NULL || strcmp(exercise, s->exercise) != 0;
    take_hash(from, key);
    take_hash(from, s->sha256);
    s->reason = take_text(from);
    s->notes = take_text(from);
    s->compiler = take_text(from);
    s->protection = take_text(from);
    s->missing = take_text(from);
}

int class_record_read(struct base_slice bytes, uint64_t nonce,
                      struct submission *s, char key[SHA256_HEX],
                      struct base_arena *arena)
{
    struct source from = {.rest = bytes, .arena = arena};
    struct submission read = *s;
    char its_key[SHA256_HEX] = "";
    take_head(&from, &read, its_key);
    if (from.bad)
        return -EPROTO;
    read.marks = base_arena_alloc(arena, read.n_marks * sizeof *read.marks);
    for (size_t i = 0; i < read.n_marks && !from.bad; i++)
        take_mark(&from, nonce, &read.marks[i]);
    const bool complete = take_number(&from, UINT64_MAX) == read.n_marks &&
                          take_number(&from, UINT64_MAX) == nonce;
    if (from.bad || !complete || from.rest.len > 0)
        return -EPROTO;
    submission_sum(&read);
    memcpy(key, its_key, sizeof its_key);
    *s = read;
    return 0;
}
