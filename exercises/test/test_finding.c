/*
 * test_finding.c - a finding that is written is read again as it was; anything
 * else, cut, changed or made up, is never read as one.
 *
 * Read before: ../check/finding.h. Read after: test_outputs.c.
 * Rests on: cmocka, memfd_create(2).
 */
#include "exercises/check/finding.h"
#include "exercises/grader/result.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { NONCE = 0x5eed, RECORD_LEN = 1 << 20 };

static const struct finding full = {
    .check = "whole-reply",
    .title = "the whole reply arrives",
    .outcome = OUTCOME_PARTLY,
    .share = 0.25,
    .ms = 840,
    .seed = UINT64_MAX,
    .did = "sent \"a\\n\"\nread",
    .command = "nc 127.0.0.1 1",
    .expected = "a",
    .came = "",
    .cause = "b\xff\033",
    .section = "lessons",
    .reproduce = "make",
    .hang = "read(2)",
    .sanitizer = "leak",
    .output = "out",
    .note = "0.9",
};

/* The bytes that finding_write makes of `f`; the caller frees them. */
static struct base_slice record_of(const struct finding *f, uint64_t nonce)
{
    const int fd = memfd_create("finding", MFD_CLOEXEC);
    assert_int_not_equal(fd, -1);
    assert_int_equal(finding_write(fd, nonce, f), 0);
    const off_t len = lseek(fd, 0, SEEK_END);
    char *bytes = base_alloc((size_t)len);
    assert_int_equal(pread(fd, bytes, (size_t)len, 0), len);
    close(fd);
    return (struct base_slice){bytes, (size_t)len};
}

static int read_one(struct base_slice *bytes, struct finding *f)
{
    struct base_arena arena;
    base_arena_init(&arena, 4096);
    const int got = finding_read(bytes, NONCE, f, &arena);
    base_arena_fini(&arena);
    return got;
}

static void assert_same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void assert_same(const struct finding *a, const struct finding *b)
{
    assert_int_equal(a->outcome, b->outcome);
    assert_true(a->share >= b->share && a->share <= b->share);
    assert_int_equal(a->ms, b->ms);
    assert_true(a->seed == b->seed);
    assert_same_text(a->check, b->check);
    assert_same_text(a->title, b->title);
    assert_same_text(a->did, b->did);
    assert_same_text(a->command, b->command);
    assert_same_text(a->expected, b->expected);
    assert_same_text(a->came, b->came);
    assert_same_text(a->cause, b->cause);
    assert_same_text(a->section, b->section);
    assert_same_text(a->reproduce, b->reproduce);
    assert_same_text(a->hang, b->hang);
    assert_same_text(a->sanitizer, b->sanitizer);
    assert_same_text(a->output, b->output);
    assert_same_text(a->note, b->note);
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    const struct finding least = {
        .check = "a", .title = "b", .outcome = OUTCOME_PASSED};
    const struct finding *const all[] = {&full, &least, &full};
    for (size_t i = 0; i < 3; i++) {
        struct base_arena arena;
        struct finding f;
        base_arena_init(&arena, 4096);
        const struct base_slice record = record_of(all[i], NONCE);
        struct base_slice rest = record;
        assert_int_equal(finding_read(&rest, NONCE, &f, &arena), 1);
        assert_int_equal(rest.len, 0);
        assert_same(&f, all[i]);
        base_arena_fini(&arena);
        free((char *)(uintptr_t)record.ptr);
    }
}

static void test_records_follow_each_other(void **state)
{
    (void)state;
    const struct base_slice one = record_of(&full, NONCE);
    char *two = base_alloc(2 * one.len);
    memcpy(two, one.ptr, one.len);
    memcpy(two + one.len, one.ptr, one.len);
    struct base_slice rest = {two, 2 * one.len};
    struct finding f;
    assert_int_equal(read_one(&rest, &f), 1);
    assert_int_equal(rest.len, one.len);
    assert_int_equal(read_one(&rest, &f), 1);
    assert_int_equal(rest.len, 0);
    assert_int_equal(read_one(&rest, &f), 0);
    free(two);
    free((char *)(uintptr_t)one.ptr);
}

static void test_a_part_of_a_record_is_none_yet(void **state)
{
    (void)state;
    const struct base_slice record = record_of(&full, NONCE);
    for (size_t len = 0; len < record.len; len++) {
        /* Memory of just this length: the sanitizer sees a byte too many. */
        char *part = base_alloc(len + 1);
        memcpy(part, record.ptr, len);
        struct base_slice rest = {part, len};
        struct finding f;
        assert_int_equal(read_one(&rest, &f), 0);
        assert_int_equal(f.outcome, OUTCOME_NONE);
        assert_int_equal(rest.len, len);
        free(part);
    }
    free((char *)(uintptr_t)record.ptr);
}

static void test_another_nonce_is_no_proof(void **state)
{
    (void)state;
    const struct base_slice record = record_of(&full, NONCE + 1);
    struct base_slice rest = record;
    struct finding f;
    assert_int_equal(read_one(&rest, &f), -EPROTO);
    assert_int_equal(f.outcome, OUTCOME_NONE);
    assert_null(f.check);
    free((char *)(uintptr_t)record.ptr);
}

/*
 * Whatever byte is changed, and however: the record is refused, or not whole
 * yet, or it differs in a text or number that the byte belongs to. It never
 * grows a pass out of a failure, except by the outcome's own byte, which only
 * the check program can write.
 */
static void test_no_changed_byte_makes_a_pass(void **state)
{
    (void)state;
    struct finding failed = full;
    failed.outcome = OUTCOME_FAILED;
    const struct base_slice record = record_of(&failed, NONCE);
    char *copy = base_alloc(record.len);
    size_t passes = 0, refused = 0;
    for (size_t i = 0; i < record.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(copy, record.ptr, record.len);
            copy[i] = (char)(copy[i] ^ (1 << bit));
            struct base_slice rest = {copy, record.len};
            struct finding f;
            const int got = read_one(&rest, &f);
            assert_true(got == 1 || got == 0 || got == -EPROTO);
            assert_true(got == 1 || f.outcome == OUTCOME_NONE);
            passes += f.outcome == OUTCOME_PASSED;
            refused += got == -EPROTO;
        }
    }
    /* 3 is failed, 1 is passed: one bit. */
    assert_int_equal(passes, 1);
    assert_true(refused > 8 * 32);
    free(copy);
    free((char *)(uintptr_t)record.ptr);
}

/* Count and nonce are at the end: no bit of them may be another. */
static void test_the_proof_is_exact(void **state)
{
    (void)state;
    const size_t proof = sizeof(uint32_t) + sizeof(uint64_t);
    const struct base_slice record = record_of(&full, NONCE);
    char *bytes = (char *)(uintptr_t)record.ptr;
    for (size_t i = record.len - proof; i < record.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct base_slice rest = record;
            struct finding f;
            bytes[i] = (char)(bytes[i] ^ (1 << bit));
            assert_int_equal(read_one(&rest, &f), -EPROTO);
            bytes[i] = (char)(bytes[i] ^ (1 << bit));
        }
    }
    free(bytes);
}

static void test_a_record_with_more_in_it_is_refused(void **state)
{
    (void)state;
    const struct base_slice record = record_of(&full, NONCE);
    char *more = base_alloc(record.len + 1);
    uint32_t len;
    memcpy(more, record.ptr, record.len);
    memcpy(&len, more + sizeof len, sizeof len);
    len++;
    memcpy(more + sizeof len, &len, sizeof len);
    struct base_slice rest = {more, record.len + 1};
    struct finding f;
    assert_int_equal(read_one(&rest, &f), -EPROTO);
    free(more);
    free((char *)(uintptr_t)record.ptr);
}

/* Or the grader would wait, and keep, until there is no memory left. */
static void test_an_endless_record_is_refused_at_once(void **state)
{
    (void)state;
    const struct base_slice record = record_of(&full, NONCE);
    char *bytes = (char *)(uintptr_t)record.ptr;
    const uint32_t len = UINT32_MAX;
    memcpy(bytes + sizeof len, &len, sizeof len);
    struct base_slice rest = record;
    struct finding f;
    assert_int_equal(read_one(&rest, &f), -EPROTO);
    free(bytes);
}

static void test_a_text_with_a_nul_is_refused(void **state)
{
    (void)state;
    const struct base_slice record = record_of(&full, NONCE);
    char *bytes = (char *)(uintptr_t)record.ptr;
    const ssize_t at = base_slice_find(record, base_slice_of("lessons"));
    assert_true(at > 0);
    bytes[at + 3] = '\0';
    struct base_slice rest = record;
    struct finding f;
    assert_int_equal(read_one(&rest, &f), -EPROTO);
    free(bytes);
}

static void test_words_that_students_could_print_are_refused(void **state)
{
    (void)state;
    static const char *const all[] = {"passed\n", "ok 1 - x\n", "fnd2....",
                                      "x"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct base_slice rest = base_slice_of(all[i]);
        struct finding f;
        assert_int_equal(read_one(&rest, &f), -EPROTO);
        assert_int_equal(f.outcome, OUTCOME_NONE);
    }
}

static void test_what_is_no_finding_is_not_written(void **state)
{
    (void)state;
    struct finding f = full;
    const double shares[] = {-0.1, 1.1, (double)NAN, (double)INFINITY};
    for (size_t i = 0; i < 4; i++) {
        f.share = shares[i];
        assert_int_equal(finding_write(-1, NONCE, &f), -EINVAL);
    }
    f = full;
    f.outcome = OUTCOME_NONE;
    assert_int_equal(finding_write(-1, NONCE, &f), -EINVAL);
    f.outcome = (enum outcome)(OUTCOME_ERROR + 1);
    assert_int_equal(finding_write(-1, NONCE, &f), -EINVAL);
    f = full;
    f.check = NULL;
    assert_int_equal(finding_write(-1, NONCE, &f), -EINVAL);
    assert_int_equal(finding_write(-1, NONCE, &full), -EBADF);
}

static void test_too_much_is_not_written(void **state)
{
    (void)state;
    struct finding f = full;
    f.output = base_alloc((16 << 20) + 1);
    memset(f.output, 'x', 16 << 20);
    assert_int_equal(finding_write(-1, NONCE, &f), -EMSGSIZE);
    free(f.output);
}

/* A pipe holds 64 KiB: the writer goes on when the reader has taken some. */
static void *read_all(void *arg)
{
    struct base_buf *into = arg;
    const int fd = (int)into->start; /* lent for the start */
    into->start = 0;
    ssize_t n;
    do {
        n = read(fd, base_buf_reserve(into, 4096), 4096);
        if (n > 0)
            base_buf_commit(into, (size_t)n);
    } while (n > 0);
    return NULL;
}

static void test_a_record_larger_than_the_pipe(void **state)
{
    (void)state;
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    struct base_buf bytes;
    base_buf_init(&bytes, 4 * RECORD_LEN);
    bytes.start = (size_t)pair[0];
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, read_all, &bytes), 0);

    struct finding f = full, again;
    f.output = base_alloc(RECORD_LEN + 1);
    memset(f.output, 'x', RECORD_LEN);
    assert_int_equal(finding_write(pair[1], NONCE, &f), 0);
    close(pair[1]);
    pthread_join(reader, NULL);
    close(pair[0]);

    struct base_arena arena;
    base_arena_init(&arena, 4096);
    struct base_slice rest = base_buf_slice(&bytes);
    assert_int_equal(finding_read(&rest, NONCE, &again, &arena), 1);
    assert_same(&again, &f);
    base_arena_fini(&arena);
    base_buf_fini(&bytes);
    free(f.output);
}

/* --- sums ----------------------------------------------------------------- */

static void test_shares_are_of_what_is_proved(void **state)
{
    (void)state;
    struct finding f = {.share = 0.5};
    const double expected[] = {
        [OUTCOME_NONE] = 0,   [OUTCOME_PASSED] = 1,  [OUTCOME_PARTLY] = 0.5,
        [OUTCOME_FAILED] = 0, [OUTCOME_SKIPPED] = 0, [OUTCOME_NOISY] = 0,
        [OUTCOME_ERROR] = 0};
    for (int i = OUTCOME_NONE; i <= OUTCOME_ERROR; i++) {
        f.outcome = (enum outcome)i;
        assert_true(fabs(finding_share(&f) - expected[i]) < 1e-12);
        assert_string_not_equal(outcome_name(f.outcome), "unknown");
    }
}

static struct submission three_of(double points, double max,
                                  struct mark marks[3])
{
    for (size_t i = 0; i < 3; i++)
        marks[i] = (struct mark){.finding = {.outcome = OUTCOME_PARTLY},
                                 .points = points,
                                 .max = max};
    struct submission s = {
        .state = SUBMISSION_GRADED, .marks = marks, .n_marks = 3};
    submission_sum(&s);
    return s;
}

static void test_sums_are_of_whole_hundredths(void **state)
{
    (void)state;
    struct mark marks[3];
    assert_true(fabs(three_of(0.1, 1, marks).score - 0.3) < 1e-12);
    assert_true(fabs(three_of(1.0 / 3, 1, marks).score - 0.99) < 1e-12);
    assert_true(fabs(three_of(5, 1, marks).score - 3) < 1e-12);
    assert_true(fabs(three_of(-5, 1, marks).score) < 1e-12);
    assert_true(fabs(three_of((double)NAN, 1, marks).score) < 1e-12);
    assert_true(fabs(three_of((double)INFINITY, 1, marks).score - 3) < 1e-12);
}

static void test_only_what_passed_has_points(void **state)
{
    (void)state;
    struct mark marks[3];
    struct submission s = three_of(1, 1, marks);
    marks[0].finding.outcome = OUTCOME_NOISY;
    marks[1].finding.outcome = OUTCOME_FAILED;
    submission_sum(&s);
    assert_true(fabs(s.score - 1) < 1e-12 && fabs(s.max - 3) < 1e-12);
    assert_true(fabs(submission_open(&s) - 1) < 1e-12);
    assert_false(submission_final(&s));
    marks[0].finding.outcome = OUTCOME_PASSED;
    assert_true(submission_final(&s));
    s.state = SUBMISSION_BROKEN;
    marks[0].points = 1;
    submission_sum(&s);
    assert_true(fabs(s.score) < 1e-12 && submission_final(&s));
    s.state = SUBMISSION_ERROR;
    assert_false(submission_final(&s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_records_follow_each_other),
        cmocka_unit_test(test_a_part_of_a_record_is_none_yet),
        cmocka_unit_test(test_another_nonce_is_no_proof),
        cmocka_unit_test(test_no_changed_byte_makes_a_pass),
        cmocka_unit_test(test_the_proof_is_exact),
        cmocka_unit_test(test_a_record_with_more_in_it_is_refused),
        cmocka_unit_test(test_an_endless_record_is_refused_at_once),
        cmocka_unit_test(test_a_text_with_a_nul_is_refused),
        cmocka_unit_test(test_words_that_students_could_print_are_refused),
        cmocka_unit_test(test_what_is_no_finding_is_not_written),
        cmocka_unit_test(test_too_much_is_not_written),
        cmocka_unit_test(test_a_record_larger_than_the_pipe),
        cmocka_unit_test(test_shares_are_of_what_is_proved),
        cmocka_unit_test(test_sums_are_of_whole_hundredths),
        cmocka_unit_test(test_only_what_passed_has_points),
    };
    return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
