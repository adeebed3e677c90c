/*
 * finding.c - a finding as bytes: written at once, believed only if whole.
 *
 *     magic, length of the rest             so that half a record is known
 *     outcome, share, ms, seed              numbers, 8 bytes each
 *     length, bytes                         each text; ABSENT: NULL
 *     count of the fields, nonce            the proof that all was written
 *
 * Writer and reader are built together and run on one machine, so numbers are
 * as the machine has them. The reader believes nothing: whatever is too long,
 * too short, out of range or contradicts itself is -EPROTO, because a record
 * that is read wrongly could be a pass that nobody earned.
 *
 * Read before: finding.h. Read after: ../grader/result.c.
 * Rests on: write(2).
 */
#include "finding.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
    NUMBERS = 4,
    TEXTS = 13,
    RECORD_MAX = 16 << 20, /* of a check that prints all it sees */
};
static const uint32_t magic = 0x31646e66; /* "fnd1" */
static const uint32_t absent = UINT32_MAX;

const char *outcome_name(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_NONE:
        return "no result";
    case OUTCOME_PASSED:
        return "passed";
    case OUTCOME_PARTLY:
        return "partly passed";
    case OUTCOME_FAILED:
        return "failed";
    case OUTCOME_SKIPPED:
        return "skipped";
    case OUTCOME_NOISY:
        return "too noisy";
    case OUTCOME_ERROR:
        return "error";
    }
    return "unknown";
}

double finding_share(const struct finding *f)
{
    if (f->outcome == OUTCOME_PASSED)
        return 1;
    return f->outcome == OUTCOME_PARTLY ? f->share : 0;
}

/* The texts in the order of the record; writer and reader both ask here. */
static void list_texts(struct finding *f, char ***texts)
{
    char **const all[TEXTS] = {
        &f->check,     &f->title, &f->did,     &f->command,   &f->expected,
        &f->came,      &f->cause, &f->section, &f->reproduce, &f->hang,
        &f->sanitizer, &f->note,  &f->output,
    };
    memcpy(texts, all, sizeof all);
}

static bool is_share(double share)
{
    return share >= 0 && share <= 1; /* and no NaN */
}

static bool is_outcome(uint64_t value)
{
    return value > OUTCOME_NONE && value <= OUTCOME_ERROR;
}

/* --- writing -------------------------------------------------------------- */

static void put(struct base_buf *out, const void *bytes, size_t len)
{
    /* The limit of `out` is above what is asked for, see record_size. */
    const int error = base_buf_append(out, (struct base_slice){bytes, len});
    assert(error == 0);
    (void)error;
}

static void put_text(struct base_buf *out, const char *text)
{
    const uint32_t len = text != NULL ? (uint32_t)strlen(text) : absent;
    put(out, &len, sizeof len);
    if (text != NULL)
        put(out, text, len);
}

/* The bytes between the length and the end of the record. */
static size_t record_size(char **const texts[TEXTS])
{
    size_t size = NUMBERS * sizeof(uint64_t) + TEXTS * sizeof(uint32_t) +
                  sizeof(uint32_t) + sizeof(uint64_t);
    for (size_t i = 0; i < TEXTS; i++)
        size += *texts[i] != NULL ? strlen(*texts[i]) : 0;
    return size;
}

int finding_write(int fd, uint64_t nonce, const struct finding *f)
{
    struct finding copy = *f; /* for its pointers: the texts are not changed */
    char **texts[TEXTS];
    list_texts(&copy, texts);
    if (f->check == NULL || f->title == NULL || !is_share(f->share) ||
        !is_outcome(f->outcome))
        return -EINVAL;
    const size_t size = record_size(texts);
    if (size > RECORD_MAX)
        return -EMSGSIZE;

    struct base_buf out;
    base_buf_init(&out, sizeof magic + sizeof(uint32_t) + size);
    const uint32_t len = (uint32_t)size, count = NUMBERS + TEXTS;
    const uint64_t outcome = f->outcome;
    put(&out, &magic, sizeof magic);
    put(&out, &len, sizeof len);
    put(&out, &outcome, sizeof outcome);
    put(&out, &f->share, sizeof f->share);
    put(&out, &f->ms, sizeof f->ms);
    put(&out, &f->seed, sizeof f->seed);
    for (size_t i = 0; i < TEXTS; i++)
        put_text(&out, *texts[i]);
    put(&out, &count, sizeof count);
    put(&out, &nonce, sizeof nonce);
    const int error = base_slice_write(fd, base_buf_slice(&out));
    base_buf_fini(&out);
    return error;
}

/* --- reading -------------------------------------------------------------- */

/* Takes `len` bytes off the front of *rest; false if there are not so many. */
static bool take(struct base_slice *rest, void *into, size_t len)
{
    if (rest->len < len)
        return false;
    memcpy(into, rest->ptr, len);
    *rest = base_slice_skip(*rest, len);
    return true;
}

/* A NUL within a text would hide what follows: that is no text of ours. */
static bool take_text(struct base_slice *rest, char **text,
                      struct base_arena *arena)
{
    uint32_t len;
    *text = NULL;
    if (!take(rest, &len, sizeof len))
        return false;
    if (len == absent)
        return true;
    const struct base_slice bytes = {rest->ptr, len};
    if (rest->len < len || (len > 0 && memchr(bytes.ptr, '\0', len) != NULL))
        return false;
    *text = base_arena_strdup(arena, bytes);
    *rest = base_slice_skip(*rest, len);
    return true;
}

static bool take_numbers(struct base_slice *rest, struct finding *f)
{
    uint64_t outcome;
    if (!take(rest, &outcome, sizeof outcome) || !is_outcome(outcome))
        return false;
    f->outcome = (enum outcome)outcome;
    return take(rest, &f->share, sizeof f->share) && is_share(f->share) &&
           take(rest, &f->ms, sizeof f->ms) &&
           take(rest, &f->seed, sizeof f->seed);
}

/* What is between the length and the end: all of it has to be right. */
static bool take_record(struct base_slice rest, uint64_t nonce,
                        struct finding *f, struct base_arena *arena)
{
    char **texts[TEXTS];
    list_texts(f, texts);
    if (!take_numbers(&rest, f))
        return false;
    for (size_t i = 0; i < TEXTS; i++)
        if (!take_text(&rest, texts[i], arena))
            return false;
    uint32_t count;
    uint64_t proof;
    return take(&rest, &count, sizeof count) && count == NUMBERS + TEXTS &&
           take(&rest, &proof, sizeof proof) && proof == nonce &&
           rest.len == 0 && f->check != NULL && f->title != NULL;
}

int finding_read(struct base_slice *bytes, uint64_t nonce, struct finding *f,
                 struct base_arena *arena)
{
    struct base_slice rest = *bytes;
    uint32_t len;
    *f = (struct finding){.outcome = OUTCOME_NONE};
    const size_t n = rest.len < sizeof magic ? rest.len : sizeof magic;
    if (n > 0 && memcmp(rest.ptr, &magic, n) != 0)
        return -EPROTO;
    rest = base_slice_skip(rest, n);
    if (!take(&rest, &len, sizeof len))
        return 0;
    if (len > RECORD_MAX)
        return -EPROTO;
    if (rest.len < len)
        return 0;
    if (!take_record((struct base_slice){rest.ptr, len}, nonce, f, arena)) {
        *f = (struct finding){.outcome = OUTCOME_NONE};
        return -EPROTO;
    }
    *bytes = base_slice_skip(rest, len);
    return 1;
}
