/*
 * class_one.c - one submission, for a platform that has taken it in already:
 * Gradescope, Classroom 50, Autolab; or a pipeline that reads TAP or JUnit.
 *
 * The platform takes a missing file for a failure of the student, or says
 * nothing at all. So a result is there from the beginning: that the grader has
 * not come to an end. The last one takes its place.
 *
 *     gradescope     /autograder/results/results.json
 *     classroom50    result.json
 *     others         standard output, where nothing else is written
 *
 * Read before: class_run.h, outputs.h. Read after: command_class.c.
 * Rests on: rename(2), in output_save.
 */
#include "class_run.h"

#include "outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA = 1 << 16, OUTPUT_MAX = 16 << 20 };

typedef int output_fn(const struct submission *s,
                      const struct output_options *o, struct base_buf *out);

static int output_one_junit(const struct submission *s,
                            const struct output_options *o,
                            struct base_buf *out)
{
    return output_junit(s, 1, o, out);
}

static const struct format {
    const char *name, *path;
    output_fn *write;
} formats[] = {
    {"terminal", "-", output_terminal},
    {"gradescope", "/autograder/results/results.json", output_gradescope},
    {"classroom50", "result.json", output_classroom50},
    {"autolab", "-", output_autolab},
    {"tap", "-", output_tap},
    {"junit", "-", output_one_junit},
};

static const struct format *format_named(const char *name)
{
    const struct format *f = formats;
    while (strcmp(f->name, name) != 0)
        f++;
    return f;
}

/* Writes the result, or says why it could not. */
static bool write_output(const struct format *f, const char *path,
                         const struct submission *s)
{
    struct base_buf out;
    base_buf_init(&out, OUTPUT_MAX);
    int error = f->write(s, &(struct output_options){.width = 80}, &out);
    const struct base_slice bytes = base_buf_slice(&out);
    if (error == 0 && strcmp(path, "-") != 0)
        error = output_save(path, bytes);
    else if (error == 0 &&
             (fwrite(bytes.ptr, 1, bytes.len, stdout) != bytes.len ||
              fflush(stdout) != 0))
        error = -EIO;
    base_buf_fini(&out);
    return error == 0 ||
           class_complain("cannot write the result", strerror(-error),
                          "--to with another path");
}

/* The name of the folder or archive, if no other is given. */
static const char *student_of(const struct class_settings *settings,
                              const struct class_output *output,
                              struct base_arena *arena)
{
    if (output->student[0] != '\0')
        return output->student;
    char *real = realpath(settings->submissions, NULL);
    const char *name = real != NULL ? strrchr(real, '/') + 1 : "";
    char *copy = base_arena_strdup(arena, base_slice_of(name));
    free(real);
    return copy[0] != '\0' ? copy : "student";
}

static bool find_submission(const struct class_settings *settings,
                            const struct class_output *output,
                            struct handed_in *from, struct base_arena *arena)
{
    struct stat status;
    if (stat(settings->submissions, &status) == -1)
        return class_complain(settings->submissions, strerror(errno),
                              "the path of the student's folder or archive");
    const char *student = student_of(settings, output, arena);
    *from = (struct handed_in){.student = student,
                               .named = student,
                               .path = settings->submissions,
                               .archive = !S_ISDIR(status.st_mode)};
    return true;
}

/* The result that is there from the beginning. */
static bool write_unfinished(const struct class_run *run,
                             const struct format *f, const char *path)
{
    if (strcmp(path, "-") == 0)
        return true;
    return write_output(
        f, path,
        &(struct submission){
            .student = run->students[0].student,
            .exercise = run->settings->exercise,
            .title = run->settings->exercise,
            .state = SUBMISSION_ERROR,
            .reason = "The grader has not come to an end. This is no fault of "
                      "yours: hand in again, or tell your instructor.",
        });
}

static int grade_it(struct class_run *run, const struct format *f,
                    const char *path)
{
    const char *why = "";
    if (class_find_exercises(run, &why) != 0) {
        class_complain(why, "",
                       "--exercise with the name of a folder in exercises/");
        return 2;
    }
    class_begin(run);
    const int stopped = class_grade(run);
    if (stopped > 0)
        return 128 + stopped;
    if (stopped < 0) {
        class_complain("cannot start a worker", strerror(-stopped), "again");
        return 2;
    }
    const struct submission *s = &run->result.submissions[0];
    const bool written = write_output(f, path, s);
    if (s->state == SUBMISSION_ERROR)
        class_complain("cannot grade", s->reason, "again");
    return written && s->state != SUBMISSION_ERROR ? 0 : 2;
}

int class_one(const struct class_settings *settings,
              const struct class_output *output)
{
    struct class_run run = {.settings = settings,
                            .n_students = 1,
                            .progress.silent = true,
                            .store = {.lock = -1}};
    struct handed_in from;
    const struct format *f = format_named(output->format);
    const char *path = output->path[0] != '\0' ? output->path : f->path;
    int status = 2;
    base_arena_init(&run.result.arena, ARENA);
    run.students = &from;
    if (find_submission(settings, output, &from, &run.result.arena) &&
        write_unfinished(&run, f, path) && class_prepare(&run)) {
        status = grade_it(&run, f, path);
        scratch_end(&run.scratch);
    }
    base_arena_fini(&run.result.arena);
    return status;
}
