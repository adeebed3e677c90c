/*
 * test_core_watcher.c - watchers of descriptors, on every back end.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a watcher has reported; the last events, and how often. */
struct seen {
    int n;
    unsigned events;
};

static void see(struct loop_watcher *w, unsigned events)
{
    struct seen *seen = w->arg;
    seen->n++;
    seen->events = events;
}

static void put(int fd)
{
    assert_int_equal(write(fd, "x", 1), 1);
}

static void take(int fd)
{
    char byte;
    assert_int_equal(read(fd, &byte, 1), 1);
}

static void close_both(const int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

static void expect_start(struct loop *loop, struct loop_watcher *w, int fd,
                         unsigned events, struct seen *seen)
{
    assert_int_equal(loop_watcher_start(loop, w, fd, events, see, seen), 0);
}

/* --- what is reported ---------------------------------------------------- */

static void readiness_is_reported_as_long_as_it_lasts(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    expect_start(loop, &w, pair[0], LOOP_READ, &seen);
    assert_int_equal(loop_run_once(loop, 0), 0);
    put(pair[1]);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(loop_run_once(loop, LOOP_NEVER), 1);
        assert_int_equal(seen.n, i);
        assert_int_equal(seen.events, LOOP_READ);
    }
    take(pair[0]);
    assert_int_equal(loop_run_once(loop, 0), 0);
    loop_watcher_stop(&w);
    loop_watcher_fini(&w);
    close_both(pair);
}

/* FEATURES 1.11, 3. */
static void a_watcher_for_reading_never_sees_writing(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    expect_start(loop, &w, pair[0], LOOP_READ, &seen);
    for (int i = 0; i < 3; i++)
        loop_run_once(loop, 0); /* pair[0] is writable all the time */
    assert_int_equal(seen.n, 0);
    loop_watcher_stop(&w);
    close_both(pair);
}

static void both_are_reported_at_once(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    put(pair[1]);
    expect_start(loop, &w, pair[0], LOOP_READ | LOOP_WRITE, &seen);
    loop_run_once(loop, LOOP_NEVER);
    assert_int_equal(seen.events, LOOP_READ | LOOP_WRITE);
    loop_watcher_stop(&w);
    close_both(pair);
}

static void a_change_counts_from_the_next_wait(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    put(pair[1]);
    expect_start(loop, &w, pair[0], 0, &seen);
    assert_int_equal(loop_run_once(loop, 0), 0);
    loop_watcher_change(&w, LOOP_WRITE);
    loop_run_once(loop, LOOP_NEVER);
    assert_int_equal(seen.events, LOOP_WRITE);
    loop_watcher_change(&w, LOOP_READ | LOOP_WRITE);
    loop_watcher_change(&w, LOOP_READ);
    loop_run_once(loop, LOOP_NEVER);
    assert_int_equal(seen.events, LOOP_READ);
    loop_watcher_change(&w, 0);
    assert_int_equal(loop_run_once(loop, 0), 0);
    loop_watcher_stop(&w);
    close_both(pair);
}

/* Whether it is told again of what it has left is up to the back end. */
static void an_edge_is_reported_when_more_comes(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    expect_start(loop, &w, pair[0], LOOP_READ | LOOP_EDGE, &seen);
    for (int i = 1; i <= 3; i++) {
        put(pair[1]);
        assert_int_equal(loop_run_once(loop, LOOP_NEVER), 1);
        assert_int_equal(seen.n, i);
        assert_int_equal(seen.events, LOOP_READ);
        take(pair[0]);
        assert_int_equal(loop_run_once(loop, 0), 0);
    }
    loop_watcher_stop(&w);
    put(pair[1]);
    assert_int_equal(loop_run_once(loop, 0), 0);
    close_both(pair);
}

/* What the kernel found before a change, and after it, is one event. */
static void a_change_does_not_double_an_event(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    expect_start(loop, &w, pair[0], LOOP_READ, &seen);
    put(pair[1]);
    for (int i = 0; i < 4; i++) {
        loop_prepare(loop); /* the kernel may look now */
        loop_watcher_change(&w, i % 2 ? LOOP_READ : LOOP_READ | LOOP_WRITE);
        seen.n = 0;
        assert_int_equal(loop_run_once(loop, 0), 1);
        assert_int_equal(seen.n, 1);
    }
    loop_watcher_stop(&w);
    close_both(pair);
}

static void a_hang_up_is_reported_as_what_was_asked(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    expect_start(loop, &w, pair[0], LOOP_READ, &seen);
    close(pair[1]);
    loop_run_once(loop, LOOP_NEVER);
    assert_int_equal(seen.events, LOOP_READ);
    loop_watcher_stop(&w);
    close(pair[0]);
}

static void the_write_end_of_a_broken_pipe_is_writable(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    close(ends[0]);
    expect_start(loop, &w, ends[1], LOOP_WRITE, &seen);
    loop_run_once(loop, LOOP_NEVER);
    assert_int_equal(seen.events, LOOP_WRITE);
    loop_watcher_stop(&w);
    close(ends[1]);
}

/* --- stopping, in the middle of a batch ---------------------------------- */

static struct loop_watcher two[2];
static int n_reads;

/* Whichever comes first ends the other. */
static void read_and_stop_other(struct loop_watcher *w, unsigned events)
{
    (void)events;
    n_reads++;
    take(w->fd);
    loop_watcher_stop(&two[w == &two[0]]);
}

/* FEATURES 1.11, 4: two ready sockets, exactly one read. */
static void
a_watcher_stopped_by_another_of_its_batch_is_not_called(struct loop *loop)
{
    int a[2], b[2];
    each_pair(a);
    each_pair(b);
    put(a[1]);
    put(b[1]);
    n_reads = 0;
    loop_watcher_start(loop, &two[0], a[0], LOOP_READ, read_and_stop_other, 0);
    loop_watcher_start(loop, &two[1], b[0], LOOP_READ, read_and_stop_other, 0);
    for (int i = 0; i < 3; i++)
        loop_run_once(loop, 0);
    assert_int_equal(n_reads, 1);
    loop_watcher_stop(&two[0]);
    loop_watcher_stop(&two[1]);
    close_both(a);
    close_both(b);
}

static int spare; /* a silent socket, to take the number of a closed one */
static struct seen after;

/* The other is closed; a silent descriptor gets its number and a watcher. */
static void replace_other(struct loop_watcher *w, unsigned events)
{
    (void)events;
    n_reads++;
    take(w->fd);
    struct loop_watcher *other = &two[w == &two[0]];
    const int fd = other->fd;
    struct loop *loop = w->loop;
    loop_watcher_stop(w);
    loop_watcher_stop(other);
    assert_int_equal(dup2(spare, fd), fd);
    expect_start(loop, other, fd, LOOP_READ, &after);
}

static void
an_event_of_a_closed_descriptor_does_not_reach_its_successor(struct loop *loop)
{
    int a[2], b[2], silent[2];
    each_pair(a);
    each_pair(b);
    each_pair(silent);
    spare = silent[0];
    put(a[1]);
    put(b[1]);
    n_reads = 0;
    after = (struct seen){0};
    loop_watcher_start(loop, &two[0], a[0], LOOP_READ, replace_other, NULL);
    loop_watcher_start(loop, &two[1], b[0], LOOP_READ, replace_other, NULL);
    for (int i = 0; i < 3; i++)
        loop_run_once(loop, 0);
    assert_int_equal(n_reads, 1);
    assert_int_equal(after.n, 0);
    put(silent[1]); /* and the successor works */
    loop_run_once(loop, LOOP_NEVER);
    assert_int_equal(after.n, 1);
    loop_watcher_stop(&two[0]);
    loop_watcher_stop(&two[1]);
    close_both(a);
    close_both(b);
    close_both(silent);
}

static void free_oneself(struct loop_watcher *w, unsigned events)
{
    (void)events;
    n_reads++;
    loop_watcher_stop(w);
    free(w);
}

static void a_watcher_may_free_itself(struct loop *loop)
{
    struct loop_watcher *w = base_alloc(sizeof *w);
    int pair[2];
    each_pair(pair);
    put(pair[1]);
    n_reads = 0;
    loop_watcher_start(loop, w, pair[0], LOOP_READ, free_oneself, NULL);
    loop_run_once(loop, LOOP_NEVER);
    loop_run_once(loop, 0);
    assert_int_equal(n_reads, 1);
    close_both(pair);
}

/* --- a duplicate stays open after the descriptor is closed (epoll(7), 6) - */

static void a_duplicate_left_open_is_not_reported(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    expect_start(loop, &w, pair[0], LOOP_READ, &seen);
    loop_run_once(loop, 0);
    const int copy = dup(pair[0]);
    loop_watcher_stop(&w);
    close(pair[0]);
    put(pair[1]);
    const uint64_t before = loop_stats(loop)->events;
    for (int i = 0; i < 3; i++)
        loop_run_once(loop, 0);
    assert_int_equal(seen.n, 0);
    assert_true(loop_stats(loop)->events - before <= 1); /* uring's farewell */
    close(copy);
    close(pair[1]);
}

/* --- bad input ------------------------------------------------------------ */

static void bad_descriptors_are_refused(struct loop *loop)
{
    struct loop_watcher w = {0}, second = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    assert_int_equal(loop_watcher_start(loop, &w, -1, LOOP_READ, see, &seen),
                     -EBADF);
    const int closed = dup(pair[0]);
    close(closed);
    assert_int_equal(
        loop_watcher_start(loop, &w, closed, LOOP_READ, see, &seen), -EBADF);
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(loop_watcher_start(loop, &w, file, LOOP_READ, see, &seen),
                     -EPERM);
    close(file);
    expect_start(loop, &w, pair[0], LOOP_READ, &seen);
    assert_int_equal(
        loop_watcher_start(loop, &second, pair[0], LOOP_WRITE, see, &seen),
        -EEXIST);
    loop_watcher_stop(&w);
    loop_watcher_stop(&w); /* harmless */
    close_both(pair);
}

static void select_refuses_what_its_sets_cannot_hold(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    const int high = fcntl(pair[0], F_DUPFD_CLOEXEC, 1024);
    assert_true(high >= 1024);
    const bool is_select = strcmp(loop_backend(loop), "select") == 0;
    assert_int_equal(loop_watcher_start(loop, &w, high, LOOP_READ, see, &seen),
                     is_select ? -ERANGE : 0);
    put(pair[1]);
    loop_run_once(loop, 0);
    assert_int_equal(seen.n, is_select ? 0 : 1);
    loop_watcher_stop(&w);
    close(high);
    close_both(pair);
}

static void freeing_an_active_watcher_is_an_assertion(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen seen = {0};
    int pair[2];
    each_pair(pair);
    expect_start(loop, &w, pair[0], LOOP_READ, &seen);
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0};
        setrlimit(RLIMIT_CORE, &none);
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        loop_watcher_fini(&w);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    loop_watcher_stop(&w);
    loop_watcher_fini(&w);
    close_both(pair);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(readiness_is_reported_as_long_as_it_lasts),
        EACH(a_watcher_for_reading_never_sees_writing),
        EACH(both_are_reported_at_once),
        EACH(a_change_counts_from_the_next_wait),
        EACH(an_edge_is_reported_when_more_comes),
        EACH(a_change_does_not_double_an_event),
        EACH(a_hang_up_is_reported_as_what_was_asked),
        EACH(the_write_end_of_a_broken_pipe_is_writable),
        EACH(a_watcher_stopped_by_another_of_its_batch_is_not_called),
        EACH(an_event_of_a_closed_descriptor_does_not_reach_its_successor),
        EACH(a_watcher_may_free_itself),
        EACH(a_duplicate_left_open_is_not_reported),
        EACH(bad_descriptors_are_refused),
        EACH(select_refuses_what_its_sets_cannot_hold),
        EACH(freeing_an_active_watcher_is_an_assertion),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
