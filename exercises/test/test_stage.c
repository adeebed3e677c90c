/*
 * test_stage.c - the scripted network and clock: time passes by jumps, each
 * fault strikes as its rule says, a correct server passes a storm, and the same
 * seed makes the same transcript, byte for byte.
 *
 * Read before: test_model.c, traced/echo.c.
 */
#include "traced.h"

#include "../check/stage.h"
#include "../check/trace.h"

#include <string.h>

/* Of traced/echo.c, for the next check. */
static const char *model = "epoll", *second, *third;

static struct program *serve(void)
{
    const char *const options[] = {model, second, third, NULL};
    return server_start(TRACED, options);
}

static void passes(void (*check)(void))
{
    traced_run(check);
    traced_passed();
}

static const char *const models[] = {"epoll", "edge", "poll", "select"};

static void passes_in_each(void (*check)(void))
{
    for (int i = 0; i < 4; i++) {
        model = models[i];
        passes(check);
    }
    model = "epoll";
}

/* --- turns and time ------------------------------------------------------- */

static void echoes(void)
{
    stage_open();
    struct program *server = serve();
    struct actor *anna = actor_connect(server, "anna");
    struct actor *ben = actor_connect(server, "ben");
    actor_send_text(ben, "one");
    actor_send_text(anna, "two");
    actor_expect_text(anna, "two");
    actor_expect_text(ben, "one");
    actor_expect_nothing(anna);
    actor_finish(anna);
    actor_expect_close(anna);
    actor_close(ben);
    stage_play(server);
    check_equal("time", 0, stage_now_ms());
}

static void test_actors_and_program_take_turns(void **state)
{
    (void)state;
    passes_in_each(echoes);
}

/* The grader ends a program after wall_s, so this takes no real 42 s. */
static void lets_the_silent_go(void)
{
    stage_open();
    struct program *server = serve();
    struct actor *anna = actor_connect(server, "anna");
    stage_play_ms(server, 12345);
    actor_send_text(anna, "hello");
    actor_expect_text(anna, "hello");
    stage_play_ms(server, 29999);
    actor_expect_nothing(anna);
    stage_play_ms(server, 1);
    actor_expect_close(anna);
    check_equal("time", 12345 + 30000, stage_now_ms());
}

static void test_thirty_seconds_pass_by_jumps(void **state)
{
    (void)state;
    const int wall_s = setting.limits.wall_s;
    second = "idle=30";
    setting.limits.wall_s = 40;
    passes_in_each(lets_the_silent_go);
    model = "polling"; /* it sees each time that the stage stops at */
    passes(lets_the_silent_go);
    setting.limits.wall_s = wall_s;
    model = "epoll";
    second = NULL;
}

static void waits_as_long_as_needed(void)
{
    stage_open();
    struct program *server = serve();
    struct actor *anna = actor_connect(server, "anna");
    actor_expect_close(anna);
    check_equal("time", 9000, stage_now_ms());
}

static void test_an_expectation_lets_time_pass(void **state)
{
    (void)state;
    second = "idle=9";
    passes_in_each(waits_as_long_as_needed);
    second = "idle=11";
    traced_run(waits_as_long_as_needed);
    traced_failed("it is still open;\nten seconds went by", NULL);
    second = NULL;
}

static void clocks(void)
{
    const char *const option[] = {"clocks", NULL};
    stage_open();
    struct program *p = program_start_named(TRACED, "times", option);
    stage_play_ms(p, 0);
    program_expect_said(p, "monotonic 1000.000 date 2026-01-01 12:00:00 "
                           "1767268800 1767268800.000000\n");
    stage_play_ms(p, 86400000);
    program_expect_said(p, "monotonic 87400.000 date 2026-01-02 12:00:00 "
                           "1767355200 1767355200.000000\n");
    program_expect_exit(p, 0);
}

static void sleeps(void)
{
    const char *const option[] = {"sleeps", NULL};
    stage_open();
    struct program *p = program_start_named(TRACED, "times", option);
    stage_play_ms(p, 20000);
    program_expect_said(p, "nanosleep 1000\nuntil 3000\npoll 3250\n"
                           "select 3750 left 0\n");
    check_equal("time", 20000, stage_now_ms());
    program_expect_exit(p, 0);
}

static void select_tells(void)
{
    const char *const option[] = {"left", NULL};
    stage_open();
    struct program *p = program_start_named(TRACED, "times", option);
    stage_play_ms(p, 400);
    program_type(p, "x");
    stage_play(p);
    program_expect_said(p, "left 600\n");
}

/* In the kernel's words; and no time passes that nobody has asked for. */
static void bad_times(void)
{
    const char *const option[] = {"refused", NULL};
    stage_open();
    struct program *p = program_start_named(TRACED, "times", option);
    stage_play_ms(p, 1500);
    for (int i = 0; i < 12; i++)
        program_expect_said(p, "EINVAL\n");
    program_expect_said(p, "select 0 at 1500\n");
    program_expect_exit(p, 0);
}

static void test_clocks_and_sleeps_are_the_stages(void **state)
{
    (void)state;
    passes(clocks);
    passes(sleeps);
    passes(select_tells);
    passes(bad_times);
}

static void stops(void)
{
    stage_open();
    struct program *server = serve();
    (void)actor_connect(server, "anna");
    stage_play(server);
    program_stop(server);
}

static void interrupted(void)
{
    const char *const option[] = {"signal", NULL};
    stage_open();
    struct program *p = program_start_named(TRACED, "times", option);
    stage_play(p);
    kill(program_pid(p), SIGUSR1);
    stage_play(p);
    program_expect_said(p, "EINTR 1\n");
    program_expect_exit(p, 0);
}

static void test_signals_end_a_wait(void **state)
{
    (void)state;
    passes_in_each(stops);
    passes(interrupted);
}

/* --- programs that connect ------------------------------------------------ */

static void calls_back(void)
{
    stage_open();
    struct actor *site = actor_listen("site");
    const char *const options[] = {"connect",
                                   check_text("%d", actor_port(site)), NULL};
    struct program *p = program_start_named(TRACED, "times", options);
    struct actor *first = actor_accept(p, site, "first");
    struct actor *other = actor_accept(p, site, "other");
    actor_expect_text(first, "1");
    actor_expect_text(other, "2");
    stage_play_ms(p, 500);
    actor_send_text(other, "b");
    actor_close(first);
    stage_play(p);
    program_expect_said(p, "2 at 500\n1 closed at 500\n");
    actor_close(other);
    stage_play(p);
    program_expect_exit(p, 0);
}

static void test_clients_are_served(void **state)
{
    (void)state;
    passes(calls_back);
}

/* --- hangs ---------------------------------------------------------------- */

static void hangs(void)
{
    stage_open();
    struct program *server = serve();
    struct actor *anna = actor_connect(server, "anna");
    actor_send_text(anna, "one");
    actor_expect_text(anna, "one");
    actor_expect_text(anna, "two");
}

static void test_a_hang_is_told_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        model = models[i];
        traced_run(hangs);
        assert_int_equal(found.outcome, OUTCOME_FAILED);
        assert_non_null(strstr(found.expected, "anna receives 3 bytes"));
        assert_non_null(found.hang);
        assert_non_null(
            strstr(found.hang, model[0] == 'e' ? "epoll_wait" : model));
        assert_non_null(strstr(found.did, "at 0.000 s: anna sends 3 bytes"));
    }
    model = "epoll";
}

/* --- faults --------------------------------------------------------------- */

static struct stage_rule rule;

/* Anna's bytes come back, and the rule has struck. */
static void with_rule(void)
{
    stage_open();
    stage_rule(rule);
    struct program *server = serve();
    struct actor *anna = actor_connect(server, "anna");
    struct actor *ben = actor_connect(server, "ben");
    actor_send_text(ben, "abcdefghij");
    actor_send_text(anna, "0123456789");
    actor_expect_text(anna, "0123456789");
    actor_expect_text(ben, "abcdefghij");
    check_that(stage_faults() > 0, "faults", "none");
    check_note("%s", trace_table(server));
    check_note("%s", stage_transcript());
}

static void survives(struct stage_rule r)
{
    rule = r;
    passes_in_each(with_rule);
}

/* How often `line` stands in the transcript of the last check. */
static int times_told(const char *line)
{
    int n = 0;
    for (const char *at = found.note; (at = strstr(at, line)) != NULL; at++)
        n++;
    return n;
}

static void test_short_reads_and_writes(void **state)
{
    (void)state;
    survives((struct stage_rule){.calls = "send", .fault = FAULT_SHORT});
    assert_int_equal(times_told("sendto(anna) = 1"), 10);
    survives((struct stage_rule){
        .calls = "receive", .fault = FAULT_SHORT, .bytes = 3});
    assert_int_equal(times_told("recvfrom(anna) = 3, by the stage"), 3);
    assert_int_equal(times_told("recvfrom(anna) = 1\n"), 1);
    survives((struct stage_rule){.calls = "receive",
                                 .who = "ben",
                                 .fault = FAULT_SHORT,
                                 .bytes = 4,
                                 .nth = 1});
    assert_int_equal(times_told("by the stage"), 1);
}

static void test_errors_that_pass(void **state)
{
    (void)state;
    survives((struct stage_rule){
        .calls = "wait", .fault = FAULT_ERROR, .error = EINTR, .nth = 1});
    assert_int_equal(times_told("fails: EINTR"), 1);
    survives((struct stage_rule){
        .calls = "wait", .fault = FAULT_ERROR, .error = EINTR, .percent = 50});
    survives((struct stage_rule){
        .calls = "receive", .fault = FAULT_ERROR, .error = EAGAIN, .times = 5});
    assert_int_equal(times_told("fails: EAGAIN, by the stage"), 5);
    survives((struct stage_rule){
        .calls = "send", .fault = FAULT_ERROR, .error = EAGAIN, .times = 2});
    survives((struct stage_rule){.calls = "accept4",
                                 .fault = FAULT_ERROR,
                                 .error = ECONNABORTED,
                                 .times = 3});
    survives((struct stage_rule){.calls = "accept",
                                 .who = "listener",
                                 .fault = FAULT_ERROR,
                                 .error = EMFILE,
                                 .nth = 1});
}

static void test_readiness_that_changes(void **state)
{
    (void)state;
    survives((struct stage_rule){.calls = "wait", .fault = FAULT_PART});
    survives((struct stage_rule){
        .calls = "wait", .fault = FAULT_SPURIOUS, .times = 7});
    model = "epoll";
    rule = (struct stage_rule){.calls = "wait", .fault = FAULT_SHUFFLE};
    passes(with_rule);
}

static void reset(void)
{
    stage_open();
    stage_rule((struct stage_rule){.calls = "receive",
                                   .who = "anna",
                                   .fault = FAULT_ERROR,
                                   .error = ECONNRESET});
    struct program *server = serve();
    struct actor *anna = actor_connect(server, "anna");
    struct actor *ben = actor_connect(server, "ben");
    actor_send_text(anna, "x");
    actor_send_text(ben, "x");
    actor_expect_text(ben, "x");
    actor_expect_close(anna);
}

static void really_reset(void)
{
    stage_open();
    struct program *server = serve();
    struct actor *anna = actor_connect(server, "anna");
    struct actor *ben = actor_connect(server, "ben");
    actor_send_text(anna, "x");
    actor_reset(anna);
    actor_send_text(ben, "x");
    actor_expect_text(ben, "x");
    check_equal("descriptors", 8, program_descriptors(server));
    check_that(strstr(stage_transcript(), "fails: ECONNRESET") != NULL,
               "ECONNRESET", stage_transcript());
}

static void test_a_reset_ends_one_connection(void **state)
{
    (void)state;
    traced_run(reset);
    /* The program closes with a byte unread, which is a reset for anna. */
    traced_failed("the connection is reset", NULL);
    passes_in_each(really_reset);
}

/* --- what would be unfair ------------------------------------------------- */

static void with_rule_alone(void)
{
    stage_open();
    stage_rule(rule);
}

static void is_refused(struct stage_rule r)
{
    rule = r;
    traced_run(with_rule_alone);
    assert_int_equal(found.outcome, OUTCOME_ERROR);
    assert_non_null(strstr(found.came, "this never happens to"));
}

static void test_what_no_page_allows_is_refused(void **state)
{
    (void)state;
    is_refused((struct stage_rule){
        .calls = "receive", .fault = FAULT_ERROR, .error = EMFILE});
    is_refused((struct stage_rule){
        .calls = "wait", .fault = FAULT_ERROR, .error = EAGAIN});
    is_refused((struct stage_rule){
        .calls = "accept receive", .fault = FAULT_ERROR, .error = ECONNRESET});
    is_refused((struct stage_rule){.calls = "wait", .fault = FAULT_SHORT});
    is_refused((struct stage_rule){.calls = "recvmsg", .fault = FAULT_SHORT});
    is_refused((struct stage_rule){.calls = "send", .fault = FAULT_SHUFFLE});
}

static void blocking_descriptor(void)
{
    stage_open();
    stage_rule((struct stage_rule){
        .calls = "receive", .fault = FAULT_ERROR, .error = EAGAIN});
    struct program *server = serve();
    struct actor *anna = actor_connect(server, "anna");
    actor_send_text(anna, "x");
    actor_expect_text(anna, "x");
    check_equal("faults", 0, stage_faults());
}

static void test_no_eagain_where_calls_block(void **state)
{
    (void)state;
    second = "blocks";
    passes(blocking_descriptor);
    model = "blocking"; /* which sleeps in the kernel, also on the stage */
    second = NULL;
    passes(blocking_descriptor);
    model = "epoll";
}

/* --- storms, and the same again ------------------------------------------- */

static int percent;

static void storm(void)
{
    enum { ACTORS = 4, ROUNDS = 4, LEN = 300 };
    struct actor *actors[ACTORS];
    char texts[ACTORS][LEN];
    stage_open();
    stage_storm(percent);
    struct program *server = serve();
    for (int i = 0; i < ACTORS; i++)
        actors[i] = actor_connect(server, check_text("actor %d", i));
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < ACTORS; i++) {
            check_random_text(texts[i], LEN);
            actor_send(actors[i], texts[i], LEN);
        }
        for (int i = 0; i < ACTORS; i++)
            actor_expect(actors[i], texts[i], LEN);
        stage_play_ms(server, 700);
    }
    actor_expect_close(actors[0]);
    check_that(stage_faults() > 10, "more than 10 faults", "fewer");
    check_note("%s", stage_transcript());
}

static void test_correct_programs_pass_storms(void **state)
{
    (void)state;
    second = "idle=5";
    for (int seed = 1; seed <= 6; seed++) {
        percent = seed * 10;
        setting.seed = seed;
        passes_in_each(storm);
    }
    setting.seed = 1;
    second = NULL;
}

static void test_same_seed_same_transcript(void **state)
{
    (void)state;
    percent = 30;
    second = "idle=5";
    for (int i = 0; i < 4; i++) {
        model = models[i];
        passes(storm);
        char *first = strdup(found.note);
        const int runs = i < 2 ? 20 : 5;
        for (int again = 1; again < runs; again++) {
            passes(storm);
            assert_string_equal(found.note, first);
        }
        setting.seed = 2;
        passes(storm);
        assert_string_not_equal(found.note, first);
        setting.seed = 1;
        free(first);
    }
    model = "epoll";
    second = NULL;
}

/* A program that takes a short read for the end of what there is, and so on,
 * is found out by a storm. */
static void test_storms_find_what_is_wrong(void **state)
{
    (void)state;
    static const char *const flaws[] = {"once", "whole", "fatal"};
    percent = 30;
    for (int i = 0; i < 3; i++) {
        second = flaws[i];
        third = "idle=5";
        traced_run(storm);
        if (found.outcome != OUTCOME_FAILED)
            fail_msg("%s: %s", flaws[i], outcome_name(found.outcome));
    }
    second = third = NULL;
}

static void random_bytes(void)
{
    const char *const option[] = {"random", NULL};
    stage_open();
    struct program *p = program_start_named(TRACED, "times", option);
    stage_play(p);
    program_expect_exit(p, 0);
    check_note("%s", program_said(p));
}

static void test_chance_is_of_the_seed(void **state)
{
    (void)state;
    passes(random_bytes);
    char *first = strdup(found.note);
    passes(random_bytes);
    assert_string_equal(found.note, first);
    setting.seed = 2;
    passes(random_bytes);
    assert_string_not_equal(found.note, first);
    setting.seed = 1;
    free(first);
}

static int setup(void **state)
{
    traced_setup(state);
    traced_compile("echo");
    traced_compile("times");
    return 0;
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_actors_and_program_take_turns),
        cmocka_unit_test(test_thirty_seconds_pass_by_jumps),
        cmocka_unit_test(test_an_expectation_lets_time_pass),
        cmocka_unit_test(test_clocks_and_sleeps_are_the_stages),
        cmocka_unit_test(test_signals_end_a_wait),
        cmocka_unit_test(test_clients_are_served),
        cmocka_unit_test(test_a_hang_is_told_at_once),
        cmocka_unit_test(test_short_reads_and_writes),
        cmocka_unit_test(test_errors_that_pass),
        cmocka_unit_test(test_readiness_that_changes),
        cmocka_unit_test(test_a_reset_ends_one_connection),
        cmocka_unit_test(test_what_no_page_allows_is_refused),
        cmocka_unit_test(test_no_eagain_where_calls_block),
        cmocka_unit_test(test_correct_programs_pass_storms),
        cmocka_unit_test(test_same_seed_same_transcript),
        cmocka_unit_test(test_storms_find_what_is_wrong),
        cmocka_unit_test(test_chance_is_of_the_seed),
    };
    return cmocka_run_group_tests(all, setup, traced_teardown);
}
