/*
 * world.h - a loop and its model side by side, and random operations on both.
 *
 * Read before: model.h. Read after: test_core_model.c.
 */
#ifndef LOOP_TEST_WORLD_H
#define LOOP_TEST_WORLD_H

#include "loop/test/model.h"

struct world_options {
    const char *backend;
    uint64_t seed;
    uint64_t ops;
    bool threads;           /* another thread posts all the time */
    enum model_wrong wrong; /* a rule that the model has wrong */
};

struct world_result {
    int error;       /* of loop_new */
    bool differs;    /* and then: */
    char text[4096]; /* what differs, the last operations, how to repeat it */
    uint64_t callbacks;
};

/*
 * Makes a loop with a fake clock and does random operations, each on the loop
 * and on the model, outside of passes and inside of callbacks, until `ops` are
 * done or a callback differs. Then it frees the loop, with whatever is active.
 */
void world_run(const struct world_options *options,
               struct world_result *result);

#endif
