/*
 * test_base_arena.c - blocks do not overlap, cleanups run backwards, reset
 * keeps a chunk; and memory: none left ends the program with a line.
 *
 * Read before: base.h, arena. Read after: test_base_log.c. Rests on: cmocka.
 */
#include "loop/base.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHUNK = 1024 };

static void test_blocks_are_aligned_zero_and_apart(void **state)
{
    (void)state;
    struct base_arena a;
    base_arena_init(&a, CHUNK);
    unsigned char *blocks[300];
    unsigned seed = 7;
    size_t sizes[300];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 300; i++) {
            sizes[i] = (size_t)rand_r(&seed) % (i % 50 == 0 ? 5000 : 60);
            blocks[i] = base_arena_alloc(&a, sizes[i]);
            assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
            for (size_t j = 0; j < sizes[i]; j++)
                assert_int_equal(blocks[i][j], 0);
            memset(blocks[i], i % 251, sizes[i]);
        }
        for (int i = 0; i < 300; i++)
            for (size_t j = 0; j < sizes[i]; j++)
                assert_int_equal(blocks[i][j], i % 251);
        base_arena_reset(&a);
    }
    base_arena_fini(&a);
}

static void test_reset_keeps_a_chunk(void **state)
{
    (void)state;
    struct base_arena a;
    base_arena_init(&a, CHUNK);
    base_arena_reset(&a); /* nothing there yet */
    base_arena_alloc(&a, 10);
    for (int i = 0; i < 100; i++)
        base_arena_alloc(&a, 100);
    const struct base_arena_chunk *kept = a.chunks;
    base_arena_reset(&a);
    assert_ptr_equal(a.chunks, kept);
    void *first = base_arena_alloc(&a, 10);
    base_arena_reset(&a);
    assert_ptr_equal(base_arena_alloc(&a, 10), first);
    base_arena_fini(&a);
    assert_null(a.chunks);
}

static void test_a_big_block_leaves_the_chunk_in_use(void **state)
{
    (void)state;
    struct base_arena a;
    base_arena_init(&a, CHUNK);
    base_arena_alloc(&a, 10);
    const struct base_arena_chunk *small = a.chunks;
    base_arena_alloc(&a, (size_t)10 * CHUNK);
    assert_ptr_equal(a.chunks, small);
    base_arena_fini(&a);
}

static void test_a_big_first_block_is_not_kept(void **state)
{
    (void)state;
    struct base_arena a;
    base_arena_init(&a, CHUNK);
    base_arena_alloc(&a, (size_t)10 * CHUNK);
    base_arena_reset(&a);
    assert_null(a.chunks);
    base_arena_fini(&a);
}

static void test_texts(void **state)
{
    (void)state;
    struct base_arena a;
    base_arena_init(&a, CHUNK);
    const char *copy = base_arena_strdup(&a, (struct base_slice){"abcdef", 3});
    assert_string_equal(copy, "abc");
    assert_string_equal(base_arena_strdup(&a, (struct base_slice){NULL, 0}),
                        "");
    assert_string_equal(base_arena_printf(&a, "%s-%d", copy, 7), "abc-7");
    char *text = base_arena_printf(&a, "%5000d", 1); /* longer than a chunk */
    assert_int_equal(strlen(text), 5000);
    base_arena_fini(&a);
}

static char order[16];

static void note(void *name)
{
    strcat(order, name);
}

struct nested {
    struct base_arena *arena;
    char *name;
};

static void defer_another(void *arg)
{
    const struct nested *n = arg;
    note("n");
    base_arena_defer(n->arena, note, n->name);
}

static void test_cleanups_run_last_first_and_once(void **state)
{
    (void)state;
    struct base_arena a;
    base_arena_init(&a, CHUNK);
    order[0] = '\0';
    struct nested nested = {&a, base_arena_strdup(&a, base_slice_of("z"))};
    base_arena_defer(&a, note, "a");
    base_arena_defer(&a, defer_another, &nested);
    base_arena_defer(&a, note, "c");
    base_arena_reset(&a);
    assert_string_equal(order, "cnza");
    base_arena_reset(&a);
    assert_string_equal(order, "cnza");
    base_arena_defer(&a, note, "d");
    base_arena_fini(&a);
    base_arena_fini(&a);
    assert_string_equal(order, "cnzad");
}

/* The sanitizers would end the program themselves, in their own words. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
static const char may_fail[] = "allocator_may_return_null=1";

const char *__asan_default_options(void)
{
    return may_fail;
}

const char *__tsan_default_options(void)
{
    return may_fail;
}

/* Runs `fn` in a child and returns what it wrote to stderr before it died. */
static const char *last_words(void (*fn)(void))
{
    static char words[4096]; /* ASan warns before it returns NULL */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0};
        setrlimit(RLIMIT_CORE, &no_core);
        dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t n = 1; n > 0 && len < sizeof words - 1; len += (size_t)n)
        n = read(ends[0], words + len, sizeof words - 1 - len);
    words[len] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return words;
}

static void ask_too_much(void)
{
    struct base_arena a;
    base_arena_init(&a, CHUNK);
    base_arena_alloc(&a, SIZE_MAX - 3);
}

static void ask_for_an_overflow(void)
{
    free(base_alloc_array(SIZE_MAX / 2, 3));
}

static void test_out_of_memory_ends_the_program_with_a_line(void **state)
{
    (void)state;
    assert_non_null(strstr(last_words(ask_too_much), "out of memory"));
    assert_non_null(strstr(last_words(ask_for_an_overflow), "out of memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_aligned_zero_and_apart),
        cmocka_unit_test(test_reset_keeps_a_chunk),
        cmocka_unit_test(test_a_big_block_leaves_the_chunk_in_use),
        cmocka_unit_test(test_a_big_first_block_is_not_kept),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_cleanups_run_last_first_and_once),
        cmocka_unit_test(test_out_of_memory_ends_the_program_with_a_line),
    };
    return cmocka_run_group_tests_name("base_arena", tests, NULL, NULL);
}
