/*
 * test_base_buf.c - what goes in comes out, in order, up to the limit.
 *
 * Read before: base.h, buf. Read after: test_base_arena.c. Rests on: cmocka.
 */
#include "loop/base.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LIMIT = 1000 };

static void assert_holds(const struct base_buf *b, const char *text)
{
    const struct base_slice held = base_buf_slice(b);
    assert_int_equal(held.len, strlen(text));
    if (held.len > 0)
        assert_memory_equal(held.ptr, text, held.len);
}

static void test_takes_no_memory_before_the_first_byte(void **state)
{
    (void)state;
    struct base_buf b;
    base_buf_init(&b, LIMIT);
    assert_int_equal(base_buf_append(&b, base_slice_of("")), 0);
    assert_null(b.memory);
    assert_int_equal(base_buf_len(&b), 0);
    base_buf_fini(&b);
}

static void test_first_in_first_out(void **state)
{
    (void)state;
    struct base_buf b;
    base_buf_init(&b, LIMIT);
    assert_int_equal(base_buf_append(&b, base_slice_of("hello ")), 0);
    assert_int_equal(base_buf_printf(&b, "%s %d", "world", 42), 0);
    assert_holds(&b, "hello world 42");
    base_buf_consume(&b, 6);
    assert_holds(&b, "world 42");
    base_buf_consume(&b, 8);
    assert_holds(&b, "");
    assert_int_equal(base_buf_append(&b, base_slice_of("again")), 0);
    assert_holds(&b, "again");
    base_buf_clear(&b);
    assert_holds(&b, "");
    base_buf_fini(&b);
    assert_int_equal(base_buf_append(&b, base_slice_of("and again")), 0);
    assert_holds(&b, "and again");
    base_buf_fini(&b);
}

static void test_to_consume_moves_no_byte(void **state)
{
    (void)state;
    struct base_buf b;
    base_buf_init(&b, LIMIT);
    base_buf_append(&b, base_slice_of("abcdef"));
    const char *before = base_buf_slice(&b).ptr;
    base_buf_consume(&b, 2);
    assert_ptr_equal(base_buf_slice(&b).ptr, before + 2);
    base_buf_fini(&b);
}

static void test_what_is_reserved_counts_when_committed(void **state)
{
    (void)state;
    struct base_buf b;
    base_buf_init(&b, LIMIT);
    char *room = base_buf_reserve(&b, 100);
    assert_non_null(room);
    memset(room, 'x', 100); /* all of it is ours */
    base_buf_commit(&b, 3);
    assert_holds(&b, "xxx");
    assert_ptr_equal(base_buf_reserve(&b, 97), room + 3);
    base_buf_commit(&b, 0);
    assert_holds(&b, "xxx");
    base_buf_fini(&b);
}

static void test_beyond_the_limit_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct base_buf b;
    base_buf_init(&b, 10);
    assert_int_equal(base_buf_append(&b, base_slice_of("12345678901")),
                     -ENOBUFS);
    assert_int_equal(base_buf_printf(&b, "%d", 1234567890), 0);
    assert_holds(&b, "1234567890");
    assert_int_equal(base_buf_append(&b, base_slice_of("x")), -ENOBUFS);
    assert_int_equal(base_buf_printf(&b, "x"), -ENOBUFS);
    assert_null(base_buf_reserve(&b, 1));
    assert_null(base_buf_reserve(&b, SIZE_MAX));
    assert_holds(&b, "1234567890");
    base_buf_consume(&b, 1);
    assert_int_equal(base_buf_printf(&b, "xy"), -ENOBUFS);
    assert_int_equal(base_buf_printf(&b, "x"), 0);
    assert_holds(&b, "234567890x");
    base_buf_fini(&b);
}

static void test_a_limit_of_nothing(void **state)
{
    (void)state;
    struct base_buf b;
    base_buf_init(&b, 0);
    assert_int_equal(base_buf_append(&b, base_slice_of("x")), -ENOBUFS);
    assert_int_equal(base_buf_printf(&b, "%s", ""), 0);
    assert_non_null(base_buf_reserve(&b, 0));
    assert_int_equal(base_buf_len(&b), 0);
    base_buf_fini(&b);
}

/* A naive buffer: all bytes that ever went in, and how many came out. */
struct model {
    char bytes[1 << 16];
    size_t in, out;
};

static void put_random(struct base_buf *b, struct model *m, unsigned *seed)
{
    char text[400];
    const size_t len = (size_t)rand_r(seed) % sizeof text;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + rand_r(seed) % 26);
    const int wanted = m->in - m->out + len > LIMIT ? -ENOBUFS : 0;
    int error;
    if (rand_r(seed) % 2 == 0)
        error = base_buf_append(b, (struct base_slice){text, len});
    else
        error = base_buf_printf(b, "%.*s", (int)len, text);
    assert_int_equal(error, wanted);
    if (error == 0) {
        memcpy(m->bytes + m->in, text, len);
        m->in += len;
    }
}

static void test_random_calls_agree_with_a_naive_buffer(void **state)
{
    (void)state;
    static struct model m;
    unsigned seed = 42;
    struct base_buf b;
    base_buf_init(&b, LIMIT);
    for (int i = 0; i < 20000; i++) {
        if (m.in > sizeof m.bytes - 400) {
            base_buf_clear(&b);
            m.in = m.out = 0;
        }
        put_random(&b, &m, &seed);
        const size_t n = (size_t)rand_r(&seed) % (m.in - m.out + 1);
        base_buf_consume(&b, n);
        m.out += n;
        const struct base_slice held = base_buf_slice(&b);
        assert_int_equal(held.len, m.in - m.out);
        if (held.len > 0)
            assert_memory_equal(held.ptr, m.bytes + m.out, held.len);
        assert_true(b.size <= 2 * LIMIT);
    }
    base_buf_fini(&b);
}

/*
 * A full buffer that gives and takes a byte at a time is the worst case: bytes
 * moved, seen as changes of place, must not exceed bytes taken out.
 */
static void test_moving_is_paid_for_by_consuming(void **state)
{
    (void)state;
    struct base_buf b;
    base_buf_init(&b, LIMIT);
    for (int i = 0; i < LIMIT; i++)
        assert_int_equal(base_buf_append(&b, base_slice_of("x")), 0);
    size_t moved = 0;
    const size_t turns = (size_t)100 * LIMIT;
    for (size_t i = 0; i < turns; i++) {
        base_buf_consume(&b, 1);
        const size_t start = b.start;
        assert_int_equal(base_buf_append(&b, base_slice_of("x")), 0);
        moved += b.start != start ? base_buf_len(&b) - 1 : 0;
    }
    assert_true(moved <= turns);
    base_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_no_memory_before_the_first_byte),
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_to_consume_moves_no_byte),
        cmocka_unit_test(test_what_is_reserved_counts_when_committed),
        cmocka_unit_test(test_beyond_the_limit_is_refused_and_changes_nothing),
        cmocka_unit_test(test_a_limit_of_nothing),
        cmocka_unit_test(test_random_calls_agree_with_a_naive_buffer),
        cmocka_unit_test(test_moving_is_paid_for_by_consuming),
    };
    return cmocka_run_group_tests_name("base_buf", tests, NULL, NULL);
}
