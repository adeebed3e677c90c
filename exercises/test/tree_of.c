/*
 * tree_of.c - see tree_of.h.
 *
 * Rests on: cmocka, mkdtemp(3), nftw(3).
 */
#include "tree_of.h"

#include "../grader/files.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char home[4096], folder[64];
static struct base_arena arena;

int tree_setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/tree-XXXXXX");
    base_arena_init(&arena, 1 << 14);
    return getcwd(home, sizeof home) == NULL || mkdtemp(folder) == NULL ||
           chdir(folder) == -1 || mkdir("exercises", 0777) == -1;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int tree_teardown(void **state)
{
    (void)state;
    base_arena_fini(&arena);
    return chdir(home) == -1 ||
           nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == -1;
}

void tree_write(const char *path, const char *text)
{
    char part[256];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = part; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mkdir(part, 0777) == -1)
            assert_int_equal(errno, EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

const char *tree_read(const char *path)
{
    struct base_slice bytes;
    const int error = files_read(path, &arena, &bytes);
    if (error == -ENOENT)
        return NULL;
    assert_int_equal(error, 0);
    return bytes.ptr;
}

struct exercise tree_exercise(const char *name, const char *file,
                              const char *second)
{
    struct exercise e = {
        .name = name,
        .dir = base_arena_printf(&arena, "exercises/%s", name),
        .files = {file, second},
    };
    for (const char *const *f = e.files; *f != NULL; f++) {
        const char *path =
            base_arena_printf(&arena, "%s/skeleton/%s", e.dir, *f);
        tree_write(path, base_arena_printf(&arena, "/* TODO: %s */\n", *f));
    }
    return e;
}
