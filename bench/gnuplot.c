/*
 * gnuplot.c - see gnuplot.h.
 *
 * We never wait for gnuplot while it waits for us: it draws when it has read
 * the last command, which is written before the first byte is read.
 */
#include "gnuplot.h"

#include "../lessons/common/common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char done_line[] = "course-kit: done\n";

static noreturn void become_gnuplot(int script, int drawing)
{
    signal(SIGPIPE, SIG_DFL);
    dup2(script, STDIN_FILENO);
    dup2(drawing, STDOUT_FILENO);
    /* -d: without the settings of the person who runs it */
    execlp("gnuplot", "gnuplot", "-d", (char *)NULL);
    _exit(127);
}

static int open_pipes(struct gnuplot *g)
{
    int script[2], drawing[2];
    if (pipe2(script, O_CLOEXEC) == -1)
        return -errno;
    if (pipe2(drawing, O_CLOEXEC) == -1) {
        const int error = -errno;
        close(script[0]);
        close(script[1]);
        return error;
    }
    g->pid = fork();
    if (g->pid == 0)
        become_gnuplot(script[0], drawing[1]);
    const int error = g->pid == -1 ? -errno : 0;
    close(script[0]);
    close(drawing[1]);
    g->script = fdopen(script[1], "w");
    g->drawing = fdopen(drawing[0], "r");
    return error;
}

int gnuplot_start(struct gnuplot *g, struct problem *problem)
{
    *g = (struct gnuplot){.pid = -1};
    signal(SIGPIPE, SIG_IGN);
    int error = open_pipes(g);
    char *answer = error == 0 ? gnuplot_finish(g) : NULL;
    if (answer == NULL) {
        gnuplot_stop(g);
        error = error != 0 ? error : -ENOENT;
        snprintf(problem->what, sizeof problem->what, "cannot draw: gnuplot %s",
                 error == -ENOENT ? "is not installed" : strerror(-error));
        problem->try = "make deps SET=course";
    }
    free(answer);
    return error;
}

char *gnuplot_finish(struct gnuplot *g)
{
    /* `set output` closes the drawing; only then is its end written. */
    fprintf(g->script, "set output\nset print '-'\nprint '%.*s'\n",
            (int)sizeof done_line - 2, done_line);
    if (fflush(g->script) == EOF)
        return NULL;
    char *text = NULL, *line = NULL;
    size_t len = 0, room = 0;
    FILE *copy = open_memstream(&text, &len);
    if (copy == NULL)
        return NULL;
    bool done = false;
    while (!done && getline(&line, &room, g->drawing) != -1) {
        done = strcmp(line, done_line) == 0;
        if (!done)
            fputs(line, copy);
    }
    free(line);
    fclose(copy);
    if (done)
        return text;
    free(text);
    return NULL;
}

void gnuplot_stop(struct gnuplot *g)
{
    if (g->script != NULL)
        fclose(g->script); /* the end of its script: it exits */
    if (g->drawing != NULL)
        fclose(g->drawing);
    if (g->pid > 0)
        waitpid(g->pid, NULL, 0);
    *g = (struct gnuplot){.pid = -1};
}
