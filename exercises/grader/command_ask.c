/*
 * command_ask.c - `grade ask EXERCISE`: the questions of an exercise in which
 * one predicts, or reads a trace. Each student has numbers of their own: they
 * follow from the name, as in `grade check`.
 *
 * Questions go to standard output, all other words to standard error: so they
 * can be kept in a file.
 *
 * Read before: run.h, workspace.h, command_check.c.
 */
#include "arguments.h"
#include "commands.h"

#include "nearest.h"
#include "run.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>

enum { MESSAGE_MAX = 1 << 16, CHUNK = 65536 };

/* Makes answers.txt, if it is not there yet. */
static int prepare(const struct exercise *e)
{
    struct base_buf told;
    base_buf_init(&told, MESSAGE_MAX);
    const int error = workspace_prepare(e, &told);
    const struct base_slice words = base_buf_slice(&told);
    if (words.len > 0)
        fwrite(words.ptr, 1, words.len, stderr);
    base_buf_fini(&told);
    return error;
}

static int ask(const struct exercise *e, struct run_options o,
               const char *student, struct base_arena *arena)
{
    struct scratch scratch;
    const char *why;
    if (prepare(e) != 0)
        return 2;
    int error = scratch_make(&scratch, run_build_folder(), &why);
    if (error != 0)
        return arguments_refuse(why, scratch.try);
    o.scratch = &scratch;
    error = run_ask(e, &o, student, arena);
    scratch_end(&scratch);
    if (error == 0)
        return 0;
    return arguments_refuse("the questions cannot be made", "make grader");
}

int command_ask(int argc, char **argv)
{
    const char *user = getenv("USER");
    const char *student = user != NULL && user[0] != '\0' ? user : "student";
    int64_t seed = -1;
    const struct base_option rows[] = {
        {"seed", "a number; else it follows from --student", .large = &seed,
         .min = -1, .max = INT64_MAX},
        {"student", "your name, as your instructor knows it",
         .string = &student},
        {.name = NULL},
    };
    struct base_options *options = base_options_new(
        "Prints the questions of an exercise, with your own numbers. For "
        "example: grade ask 06-count",
        "EXERCISE");
    base_options_define(options, rows);
    const int rest = base_options_start(options, argc, argv);
    struct base_arena arena;
    base_arena_init(&arena, CHUNK);
    struct exercise e;
    const char *why;
    int status;
    if (rest != argc - 1) {
        status = arguments_refuse("say which exercise",
                                  "build/bin/grade ask 06-count");
    } else if (exercise_load(argv[rest], &arena, &e, &why) != 0) {
        status = arguments_refuse(
            why, nearest_try("build/bin/grade ask ", argv[rest], &arena));
    } else {
        struct run_options o = {
            .tier = JAIL_LIMITS, .has_seed = seed >= 0, .seed = (uint64_t)seed};
        status = ask(&e, o, student, &arena);
    }
    base_arena_fini(&arena);
    base_options_free(options);
    return status;
}
