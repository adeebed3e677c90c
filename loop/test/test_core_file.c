/*
 * test_core_file.c - operations on files: their results are those of the system
 * calls, and meanwhile the loop goes on.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_op {
    struct loop_op op;
    ssize_t result;
    int n_done;
};

static void on_done(struct loop_op *op, ssize_t result)
{
    struct file_op *f = op->arg;
    assert_false(op->more);
    f->result = result;
    f->n_done++;
}

static bool is_done(void *arg)
{
    return ((struct file_op *)arg)->n_done > 0;
}

/* The result of an operation that `error` says was started. */
static ssize_t result_of(struct loop *loop, struct file_op *f, int error)
{
    assert_int_equal(error, 0);
    assert_int_equal(loop_active(loop), 1);
    assert_int_equal(f->n_done, 0);
    each_until(loop, is_done, f, "a file operation");
    assert_int_equal(f->n_done, 1);
    assert_int_equal(loop_active(loop), 0);
    f->n_done = 0;
    return f->result;
}

static int open_file(struct loop *loop, const char *path, int flags)
{
    struct file_op f = {0};
    return (int)result_of(
        loop, &f, loop_file_open(loop, &f.op, path, flags, 0640, on_done, &f));
}

static ssize_t read_file(struct loop *loop, int fd, char *memory, size_t len,
                         off_t offset)
{
    struct file_op f = {0};
    return result_of(loop, &f,
                     loop_file_read(loop, &f.op, fd,
                                    ((struct iovec){memory, len}), offset,
                                    on_done, &f));
}

static ssize_t write_file(struct loop *loop, int fd, const char *text,
                          off_t offset)
{
    struct file_op f = {0};
    return result_of(loop, &f,
                     loop_file_write(loop, &f.op, fd, base_slice_of(text),
                                     offset, on_done, &f));
}

static int memory_file(off_t size)
{
    const int fd = memfd_create("test", MFD_CLOEXEC);
    assert_int_not_equal(fd, -1);
    assert_int_equal(ftruncate(fd, size), 0);
    return fd;
}

/* --- results ------------------------------------------------------------- */

static void a_file_is_written_and_read(struct loop *loop)
{
    char path[] = "/tmp/test_core_file.XXXXXX", text[32] = "";
    assert_non_null(mkdtemp(path));
    char name[64];
    snprintf(name, sizeof name, "%s/file", path);
    const mode_t mask = umask(022);
    const int fd = open_file(loop, name, O_RDWR | O_CREAT | O_EXCL);
    umask(mask);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);

    assert_int_equal(write_file(loop, fd, "hello, world", 0), 12);
    assert_int_equal(write_file(loop, fd, "there", 7), 5);
    struct file_op f = {0};
    assert_int_equal(
        result_of(loop, &f, loop_file_sync(loop, &f.op, fd, on_done, &f)), 0);
    assert_int_equal(read_file(loop, fd, text, sizeof text, 0), 12);
    assert_string_equal(text, "hello, there");
    assert_int_equal(read_file(loop, fd, text, 5, 7), 5);
    assert_memory_equal(text, "there", 5);
    assert_int_equal(read_file(loop, fd, text, sizeof text, 10), 2);
    assert_int_equal(read_file(loop, fd, text, sizeof text, 12), 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(open_file(loop, name, O_RDWR | O_CREAT | O_EXCL), -EEXIST);
    unlink(name);
    rmdir(path);
}

static void errors_come_with_the_callback(struct loop *loop)
{
    char text[8];
    assert_int_equal(open_file(loop, "/no/such/file", O_RDONLY), -ENOENT);
    assert_int_equal(open_file(loop, "/", O_WRONLY), -EISDIR);
    const int directory = open("/", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read_file(loop, directory, text, sizeof text, 0), -EISDIR);
    close(directory);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(write_file(loop, null, "x", 0), -EBADF);
    close(null);
    assert_int_equal(read_file(loop, 9999, text, sizeof text, 0), -EBADF);
}

static void nonsense_is_refused_at_once(struct loop *loop)
{
    struct loop_op op = {0};
    char text[8];
    const struct iovec memory = {text, sizeof text};
    assert_int_equal(loop_file_read(loop, &op, -1, memory, 0, on_done, NULL),
                     -EBADF);
    assert_int_equal(loop_file_read(loop, &op, 0, memory, -1, on_done, NULL),
                     -EINVAL);
    assert_int_equal(
        loop_file_write(loop, &op, -1, base_slice_of("x"), 0, on_done, NULL),
        -EBADF);
    assert_int_equal(
        loop_file_write(loop, &op, 0, base_slice_of("x"), -1, on_done, NULL),
        -EINVAL);
    assert_int_equal(loop_file_sync(loop, &op, -1, on_done, NULL), -EBADF);
    assert_int_equal(loop_active(loop), 0);
}

/* --- many, and meanwhile ------------------------------------------------- */

enum { PARTS = 200 };

struct part {
    struct file_op f;
    char byte[3];
};

static bool all_parts(void *arg)
{
    const struct part *parts = arg;
    int n = 0;
    for (int i = 0; i < PARTS; i++)
        n += parts[i].f.n_done;
    return n == PARTS;
}

static void many_at_once_on_one_descriptor(struct loop *loop)
{
    static struct part parts[PARTS];
    memset(parts, 0, sizeof parts);
    const int fd = memory_file(PARTS * 3);
    char text[PARTS * 3 + 1];
    for (int i = 0; i < PARTS; i++)
        snprintf(text + 3 * i, 4, "%03d", i);
    assert_int_equal(pwrite(fd, text, PARTS * 3, 0), PARTS * 3);
    for (int i = 0; i < PARTS; i++) {
        const struct iovec memory = {parts[i].byte, 3};
        assert_int_equal(loop_file_read(loop, &parts[i].f.op, fd, memory, 3 * i,
                                        on_done, &parts[i].f),
                         0);
    }
    assert_int_equal(loop_active(loop), PARTS);
    each_until(loop, all_parts, parts, "all parts");
    for (int i = 0; i < PARTS; i++) {
        assert_int_equal(parts[i].f.result, 3);
        assert_memory_equal(parts[i].byte, text + 3 * i, 3);
    }
    close(fd);
}

enum { PIECE = 1 << 16, SIZE = 64 << 20 };

/* Reads a large file piece by piece, while a deferred call counts passes. */
struct copy {
    struct loop *loop;
    struct loop_op op;
    struct loop_call tick;
    int fd;
    char *memory;
    off_t offset;
    int passes, in_this_pass, most_in_a_pass;
    bool ended;
};

static void on_pass(struct loop_call *c)
{
    struct copy *copy = c->arg;
    copy->passes++;
    copy->in_this_pass = 0;
    loop_defer(copy->loop, c, on_pass, copy);
}

static void read_piece(struct copy *copy);

static void on_piece(struct loop_op *op, ssize_t result)
{
    struct copy *copy = op->arg;
    if (++copy->in_this_pass > copy->most_in_a_pass)
        copy->most_in_a_pass = copy->in_this_pass;
    copy->offset += result;
    if (result > 0) {
        read_piece(copy);
        return;
    }
    loop_defer_cancel(&copy->tick);
    copy->ended = true;
}

static void read_piece(struct copy *copy)
{
    const struct iovec memory = {copy->memory, PIECE};
    assert_int_equal(loop_file_read(copy->loop, &copy->op, copy->fd, memory,
                                    copy->offset, on_piece, copy),
                     0);
}

static bool has_ended(void *arg)
{
    return ((struct copy *)arg)->ended;
}

static void a_large_file_does_not_hold_the_loop(struct loop *loop)
{
    struct copy copy = {
        .loop = loop, .fd = memory_file(SIZE), .memory = base_alloc(PIECE)};
    loop_defer(loop, &copy.tick, on_pass, &copy);
    read_piece(&copy);
    each_until(loop, has_ended, &copy, "64 MiB");
    assert_int_equal(copy.offset, SIZE);
    assert_int_equal(copy.most_in_a_pass, 1);
    assert_true(copy.passes >= SIZE / PIECE);
    close(copy.fd);
    free(copy.memory);
}

/* --- limits and ends ----------------------------------------------------- */

/* A job that keeps the only thread of a loop's pool. */
struct gate {
    struct loop_job job;
    sem_t begun, open;
    bool done;
};

static void pass_gate(struct loop_job *job)
{
    struct gate *gate = job->arg;
    sem_post(&gate->begun);
    while (sem_wait(&gate->open) == -1)
        ;
}

static void on_gate(struct loop_job *job, int result)
{
    (void)result;
    ((struct gate *)job->arg)->done = true;
}

static bool is_open(void *arg)
{
    return ((struct gate *)arg)->done;
}

static struct loop *small_loop(const struct loop *like, struct gate *gate)
{
    const struct loop_options options = {
        .backend = loop_backend(like), .pool_threads = 1, .pool_queue = 1};
    struct loop *loop;
    assert_int_equal(loop_new(&loop, &options), 0);
    sem_init(&gate->begun, 0, 0);
    sem_init(&gate->open, 0, 0);
    assert_int_equal(
        loop_job_start(loop, NULL, &gate->job, pass_gate, on_gate, gate), 0);
    while (sem_wait(&gate->begun) == -1)
        ;
    return loop;
}

static void small_loop_free(struct loop *loop, struct gate *gate)
{
    loop_free(loop);
    assert_true(gate->done);
    sem_destroy(&gate->begun);
    sem_destroy(&gate->open);
}

static bool uses_pool(const struct loop *loop)
{
    return strcmp(loop_backend(loop), "uring") != 0;
}

static void a_full_pool_is_told_in_the_callback(struct loop *like)
{
    struct gate gate = {0};
    struct file_op waits = {0}, refused = {0};
    struct loop *loop = small_loop(like, &gate);
    const int fd = memory_file(0);
    assert_int_equal(loop_file_sync(loop, &waits.op, fd, on_done, &waits), 0);
    assert_int_equal(loop_file_sync(loop, &refused.op, fd, on_done, &refused),
                     0);
    assert_int_equal(refused.n_done, 0);
    each_until(loop, is_done, &refused, "the one that has no room");
    assert_int_equal(refused.result, uses_pool(loop) ? -EAGAIN : 0);
    sem_post(&gate.open);
    each_until(loop, is_open, &gate, "the gate");
    if (waits.n_done == 0)
        each_until(loop, is_done, &waits, "the one that waited");
    assert_int_equal(waits.result, 0);
    small_loop_free(loop, &gate);
    close(fd);
}

static void one_that_waits_can_be_cancelled(struct loop *like)
{
    struct gate gate = {0};
    struct file_op f = {0};
    struct loop *loop = small_loop(like, &gate);
    assert_int_equal(
        loop_file_open(loop, &f.op, "/dev/null", O_RDONLY, 0, on_done, &f), 0);
    loop_cancel(&f.op);
    loop_cancel(&f.op);
    assert_int_equal(f.n_done, 0);
    each_until(loop, is_done, &f, "the cancelled one");
    if (uses_pool(loop))
        assert_int_equal(f.result, -ECANCELED);
    else if (f.result >= 0) /* the kernel was faster */
        close((int)f.result);
    loop_cancel(&f.op);
    assert_true(loop_run_once(loop, 0) >= 0);
    assert_int_equal(f.n_done, 1);
    sem_post(&gate.open);
    small_loop_free(loop, &gate);
}

/* Whatever comes first, it comes once. */
static void cancelling_at_any_time_gives_one_result(struct loop *loop)
{
    const int fd = memory_file(PIECE);
    char *memory = base_alloc(PIECE);
    const struct iovec all = {memory, PIECE};
    for (int i = 0; i < 100; i++) {
        struct file_op f = {0};
        assert_int_equal(loop_file_read(loop, &f.op, fd, all, 0, on_done, &f),
                         0);
        for (int passes = i % 3; passes > 0 && f.n_done == 0; passes--)
            loop_run_once(loop, 0);
        loop_cancel(&f.op);
        if (f.n_done == 0)
            each_until(loop, is_done, &f, "a result");
        assert_int_equal(f.n_done, 1);
        assert_true(f.result == PIECE || f.result == -ECANCELED);
    }
    close(fd);
    free(memory);
}

static void free_brings_the_last_callbacks(struct loop *like)
{
    struct gate gate = {0};
    struct file_op fs[5];
    memset(fs, 0, sizeof fs);
    struct loop *loop = small_loop(like, &gate);
    const int fd = memory_file(0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(loop_file_sync(loop, &fs[i].op, fd, on_done, &fs[i]),
                         0);
    sem_post(&gate.open);
    small_loop_free(loop, &gate);
    for (int i = 0; i < 5; i++)
        assert_int_equal(fs[i].n_done, 1);
    close(fd);
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(a_file_is_written_and_read),
        EACH(errors_come_with_the_callback),
        EACH(nonsense_is_refused_at_once),
        EACH(many_at_once_on_one_descriptor),
        EACH(a_large_file_does_not_hold_the_loop),
        EACH(a_full_pool_is_told_in_the_callback),
        EACH(one_that_waits_can_be_cancelled),
        EACH(cancelling_at_any_time_gives_one_result),
        EACH(free_brings_the_last_callbacks),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
