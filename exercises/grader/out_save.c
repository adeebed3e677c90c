/*
 * out_save.c - results on disk: whole files only.
 *
 * A file is written under another name in its folder, forced to the disk and
 * renamed, and the folder is forced to the disk as well. Whoever reads, after a
 * crash too, finds the old file or the new one. Gradescope takes half a file
 * for "the autograder failed", and a grade book takes it for grades.
 *
 * Read before: outputs.h, folder.h. Read after: nothing.
 * Rests on: mkostemp(3), fsync(2), rename(2).
 */
#include "folder.h"
#include "outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 30 };

/* --- one file ------------------------------------------------------------- */

/* mkostemp makes a file for us alone; a result is for others as well. */
static int write_part(const char *part, int fd, struct base_slice bytes)
{
    const mode_t mask = umask(0);
    umask(mask);
    int error = base_slice_write(fd, bytes);
    if (error == 0 && fchmod(fd, 0666 & ~mask) == -1)
        error = -errno;
    if (error == 0 && fsync(fd) == -1)
        error = -errno;
    if (close(fd) == -1 && error == 0)
        error = -errno;
    if (error != 0)
        unlink(part);
    return error;
}

/* Makes the new name last, as fsync(2) says. */
static int sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? base_strdup(".")
                                 : base_slice_dup((struct base_slice){
                                       path, (size_t)(slash - path) + 1});
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd == -1)
        return -errno;
    const int error = fsync(fd) == -1 ? -errno : 0;
    close(fd);
    return error;
}

int output_save(const char *path, struct base_slice bytes)
{
    struct base_buf part;
    base_buf_init(&part, SIZE_MAX / 4);
    base_buf_printf(&part, "%s.XXXXXX%c", path, '\0');
    const int fd = mkostemp(part.memory, O_CLOEXEC);
    int error = fd == -1 ? -errno : write_part(part.memory, fd, bytes);
    if (error == 0 && rename(part.memory, path) == -1) {
        error = -errno;
        unlink(part.memory);
    }
    base_buf_fini(&part);
    return error == 0 ? sync_folder(path) : error;
}

/* --- a folder ------------------------------------------------------------- */

/* mkdir -p */
static int make_folder(const char *path)
{
    char *copy = base_strdup(path);
    int error = 0;
    for (char *at = copy; error == 0 && at != NULL;) {
        at = strchr(at + 1, '/');
        if (at != NULL)
            *at = '\0';
        if (mkdir(copy, 0777) == -1 && errno != EEXIST)
            error = -errno;
        if (at != NULL)
            *at = '/';
    }
    free(copy);
    return error;
}

/* Saves `out` as DIR/NAME unless `error` says that it was not written. */
static int save_in(const char *dir, const char *name, struct base_buf *out,
                   int error)
{
    struct base_buf path;
    base_buf_init(&path, SIZE_MAX / 4);
    base_buf_printf(&path, "%s/%s%c", dir, name, '\0');
    if (error == 0)
        error = output_save(path.memory, base_buf_slice(out));
    base_buf_clear(out);
    base_buf_fini(&path);
    return error;
}

static int output_junit_one(const struct submission *s,
                            const struct output_options *o,
                            struct base_buf *out)
{
    return output_junit(s, 1, o, out);
}

int outputs_submission(const struct submission *s,
                       const struct output_options *o, const char *dir)
{
    static const struct {
        const char *name;
        int (*put)(const struct submission *s, const struct output_options *o,
                   struct base_buf *out);
    } files[] = {
        {"results.json", output_gradescope},
        {"result.json", output_classroom50},
        {"autolab.txt", output_autolab},
        {"report.tap", output_tap},
        {"junit.xml", output_junit_one},
        {"index.html", output_html},
    };
    struct base_buf out;
    base_buf_init(&out, FILE_MAX);
    int error = make_folder(dir);
    for (size_t i = 0; error == 0 && i < sizeof files / sizeof files[0]; i++)
        error = save_in(dir, files[i].name, &out, files[i].put(s, o, &out));
    base_buf_fini(&out);
    return error;
}

/* --- the class ------------------------------------------------------------ */

static int save_submission(const struct submission *s, const char *dir)
{
    const struct output_options for_students = {.width = 0};
    struct base_buf path;
    base_buf_init(&path, SIZE_MAX / 4);
    struct sink to = sink_of(&path);
    sink_printf(&to, "%s/", dir);
    folder_name(&to, s->student);
    sink_put(&to, "/");
    folder_name(&to, s->exercise);
    sink_fill(&to, '\0', 1);
    const int error = outputs_submission(s, &for_students, path.memory);
    base_buf_fini(&path);
    return error;
}

int outputs_class(const struct class_result *c, const char *dir)
{
    const struct output_options for_instructors = {.show_hidden = true};
    struct base_buf out;
    base_buf_init(&out, FILE_MAX);
    int error = make_folder(dir);
    for (size_t i = 0; error == 0 && i < c->n; i++)
        error = save_submission(&c->submissions[i], dir);
    if (error == 0)
        error = save_in(dir, "grades.csv", &out, output_csv(c, &out));
    if (error == 0)
        error = save_in(dir, "gradebook.csv", &out, output_gradebook(c, &out));
    if (error == 0)
        error =
            save_in(dir, "junit.xml", &out,
                    output_junit(c->submissions, c->n, &for_instructors, &out));
    if (error == 0)
        error = save_in(dir, "hidden.html", &out, output_hidden_html(c, &out));
    if (error == 0)
        error = save_in(dir, "index.html", &out, output_class_html(c, &out));
    base_buf_fini(&out);
    return error;
}
