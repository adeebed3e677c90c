/*
 * test_check.c - whose fault it is: of a server that does not listen, of a
 * check that takes too long; which cause is told of several; and answers with
 * the line ends of other editors.
 *
 * Rests on: traced/claims.c, traced/echo.c.
 */
#include "traced.h"

#include "../check/pump.h"
#include "../check/stage.h"

static void squeezes(void)
{
    server_squeeze(server_start(PLAIN, NULL));
}

/* The kit's own: "given" is the folder beside "plain". */
static void squeezes_given(void)
{
    server_squeeze(server_start_named(GIVEN, "claims", NULL));
}

static void test_who_does_not_listen(void **state)
{
    (void)state;
    traced_run(squeezes);
    traced_failed("none of its descriptors is a listening socket", NULL);
    traced_run(squeezes_given);
    assert_int_equal(found.outcome, OUTCOME_ERROR);
}

/* --- causes --------------------------------------------------------------- */

static const char *claim; /* what traced/claims.c does */

/* A check has a cause, but it is about what comes after the start. */
static void connects(void)
{
    const char *const options[] = {claim, NULL};
    setting.exercise = "05-test"; /* which has lesson 01 behind it */
    check_cause("a recv is not a line", "lessons/02-nonblocking/README.md");
    peer_connect(server_start(PLAIN, options));
}

static void connects_on_stage(void)
{
    const char *const options[] = {claim, NULL};
    setting.exercise = "05-test"; /* which has lesson 01 behind it */
    check_cause("a recv is not a line", "lessons/02-nonblocking/README.md");
    stage_open();
    actor_connect(server_start(TRACED, options), "anna");
}

static void test_the_start_is_to_blame(void **state)
{
    (void)state;
    static const struct {
        const char *claim, *came, *cause;
    } rows[] = {
        {NULL, "Connection refused", "at port 9999, and there is no listener"},
        {"nothing", "nothing; the program waits", "before it waits"},
        {"otherwise", "nothing; the program waits", "letter by letter"},
        {"fails", "exited with status 2", "It ended before a client came"},
        {"leaves", "exited with status 2", "It ended before a client came"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        claim = rows[i].claim;
        traced_run(connects);
        traced_failed(rows[i].came, rows[i].cause);
        assert_non_null(strstr(found.section, "lessons/01-blocking"));
        if (found.hang != NULL) { /* there was no client to learn from */
            assert_null(strstr(found.hang, "client"));
            continue; /* on the stage one that waits takes a minute */
        }
        traced_run(connects_on_stage);
        traced_failed(rows[i].came, rows[i].cause);
    }
}

static const char *section; /* that the check names */

/* The server serves client 1, and so client 2 waits for good. */
static void hangs(void)
{
    const char *const options[] = {"blocking", NULL};
    setting.program = "echo";
    setting.exercise = "05-test";
    check_cause("the check's cause", section);
    struct program *server = server_start(PLAIN, options);
    peer_connect(server);
    struct peer *two = peer_connect(server);
    peer_send_text(two, "two");
    peer_expect_text(two, "two");
}

static void test_a_hang_overrides_nothing(void **state)
{
    (void)state;
    section = "lessons/04-poll/README.md, \"There\"";
    traced_run(hangs);
    traced_failed("nothing; the program waits", "the check's cause");
    assert_string_equal(found.section, section);
    const char *read = strstr(found.hang, "\nread: ");
    assert_non_null(read);

    section = strdup(read + strlen("\nread: ")); /* the same as the hang's */
    traced_run(hangs);
    assert_string_equal(found.section, section);
    assert_non_null(strstr(found.hang, "waits in recv"));
    assert_null(strstr(found.hang, "\nread: "));
    free((char *)section);
}

/* --- time ----------------------------------------------------------------- */

static void waits_for_it(void)
{
    check_limit(1);
    program_wait(program_start(PLAIN, NULL));
}

static void waits_for_nobody(void)
{
    check_limit(1);
    pump_until(NULL, NULL, -1, 0, pump_clock_ns() + 2 * SECOND_NS);
}

static void test_a_check_that_takes_too_long(void **state)
{
    (void)state;
    traced_run(waits_for_it);
    traced_failed("longer than 1 s, and claims still runs", NULL);
    traced_run(waits_for_nobody);
    traced_passed();
}

/* --- answers -------------------------------------------------------------- */

static const char *answers;

static void reads_answers(void)
{
    static char path[] = "/tmp/answers-XXXXXX";
    const int fd = mkstemp(path);
    if (fd == -1 || base_slice_write(fd, base_slice_of(answers)) != 0)
        check_error("no file");
    close(fd);
    setting.answers = path;
    const long long one = answer_number("one");
    const char *two = answer_word("two");
    unlink(path);
    check_equal("one", 1, one);
    check_that(strcmp(two, "yes") == 0, "yes", bytes_escape(two, strlen(two)));
}

static void test_answers_with_any_line_end(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "one = 1\ntwo = yes\n", "# both\none=1\n\ntwo=yes # is it?",
        "one = 1\r\n\r\ntwo = yes\r\n", "one = 1 # so\r\ntwo = yes\r"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        answers = texts[i];
        traced_run(reads_answers);
        traced_passed();
    }
}

static int setup(void **state)
{
    traced_setup(state);
    traced_compile("claims");
    traced_compile("echo");
    traced_shell("cp -r %s/plain %s/given", traced_work, traced_work);
    setting.program = "claims";
    setting.patience_s = 1; /* they hang for good */
    return 0;
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_who_does_not_listen),
        cmocka_unit_test(test_the_start_is_to_blame),
        cmocka_unit_test(test_a_hang_overrides_nothing),
        cmocka_unit_test(test_a_check_that_takes_too_long),
        cmocka_unit_test(test_answers_with_any_line_end),
    };
    return cmocka_run_group_tests(all, setup, traced_teardown);
}
