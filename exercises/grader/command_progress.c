/*
 * command_progress.c - `grade progress`: how far one is, and what belongs to
 * it: the lines of another machine, the files of exercises not begun yet.
 *
 * Read before: overview.h, workspace.h.
 */
#include "commands.h"

#include "nearest.h"
#include "overview.h"
#include "workspace.h"

#include <errno.h>
#include <stdio.h>

enum { TEXT_MAX = 1 << 20 };

static int print_list(struct base_arena *arena)
{
    struct overview all;
    struct base_buf out;
    const int error = overview_read(&all, arena);
    if (error != 0) {
        fprintf(stderr,
                "grade progress: cannot look into exercises/: %s\n"
                "  try:     make progress, in the folder of the kit\n",
                strerror(-error));
        return 2;
    }
    base_buf_init(&out, TEXT_MAX);
    overview_print(&all, NULL, &out);
    printf("%.*s", BASE_SLICE_ARGS(base_buf_slice(&out)));
    base_buf_fini(&out);
    const struct overview_row *next = overview_next(&all, NULL);
    if (next != NULL)
        printf("next:   make check EXERCISE=%s\n", next->name);
    return 0;
}

static int merge(const char *path)
{
    const int error = progress_merge(path);
    if (error == 0)
        return 0;
    fprintf(stderr,
            "grade progress: cannot put %s into " PROGRESS_PATH ": %s\n"
            "  try:     the exercises/.progress of the other machine\n",
            path, strerror(-error));
    return 2;
}

static int seen(const char *name, struct base_arena *arena)
{
    struct exercise e;
    const char *why = NULL, *try = "make progress";
    int error = exercise_load(name, arena, &e, &why);
    if (error != 0) {
        try = nearest_try("build/bin/grade progress --seen ", name, arena);
    } else {
        error = workspace_seen(&e);
        why = strerror(-error);
    }
    if (error == 0)
        return 0;
    fprintf(stderr, "grade progress: %s\n  try:     %s\n", why, try);
    return 2;
}

/* Makes the files of all exercises; what cannot be made is told. */
static int prepare(struct base_arena *arena)
{
    struct overview all;
    struct base_buf told;
    int error = overview_read(&all, arena);
    base_buf_init(&told, TEXT_MAX);
    for (size_t i = 0; i < all.n; i++)
        if (all.rows[i].state != OVERVIEW_WRONG &&
            workspace_prepare(&all.rows[i].exercise, &told) != 0)
            error = -EIO;
    if (base_buf_len(&told) > 0)
        printf("%.*s", BASE_SLICE_ARGS(base_buf_slice(&told)));
    base_buf_fini(&told);
    return error == 0 ? 0 : 2;
}

int command_progress(int argc, char **argv)
{
    const char *other = "", *exercise = "";
    bool all = false;
    const struct base_option rows[] = {
        {"merge", "add the lines of another machine's exercises/.progress",
         .string = &other, .metavar = "FILE"},
        {"seen", "you have compared your work with the changed skeleton",
         .string = &exercise, .metavar = "EXERCISE"},
        {"prepare", "make the files of all exercises, where there are none",
         .flag = &all},
        {0},
    };
    struct base_options *options =
        base_options_new("Tells how far you are with each exercise.\n"
                         "  build/bin/grade progress\n"
                         "  build/bin/grade progress --merge laptop.progress\n",
                         NULL);
    base_options_define(options, rows);
    base_options_start(options, argc, argv);
    struct base_arena arena;
    base_arena_init(&arena, 1 << 14);
    int status = 0;
    if (other[0] != '\0')
        status = merge(other);
    if (status == 0 && exercise[0] != '\0')
        status = seen(exercise, &arena);
    if (status == 0 && all)
        status = prepare(&arena);
    if (status == 0)
        status = print_list(&arena);
    base_arena_fini(&arena);
    base_options_free(options);
    return status;
}
