/*
 * workspace.c - makes and resets the files that a student works on.
 *
 * Read before: workspace.h. Read after: command_progress.c, watch.c.
 */
#include "workspace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { COPIES_MAX = 1000 }; /* of one file, FILE.bak-1 and so on */

int workspace_sha256(const struct exercise *e, char hex[SHA256_HEX])
{
    return files_sha256(e->dir, e->files, hex);
}

static int skeleton_sha256(const struct exercise *e, char hex[SHA256_HEX])
{
    struct base_arena arena;
    base_arena_init(&arena, 1024);
    const int error = files_sha256(
        base_arena_printf(&arena, "%s/skeleton", e->dir), e->files, hex);
    base_arena_fini(&arena);
    return error;
}

static int cannot(struct base_buf *told, const char *what, const char *path,
                  int error)
{
    base_buf_printf(told, "cannot %s %s: %s\n", what, path, strerror(-error));
    return error;
}

/* --- making what is missing ---------------------------------------------- */

static int make_file(const struct exercise *e, const char *file,
                     struct base_arena *arena, struct base_buf *told)
{
    const char *path = base_arena_printf(arena, "%s/%s", e->dir, file);
    const char *from = base_arena_printf(arena, "%s/skeleton/%s", e->dir, file);
    struct stat st;
    if (lstat(path, &st) == 0)
        return -EEXIST;
    struct base_slice bytes;
    int error = files_read(from, arena, &bytes);
    if (error != 0) {
        error = error == -EEXIST ? -EIO : error;
        cannot(told, "read", from, error);
        base_buf_printf(told, "  try:     git checkout -- %s\n", from);
        return error;
    }
    error = files_create(path, bytes);
    if (error == 0)
        base_buf_printf(told, "made %s from its skeleton: this is yours\n",
                        path);
    return error == 0 || error == -EEXIST ? error
                                          : cannot(told, "make", path, error);
}

/* Returns how many files were made of how many, or an error. */
static int make_files(const struct exercise *e, struct base_buf *told,
                      int *wanted)
{
    struct base_arena arena;
    base_arena_init(&arena, 1 << 14);
    int made = 0, error = 0;
    for (*wanted = 0; e->files[*wanted] != NULL && error == 0; ++*wanted) {
        error = make_file(e, e->files[*wanted], &arena, told);
        made += error == 0;
        error = error == -EEXIST ? 0 : error;
    }
    base_arena_fini(&arena);
    return error != 0 ? error : made;
}

static void tell_change(const struct exercise *e, struct base_buf *told)
{
    base_buf_printf(told,
                    "the skeleton of %s has changed since you began; "
                    "your work is as it was\n",
                    e->name);
    base_buf_printf(told, "  (did you edit it? your file is %s/%s)\n", e->dir,
                    e->files[0]);
    for (const char *const *file = e->files; *file != NULL; file++)
        base_buf_printf(told, "  compare: diff -u %s/%s %s/skeleton/%s\n",
                        e->dir, *file, e->dir, *file);
    base_buf_printf(told, "  then:    build/bin/grade progress --seen %s\n",
                    e->name);
}

/* Notes a first skeleton, and tells of one that is another than then. */
static int compare_skeleton(const struct exercise *e, bool anew,
                            struct base_buf *told)
{
    char now[SHA256_HEX];
    struct base_arena arena;
    struct progress p;
    base_arena_init(&arena, 1 << 14);
    int error = skeleton_sha256(e, now);
    if (error == 0)
        error = progress_read(&p, &arena);
    if (error == 0) {
        const struct progress_line *then = progress_skeleton(&p, e->name);
        if (then == NULL || (anew && strcmp(then->sha256, now) != 0))
            error = progress_note_skeleton(e->name, now);
        else if (strcmp(then->sha256, now) != 0)
            tell_change(e, told);
    }
    base_arena_fini(&arena);
    return error == 0 ? 0 : cannot(told, "keep", PROGRESS_PATH, error);
}

int workspace_prepare(const struct exercise *e, struct base_buf *told)
{
    int wanted;
    const int made = make_files(e, told, &wanted);
    if (made < 0)
        return made;
    return compare_skeleton(e, made == wanted, told);
}

int workspace_seen(const struct exercise *e)
{
    char now[SHA256_HEX];
    const int error = skeleton_sha256(e, now);
    return error == 0 ? progress_note_skeleton(e->name, now) : error;
}

/* --- what is the kit's --------------------------------------------------- */

/* Of all CPUs' parts, and of all headers beside a part. */
static const char *ask_git(const struct exercise *e, struct base_arena *arena)
{
    const char *command =
        "git --no-optional-locks diff --relative --name-only HEAD --";
    for (const char *const *part = e->parts; *part != NULL; part++) {
        const struct base_slice path = base_slice_of(*part);
        const ssize_t cpu = base_slice_find(path, base_slice_of("CPU"));
        const char *slash = strrchr(*part, '/');
        const int before = cpu >= 0 ? (int)cpu : (int)path.len;
        const int dir = slash != NULL ? (int)(slash + 1 - *part) : 0;
        command =
            base_arena_printf(arena, "%s ':(glob)%.*s%s%s' ':(glob)%.*s*.h'",
                              command, before, *part, cpu >= 0 ? "*" : "",
                              cpu >= 0 ? *part + cpu + 3 : "", dir, *part);
    }
    return base_arena_printf(arena, "%s 2>/dev/null", command);
}

void workspace_tell_changed(const struct exercise *e, struct base_buf *told)
{
    struct base_arena arena;
    char path[400];
    if (e->parts[0] == NULL)
        return;
    base_arena_init(&arena, 1 << 14);
    FILE *git = popen(ask_git(e, &arena), "re");
    while (git != NULL && fgets(path, sizeof path, git) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        base_buf_printf(told,
                        "%s is not as the kit has it; to get that back: "
                        "git checkout HEAD -- %s\n",
                        path, path);
    }
    if (git != NULL)
        pclose(git);
    base_arena_fini(&arena);
}

/* --- beginning anew ------------------------------------------------------ */

/* Copies to the first free FILE.bak-N. */
static int keep(const char *path, struct base_slice bytes,
                struct base_arena *arena, struct base_buf *told)
{
    int error = -EEXIST;
    const char *copy = path;
    for (int n = 1; error == -EEXIST && n <= COPIES_MAX; n++) {
        copy = base_arena_printf(arena, "%s.bak-%d", path, n);
        error = files_create(copy, bytes);
    }
    if (error != 0)
        return cannot(told, "keep a copy", copy, error);
    base_buf_printf(told, "kept %s as %s\n", path, copy);
    return 0;
}

static int reset_file(const struct exercise *e, const char *file,
                      struct base_arena *arena, struct base_buf *told)
{
    const char *path = base_arena_printf(arena, "%s/%s", e->dir, file);
    const char *from = base_arena_printf(arena, "%s/skeleton/%s", e->dir, file);
    struct base_slice skeleton, work;
    int error = files_read(from, arena, &skeleton);
    if (error != 0)
        return cannot(told, "read", from, error);
    error = files_read(path, arena, &work);
    if (error == 0 && base_slice_equal(work, skeleton))
        return 0;
    if (error == 0)
        error = keep(path, work, arena, told);
    else if (error != -ENOENT)
        cannot(told, "read", path, error);
    if (error != 0 && error != -ENOENT)
        return error;
    error = files_replace(path, skeleton);
    return error == 0 ? 0 : cannot(told, "make", path, error);
}

int workspace_reset(const struct exercise *e, struct base_buf *told)
{
    struct base_arena arena;
    base_arena_init(&arena, 1 << 14);
    int error = 0;
    for (const char *const *file = e->files; *file != NULL && error == 0;
         file++)
        error = reset_file(e, *file, &arena, told);
    base_arena_fini(&arena);
    if (error != 0)
        return error;
    base_buf_printf(told, "%s begins anew from its skeleton\n", e->name);
    error = workspace_seen(e);
    return error == 0 ? 0 : cannot(told, "keep", PROGRESS_PATH, error);
}
