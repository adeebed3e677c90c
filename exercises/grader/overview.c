/*
 * overview.c - see overview.h.
 *
 * Read before: overview.h. Read after: command_progress.c, watch.c.
 */
#include "overview.h"

#include "workspace.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static bool has_begun(const struct exercise *e, struct base_arena *arena)
{
    for (const char *const *file = e->files; *file != NULL; file++)
        if (access(base_arena_printf(arena, "%s/%s", e->dir, *file), F_OK) == 0)
            return true;
    return false;
}

static void find_state(struct overview_row *row, const struct progress *p,
                       struct base_arena *arena)
{
    char now[SHA256_HEX];
    row->state = OVERVIEW_NEW;
    if (!has_begun(&row->exercise, arena))
        return;
    const struct progress_line *line = NULL;
    if (workspace_sha256(&row->exercise, now) == 0)
        line = progress_find(p, row->name, now);
    if (line == NULL) {
        row->state = progress_finished(progress_best(p, row->name))
                         ? OVERVIEW_CHANGED
                         : OVERVIEW_BEGUN;
        return;
    }
    row->state = progress_finished(line) ? OVERVIEW_DONE : OVERVIEW_PARTLY;
    row->score = line->score;
    row->max = line->max;
}

int overview_read(struct overview *o, struct base_arena *arena)
{
    const char *const *names;
    struct progress p;
    *o = (struct overview){0};
    const int n = exercise_list(arena, &names);
    if (n <= 0)
        return n < 0 ? n : -ENOENT;
    const int error = progress_read(&p, arena);
    if (error != 0)
        return error;
    o->n = (size_t)n;
    o->rows = base_arena_alloc(arena, o->n * sizeof o->rows[0]);
    for (size_t i = 0; i < o->n; i++) {
        struct overview_row *row = &o->rows[i];
        row->name = names[i];
        row->state = OVERVIEW_WRONG;
        if (exercise_load(names[i], arena, &row->exercise, &row->why) == 0)
            find_state(row, &p, arena);
        o->done += row->state == OVERVIEW_DONE;
    }
    return 0;
}

const struct overview_row *overview_next(const struct overview *o,
                                         const char *name)
{
    size_t before = o->n - 1;
    for (size_t i = 0; i < o->n && name != NULL; i++)
        if (strcmp(o->rows[i].name, name) == 0)
            before = i;
    for (size_t i = 1; i <= o->n; i++) {
        const struct overview_row *row = &o->rows[(before + i) % o->n];
        if (row->state != OVERVIEW_DONE && row->state != OVERVIEW_WRONG)
            return row;
    }
    return NULL;
}

static void print_row(const struct overview_row *row, bool current,
                      struct base_buf *out)
{
    static const char *const states[] = {
        [OVERVIEW_WRONG] = "cannot be read",
        [OVERVIEW_NEW] = "not begun",
        [OVERVIEW_BEGUN] = "not checked",
        [OVERVIEW_CHANGED] = "changed since",
        [OVERVIEW_DONE] = "done",
    };
    char points[64];
    const char *state = states[row->state];
    if (state == NULL) {
        snprintf(points, sizeof points, "%.10g of %.10g", row->score, row->max);
        state = points;
    }
    base_buf_printf(
        out, "%c %-14s  %-18s  %s\n", current ? '>' : ' ', state, row->name,
        row->state == OVERVIEW_WRONG ? row->why : row->exercise.title);
}

void overview_print(const struct overview *o, const char *current,
                    struct base_buf *out)
{
    for (size_t i = 0; i < o->n; i++)
        print_row(&o->rows[i],
                  current != NULL && strcmp(o->rows[i].name, current) == 0,
                  out);
    base_buf_printf(out, "%zu of %zu done\n", o->done, o->n);
}
