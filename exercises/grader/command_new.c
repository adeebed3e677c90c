/*
 * command_new.c - `grade new NAME`, which is `make new-exercise`: a new
 * exercise as a copy of a pattern, a tiny complete one that passes `grade
 * matrix` as it stands and is then changed, piece by piece.
 *
 *     exercises/pattern/SHAPE/exercise/...  --->  exercises/NAME/...
 *     exercises/pattern/SHAPE/solution/...  --->  solutions/NAME/...
 *
 * The files are copied as they are but for @NAME@, @LESSON@ and @KIND@. A shape
 * may rest on another one: then it holds only the files that differ.
 *
 * Read before: ../INSTRUCTORS.md, files.h. Rests on: opendir(3).
 */
#include "commands.h"

#include "files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LONGEST = 32 };

/* What the placeholders stand for; and how far the work is. */
struct making {
    const char *name, *lesson, *kind;
    struct base_arena arena;
    const char *path; /* the file or folder that is at hand */
};

/* Which patterns a kind begins with, in the order in which they are copied: a
 * program is checked, or measured, or answers are. */
static const struct {
    const char *kind, *shapes[2], *look_at;
} kinds[] = {
    {"write", {"program"}, NULL},
    {"mend", {"program"}, NULL},
    {"predict", {"answers"}, NULL},
    {"trace", {"answers"}, NULL},
    {"test", {"program"}, "exercises/04-catch"},
    {"speed", {"speed", "program"}, NULL},
};

/* --- copying ------------------------------------------------------------- */

/* Puts `text` into `out`, with `value` in the place of each `mark`. */
static void replace(struct base_slice text, const char *mark, const char *value,
                    struct base_buf *out)
{
    const struct base_slice key = base_slice_of(mark);
    for (;;) {
        const ssize_t at = base_slice_find(text, key);
        const size_t len = at < 0 ? text.len : (size_t)at;
        base_buf_append(out, (struct base_slice){text.ptr, len});
        if (at < 0)
            return;
        base_buf_append(out, base_slice_of(value));
        text = base_slice_skip(text, len + key.len);
    }
}

/* A file that is there already is that of the shape before. */
static int copy_file(struct making *m, const char *from, const char *to)
{
    struct base_slice text;
    struct base_buf b[3];
    if (access(to, F_OK) == 0)
        return 0;
    int error = files_read(from, &m->arena, &text);
    if (error != 0)
        return error;
    for (int i = 0; i < 3; i++)
        base_buf_init(&b[i], 2 * (size_t)FILES_MAX);
    replace(text, "@NAME@", m->name, &b[0]);
    replace(base_buf_slice(&b[0]), "@LESSON@", m->lesson, &b[1]);
    replace(base_buf_slice(&b[1]), "@KIND@", m->kind, &b[2]);
    error = files_create(to, base_buf_slice(&b[2]));
    for (int i = 0; i < 3; i++)
        base_buf_fini(&b[i]);
    if (error == 0)
        printf("made %s\n", to);
    return error;
}

/* Returns 0, or an error with m->path set to what could not be made. */
static int copy_folder(struct making *m, const char *from, const char *to)
{
    m->path = to;
    if (mkdir(to, 0777) == -1 && errno != EEXIST)
        return -errno;
    DIR *dir = opendir(from);
    if (dir == NULL) {
        m->path = from;
        return -errno;
    }
    int error = 0;
    const struct dirent *entry;
    while (error == 0 && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        const char *of =
            base_arena_printf(&m->arena, "%s/%s", from, entry->d_name);
        const char *into =
            base_arena_printf(&m->arena, "%s/%s", to, entry->d_name);
        struct stat st;
        m->path = into;
        if (stat(of, &st) == -1)
            error = -errno;
        else if (S_ISDIR(st.st_mode))
            error = copy_folder(m, of, into);
        else
            error = copy_file(m, of, into);
    }
    closedir(dir);
    return error;
}

/* --- what is asked for --------------------------------------------------- */

static int refuse(const char *what, const char *try)
{
    fprintf(stderr, "grade new: %s\n  try:     %s\n", what, try);
    return 2;
}

/* "09-thing": it is a folder, a word in exercise.ini's own language, and the
 * order of the exercises. */
static bool is_name(const char *name)
{
    if (!isdigit((unsigned char)name[0]) || !isdigit((unsigned char)name[1]) ||
        name[2] != '-' || !islower((unsigned char)name[3]))
        return false;
    const char *c = name + 3;
    while (islower((unsigned char)*c) || isdigit((unsigned char)*c) ||
           *c == '-')
        c++;
    return *c == '\0' && c - name <= NAME_LONGEST;
}

/* Both halves of a pattern; an error with m->path set. */
static int copy_shape(struct making *m, const char *shape, const char *exercise,
                      const char *solution)
{
    struct base_arena *a = &m->arena;
    const char *pattern = base_arena_printf(a, "exercises/pattern/%s", shape);
    const int error =
        copy_folder(m, base_arena_printf(a, "%s/exercise", pattern), exercise);
    return error != 0
               ? error
               : copy_folder(m, base_arena_printf(a, "%s/solution", pattern),
                             solution);
}

static int make(struct making *m, int kind)
{
    struct base_arena *a = &m->arena;
    const char *exercise = base_arena_printf(a, "exercises/%s", m->name);
    const char *solution = base_arena_printf(a, "solutions/%s", m->name);
    if (access(exercise, F_OK) == 0 || access(solution, F_OK) == 0)
        return refuse(base_arena_printf(a, "%s is there already", m->name),
                      "another name");
    int error = 0;
    for (int i = 0; i < 2 && kinds[kind].shapes[i] != NULL && error == 0; i++)
        error = copy_shape(m, kinds[kind].shapes[i], exercise, solution);
    if (error != 0)
        return refuse(base_arena_printf(a, "cannot make %s: %s", m->path,
                                        strerror(-error)),
                      "it in the folder of the instructor's kit");
    if (kinds[kind].look_at != NULL)
        printf("this is a plain one: %s shows what kind %s can be\n",
               kinds[kind].look_at, m->kind);
    printf("next:   make matrix EXERCISE=%s\n", m->name);
    return 0;
}

int command_new(int argc, char **argv)
{
    struct making m = {.lesson = "", .kind = "write"};
    const struct base_option rows[] = {
        {"lesson", "its number; else that of the name", .string = &m.lesson},
        {"kind", "what the student does", .string = &m.kind,
         .words = "write,mend,predict,trace,test,speed"},
        {.name = NULL},
    };
    struct base_options *options = base_options_new(
        "Begins a new exercise: exercises/NAME and solutions/NAME, a tiny "
        "complete example\nto be changed.\n"
        "  build/bin/grade new --kind write 09-thing\n",
        "NAME");
    base_options_define(options, rows);
    const int rest = base_options_start(options, argc, argv);
    base_arena_init(&m.arena, 1 << 14);
    int status;
    if (rest != argc - 1 || !is_name(argv[rest])) {
        status = refuse("a name is two digits and a word in small letters",
                        "make new-exercise NAME=09-thing KIND=write");
    } else {
        int kind = 0;
        while (strcmp(kinds[kind].kind, m.kind) != 0)
            kind++;
        m.name = argv[rest];
        if (m.lesson[0] == '\0')
            m.lesson = base_arena_printf(&m.arena, "%.2s", m.name);
        status = make(&m, kind);
    }
    base_arena_fini(&m.arena);
    base_options_free(options);
    return status;
}
