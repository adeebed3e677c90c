/*
 * log_options.c - the options of the log, as a program's --help shows them: a
 * table like any program's.
 *
 * Read before: log.c, option.c. Read after: nothing; the core is next.
 * Rests on: the names that Tornado gave them.
 */
#include "loop/base.h"

#include <errno.h>

static const char *const names[] = {"debug", "info", "warning", "error",
                                    "none"};

static int parse_level(void *level, const char *text)
{
    for (int i = BASE_DEBUG; i <= BASE_NONE; i++)
        if (strcmp(text, names[i]) == 0) {
            *(enum base_level *)level = (enum base_level)i;
            return 0;
        }
    return -EINVAL;
}

static int print_level(const void *level, struct base_buf *out)
{
    return base_buf_printf(out, "%s", names[*(const enum base_level *)level]);
}

static int open_log(struct base_options *set, void *arg)
{
    const struct base_log_config *config = arg;
    const int error = base_log_open(config);
    return error == 0 ? 0
                      : base_options_fail(
                            set, error, "cannot open the log '%s': %s",
                            config->file != NULL ? config->file : "stderr",
                            strerror(-error));
}

int base_log_define(struct base_options *set, struct base_log_config *config)
{
    const struct base_option rows[] = {
        {"logging", "debug, info, warning, error or none",
         .custom = &config->level, .words = "debug,info,warning,error,none",
         .metavar = "LEVEL", .parse = parse_level, .print = print_level,
         .group = "log"},
        {"log_to_stderr", "log to stderr as well as to the file",
         .flag = &config->to_stderr, .group = "log"},
        {"log_file_prefix", "log to this file", .string = &config->file,
         .metavar = "FILE", .group = "log"},
        {"log_file_max_size", "size to rotate at", .large = &config->max_size,
         .metavar = "BYTES", .max = INT64_MAX, .group = "log"},
        {"log_file_num_backups", "rotated files to keep",
         .number = &config->backups, .metavar = "N", .max = 1000,
         .group = "log"},
        {"log_rotate_mode", "what makes a file rotate",
         .string = &config->rotate_mode, .words = "size,time",
         .metavar = "MODE", .group = "log"},
        {"log_rotate_when", "S,M,H,D,midnight or W0 to W6",
         .string = &config->rotate_when, .metavar = "UNIT",
         .words = "S,M,H,D,midnight,W0,W1,W2,W3,W4,W5,W6", .group = "log"},
        {"log_rotate_interval", "units between rotations",
         .number = &config->rotate_interval, .metavar = "N", .min = 1,
         .max = 10000, .group = "log"},
        {0},
    };
    base_options_on_parsed(set, open_log, config);
    return base_options_define(set, rows);
}
