/*
 * actors.h - tasks that do random things to locks, queues, channels and each
 * other, beside an oracle that says what has to come of it.
 *
 * Read before: oracle.h. Read after: test_co_model.c.
 */
#ifndef LOOP_TEST_ACTORS_H
#define LOOP_TEST_ACTORS_H

#include "loop/test/oracle.h"

struct actors_options {
    const char *backend;
    uint64_t seed;
    uint64_t ops;
    enum oracle_wrong wrong; /* a rule that the oracle has wrong */
};

struct actors_result {
    int error; /* of loop_new */
    bool differs;
    char text[4096]; /* what differs, what was done last, how to repeat it */
    uint64_t ops, granted, cancelled, late; /* waits, by how they ended */
};

/*
 * Makes a loop with a fake clock and has tasks do about `ops` random things, or
 * until the oracle disagrees. Then it ends the tasks, some of them by freeing
 * the loop, and looks whether anything is left.
 */
void actors_run(const struct actors_options *options,
                struct actors_result *result);

#endif
