/*
 * grade.c - the grader: `grade COMMAND`, with a command's own --help.
 *
 * Read before: result.h, run.h. Read after: command_check.c.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"check", command_check, "checks your own work on one exercise"},
    {"watch", command_watch, "checks at each save, exercise after exercise"},
    {"progress", command_progress, "tells how far you are"},
    {"ask", command_ask, "prints the questions of an exercise"},
    {"matrix", command_matrix, "tests the exercises on wrong solutions"},
    {"new", command_new, "begins a new exercise"},
    {"class", command_class, "grades a folder of submissions"},
    {"similar", command_similar, "tells who handed in the same"},
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void help(void)
{
    puts("usage: grade COMMAND [--help] [OPTIONS] ...");
    for (int i = 0; i < N_COMMANDS; i++)
        printf("  %-9s %s\n", commands[i].name, commands[i].help);
}

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        help();
        return 0;
    }
    for (int i = 0; argc >= 2 && i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "grade: %s%s\n  try:     grade --help\n",
            argc >= 2 ? "there is no command " : "no command given",
            argc >= 2 ? argv[1] : "");
    return 2;
}
