/*
 * test_check.c - whose fault it is: of a server that does not listen, of a
 * check that takes too long; and answers with the line ends of other editors.
 *
 * Rests on: traced/claims.c.
 */
#include "traced.h"

#include "../check/pump.h"

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
    traced_shell("cp -r %s/plain %s/given", traced_work, traced_work);
    setting.program = "claims";
    return 0;
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_who_does_not_listen),
        cmocka_unit_test(test_a_check_that_takes_too_long),
        cmocka_unit_test(test_answers_with_any_line_end),
    };
    return cmocka_run_group_tests(all, setup, traced_teardown);
}
