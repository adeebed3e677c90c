/*
 * class_run.c - a whole class: lists it, grades it, keeps what is graded, and
 * writes the report.
 *
 *     students x exercises --> workers --> result --> files in OUT
 *                                 |
 *                             OUT/state/       as each is graded
 *
 * Whoever stops it, in whatever way, loses what is being graded at that moment
 * and nothing else: the next run finds the rest in OUT/state.
 *
 * Read before: class_run.h. Read after: class_grade.c, class_report.c.
 * Rests on: realpath(3).
 */
#include "class_run.h"

#include "escape.h"
#include "outputs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH = 4096, ARENA = 1 << 18, TEXT_MAX = 1 << 20 };

/* --- before --------------------------------------------------------------- */

/* Names of files are the students': they may hold what steers a terminal. */
static void put_text(const char *text)
{
    struct base_buf buf;
    base_buf_init(&buf, TEXT_MAX);
    struct sink to = sink_of(&buf);
    escape_text(&to, ESCAPE_TEXT, text);
    fprintf(stderr, "%.*s", BASE_SLICE_ARGS(base_buf_slice(&buf)));
    base_buf_fini(&buf);
}

bool class_complain(const char *what, const char *why, const char *try)
{
    fputs("grade: ", stderr);
    put_text(what);
    fputs(why[0] != '\0' ? ": " : "", stderr);
    put_text(why);
    fprintf(stderr, "\n  try:     %s\n", try);
    return false;
}

static bool list_students(struct class_run *run)
{
    const char *dir = run->settings->submissions;
    char what[PATH], *left_out;
    const ssize_t n =
        intake_list(dir, &run->result.arena, &run->students, &left_out);
    if (n > 0) {
        run->n_students = (size_t)n;
        run->result.left_out = left_out;
        return true;
    }
    snprintf(what, sizeof what, "%s in %s",
             n < 0 ? "cannot list the submissions" : "there are no submissions",
             dir);
    return class_complain(
        what,
        n < 0              ? strerror((int)-n)
        : left_out != NULL ? left_out
                           : "",
        "a folder with STUDENT/EXERCISE/files, or STUDENT.zip, in it");
}

/* The report among the submissions would be a student of the next run. */
static bool is_within(const char *inner, const char *outer)
{
    char path[PATH], *real = NULL;
    snprintf(path, sizeof path, "%s", inner);
    while ((real = realpath(path, NULL)) == NULL && path[0] != '\0') {
        char *slash = strrchr(path, '/');
        snprintf(slash != NULL ? slash : path, 2, "%s",
                 slash == NULL && strcmp(path, ".") != 0 ? "." : "");
    }
    char *outer_real = realpath(outer, NULL);
    const size_t len = outer_real != NULL ? strlen(outer_real) : 0;
    const bool within = real != NULL && len > 0 &&
                        strncmp(real, outer_real, len) == 0 &&
                        (real[len] == '/' || real[len] == '\0');
    free(real);
    free(outer_real);
    return within;
}

static bool open_out(struct class_run *run)
{
    const struct class_settings *settings = run->settings;
    char what[PATH], why[100];
    pid_t holder = 0;
    snprintf(what, sizeof what, "cannot write to %s", settings->out);
    if (is_within(settings->out, settings->submissions))
        return class_complain(what, "it lies among the submissions",
                              "--out with another folder");
    const int error = class_store_open(&run->store, settings->out, &holder);
    if (error == -EBUSY) {
        snprintf(why, sizeof why, "another run is at work there (pid %d)",
                 (int)holder);
        return class_complain(what, why,
                              "wait for it, or --out another folder");
    }
    return error == 0 ||
           class_complain(what, strerror(-error), "--out with another folder");
}

/* Who grades others has to lock them in, or to say that it need not be. */
static bool choose_tier(struct class_run *run)
{
    const char *wished = run->settings->tier;
    run->tier = wished[0] != '\0' ? jail_tier_named(wished)
                                  : jail_best_tier(run->scratch.warden);
    char what[64];
    snprintf(what, sizeof what, "--tier %s does not work here", wished);
    if (wished[0] != '\0' && !jail_tier_works(run->tier, run->scratch.warden))
        return class_complain(
            what, "a program in it did not come to its end",
            "without --tier: the best way that works; bubblewrap needs that "
            "package, user needs root");
    if (run->tier > JAIL_LIMITS || run->settings->unsafe)
        return true;
    return class_complain(
        "programs of others cannot be locked in here", jail_missing(run->tier),
        "apt install bubblewrap, and allow user namespaces; or be root; "
        "or UNSAFE=1 (--unsafe), if you trust them all");
}

bool class_prepare(struct class_run *run)
{
    const char *why;
    const int error = scratch_make(&run->scratch, run_build_folder(), &why);
    if (error != 0)
        return class_complain(why, strerror(-error), run->scratch.try);
    if (choose_tier(run))
        return true;
    scratch_end(&run->scratch);
    return false;
}

static void say_protection(enum jail_tier tier)
{
    printf("protection: %s\n", jail_tier_name(tier));
    if (jail_missing(tier) != NULL)
        printf("  absent:   %s\n", jail_missing(tier));
    fflush(stdout);
}

/* --- the run -------------------------------------------------------------- */

/* The state is on disk: there is nothing to be done but to say so. */
static int say_stopped(const struct class_run *run, int signo)
{
    const size_t n = run->result.n;
    printf("stopped by %s: ", signo == SIGINT ? "Ctrl-C" : "SIGTERM");
    if (n == 0)
        puts("nothing was graded yet");
    else
        printf("%zu of %zu are done, and what is graded is kept in %s\n",
               run->progress.done, n, run->store.dir);
    printf("next:   %s   (goes on from there)\n", run->settings->command);
    return 128 + signo;
}

static int say_failed(int error, const char *why)
{
    class_complain("cannot grade", error != -ENOENT ? strerror(-error) : why,
                   "EXERCISE=05-drain (--exercise), if the files lie in no "
                   "folder of that name");
    return 2;
}

static double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) +
           (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* Writes the files and the last lines; returns main's status. */
static int finish(struct class_run *run)
{
    class_progress_say(&run->progress, "writing the report");
    const int error = outputs_class(&run->result, run->settings->out);
    class_progress_end(&run->progress);
    if (error != 0) {
        class_complain("cannot write the report", strerror(-error),
                       "the same again: what is graded is kept");
        return 2;
    }
    class_report(run);
    for (size_t i = 0; i < run->result.n; i++)
        if (!submission_final(&run->result.submissions[i]))
            return 1;
    return 0;
}

static int grade_class(struct class_run *run)
{
    struct timespec begun;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    const char *why = "";
    int error = class_find_exercises(run, &why);
    if (error > 0)
        return say_stopped(run, error);
    if (error < 0)
        return say_failed(error, why);
    class_begin(run);
    class_progress_begin(&run->progress, run->result.n);
    error = class_grade(run);
    run->result.seconds = seconds_since(&begun);
    if (error == 0)
        return finish(run);
    class_progress_end(&run->progress);
    return error > 0 ? say_stopped(run, error)
                     : say_failed(error, "cannot start a worker");
}

/* Without the note, the next run would not clear up behind one that is killed:
 * no reason not to grade. */
static void note_scratch(const struct class_run *run, const char *dir)
{
    const int error = class_store_scratch(&run->store, dir);
    if (error != 0)
        fprintf(stderr, "grade: cannot write to %s/lock: %s\n", run->store.dir,
                strerror(-error));
}

int class_run(const struct class_settings *settings)
{
    struct class_run run = {.settings = settings, .store = {.lock = -1}};
    int status = 2;
    base_arena_init(&run.result.arena, ARENA);
    if (list_students(&run) && class_prepare(&run)) {
        if (open_out(&run)) {
            say_protection(run.tier);
            note_scratch(&run, run.scratch.dir);
            status = grade_class(&run);
            note_scratch(&run, "");
            class_store_close(&run.store);
        }
        scratch_end(&run.scratch);
    }
    base_arena_fini(&run.result.arena);
    return status;
}
