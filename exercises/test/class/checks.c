/*
 * checks.c - the checks of invented exercises, for test_class.sh and
 * test_run.c, which wants "answer" behind "ends": what comes of a submission is
 * what its files ask for.
 *
 *     answer = 42           all points
 *     answer = error        the check cannot be made
 *     answer = hang         the check does not come to an end
 *     answer = kill         the grader's worker is killed
 *
 * Read before: ../../check/check.h. Read after: ../test_class.sh.
 */
#include "../../check/check.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The worker is the parent of our check program, which is our parent. */
static pid_t worker(void)
{
    char path[64], line[256];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)getppid());
    FILE *status = fopen(path, "r");
    while (status != NULL && pid == 0 && fgets(line, sizeof line, status))
        if (strncmp(line, "PPid:", 5) == 0)
            pid = (int)strtol(line + 5, NULL, 10);
    if (status != NULL)
        fclose(status);
    return pid;
}

static void answer(void)
{
    const char *word = answer_word("answer");
    if (strcmp(word, "kill") == 0 && worker() > 1)
        kill(worker(), SIGKILL);
    if (strcmp(word, "error") == 0)
        check_error("there is no answer to this");
    while (strcmp(word, "kill") == 0 || strcmp(word, "hang") == 0)
        pause();
    check_equal("the answer", 42, answer_number("answer"));
}

static void ends(void)
{
    program_expect_exit(program_start(PLAIN, NULL), 0);
}

const struct check visible_checks[] = {
    {.name = "ends", .title = "the program ends", .run = ends},
    {.name = "answer", .title = "the answer is right", .run = answer},
    {.name = NULL},
};
