/*
 * chance.c - the same numbers for the same seed and check: splitmix64, whose
 * first number is as good as any later one.
 *
 * Read before: check.h.
 */
#include "check_internal.h"

#include <string.h>

static uint64_t state;
static bool begun;

static uint64_t next(void)
{
    if (!begun) {
        begun = true;
        state = check_seed();
    }
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t check_seed_of(const char *what)
{
    uint64_t hash = (uint64_t)setting.seed;
    for (const char *c = what; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t check_seed(void)
{
    return check_seed_of(setting.check->name);
}

unsigned check_random(unsigned below)
{
    return (unsigned)(next() >> 32) % below;
}

void check_random_bytes(void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)bytes)[i] = (unsigned char)check_random(256);
}

void check_random_text(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + check_random(26));
}
