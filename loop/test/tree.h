/*
 * tree.h - a random tree of tasks: groups in groups, joins, deadlines, shields,
 * cleanups that wait, descriptors; and somebody who cancels them at random.
 *
 * Read before: co.h. Read after: test_co_model.c.
 */
#ifndef LOOP_TEST_TREE_H
#define LOOP_TEST_TREE_H

#include <stdbool.h>
#include <stdint.h>

struct tree_result {
    int error; /* of loop_new */
    bool differs;
    char text[400]; /* what is wrong, and how to repeat it */
    uint64_t ops, tasks, cancels, failed;
};

/*
 * Makes a loop with a fake clock, and grows a tree in it until its root has
 * ended, or, once in four, until the loop is freed. Then it looks whether
 * anything is left; descriptors and memory are for the caller and the
 * sanitizers to count. A seed repeats what tasks decide, but not always when:
 * real time says after how many tasks a pass looks at descriptors.
 */
void tree_run(const char *backend, uint64_t seed, struct tree_result *result);

#endif
