/*
 * command_class.c - `grade class SUBMISSIONS`: a whole class at once; and with
 * --one a single submission, for a platform.
 *
 * Read before: class_run.h. Read after: class_run.c, class_one.c.
 */
#include "arguments.h"
#include "class_run.h"
#include "commands.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 1 << 16, JOBS_MAX = 256 };

static const char about[] =
    "Grades a folder of submissions: STUDENT/EXERCISE/files, or STUDENT.zip.\n"
    "Run it in the kit's folder. What is graded is kept: the same again "
    "grades\n"
    "only what has changed.\n"
    "\n"
    "  grade class submissions --exercise 05-drain --out build/grades\n"
    "  grade class --one /autograder/submission --exercise 05-drain \\\n"
    "      --format gradescope --student \"$ID\"\n"
    "\n"
    "Status: 0 graded; 1 something has to be graded again; 2 it could not "
    "work.";

/* All that the command line says. */
struct wishes {
    struct class_settings settings;
    struct class_output output;
    const char *exercise;
    int64_t seed;
    bool one;
};

/* Fills in what depends on several options; false: it has said what is wrong.
 */
static bool complete(struct wishes *w)
{
    struct class_settings *s = &w->settings;
    if (s->submissions == NULL)
        return class_complain("which folder of submissions?", "",
                              "build/bin/grade class --help");
    s->exercise = w->exercise[0] != '\0' ? w->exercise : NULL;
    s->has_seed = w->seed >= 0;
    s->seed = (uint64_t)w->seed;
    if (s->jobs == 0)
        s->jobs = loop_cpu_count();
    return !w->one || s->exercise != NULL ||
           class_complain("one submission of which exercise?", "",
                          "--exercise 05-drain");
}

/* Quotes a word for the shell, if it needs that. */
static void put_word(struct base_buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz_-./:=,+@%"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        base_buf_printf(out, " %s", word);
        return;
    }
    base_buf_printf(out, " '");
    for (; *word != '\0'; word++)
        base_buf_printf(out, *word == '\'' ? "'\\''" : "%c", *word);
    base_buf_printf(out, "'");
}

/* What to type to do the same again. */
static char *command_again(int argc, char **argv)
{
    struct base_buf out;
    base_buf_init(&out, TEXT_MAX);
    base_buf_printf(&out, "%s class", program_invocation_name);
    for (int i = 1; i < argc; i++)
        put_word(&out, argv[i]);
    char *text = base_slice_dup(base_buf_slice(&out));
    base_buf_fini(&out);
    return text;
}

static int run(struct wishes *w, int argc, char **argv)
{
    char *again = command_again(argc, argv);
    w->settings.command = again;
    /* Of `grade class ... | tee log`, Ctrl-C ends tee first. */
    signal(SIGPIPE, SIG_IGN);
    const int status = !complete(w) ? 2
                       : w->one     ? class_one(&w->settings, &w->output)
                                    : class_run(&w->settings);
    free(again);
    return status;
}

int command_class(int argc, char **argv)
{
    struct wishes w = {
        .settings = {.out = "build/grades", .tier = ""},
        .output = {.format = "terminal", .path = "", .student = ""},
        .exercise = "",
        .seed = -1,
    };
    struct class_settings *s = &w.settings;
    const struct base_option rows[] = {
        {"out", "folder for the report, and for what is kept",
         .string = &s->out},
        {"exercise", "this one alone; else those handed in",
         .string = &w.exercise},
        {"jobs", "submissions at once; 0: one a CPU", .number = &s->jobs,
         .max = JOBS_MAX},
        {"again", "grade also what has not changed", .flag = &s->again},
        {"seed", "a number for all; else each student's own", .large = &w.seed,
         .min = -1, .max = INT64_MAX},
        {"limit", "time for one submission; 0: 25 minutes",
         .span_ns = &s->limit_ns, .max = INT64_MAX},
        {"tier", "how to lock programs in; else as well as can be",
         .string = &s->tier, .words = jail_tier_words},
        {"unsafe", "also where programs cannot be locked in",
         .flag = &s->unsafe},
        {"one", "the folder is one student's", .flag = &w.one,
         .group = "one submission"},
        {"format", "how to write the result", .string = &w.output.format,
         .words = "terminal,gradescope,classroom50,autolab,tap,junit",
         .group = "one submission"},
        {"to", "a file, or - ; else where the platform looks",
         .string = &w.output.path, .group = "one submission"},
        {"student", "whose it is; else as the folder is called",
         .string = &w.output.student, .group = "one submission"},
        {0},
    };
    struct base_options *set = base_options_new(about, "SUBMISSIONS");
    base_options_define(set, rows);
    int status = 2;
    const int error =
        arguments_parse(set, "grade class", argc, argv, &s->submissions);
    if (error == -ECANCELED) {
        status = 0;
    } else if (error < 0) {
        class_complain(base_options_error(set), "",
                       "build/bin/grade class --help");
    } else {
        status = run(&w, argc, argv);
    }
    base_options_free(set);
    return status;
}
