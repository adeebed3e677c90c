/*
 * test_base_slice.c - slices see exactly their bytes. Every input ends at an
 * unreadable page.
 *
 * Read before: base.h, slice. Read after: test_base_buf.c. Rests on: cmocka.
 */
#include "test_base_page.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct base_slice guarded(const char *text)
{
    return at_page_end(text, strlen(text));
}

static void assert_text(struct base_slice s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    if (s.len > 0)
        assert_memory_equal(s.ptr, text, s.len);
}

static void test_equality_looks_at_every_byte(void **state)
{
    (void)state;
    const struct base_slice a = {"a\0b", 3}, b = {"a\0c", 3}, none = {NULL, 0};
    assert_true(base_slice_equal(a, a));
    assert_false(base_slice_equal(a, b));
    assert_false(base_slice_equal(a, base_slice_of("a")));
    assert_true(base_slice_equal(none, base_slice_of("")));
    assert_true(base_slice_equal(guarded("keep"), base_slice_of("keep")));
}

static void test_case_is_that_of_ascii(void **state)
{
    (void)state;
    assert_true(base_slice_equal_nocase(guarded("Keep-Alive"),
                                        base_slice_of("kEEP-aLIVE")));
    assert_false(base_slice_equal_nocase(guarded("a"), base_slice_of("b")));
    assert_false(base_slice_equal_nocase(guarded("ab"), base_slice_of("a")));
    /* '@' and '`', '[' and '{' differ by the same bit as A and a. */
    assert_false(base_slice_equal_nocase(guarded("@"), base_slice_of("`")));
    assert_false(base_slice_equal_nocase(guarded("["), base_slice_of("{")));
    assert_false(base_slice_equal_nocase(guarded("\xc3\x84"),
                                         base_slice_of("\xc3\xa4")));
}

static void test_skip_stops_at_the_end(void **state)
{
    (void)state;
    assert_text(base_slice_skip(guarded("abc"), 1), "bc");
    assert_text(base_slice_skip(guarded("abc"), 3), "");
    assert_text(base_slice_skip(guarded("abc"), 99), "");
    assert_text(base_slice_skip((struct base_slice){NULL, 0}, 1), "");
}

static void test_starts_and_ends(void **state)
{
    (void)state;
    const struct base_slice path = guarded("/static/a.css");
    assert_true(base_slice_starts(path, base_slice_of("/static/")));
    assert_false(base_slice_starts(path, base_slice_of("/statics")));
    assert_false(base_slice_starts(path, base_slice_of("/static/a.css.gz")));
    assert_true(base_slice_ends(path, base_slice_of(".css")));
    assert_false(base_slice_ends(path, base_slice_of(".js")));
    assert_false(base_slice_ends(guarded("s"), base_slice_of("css")));
    assert_true(base_slice_starts(path, base_slice_of("")));
    assert_true(base_slice_ends(path, base_slice_of("")));
}

static void test_find_gives_the_first_place(void **state)
{
    (void)state;
    assert_int_equal(base_slice_find(guarded("aXbXc"), base_slice_of("X")), 1);
    assert_int_equal(base_slice_find(guarded("a\r\nb"), base_slice_of("\r\n")),
                     1);
    assert_int_equal(base_slice_find(guarded("ab\r"), base_slice_of("\r\n")),
                     -1);
    assert_int_equal(base_slice_find(guarded(""), base_slice_of("a")), -1);
    assert_int_equal(base_slice_find(guarded("a"), base_slice_of("")), 0);
}

static void test_trim_takes_spaces_and_tabs_alone(void **state)
{
    (void)state;
    assert_text(base_slice_trim(guarded(" \t a b\t ")), "a b");
    assert_text(base_slice_trim(guarded("   ")), "");
    assert_text(base_slice_trim(guarded("")), "");
    assert_text(base_slice_trim(guarded(" \r\n ")), "\r\n");
}

static void test_cut_walks_a_list(void **state)
{
    (void)state;
    struct base_slice rest = guarded("a,,b");
    bool found;
    assert_text(base_slice_cut(&rest, ',', &found), "a");
    assert_true(found);
    assert_text(base_slice_cut(&rest, ',', NULL), "");
    assert_text(rest, "b");
    assert_text(base_slice_cut(&rest, ',', &found), "b");
    assert_false(found);
    assert_text(rest, "");
    assert_text(base_slice_cut(&rest, ',', &found), "");
    assert_false(found);
}

static void assert_int(const char *text, int error, int64_t wanted)
{
    int64_t value = 77;
    assert_int_equal(base_slice_to_int(guarded(text), &value), error);
    assert_true(value == (error == 0 ? wanted : 77));
}

static void test_whole_numbers_are_checked(void **state)
{
    (void)state;
    assert_int("0", 0, 0);
    assert_int("-0", 0, 0);
    assert_int("0042", 0, 42);
    assert_int("-17", 0, -17);
    assert_int("9223372036854775807", 0, INT64_MAX);
    assert_int("9223372036854775808", -ERANGE, 0);
    assert_int("-9223372036854775808", 0, INT64_MIN);
    assert_int("-9223372036854775809", -ERANGE, 0);
    assert_int("99999999999999999999999", -ERANGE, 0);
    assert_int("99999999999999999999999x", -EINVAL, 0);
    const char *const none[] = {"", "-", "+1", " 1", "1 ", "0x1", "1.0", "--1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int(none[i], -EINVAL, 0);
}

static void test_unsigned_numbers_have_digits_alone(void **state)
{
    (void)state;
    uint64_t value = 77;
    assert_int_equal(
        base_slice_to_uint(guarded("18446744073709551615"), &value), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(
        base_slice_to_uint(guarded("18446744073709551616"), &value), -ERANGE);
    assert_int_equal(base_slice_to_uint(guarded("-0"), &value), -EINVAL);
    assert_true(value == UINT64_MAX);
}

/* Encodes a code point as RFC 3629 says, without asking if it exists. */
static size_t encode(uint32_t point, unsigned char out[4])
{
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    const size_t len =
        1 + (size_t)(point > 0x7f) + (point > 0x7ff) + (point > 0xffff);
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (unsigned char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (unsigned char)(marks[len] | point);
    return len;
}

static void test_utf8_knows_every_character(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x1fffff; point++) {
        unsigned char bytes[4];
        const size_t len = encode(point, bytes);
        const bool exists =
            point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        const struct base_slice s = {(const char *)bytes, len};
        if (base_slice_utf8(s) != (exists ? len : 0))
            fail_msg("U+%04X", (unsigned)point);
    }
}

static void test_utf8_refuses_what_is_none(void **state)
{
    (void)state;
    const char *const none[] = {
        "\x80", "\xc3",         "\xc3(",         "\xc0\x80",         "\xe2\x82",
        "\xff", "\xe0\x80\x80", "\xe2\x82(",     "\xf0\x80\x80\x80", "",
        "\xfe", "\xe2(\xac",    "\xf0\x9f\x98(", "\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(base_slice_utf8(guarded(none[i])), 0);
}

static void test_dup_ends_with_a_nul(void **state)
{
    (void)state;
    char *copy = base_slice_dup(guarded("abc"));
    assert_string_equal(copy, "abc");
    free(copy);
    copy = base_slice_dup((struct base_slice){NULL, 0});
    assert_string_equal(copy, "");
    free(copy);
}

/* A reader that takes its time makes each write a partial one. */
static void test_write_takes_as_many_pieces_as_needed(void **state)
{
    enum { LEN = 300000 };
    (void)state;
    char *sent = base_alloc(LEN), *came = base_alloc(LEN);
    for (size_t i = 0; i < LEN; i++)
        sent[i] = (char)(i * 7 + i / 251);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(base_slice_write(ends[1], (struct base_slice){sent, LEN}) != 0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t n = 1; n > 0; len += (size_t)n)
        n = read(ends[0], came + len, LEN - len < 999 ? LEN - len : 999);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(len, LEN);
    assert_memory_equal(sent, came, LEN);
    close(ends[0]);
    free(sent);
    free(came);
}

static void test_write_tells_why_it_cannot(void **state)
{
    (void)state;
    assert_int_equal(base_slice_write(-1, base_slice_of("x")), -EBADF);
    assert_int_equal(base_slice_write(-1, base_slice_of("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equality_looks_at_every_byte),
        cmocka_unit_test(test_case_is_that_of_ascii),
        cmocka_unit_test(test_skip_stops_at_the_end),
        cmocka_unit_test(test_starts_and_ends),
        cmocka_unit_test(test_find_gives_the_first_place),
        cmocka_unit_test(test_trim_takes_spaces_and_tabs_alone),
        cmocka_unit_test(test_cut_walks_a_list),
        cmocka_unit_test(test_whole_numbers_are_checked),
        cmocka_unit_test(test_unsigned_numbers_have_digits_alone),
        cmocka_unit_test(test_utf8_knows_every_character),
        cmocka_unit_test(test_utf8_refuses_what_is_none),
        cmocka_unit_test(test_dup_ends_with_a_nul),
        cmocka_unit_test(test_write_takes_as_many_pieces_as_needed),
        cmocka_unit_test(test_write_tells_why_it_cannot),
    };
    return cmocka_run_group_tests_name("base_slice", tests, NULL, NULL);
}
