/*
 * test_sha256.c - the examples that NIST gives for SHA-256, and that it does
 * not matter in which pieces the bytes come.
 *
 * Read before: sha256.h. Read after: test_intake.c.
 * Rests on: cmocka; NIST's example values for FIPS 180-4.
 */
#include "../grader/sha256.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_hash(struct base_slice bytes, const char *expected)
{
    char hex[SHA256_HEX];
    struct sha256 s;
    sha256_init(&s);
    sha256_add(&s, bytes);
    sha256_end(&s, hex);
    assert_string_equal(hex, expected);
}

static void test_no_byte_at_all(void **state)
{
    (void)state;
    assert_hash(
        base_slice_of(""),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_one_block(void **state)
{
    (void)state;
    assert_hash(
        base_slice_of("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_the_length_needs_a_second_block(void **state)
{
    (void)state;
    assert_hash(
        base_slice_of(
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_a_million_bytes(void **state)
{
    (void)state;
    enum { MILLION = 1000000 };
    char *text = base_alloc(MILLION);
    memset(text, 'a', MILLION);
    assert_hash(
        (struct base_slice){text, MILLION},
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(text);
}

/* Every length around the ends of blocks, cut in two at every place. */
static void test_pieces_make_no_difference(void **state)
{
    (void)state;
    char text[3 * SHA256_BLOCK];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 7);
    for (size_t len = 0; len <= sizeof(text); len++) {
        char whole[SHA256_HEX] = "";
        for (size_t cut = 0; cut <= len; cut++) {
            char hex[SHA256_HEX];
            struct sha256 s;
            sha256_init(&s);
            sha256_add(&s, (struct base_slice){text, cut});
            sha256_add(&s, (struct base_slice){text + cut, len - cut});
            sha256_end(&s, hex);
            if (cut == 0)
                memcpy(whole, hex, sizeof(whole));
            assert_string_equal(hex, whole);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_byte_at_all),
        cmocka_unit_test(test_one_block),
        cmocka_unit_test(test_the_length_needs_a_second_block),
        cmocka_unit_test(test_a_million_bytes),
        cmocka_unit_test(test_pieces_make_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
