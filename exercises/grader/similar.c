/*
 * similar.c - the steps: read all texts, take the skeleton out of each, compare
 * all with all, sort the pairs, and show the highest.
 *
 * Each text meets the skeleton in a process of its own. So one that makes sim_c
 * fail is found there, and left out, before it could spoil the run of all.
 *
 * Read before: similar.h, similar_internal.h. Read after: similar_page.c.
 */
#include "similar_internal.h"

#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    ARENA = 1 << 20,
    NOTES_MAX = 1 << 16,
    RUN_GIVEN = 16, /* tokens of the skeleton, also where it was changed */
    RUNS_MAX = 400, /* marked on one page */
};

struct work {
    const struct similar_job *job;
    struct similar *found;
    struct similar_text *texts; /* of the students, then the skeleton */
    unsigned *common;           /* [a * n + b], a < b: tokens in common */
    size_t n;
    struct base_buf notes;
    char dir[4096];
    char said[SIMILAR_SAID]; /* by sim_c, the last time */
};

static int fail(struct similar *found, int error, const char *what,
                const char *said)
{
    found->why =
        error == -ENOENT
            ? base_arena_printf(&found->arena,
                                "who handed in the same is found by sim_c, "
                                "which is not installed\n"
                                "  try:     apt install similarity-tester")
            : base_arena_printf(&found->arena, "%s: %s%s%s", what,
                                error == -EPROTO ? "sim_c has failed"
                                                 : strerror(-error),
                                *said == '\0' ? "" : ": ", said);
    return error;
}

/* --- texts ----------------------------------------------------------------*/

static int make_folder(struct work *w)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(w->dir, sizeof(w->dir), "%s/similar-XXXXXX",
             tmp && *tmp != '\0' ? tmp : "/tmp");
    /* sim_c is another user than root, and has to come in. */
    if (!mkdtemp(w->dir) || chmod(w->dir, 0755) == -1)
        return -errno;
    return 0;
}

/* Marks what a text has of the skeleton. */
static void on_given(const struct similar_run *run, void *arg)
{
    struct similar_text *text = arg;
    for (size_t i = run->a_from; i <= run->a_to && i < text->n_lines; i++)
        text->given[i] = true;
}

static int take_skeleton_out(struct work *w, size_t i)
{
    struct similar_text *text = &w->texts[i];
    char names[64];
    snprintf(names, sizeof(names), "%zu.c\n/\n%zu.c\n", i, w->n);
    int error = similar_text_write(text, w->dir, i);
    if (!error)
        error = similar_sim(&(struct similar_sim){.work = w->dir,
                                                  .texts = names,
                                                  .run = RUN_GIVEN,
                                                  .on_run = on_given,
                                                  .arg = text},
                            w->said);
    return error ? error : similar_text_write(text, w->dir, i);
}

static void leave_out(struct work *w, size_t i, const char *why)
{
    w->texts[i].left_out = true;
    (void)base_buf_printf(&w->notes, "%s%s: left out, %s",
                          base_buf_len(&w->notes) > 0 ? "\n" : "",
                          w->job->students[i].name, why);
}

/* Reads one text. -EPROTO: sim_c did not get through it. */
static int read_text(struct work *w, size_t i)
{
    similar_text_read(&w->texts[i], w->job->students[i].dir, w->job->files,
                      &w->found->arena);
    if (w->texts[i].n_lines == 0) {
        leave_out(w, i, "there is no C in it");
        return 0;
    }
    const int error = take_skeleton_out(w, i);
    if (error == -EPROTO || error == -ETIMEDOUT)
        leave_out(w, i, "sim_c does not get through it");
    return error == -ETIMEDOUT ? -EPROTO : error;
}

/* Where sim_c gets through no text at all, the texts are not to blame. */
static int read_texts(struct work *w)
{
    similar_text_read(&w->texts[w->n], w->job->skeleton, w->job->files,
                      &w->found->arena);
    int error = similar_text_write(&w->texts[w->n], w->dir, w->n);
    size_t good = 0;
    for (size_t i = 0; i < w->n && (!error || error == -EPROTO); i++) {
        error = read_text(w, i);
        good += error == 0;
    }
    return error == -EPROTO && good > 0 ? 0 : error;
}

/* --- comparing ------------------------------------------------------------*/

static void on_text(size_t text, unsigned tokens, void *arg)
{
    struct work *w = arg;
    if (text < w->n)
        w->texts[text].tokens = tokens;
}

static void on_common(const struct similar_run *run, void *arg)
{
    struct work *w = arg;
    if (run->a < run->b && run->b < w->n)
        w->common[run->a * w->n + run->b] += run->tokens;
}

static int compare_all(struct work *w)
{
    struct base_buf names;
    base_buf_init(&names, w->n * 16 + 16);
    for (size_t i = 0; i < w->n; i++)
        if (!w->texts[i].left_out)
            (void)base_buf_printf(&names, "%zu.c\n", i);
    char *texts = base_slice_dup(base_buf_slice(&names));
    base_buf_fini(&names);
    const int error =
        *texts == '\0' ? 0
                       : similar_sim(&(struct similar_sim){.work = w->dir,
                                                           .texts = texts,
                                                           .run = SIMILAR_RUN,
                                                           .on_text = on_text,
                                                           .on_run = on_common,
                                                           .arg = w},
                                     w->said);
    free(texts);
    return error;
}

static double share_of(unsigned tokens, unsigned all)
{
    return tokens >= all ? all > 0 : (double)tokens / all;
}

/* In the second text runs may overlap: so what is common has a bound. */
static struct similar_pair make_pair(const struct work *w, size_t a, size_t b)
{
    const unsigned in_a = w->texts[a].tokens, in_b = w->texts[b].tokens;
    const unsigned shorter = in_a < in_b ? in_a : in_b;
    const unsigned all = w->common[a * w->n + b];
    const unsigned tokens = all < shorter ? all : shorter;
    return (struct similar_pair){
        .a = a,
        .b = b,
        .tokens = tokens,
        .share =
            share_of(tokens, shorter > SIMILAR_SMALL ? shorter : SIMILAR_SMALL),
        .of_a = share_of(tokens, in_a),
        .of_b = share_of(tokens, in_b)};
}

/* The highest share first; of equal ones the longer text, then the order of
 * students, so that the same class gives the same page. */
static int by_share(const void *left, const void *right)
{
    const struct similar_pair *l = left, *r = right;
    if (l->share != r->share)
        return l->share < r->share ? 1 : -1;
    if (l->tokens != r->tokens)
        return l->tokens < r->tokens ? 1 : -1;
    if (l->a != r->a)
        return l->a < r->a ? -1 : 1;
    return l->b < r->b ? -1 : l->b > r->b;
}

static void sort_pairs(struct work *w)
{
    struct similar *found = w->found;
    struct similar_pair *all =
        base_alloc_array(w->n * w->n / 2 + 1, sizeof(*all));
    size_t n = 0;
    for (size_t a = 0; a < w->n; a++) {
        found->compared += w->texts[a].tokens > 0;
        for (size_t b = a + 1; b < w->n; b++)
            if (w->texts[a].tokens > 0 && w->texts[b].tokens > 0)
                all[n++] = make_pair(w, a, b);
    }
    qsort(all, n, sizeof(*all), by_share);
    found->usual = n > 0 ? all[n / 2].share : 0;
    while (found->n_pairs < n && found->n_pairs < SIMILAR_PAIRS_MAX &&
           all[found->n_pairs].tokens > 0)
        found->n_pairs++;
    found->pairs =
        base_arena_alloc(&found->arena, (found->n_pairs + 1) * sizeof(*all));
    if (found->n_pairs > 0)
        memcpy(found->pairs, all, found->n_pairs * sizeof(*all));
    free(all);
}

/* --- showing --------------------------------------------------------------*/

struct runs {
    struct similar_run at[RUNS_MAX];
    size_t n;
};

static void on_shown(const struct similar_run *run, void *arg)
{
    struct runs *runs = arg;
    if (runs->n < RUNS_MAX)
        runs->at[runs->n++] = *run;
}

static int show_pair(struct work *w, size_t i, const char *out)
{
    const struct similar_pair *pair = &w->found->pairs[i];
    struct runs *runs = base_alloc(sizeof(*runs));
    char names[64];
    snprintf(names, sizeof(names), "%zu.c\n%zu.c\n", pair->a, pair->b);
    int error = similar_sim(&(struct similar_sim){.work = w->dir,
                                                  .texts = names,
                                                  .run = SIMILAR_RUN,
                                                  .on_run = on_shown,
                                                  .arg = runs},
                            w->said);
    if (!error)
        error = similar_page_pair(w->job, pair, i + 1, w->texts, runs->at,
                                  runs->n, out);
    free(runs);
    return error;
}

static int show(struct work *w, const char *out)
{
    int error = 0;
    for (size_t i = 0; i < w->found->n_pairs && i < SIMILAR_PAGES_MAX && !error;
         i++)
        error = show_pair(w, i, out);
    /* Last: who sees the index finds all pages that it links to. */
    return error ? error : similar_page_index(w->job, w->found, out);
}

static int run_steps(struct work *w, const char *out)
{
    int error = make_folder(w);
    if (error)
        return fail(w->found, error == -ENOENT ? -EIO : error, w->dir, "");
    error = read_texts(w);
    if (!error)
        error = compare_all(w);
    if (error)
        fail(w->found, error, "the submissions could not be compared", w->said);
    if (base_buf_len(&w->notes) > 0)
        w->found->notes =
            base_arena_strdup(&w->found->arena, base_buf_slice(&w->notes));
    if (!error) {
        sort_pairs(w);
        if (out && (error = show(w, out)) != 0)
            fail(w->found, error == -ENOENT ? -EIO : error, out, w->said);
    }
    scratch_remove(w->dir);
    return error;
}

int similar_report(const struct similar_job *job, const char *out,
                   struct similar *found)
{
    *found = (struct similar){.n_pairs = 0};
    base_arena_init(&found->arena, ARENA);
    if (job->n_students > SIMILAR_STUDENTS_MAX)
        return fail(found, -E2BIG, "too many submissions", "");
    struct work w = {.job = job, .found = found, .n = job->n_students};
    base_buf_init(&w.notes, NOTES_MAX);
    w.texts = base_arena_alloc(&found->arena, (w.n + 1) * sizeof(*w.texts));
    w.common = base_alloc_array(w.n * w.n + 1, sizeof(*w.common));
    const int error = run_steps(&w, out);
    free(w.common);
    base_buf_fini(&w.notes);
    return error;
}

void similar_free(struct similar *found)
{
    base_arena_fini(&found->arena);
}
