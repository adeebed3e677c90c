/*
 * test_core_clock.c - clocks that jump. The loop's clock never does, so a fake
 * one is used: backwards it only delays, forwards it makes things due, and
 * input and output go on meanwhile.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <unistd.h>

static int64_t fake_ns;

static int64_t fake_clock(void *arg)
{
    (void)arg;
    return fake_ns;
}

/* Like `loop`, but with a clock that stands still. */
static struct loop *with_fake_clock(const struct loop *loop)
{
    const struct loop_options options = {.backend = loop_backend(loop),
                                         .clock_ns = fake_clock};
    struct loop *faked;
    fake_ns = 1000 * LOOP_SECOND;
    assert_int_equal(loop_new(&faked, &options), 0);
    return faked;
}

static char calls[64];

static void note(struct loop_timer *t)
{
    assert_true(strlen(calls) < sizeof calls - 1);
    strcat(calls, t->arg);
}

static void after(struct loop *loop, struct loop_timer *t, int64_t s,
                  char *letter)
{
    loop_timer_start(loop, t, loop_now(loop) + s * LOOP_SECOND, note, letter);
}

static void a_jump_forwards_makes_all_due_in_order(struct loop *loop)
{
    struct loop *faked = with_fake_clock(loop);
    struct loop_timer a = {0}, b = {0}, c = {0}, d = {0};
    const int64_t day = 86400, year = 365 * day;
    *calls = '\0';
    after(faked, &a, 2 * day, "a");
    after(faked, &b, 1, "b");
    after(faked, &c, 3600, "c");
    after(faked, &d, 200 * year, "d");
    seen_passes(faked, 2);
    assert_string_equal(calls, "");
    fake_ns += day * LOOP_SECOND;
    seen_passes(faked, 2);
    assert_string_equal(calls, "bc");
    fake_ns += 100 * year * LOOP_SECOND;
    seen_passes(faked, 2);
    assert_string_equal(calls, "bca");
    fake_ns += 100 * year * LOOP_SECOND;
    seen_passes(faked, 2);
    assert_string_equal(calls, "bcad");
    loop_free(faked);
}

static void a_jump_backwards_delays(struct loop *loop)
{
    struct loop *faked = with_fake_clock(loop);
    struct loop_timer a = {0}, b = {0};
    *calls = '\0';
    after(faked, &a, 1, "a");
    fake_ns -= 900 * LOOP_SECOND;
    seen_passes(faked, 2);
    after(faked, &b, 1000, "b");
    fake_ns += 900 * LOOP_SECOND;
    seen_passes(faked, 2);
    assert_string_equal(calls, "");
    fake_ns += LOOP_SECOND;
    seen_passes(faked, 2);
    assert_string_equal(calls, "a");
    fake_ns += 99 * LOOP_SECOND;
    seen_passes(faked, 2);
    assert_string_equal(calls, "ab"); /* once, and not early */
    loop_free(faked);
}

static void on_beat(struct loop_periodic *p)
{
    ++*(int *)p->arg;
}

/* What a jump has skipped is not made up for. */
static void a_beat_survives_jumps(struct loop *loop)
{
    struct loop *faked = with_fake_clock(loop);
    struct loop_periodic p = {0};
    int beats = 0;
    loop_periodic_start(faked, &p, LOOP_SECOND, 0, on_beat, &beats);
    fake_ns += 1000000 * LOOP_SECOND;
    seen_passes(faked, 3);
    assert_int_equal(beats, 1);
    fake_ns += LOOP_SECOND;
    seen_passes(faked, 3);
    assert_int_equal(beats, 2);
    fake_ns -= 500000 * LOOP_SECOND;
    seen_passes(faked, 3);
    assert_int_equal(beats, 2);
    fake_ns += 500001 * LOOP_SECOND;
    seen_passes(faked, 3);
    assert_int_equal(beats, 3);
    loop_periodic_stop(&p);
    loop_free(faked);
}

static void jump_and_back(struct seen *s, ssize_t result)
{
    int64_t *jump_ns = s->arg;
    if (result > 0)
        fake_ns += *jump_ns;
}

static void bytes_come_whatever_the_clock_says(struct loop *loop)
{
    struct loop *faked = with_fake_clock(loop);
    int64_t jumps[] = {-999 * LOOP_SECOND, 1000000 * LOOP_SECOND,
                       -1000000 * LOOP_SECOND};
    int pair[2];
    each_pair(pair);
    for (int i = 0; i < 3; i++) {
        struct seen s = {.then = jump_and_back, .arg = &jumps[i]};
        char byte;
        seen_pattern(&byte, 1, 0);
        assert_int_equal(loop_recv(faked, &s.op, pair[0], seen_note, NULL), 0);
        assert_int_equal(write(pair[1], &byte, 1), 1);
        while (s.bytes == 0)
            assert_true(loop_run_once(faked, LOOP_NEVER) >= 0);
        loop_cancel(&s.op);
        while (s.last == 0)
            assert_true(loop_run_once(faked, LOOP_NEVER) >= 0);
    }
    loop_close(faked, pair[0]);
    loop_close(faked, pair[1]);
    loop_free(faked);
}

static void jump(struct loop_call *c)
{
    fake_ns += *(int64_t *)c->arg;
}

static void a_jump_may_end_a_run(struct loop *loop)
{
    struct loop *faked = with_fake_clock(loop);
    struct loop_call call = {0};
    int64_t far = 1000000 * LOOP_SECOND;
    loop_defer(faked, &call, jump, &far);
    assert_int_equal(loop_run_until(faked, fake_ns + LOOP_SECOND), -ETIMEDOUT);
    loop_free(faked);
}

/* Sleeps of centuries are what the kernel makes of them, not an error. */
static void the_longest_sleep_is_ended_by_an_event(struct loop *loop)
{
    struct loop_timer t = {0};
    struct seen s = {0};
    int pair[2];
    char byte;
    each_pair(pair);
    seen_pattern(&byte, 1, 0);
    loop_timer_start(loop, &t, LOOP_NEVER - LOOP_SECOND, note, "x");
    loop_recv(loop, &s.op, pair[0], seen_note, NULL);
    assert_int_equal(write(pair[1], &byte, 1), 1);
    const uint64_t passes = loop_stats(loop)->passes;
    while (s.bytes == 0)
        loop_run_once(loop, LOOP_NEVER - 1);
    assert_true(loop_stats(loop)->passes - passes < 5);
    loop_timer_stop(&t);
    loop_close(loop, pair[0]);
    loop_close(loop, pair[1]);
    seen_until_last(loop, &s);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_jump_forwards_makes_all_due_in_order),
        EACH(a_jump_backwards_delays),
        EACH(a_beat_survives_jumps),
        EACH(bytes_come_whatever_the_clock_says),
        EACH(a_jump_may_end_a_run),
        EACH(the_longest_sleep_is_ended_by_an_event),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
