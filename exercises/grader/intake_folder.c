/*
 * intake_folder.c - looks through a student's folder: level by level, and first
 * where the exercise should be, so that it is found even if a bound ends the
 * walk among thousands of other files; and one part of a path at a time, so
 * that no link is followed, not even one that is put there meanwhile.
 *
 * Read before: intake_internal.h. Read after: intake_choose.c.
 * Rests on: openat(2) O_NOFOLLOW, fstatat(2).
 */
#include "download.h"
#include "intake_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int intake_open(int root, const char *path, int flags)
{
    int fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
    while (fd >= 0 && *path != '\0') {
        char part[INTAKE_NAME_MAX + 1];
        const size_t len = strcspn(path, "/");
        const bool last = path[len] == '\0';
        const int how = last ? flags : O_PATH | O_DIRECTORY;
        if (len > INTAKE_NAME_MAX) {
            close(fd);
            return -ENAMETOOLONG;
        }
        memcpy(part, path, len);
        part[len] = '\0';
        const int next = openat(
            fd, part, how | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        const int error = errno;
        close(fd);
        if (next == -1)
            return -error;
        fd = next;
        path += last ? len : len + 1;
    }
    return fd == -1 ? -errno : fd;
}

static enum item_kind kind_of(mode_t mode)
{
    return S_ISREG(mode)   ? ITEM_FILE
           : S_ISDIR(mode) ? ITEM_FOLDER
           : S_ISLNK(mode) ? ITEM_LINK
                           : ITEM_OTHER;
}

/* Adds what the open folder `dir`, whose path is `path`, holds. */
static void list_folder(DIR *dir, const char *path, struct items *items)
{
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        struct stat status;
        if (entry->d_name[0] == '.' || /* "." and "..", too */
            fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
            continue;
        const char *joined =
            *path == '\0'
                ? entry->d_name
                : base_arena_printf(items->arena, "%s/%s", path, entry->d_name);
        items->cut =
            !intake_add(items, kind_of(status.st_mode), base_slice_of(joined),
                        (uint64_t)status.st_size);
        if (items->cut)
            return;
    }
}

static int look_into(int root, const char *path, struct items *items)
{
    const int fd =
        intake_open(root, *path == '\0' ? "." : path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        const int error = -errno;
        close(fd);
        return error;
    }
    list_folder(dir, path, items);
    closedir(dir);
    return 0;
}

static unsigned depth_of(const char *path)
{
    unsigned depth = 1;
    for (; *path != '\0'; path++)
        depth += *path == '/';
    return depth;
}

static bool to_be_opened(const struct item *item)
{
    return item->kind == ITEM_FOLDER && depth_of(item->path) < INTAKE_DEPTH;
}

/*
 * Looks into a folder, and at once into those in it that are called like the
 * exercise. One that cannot be opened is as good as empty.
 */
static int look_first(int root, const char *path, const char *exercise,
                      struct items *items)
{
    size_t i = items->n;
    const int error = look_into(root, path, items);
    for (; i < items->n && !items->cut; i++)
        if (to_be_opened(&items->at[i]) &&
            strcmp(intake_name(items->at[i].path), exercise) == 0)
            look_into(root, items->at[i].path, items);
    return error;
}

int intake_walk(int root, const char *exercise, struct items *items)
{
    const int error = look_first(root, "", exercise, items);
    /* The list grows at its end as it is walked: that is level by level. */
    for (size_t i = 0; i < items->n && !items->cut; i++)
        if (to_be_opened(&items->at[i]) &&
            strcmp(intake_name(items->at[i].path), exercise) != 0)
            look_first(root, items->at[i].path, exercise, items);
    intake_sort(items);
    return error;
}

/* --- loose files ----------------------------------------------------------*/

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void add_loose(int root, const char *name, const struct handed_in *from,
                      struct items *items)
{
    struct download d;
    struct stat status;
    if (!download_parse(name, &d) || d.file.len == 0 ||
        !base_slice_equal(d.id, base_slice_of(from->id)) ||
        fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
        return;
    const char *file = download_file(&d, items->arena);
    items->cut = !intake_add(items, kind_of(status.st_mode),
                             base_slice_of(file), (uint64_t)status.st_size);
    if (!items->cut)
        items->at[items->n - 1].stored =
            base_arena_strdup(items->arena, base_slice_of(name));
}

int intake_walk_loose(int root, const struct handed_in *from,
                      struct items *items)
{
    struct dirent **names = NULL;
    const int n = scandirat(root, ".", &names, visible, alphasort);
    if (n == -1)
        return -errno;
    for (int i = 0; i < n; i++) {
        if (!items->cut)
            add_loose(root, names[i]->d_name, from, items);
        free(names[i]);
    }
    free(names);
    intake_sort(items);
    return 0;
}
