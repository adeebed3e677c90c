/*
 * command_watch.c - `grade watch [EXERCISE]`, which is `make watch`.
 *
 * Read before: watch.h. Read after: watch.c.
 */
#include "commands.h"

#include "watch.h"

int command_watch(int argc, char **argv)
{
    struct watch_options watch = {0};
    const struct base_option rows[] = {
        {"poll", "look at the files five times a second, without inotify",
         .flag = &watch.poll},
        {0},
    };
    struct base_options *options = base_options_new(
        "Checks an exercise each time you save, explains what fails, and goes "
        "on to the\nnext one when it is done: the first that is not, or "
        "EXERCISE.\n"
        "  build/bin/grade watch\n"
        "  build/bin/grade watch 05\n",
        "[EXERCISE]");
    base_options_define(options, rows);
    const int rest = base_options_start(options, argc, argv);
    watch.exercise = rest < argc ? argv[rest] : NULL;
    const int status = watch_run(&watch);
    base_options_free(options);
    return status;
}
