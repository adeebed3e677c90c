/* outfile.c - see outfile.h. Rests on: rename(2), which replaces at once. */
#include "outfile.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct outfile *file, const char *doing,
                struct problem *problem)
{
    const int error = -errno;
    snprintf(problem->what, sizeof problem->what, "cannot %s %.200s: %s", doing,
             file->path, strerror(-error));
    problem->try = NULL;
    return error;
}

static int make_folders(const char *path)
{
    char folder[PATH_MAX_LEN];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *at = folder + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        if (mkdir(folder, 0777) == -1 && errno != EEXIST)
            return -1;
        *at = '/';
    }
    return 0;
}

int outfile_open(struct outfile *file, const char *path,
                 struct problem *problem)
{
    *file = (struct outfile){.out = NULL};
    snprintf(file->path, sizeof file->path, "%s", path);
    snprintf(file->part, sizeof file->part, "%s.part", file->path);
    if (strlen(path) >= PATH_MAX_LEN) {
        errno = ENAMETOOLONG;
        return fail(file, "write", problem);
    }
    if (make_folders(file->path) == -1)
        return fail(file, "make the folder of", problem);
    file->out = fopen(file->part, "we");
    return file->out != NULL ? 0 : fail(file, "write", problem);
}

int outfile_commit(struct outfile *file, struct problem *problem)
{
    const bool bad = ferror(file->out) != 0;
    if (fclose(file->out) == EOF || bad) {
        file->out = NULL;
        const int error = fail(file, "write", problem);
        unlink(file->part);
        return error;
    }
    file->out = NULL;
    if (rename(file->part, file->path) == 0)
        return 0;
    const int error = fail(file, "put in place", problem);
    unlink(file->part);
    return error;
}

void outfile_abandon(struct outfile *file)
{
    if (file->out == NULL)
        return;
    fclose(file->out);
    file->out = NULL;
    unlink(file->part);
}
