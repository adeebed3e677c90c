/*
 * arguments.c - see arguments.h. Read before: arguments.h.
 */
#include "arguments.h"

#include <errno.h>
#include <stdio.h>

enum { TEXT_MAX = 1 << 16 };

static void print_help(const struct base_options *set, const char *command)
{
    struct base_buf out;
    base_buf_init(&out, TEXT_MAX);
    base_options_help(set, command, &out);
    printf("%.*s", BASE_SLICE_ARGS(base_buf_slice(&out)));
    base_buf_fini(&out);
}

int arguments_parse(struct base_options *set, const char *command, int argc,
                    char **argv, const char **word)
{
    int at;
    while ((at = base_options_parse(set, argc, argv, false)) > 0 && at < argc) {
        if (*word != NULL)
            return base_options_fail(set, -EINVAL, "one at a time: %s",
                                     argv[at]);
        *word = argv[at];
        argc -= at;
        argv += at;
    }
    if (at == -ECANCELED)
        print_help(set, command);
    return at < 0 ? at : 0;
}

int arguments_refuse(const char *why, const char *try)
{
    fprintf(stderr, "grade: %s\n  try:     %s\n", why, try);
    return 2;
}
