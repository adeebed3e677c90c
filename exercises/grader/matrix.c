/*
 * matrix.c - see matrix.h: which cases there are, and what is right for each.
 *
 * Read before: matrix.h. Read after: command_matrix.c.
 */
#include "matrix.h"

#include "files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CASES_MAX = 1000, TEXT_MAX = 1 << 18 };

/* --- find ----------------------------------------------------------------- */

static struct matrix_case *add(struct matrix *m, enum matrix_kind kind,
                               const struct exercise *e, const char *label,
                               const char *path)
{
    struct matrix_case *c = &m->cases[m->n++];
    *c = (struct matrix_case){
        .kind = kind,
        .exercise = e,
        .label = label,
        .path = path,
        .others = base_arena_printf(&m->arena, "solutions/%s", e->name),
    };
    if (kind == MATRIX_SKELETON)
        c->others = base_arena_printf(&m->arena, "%s/skeleton", e->dir);
    return c;
}

/* The first line of a file; "" if it cannot be read. */
static struct base_slice first_line(const char *path, struct base_arena *arena)
{
    struct base_slice bytes = {"", 0};
    bool found;
    if (files_read(path, arena, &bytes) != 0)
        return bytes;
    struct base_slice line = base_slice_cut(&bytes, '\n', &found);
    /* A script's own first line tells who reads it. */
    if (base_slice_starts(line, base_slice_of("#!")))
        line = base_slice_cut(&bytes, '\n', &found);
    return line;
}

/* What stands between `after` and `before`; empty if they are not there. */
static struct base_slice between(struct base_slice line, const char *after,
                                 const char *before)
{
    const ssize_t at = base_slice_find(line, base_slice_of(after));
    if (at < 0)
        return (struct base_slice){"", 0};
    line = base_slice_skip(line, (size_t)at + strlen(after));
    const ssize_t end = base_slice_find(line, base_slice_of(before));
    if (end < 0)
        return (struct base_slice){"", 0};
    return (struct base_slice){line.ptr, (size_t)end};
}

/* What stands between the first `: "` and the last `"`: it may have some. */
static struct base_slice quoted(struct base_slice line)
{
    const struct base_slice nothing = {"", 0};
    const ssize_t at = base_slice_find(line, base_slice_of(": \""));
    if (at < 0)
        return nothing;
    line = base_slice_skip(line, (size_t)at + 3);
    const char *end = memrchr(line.ptr, '"', line.len);
    return end == NULL
               ? nothing
               : (struct base_slice){line.ptr, (size_t)(end - line.ptr)};
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Calls add_one for each file of a folder, in the order of names. */
static void
each_file(struct matrix *m, const char *dir, const struct exercise *e,
          void (*add_one)(struct matrix *m, const char *path, const char *name,
                          const struct exercise *e))
{
    struct dirent **entries;
    const int n = scandir(dir, &entries, is_case, alphasort);
    for (int i = 0; i < n; i++) {
        const char *name =
            base_arena_strdup(&m->arena, base_slice_of(entries[i]->d_name));
        if (m->n < CASES_MAX)
            add_one(m, base_arena_printf(&m->arena, "%s/%s", dir, name), name,
                    e);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static void add_wrong(struct matrix *m, const char *path, const char *name,
                      const struct exercise *e)
{
    struct matrix_case *c =
        add(m, MATRIX_WRONG, e, base_arena_printf(&m->arena, "wrong/%s", name),
            path);
    const struct base_slice line = first_line(path, &m->arena);
    const struct base_slice check = between(line, "caught by ", ":");
    c->check = base_arena_strdup(&m->arena, check);
    c->text = base_arena_strdup(&m->arena, quoted(line));
}

/*
 * "against 05-drain: ...". One that does the job, and cheats one check alone,
 * says which: "against 05-drain, caught by by-edges: ..."; the rest it earns.
 */
static void add_hostile(struct matrix *m, const char *path, const char *name,
                        const struct exercise *e)
{
    (void)e;
    const struct base_slice line = first_line(path, &m->arena);
    const struct base_slice check = between(line, ", caught by ", ":");
    const struct base_slice to =
        between(line, "against ", check.len > 0 ? "," : ":");
    for (size_t i = 0; i < m->n_exercises; i++) {
        if (!base_slice_equal(to, base_slice_of(m->exercises[i].name)))
            continue;
        struct matrix_case *c =
            add(m, MATRIX_HOSTILE, &m->exercises[i],
                base_arena_printf(&m->arena, "hostile/%s", name), path);
        if (check.len > 0)
            c->check = base_arena_strdup(&m->arena, check);
    }
}

/* "server.c"; but of answers, which follow from the seed, "answers.sh". */
static const char *solution_name(const struct exercise *e)
{
    return e->program == NULL ? "answers.sh" : e->files[0];
}

static void add_exercise(struct matrix *m, const struct exercise *e)
{
    struct base_arena *a = &m->arena;
    add(m, MATRIX_SKELETON, e, "skeleton",
        base_arena_printf(a, "%s/skeleton/%s", e->dir, e->files[0]));
    add(m, MATRIX_REFERENCE, e, "reference",
        base_arena_printf(a, "solutions/%s/%s", e->name, solution_name(e)));
    add(m, MATRIX_SECOND, e, "second",
        base_arena_printf(a, "solutions/%s/second/%s", e->name,
                          solution_name(e)));
    const size_t before = m->n;
    each_file(m, base_arena_printf(a, "solutions/%s/wrong", e->name), e,
              add_wrong);
    m->n_wrong[e - m->exercises] = m->n - before;
}

int matrix_find(struct matrix *m, const char *const *names, const char **why)
{
    const bool all = names[0] == NULL;
    base_arena_init(&m->arena, 1 << 16);
    m->n = m->n_exercises = 0;
    m->cases = base_arena_alloc(&m->arena, CASES_MAX * sizeof *m->cases);
    if (all)
        exercise_list(&m->arena, &names);
    size_t n = 0;
    while (names[n] != NULL)
        n++;
    m->exercises = base_arena_alloc(&m->arena, (n + 1) * sizeof *m->exercises);
    m->n_wrong = base_arena_alloc(&m->arena, (n + 1) * sizeof *m->n_wrong);
    for (size_t i = 0; i < n; i++) {
        struct exercise *e = &m->exercises[m->n_exercises++];
        const int error = exercise_load(names[i], &m->arena, e, why);
        if (error != 0)
            return error;
        add_exercise(m, e);
    }
    if (all)
        each_file(m, "solutions/hostile", NULL, add_hostile);
    *why = "there are no exercises here: run it in the kit's folder";
    return m->n == 0 ? -ENOENT : 0;
}

/* --- files ---------------------------------------------------------------- */

/* answers.txt, as a script makes it of the questions for this seed. */
static int make_answers(const struct matrix_case *c, const char *to,
                        uint64_t seed)
{
    char *command;
    if (asprintf(&command,
                 "%s/bin/grade ask --student matrix --seed %llu %s | sh %s >"
                 " %s",
                 run_build_folder(), (unsigned long long)seed,
                 c->exercise->name, c->path, to) == -1)
        return -ENOMEM;
    const int status = system(command); /* NOLINT: of names of the kit alone */
    free(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int matrix_files(const struct matrix_case *c, const char *into, uint64_t seed)
{
    const struct base_slice path = base_slice_of(c->path);
    for (int i = 0; c->exercise->files[i] != NULL; i++) {
        char *from, *to;
        if (asprintf(&to, "%s/%s", into, c->exercise->files[i]) == -1 ||
            asprintf(&from, "%s/%s", c->others, c->exercise->files[i]) == -1)
            return -ENOMEM;
        const bool first = i == 0;
        const int error = first && base_slice_ends(path, base_slice_of(".sh"))
                              ? make_answers(c, to, seed)
                              : scratch_copy(first ? c->path : from, to);
        free(from);
        free(to);
        if (error != 0)
            return error;
    }
    return 0;
}

/* --- judge ---------------------------------------------------------------- */

const struct mark *matrix_first_failure(const struct submission *s)
{
    for (size_t i = 0; i < s->n_marks; i++) {
        const enum outcome outcome = s->marks[i].finding.outcome;
        if (outcome == OUTCOME_FAILED || outcome == OUTCOME_PARTLY ||
            outcome == OUTCOME_NONE)
            return &s->marks[i];
    }
    return NULL;
}

static const char too_noisy[] = "too noisy to be scored, run it again";

bool matrix_is_noisy(const struct submission *s)
{
    for (size_t i = 0; i < s->n_marks; i++)
        if (s->marks[i].finding.outcome == OUTCOME_NOISY)
            return true;
    return false;
}

/* Adds a text with each run of white space as one space. */
static void add_words(struct base_buf *b, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        const bool space = isspace((unsigned char)*text);
        if (space && isspace((unsigned char)text[1]))
            continue;
        const char c = space ? ' ' : *text;
        base_buf_append(b, (struct base_slice){&c, 1});
    }
    base_buf_append(b, base_slice_of(" "));
}

/* In what the message tells; not in its labels ("came"), nor in what would be
 * the same for every solution: what was done, and the title. */
static bool message_has(const struct finding *f, const char *text)
{
    struct base_buf b;
    base_buf_init(&b, TEXT_MAX);
    const char *const parts[] = {f->expected,  f->came, f->cause,   f->hang,
                                 f->sanitizer, f->note, f->section, f->output};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        add_words(&b, parts[i]);
    const bool found =
        base_slice_find(base_buf_slice(&b), base_slice_of(text)) >= 0;
    base_buf_fini(&b);
    return found;
}

static const char *judge_wrong(const struct matrix_case *c,
                               struct base_arena *arena)
{
    const struct submission *s = &c->result;
    if (c->check[0] == '\0' || c->text[0] == '\0')
        return "its first line does not say: caught by CHECK: \"text\"";
    if (s->state != SUBMISSION_GRADED)
        return base_arena_printf(arena, "is %s",
                                 submission_state_name(s->state));
    const struct mark *first = matrix_first_failure(s);
    if (first == NULL)
        return matrix_is_noisy(s) ? too_noisy : "ESCAPED: no check caught it";
    if (strcmp(first->finding.check, c->check) != 0)
        return base_arena_printf(arena, "was caught by %s",
                                 first->finding.check);
    if (!message_has(&first->finding, c->text))
        return base_arena_printf(arena, "the message lacks \"%s\"", c->text);
    return NULL;
}

/* Whoever makes the grader fail has earned nothing, but costs its time. */
static const char *judge_hostile(const struct matrix_case *c,
                                 struct base_arena *arena)
{
    const struct submission *s = &c->result;
    const struct mark *first = matrix_first_failure(s);
    for (size_t i = 0; i < s->n_marks && s->state == SUBMISSION_GRADED; i++)
        if (mark_is_open(&s->marks[i]))
            return base_arena_printf(arena, "the check %s failed: %s",
                                     s->marks[i].finding.check,
                                     s->marks[i].finding.came);
    if (c->check == NULL)
        return s->score > c->exercise->skeleton
                   ? "ESCAPED: it earned more than the skeleton"
                   : NULL;
    if (first == NULL || strcmp(first->finding.check, c->check) != 0)
        return base_arena_printf(arena, "ESCAPED: was not caught by %s",
                                 c->check);
    return NULL;
}

/* What a good solution has lost its points by. */
static const char *lost_by(const struct submission *s)
{
    const struct mark *first = matrix_first_failure(s);
    if (first != NULL)
        return first->finding.check;
    if (matrix_is_noisy(s))
        return too_noisy;
    return s->reason != NULL ? s->reason : submission_state_name(s->state);
}

void matrix_judge(struct matrix_case *c, struct base_arena *arena)
{
    const struct submission *s = &c->result;
    const double skeleton = c->exercise->skeleton;
    c->fault = NULL;
    if (s->state == SUBMISSION_ERROR)
        c->fault = base_arena_printf(arena, "the grader failed: %s", s->reason);
    else if (c->kind == MATRIX_WRONG)
        c->fault = judge_wrong(c, arena);
    else if (c->kind == MATRIX_HOSTILE)
        c->fault = judge_hostile(c, arena);
    else if (c->kind == MATRIX_SKELETON &&
             (s->state != SUBMISSION_GRADED || s->score != skeleton))
        c->fault = "not the points that exercise.ini says";
    else if (c->kind != MATRIX_SKELETON &&
             (s->state != SUBMISSION_GRADED || s->score < s->max))
        c->fault = base_arena_printf(arena, "not all points: %s", lost_by(s));
}
