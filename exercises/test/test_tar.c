/*
 * test_tar.c - the reader of tar archives, given headers that no program would
 * write. What programs do write is in test_intake_archive.c.
 *
 * Read before: tar.h, tar_feed.h. Read after: nothing. Rests on: cmocka;
 * tar(5).
 */
#include "tar_feed.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* An archive that is being made. */
struct made {
    char bytes[64 * TAR_BLOCK];
    size_t len;
};

static void set_checksum(char *header)
{
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
}

/* Adds a header in the POSIX form; returns it, for what a test changes. */
static char *add_header(struct made *m, const char *name, char type,
                        size_t size)
{
    static const char magic[8] = {'u', 's', 't', 'a', 'r', '\0', '0', '0'};
    char *h = m->bytes + m->len;
    assert_true(m->len + TAR_BLOCK <= sizeof(m->bytes));
    memset(h, 0, TAR_BLOCK);
    for (size_t i = 0; name[i] != '\0'; i++) /* a full field has no NUL */
        h[i] = name[i];
    snprintf(h + 124, 12, "%011o", (unsigned)size);
    h[156] = type;
    memcpy(h + 257, magic, sizeof(magic));
    set_checksum(h);
    m->len += TAR_BLOCK;
    return h;
}

static void add_bytes(struct made *m, const void *bytes, size_t len)
{
    const size_t blocks = (len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    assert_true(m->len + blocks <= sizeof(m->bytes));
    memset(m->bytes + m->len, 0, blocks);
    memcpy(m->bytes + m->len, bytes, len);
    m->len += blocks;
}

static void add_file(struct made *m, const char *name, const char *content)
{
    add_header(m, name, '0', strlen(content));
    add_bytes(m, content, strlen(content));
}

static void add_end(struct made *m)
{
    add_bytes(m, (const char[2 * TAR_BLOCK]){0}, 2 * TAR_BLOCK);
}

static void assert_told(const struct made *m, const char *expected)
{
    const struct base_slice bytes = {m->bytes, m->len};
    struct base_buf told;
    base_buf_init(&told, 1 << 20);
    tar_feed(bytes, SIZE_MAX, true, &told);
    (void)base_buf_append(&told, (struct base_slice){"", 1});
    assert_string_equal(base_buf_slice(&told).ptr, expected);
    base_buf_fini(&told);
    tar_feed_in_all_ways(bytes);
}

/* --- what is right --------------------------------------------------------*/

static void test_files_folders_and_links(void **state)
{
    (void)state;
    struct made m = {.len = 0};
    add_header(&m, "d/", '5', 0);
    add_file(&m, "d/a", "abc");
    add_header(&m, "d/l", '2', 0);
    add_header(&m, "d/h", '1', 0);
    add_header(&m, "d/fifo", '6', 0);
    add_header(&m, "old/", '\0', 0);
    add_header(&m, "old/a", '\0', 0);
    add_end(&m);
    assert_told(&m, "FOLDER 0 d/: \nFILE 3 d/a: abc\nLINK 0 d/l: \n"
                    "HARD 0 d/h: \nOTHER 0 d/fifo: \nFOLDER 0 old/: \n"
                    "FILE 0 old/a: \nend");
}

static void test_a_name_of_two_fields(void **state)
{
    (void)state;
    struct made m = {.len = 0};
    char name[101], expected[300];
    memset(name, 'n', 100);
    name[100] = '\0';
    char *h = add_header(&m, name, '0', 0);
    memset(h + 345, 'p', 155);
    set_checksum(h);
    add_end(&m);
    char prefix[156];
    memset(prefix, 'p', 155);
    prefix[155] = '\0';
    snprintf(expected, sizeof(expected), "FILE 0 %s/%s: \nend", prefix, name);
    assert_told(&m, expected);
}

static void test_names_in_front(void **state)
{
    (void)state;
    struct made m = {.len = 0};
    const char pax[] = "18 path=long/name\n"
                       "22 mtime=1700000000.5\n"
                       "9 size=2\n";
    add_header(&m, "pax", 'x', sizeof(pax) - 1);
    add_bytes(&m, pax, sizeof(pax) - 1);
    add_header(&m, "short", '0', 0); /* its size is in front, too */
    add_bytes(&m, "ab", 2);
    add_header(&m, "././@LongLink", 'L', 8);
    add_bytes(&m, "gnu/name", 8);
    add_file(&m, "short", "x");
    add_header(&m, "global", 'g', 5);
    add_bytes(&m, "9 a=b", 5);
    add_file(&m, "plain", "");
    add_end(&m);
    assert_told(&m, "FILE 2 long/name: ab\nFILE 1 gnu/name: x\n"
                    "FILE 0 plain: \nend");
}

static void test_a_binary_size(void **state)
{
    (void)state;
    struct made m = {.len = 0};
    char *h = add_header(&m, "a", '0', 0);
    memset(h + 124, 0, 12);
    h[124] = (char)0x80;
    h[135] = 3;
    set_checksum(h);
    add_bytes(&m, "abc", 3);
    add_end(&m);
    assert_told(&m, "FILE 3 a: abc\nend");
}

static void test_nothing_is_read_behind_the_end(void **state)
{
    (void)state;
    struct made m = {.len = 0};
    add_end(&m);
    add_file(&m, "behind", "x");
    assert_told(&m, "end");
}

/* --- what is wrong --------------------------------------------------------*/

static void test_numbers_that_are_none(void **state)
{
    (void)state;
    static const char *const sizes[] = {"0000000008", "-1",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff",
                                        "\x80\x7f\xff\xff\xff\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct made m = {.len = 0};
        char *h = add_header(&m, "a", '0', 0);
        memset(h + 124, i < 2 ? 0 : 0xff, 12);
        memcpy(h + 124, sizes[i], strlen(sizes[i]));
        set_checksum(h);
        add_end(&m);
        assert_told(&m, "a header in it is damaged");
    }
}

static void test_a_wrong_checksum(void **state)
{
    (void)state;
    struct made m = {.len = 0};
    add_file(&m, "a", "");
    m.bytes[0] = 'b';
    add_end(&m);
    assert_told(&m, "a header in it is damaged");
}

static void assert_extended(char type, const void *bytes, size_t len,
                            const char *expected)
{
    struct made m = {.len = 0};
    add_header(&m, "front", type, len);
    add_bytes(&m, bytes, len);
    add_file(&m, "a", "");
    add_end(&m);
    assert_told(&m, expected);
}

static void test_records_that_are_none(void **state)
{
    (void)state;
    static const char damaged[] = "an extended header in it is damaged";
    static const char *const records[] = {"9 path=ab",
                                          "99 path=abc\n",
                                          "0 path=a\n",
                                          "path\n",
                                          "18446744073709551615 path=a\n",
                                          "-9 path=a\n",
                                          "10 path=a\nx",
                                          " 9 path=a\n"};
    for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++)
        assert_extended('x', records[i], strlen(records[i]), damaged);
    assert_extended('x', "10 size=x\n", 10, "a size in it is no number");
    assert_extended('x', "11 path=a\0\n", 11, "a name in it has a NUL");
    assert_extended('x', "5 ab\n", 5, "FILE 0 a: \nend"); /* no key: nothing */
    assert_extended('x', "", 0, "FILE 0 a: \nend");
    assert_extended('x', "25 GNU.sparse.realsize=1\n", 25, "OTHER 0 a: \nend");
}

/* What is left of a longer one before must not be taken for its end. */
static void test_a_record_longer_than_its_header(void **state)
{
    (void)state;
    static const char longer[] = "30 comment=xxxxxxxxxxxxxxxxxx\n";
    struct made m = {.len = 0};
    add_header(&m, "front", 'x', strlen(longer));
    add_bytes(&m, longer, strlen(longer));
    add_header(&m, "front", 'x', 10);
    add_bytes(&m, "30 path=a\n", 10);
    add_file(&m, "a", "");
    add_end(&m);
    assert_told(&m, "an extended header in it is damaged");
}

static void test_names_that_are_too_long(void **state)
{
    (void)state;
    char name[TAR_PATH_MAX];
    memset(name, 'n', sizeof(name));
    assert_extended('L', name, sizeof(name), "a name in it is too long");
    struct made m = {.len = 0};
    add_header(&m, "front", 'L', TAR_EXTENDED_MAX + 1);
    add_end(&m);
    assert_told(&m, "an extended header in it is too long");
}

static void test_a_folder_with_content(void **state)
{
    (void)state;
    struct made m = {.len = 0};
    add_header(&m, "d/", '5', 3);
    add_bytes(&m, "abc", 3);
    add_end(&m);
    assert_told(&m, "a folder or link in it has content");
}

/* --- any bytes ------------------------------------------------------------*/

/* An archive with something of each kind. */
static void make_rich(struct made *m)
{
    const char pax[] = "18 path=long/name\n9 size=2\n";
    m->len = 0;
    add_file(m, "a", "content");
    add_header(m, "pax", 'x', sizeof(pax) - 1);
    add_bytes(m, pax, sizeof(pax) - 1);
    add_file(m, "b", "xy");
    add_header(m, "././@LongLink", 'L', 9);
    add_bytes(m, "gnu/name", 9);
    add_header(m, "d/", '5', 0);
    add_end(m);
}

static void test_wherever_it_breaks_off(void **state)
{
    (void)state;
    struct made m;
    make_rich(&m);
    const size_t whole = m.len - 2 * TAR_BLOCK;
    for (size_t len = 0; len < whole + TAR_BLOCK; len++) {
        struct base_buf told;
        base_buf_init(&told, 1 << 20);
        tar_feed((struct base_slice){m.bytes, len}, SIZE_MAX, true, &told);
        assert_true(base_slice_find(base_buf_slice(&told),
                                    base_slice_of("breaks off")) >= 0);
        base_buf_fini(&told);
        if (len % 16 == 0)
            tar_feed_in_all_ways((struct base_slice){m.bytes, len});
    }
}

static void test_any_byte_may_be_any_other(void **state)
{
    (void)state;
    uint32_t random = 14;
    for (int round = 0; round < 3000; round++) {
        struct made m;
        make_rich(&m);
        for (int i = 0; i < 3; i++) {
            random = random * 1664525 + 1013904223;
            m.bytes[(random >> 8) % m.len] = (char)random;
        }
        for (size_t at = 0; round % 2 == 0 && at < m.len; at += TAR_BLOCK)
            if (m.bytes[at + 257] == 'u')
                set_checksum(m.bytes + at);
        tar_feed_in_all_ways((struct base_slice){m.bytes, m.len});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_folders_and_links),
        cmocka_unit_test(test_a_name_of_two_fields),
        cmocka_unit_test(test_names_in_front),
        cmocka_unit_test(test_a_binary_size),
        cmocka_unit_test(test_nothing_is_read_behind_the_end),
        cmocka_unit_test(test_numbers_that_are_none),
        cmocka_unit_test(test_a_wrong_checksum),
        cmocka_unit_test(test_records_that_are_none),
        cmocka_unit_test(test_a_record_longer_than_its_header),
        cmocka_unit_test(test_names_that_are_too_long),
        cmocka_unit_test(test_a_folder_with_content),
        cmocka_unit_test(test_wherever_it_breaks_off),
        cmocka_unit_test(test_any_byte_may_be_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
