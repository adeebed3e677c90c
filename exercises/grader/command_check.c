/*
 * command_check.c - `grade check EXERCISE`: one's own work, the visible checks,
 * the message.
 *
 * It is the reader's own program on the reader's own machine, so it is not
 * locked in, only limited: what it reads and writes is the reader's affair.
 *
 * Read before: run.h, workspace.h, outputs.h.
 */
#include "commands.h"

#include "arguments.h"
#include "nearest.h"
#include "outputs.h"
#include "overview.h"
#include "progress.h"
#include "run.h"
#include "supervise.h"
#include "workspace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1 << 20, CHUNK = 65536 };

static const char *user_name(void)
{
    const char *user = getenv("USER");
    return user != NULL && user[0] != '\0' ? user : "student";
}

static void print_bytes(const struct base_buf *b, FILE *to)
{
    const struct base_slice bytes = base_buf_slice(b);
    if (bytes.len > 0)
        fwrite(bytes.ptr, 1, bytes.len, to);
}

/* One check in a line, as it ends: on a terminal, where somebody waits. */
static void show_check(const struct mark *mark, void *arg)
{
    int *n = arg;
    fprintf(stderr, "\r\033[K  %d checks done, last: %s", ++*n,
            mark->finding.check);
}

/* `columns`: of the terminal that somebody else writes to for us; 0: none. */
static struct output_options options_of(FILE *to, int columns)
{
    struct winsize size = {.ws_col = 0};
    const bool terminal = isatty(fileno(to)) || columns > 0;
    if (columns > 0)
        size.ws_col = (unsigned short)columns;
    else if (terminal)
        ioctl(fileno(to), TIOCGWINSZ, &size);
    const char *no_color = getenv("NO_COLOR");
    return (struct output_options){
        .color = terminal && (no_color == NULL || no_color[0] == '\0'),
        .width = size.ws_col};
}

static int print_result(const struct submission *s, int columns)
{
    struct base_buf out;
    base_buf_init(&out, MESSAGE_MAX);
    const struct output_options o = options_of(stdout, columns);
    const int error = output_terminal(s, &o, &out);
    print_bytes(&out, stdout);
    base_buf_fini(&out);
    return error;
}

static int status_of(const struct submission *s)
{
    if (s->state == SUBMISSION_ERROR)
        return 2;
    return s->state == SUBMISSION_GRADED && s->score >= s->max ? 0 : 1;
}

/* What one check is about; done in a child, see supervise.h. */
struct work {
    const struct exercise *e;
    const struct run_options *o;
    const char *student;
    int columns;
    struct base_arena *arena;
};

/* Of the checks that only the instructor has; exercise.ini names them. */
static double hidden_points(const struct exercise *e)
{
    double points = 0;
    for (size_t i = 0; i < e->n_checks; i++)
        points += e->checks[i].hidden ? e->checks[i].points : 0;
    return points;
}

/* The first behind this one that is not done; NULL: all are. */
static const char *next_exercise(const struct exercise *e,
                                 struct base_arena *arena)
{
    struct overview all;
    if (overview_read(&all, arena) != 0)
        return NULL;
    const struct overview_row *next = overview_next(&all, e->name);
    return next != NULL && strcmp(next->name, e->name) != 0 ? next->name : NULL;
}

/* Grades the files and prints; returns main's status. */
static int grade_and_print(void *arg)
{
    const struct work *w = arg;
    struct run_options o = *w->o;
    struct submission s = {.student = w->student};
    workspace_sha256(w->e, s.sha256);
    int n = 0;
    o.arg = &n;
    o.on_check = isatty(2) ? show_check : NULL;
    run_submission(w->e, w->e->dir, &o, &s, w->arena);
    s.missing = NULL; /* what one's own program may do needs no warning */
    if (o.only == NULL)
        s.elsewhere = hidden_points(w->e);
    if (o.on_check != NULL)
        fprintf(stderr, "\r\033[K");
    if (s.state != SUBMISSION_ERROR && o.only == NULL)
        progress_note(w->e->name, s.sha256, s.score, s.max);
    s.next = next_exercise(w->e, w->arena);
    print_result(&s, w->columns);
    return status_of(&s);
}

static int check(const struct exercise *e, const struct run_options *o,
                 const char *student, int columns, struct base_arena *arena)
{
    struct base_buf told;
    base_buf_init(&told, MESSAGE_MAX);
    int error = workspace_prepare(e, &told);
    if (error == 0)
        workspace_tell_changed(e, &told);
    print_bytes(&told, error == 0 ? stdout : stderr);
    base_buf_fini(&told);
    if (error != 0)
        return 2;
    struct scratch scratch;
    const char *why;
    error = scratch_make(&scratch, run_build_folder(), &why);
    if (error != 0)
        return arguments_refuse(why, scratch.try);
    struct run_options with_scratch = *o;
    with_scratch.scratch = &scratch;
    struct work work = {e, &with_scratch, student, columns, arena};
    const int status = supervise(grade_and_print, &work);
    scratch_end(&scratch);
    return status;
}

/* Why something is not done, and what to type instead. */
struct refusal {
    const char *what, *try;
};

/* True, with *r, if `only` is no check that a student can run. */
static bool is_no_check(const struct exercise *e, const char *only,
                        struct refusal *r, struct base_arena *arena)
{
    const char *names = "";
    for (size_t i = 0; i < e->n_checks; i++) {
        if (e->checks[i].hidden)
            continue;
        if (strcmp(e->checks[i].name, only) == 0)
            return false;
        names = base_arena_printf(arena, "%s %s", names, e->checks[i].name);
    }
    r->what = base_arena_printf(arena, "%s has no check \"%s\"; it has:%s",
                                e->name, only, names);
    r->try = base_arena_printf(arena, "make check EXERCISE=%s   (all of them)",
                               e->name);
    return true;
}

/* Loads the exercise; true, with *r, if it, or the check, cannot be run. */
static bool is_refused(const char *name, const char *only, struct exercise *e,
                       struct refusal *r, struct base_arena *arena)
{
    if (name == NULL)
        *r = (struct refusal){"say which exercise", nearest_try("", "", arena)};
    else if (exercise_load(name, arena, e, &r->what) != 0)
        r->try = nearest_try("make check EXERCISE=", name, arena);
    else
        return only[0] != '\0' && is_no_check(e, only, r, arena);
    return true;
}

int command_check(int argc, char **argv)
{
    const char *only = "", *student = user_name();
    int64_t seed = -1;
    int columns = 0;
    const struct base_option rows[] = {
        {"only", "this check, and those it needs", .string = &only,
         .metavar = "CHECK"},
        {"seed", "a number; else it follows from --student", .large = &seed,
         .min = -1, .max = INT64_MAX},
        {"columns", "print as for a terminal of this width", .number = &columns,
         .min = 0, .max = 1000},
        {"student", "your name, as your instructor knows it",
         .string = &student},
        {.name = NULL},
    };
    struct base_options *options = base_options_new(
        "Checks your work on one exercise: builds your files, runs the "
        "checks, explains what is wrong. For example: grade check 05-drain",
        "EXERCISE");
    base_options_define(options, rows);
    const char *name = NULL;
    struct refusal refusal;
    const int error =
        arguments_parse(options, "grade check", argc, argv, &name);
    struct base_arena arena;
    base_arena_init(&arena, CHUNK);
    struct exercise e;
    int status;
    if (error == -ECANCELED) {
        status = 0;
    } else if (error < 0) {
        status = arguments_refuse(base_options_error(options),
                                  "build/bin/grade check --help");
    } else if (is_refused(name, only, &e, &refusal, &arena)) {
        status = arguments_refuse(refusal.what, refusal.try);
    } else {
        struct run_options o = {.tier = JAIL_LIMITS,
                                .only = only[0] != '\0' ? only : NULL,
                                .has_seed = seed >= 0,
                                .seed = (uint64_t)seed};
        status = check(&e, &o, student, columns, &arena);
    }
    base_arena_fini(&arena);
    base_options_free(options);
    return status;
}
