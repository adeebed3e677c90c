/*
 * intake_list.c - who has handed something in: folders and archives, named by
 * the student or by a download from Moodle or Canvas.
 *
 *     ada.brook/                                  a folder
 *     ada.brook.zip                               an archive
 *     ada.brook/work.zip                          an archive, alone in a folder
 *     brookada_4711_8152_server.c                 loose files of a download
 *
 * Read before: intake.h, download.h. Read after: intake_folder.c.
 * Rests on: scandir(3), fstatat(2).
 */
#include "download.h"
#include "escape.h"
#include "intake_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTES_MAX = 1 << 20, LEFT_OUT_MAX = 200 /* of which each is named */ };

/* The list as it grows. */
struct listing {
    const char *dir;
    int fd; /* has it open */
    struct base_arena *arena;
    struct handed_in *at;
    size_t n;
    struct base_buf notes;
    size_t left_out;
};

/* --- endings --------------------------------------------------------------*/

/* The length of `name` without one of the endings; 0 if it has none. */
static size_t stem_of(const char *name, const char *const *endings)
{
    const struct base_slice all = base_slice_of(name);
    for (; *endings != NULL; endings++) {
        const size_t len = strlen(*endings);
        if (all.len > len &&
            base_slice_equal_nocase(base_slice_skip(all, all.len - len),
                                    base_slice_of(*endings)))
            return all.len - len;
    }
    return 0;
}

/* Of an archive that is read here. */
static size_t archive_stem(const char *name)
{
    static const char *const endings[] = {".zip", ".tar.gz", ".tgz", ".tar",
                                          NULL};
    return stem_of(name, endings);
}

/* Of one that is not. */
static size_t foreign_stem(const char *name)
{
    static const char *const endings[] = {".rar",     ".7z",      ".tar.xz",
                                          ".txz",     ".tar.bz2", ".tbz2",
                                          ".tar.zst", ".gz",      NULL};
    return stem_of(name, endings);
}

/* --- names ----------------------------------------------------------------*/

/* By the platform's number where both have one: names may be the same. */
static bool is_same(const struct handed_in *a, const struct handed_in *b)
{
    return a->id != NULL && b->id != NULL ? strcmp(a->id, b->id) == 0
                                          : strcmp(a->student, b->student) == 0;
}

static bool is_taken(const struct listing *l, const char *student)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->at[i].student, student) == 0)
            return true;
    return false;
}

static mode_t mode_of(const struct listing *l, const char *name)
{
    struct stat status;
    return fstatat(l->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0
               ? status.st_mode
               : 0;
}

/* Sets whose it is: the first `stem` bytes of the name, or what a platform
 * says; Canvas makes no folders. */
static void name_student(const struct listing *l, const char *name, size_t stem,
                         struct handed_in *h)
{
    struct download d;
    const bool downloaded =
        download_parse(name, &d) && (d.moodle || !S_ISDIR(mode_of(l, name)));
    h->named = base_arena_strdup(
        l->arena, downloaded ? d.student : (struct base_slice){name, stem});
    h->student = h->named;
    h->id = downloaded ? base_arena_strdup(l->arena, d.id) : NULL;
}

/* --- the list -------------------------------------------------------------*/

/* A name may hold a newline: in the notes each has a line of its own. */
static void leave_out(struct listing *l, const char *name, const char *why)
{
    struct sink to = sink_of(&l->notes);
    if (l->left_out++ >= LEFT_OUT_MAX)
        return;
    sink_put(&to, l->left_out > 1 ? "\n" : "");
    escape_line(&to, ESCAPE_TEXT, name);
    sink_printf(&to, ": %s", why);
}

static void count_rest(struct listing *l)
{
    if (l->left_out > LEFT_OUT_MAX)
        (void)base_buf_printf(&l->notes, "\nand %zu more",
                              l->left_out - LEFT_OUT_MAX);
}

static void add(struct listing *l, const char *name, struct handed_in *h)
{
    for (size_t i = 0; i < l->n; i++)
        if (is_same(&l->at[i], h)) {
            leave_out(l, name,
                      "this student's folder or archive is there already");
            return;
        }
    while (is_taken(l, h->student)) /* by another person of this name */
        h->student = base_arena_printf(l->arena, "%s %s", h->student, h->id);
    l->at[l->n++] = *h;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "__MACOSX") != 0;
}

/* The archive that a folder holds, and nothing else; NULL: it is not so. */
static const char *lone_archive(const struct listing *l, const char *folder)
{
    struct dirent **names = NULL;
    struct stat status;
    const int fd =
        openat(l->fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int n = fd == -1 ? -1 : scandirat(fd, ".", &names, visible, NULL);
    const char *path = NULL;
    if (n == 1 && archive_stem(names[0]->d_name) > 0 &&
        fstatat(fd, names[0]->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode))
        path = base_arena_printf(l->arena, "%s/%s/%s", l->dir, folder,
                                 names[0]->d_name);
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    if (fd != -1)
        close(fd);
    return path;
}

static void add_folder(struct listing *l, const char *name)
{
    const char *archive = lone_archive(l, name);
    struct handed_in h = {.archive = archive != NULL};
    h.path = h.archive ? archive
                       : base_arena_printf(l->arena, "%s/%s", l->dir, name);
    name_student(l, name, strlen(name), &h);
    add(l, name, &h);
}

static void add_archive(struct listing *l, const char *name, size_t stem,
                        const char *refused)
{
    struct handed_in h = {.archive = true, .refused = refused};
    h.path = base_arena_printf(l->arena, "%s/%s", l->dir, name);
    name_student(l, name, stem, &h);
    add(l, name, &h);
}

static bool has_loose(const struct listing *l, struct base_slice id)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i].loose && base_slice_equal(base_slice_of(l->at[i].id), id))
            return true;
    return false;
}

/* Each of these adds what is of its kind. False: it is of another. */
static bool add_whole(struct listing *l, const char *name)
{
    const mode_t mode = mode_of(l, name);
    const size_t stem = archive_stem(name);
    if (S_ISDIR(mode) || (S_ISLNK(mode) && stem == 0))
        add_folder(l, name);
    else if (stem > 0)
        add_archive(l, name, stem, NULL);
    else
        return false;
    return true;
}

/* Files alone are somebody's if a platform says whose. */
static bool add_loose(struct listing *l, const char *name)
{
    struct download d;
    struct handed_in h = {.path = l->dir, .loose = true};
    if (!S_ISREG(mode_of(l, name)) || foreign_stem(name) > 0 ||
        !download_parse(name, &d) || d.file.len == 0)
        return false;
    if (!has_loose(l, d.id)) {
        name_student(l, name, 0, &h);
        add(l, name, &h);
    }
    return true;
}

static bool add_foreign(struct listing *l, const char *name)
{
    struct download d;
    const size_t stem = foreign_stem(name);
    if (stem == 0 || !S_ISREG(mode_of(l, name)))
        return false;
    if (!download_parse(name, &d) || !has_loose(l, d.id)) /* else: of those */
        add_archive(l, name, stem,
                    "an archive of this kind is not read: hand in a .zip, "
                    ".tar.gz or .tar");
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct handed_in *left = a, *right = b;
    const int order = strcasecmp(left->student, right->student);
    return order != 0 ? order : strcmp(left->student, right->student);
}

/* What can be read comes first: of two that one student has handed in, the
 * first is kept. */
static void list_all(struct listing *l, struct dirent *const *names, size_t n)
{
    static bool (*const kinds[])(struct listing *, const char *) = {
        add_whole, add_loose, add_foreign};
    bool *done = base_alloc_array(n + 1, sizeof *done);
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < n; i++)
            done[i] = done[i] || kinds[k](l, names[i]->d_name);
    for (size_t i = 0; i < n; i++)
        if (!done[i])
            leave_out(l, names[i]->d_name, "neither folder nor archive");
    free(done);
    count_rest(l);
    qsort(l->at, l->n, sizeof *l->at, by_name);
}

ssize_t intake_list(const char *dir, struct base_arena *arena,
                    struct handed_in **list, char **notes)
{
    struct dirent **names = NULL;
    struct listing l = {.dir = dir, .arena = arena};
    l.fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int n =
        l.fd == -1 ? -1 : scandirat(l.fd, ".", &names, visible, alphasort);
    if (n == -1) {
        const int error = -errno;
        if (l.fd != -1)
            close(l.fd);
        return error;
    }
    base_buf_init(&l.notes, NOTES_MAX);
    l.at = base_arena_alloc(arena, sizeof *l.at * ((size_t)n + 1));
    list_all(&l, names, (size_t)n);
    *list = l.at;
    *notes = base_buf_len(&l.notes) > 0
                 ? base_arena_strdup(arena, base_buf_slice(&l.notes))
                 : NULL;
    base_buf_fini(&l.notes);
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    close(l.fd);
    return (ssize_t)l.n;
}
