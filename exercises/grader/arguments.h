/*
 * arguments.h - what a command was asked: options and one word (a folder, an
 * exercise), in any order: `grade class dir --jobs 2` and `grade class --jobs 2
 * dir` are the same. (base_options_start ends at the first word that is no
 * option.)
 *
 * Read before: ../../loop/base.h, options. Read after: command_class.c.
 */
#ifndef GRADER_ARGUMENTS_H
#define GRADER_ARGUMENTS_H

#include "../../loop/base.h"

/*
 * Sets the options, and *word to the word among them; it stays NULL if there
 * is none. Returns 0; -ECANCELED when --help has been printed for `command`; or
 * a negative errno value, which base_options_error explains.
 */
int arguments_parse(struct base_options *set, const char *command, int argc,
                    char **argv, const char **word);

/* Says why nothing is done, and what to type instead. Returns 2, main's status.
 */
int arguments_refuse(const char *why, const char *try);

#endif
