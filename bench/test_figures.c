/*
 * test_figures.c - medians, spreads and ratios are right; sentences say what
 * the data says, and the opposite when it does.
 */
#include "figures.h"
#include "fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fixture fixture;
static struct results results;
static struct problem problem;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    results_free(&results);
    fixture_fini(&fixture);
    return 0;
}

static int load(const char *name)
{
    return results_load(&results, fixture_path(&fixture, name), &problem);
}

/* Writes "results.tsv" with rows of rate for two servers, a value a round. */
static void two_servers(const double *select, const double *epoll, int n)
{
    FILE *out = fixture_open(&fixture, "results.tsv");
    fixture_rounds(out, "connections\t03-select\tkeep-alive\t64", "rate",
                   select, n);
    fixture_rounds(out, "connections\t05-epoll/edge\tkeep-alive\t64", "rate",
                   epoll, n);
    fclose(out);
    assert_int_equal(load("results.tsv"), 0);
}

static void assert_near(double a, double b)
{
    if (fabs(a - b) > 1e-9 * fabs(b) + 1e-12)
        fail_msg("%.12g is not %.12g", a, b);
}

static void assert_says(const char *sentence, const char *part)
{
    if (strstr(sentence, part) == NULL)
        fail_msg("'%s' does not say '%s'", sentence, part);
}

/* --- medians and spreads ------------------------------------------------- */

static void median_is_the_middle(void **state)
{
    (void)state;
    double odd[] = {5, 1, 3}, even[] = {4, 1, 3, 2};
    assert_near(series_quantile(odd, 3, 0.5), 3);
    assert_near(series_quantile(even, 4, 0.5), 2.5);
    assert_true(isnan(series_quantile(odd, 0, 0.5)));
}

static void spread_is_all_rounds_when_few(void **state)
{
    (void)state;
    double values[] = {8, 7, 6, 5, 4, 3, 2, 1};
    struct point p = {.x = 0};
    series_summary(&p, values, 8);
    assert_int_equal(p.rounds, 8);
    assert_near(p.low, 1);
    assert_near(p.high, 8);
}

static void spread_is_the_middle_half_when_many(void **state)
{
    (void)state;
    double values[] = {100, 8, 7, 6, 5, 4, 3, 2, -50};
    struct point p = {.x = 0};
    series_summary(&p, values, 9);
    assert_near(p.median, 5);
    assert_near(p.low, 3);
    assert_near(p.high, 7);
}

static void ratio_is_taken_within_each_round(void **state)
{
    (void)state;
    /* Ratio of the medians: 300 / 200 = 1.5. Median of the ratios: 2. */
    FILE *out = fixture_open(&fixture, "results.tsv");
    fixture_rounds(out, "connections\tfloor\tkeep-alive\t64", "rate",
                   (const double[]){100, 200, 600}, 3);
    fixture_rounds(out, "connections\t04-poll\tkeep-alive\t64", "rate",
                   (const double[]){200, 400, 300}, 3);
    fclose(out);
    assert_int_equal(load("results.tsv"), 0);
    const struct query query = {"connections", "04-poll", "keep-alive",
                                "rate",        "floor",   NULL};
    const struct point p = series_point(&results, &query, 64);
    assert_int_equal(p.rounds, 3);
    assert_near(p.median, 2);
    assert_near(p.low, 0.5);
}

static void ratio_without_the_other_is_missing(void **state)
{
    (void)state;
    two_servers((const double[]){1}, (const double[]){2}, 1);
    const struct query query = {"connections", "03-select", "keep-alive",
                                "rate",        "floor",     NULL};
    assert_int_equal(series_point(&results, &query, 64).rounds, 0);
}

/* --- starved and missing points ------------------------------------------ */

static void starved_when_some_got_no_answer(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(load("connections.tsv"), 0);
    struct query query = {"connections", "01-blocking/iterative",
                          "keep-alive",  "rate",
                          NULL,          NULL};
    const struct point starved = series_point(&results, &query, 64);
    assert_true(starved.starved);
    assert_near(starved.answered, 1);
    query.server = "05-epoll/edge";
    assert_false(series_point(&results, &query, 64).starved);
}

static void idle_connections_are_not_asked(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(load("idle.tsv"), 0);
    const struct query query = {
        "idle", "05-epoll/edge", "keep-alive", "rate", NULL, NULL};
    const struct point p = series_point(&results, &query, 9000);
    assert_near(p.asked, ACTIVE_IDLE);
    assert_false(p.starved);
}

static void failed_point_is_missing_with_its_reason(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(load("connections.tsv"), 0);
    const struct query query = {"connections", "03-select", "keep-alive",
                                "rate",        NULL,        NULL};
    struct series series;
    series_load(&series, &results, &query);
    const struct point *p = series_at(&series, 4096);
    assert_non_null(p);
    assert_int_equal(p->rounds, 0);
    assert_int_equal(p->failed, 1);
    assert_true(isnan(p->median));
    assert_string_equal(p->reason, "FD_SETSIZE <1024> & more");
    assert_near(series_last(&series)->x, 512);
    assert_says(figures_missing(&results, &topic_throughput, NULL).text,
                "select from 4,096 on (FD_SETSIZE");
}

static void starved_server_is_not_the_best(void **state)
{
    (void)state;
    FILE *out = fixture_open(&fixture, "results.tsv");
    fputs(
        "connections\t01-blocking/iterative\tkeep-alive\t64\trate\t900\tr\t1\n"
        "connections\t01-blocking/"
        "iterative\tkeep-alive\t64\tanswered\t1\tc\t1\n"
        "connections\t01-blocking/fork\tkeep-alive\t64\trate\t500\tr\t1\n"
        "connections\t01-blocking/fork\tkeep-alive\t64\tanswered\t64\tc\t1\n",
        out);
    fclose(out);
    assert_int_equal(load("results.tsv"), 0);
    const struct words said =
        figures_sentence(&results, &topic_throughput, "01-blocking");
    assert_says(said.text, "blocking/fork answers 500 requests/s");
    assert_says(said.text, "blocking/iterative leaves 63 of 64");
}

/* --- sentences ----------------------------------------------------------- */

static const double slow[] = {100, 110, 90, 105, 95};
static const double fast[] = {150, 165, 135, 157.5, 142.5};

static void sentence_tells_who_is_ahead(void **state)
{
    (void)state;
    two_servers(slow, fast, 5);
    assert_says(figures_sentence(&results, &topic_throughput, "05-epoll").text,
                "answers 150 requests/s, 1.50 times as many as select");
}

static void sentence_flips_when_the_data_flips(void **state)
{
    (void)state;
    two_servers(fast, slow, 5);
    assert_says(figures_sentence(&results, &topic_throughput, "05-epoll").text,
                "answers 100 requests/s, only 0.67 times as many as select");
}

static void differences_inside_the_spread_count_as_equal(void **state)
{
    (void)state;
    /* Ahead by half in the median, but behind in one round. */
    two_servers(slow, (const double[]){150, 165, 80, 157, 142}, 5);
    assert_says(figures_sentence(&results, &topic_throughput, "05-epoll").text,
                "as many as select within the spread");
}

static void few_rounds_need_a_clear_difference(void **state)
{
    (void)state;
    const struct point near = {.rounds = 3, .low = 1.04, .high = 1.2};
    const struct point clear = {.rounds = 3, .low = 1.2, .high = 1.4};
    const struct point enough = {.rounds = 5, .low = 1.04, .high = 1.2};
    const struct point behind = {.rounds = 5, .low = 0.5, .high = 0.9};
    const struct point none = {.rounds = 0, .low = 2, .high = 3};
    assert_int_equal(figures_order(&near), EQUAL);
    assert_int_equal(figures_order(&clear), MORE);
    assert_int_equal(figures_order(&enough), MORE);
    assert_int_equal(figures_order(&behind), LESS);
    assert_int_equal(figures_order(&none), EQUAL);
}

static void put_walls(double first, double last)
{
    FILE *out = fixture_open(&fixture, "results.tsv");
    fixture_rounds(out, "fetch\t02-x\tall\t1", "wall", &first, 1);
    fixture_rounds(out, "fetch\t02-x\tall\t20", "wall", &last, 1);
    fclose(out);
    results_free(&results);
    assert_int_equal(load("results.tsv"), 0);
}

static void waiting_is_told_apart(void **state)
{
    (void)state;
    put_walls(0.1, 2.0);
    assert_says(figures_sentence(&results, &topic_fetch, "02-x").text,
                "they wait one after another");
    put_walls(0.1, 0.11);
    assert_says(figures_sentence(&results, &topic_fetch, "02-x").text,
                "all wait together");
    put_walls(0.1, 0.5);
    assert_says(figures_sentence(&results, &topic_fetch, "02-x").text,
                "about 4 wait at a time");
}

static void put_idle(double beside)
{
    const double alone[] = {100, 110, 90, 105, 95};
    double values[5];
    for (int i = 0; i < 5; i++)
        values[i] = alone[i] * beside;
    FILE *out = fixture_open(&fixture, "results.tsv");
    fixture_rounds(out, "idle\t04-poll\tkeep-alive\t0", "rate", alone, 5);
    fixture_rounds(out, "idle\t04-poll\tkeep-alive\t9000", "rate", values, 5);
    fclose(out);
    results_free(&results);
    assert_int_equal(load("results.tsv"), 0);
}

static void price_of_idle_connections_is_told(void **state)
{
    (void)state;
    put_idle(0.25);
    assert_says(figures_sentence(&results, &topic_idle, "04-poll").text,
                "from 100 to 25 requests/s: 0.25 of what it does");
    put_idle(1);
    assert_says(figures_sentence(&results, &topic_idle, "04-poll").text,
                "cost poll nothing that shows");
}

static void answer_holds_both_numbers(void **state)
{
    (void)state;
    fixture_course(&fixture);
    assert_int_equal(load("."), 0);
    const struct words answer = figures_answer(&results);
    assert_says(answer.text, "16 pages arrive in 0.1 s");
    assert_says(answer.text, "instead of 1.6 s with blocking");
    assert_says(answer.text, "beside 9,000 idle connections epoll/edge");
}

/* --- the loop ------------------------------------------------------------- */

static const struct topic *topic_of(const struct topic *const *topics,
                                    const char *name)
{
    for (int i = 0; topics[i] != NULL; i++)
        if (strcmp(topics[i]->name, name) == 0)
            return topics[i];
    fail_msg("no topic %s", name);
    return NULL;
}

static const struct topic *loop_topic(const char *name)
{
    return topic_of(topics_loop, name);
}

static void load_loop(double faster)
{
    fixture_loop(&fixture, faster);
    assert_int_equal(load("ring.tsv"), 0);
    assert_int_equal(load("timers.tsv"), 0);
    assert_int_equal(load("wakeup.tsv"), 0);
}

/* The loop is compared with the best of the others, not with its own poll. */
static void loop_is_compared_with_the_best_other(void **state)
{
    (void)state;
    load_loop(1.2);
    const struct words ring =
        figures_sentence(&results, loop_topic("ring-1"), NULL);
    assert_says(ring.text, "1.25 times a hand-written loop's with loop/epoll");
    assert_says(ring.text, "libev, takes 1.50 times");
    const struct words rate =
        figures_sentence(&results, loop_topic("wakeup-rate"), NULL);
    assert_says(rate.text, "2.5 million posts a second to loop/epoll");
}

static void loop_that_is_slower_is_said_to_be(void **state)
{
    (void)state;
    load_loop(0.5);
    const struct words timers =
        figures_sentence(&results, loop_topic("timers-cancel"), NULL);
    assert_says(timers.text, "takes 10 ns with loop/epoll");
    assert_says(timers.text, "libev, takes 5 ns");
}

static void loop_that_is_level_is_said_to_be(void **state)
{
    (void)state;
    load_loop(1);
    const struct words ring =
        figures_sentence(&results, loop_topic("ring-1"), NULL);
    assert_says(ring.text, "cost as much for an event, within the spread: 1.25 "
                           "and 1.25 times");
}

/* select is no gap of a plot that it takes no part in. */
static void who_takes_no_part_is_not_missing(void **state)
{
    (void)state;
    load_loop(1.2);
    assert_says(figures_missing(&results, loop_topic("ring-scan"), NULL).text,
                "loop/select (FD_SETSIZE)");
    assert_string_equal(
        figures_missing(&results, loop_topic("ring-1"), NULL).text, "");
}

/* --- coroutines ----------------------------------------------------------- */

static void load_co(double faster)
{
    fixture_co(&fixture, faster);
    assert_int_equal(load("switch.tsv"), 0);
    assert_int_equal(load("channel.tsv"), 0);
    assert_int_equal(load("memory.tsv"), 0);
}

static const char *co_sentence(const char *name)
{
    static struct words words;
    words = figures_sentence(&results, topic_of(topics_co, name), NULL);
    return words.text;
}

static void tasks_are_compared_with_the_best_other(void **state)
{
    (void)state;
    load_co(2);
    assert_says(co_sentence("switch-pair"), "takes 10 ns with loop/co");
    assert_says(co_sentence("switch-pair"), "20 ns with the best of the "
                                            "others, go");
    assert_says(co_sentence("switch-yield"), "takes 12 ns with loop/co");
    assert_says(co_sentence("switch-1000"), "With 1,000 tasks in turn a yield "
                                            "takes 16 ns with loop/co");
    assert_says(co_sentence("channel-0"), "a message takes 40 ns with");
    assert_says(co_sentence("channel-128"), "With 128 messages under way, one "
                                            "takes 20 ns with");
}

static void tasks_that_are_slower_are_said_to_be(void **state)
{
    (void)state;
    load_co(0.5);
    assert_says(co_sentence("switch-pair"), "takes 10 ns with loop/co, 5 ns "
                                            "with the best of the others, go");
}

static void tasks_that_are_level_are_said_to_be(void **state)
{
    (void)state;
    load_co(1);
    assert_says(co_sentence("switch-yield"),
                "as long with loop/co as with the best of the others, go, "
                "within the spread: 12 ns and 12 ns.");
}

/* Languages that move their stacks are a matter of their own. */
static void memory_is_compared_with_threads(void **state)
{
    (void)state;
    load_co(0.25);
    assert_says(co_sentence("memory-threads"), "Of 10,000 that wait");
    assert_says(co_sentence("memory-threads"), "with thread/futex");
    assert_says(co_sentence("memory-million"), "Of 1,000,000 tasks");
    assert_says(co_sentence("memory-million"), "with go");
}

static void capacity_0_is_a_point(void **state)
{
    (void)state;
    load_co(2);
    assert_says(
        figures_missing(&results, topic_of(topics_co, "channel-0"), NULL).text,
        "thread/pipe (a pipe holds at least one)");
    assert_string_equal(
        figures_missing(&results, topic_of(topics_co, "channel-128"), NULL)
            .text,
        "");
}

int main(void)
{
#define CASE(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(median_is_the_middle),
        CASE(spread_is_all_rounds_when_few),
        CASE(spread_is_the_middle_half_when_many),
        CASE(ratio_is_taken_within_each_round),
        CASE(ratio_without_the_other_is_missing),
        CASE(starved_when_some_got_no_answer),
        CASE(idle_connections_are_not_asked),
        CASE(failed_point_is_missing_with_its_reason),
        CASE(starved_server_is_not_the_best),
        CASE(sentence_tells_who_is_ahead),
        CASE(sentence_flips_when_the_data_flips),
        CASE(differences_inside_the_spread_count_as_equal),
        CASE(few_rounds_need_a_clear_difference),
        CASE(waiting_is_told_apart),
        CASE(price_of_idle_connections_is_told),
        CASE(answer_holds_both_numbers),
        CASE(loop_is_compared_with_the_best_other),
        CASE(loop_that_is_slower_is_said_to_be),
        CASE(loop_that_is_level_is_said_to_be),
        CASE(who_takes_no_part_is_not_missing),
        CASE(tasks_are_compared_with_the_best_other),
        CASE(tasks_that_are_slower_are_said_to_be),
        CASE(tasks_that_are_level_are_said_to_be),
        CASE(memory_is_compared_with_threads),
        CASE(capacity_0_is_a_point),
    };
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
