/*
 * traced.h - for the tests of tracer, model and stage: compiles the small
 * programs of traced/, and runs a check on them as the grader would, in a
 * process of its own; what it found out comes back.
 *
 *     traced_compile("echo");
 *     traced_run(a_check);
 *     assert_int_equal(found.outcome, OUTCOME_PASSED);
 *
 * Functions instead of an object, since a test that includes this also defines
 * `setting`, which belongs to the check program's main.
 *
 * Read before: ../check/check_internal.h. Read after: test_trace.c.
 */
#ifndef EXERCISES_TEST_TRACED_H
#define EXERCISES_TEST_TRACED_H

#include "../check/check_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct setting setting;

/* The exercise's tables, which are none here. */
const struct check visible_checks[] = {{.name = NULL}};
const struct check hidden_checks[] = {{.name = NULL}};

static char traced_work[] = "/tmp/traced-XXXXXX";
static char traced_warden[4096];
static struct base_arena traced_arena;

/* What the last check has found out. */
static struct finding found;

static inline void traced_shell(const char *format, ...)
{
    char command[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    if (system(command) != 0) /* NOLINT(cert-env33-c): the test's own words */
        fail_msg("this failed: %s", command);
}

static inline void traced_compile(const char *name)
{
    traced_shell("cc -std=gnu17 -D_GNU_SOURCE -O2 -pthread -o %s/plain/%s "
                 "exercises/test/traced/%s.c",
                 traced_work, name, name);
}

/* For cmocka: a folder for programs, and the setting of a check program. */
static inline int traced_setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(traced_work));
    traced_shell("mkdir %s/plain; chmod -R 755 %s", traced_work, traced_work);
    char self[4096];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    snprintf(traced_warden, sizeof traced_warden, "%.4000s/../check/warden",
             dirname(self));
    base_arena_init(&traced_arena, 65536);
    setting = (struct setting){
        .exercise = "00-test",
        .dir = traced_work,
        .work = traced_work,
        .program = "echo",
        .answers = "",
        .warden = traced_warden,
        .tier = (int)jail_best_tier(traced_warden),
        .seed = 1,
        .patience_s = 10,
        .limits = {.cpu_s = 60,
                   .wall_s = 120,
                   .memory_mb = 512,
                   .processes = 64,
                   .files = 256,
                   .file_mb = 16},
    };
    return 0;
}

static inline int traced_teardown(void **state)
{
    (void)state;
    traced_shell("rm -r %s", traced_work);
    base_arena_fini(&traced_arena);
    return 0;
}

static inline void traced_read(int fd, uint64_t nonce)
{
    static char memory[1 << 20];
    size_t len = 0;
    for (ssize_t n; (n = read(fd, memory + len, sizeof memory - len)) > 0;)
        len += (size_t)n;
    struct base_slice bytes = {memory, len};
    found = (struct finding){.check = NULL};
    assert_int_equal(finding_read(&bytes, nonce, &found, &traced_arena), 1);
}

/* Runs `check` on the program setting.program; see `found`. */
static inline void traced_run(void (*check)(void))
{
    enum { NONCE = 4711 };
    int report[2];
    assert_return_code(pipe2(report, O_CLOEXEC), errno);
    const pid_t child = fork();
    assert_return_code(child, errno);
    if (child == 0) {
        const struct check one = {.name = "one", .title = "", .run = check};
        if (jail_own_network((enum jail_tier)setting.tier) < 0)
            _exit(CHECK_BROKE);
        check_run(&one, report[1], NONCE);
    }
    close(report[1]);
    traced_read(report[0], NONCE);
    close(report[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Says what was found; in parts, for a message of cmocka is cut. */
static inline void traced_tell(void)
{
    const struct {
        const char *name, *text;
    } parts[] = {{"did", found.did},   {"expected", found.expected},
                 {"came", found.came}, {"cause", found.cause},
                 {"hang", found.hang}, {"note", found.note}};
    print_error("outcome: %s\n", outcome_name(found.outcome));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *text = parts[i].text == NULL ? "" : parts[i].text;
        for (size_t len = strlen(text); len > 0; len = strlen(text)) {
            const int part = len < 500 ? (int)len : 500;
            if (text == parts[i].text)
                print_error("%s:\n", parts[i].name);
            print_error("%.*s%s", part, text, (int)len == part ? "\n" : "");
            text += part;
        }
    }
}

/* The last check has passed; else its message is shown. */
static inline void traced_passed(void)
{
    if (found.outcome == OUTCOME_PASSED)
        return;
    traced_tell();
    fail_msg("the check has not passed");
}

/* It has failed, and what came and its cause hold these words. */
static inline void traced_failed(const char *came, const char *cause)
{
    if (found.outcome == OUTCOME_FAILED && found.came != NULL &&
        strstr(found.came, came) != NULL &&
        (cause == NULL ||
         (found.cause != NULL && strstr(found.cause, cause) != NULL)))
        return;
    traced_tell();
    fail_msg("not \"%s\"", came);
}

#endif
