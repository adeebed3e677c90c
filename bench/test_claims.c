/*
 * test_claims.c - the programs that check the course's claims: what they print
 * and write, and what they refuse. Verdicts are looked at only where they do
 * not depend on time: E03, E15, E24 and E32.
 */
#include "proc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { RUN_MS = 60000, WIDTH = 78, ARGS_MAX = 12 };

/* What E03 needs: our server must be able to get past 1,024 descriptors. */
enum { DESCRIPTORS = 1200 };

static struct proc p;
static char tsv[] = "/tmp/test_claims.XXXXXX";

/* Runs a lesson's claims with a list of arguments; returns its exit status. */
static int claims(const char *lesson, const char *const *args)
{
    const char *build = getenv("KIT_BUILD");
    char path[512];
    snprintf(path, sizeof path, "%s/lessons/%s/claims",
             build != NULL ? build : "build", lesson);
    const char *argv[ARGS_MAX] = {path};
    for (int i = 0; i < ARGS_MAX - 2 && args[i] != NULL; i++)
        argv[i + 1] = args[i];
    assert_int_equal(proc_spawn(&p, argv, NULL), 0);
    const int status = proc_wait(&p, RUN_MS);
    if (status < 0 || !WIFEXITED(status))
        fail_msg("%s did not end by itself: %s", path, p.said);
    return WEXITSTATUS(status);
}

#define SELECT(...) claims("03-select", (const char *[]){__VA_ARGS__, NULL})

static void assert_says(const char *text)
{
    if (strstr(p.said, text) == NULL)
        fail_msg("no '%s' in:\n%s", text, p.said);
}

static bool few_descriptors(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_max < DESCRIPTORS;
}

/* Each line fits the terminal; returns how many there are. */
static int lines_that_fit(void)
{
    int n = 0;
    for (const char *at = p.said; *at != '\0'; n++) {
        const size_t len = strcspn(at, "\n");
        if (len > WIDTH)
            fail_msg("a line of %zu characters: %.*s", len, (int)len, at);
        at += len + (at[len] == '\n');
    }
    return n;
}

static void test_list_tells_what_is_claimed(void **state)
{
    (void)state;
    assert_int_equal(SELECT("--list"), 0);
    assert_int_equal(lines_that_fit(), 4);
    assert_says("E03  select can watch no more than 1,024 descriptors\n");
    assert_says("E04  ");
    assert_says("E24  ");
    assert_says("E32  ");
}

static void test_each_lesson_has_its_claims(void **state)
{
    (void)state;
    static const struct {
        const char *lesson, *ids;
    } lessons[] = {
        {"01-blocking", "E02 E19 E21 "},
        {"02-nonblocking", "E01 "},
        {"03-select", "E03 E04 E24 E32 "},
        {"04-poll", "E08 "},
        {"05-epoll", "E06 E07 E22 E23 E25 "},
        {"06-uring", "E05 E20 "},
        {"07-callbacks", "E12 E17 E18 "},
        {"08-coroutines", "E10 E13 E14 E15 E16 E31 "},
    };
    for (size_t i = 0; i < sizeof lessons / sizeof lessons[0]; i++) {
        char ids[64] = "", *next;
        size_t len = 0;
        assert_int_equal(
            claims(lessons[i].lesson, (const char *[]){"--list", NULL}), 0);
        for (char *line = strtok_r(p.said, "\n", &next); line != NULL;
             line = strtok_r(NULL, "\n", &next))
            len += (size_t)snprintf(ids + len, sizeof ids - len, "%.3s ", line);
        assert_string_equal(ids, lessons[i].ids);
    }
}

static void test_help_shows_how(void **state)
{
    (void)state;
    assert_int_equal(SELECT("--help"), 0);
    assert_says("usage: claims ");
    assert_says("--tsv FILE");
    lines_that_fit();
}

static void test_bad_arguments_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][3] = {
        {"E99", NULL},
        {"E24", "E06", NULL}, /* of another lesson; E24 must not run first */
        {"--frobnicate", NULL},
        {"--tsv", NULL},
        {"--tsv", "/no/such/folder/x.tsv", NULL},
        {"--quiet", "3", NULL},
        {"--quiet", "x/13", NULL},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(claims("03-select", bad[i]), 2);
        assert_int_equal(strncmp(p.said, "claims: ", 8), 0);
        assert_says("  try:     ");
        assert_int_equal(lines_that_fit(), 2);
    }
}

/* The block of one claim: its sentence, a table, what was measured, verdict. */
static void assert_block_holds(const char *id)
{
    const char *block = strstr(p.said, id);
    assert_non_null(block);
    assert_true(block == p.said || strncmp(block - 2, "\n\n", 2) == 0);
    const char *measured = strstr(block, "\n     measured: ");
    const char *verdict = strstr(block, "\n     verdict:  holds\n");
    const char *end = strstr(block, "\n\n");
    if (measured == NULL || verdict == NULL || measured > verdict ||
        (end != NULL && verdict > end))
        fail_msg("%s does not hold:\n%s", id, p.said);
    int rows = 0;
    for (const char *at = strchr(block, '\n'); at < measured;
         at = strchr(at + 1, '\n'))
        rows++;
    assert_in_range(rows, 3, 20); /* a heading and two ways, at the least */
}

static void test_what_does_not_depend_on_time_holds(void **state)
{
    (void)state;
    if (few_descriptors()) {
        print_message("# skipped: ulimit -Hn is below %d\n", DESCRIPTORS);
        skip();
    }
    assert_int_equal(SELECT("E32", "E03", "E24"), 0); /* in any order */
    lines_that_fit();
    assert_block_holds("E03  ");
    assert_block_holds("E24  ");
    assert_block_holds("E32  ");
    assert_null(strstr(p.said, "E04  "));
}

static void test_turns_are_taken_letter_by_letter(void **state)
{
    (void)state;
    assert_int_equal(claims("08-coroutines", (const char *[]){"E15", NULL}), 0);
    lines_that_fit();
    assert_block_holds("E15  ");
}

/* Checks that a row of the results has 8 columns that begin as they should. */
static void assert_row(char *row, const char *begin)
{
    assert_non_null(row);
    if (strncmp(row, begin, strlen(begin)) != 0)
        fail_msg("'%s' does not begin with '%s'", row, begin);
    int tabs = 0;
    for (const char *at = row; (at = strchr(at, '\t')) != NULL; at++)
        tabs++;
    assert_int_equal(tabs, 7);
    assert_string_equal(strrchr(row, '\t'), "\t1");
}

static void test_results_are_appended_as_rows(void **state)
{
    (void)state;
    FILE *file = fopen(tsv, "we");
    assert_non_null(file);
    fputs("what was there\n", file);
    fclose(file);
    assert_int_equal(SELECT("--tsv", tsv, "E24", "E32"), 0);

    char text[4096], *next;
    file = fopen(tsv, "re");
    assert_non_null(file);
    const size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    assert_string_equal(strtok_r(text, "\n", &next), "what was there");
    assert_row(strtok_r(NULL, "\n", &next),
               "claim\t03-select\tE24\t-\tclaim\t-\tselect works on every");
    assert_row(strtok_r(NULL, "\n", &next),
               "claim\t03-select\tE24\t-\tverdict\tholds\tthe select server");
    assert_row(strtok_r(NULL, "\n", &next),
               "claim\t03-select\tE32\t-\tclaim\t-\tselect, poll and epoll");
    assert_row(strtok_r(NULL, "\n", &next),
               "claim\t03-select\tE32\t-\tverdict\tholds\tan urgent byte");
    assert_null(strtok_r(NULL, "\n", &next));
}

static void test_quiet_is_a_line_a_claim(void **state)
{
    (void)state;
    assert_int_equal(SELECT("--quiet", "3/13", "E24", "E32"), 0);
    int n = 0;
    for (const char *at = p.said; *at != '\0'; at = strchr(at, '\n') + 1)
        n++;
    assert_int_equal(n, 2);
    assert_int_equal(strncmp(p.said, "[4/13] E24  select works", 24), 0);
    assert_says("\n[5/13] E32  ");
    assert_says(": holds (");
}

static int make_file(void **state)
{
    (void)state;
    const int fd = mkstemp(tsv);
    return fd == -1 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(tsv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_tells_what_is_claimed),
        cmocka_unit_test(test_each_lesson_has_its_claims),
        cmocka_unit_test(test_help_shows_how),
        cmocka_unit_test(test_bad_arguments_are_refused),
        cmocka_unit_test(test_what_does_not_depend_on_time_holds),
        cmocka_unit_test(test_turns_are_taken_letter_by_letter),
        cmocka_unit_test(test_results_are_appended_as_rows),
        cmocka_unit_test(test_quiet_is_a_line_a_claim),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
