/*
 * tree_of.h - a folder of a test's own that stands for the kit: the test's
 * process goes there, and leaves nothing behind.
 */
#ifndef EXERCISES_TEST_TREE_OF_H
#define EXERCISES_TEST_TREE_OF_H

#include "../grader/exercise.h"

/* Makes an empty folder with exercises/ in it, and goes there. */
int tree_setup(void **state);

/* Goes back, and removes it. */
int tree_teardown(void **state);

/* Writes a file, with the folders above it; fails the test if it cannot. */
void tree_write(const char *path, const char *text);

/* The file's text, valid until the next call; NULL if there is no file. */
const char *tree_read(const char *path);

/*
 * An exercise of one or two files (NULL: one) whose skeleton is written as
 * well. Nothing else of it is set; names are borrowed.
 */
struct exercise tree_exercise(const char *name, const char *file,
                              const char *second);

#endif
