/*
 * command_similar.c - `grade similar SUBMISSIONS`: who handed in the same, for
 * each exercise that two or more have handed in.
 *
 *     submissions --intake--> a folder a student --similar--> OUT/EXERCISE/
 *
 * Nothing is run, only read; so it asks for no jail, and is done in seconds.
 *
 * Read before: similar.h, intake.h. Read after: similar.c.
 * Rests on: sim_c(1), mkdtemp(3).
 */
#include "commands.h"

#include "arguments.h"
#include "escape.h"
#include "exercise.h"
#include "intake.h"
#include "message.h"
#include "scratch.h"
#include "similar.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ARENA = 1 << 16,
    SHOWN = 5,
    NAME_MAX_SHOWN = 1 << 12,
};

static const char about[] =
    "Tells who handed in the same: compares the C files of all submissions of "
    "an\nexercise with each other, the skeleton left out. Run it in the kit's "
    "folder.\n"
    "  grade similar submissions --exercise 05-drain\n";

/* One call of the command. */
struct look {
    const char *submissions, *out;
    char *work; /* our folder below $TMPDIR */
    struct handed_in *students;
    size_t n_students;
    size_t reported; /* exercises with a report */
    struct base_arena arena;
};

static volatile sig_atomic_t stopped;

static void on_stop(int signo)
{
    stopped = signo;
}

static int complain(const char *what, const char *why, const char *try)
{
    fprintf(stderr, "grade similar: %s%s%s\n  try:     %s\n", what,
            why[0] != '\0' ? ": " : "", why, try);
    return 2;
}

/* Names and notes are the students': they may hold anything. */
static void print_text(const char *text, bool one_line)
{
    struct base_buf buf;
    base_buf_init(&buf, one_line ? NAME_MAX_SHOWN : 1 << 20);
    struct sink to = sink_of(&buf);
    if (one_line)
        escape_line(&to, ESCAPE_TEXT, text);
    else
        escape_text(&to, ESCAPE_TEXT, text);
    printf("%.*s", BASE_SLICE_ARGS(base_buf_slice(&buf)));
    base_buf_fini(&buf);
}

/* --- taking in ------------------------------------------------------------ */

static bool has_c(const struct exercise *e)
{
    for (size_t i = 0; e->files[i] != NULL; i++) {
        const size_t len = strlen(e->files[i]);
        if (len > 2 && strcmp(e->files[i] + len - 2, ".c") == 0)
            return true;
    }
    return false;
}

/*
 * Copies what student `i` has handed in for the exercise; the folder is the
 * arena's. NULL: nothing that could be compared.
 */
static const char *take_in(struct look *look, const struct exercise *e,
                           bool alone, size_t i)
{
    struct submission s = {.exercise = e->name};
    const char *into =
        base_arena_printf(&look->arena, "%s/%s-%zu", look->work, e->name, i);
    if (mkdir(into, 0755) == -1 ||
        intake_copy(&look->students[i], e->name, e->files, alone, into, &s,
                    &look->arena) != 0)
        return NULL;
    if (alone && s.state != SUBMISSION_GRADED) {
        print_text(look->students[i].student, true);
        printf(": left out, %s", submission_state_name(s.state));
        printf(s.reason != NULL ? ": " : "\n");
        if (s.reason != NULL) {
            print_text(
                base_arena_strdup(&look->arena, message_telling_line(s.reason)),
                true);
            putchar('\n');
        }
    }
    return s.state == SUBMISSION_GRADED ? into : NULL;
}

/* --- telling -------------------------------------------------------------- */

static int percent(double share)
{
    return (int)lround(share * 100);
}

static void print_found(const struct similar_job *job,
                        const struct similar *found, const char *out)
{
    printf("%s: %zu compared; ", job->exercise, found->compared);
    if (found->compared < SIMILAR_USUAL_MIN)
        printf("too few to tell what is usual\n");
    else
        printf("the usual share of two is %d %%\n", percent(found->usual));
    if (found->notes != NULL) {
        print_text(found->notes, false);
        putchar('\n');
    }
    for (size_t i = 0; i < found->n_pairs && i < SHOWN; i++) {
        const struct similar_pair *pair = &found->pairs[i];
        printf("  %3d %%  ", percent(pair->share));
        print_text(job->students[pair->a].name, true);
        printf(" and ");
        print_text(job->students[pair->b].name, true);
        putchar('\n');
    }
    if (found->n_pairs > SHOWN)
        printf("  ... and %zu more\n", found->n_pairs - SHOWN);
    printf("report: %s/index.html\n", out);
}

/* Pages of an earlier run would stand beside ours and be read as ours. */
static void remove_old(const char *out)
{
    for (int i = 1; i <= SIMILAR_PAGES_MAX; i++) {
        char *path;
        if (asprintf(&path, "%s/pair-%d.html", out, i) == -1)
            return;
        unlink(path);
        free(path);
    }
}

/* As mkdir -p. */
static int make_folders(const char *path)
{
    char *copy = base_strdup(path);
    int error = 0;
    for (char *at = copy + 1; error == 0; at++) {
        const char end = *at;
        if (end != '/' && end != '\0')
            continue;
        *at = '\0';
        if (mkdir(copy, 0777) == -1 && errno != EEXIST)
            error = -errno;
        *at = end;
        if (end == '\0')
            break;
    }
    free(copy);
    return error;
}

/* --- an exercise ---------------------------------------------------------- */

static int compare(struct look *look, const struct exercise *e,
                   const struct similar_student *students, size_t n)
{
    const char *out =
        base_arena_printf(&look->arena, "%s/%s", look->out, e->name);
    const int error = make_folders(out);
    if (error != 0)
        return complain(out, strerror(-error), "--out with another folder");
    remove_old(out);
    const struct similar_job job = {
        .exercise = e->name,
        .files = e->files,
        .skeleton = base_arena_printf(&look->arena, "%s/skeleton", e->dir),
        .students = students,
        .n_students = n};
    struct similar found;
    int status = 0;
    if (similar_report(&job, out, &found) == 0) {
        print_found(&job, &found, out);
        look->reported++;
    } else {
        status = 2;
        fprintf(stderr, "grade similar: %s\n", found.why);
    }
    similar_free(&found);
    return status;
}

/* `alone`: it was asked for by name; then it is told why there is nothing. */
static int look_at(struct look *look, const char *name, bool alone)
{
    struct exercise e;
    const char *why;
    if (exercise_load(name, &look->arena, &e, &why) != 0)
        return complain(why, "", "ls exercises");
    if (!has_c(&e))
        return alone ? complain(e.name, "its answers are no C",
                                "an exercise whose files are C")
                     : 0;
    struct similar_student *students =
        base_alloc_array(look->n_students, sizeof *students);
    size_t n = 0;
    for (size_t i = 0; i < look->n_students && stopped == 0; i++) {
        const char *dir = take_in(look, &e, alone, i);
        if (dir != NULL)
            students[n++] =
                (struct similar_student){look->students[i].student, dir};
    }
    int status = 0;
    if (stopped == 0 && n >= 2)
        status = compare(look, &e, students, n);
    free(students);
    return status;
}

static int look_at_all(struct look *look)
{
    const char *const *names;
    const int n = exercise_list(&look->arena, &names);
    if (n <= 0)
        return complain("cannot list the folder exercises", "",
                        "it in the kit's folder");
    int status = 0;
    for (int i = 0; i < n && status == 0 && stopped == 0; i++)
        status = look_at(look, names[i], false);
    return status;
}

/* --- the command ---------------------------------------------------------- */

static bool list_students(struct look *look)
{
    char *notes, *what;
    const ssize_t n =
        intake_list(look->submissions, &look->arena, &look->students, &notes);
    what = base_arena_printf(&look->arena, "cannot list the submissions in %s",
                             look->submissions);
    if (n <= 0) {
        complain(what, n < 0 ? strerror((int)-n) : "there are none",
                 "a folder with STUDENT/EXERCISE/files, or STUDENT.zip, in it");
        return false;
    }
    look->n_students = (size_t)n;
    if (notes != NULL) {
        puts("left out:");
        print_text(notes, false);
        putchar('\n');
    }
    return true;
}

static int run(struct look *look, const char *exercise)
{
    const char *tmp = getenv("TMPDIR");
    look->work =
        base_arena_printf(&look->arena, "%s/grade-similar-XXXXXX",
                          tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    if (mkdtemp(look->work) == NULL)
        return complain(look->work, strerror(errno), "TMPDIR=/var/tmp");
    const struct sigaction stop = {.sa_handler = on_stop};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    int status =
        exercise[0] != '\0' ? look_at(look, exercise, true) : look_at_all(look);
    scratch_remove(look->work);
    if (stopped != 0)
        return 128 + (int)stopped;
    if (status == 0 && look->reported == 0)
        status = complain("nobody to compare", "fewer than two have handed in",
                          "a folder with STUDENT/EXERCISE/files in it");
    return status;
}

int command_similar(int argc, char **argv)
{
    struct look look = {.out = "build/similar"};
    const char *exercise = "";
    const struct base_option rows[] = {
        {"exercise", "this one alone; else those handed in",
         .string = &exercise},
        {"out", "folder for the pages", .string = &look.out},
        {.name = NULL},
    };
    struct base_options *options = base_options_new(about, "SUBMISSIONS");
    base_options_define(options, rows);
    base_arena_init(&look.arena, ARENA);
    int status = 2;
    const int error = arguments_parse(options, "grade similar", argc, argv,
                                      &look.submissions);
    if (error == -ECANCELED)
        status = 0;
    else if (error < 0)
        complain(base_options_error(options), "",
                 "build/bin/grade similar --help");
    else if (look.submissions == NULL)
        complain("which folder of submissions?", "",
                 "build/bin/grade similar --help");
    else if (list_students(&look))
        status = run(&look, exercise);
    base_arena_fini(&look.arena);
    base_options_free(options);
    return status;
}
