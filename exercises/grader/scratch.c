/*
 * scratch.c - see scratch.h.
 *
 * Rests on: nftw(3), copy_file_range(2), mkdtemp(3).
 */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESCRIPTORS = 16 };

static char *join(const char *a, const char *b)
{
    char *path;
    if (asprintf(&path, "%s/%s", a, b) == -1)
        return base_strdup(a);
    return path;
}

int scratch_mkdir(const char *path)
{
    return mkdir(path, 0755) == -1 || chmod(path, 0755) == -1 ? -errno : 0;
}

int scratch_copy(const char *from, const char *to)
{
    const int in = open(from, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (in == -1)
        return -errno;
    if (fstat(in, &info) == -1) {
        close(in);
        return -EIO;
    }
    const int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error = out == -1 || fchmod(out, (info.st_mode & 0755) | 0644) == -1
                    ? -errno
                    : 0;
    char bytes[65536];
    for (ssize_t n = 1; error == 0 && n > 0;) {
        n = read(in, bytes, sizeof bytes);
        if (n == -1 || (n > 0 && write(out, bytes, (size_t)n) != n))
            error = -EIO;
    }
    close(in);
    if (out != -1 && close(out) == -1 && error == 0)
        error = -errno;
    return error;
}

/* --- a tree copied: nftw gives its function no argument ------------------- */

static const char *copy_to;
static size_t copy_from_len;

static int copy_one(const char *path, const struct stat *info, int type,
                    struct FTW *at)
{
    (void)info;
    (void)at;
    char *to = join(copy_to, path + copy_from_len);
    int error = 0;
    if (type == FTW_D)
        error = scratch_mkdir(to);
    else if (type == FTW_F)
        error = scratch_copy(path, to);
    free(to);
    return error;
}

static int copy_tree(const char *from, const char *to)
{
    copy_to = to;
    copy_from_len = strlen(from);
    if (access(from, R_OK | X_OK) == -1)
        return -errno;
    const int error = nftw(from, copy_one, DESCRIPTORS, FTW_PHYS);
    return error == -1 ? -errno : error; /* -1: of nftw itself */
}

/* True if any user may enter the folders that lead to `path`. */
static bool is_open_to_all(const char *path)
{
    char prefix[4096];
    struct stat info;
    for (const char *end = path; (end = strchr(end + 1, '/')) != NULL;) {
        snprintf(prefix, sizeof prefix, "%.*s", (int)(end - path), path);
        if (stat(prefix, &info) == -1 || (info.st_mode & S_IXOTH) == 0)
            return false;
    }
    return true;
}

static int give_up(struct scratch *s, int error, const char *try)
{
    scratch_end(s);
    s->try = try;
    return error;
}

int scratch_make(struct scratch *s, const char *build, const char **why)
{
    const char *tmp = getenv("TMPDIR");
    *s = (struct scratch){
        .dir =
            join(tmp != NULL && tmp[0] == '/' ? tmp : "/tmp", "grade.XXXXXX")};
    *why = "cannot make a folder below $TMPDIR or /tmp";
    if (mkdtemp(s->dir) == NULL || chmod(s->dir, 0755) == -1)
        return give_up(s, -errno, "export TMPDIR=/tmp");
    *why = "other users may not enter $TMPDIR, and root locks programs in as "
           "another user";
    if (geteuid() == 0 && !is_open_to_all(s->dir))
        return give_up(s, -EACCES, "export TMPDIR=/tmp");
    s->warden = join(s->dir, "warden");
    s->kit = join(s->dir, "kit");
    char *warden = join(build, "exercises/check/warden");
    char *kit = join(build, "exercises/kit");
    *why = "cannot copy the warden or the kit's parts";
    int error = scratch_copy(warden, s->warden);
    if (error == 0)
        error = copy_tree(kit, s->kit);
    free(warden);
    free(kit);
    return error == 0 ? 0 : give_up(s, error, "make grader");
}

char *scratch_folder(const struct scratch *s)
{
    char *path = join(s->dir, "work.XXXXXX");
    if (mkdtemp(path) == NULL || chmod(path, 0755) == -1) {
        free(path);
        return NULL;
    }
    return path;
}

static int remove_one(const char *path, const struct stat *info, int type,
                      struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

int scratch_remove(const char *path)
{
    return nftw(path, remove_one, DESCRIPTORS, FTW_PHYS | FTW_DEPTH) == -1
               ? -errno
               : 0;
}

void scratch_end(struct scratch *s)
{
    if (s->dir != NULL)
        scratch_remove(s->dir);
    free(s->dir);
    free(s->warden);
    free(s->kit);
    *s = (struct scratch){.dir = NULL};
}
