/*
 * jailed_limits.c - where a jail ends what uses too much: memory, processor
 * time, time, processes, descriptors, room in files.
 *
 * Read before: jailed.h. Read after: jailed_ends.c.
 */
#include "jailed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static void expect_end(enum jail_tier tier, const char *name,
                       struct jail_limits limits, enum jail_end end)
{
    struct jail_options o = jailed_options_for(tier);
    o.limits = limits;
    struct jail j;
    jailed_run(&j, &o, name);
    assert_int_equal(end, j.end);
}

static void test_limits_memory(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    const struct jail_limits limits = jailed_options_for(tier).limits;
    expect_end(tier, "memory", limits, JAIL_MEMORY);
}

static void test_limits_memory_of_all(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    jailed_skip_unless(!JAILED_SANITIZED,
                       "a sanitizer reserves more than the limit");
    expect_end(tier, "memory-of-many", jailed_options_for(tier).limits,
               JAIL_MEMORY);
}

static void test_limits_processor_time(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    struct jail_limits limits = jailed_options_for(tier).limits;
    limits.cpu_s = 1;
    expect_end(tier, "spins", limits, JAIL_CPU);
}

static void test_limits_processor_time_of_the_gone(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    struct jail_limits limits = jailed_options_for(tier).limits;
    limits.cpu_s = 1;
    expect_end(tier, "spins-in-children", limits, JAIL_CPU);
}

static void test_limits_time(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    struct jail_limits limits = jailed_options_for(tier).limits;
    limits.wall_s = 1;
    expect_end(tier, "sleeps", limits, JAIL_WALL);
}

/* At the end of a sanitized program LeakSanitizer starts a process and opens
 * files, for which there is no room left here. */
static void skip_if_sanitized(void)
{
    if (!JAILED_SANITIZED)
        return;
    printf("# skipped: LeakSanitizer needs a process and descriptors\n");
    skip();
}

static void test_limits_processes(void **state)
{
    skip_if_sanitized();
    const char *said = jailed_look(jailed_tier_of(state), "forks");
    const int n = atoi(said);
    assert_true(n > 4 && n <= 16);
    jailed_expect_line(said, "Resource temporarily unavailable");
}

static void test_limits_descriptors(void **state)
{
    skip_if_sanitized();
    jailed_expect_line(jailed_look(jailed_tier_of(state), "opens"),
                       "64 descriptors, then Too many open files");
}

static void test_limits_a_file(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    jailed_skip_unless(jail_own_files(tier),
                       "this tier has no files of its own");
    const struct jail_options o = jailed_options_for(tier);
    struct jail j;
    jailed_run(&j, &o, "fills-file");
    const bool by_signal =
        WIFSIGNALED(j.status) && WTERMSIG(j.status) == SIGXFSZ;
    /* Or the folder is full before, by what its pages hold besides. */
    assert_true(by_signal || WEXITSTATUS(j.status) == 3);
}

static void test_limits_tmp(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    jailed_skip_unless(jail_own_files(tier),
                       "this tier has no files of its own");
    const int mib = atoi(jailed_look(tier, "fills-tmp"));
    assert_true(mib >= 2 && mib <= 4);
}

static void test_limits_inodes(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    jailed_skip_unless(jail_own_files(tier),
                       "this tier has no files of its own");
    const struct jail_options o = jailed_options_for(tier);
    struct jail j;
    jailed_run(&j, &o, "fills-inodes");
    assert_true(j.end == JAIL_MEMORY ||
                (j.end == JAIL_EXITED && j.status == 0));
}

const struct jailed_test jailed_limits[] = {
    {"limits memory", test_limits_memory},
    {"limits memory of all", test_limits_memory_of_all},
    {"limits processor time", test_limits_processor_time},
    {"limits processor time of the gone",
     test_limits_processor_time_of_the_gone},
    {"limits time", test_limits_time},
    {"limits processes", test_limits_processes},
    {"limits descriptors", test_limits_descriptors},
    {"limits a file", test_limits_a_file},
    {"limits /tmp", test_limits_tmp},
    {"limits inodes", test_limits_inodes},
    {.name = NULL},
};
