/*
 * progress.c - reads, joins and writes the lines of exercises/.progress.
 *
 * Every change is the same three steps under a lock: read all lines, drop those
 * that another one beats, write the file anew. What beats what is an order of
 * lines, so it does not matter in which order files come together.
 *
 * Rests on: flock(2), strftime(3).
 * Read before: progress.h. Read after: workspace.c.
 */
#include "progress.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static const char heading[] =
    "# How far you are. Lines of two machines may be put into one file.";

/* --- lines --------------------------------------------------------------- */

static struct base_slice word(struct base_slice *rest)
{
    struct base_slice w;
    do
        w = base_slice_cut(rest, ' ', NULL);
    while (w.len == 0 && rest->len > 0);
    return w;
}

static bool is_sha256(struct base_slice s)
{
    if (s.len != SHA256_HEX - 1)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!isdigit((unsigned char)s.ptr[i]) &&
            !(s.ptr[i] >= 'a' && s.ptr[i] <= 'f'))
            return false;
    return true;
}

/* In the form 2026-11-21T17:39:54Z the order of texts is that of time. */
static bool is_date(struct base_slice s)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    if (s.len != sizeof form - 1)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (form[i] == '0' ? !isdigit((unsigned char)s.ptr[i])
                           : s.ptr[i] != form[i])
            return false;
    return true;
}

static bool points(struct base_slice s, double *value)
{
    if (s.len == 0 || !isdigit((unsigned char)s.ptr[0]))
        return false;
    char *end;
    char *text = base_slice_dup(s);
    *value = strtod(text, &end);
    const bool whole = *end == '\0' && isfinite(*value);
    free(text);
    return whole;
}

static struct progress_line parse(struct base_slice text,
                                  struct base_arena *arena)
{
    struct progress_line line = {.text = base_arena_strdup(arena, text)};
    struct base_slice rest = text;
    const struct base_slice exercise = word(&rest), sha256 = word(&rest);
    struct base_slice score = word(&rest);
    const struct base_slice date = word(&rest);
    if (exercise.len == 0 || !is_sha256(sha256) || !is_date(date) ||
        rest.len > 0)
        return line;
    if (base_slice_equal(score, base_slice_of("skeleton")))
        line.kind = PROGRESS_SKELETON;
    else if (points(base_slice_cut(&score, '/', NULL), &line.score) &&
             points(score, &line.max) && line.score <= line.max)
        line.kind = PROGRESS_MARK;
    line.exercise = base_arena_strdup(arena, exercise);
    line.sha256 = base_arena_strdup(arena, sha256);
    line.date = base_arena_strdup(arena, date);
    return line;
}

bool progress_finished(const struct progress_line *line)
{
    return line != NULL && line->max > 0 && line->score >= line->max;
}

/* --- which lines count --------------------------------------------------- */

/* The share of the points, then the time; -1, 0 or 1 as strcmp. */
static int compare_marks(const struct progress_line *a,
                         const struct progress_line *b)
{
    const double x = a->max > 0 ? a->score / a->max : 0;
    const double y = b->max > 0 ? b->score / b->max : 0;
    if (x != y)
        return x < y ? -1 : 1;
    return strcmp(a->date, b->date);
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* True if line `a` is not needed beside line `b`; both are of one kind. */
static bool beaten(const struct progress_line *a, const struct progress_line *b)
{
    if (a->kind == PROGRESS_OTHER)
        return same(a->text, b->text);
    if (!same(a->exercise, b->exercise))
        return false;
    if (same(a->sha256, b->sha256))
        return compare_marks(a, b) <= 0;
    /* Of two in one second both stay: nobody knows which came later. */
    return !progress_finished(a) && !progress_finished(b) &&
           strcmp(a->date, b->date) < 0;
}

static void add(struct progress *p, struct progress_line line)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->lines[i].kind == line.kind && beaten(&line, &p->lines[i]))
            return;
    }
    for (size_t i = 0; i < p->n; i++)
        if (p->lines[i].kind != line.kind || !beaten(&p->lines[i], &line))
            p->lines[kept++] = p->lines[i];
    p->lines[kept++] = line;
    p->n = kept;
}

/* --- the file ------------------------------------------------------------ */

enum { SPARE = 2 }; /* room for the line that is noted, and the heading */

static int add_file(struct progress *p, const char *path,
                    struct base_arena *arena)
{
    struct base_slice rest;
    const int error = files_read(path, arena, &rest);
    if (error != 0)
        return error;
    size_t n = p->n + 1 + SPARE; /* the last line may have no end */
    for (size_t i = 0; i < rest.len; i++)
        n += rest.ptr[i] == '\n';
    struct progress_line *lines = base_arena_alloc(arena, n * sizeof lines[0]);
    if (p->n > 0)
        memcpy(lines, p->lines, p->n * sizeof lines[0]);
    p->lines = lines;
    while (rest.len > 0) {
        struct base_slice line = base_slice_cut(&rest, '\n', NULL);
        if (base_slice_ends(line, base_slice_of("\r")))
            line.len--;
        if (line.len > 0)
            add(p, parse(line, arena));
    }
    return 0;
}

int progress_read(struct progress *p, struct base_arena *arena)
{
    *p = (struct progress){
        .lines = base_arena_alloc(arena, SPARE * sizeof p->lines[0])};
    const int error = add_file(p, PROGRESS_PATH, arena);
    return error == -ENOENT ? 0 : error;
}

static int compare_lines(const void *left, const void *right)
{
    const struct progress_line *a = left, *b = right;
    int order = (a->kind != PROGRESS_OTHER) - (b->kind != PROGRESS_OTHER);
    if (order != 0 || a->kind == PROGRESS_OTHER)
        return order;
    order = strcmp(a->exercise, b->exercise);
    return order != 0 ? order : strcmp(a->date, b->date);
}

static int print(const struct progress_line *line, struct base_buf *out)
{
    if (line->kind == PROGRESS_OTHER)
        return base_buf_printf(out, "%s\n", line->text);
    if (line->kind == PROGRESS_SKELETON)
        return base_buf_printf(out, "%s %s skeleton %s\n", line->exercise,
                               line->sha256, line->date);
    return base_buf_printf(out, "%s %s %.10g/%.10g %s\n", line->exercise,
                           line->sha256, line->score, line->max, line->date);
}

static int write_lines(struct progress *p, struct base_arena *arena)
{
    /* glibc's qsort may move equal lines; what we do not know keeps its place
     * by being printed first, as it stands. */
    struct progress_line *known =
        base_arena_alloc(arena, (p->n + 1) * sizeof known[0]);
    struct base_buf out;
    base_buf_init(&out, FILES_MAX);
    add(p, (struct progress_line){.text = heading});
    size_t n = 0;
    int error = 0;
    for (size_t i = 0; i < p->n && error == 0; i++) {
        if (p->lines[i].kind == PROGRESS_OTHER)
            error = print(&p->lines[i], &out);
        else
            known[n++] = p->lines[i];
    }
    qsort(known, n, sizeof known[0], compare_lines);
    for (size_t i = 0; i < n && error == 0; i++)
        error = print(&known[i], &out);
    if (error == 0)
        error = files_replace(PROGRESS_PATH, base_buf_slice(&out));
    base_buf_fini(&out);
    return error;
}

/* A new beginning: what was known of the exercise's skeleton is past. */
static void forget_skeleton(struct progress *p, const char *exercise)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->lines[i].kind != PROGRESS_SKELETON ||
            !same(p->lines[i].exercise, exercise))
            p->lines[kept++] = p->lines[i];
    p->n = kept;
}

/* Puts `line` and the lines of file `other` in; either may be NULL. */
static int change(const struct progress_line *line, const char *other)
{
    /* The lock is the folder's: the file itself is replaced. Where a folder
     * cannot be locked (NFS), two checks at once may lose a line. */
    const int lock = open("exercises", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock == -1)
        return -errno;
    flock(lock, LOCK_EX);
    struct base_arena arena;
    base_arena_init(&arena, 1 << 14);
    struct progress p;
    int error = progress_read(&p, &arena);
    if (error == 0 && other != NULL)
        error = add_file(&p, other, &arena);
    if (error == 0 && line != NULL) {
        if (line->kind == PROGRESS_SKELETON)
            forget_skeleton(&p, line->exercise);
        add(&p, *line);
    }
    if (error == 0)
        error = write_lines(&p, &arena);
    base_arena_fini(&arena);
    close(lock);
    return error;
}

static void now(char date[32])
{
    const time_t seconds = time(NULL);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(date, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* --- what others call ---------------------------------------------------- */

int progress_note(const char *exercise, const char *sha256, double score,
                  double max)
{
    char date[32];
    now(date);
    return change(&(struct progress_line){.kind = PROGRESS_MARK,
                                          .exercise = exercise,
                                          .sha256 = sha256,
                                          .date = date,
                                          .score = score,
                                          .max = max},
                  NULL);
}

int progress_note_skeleton(const char *exercise, const char *sha256)
{
    char date[32];
    now(date);
    return change(&(struct progress_line){.kind = PROGRESS_SKELETON,
                                          .exercise = exercise,
                                          .sha256 = sha256,
                                          .date = date},
                  NULL);
}

int progress_merge(const char *path)
{
    return change(NULL, path);
}

static bool is(const struct progress_line *line, enum progress_kind kind,
               const char *exercise)
{
    return line->kind == kind && same(line->exercise, exercise);
}

const struct progress_line *progress_find(const struct progress *p,
                                          const char *exercise,
                                          const char *sha256)
{
    for (size_t i = 0; i < p->n; i++)
        if (is(&p->lines[i], PROGRESS_MARK, exercise) &&
            same(p->lines[i].sha256, sha256))
            return &p->lines[i];
    return NULL;
}

const struct progress_line *progress_best(const struct progress *p,
                                          const char *exercise)
{
    const struct progress_line *best = NULL;
    for (size_t i = 0; i < p->n; i++)
        if (is(&p->lines[i], PROGRESS_MARK, exercise) &&
            (best == NULL || compare_marks(&p->lines[i], best) > 0))
            best = &p->lines[i];
    return best;
}

const struct progress_line *progress_skeleton(const struct progress *p,
                                              const char *exercise)
{
    for (size_t i = 0; i < p->n; i++)
        if (is(&p->lines[i], PROGRESS_SKELETON, exercise))
            return &p->lines[i];
    return NULL;
}
