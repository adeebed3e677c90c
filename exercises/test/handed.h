/*
 * handed.h - hands submissions in to the intake, in the folder of tree_of.h,
 * and looks at what came of them. The exercise is always "05-drain".
 */
#ifndef EXERCISES_TEST_HANDED_H
#define EXERCISES_TEST_HANDED_H

#include "../grader/intake.h"

/* What the last hand_in made: valid until the next one. */
extern struct submission taken;

/* Skips the test if a program is not installed. */
void handed_needs(const char *program);

/* Runs a command of sh(1), which must succeed. */
void handed_shell(const char *command);

/*
 * Takes in the folder or archive `path`; wanted is server.c, and `second` if it
 * is not NULL. What is copied is then in the folder into/.
 */
void hand_in(const char *path, bool alone, const char *second);

/* The same for what intake_list has found. */
void hand_in_listed(const struct handed_in *from, bool alone,
                    const char *second);

/* The state is as said, and the reason holds the words (NULL: none). */
void handed_is(enum submission_state state, const char *words);

/* It is graded, and server.c holds this text. */
void handed_server(const char *text);

/* tree_teardown, and frees what `taken` holds. */
int handed_teardown(void **state);

#endif
