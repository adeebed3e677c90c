/*
 * sample_results.h - invented results, one for each thing that an output has
 * to say, for the tests of the outputs.
 *
 * Read before: ../grader/result.h. Read after: test_outputs.c.
 */
#ifndef TEST_SAMPLE_RESULTS_H
#define TEST_SAMPLE_RESULTS_H

#include "exercises/grader/result.h"

struct sample {
    const char *name; /* of the golden file */
    struct submission s;
};

/* All of them, summed up; the memory is the arena's. */
struct sample *samples_make(struct base_arena *arena, size_t *n);

/* The one of that name; the test fails if there is none. */
struct submission *sample_named(struct sample *samples, size_t n,
                                const char *name);

/* The same as a class: three students, six exercises, and the hostile one. */
struct class_result samples_class(struct sample *samples, size_t n,
                                  struct base_arena *arena);

#endif
