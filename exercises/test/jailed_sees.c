/*
 * jailed_sees.c - what a program in a jail sees of the world, and which calls
 * it may make.
 *
 * Read before: jailed.h. Read after: jailed_limits.c.
 */
#include "../check/landlock.h"
#include "jailed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- what it sees --------------------------------------------------------- */

static void test_no_privileges(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    const char *status = jailed_look(tier, "status");
    jailed_expect_line(status, "CapInh:\t0000000000000000\n");
    jailed_expect_line(status, "CapPrm:\t0000000000000000\n");
    jailed_expect_line(status, "CapEff:\t0000000000000000\n");
    jailed_expect_line(status, "CapBnd:\t0000000000000000\n");
    jailed_expect_line(status, "CapAmb:\t0000000000000000\n");
    jailed_expect_line(status, "NoNewPrivs:\t1\n");
    jailed_expect_line(status, "Seccomp:\t2\n");
    jailed_expect_line(status, jail_own_files(tier)
                                   ? "Uid:\t1000\t1000\t1000\t1000\n"
                                   : "Uid:\t18");
    assert_null(strstr(status, "Uid:\t0"));
}

static void test_environment_is_empty(void **state)
{
    const char *status = jailed_look(jailed_tier_of(state), "status");
    jailed_expect_line(status, "env PATH=/usr/bin:/bin\n");
    int n = 0;
    for (const char *at = status; (at = strstr(at, "\nenv ")) != NULL; at++)
        n++;
    /* bwrap tells the folder: /work. */
    assert_int_equal(strstr(status, "\nenv PWD=/work\n") != NULL ? 2 : 1, n);
}

static void test_root_holds_what_is_needed(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    jailed_skip_unless(jail_own_files(tier),
                       "this tier has no files of its own");
    char *said = strdup(jailed_look(tier, "root")), *rest = said;
    static const char known[] = "[.] [..] [bin] [dev] [etc] [lib] [lib32] "
                                "[lib64] [proc] [sbin] [tmp] [usr] [warden] "
                                "[work]";
    for (char *name; (name = strsep(&rest, "\n")) != NULL;)
        if (strstr(known, name) == NULL)
            fail_msg("%s is seen", name);
    free(said);
}

static void test_writes_to_tmp_alone(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    jailed_skip_unless(jail_own_files(tier) || landlock_works(),
                       "no Landlock here");
    assert_string_equal(jail_own_files(tier) ? "wrote in /tmp\n" : "",
                        jailed_look(tier, "writes"));
}

static void test_opens_no_secret(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    const char *said = jailed_look(tier, "secrets");
    /* Of the test itself, which lies open for all. */
    if (jail_own_files(tier) || landlock_works())
        assert_string_equal("", said);
    else
        assert_null(strstr(said, "shadow"));
}

static void test_has_three_descriptors(void **state)
{
    const char *said = jailed_look(jailed_tier_of(state), "descriptors");
    int n = 0;
    for (const char *at = said; (at = strchr(at, '[')) != NULL; at++)
        n++;
    assert_int_equal(2 + 4, n); /* . and .., and the folder itself */
}

static void test_sees_no_other_process(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    jailed_skip_unless(jail_own_files(tier),
                       "this tier has no files of its own");
    const char *said = jailed_look(tier, "processes");
    jailed_expect_line(said, "[1]\n");
    jailed_expect_line(said, "[2]\n");
    for (int pid = 3; pid < 100; pid++) {
        char name[16];
        snprintf(name, sizeof name, "[%d]\n", pid);
        assert_null(strstr(said, name));
    }
}

/* The network is the caller's: so this is one with a network of its own. */
static void test_network_is_loopback(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    jailed_skip_unless(jail_own_files(tier),
                       "this tier has no files of its own");
    const pid_t caller = fork();
    if (caller == 0) {
        if (jail_own_network(tier) != 0)
            _exit(2);
        const char *said = jailed_look(tier, "devices");
        int devices = 0;
        for (const char *at = said; (at = strchr(at, ':')) != NULL; at++)
            devices++;
        _exit(devices == 1 && strstr(said, "lo:") != NULL ? 0 : 1);
    }
    int status;
    assert_int_equal(caller, waitpid(caller, &status, 0));
    assert_int_equal(0, status);
}

/* --- what it may do ------------------------------------------------------- */

static void test_refuses_calls(void **state)
{
    struct jail_options o = jailed_options_for(jailed_tier_of(state));
    struct jail j;
    const char *said = jailed_run(&j, &o, "refused");
    if (!JAILED_SANITIZED)
        assert_string_equal("all tried\n", said);
    jailed_expect_line(said, "all tried\n");
    assert_null(strstr(said, "execve"));
    assert_null(strstr(said, "prlimit"));
}

static void test_executes_if_it_may(void **state)
{
    struct jail_options o = jailed_options_for(jailed_tier_of(state));
    o.execs = true;
    struct jail j;
    assert_string_equal("executed\n", jailed_run(&j, &o, "executes"));
}

static void test_cannot_end_the_warden(void **state)
{
    const struct jail_options o = jailed_options_for(jailed_tier_of(state));
    struct jail j;
    assert_string_equal("alone\n", jailed_run(&j, &o, "kills-all"));
    assert_int_equal(JAIL_EXITED, j.end);
    assert_int_equal(7, WEXITSTATUS(j.status));
}

const struct jailed_test jailed_sees[] = {
    {"no privileges", test_no_privileges},
    {"an empty environment", test_environment_is_empty},
    {"/ holds what is needed", test_root_holds_what_is_needed},
    {"writes to /tmp alone", test_writes_to_tmp_alone},
    {"opens no secret", test_opens_no_secret},
    {"has three descriptors", test_has_three_descriptors},
    {"sees no other process", test_sees_no_other_process},
    {"the network is loopback", test_network_is_loopback},
    {"refuses calls", test_refuses_calls},
    {"executes if it may", test_executes_if_it_may},
    {"cannot end the warden", test_cannot_end_the_warden},
    {.name = NULL},
};
