/*
 * test_co_file.c - files for tasks: opened, written, synced, read, at any
 * offset; and sent to a socket by co_sendfile, whole, in part, past the end,
 * slowly, and not at all.
 *
 * Read before: co/io.c, co/sendfile.c, seen.h. Read after: test_co_stack.c.
 */
#include "loop/co.h"
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

static char folder[] = "/tmp/test_co_file.XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void run(struct loop *loop, co_fn *fn, void *arg)
{
    assert_int_equal(co_run(loop, fn, arg), 0);
}

/* --- reading and writing ------------------------------------------------- */

static int write_and_read(void *arg)
{
    char bytes[1000];
    struct stat st;
    (void)arg;
    const int fd = co_file_open(path_of("a"), O_RDWR | O_CREAT | O_EXCL, 0640);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(co_file_write(fd, seen_text(), 600, 0), 600);
    assert_int_equal(co_file_write(fd, seen_text() + 600, 400, 600), 400);
    assert_int_equal(co_file_sync(fd), 0);
    assert_int_equal(co_file_read(fd, bytes, 1000, 0), 1000);
    assert_memory_equal(bytes, seen_text(), 1000);
    assert_int_equal(co_file_read(fd, bytes, 1000, 900), 100);
    assert_memory_equal(bytes, seen_text() + 900, 100);
    assert_int_equal(co_file_read(fd, bytes, 1000, 1000), 0);
    assert_int_equal(co_file_read(fd, bytes, 1000, 100000), 0);
    close(fd);
    unlink(path_of("a"));
    return 0;
}

static void a_file_is_written_and_read(struct loop *loop)
{
    run(loop, write_and_read, NULL);
}

static int make_mistakes(void *arg)
{
    char byte = 0;
    (void)arg;
    assert_int_equal(co_file_open(path_of("none"), O_RDONLY, 0), -ENOENT);
    assert_int_equal(co_file_read(-1, &byte, 1, 0), -EBADF);
    assert_int_equal(co_file_write(-1, &byte, 1, 0), -EBADF);
    assert_int_equal(co_file_sync(-1), -EBADF);
    const int fd = co_file_open(path_of("b"), O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(co_file_read(fd, &byte, 1, -1), -EINVAL);
    assert_int_equal(co_file_write(fd, &byte, 1, -1), -EINVAL);
    assert_int_equal(co_file_read(fd, &byte, 1, 0), -EBADF); /* O_WRONLY */
    assert_int_equal(co_file_open(path_of("b"), O_CREAT | O_EXCL, 0), -EEXIST);
    close(fd);
    unlink(path_of("b"));
    const int folder_fd = co_file_open(folder, O_RDONLY, 0);
    assert_true(folder_fd >= 0);
    assert_int_equal(co_file_read(folder_fd, &byte, 1, 0), -EISDIR);
    close(folder_fd);
    return 0;
}

static void mistakes_are_errors(struct loop *loop)
{
    run(loop, make_mistakes, NULL);
}

enum { TASKS = 50, BLOCK = 1000 };

struct block {
    int fd, i;
};

static int write_block(void *arg)
{
    const struct block *b = arg;
    char bytes[BLOCK];
    const off_t offset = (off_t)b->i * BLOCK;
    const char *text = seen_text() + offset;
    assert_int_equal(co_file_write(b->fd, text, BLOCK, offset), BLOCK);
    assert_int_equal(co_file_read(b->fd, bytes, BLOCK, offset), BLOCK);
    assert_memory_equal(bytes, text, BLOCK);
    return 0;
}

/* Of one descriptor any number of operations may be under way. */
static int many_at_one_file(void *arg)
{
    static char bytes[TASKS * BLOCK];
    struct block blocks[TASKS];
    struct co_group g;
    (void)arg;
    const int fd = co_file_open(path_of("c"), O_RDWR | O_CREAT, 0600);
    co_group_begin(&g);
    for (int i = TASKS - 1; i >= 0; i--) {
        blocks[i] = (struct block){fd, i};
        assert_int_equal(co_group_go(&g, write_block, &blocks[i]), 0);
    }
    assert_int_equal(co_group_wait(&g), 0);
    assert_int_equal(co_file_read(fd, bytes, sizeof bytes, 0), sizeof bytes);
    assert_memory_equal(bytes, seen_text(), sizeof bytes);
    close(fd);
    unlink(path_of("c"));
    return 0;
}

static void many_tasks_use_one_file(struct loop *loop)
{
    run(loop, many_at_one_file, NULL);
}

/* The memory is the loop's until it is done: so the task goes on waiting, and
 * a result that comes is returned. */
static int write_while_cancelled(void *arg)
{
    (void)arg;
    const int fd = co_file_open(path_of("d"), O_RDWR | O_CREAT, 0600);
    int n = 0;
    co_cancel(co_current());
    assert_int_equal(co_file_write(fd, "x", 1, n), -ECANCELED);
    for (int i = 0; i < 100; i++) {
        struct co_deadline d;
        co_deadline_begin(&d, loop_now(loop_current()) + 1);
        const ssize_t wrote = co_file_write(fd, "x", 1, n);
        co_deadline_end(&d);
        if (wrote != -ETIMEDOUT)
            assert_int_equal(wrote, 1);
        n += wrote == 1;
    }
    struct stat st;
    fstat(fd, &st);
    assert_int_equal(st.st_size, n);
    close(fd);
    unlink(path_of("d"));
    return 0;
}

static void an_early_end_and_a_result_are_told_apart(struct loop *loop)
{
    run(loop, write_while_cancelled, NULL);
}

/* --- sendfile ------------------------------------------------------------ */

/* A file of the text, and a socket to send it by. */
struct show {
    int file, pair[2];
    off_t offset;
    size_t len, sent, got; /* got: received so far */
    bool slowly;
    int64_t patience_ns; /* 0: for ever */
    ssize_t result;
    int turns;
};

static void open_show(struct show *s, void (*open_pair)(int pair[2]))
{
    s->file = open(path_of("text"), O_RDONLY | O_CLOEXEC);
    assert_int_not_equal(s->file, -1);
    open_pair(s->pair);
}

static int send_it(void *arg)
{
    struct show *s = arg;
    struct co_deadline d;
    co_deadline_begin(&d, s->patience_ns > 0
                              ? loop_now(loop_current()) + s->patience_ns
                              : LOOP_NEVER);
    s->result = co_sendfile(s->pair[1], s->file, s->offset, s->len);
    co_deadline_end(&d);
    shutdown(s->pair[1], SHUT_WR);
    return 0;
}

static int receive_it(void *arg)
{
    struct show *s = arg;
    static char bytes[60000];
    ssize_t n;
    if (s->slowly && s->patience_ns > 0)
        co_sleep(s->patience_ns * 2); /* it runs out */
    while ((n = co_recv(s->pair[0], bytes, sizeof bytes)) > 0) {
        assert_memory_equal(bytes, seen_text() + s->offset + s->got, (size_t)n);
        s->got += (size_t)n;
        if (s->slowly)
            co_yield_turn();
    }
    assert_int_equal(n, 0);
    return 0;
}

static int show(void *arg)
{
    struct show *s = arg;
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, receive_it, s);
    co_group_go(&g, send_it, s);
    assert_int_equal(co_group_wait(&g), 0);
    loop_close(loop_current(), s->pair[0]);
    loop_close(loop_current(), s->pair[1]);
    close(s->file);
    return 0;
}

static void files_are_sent(struct loop *loop)
{
    static const struct {
        off_t offset;
        size_t len, result;
    } cases[] = {
        {0, SEEN_MUCH, SEEN_MUCH},              /* whole */
        {0, 10 * (size_t)SEEN_MUCH, SEEN_MUCH}, /* beyond the end */
        {7, 600000, 600000},                    /* a large part */
        {1000, 5000, 5000},                     /* a part */
        {SEEN_MUCH - 10, 20, 10},               /* the last bytes */
        {SEEN_MUCH, 20, 0},                     /* nothing left */
        {SEEN_MUCH + 10, 20, 0},                /* behind the end */
        {5, 0, 0},                              /* nothing asked for */
    };
    for (size_t i = 0; i < 2 * N(cases); i++) {
        struct show s = {.offset = cases[i / 2].offset,
                         .len = cases[i / 2].len,
                         .slowly = i % 2 != 0};
        open_show(&s, i % 2 != 0 ? each_pair : seen_tcp_pair);
        run(loop, show, &s);
        assert_int_equal(s.result, cases[i / 2].result);
        assert_int_equal(s.got, cases[i / 2].result);
    }
}

static void a_file_for_a_slow_reader_can_time_out(struct loop *loop)
{
    struct show s = {
        .len = SEEN_MUCH, .slowly = true, .patience_ns = 10 * LOOP_MS};
    open_show(&s, each_pair);
    run(loop, show, &s);
    assert_int_equal(s.result, -ETIMEDOUT);
    assert_true(s.got > 0 && s.got < SEEN_MUCH);
}

static int cancel_the_sender(void *arg)
{
    struct show *s = arg;
    struct co_task *task = co_spawn(loop_current(), send_it, s);
    while (co_wait_fd(s->pair[0], LOOP_READ) == 0 && s->turns++ < 10)
        co_yield_turn();
    co_cancel(task);
    assert_int_equal(co_join(task, NULL), 0);
    assert_int_equal(s->result, -ECANCELED);
    loop_close(loop_current(), s->pair[0]);
    loop_close(loop_current(), s->pair[1]);
    close(s->file);
    return 0;
}

static void a_file_under_way_can_be_cancelled(struct loop *loop)
{
    struct show s = {.len = SEEN_MUCH};
    open_show(&s, each_pair);
    run(loop, cancel_the_sender, &s);
}

static int send_in_vain(void *arg)
{
    struct show *s = arg;
    struct loop *loop = loop_current();
    int pipe_ends[2];
    assert_int_equal(co_sendfile(-1, s->file, 0, 1), -EBADF);
    assert_int_equal(co_sendfile(s->pair[1], -1, 0, 1), -EBADF);
    assert_int_equal(co_sendfile(s->pair[1], s->file, -1, 1), -EINVAL);
    seen_pipe(pipe_ends); /* cannot be read at an offset */
    assert_int_equal(co_sendfile(s->pair[1], pipe_ends[0], 0, 1), -ESPIPE);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    close(s->pair[0]);
    s->result = co_sendfile(s->pair[1], s->file, 0, SEEN_MUCH);
    loop_close(loop, s->pair[1]);
    close(s->file);
    return 0;
}

/* The signal SIGPIPE would end the program. */
static void a_peer_that_has_gone_is_an_error_and_no_signal(struct loop *loop)
{
    for (int way = 0; way < 2; way++) {
        struct show s = {.len = 1};
        open_show(&s, way == 0 ? each_pair : seen_tcp_pair);
        if (way == 1) {
            const struct linger hard = {.l_onoff = 1};
            setsockopt(s.pair[0], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }
        run(loop, send_in_vain, &s);
        assert_true(s.result == -EPIPE || s.result == -ECONNRESET);
    }
}

static int send_much(void *arg)
{
    const struct show *s = arg;
    const ssize_t n = co_send(s->pair[1], seen_text(), SEEN_MUCH);
    return n < 0 ? (int)n : 0;
}

static int send_beside_another(void *arg)
{
    struct show *s = arg;
    struct co_task *other = co_spawn(loop_current(), send_much, s);
    int result;
    co_yield_turn();
    co_yield_turn();
    assert_int_equal(co_sendfile(s->pair[1], s->file, 0, 10), -EBUSY);
    loop_close(loop_current(), s->pair[1]);
    assert_int_equal(co_join(other, &result), 0);
    assert_int_equal(result, -ECANCELED);
    loop_close(loop_current(), s->pair[0]);
    close(s->file);
    return 0;
}

/* Its bytes would stand among the other's. */
static void a_file_does_not_go_between_another_s_bytes(struct loop *loop)
{
    struct show s = {.len = 10};
    open_show(&s, each_pair);
    run(loop, send_beside_another, &s);
}

static int close_and_open(void *arg)
{
    struct show *s = arg;
    const int before = s->pair[1];
    loop_close(loop_current(), s->pair[1]);
    close(s->pair[0]);
    each_pair(s->pair); /* the lowest numbers are taken first */
    if (s->pair[1] != before) {
        assert_int_equal(s->pair[0], before);
        s->pair[0] = s->pair[1];
        s->pair[1] = before;
    }
    shutdown(s->pair[0], SHUT_RD); /* so that who sends there comes back */
    return 0;
}

static int send_until_closed(void *arg)
{
    struct show *s = arg;
    const int fd = s->pair[1];
    co_go(loop_current(), close_and_open, s);
    s->result = co_sendfile(fd, s->file, 0, SEEN_MUCH);
    assert_int_equal(fd, s->pair[1]);
    return 0;
}

/* What is left of the file is not for a new connection of that number. */
static void a_file_under_way_ends_with_its_socket(struct loop *loop)
{
    struct show s = {.len = SEEN_MUCH};
    if (strcmp(loop_backend(loop), "uring") == 0)
        return; /* there the number is free only when the wait has ended */
    open_show(&s, each_pair);
    run(loop, send_until_closed, &s);
    assert_int_equal(s.result, -ECANCELED);
    assert_int_equal(seen_drain(s.pair[0], 0), 0);
    seen_close_pair(loop, s.pair);
    close(s.file);
}

/* A reader as fast as the writer: the others have their turn all the same. */
static int count_turns(void *arg)
{
    struct show *s = arg;
    while (s->result == 0) {
        s->turns++;
        co_yield_turn();
    }
    return 0;
}

static int send_to_null(void *arg)
{
    struct show *s = arg;
    s->result = co_sendfile(s->pair[1], s->file, 0, SEEN_MUCH);
    return 0;
}

static int show_beside_another(void *arg)
{
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, count_turns, arg);
    co_group_go(&g, send_to_null, arg);
    return co_group_wait(&g);
}

/* To a device that takes all at once: nothing there to wait for. */
static void a_large_file_lets_others_run(struct loop *loop)
{
    struct show s = {.file = open(path_of("text"), O_RDONLY | O_CLOEXEC)};
    s.pair[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
    run(loop, show_beside_another, &s);
    assert_int_equal(s.result, SEEN_MUCH);
    assert_true(s.turns >= 4);
    close(s.pair[1]);
    close(s.file);
}

/* --- ---------------------------------------------------------------------- */

static void make_text(void)
{
    assert_non_null(mkdtemp(folder));
    const int fd = open(path_of("text"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, seen_text(), SEEN_MUCH), SEEN_MUCH);
    close(fd);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_file_is_written_and_read),
        EACH(mistakes_are_errors),
        EACH(many_tasks_use_one_file),
        EACH(an_early_end_and_a_result_are_told_apart),
        EACH(files_are_sent),
        EACH(a_file_for_a_slow_reader_can_time_out),
        EACH(a_file_under_way_can_be_cancelled),
        EACH(a_peer_that_has_gone_is_an_error_and_no_signal),
        EACH(a_file_does_not_go_between_another_s_bytes),
        EACH(a_file_under_way_ends_with_its_socket),
        EACH(a_large_file_lets_others_run),
    };
    make_text();
    const int failed = each_backend(tests, N(tests));
    unlink(path_of("text"));
    rmdir(folder);
    return failed;
}
