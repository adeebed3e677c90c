/*
 * grade.c - the grader: `grade COMMAND`, with a command's own --help.
 *
 * Read before: result.h, run.h. Read after: command_check.c.
 * Rests on: execve(2), what a program inherits; wait(2), "ignored".
 */
#include "commands.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_NEEDED = 1024 };

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

/* A file that is opened must not be taken for the standard output. */
static void fill_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

/*
 * What whoever calls us may have left us, and what nothing would work with:
 * children of whose end nobody is told, signals that do not come, files that we
 * may not open ourselves, hardly any descriptors. All that we start inherits it
 * in turn. Who ignores SIGINT or SIGHUP means it (nohup): that stays.
 */
static void forget_inheritance(void)
{
    sigset_t none;
    struct rlimit files;
    fill_descriptors();
    signal(SIGCHLD, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(umask(0) & 077);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
        files.rlim_cur < FILES_NEEDED) {
        files.rlim_cur =
            files.rlim_max < FILES_NEEDED ? files.rlim_max : FILES_NEEDED;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

int main(int argc, char **argv)
{
    forget_inheritance();
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        help();
        return 0;
    }
    for (int i = 0; argc >= 2 && i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "grade: %s%s\n  try:     build/bin/grade --help\n",
            argc >= 2 ? "there is no command " : "no command given",
            argc >= 2 ? argv[1] : "");
    return 2;
}
