/*
 * test_co_dump.c - the list of all tasks: what each does or waits for, whatever
 * that is; from inside and outside of tasks, for many, and by a signal.
 *
 * Read before: co/dump.c. Read after: test_co_trace.c.
 */
#include "loop/co/witness.h"
#include "loop/test/each.h"
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { MANY = 200 };
#else
enum { MANY = 3000 };
#endif

/* --- what it writes ------------------------------------------------------ */

static char text[1 << 20];

static void read_back(int fd)
{
    const ssize_t n = pread(fd, text, sizeof text - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    close(fd);
}

static void dump(struct loop *loop)
{
    const int fd = memfd_create("dump", MFD_CLOEXEC);
    assert_int_not_equal(fd, -1);
    co_dump(loop, fd);
    read_back(fd);
}

static void assert_dumped(const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not stand in:\n%s", part, text);
}

static int n_lines(void)
{
    int n = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        n++;
    return n;
}

/* --- every kind of wait -------------------------------------------------- */

/* What the tasks wait for. */
static struct scene {
    struct sockaddr_storage addr;
    socklen_t len;
    int listener, pair[2], full[2], pipe[2], full_pipe[2], client, file;
    struct co_lock lock;
    struct co_semaphore semaphore;
    struct co_condition condition;
    struct co_event event;
    struct co_queue empty, full_queue;
    struct co_channel channel;
    struct loop_future future, second;
    struct co_task *other;
    char byte;
} scene;

static int for_accept(void *arg)
{
    (void)arg;
    return co_accept(scene.listener);
}

static int for_connect(void *arg)
{
    (void)arg;
    return co_connect(scene.client, (struct sockaddr *)&scene.addr, scene.len);
}

static int for_recv(void *arg)
{
    (void)arg;
    return (int)co_recv(scene.pair[0], &scene.byte, 1);
}

static int for_send(void *arg)
{
    (void)arg;
    return (int)co_send(scene.full[0], "x", 1);
}

static int for_read(void *arg)
{
    (void)arg;
    return (int)co_read(scene.pipe[0], &scene.byte, 1);
}

static int for_write(void *arg)
{
    (void)arg;
    return (int)co_write(scene.full_pipe[1], "x", 1);
}

static int for_readiness(void *arg)
{
    (void)arg;
    return co_wait_fd(scene.pair[0], LOOP_READ);
}

static int for_open(void *arg)
{
    (void)arg;
    const int fd = co_file_open("/dev/null", O_RDONLY, 0);
    if (fd >= 0)
        close(fd);
    return 0;
}

static int for_file_read(void *arg)
{
    (void)arg;
    return (int)co_file_read(scene.file, &scene.byte, 1, 0);
}

static int for_file_write(void *arg)
{
    (void)arg;
    return (int)co_file_write(scene.file, "x", 1, 0);
}

static int for_sync(void *arg)
{
    (void)arg;
    return co_file_sync(scene.file);
}

static int for_time(void *arg)
{
    (void)arg;
    return co_sleep(LOOP_SECOND * 60);
}

static int for_end(void *arg)
{
    (void)arg;
    return co_join(scene.other, NULL);
}

static int for_lock(void *arg)
{
    (void)arg;
    return co_lock(&scene.lock);
}

static int for_semaphore(void *arg)
{
    (void)arg;
    return co_semaphore_acquire(&scene.semaphore);
}

static int for_condition(void *arg)
{
    (void)arg;
    return co_condition_wait(&scene.condition, NULL);
}

static int for_event(void *arg)
{
    (void)arg;
    return co_event_wait(&scene.event);
}

static int for_group(void *arg)
{
    struct co_group g;
    (void)arg;
    co_group_begin(&g);
    co_group_go(&g, for_event, NULL);
    co_group_go(&g, for_event, NULL);
    return co_group_wait(&g);
}

static int for_future(void *arg)
{
    (void)arg;
    return co_wait(&scene.future, NULL);
}

static int for_futures(void *arg)
{
    struct loop_future *both[] = {&scene.future, &scene.second};
    (void)arg;
    return co_wait_all(both, 2, 0);
}

static int for_first(void *arg)
{
    struct loop_future *both[] = {&scene.future, &scene.second};
    (void)arg;
    return co_wait_any(both, 2);
}

static int for_item(void *arg)
{
    void *item;
    (void)arg;
    return co_queue_get(&scene.empty, &item);
}

static int for_room(void *arg)
{
    (void)arg;
    return co_queue_put(&scene.full_queue, NULL);
}

static int for_done(void *arg)
{
    (void)arg;
    return co_queue_join(&scene.full_queue);
}

static int for_receive(void *arg)
{
    (void)arg;
    return co_channel_receive(&scene.channel, &scene.byte);
}

static int for_sending(void *arg)
{
    (void)arg;
    return co_channel_send(&scene.channel, "x");
}

static int for_any_channel(void *arg)
{
    struct co_case cases[] = {
        {.channel = &scene.channel, .receive = &scene.byte},
        {.channel = &scene.channel, .send = "x"}};
    (void)arg;
    return co_select(cases, 1, true);
}

static void work(void *arg)
{
    (void)arg;
}

static int for_work(void *arg)
{
    (void)arg;
    return co_work(NULL, work, NULL);
}

static const struct {
    co_fn *fn;
    const char *place, *dumped;
    const int *fd; /* whose number stands behind; or NULL */
} waits[] = {
#define WAIT(fn, dumped, fd)                                                   \
    {                                                                          \
        fn, LOOP_PLACE(fn), dumped, fd                                         \
    }
    WAIT(for_accept, "waits: accept on ", &scene.listener),
    WAIT(for_connect, "waits: connect on ", &scene.client),
    WAIT(for_recv, "waits: recv on ", &scene.pair[0]),
    WAIT(for_send, "waits: send on ", &scene.full[0]),
    WAIT(for_read, "waits: read on ", &scene.pipe[0]),
    WAIT(for_write, "waits: write on ", &scene.full_pipe[1]),
    WAIT(for_readiness, "waits: readiness on ", &scene.pair[0]),
    WAIT(for_open, "waits: file open, for ", NULL),
    WAIT(for_file_read, "waits: file read, for ", NULL),
    WAIT(for_file_write, "waits: file write, for ", NULL),
    WAIT(for_sync, "waits: file sync, for ", NULL),
    WAIT(for_time, "waits: sleep, for ", NULL),
    WAIT(for_end, "waits: end of task 2, for ", NULL),
    WAIT(for_lock, "waits: lock held by task 1, ", NULL),
    WAIT(for_semaphore, "waits: semaphore", NULL),
    WAIT(for_condition, "waits: condition", NULL),
    WAIT(for_event, "waits: event", NULL),
    WAIT(for_group, "waits: group of 2 tasks", NULL),
    WAIT(for_future, "waits: future, for ", NULL),
    WAIT(for_futures, "waits: futures", NULL),
    WAIT(for_first, "waits: futures", NULL),
    WAIT(for_item, "waits: an item of a queue", NULL),
    WAIT(for_room, "waits: room in a queue", NULL),
    WAIT(for_done, "waits: the items of a queue", NULL),
    WAIT(for_receive, "waits: channel", NULL),
    WAIT(for_sending, "waits: channel", NULL),
    WAIT(for_any_channel, "waits: channel", NULL),
    WAIT(for_work, "waits: work, for ", NULL),
};

static void fill(int fd)
{
    while (write(fd, seen_text(), 4096) > 0)
        ;
}

static void open_descriptors(void)
{
    scene.listener = each_listener(&scene.addr, &scene.len);
    scene.client = seen_tcp_socket();
    each_pair(scene.pair);
    each_pair(scene.full);
    seen_pipe(scene.pipe);
    seen_pipe(scene.full_pipe);
    fill(scene.full[0]);
    fill(scene.full_pipe[1]);
    scene.file = memfd_create("file", MFD_CLOEXEC);
}

static void close_descriptors(struct loop *loop)
{
    const int fds[] = {scene.listener,     scene.client,      scene.pair[0],
                       scene.pair[1],      scene.full[0],     scene.full[1],
                       scene.pipe[0],      scene.pipe[1],     scene.file,
                       scene.full_pipe[0], scene.full_pipe[1]};
    for (size_t i = 0; i < N(fds); i++)
        loop_close(loop, fds[i]);
}

static void open_objects(struct loop *loop)
{
    co_semaphore_init(&scene.semaphore, 0, 1);
    co_queue_init(&scene.empty, CO_FIFO, 1, NULL);
    co_queue_init(&scene.full_queue, CO_FIFO, 1, NULL);
    co_queue_try_put(&scene.full_queue, NULL);
    co_channel_init(&scene.channel, 1, 0);
    loop_future_init(loop, &scene.future);
    loop_future_init(loop, &scene.second);
}

static void close_objects(void)
{
    void *item;
    co_queue_try_get(&scene.full_queue, &item);
    co_queue_fini(&scene.empty);
    co_queue_fini(&scene.full_queue);
    co_channel_fini(&scene.channel);
}

static void expected_line(char *line, size_t size, size_t i)
{
    char fd[32] = "";
    if (waits[i].fd != NULL)
        snprintf(fd, sizeof fd, "%d, for 0.", *waits[i].fd);
    snprintf(line, size, "  %s  %s%s", waits[i].place, waits[i].dumped, fd);
}

/*
 * It runs, and parks before we go on; if the scheduler ended the pass between,
 * what it waited for may be done already: then once more.
 */
static void dump_one(struct loop *loop, size_t i)
{
    char line[200];
    expected_line(line, sizeof line, i);
    for (int tries = 0; tries < 100; tries++) {
        struct co_task *t =
            co_spawn_named(loop, waits[i].fn, NULL, waits[i].place);
        co_yield_turn();
        dump(loop);
        co_cancel(t);
        assert_int_equal(co_join(t, NULL), 0);
        if (strstr(text, line) != NULL)
            break;
    }
    assert_dumped(line);
    assert_dumped("dump_each (");
    assert_dumped("  runs; ");
}

static int dump_each(void *arg)
{
    struct loop *loop = arg;
    scene.other = co_spawn(loop, for_event, NULL);
    co_yield_turn();
    co_lock(&scene.lock);
    for (size_t i = 0; i < N(waits); i++)
        dump_one(loop, i);
    co_unlock(&scene.lock);
    co_cancel(scene.other);
    return co_join(scene.other, NULL);
}

static void every_wait_is_described(struct loop *loop)
{
    memset(&scene, 0, sizeof scene);
    open_descriptors();
    open_objects(loop);
    assert_int_equal(co_run(loop, dump_each, loop), 0);
    close_objects();
    close_descriptors(loop);
}

/* A group that has been cancelled, and waits for one that takes its time. */
static int take_time(void *arg)
{
    co_shield_begin();
    const int error = co_event_wait(arg);
    co_shield_end();
    return error;
}

static int wait_for_the_slow(void *arg)
{
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, take_time, arg);
    return co_group_wait(&g);
}

static int dump_cancelled_group(void *arg)
{
    struct loop *loop = arg;
    struct co_event event = {0};
    int result;
    struct co_task *t = co_spawn(loop, wait_for_the_slow, &event);
    co_yield_turn();
    co_yield_turn();
    co_cancel(t);
    for (int i = 0; i < 5; i++)
        co_yield_turn();
    dump(loop);
    assert_dumped("waits: cancelled group of 1 tasks");
    co_event_set(&event);
    assert_int_equal(co_join(t, &result), 0);
    assert_int_equal(result, -ECANCELED);
    return 0;
}

static void a_cancelled_group_is_told_from_another(struct loop *loop)
{
    assert_int_equal(co_run(loop, dump_cancelled_group, loop), 0);
}

/* --- states, names, numbers ---------------------------------------------- */

static int have_a_name(void *arg)
{
    co_set_name("page 7");
    return co_event_wait(arg);
}

static int finish(void *arg)
{
    (void)arg;
    return 0;
}

static void from_outside_all_tasks_are_there(struct loop *loop)
{
    struct co_event event = {0};
    dump(loop);
    assert_string_equal(text, "0 tasks, 0 switches\n");
    assert_int_equal(co_go(loop, have_a_name, &event), 0);
    struct co_task *ended = co_spawn(loop, finish, NULL);
    assert_int_equal(loop_run_once(loop, 0), 2);
    struct co_task *ready = co_spawn(loop, finish, NULL);
    dump(loop);
    assert_int_equal(n_lines(), 4);
    assert_dumped("3 tasks, 2 switches\n");
    assert_dumped("  task 1  page 7, have_a_name (" __FILE__ ":");
    assert_dumped("  task 2  finish (" __FILE__ ":");
    assert_dumped("has ended, to be joined; ");
    assert_dumped("  ready; ");
    assert_dumped(" bytes of stack\n");
    co_event_set(&event);
    assert_int_equal(loop_run_once(loop, 0), 2);
    co_join(ended, NULL);
    co_join(ready, NULL);
    dump(loop);
    assert_int_equal(n_lines(), 1);
}

static void many_tasks_are_dumped(struct loop *loop)
{
    struct co_event event = {0};
    for (int i = 0; i < MANY; i++)
        assert_int_equal(co_go(loop, have_a_name, &event), 0);
    while (n_lines() != MANY + 1 || strstr(text, "ready") != NULL) {
        assert_true(loop_run_once(loop, 0) >= 0);
        dump(loop);
    }
    char last[32];
    snprintf(last, sizeof last, "  task %d  page 7, ", MANY);
    assert_dumped(last);
    co_event_set(&event);
    struct co_stats stats;
    do {
        assert_true(loop_run_once(loop, 0) >= 0);
        co_stats(loop, &stats);
    } while (stats.tasks > 0);
    text[0] = '\0';
}

/* Nobody reads: the program does not stop for that. */
static void a_dump_that_cannot_be_written_is_cut(struct loop *loop)
{
    struct co_event event = {0};
    int pair[2];
    each_pair(pair);
    fill(pair[0]);
    for (int i = 0; i < 10; i++)
        assert_int_equal(co_go(loop, have_a_name, &event), 0);
    co_dump(loop, pair[0]);
    co_dump(loop, -1);
    co_event_set(&event);
    assert_true(loop_run_once(loop, 0) >= 0);
    assert_true(loop_run_once(loop, 0) >= 0);
    close(pair[0]);
    close(pair[1]);
}

/* A loop that has slept, and then starts a task in a callback: the wait is
 * as old as the task. */
static void on_timer(struct loop_timer *t)
{
    assert_int_equal(co_start(t->loop, have_a_name, t->arg), 0);
}

static double seconds_dumped(void)
{
    const char *at = strstr(text, "waits: event, for ");
    assert_non_null(at);
    return strtod(at + strlen("waits: event, for "), NULL);
}

static void a_wait_is_as_old_as_it_is(struct loop *loop)
{
    enum { MS = 100 };
    struct co_event event = {0};
    struct loop_timer timer = {0};
    assert_int_equal(co_run(loop, finish, NULL), 0);
    const int64_t begin_ns = loop_now(loop);
    loop_timer_start(loop, &timer, begin_ns + MS * LOOP_MS, on_timer, &event);
    while (loop_timer_active(&timer))
        assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
    dump(loop);
    /* The timer was not early; the clock of waits moves every 10 ms. */
    const int64_t at_most_ns = loop_now(loop) - begin_ns - (MS - 20) * LOOP_MS;
    assert_true(seconds_dumped() * 1e9 <= (double)at_most_ns);
    co_event_set(&event);
    assert_true(loop_run_once(loop, 0) >= 0);
}

/* --- by a signal --------------------------------------------------------- */

static int old_stderr;

static int begin_stderr(void)
{
    const int fd = memfd_create("stderr", MFD_CLOEXEC);
    fflush(stderr);
    old_stderr = dup(STDERR_FILENO);
    dup2(fd, STDERR_FILENO);
    return fd;
}

static void end_stderr(int fd)
{
    dup2(old_stderr, STDERR_FILENO);
    close(old_stderr);
    read_back(fd);
}

static void a_signal_dumps_to_stderr(struct loop *loop)
{
    struct co_event event = {0};
    const int signals[] = {SIGQUIT,
                           SIGUSR1}; /* the second replaces the first */
    assert_int_equal(co_go(loop, have_a_name, &event), 0);
    assert_true(loop_run_once(loop, 0) >= 0);
    assert_int_equal(co_dump_on(loop, SIGKILL), -EINVAL);
    for (size_t i = 0; i < N(signals); i++) {
        assert_int_equal(co_dump_on(loop, signals[i]), 0);
        assert_int_equal(loop_active(loop), 1);
        for (int times = 0; times < 2; times++) {
            const int fd = begin_stderr();
            kill(getpid(), signals[i]);
            while (lseek(fd, 0, SEEK_END) == 0)
                assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
            end_stderr(fd);
            assert_dumped("1 tasks, ");
            assert_dumped("page 7, have_a_name (" __FILE__ ":");
            assert_dumped("waits: event");
        }
    }
    assert_int_equal(co_dump_on(loop, 0), 0);
    assert_int_equal(loop_active(loop), 0);
    co_event_set(&event);
    assert_true(loop_run_once(loop, 0) >= 0);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(every_wait_is_described),
        EACH(a_cancelled_group_is_told_from_another),
        EACH(from_outside_all_tasks_are_there),
        EACH(many_tasks_are_dumped),
        EACH(a_dump_that_cannot_be_written_is_cut),
        EACH(a_wait_is_as_old_as_it_is),
        EACH(a_signal_dumps_to_stderr),
    };
    return each_backend(tests, N(tests));
}
