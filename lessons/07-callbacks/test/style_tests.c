/*
 * style_tests.c - tests of the four styles, of the login and of contexts; a
 * part of test.c, which includes it.
 */
/* NOLINTBEGIN(bugprone-suspicious-include): to be built without parts.a */
#include "../context.c"
#include "../flow.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include "../../common/test/client.h"
#include "../../common/test/harness.h"

#include <string.h>

static void four_styles_have_one_output(void **state)
{
    (void)state;
    static const char *const styles[] = {
        "lessons/07-callbacks/style_callback",
        "lessons/07-callbacks/style_placeholder",
        "lessons/07-callbacks/style_queue",
        "lessons/07-callbacks/style_registry",
    };
    for (int i = 0; i < 4; i++) {
        struct proc p;
        assert_int_equal(
            run_program(&p, (const char *[]){styles[i], NULL}, 10000), 0);
        assert_string_equal(p.said, "3*3 + 4*4 = 25\n");
    }
}

static void the_login_fails_in_three_styles(void **state)
{
    (void)state;
    static const char *const stack[] = {"send_code", "check_password",
                                        "find_user", "ask_name", "login"};
    struct flow_seen seen;
    assert_int_equal(flow_run(FLOW_STRAIGHT, -EHOSTUNREACH, &seen), 0);
    assert_int_equal(seen.ours, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(seen.names[i], stack[i]);
    assert_int_equal(seen.told, -EHOSTUNREACH);
    assert_int_equal(seen.undone, 3);

    assert_int_equal(flow_run(FLOW_CALLBACKS, -EHOSTUNREACH, &seen), 0);
    assert_int_equal(seen.ours, 1);
    assert_string_equal(seen.names[0], "send_code");
    assert_int_equal(seen.told, 0);

    assert_int_equal(flow_run(FLOW_CONTEXT, -EHOSTUNREACH, &seen), 0);
    assert_int_equal(seen.ours, 1);
    assert_int_equal(seen.told, -EHOSTUNREACH);
    assert_false(seen.open);
}

static void the_login_succeeds_in_three_styles(void **state)
{
    (void)state;
    for (enum flow_style style = 0; style < FLOW_STYLES; style++) {
        struct flow_seen seen;
        assert_int_equal(flow_run(style, 0, &seen), 0);
        assert_true(seen.open);
        assert_int_equal(seen.told, 0);
        assert_int_equal(seen.undone, 0);
    }
}

static void tear_tells_the_three(void **state)
{
    (void)state;
    struct proc p;
    const char *const args[] = {"lessons/07-callbacks/tear", NULL};
    assert_int_equal(run_program(&p, args, 10000), 0);
    assert_non_null(
        strstr(p.said, "straight   frames of ours: 5: send_code <"));
    assert_non_null(strstr(p.said, "callbacks  frames of ours: 1: send_code\n"
                                   "           nobody was told"));
    assert_non_null(strstr(p.said, "context    frames of ours: 1: send_code\n"
                                   "           login was told: "));
}

/* --- contexts ------------------------------------------------------------- */

static int heard[2]; /* by the outer and the inner context: the last error */
static bool inner_takes;

static bool outer_hears(void *arg, int error)
{
    (void)arg;
    heard[0] = error;
    return true;
}

static bool inner_hears(void *arg, int error)
{
    (void)arg;
    heard[1] = error;
    return inner_takes;
}

static void fail_now(void *arg)
{
    const int *error = arg;
    context_fail(*error);
}

struct chain {
    struct miniloop *loop;
    struct context_call first, second;
    int error;
};

static void defer_second(void *arg)
{
    struct chain *c = arg;
    context_timer(c->loop, &c->second, 0);
}

static void stop_loop(void *arg)
{
    mini_stop(arg);
}

static void run_a_little(struct miniloop *l)
{
    struct timer last = {.call = {.function = stop_loop, .arg = l}};
    mini_timer_start(l, &last, 1);
    assert_int_equal(mini_run(l), 0);
}

/* Through a deferred call and a timer: both take the context along. */
static void an_error_reaches_the_context_of_its_start(void **state)
{
    (void)state;
    struct miniloop l;
    assert_int_equal(mini_init(&l), 0);
    struct context outer = {.on_error = outer_hears};
    struct context inner = {.on_error = inner_hears};
    struct chain chain = {.loop = &l, .error = -7};
    chain.first =
        (struct context_call){.function = defer_second, .arg = &chain};
    chain.second =
        (struct context_call){.function = fail_now, .arg = &chain.error};
    for (int i = 0; i < 2; i++) {
        inner_takes = i == 0;
        heard[0] = heard[1] = 0;
        context_enter(&outer);
        context_enter(&inner);
        context_defer(&l, &chain.first);
        context_leave(&inner);
        context_leave(&outer);
        assert_null(context_now());
        run_a_little(&l);
        assert_int_equal(heard[1], -7);
        assert_int_equal(heard[0], i == 0 ? 0 : -7); /* passed on outwards */
        assert_null(context_now()); /* and nothing has leaked out */
    }
    mini_fini(&l);
}

/* What was started outside hears nothing; without a context it is lost. */
static void a_context_is_not_that_of_others(void **state)
{
    (void)state;
    struct miniloop l;
    assert_int_equal(mini_init(&l), 0);
    struct context outer = {.on_error = outer_hears};
    int error = -9;
    struct context_call before = {.function = fail_now, .arg = &error};
    struct context_call after = before;
    heard[0] = 0;
    context_defer(&l, &before);
    context_enter(&outer);
    context_leave(&outer);
    context_defer(&l, &after);
    run_a_little(&l);
    assert_int_equal(heard[0], 0);
    assert_false(context_fail(-9));
    mini_fini(&l);
}

static const struct CMUnitTest style_tests[] = {
    cmocka_unit_test(four_styles_have_one_output),
    cmocka_unit_test(the_login_fails_in_three_styles),
    cmocka_unit_test(the_login_succeeds_in_three_styles),
    cmocka_unit_test(tear_tells_the_three),
    cmocka_unit_test(an_error_reaches_the_context_of_its_start),
    cmocka_unit_test(a_context_is_not_that_of_others),
};

enum { STYLE_TESTS = sizeof style_tests / sizeof style_tests[0] };
