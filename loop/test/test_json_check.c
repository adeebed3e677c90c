/*
 * test_json_check.c - the reader of JSON that other tests rely on takes JSON
 * and refuses what only looks like it.
 *
 * Read before: json_check.h. Rests on: RFC 8259.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loop/test/json_check.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

static void takes_what_the_grammar_allows(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "-12.50e+3",
        "1E9",
        "\"\"",
        " [ ] ",
        "{}",
        "[[],{\"\":null}]",
        "true",
        "[1,2]\r\n",
        "\"\\ud83d\\ude00\"",
        "\"\xc3\xa9\"",
        "\"\x7f\"",
        "[1]\t",
        "{\"a\":1,\"a\":2}",
    };
    for (size_t i = 0; i < N(texts); i++) {
        struct base_arena arena;
        const char *wrong;
        base_arena_init(&arena, 4096);
        if (json_read(&arena, base_slice_of(texts[i]), &wrong) == NULL)
            fail_msg("%s: %s", texts[i], wrong);
        base_arena_fini(&arena);
    }
}

static void refuses_what_it_does_not(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{1:1}",
        "{\"a\":}",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "0x1",
        "NaN",
        "Infinity",
        "True",
        "nul",
        "nulll",
        "\"",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"\\u123",
        "'a'",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83dx\"",
        "\"\n\"",
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xed\xa0\x80\"",
        "[1]]",
        "1 2",
        "// a\n1",
        "\"\\",
        "\"\\ud83d\\u0041\"",
        "{\"a\":1 \"b\":2}",
        "\v1",
    };
    for (size_t i = 0; i < N(texts); i++) {
        struct base_arena arena;
        const char *wrong = NULL;
        base_arena_init(&arena, 4096);
        if (json_read(&arena, base_slice_of(texts[i]), &wrong) != NULL)
            fail_msg("taken: %s", texts[i]);
        assert_non_null(wrong);
        base_arena_fini(&arena);
    }
}

static void refuses_what_is_too_deep(void **state)
{
    (void)state;
    char deep[4096];
    struct base_arena arena;
    base_arena_init(&arena, 4096);
    memset(deep, '[', sizeof deep);
    assert_null(
        json_read(&arena, (struct base_slice){deep, sizeof deep}, NULL));
    base_arena_fini(&arena);
}

static void hands_out_the_values(void **state)
{
    (void)state;
    struct base_arena arena;
    base_arena_init(&arena, 4096);
    const struct json *v = json_read(
        &arena,
        base_slice_of("{\"n\":-2.5e1,\"s\":\"a\\n\\\"\\u00e9\\ud83d\\ude00\","
                      "\"list\":[true,false,null,7]}"),
        NULL);
    assert_non_null(v);
    assert_true(json_number(json_get(v, "n")) == -25.0);
    assert_string_equal(json_string(json_get(v, "s")),
                        "a\n\"\xc3\xa9\xf0\x9f\x98\x80");
    const struct json *part = json_get(v, "list")->first;
    assert_int_equal(part->kind, JSON_TRUE);
    assert_int_equal(part->next->kind, JSON_FALSE);
    assert_int_equal(part->next->next->kind, JSON_NULL);
    assert_true(json_number(part->next->next->next) == 7.0);
    assert_null(part->next->next->next->next);
    assert_null(json_get(v, "missing"));
    base_arena_fini(&arena);
}

/* The text ends where memory ends: AddressSanitizer sees a byte too many. */
static void reads_no_byte_beyond(void **state)
{
    (void)state;
    static const char whole[] = "{\"key\":[1.5e3,\"\\u00e9x\",true]}";
    for (size_t len = 0; len < sizeof whole; len++) {
        struct base_arena arena;
        base_arena_init(&arena, 4096);
        char *copy = base_alloc(len + (len == 0));
        memcpy(copy, whole, len);
        const struct json *v =
            json_read(&arena, (struct base_slice){copy, len}, NULL);
        assert_int_equal(v != NULL, len == sizeof whole - 1);
        free(copy);
        base_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_the_grammar_allows),
        cmocka_unit_test(refuses_what_it_does_not),
        cmocka_unit_test(refuses_what_is_too_deep),
        cmocka_unit_test(hands_out_the_values),
        cmocka_unit_test(reads_no_byte_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
