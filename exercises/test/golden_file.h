/*
 * golden_file.h - what a program says, compared with a file that was read by a
 * person before it was kept. UPDATE_GOLDEN=1 writes the files anew; `git diff`
 * then shows what has changed.
 *
 * Read before: nothing. Read after: test_outputs.c.
 */
#ifndef TEST_GOLDEN_FILE_H
#define TEST_GOLDEN_FILE_H

#include "loop/base.h"

/* Fails the test, with both lines, at the first line that differs. `path` is
 * from the kit's root: "exercises/test/golden/outputs/failed.txt". */
void golden_file_compare(const char *path, struct base_slice text);

#endif
