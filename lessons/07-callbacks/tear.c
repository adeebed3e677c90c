/*
 * tear.c - shows how callbacks tear the stack: the login of flow.h fails at
 * step 4, and the program tells who was on the stack then, and who learned of
 * the error.
 *
 * Read before: flow.h. Read after: lesson 08.
 */
#include "../common/common.h"
#include "flow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const names[FLOW_STYLES] = {"straight", "callbacks",
                                               "context"};

static void show(enum flow_style style)
{
    struct flow_seen seen;
    const int error = flow_run(style, -EHOSTUNREACH, &seen);
    if (error != 0)
        die(-error, NULL, "cannot run the loop");
    printf("%-10s frames of ours: %d:", names[style], seen.ours);
    for (int i = 0; i < seen.ours; i++)
        printf("%s%s", i > 0 ? " < " : " ", seen.names[i]);
    printf("\n%-10s ", "");
    if (seen.told != 0)
        printf("login was told: %s", strerror(-seen.told));
    else
        printf("nobody was told: the error ended in the loop");
    printf("; %d steps could clean up\n", seen.undone);
}

int main(int argc, char **argv)
{
    const char *word = "all";
    const struct option options[] = {
        {"style", "how a step starts the next", NULL, 0, 0, &word,
         "all,straight,callbacks,context"},
        {.name = NULL},
    };
    parse_options(argc, argv,
                  "A login of five steps fails at step 4: who learns of it?",
                  options);
    for (enum flow_style style = FLOW_STRAIGHT; style < FLOW_STYLES; style++)
        if (strcmp(word, "all") == 0 || strcmp(word, names[style]) == 0)
            show(style);
}
