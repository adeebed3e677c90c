/*
 * exercise.c - see exercise.h.
 *
 * Read before: exercise.h. Read after: build.c.
 */
#include "exercise.h"

#include "nearest.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INI_MAX = 1 << 16 };

/* What is being read, and where in it. */
struct reading {
    struct exercise *e;
    struct base_arena *arena;
    int line;
    bool in_points, hidden;
    const char *problem;
};

static bool wrong(struct reading *r, const char *what, struct base_slice about)
{
    r->problem =
        base_arena_printf(r->arena, "%s/exercise.ini:%d: %s \"%.*s\"",
                          r->e->dir, r->line, what, (int)about.len, about.ptr);
    return false;
}

static bool read_points(struct base_slice text, double *points)
{
    char number[32];
    if (text.len == 0 || text.len >= sizeof number)
        return false;
    memcpy(number, text.ptr, text.len);
    number[text.len] = '\0';
    char *end;
    *points = strtod(number, &end);
    return *end == '\0' && *points >= 0 && *points <= 1000;
}

static bool add_check(struct reading *r, struct base_slice name,
                      struct base_slice value)
{
    struct exercise *e = r->e;
    if (e->n_checks == EXERCISE_CHECKS_MAX)
        return wrong(r, "too many checks, at", name);
    struct exercise_check *check = &e->checks[e->n_checks++];
    check->name = base_arena_strdup(r->arena, name);
    check->hidden = r->hidden;
    if (!read_points(value, &check->points))
        return wrong(r, "no points:", value);
    return true;
}

/* Splits at spaces into a list with room for `max` and a NULL. */
static bool read_list(struct reading *r, struct base_slice value,
                      const char **list, size_t max)
{
    size_t n = 0;
    while (value.len > 0) {
        bool found;
        const struct base_slice word = base_slice_cut(&value, ' ', &found);
        if (word.len == 0)
            continue;
        if (n == max)
            return wrong(r, "too many, at", word);
        list[n++] = base_arena_strdup(r->arena, word);
    }
    list[n] = NULL;
    return true;
}

static bool read_value(struct reading *r, struct base_slice name,
                       struct base_slice value)
{
    struct exercise *e = r->e;
    struct jail_limits *l = &e->limits;
    const char *for_readers; /* only looked at whether they make sense */
    int a_number;
    const struct {
        const char *name;
        const char **word;
        int *number;
        const char **list;
        size_t max;
    } rows[] = {
        {"title", .word = &e->title},
        {"kind", .word = &e->kind},
        {"program", .word = &e->program},
        {"libraries", .word = &e->libraries},
        {"model", .word = &for_readers},
        {"lesson", .number = &a_number},
        {"minutes", .number = &a_number},
        {"cpu_s", .number = &l->cpu_s},
        {"wall_s", .number = &l->wall_s},
        {"memory_mb", .number = &l->memory_mb},
        {"processes", .number = &l->processes},
        {"files_open", .number = &l->files},
        {"file_mb", .number = &l->file_mb},
        {"own_stacks", .number = &e->own_stacks},
        {"patience_s", .number = &e->patience_s},
        {"files", .list = e->files, .max = EXERCISE_FILES_MAX},
        {"parts", .list = e->parts, .max = EXERCISE_FILES_MAX},
        {"given", .list = e->given, .max = EXERCISE_GIVEN_MAX},
    };
    if (base_slice_equal(name, base_slice_of("skeleton")))
        return read_points(value, &e->skeleton) ||
               wrong(r, "no points:", value);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!base_slice_equal(name, base_slice_of(rows[i].name)))
            continue;
        if (rows[i].list != NULL)
            return read_list(r, value, rows[i].list, rows[i].max);
        if (rows[i].word != NULL) {
            *rows[i].word = base_arena_strdup(r->arena, value);
            return true;
        }
        int64_t number;
        if (base_slice_to_int(value, &number) < 0 || number < 0 ||
            number > 100000)
            return wrong(r, "no number:", value);
        *rows[i].number = (int)number;
        return true;
    }
    return wrong(r, "there is no setting", name);
}

static bool read_line(struct reading *r, struct base_slice line)
{
    r->line++;
    line = base_slice_trim(line);
    if (line.len == 0 || line.ptr[0] == '#')
        return true;
    if (base_slice_equal(line, base_slice_of("[checks]")) ||
        base_slice_equal(line, base_slice_of("[hidden]"))) {
        r->in_points = true;
        r->hidden = line.ptr[1] == 'h';
        return true;
    }
    bool found;
    struct base_slice value = line;
    const struct base_slice name =
        base_slice_trim(base_slice_cut(&value, '=', &found));
    if (!found)
        return wrong(r, "neither NAME = VALUE nor [checks]:", line);
    value = base_slice_trim(value);
    return r->in_points ? add_check(r, name, value)
                        : read_value(r, name, value);
}

static ssize_t read_ini(const char *path, char *text)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return -errno;
    const ssize_t n = read(fd, text, INI_MAX);
    const int error = errno;
    close(fd);
    return n == -1 ? -error : n;
}

static bool is_complete(struct reading *r)
{
    const struct exercise *e = r->e;
    static const char *const kinds[] = {"write", "mend", "predict",
                                        "trace", "test", "speed"};
    bool known = false;
    for (size_t i = 0; e->kind != NULL && i < 6; i++)
        known = known || strcmp(e->kind, kinds[i]) == 0;
    if (!known)
        return wrong(r,
                     "kind is none of write, mend, predict, trace, test, "
                     "speed:",
                     base_slice_of(e->kind != NULL ? e->kind : ""));
    if (e->title == NULL || e->files[0] == NULL || e->n_checks == 0)
        return wrong(r, "title, files and [checks] are needed in",
                     base_slice_of(e->name));
    return true;
}

static int load(const char *name, struct base_arena *arena, struct exercise *e,
                const char **why)
{
    *e = (struct exercise){
        .name = name,
        .dir = base_arena_printf(arena, "exercises/%s", name),
        .patience_s = 1,
        .limits = {.cpu_s = 10,
                   .wall_s = 60,
                   .memory_mb = 256,
                   .processes = 16,
                   .files = 256,
                   .file_mb = 8},
    };
    char *text = base_arena_alloc(arena, INI_MAX);
    const ssize_t n =
        read_ini(base_arena_printf(arena, "%s/exercise.ini", e->dir), text);
    if (n < 0) {
        *why = base_arena_printf(arena, "cannot read %s/exercise.ini: %s",
                                 e->dir, strerror((int)-n));
        return (int)n;
    }
    struct reading r = {.e = e, .arena = arena};
    struct base_slice rest = {text, (size_t)n};
    bool found = true, well = true;
    while (well && found)
        well = read_line(&r, base_slice_cut(&rest, '\n', &found));
    if (well && is_complete(&r))
        return 0;
    *why = r.problem;
    return -EINVAL;
}

/* --- which there are ------------------------------------------------------ */

static int is_exercise(const struct dirent *entry)
{
    char path[400];
    snprintf(path, sizeof path, "exercises/%s/exercise.ini", entry->d_name);
    return isdigit((unsigned char)entry->d_name[0]) && access(path, R_OK) == 0;
}

int exercise_list(struct base_arena *arena, const char *const **names)
{
    struct dirent **entries;
    static const char *const none[] = {NULL};
    *names = none;
    const int n = scandir("exercises", &entries, is_exercise, alphasort);
    if (n < 0)
        return -errno;
    const char **list = base_arena_alloc(arena, ((size_t)n + 1) * sizeof *list);
    for (int i = 0; i < n; i++) {
        list[i] = base_arena_strdup(arena, base_slice_of(entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    list[n] = NULL;
    *names = list;
    return n;
}

int exercise_load(const char *name, struct base_arena *arena,
                  struct exercise *e, const char **why)
{
    const char *const *names;
    exercise_list(arena, &names);
    const char *match = NULL, *all = "";
    int matches = 0;
    for (int i = 0; names[i] != NULL && name[0] != '\0'; i++) {
        if (strcmp(names[i], name) == 0)
            return load(names[i], arena, e, why);
        if (strncmp(names[i], name, strlen(name)) == 0) {
            match = names[i];
            matches++;
            all = base_arena_printf(arena, "%s %s", all, match);
        }
    }
    if (matches == 1)
        return load(match, arena, e, why);
    if (matches == 0) {
        *why = nearest_advice(name, arena);
        return -ENOENT;
    }
    *why = base_arena_printf(
        arena, "more than one exercise begins with \"%s\":%s", name, all);
    return -EEXIST;
}

bool exercise_has_hidden(const struct exercise *e)
{
    char path[400];
    snprintf(path, sizeof path, "solutions/%s", e->name);
    return access(path, R_OK) == 0;
}
