/*
 * random.h - random numbers that a seed repeats, on every machine, for tests
 * that print their seed.
 *
 * Rests on: Steele, Lea, Flood: Fast splittable pseudorandom number generators,
 * 2014 (splitmix64).
 */
#ifndef LOOP_TEST_RANDOM_H
#define LOOP_TEST_RANDOM_H

#include <stdint.h>
#include <stdlib.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* 0 to n - 1. */
static inline unsigned random_below(uint64_t *state, unsigned n)
{
    return (unsigned)(random_next(state) % n);
}

/* A number from the environment, or else `otherwise`. */
static inline uint64_t random_setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

#endif
