/*
 * measure.h - the numbers that the questions are about, and what the program of
 * given/ does with them. The numbers follow from the student's seed, so each
 * student has others, and no answer is stored anywhere.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "exercises/check/check.h"

#include <stdio.h>
#include <string.h>

static inline unsigned total(void)
{
    return 1000 + (unsigned)(check_seed_of("total") % 9000);
}

/* Never a divisor of the total: else two of the answers were one. */
static inline unsigned size(void)
{
    unsigned some = 100 + (unsigned)(check_seed_of("size") % 400);
    while (total() % some == 0)
        some++;
    return some;
}

/* What the program prints as `name`, in a run of its own. */
static inline long long measure(const char *name)
{
    const char *const options[] = {check_text("%u", total()),
                                   check_text("%u", size()), NULL};
    struct program *reads = program_start_named(GIVEN, "reads", options);
    program_expect_exit(reads, 0);
    const char *line = strstr(program_said(reads), check_text("%s = ", name));
    long long number;
    if (line == NULL || sscanf(line, "%*s = %lld", &number) != 1)
        check_error("given/reads does not tell \"%s\"", name);
    return number;
}

/* Fails the check unless the answer is what is measured; does not tell it. */
static inline void expect_answer(const char *name)
{
    const long long answer = answer_number(name), measured = measure(name);
    check_did("answers.txt says: %s = %lld", name, answer);
    check_that(answer == measured, "what the program does",
               answer < measured ? "it is more" : "it is less");
}

#endif
