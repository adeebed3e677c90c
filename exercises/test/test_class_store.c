/*
 * test_class_store.c - a submission as bytes, and on disk: comes back as it
 * was, or not at all.
 *
 * Read before: ../grader/class_record.h, ../grader/class_store.h.
 * Rests on: cmocka.
 */
#include "../grader/class_store.h"

#include "../grader/files.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const uint64_t nonce = 0x1122334455667788;
static const char key[] =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/* Three marks: one failed with all texts, one passed, one that never ran. */
static struct submission sample(struct base_arena *arena)
{
    struct mark *marks = base_arena_alloc(arena, 3 * sizeof *marks);
    marks[0] = (struct mark){.max = 2,
                             .finding = {.check = "answers",
                                         .title = "a line is answered",
                                         .outcome = OUTCOME_FAILED,
                                         .ms = 17,
                                         .seed = 4711,
                                         .did = "connected\nsent \"ping\\n\"",
                                         .command = "nc",
                                         .expected = "pong",
                                         .came = "\xff\x01 and \xe2\x82\xac",
                                         .cause = "",
                                         .section = "lessons/05",
                                         .reproduce = "make check",
                                         .hang = "blocked in read",
                                         .sanitizer = "heap-use-after-free",
                                         .output = "]]>",
                                         .note = "12 wake-ups"}};
    marks[1] = (struct mark){.max = 3,
                             .points = 1.5,
                             .hidden = true,
                             .finding = {.check = "drains",
                                         .title = "drains",
                                         .outcome = OUTCOME_PARTLY,
                                         .share = 0.5}};
    marks[2] =
        (struct mark){.max = 1, .finding = {.check = "ends", .title = "ends"}};
    struct submission s = {.student = "bob",
                           .exercise = "05-drain",
                           .title = "Drain",
                           .state = SUBMISSION_GRADED,
                           .notes = "ignored: a.out",
                           .compiler = "warning: unused variable",
                           .marks = marks,
                           .n_marks = 3,
                           .ms = 1234,
                           .seed = 99,
                           .protection = "bubblewrap"};
    memset(s.sha256, 'a', 64);
    submission_sum(&s);
    return s;
}

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a != NULL)
        assert_string_equal(a, b);
}

static void assert_same_mark(const struct mark *a, const struct mark *b)
{
    const struct finding *f = &a->finding, *g = &b->finding;
    assert_int_equal(a->hidden, b->hidden);
    assert_true(a->points >= b->points && a->points <= b->points);
    assert_true(a->max >= b->max && a->max <= b->max);
    assert_int_equal(f->outcome, g->outcome);
    assert_int_equal(f->ms, g->ms);
    assert_int_equal(f->seed, g->seed);
    assert_same_text(f->check, g->check);
    assert_same_text(f->title, g->title);
    assert_same_text(f->did, g->did);
    assert_same_text(f->command, g->command);
    assert_same_text(f->expected, g->expected);
    assert_same_text(f->came, g->came);
    assert_same_text(f->cause, g->cause);
    assert_same_text(f->section, g->section);
    assert_same_text(f->reproduce, g->reproduce);
    assert_same_text(f->hang, g->hang);
    assert_same_text(f->sanitizer, g->sanitizer);
    assert_same_text(f->output, g->output);
    assert_same_text(f->note, g->note);
}

static void assert_same(const struct submission *a, const struct submission *b)
{
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->ms, b->ms);
    assert_int_equal(a->seed, b->seed);
    assert_string_equal(a->sha256, b->sha256);
    assert_same_text(a->reason, b->reason);
    assert_same_text(a->notes, b->notes);
    assert_same_text(a->compiler, b->compiler);
    assert_same_text(a->protection, b->protection);
    assert_same_text(a->missing, b->missing);
    assert_int_equal(result_hundredths(a->score), result_hundredths(b->score));
    assert_int_equal(result_hundredths(a->max), result_hundredths(b->max));
    assert_int_equal(a->n_marks, b->n_marks);
    for (size_t i = 0; i < a->n_marks; i++)
        assert_same_mark(&a->marks[i], &b->marks[i]);
}

/* What class_record_write writes. */
static struct base_slice record_of(const struct submission *s,
                                   const char *its_key,
                                   struct base_arena *arena)
{
    char path[] = "/tmp/test-class-record-XXXXXX";
    struct base_slice bytes;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(class_record_write(fd, nonce, s, its_key), 0);
    close(fd);
    assert_int_equal(files_read(path, arena, &bytes), 0);
    unlink(path);
    return bytes;
}

static struct submission empty(void)
{
    return (struct submission){
        .student = "eve", .exercise = "05-drain", .title = "Drain"};
}

/* --- records -------------------------------------------------------------- */

static void test_a_record_comes_back_as_it_was(void **state)
{
    struct base_arena *arena = *state;
    const struct submission s = sample(arena);
    struct submission read = empty();
    char its_key[SHA256_HEX];
    assert_int_equal(class_record_read(record_of(&s, key, arena), nonce, &read,
                                       its_key, arena),
                     0);
    assert_same(&s, &read);
    assert_string_equal(its_key, key);
    assert_string_equal(read.student, "eve");
}

static void test_no_part_of_a_record_is_one(void **state)
{
    struct base_arena *arena = *state;
    const struct submission s = sample(arena);
    const struct base_slice whole = record_of(&s, "", arena);
    struct base_arena scratch;
    base_arena_init(&scratch, 4096);
    for (size_t len = 0; len < whole.len; len++) {
        struct submission read = empty();
        char its_key[SHA256_HEX];
        char *bytes = base_alloc(len + 1); /* its end is the memory's */
        memcpy(bytes, whole.ptr, len);
        bytes = base_realloc(bytes, len > 0 ? len : 1);
        assert_int_equal(class_record_read((struct base_slice){bytes, len},
                                           nonce, &read, its_key, &scratch),
                         -EPROTO);
        assert_null(read.marks);
        free(bytes);
        base_arena_reset(&scratch);
    }
    base_arena_fini(&scratch);
}

static void test_nor_one_with_more_behind_it(void **state)
{
    struct base_arena *arena = *state;
    const struct submission s = sample(arena);
    const struct base_slice whole = record_of(&s, "", arena);
    char *bytes = base_arena_alloc(arena, whole.len + 1);
    memcpy(bytes, whole.ptr, whole.len);
    struct submission read = empty();
    char its_key[SHA256_HEX];
    assert_int_equal(
        class_record_read((struct base_slice){bytes, whole.len + 1}, nonce,
                          &read, its_key, arena),
        -EPROTO);
}

/* Whatever is read from damaged bytes, reading them does no harm. */
static void test_damage_is_no_crash(void **state)
{
    struct base_arena *arena = *state;
    const struct submission s = sample(arena);
    const struct base_slice whole = record_of(&s, key, arena);
    char *bytes = base_arena_strdup(arena, whole);
    struct base_arena scratch;
    base_arena_init(&scratch, 4096);
    for (size_t i = 0; i < 8 * whole.len; i++) {
        struct submission read = empty();
        char its_key[SHA256_HEX];
        bytes[i / 8] = (char)(bytes[i / 8] ^ (1 << i % 8));
        const int error =
            class_record_read((struct base_slice){bytes, whole.len}, nonce,
                              &read, its_key, &scratch);
        if (error == 0) /* it was a letter, or a point */
            assert_true(read.score <= read.max);
        else
            assert_int_equal(error, -EPROTO);
        bytes[i / 8] = whole.ptr[i / 8];
        base_arena_reset(&scratch);
    }
    base_arena_fini(&scratch);
}

static void test_another_nonce_or_exercise(void **state)
{
    struct base_arena *arena = *state;
    struct submission s = sample(arena), read = empty();
    char its_key[SHA256_HEX];
    const struct base_slice bytes = record_of(&s, "", arena);
    assert_int_equal(class_record_read(bytes, nonce + 1, &read, its_key, arena),
                     -EPROTO);
    read.exercise = "04-poll";
    assert_int_equal(class_record_read(bytes, nonce, &read, its_key, arena),
                     -EPROTO);
    s.n_marks = 0; /* the proof at the end has the nonce, too */
    read.exercise = "05-drain";
    assert_int_equal(class_record_read(record_of(&s, "", arena), nonce + 1,
                                       &read, its_key, arena),
                     -EPROTO);
}

static void test_megabytes_of_output_are_cut(void **state)
{
    struct base_arena *arena = *state;
    enum { MANY = 40, MUCH = 2 << 20 };
    struct submission s = sample(arena), read = empty();
    char *much = base_arena_alloc(arena, MUCH + 1);
    memset(much, 'x', MUCH);
    s.marks = base_arena_alloc(arena, MANY * sizeof *s.marks);
    s.n_marks = MANY;
    for (size_t i = 0; i < MANY; i++) {
        s.marks[i] = sample(arena).marks[0];
        s.marks[i].finding.output = much;
        s.marks[i].finding.sanitizer = much;
        s.marks[i].finding.came = much;
    }
    s.notes = s.reason = much;
    class_record_trim(&s, arena);
    const struct base_slice bytes = record_of(&s, "", arena);
    assert_in_range(bytes.len, CLASS_TEXTS_MAX, CLASS_RECORD_MAX);
    char its_key[SHA256_HEX];
    assert_int_equal(class_record_read(bytes, nonce, &read, its_key, arena), 0);
    assert_non_null(
        strstr(read.marks[0].finding.output, "bytes more are left out)"));
    assert_string_equal(read.marks[0].finding.did,
                        sample(arena).marks[0].finding.did);
}

/* --- store ---------------------------------------------------------------- */

struct folder {
    char path[64];
    struct class_store store;
    pid_t holder;
};

static struct folder *folder_new(struct base_arena *arena)
{
    struct folder *f = base_arena_alloc(arena, sizeof *f);
    snprintf(f->path, sizeof f->path, "/tmp/test-class-store-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    return f;
}

static void folder_remove(const struct folder *f)
{
    char path[200];
    snprintf(path, sizeof path, "%s/state/%s", f->path, key);
    unlink(path);
    snprintf(path, sizeof path, "%s/state/lock", f->path);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/state", f->path);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(f->path), 0);
}

static void test_what_is_kept_comes_back(void **state)
{
    struct base_arena *arena = *state;
    struct folder *f = folder_new(arena);
    const struct submission s = sample(arena);
    struct submission read = empty();
    assert_int_equal(class_store_open(&f->store, f->path, &f->holder), 0);
    assert_int_equal(class_store_load(&f->store, key, &read, arena), -ENOENT);
    assert_int_equal(
        class_store_save(&f->store, key, nonce, record_of(&s, key, arena)), 0);
    assert_int_equal(class_store_load(&f->store, key, &read, arena), 0);
    assert_same(&s, &read);
    assert_true(read.kept);
    class_store_close(&f->store);
    folder_remove(f);
}

/* Each byte of the file counts: a pass that is kept is one that was earned. */
static void test_a_damaged_file_counts_as_absent(void **state)
{
    struct base_arena *arena = *state;
    struct folder *f = folder_new(arena);
    const struct submission s = sample(arena);
    char path[200];
    struct base_slice file;
    assert_int_equal(class_store_open(&f->store, f->path, &f->holder), 0);
    assert_int_equal(
        class_store_save(&f->store, key, nonce, record_of(&s, key, arena)), 0);
    snprintf(path, sizeof path, "%s/state/%s", f->path, key);
    assert_int_equal(files_read(path, arena, &file), 0);
    for (size_t i = 0; i < file.len; i += 7) {
        struct submission read = empty();
        char *bytes = base_arena_strdup(arena, file);
        bytes[i] = (char)(bytes[i] ^ 1);
        assert_int_equal(
            files_replace(path, (struct base_slice){bytes, file.len}), 0);
        assert_int_equal(class_store_load(&f->store, key, &read, arena),
                         -ENOENT);
    }
    class_store_close(&f->store);
    folder_remove(f);
}

static void test_one_run_at_a_time(void **state)
{
    struct folder *f = folder_new(*state);
    assert_int_equal(class_store_open(&f->store, f->path, &f->holder), 0);
    const pid_t other = fork();
    if (other == 0) {
        struct folder second = *f;
        const int error =
            class_store_open(&second.store, second.path, &second.holder);
        _exit(error != -EBUSY              ? 1
              : second.holder != getppid() ? 2
              : second.store.dir != NULL   ? 3
                                           : 0);
    }
    int status;
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    class_store_close(&f->store);
    assert_int_equal(class_store_open(&f->store, f->path, &f->holder), 0);
    class_store_close(&f->store);
    folder_remove(f);
}

static void test_folders_that_cannot_be_made(void **state)
{
    (void)state;
    struct class_store store;
    pid_t holder;
    assert_int_equal(class_store_open(&store, "/dev/null/x", &holder),
                     -ENOTDIR);
    assert_int_equal(class_store_open(&store, "/proc/x", &holder), -ENOENT);
}

static int set_up(void **state)
{
    *state = base_alloc(sizeof(struct base_arena));
    base_arena_init(*state, 64 << 10);
    return 0;
}

static int tear_down(void **state)
{
    base_arena_fini(*state);
    free(*state);
    return 0;
}

#define WITH_ARENA(test)                                                       \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_a_record_comes_back_as_it_was),
        WITH_ARENA(test_no_part_of_a_record_is_one),
        WITH_ARENA(test_nor_one_with_more_behind_it),
        WITH_ARENA(test_damage_is_no_crash),
        WITH_ARENA(test_another_nonce_or_exercise),
        WITH_ARENA(test_megabytes_of_output_are_cut),
        WITH_ARENA(test_what_is_kept_comes_back),
        WITH_ARENA(test_a_damaged_file_counts_as_absent),
        WITH_ARENA(test_one_run_at_a_time),
        WITH_ARENA(test_folders_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
