/*
 * gallery_tests.c - tests of the gallery, a part of test.c, which includes it:
 * each mistake shows, in the words that its page quotes, and its cure cures.
 *
 * Where a beat is looked for, the work takes half a second or more and the beat
 * is due each 50 ms. That none comes during the mistake is certain: the thread
 * that would beat does the work.
 */
#include "../../common/test/client.h"
#include "../../common/test/harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define GALLERY "lessons/08-coroutines/gallery/"

/* Runs a program, whatever its end; returns its wait status. */
static int run_exhibit(struct proc *p, const char *name, bool cured)
{
    const char *build = getenv("KIT_BUILD");
    char path[512];
    snprintf(path, sizeof path, "%s/" GALLERY "%s",
             build != NULL ? build : "build", name);
    const char *const args[] = {path, cured ? "--mended" : NULL, NULL};
    assert_int_equal(proc_spawn(p, args, NULL), 0);
    const int status = proc_wait(p, 30000);
    if (status == -ETIMEDOUT) {
        proc_stop(p);
        fail_msg("%s does not end; it said: %s", name, p->said);
    }
    return status;
}

/* The same, with the exit status and words that it must have. */
static void expect_exhibit(const char *name, bool cured, int exit_status,
                           const char *const *words)
{
    struct proc p;
    const int status = run_exhibit(&p, name, cured);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != exit_status)
        fail_msg("%s ended with wait status 0x%x; it said: %s", name,
                 (unsigned)status, p.said);
    for (int i = 0; words[i] != NULL; i++)
        if (strstr(p.said, words[i]) == NULL)
            fail_msg("%s did not say '%s' but: %s", name, words[i], p.said);
}

#define WORDS(...)                                                             \
    (const char *[])                                                           \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }

static void blocking_call_stops_the_beat(void **state)
{
    (void)state;
    expect_exhibit("blocking_call", false, 0, WORDS(".[]"));
    expect_exhibit("blocking_call", true, 0, WORDS(".[."));
}

static void blocking_call_is_named_by_the_watchdog(void **state)
{
    (void)state;
    setenv("LOOP_WATCHDOG", "50", 1);
    expect_exhibit("blocking_call", false, 0,
                   WORDS("gallery/blocking_call.c:", "] first (",
                         " has held the loop for ", "nanosleep",
                         "beside_a_beat"));
    unsetenv("LOOP_WATCHDOG");
}

static void cpu_in_task_stops_the_beat(void **state)
{
    (void)state;
    expect_exhibit("cpu_in_task", false, 0, WORDS(".[]"));
    expect_exhibit("cpu_in_task", true, 0, WORDS(".[."));
}

static void stack_overflow_names_the_task(void **state)
{
    (void)state;
    struct proc p;
    const int status = run_exhibit(&p, "stack_overflow", false);
    const char *line = "stack overflow in the task the monthly report: ";
    if (status == 0 || strstr(p.said, line) == NULL)
        fail_msg("wait status 0x%x; it said: %s", (unsigned)status, p.said);
    expect_exhibit("stack_overflow", true, 0, WORDS("the median is 125000\n"));
}

static void forgotten_join_is_warned_of(void **state)
{
    (void)state;
    expect_exhibit("forgotten_join", false, 0,
                   WORDS("saved, we suppose\n", "the task save (",
                         " has ended with -28, and nobody joined it\n"));
    expect_exhibit("forgotten_join", true, 1,
                   WORDS("No space left on device\n"));
}

static void lost_wakeup_sleeps_for_ever(void **state)
{
    (void)state;
    expect_exhibit("lost_wakeup", false, 1,
                   WORDS("they hang:\n2 tasks, ", "  consumer (",
                         "  waits: condition, for "));
    expect_exhibit("lost_wakeup", true, 0, WORDS("it has arrived\n"));
}

static void deadlock_tells_who_holds_what(void **state)
{
    (void)state;
    expect_exhibit("deadlock", false, 1,
                   WORDS("they hang:\n3 tasks, ",
                         "  waits: lock held by task 3, bob to ann, for ",
                         "  waits: lock held by task 2, ann to bob, for ",
                         "\nann has 100, bob has 100\n"));
    struct proc p;
    assert_int_equal(run_exhibit(&p, "deadlock", true), 0);
    assert_string_equal(p.said, "ann has 120, bob has 80\n");
}

static const struct CMUnitTest gallery_tests[] = {
    cmocka_unit_test(blocking_call_stops_the_beat),
    cmocka_unit_test(blocking_call_is_named_by_the_watchdog),
    cmocka_unit_test(cpu_in_task_stops_the_beat),
    cmocka_unit_test(stack_overflow_names_the_task),
    cmocka_unit_test(forgotten_join_is_warned_of),
    cmocka_unit_test(lost_wakeup_sleeps_for_ever),
    cmocka_unit_test(deadlock_tells_who_holds_what),
};
enum { GALLERY_TESTS = sizeof gallery_tests / sizeof gallery_tests[0] };
