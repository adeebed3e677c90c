/*
 * test_core_faults.c - the Nth system call fails. A scene in which everything
 * happens once is played again and again; each time another call that the loop
 * makes returns an error. Whatever it is, nothing crashes, leaks or hangs, and
 * each operation has exactly one last callback.
 *
 * The linker sends the loop's calls here (ld(1), --wrap; the list is in
 * loop.mk). Only what the loop calls is counted: the switch is off while the
 * test itself works.
 *
 * Read before: seen.h.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- faults --------------------------------------------------------------- */

static struct {
    bool on;
    int calls;        /* so far */
    int nth;          /* this one fails; 0: those of that name */
    const char *name; /* of what has failed or is to fail */
    int error;
    int maps; /* made and not taken back */
} fault;

static bool fails(const char *name)
{
    if (!fault.on)
        return false;
    fault.calls++;
    if (fault.nth == 0 ? strcmp(name, fault.name) != 0
                       : fault.calls != fault.nth)
        return false;
    fault.name = name;
    errno = fault.error;
    return true;
}

/* Runs the loop's code; callbacks are the loop's code too. */
static void faults(bool on)
{
    fault.on = on;
}

/* ld gives these names: what it wraps, and what was there before. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
struct io_uring;
struct io_uring_params;
struct io_uring_buf_reg;
struct io_uring_cqe;
struct __kernel_timespec;

int __real_accept4(int, struct sockaddr *, socklen_t *, int);
int __real_close(int);
int __real_connect(int, const struct sockaddr *, socklen_t);
int __real_epoll_create1(int);
int __real_epoll_ctl(int, int, int, struct epoll_event *);
int __real_epoll_wait(int, struct epoll_event *, int, int);
int __real_eventfd(unsigned, int);
int __real_fstat(int, struct stat *);
int __real_getsockopt(int, int, int, void *, socklen_t *);
void *__real_mmap(void *, size_t, int, int, int, off_t);
int __real_munmap(void *, size_t);
int __real_poll(struct pollfd *, nfds_t, int);
int __real_ppoll(struct pollfd *, nfds_t, const struct timespec *,
                 const sigset_t *);
int __real_pselect(int, fd_set *, fd_set *, fd_set *, const struct timespec *,
                   const sigset_t *);
ssize_t __real_read(int, void *, size_t);
ssize_t __real_recv(int, void *, size_t, int);
ssize_t __real_send(int, const void *, size_t, int);
ssize_t __real_sendmsg(int, const struct msghdr *, int);
ssize_t __real_write(int, const void *, size_t);
int __real_io_uring_queue_init_params(unsigned, struct io_uring *,
                                      struct io_uring_params *);
int __real_io_uring_register_buf_ring(struct io_uring *,
                                      struct io_uring_buf_reg *, unsigned);
int __real_io_uring_submit(struct io_uring *);
int __real_io_uring_submit_and_get_events(struct io_uring *);
int __real_io_uring_submit_and_wait_timeout(struct io_uring *,
                                            struct io_uring_cqe **, unsigned,
                                            struct __kernel_timespec *,
                                            sigset_t *);

int __wrap_accept4(int, struct sockaddr *, socklen_t *, int);
int __wrap_close(int);
int __wrap_connect(int, const struct sockaddr *, socklen_t);
int __wrap_epoll_create1(int);
int __wrap_epoll_ctl(int, int, int, struct epoll_event *);
int __wrap_epoll_wait(int, struct epoll_event *, int, int);
int __wrap_eventfd(unsigned, int);
int __wrap_fstat(int, struct stat *);
int __wrap_getsockopt(int, int, int, void *, socklen_t *);
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
int __wrap_munmap(void *, size_t);
int __wrap_poll(struct pollfd *, nfds_t, int);
int __wrap_ppoll(struct pollfd *, nfds_t, const struct timespec *,
                 const sigset_t *);
int __wrap_pselect(int, fd_set *, fd_set *, fd_set *, const struct timespec *,
                   const sigset_t *);
ssize_t __wrap_read(int, void *, size_t);
ssize_t __wrap_recv(int, void *, size_t, int);
ssize_t __wrap_send(int, const void *, size_t, int);
ssize_t __wrap_sendmsg(int, const struct msghdr *, int);
ssize_t __wrap_write(int, const void *, size_t);
int __wrap_io_uring_queue_init_params(unsigned, struct io_uring *,
                                      struct io_uring_params *);
int __wrap_io_uring_register_buf_ring(struct io_uring *,
                                      struct io_uring_buf_reg *, unsigned);
int __wrap_io_uring_submit(struct io_uring *);
int __wrap_io_uring_submit_and_get_events(struct io_uring *);
int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *,
                                            struct io_uring_cqe **, unsigned,
                                            struct __kernel_timespec *,
                                            sigset_t *);

int __wrap_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    return fails("accept4") ? -1 : __real_accept4(fd, addr, len, flags);
}

/* Linux closes the descriptor whatever it says: close(2). */
int __wrap_close(int fd)
{
    const int result = __real_close(fd);
    return fails("close") ? -1 : result;
}

int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    return fails("connect") ? -1 : __real_connect(fd, addr, len);
}

int __wrap_epoll_create1(int flags)
{
    return fails("epoll_create1") ? -1 : __real_epoll_create1(flags);
}

int __wrap_epoll_ctl(int set, int op, int fd, struct epoll_event *event)
{
    return fails("epoll_ctl") ? -1 : __real_epoll_ctl(set, op, fd, event);
}

int __wrap_epoll_wait(int set, struct epoll_event *events, int n, int ms)
{
    return fails("wait") ? -1 : __real_epoll_wait(set, events, n, ms);
}

int __wrap_eventfd(unsigned count, int flags)
{
    return fails("eventfd") ? -1 : __real_eventfd(count, flags);
}

int __wrap_fstat(int fd, struct stat *st)
{
    return fails("fstat") ? -1 : __real_fstat(fd, st);
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    return fails("getsockopt") ? -1
                               : __real_getsockopt(fd, level, name, value, len);
}

void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
    if (fails("mmap"))
        return MAP_FAILED;
    fault.maps += fault.on;
    return __real_mmap(at, len, prot, flags, fd, off);
}

int __wrap_munmap(void *memory, size_t len)
{
    fault.maps -= fault.on;
    return __real_munmap(memory, len);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
    return fails("poll") ? -1 : __real_poll(fds, n, ms);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                 const sigset_t *mask)
{
    return fails("wait") ? -1 : __real_ppoll(fds, n, timeout, mask);
}

int __wrap_pselect(int n, fd_set *read, fd_set *write, fd_set *except,
                   const struct timespec *timeout, const sigset_t *mask)
{
    return fails("wait")
               ? -1
               : __real_pselect(n, read, write, except, timeout, mask);
}

ssize_t __wrap_read(int fd, void *memory, size_t len)
{
    return fails("read") ? -1 : __real_read(fd, memory, len);
}

ssize_t __wrap_recv(int fd, void *memory, size_t len, int flags)
{
    return fails("recv") ? -1 : __real_recv(fd, memory, len, flags);
}

ssize_t __wrap_send(int fd, const void *memory, size_t len, int flags)
{
    return fails("send") ? -1 : __real_send(fd, memory, len, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
    return fails("sendmsg") ? -1 : __real_sendmsg(fd, msg, flags);
}

ssize_t __wrap_write(int fd, const void *memory, size_t len)
{
    return fails("write") ? -1 : __real_write(fd, memory, len);
}

/* liburing returns negative errors. */
int __wrap_io_uring_queue_init_params(unsigned n, struct io_uring *ring,
                                      struct io_uring_params *params)
{
    return fails("io_uring_queue_init_params")
               ? -errno
               : __real_io_uring_queue_init_params(n, ring, params);
}

int __wrap_io_uring_register_buf_ring(struct io_uring *ring,
                                      struct io_uring_buf_reg *reg,
                                      unsigned flags)
{
    return fails("io_uring_register_buf_ring")
               ? -errno
               : __real_io_uring_register_buf_ring(ring, reg, flags);
}

int __wrap_io_uring_submit(struct io_uring *ring)
{
    return fails("io_uring_submit") ? -errno : __real_io_uring_submit(ring);
}

int __wrap_io_uring_submit_and_get_events(struct io_uring *ring)
{
    return fails("wait") ? -errno : __real_io_uring_submit_and_get_events(ring);
}

int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring,
                                            struct io_uring_cqe **cqe,
                                            unsigned n,
                                            struct __kernel_timespec *timeout,
                                            sigset_t *mask)
{
    return fails("wait") ? -errno
                         : __real_io_uring_submit_and_wait_timeout(
                               ring, cqe, n, timeout, mask);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* --- the scene ------------------------------------------------------------ */

enum { CLIENTS = 2, PASSES = 40, OPS = 32 };

/* A server that echoes, and clients who send twice; a pipe; a poll; a watcher;
 * timers, posts and deferred calls. */
static struct scene {
    struct loop *loop;
    struct sockaddr_storage addr;
    socklen_t len;
    struct seen ops[OPS]; /* never used twice */
    int n_ops;
    int pipe[2], pair[2], watched[2];
    struct loop_watcher watcher;
    struct loop_timer timer;
    struct loop_call call;
    struct loop_post posts[2];
    int n_posts, n_errors, n_echoes;
    char memory[100];
    struct iovec iov[2];
} scene;

static const struct base_slice hello = {"hello", 5};

static struct seen *new_op(seen_fn *then, void *arg)
{
    assert_true(scene.n_ops < OPS);
    struct seen *s = &scene.ops[scene.n_ops++];
    seen_reset(s, then, arg);
    return s;
}

/* An operation that was refused has no callback, and counts as ended. */
static void started(struct seen *s, int error)
{
    if (error != 0)
        s->last = 1;
}

static void echo(struct seen *in, ssize_t result)
{
    if (result > 0) {
        struct seen *out = new_op(NULL, NULL);
        started(out, loop_send(scene.loop, &out->op, in->op.fd, hello,
                               seen_note, NULL));
    } else {
        loop_close(scene.loop, in->op.fd);
    }
}

static void on_accept(struct seen *s, ssize_t result)
{
    (void)s;
    if (result < 0)
        return;
    struct seen *in = new_op(echo, NULL);
    const int error =
        loop_recv(scene.loop, &in->op, (int)result, seen_note, NULL);
    started(in, error);
    if (error != 0)
        loop_close(scene.loop, (int)result);
}

static void on_reply(struct seen *in, ssize_t result)
{
    if (result <= 0 || in->progress > 1) {
        loop_close(scene.loop, in->op.fd);
        return;
    }
    scene.n_echoes++;
    struct seen *out = new_op(NULL, NULL);
    scene.iov[0] = scene.iov[1] = (struct iovec){scene.memory, 3};
    started(out, loop_sendv(scene.loop, &out->op, in->op.fd, scene.iov, 2,
                            seen_note, NULL));
}

static void on_connect(struct seen *s, ssize_t result)
{
    if (result < 0)
        return;
    struct seen *in = new_op(on_reply, NULL), *out = new_op(NULL, NULL);
    started(in, loop_recv(scene.loop, &in->op, s->op.fd, seen_note, NULL));
    started(out,
            loop_send(scene.loop, &out->op, s->op.fd, hello, seen_note, NULL));
}

static void on_watched(struct loop_watcher *w, unsigned events)
{
    if (events == LOOP_ERROR) {
        assert_null(w->loop);
        assert_int_equal(w->error, -fault.error);
    }
    loop_watcher_stop(w);
}

static void on_post(struct loop *loop, struct loop_post *post)
{
    (void)loop;
    (void)post;
    scene.n_posts++;
}

static void on_timer(struct loop_timer *t)
{
    (void)t;
    loop_watcher_stop(&scene.watcher);
}

static void on_call(struct loop_call *c)
{
    (void)c;
}

/* --- its acts ------------------------------------------------------------- */

static void prepare_scene(int *listener, int clients[CLIENTS])
{
    *listener = each_listener(&scene.addr, &scene.len);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = seen_tcp_socket();
    seen_pipe(scene.pipe);
    each_pair(scene.pair);
    each_pair(scene.watched);
    assert_int_equal(write(scene.watched[1], "", 1), 1);
}

static void start_network(int listener, const int clients[CLIENTS])
{
    struct seen *s = new_op(on_accept, NULL);
    started(s, loop_accept(scene.loop, &s->op, listener, seen_note, NULL));
    for (int i = 0; i < CLIENTS; i++) {
        s = new_op(on_connect, NULL);
        started(s, loop_connect(scene.loop, &s->op, clients[i],
                                (struct sockaddr *)&scene.addr, scene.len,
                                seen_note, NULL));
    }
}

static void start_others(void)
{
    struct loop *loop = scene.loop;
    struct seen *s = new_op(NULL, NULL);
    const struct iovec memory = {scene.memory, sizeof scene.memory};
    started(s, loop_read(loop, &s->op, scene.pipe[0], memory, seen_note, NULL));
    s = new_op(NULL, NULL);
    started(s, loop_write(loop, &s->op, scene.pipe[1], hello, seen_note, NULL));
    s = new_op(NULL, NULL);
    started(s,
            loop_poll(loop, &s->op, scene.pair[0], LOOP_READ, seen_note, NULL));
    s = new_op(NULL, NULL);
    started(
        s, loop_poll(loop, &s->op, scene.pair[0], LOOP_WRITE, seen_note, NULL));
    (void)loop_watcher_start(loop, &scene.watcher, scene.watched[0], LOOP_READ,
                             on_watched, NULL);
    loop_timer_start(loop, &scene.timer, 0, on_timer, NULL);
    loop_defer(loop, &scene.call, on_call, NULL);
    struct loop_mailbox *mailbox = loop_mailbox_hold(loop);
    for (int i = 0; i < 2; i++)
        assert_int_equal(loop_post(mailbox, &scene.posts[i], on_post, NULL), 0);
    loop_mailbox_release(mailbox);
}

static void play(void)
{
    for (int i = 0; i < PASSES; i++)
        assert_true(loop_run_once(scene.loop, 0) >= 0);
    loop_watcher_stop(&scene.watcher);
    loop_timer_stop(&scene.timer);
    loop_close_all(scene.loop);
}

/* What the loop has not closed, as nothing was going on there. */
static void clear_away(int listener, const int clients[CLIENTS])
{
    for (int i = 0; i < 2; i++) {
        close(scene.pipe[i]);
        close(scene.pair[i]);
        close(scene.watched[i]);
        close(clients[i]);
    }
    close(listener);
}

static void check(bool ok, const char *what)
{
    if (!ok)
        fail_msg("%s, when call %d (%s) fails with %s", what, fault.nth,
                 fault.name, strerror(fault.error));
}

/* Returns whether a loop could be made. */
static bool play_scene(const char *backend)
{
    const struct loop_options options = {.backend = backend};
    const int fds = each_count_fds();
    memset(&scene, 0, sizeof scene);
    int listener, clients[CLIENTS];
    fault.calls = 0;
    faults(true);
    const int error = loop_new(&scene.loop, &options);
    faults(false);
    if (error != 0) {
        check(error == -fault.error || strcmp(fault.name, "fstat") == 0,
              "another error");
        check(scene.loop == NULL, "a loop");
        check(each_count_fds() == fds, "descriptors leak");
        return false;
    }
    prepare_scene(&listener, clients);
    faults(true);
    start_network(listener, clients);
    start_others();
    play();
    loop_free(scene.loop);
    faults(false);
    for (int i = 0; i < scene.n_ops; i++)
        check(scene.ops[i].last == 1, "no last callback");
    check(scene.n_posts == 2, "posts are lost");
    check(fault.maps == 0, "memory leaks");
    clear_away(listener, clients);
    check(each_count_fds() == fds, "descriptors leak");
    return true;
}

/* --- tests --------------------------------------------------------------- */

static void nothing_fails(struct loop *loop)
{
    fault.nth = -1;
    assert_true(play_scene(loop_backend(loop)));
    assert_int_equal(scene.n_echoes, CLIENTS);
}

static void the_nth_call_fails(struct loop *loop)
{
    const int errors[] = {EINTR,  EAGAIN, ENOMEM,     ENOSPC,
                          EMFILE, EBUSY,  ECONNRESET, EBADF};
    fault.nth = -1;
    play_scene(loop_backend(loop));
    const int calls = fault.calls;
    assert_true(calls > PASSES);
    base_log_set_level(BASE_GENERAL, BASE_NONE);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        for (int nth = 1; nth <= calls; nth++) {
            fault.nth = nth;
            fault.error = errors[i];
            play_scene(loop_backend(loop));
        }
    base_log_set_level(BASE_GENERAL, BASE_INFO);
}

/* All calls of that name fail from now on; NULL: none. */
static void let_fail(const char *name, int error)
{
    fault.nth = 0;
    fault.name = name;
    fault.error = error;
    faults(name != NULL);
}

static int n_refused;

static void on_refused(struct loop_watcher *w, unsigned events)
{
    struct loop *loop = loop_current();
    assert_int_equal(events, LOOP_ERROR);
    assert_int_equal(w->error, -ENOSPC);
    assert_null(w->loop);
    n_refused++;
    assert_int_equal(
        loop_watcher_start(loop, w, w->fd, LOOP_READ, on_refused, NULL), 0);
}

/* See epoll(7), max_user_watches. Who tries again at once has no pass alone. */
static void what_epoll_refuses_to_watch_is_told(struct loop *loop)
{
    struct loop_watcher w = {0};
    struct seen in = {0}, out = {0};
    int watched[2], pair[2];
    if (strcmp(loop_backend(loop), "epoll") != 0)
        return;
    n_refused = 0;
    each_pair(watched);
    each_pair(pair);
    loop_watcher_start(loop, &w, watched[0], LOOP_READ, on_refused, NULL);
    loop_recv(loop, &in.op, pair[0], seen_note, NULL);
    loop_send(loop, &out.op, pair[0], hello, seen_note, NULL);
    let_fail("epoll_ctl", ENOSPC);
    for (int i = 1; i <= 5; i++) {
        assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
        assert_int_equal(n_refused, i);
    }
    let_fail(NULL, 0);
    assert_int_equal(in.last, 1);
    assert_int_equal(in.result, -ENOSPC);
    assert_int_equal(out.result, 5); /* without waiting */
    loop_watcher_stop(&w);
    for (int i = 0; i < 2; i++) {
        close(watched[i]);
        loop_close(loop, pair[i]);
    }
}

static void count_and_heal(struct loop_timer *t)
{
    let_fail(NULL, 0);
    ++*(int *)t->arg;
}

/* Signals interrupt it; deadlines and events come nevertheless. */
static void a_wait_may_be_interrupted(struct loop *loop)
{
    struct seen s = {0};
    struct loop_timer t = {0};
    int pair[2], fired = 0;
    each_pair(pair);
    loop_recv(loop, &s.op, pair[0], seen_note, NULL);
    seen_passes(loop, 1);
    loop_timer_start(loop, &t, loop_now(loop) + 5 * LOOP_MS, count_and_heal,
                     &fired);
    assert_int_equal(write(pair[1], "", 1), 1);
    let_fail("wait", EINTR);
    while (fired == 0)
        assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
    seen_until_bytes(loop, &s, 1);
    for (int i = 0; i < 2; i++)
        loop_close(loop, pair[i]);
    seen_until_last(loop, &s);
}

/* More than the queue of uring holds, so that it is handed over in between. */
enum { CROWD = 600 };

static struct loop_op crowd[CROWD];
static int n_ended;

static void on_end(struct loop_op *op, ssize_t result)
{
    (void)op;
    assert_int_equal(result, -ECANCELED);
    n_ended++;
}

static void start_crowd(struct loop *loop, int pairs[CROWD / 2][2])
{
    memset(crowd, 0, sizeof crowd);
    n_ended = 0;
    for (int i = 0; i < CROWD; i++) {
        const int fd = pairs[i / 2][i % 2];
        assert_int_equal(
            loop_poll(loop, &crowd[i], fd, LOOP_READ, on_end, NULL), 0);
    }
}

static bool crowd_has_ended(void *arg)
{
    (void)arg;
    return n_ended == CROWD;
}

static void a_queue_that_is_not_taken_is_offered_again(struct loop *loop)
{
    int pairs[CROWD / 2][2];
    for (int i = 0; i < CROWD / 2; i++)
        each_pair(pairs[i]);
    fault.calls = 0;
    fault.nth = 1;
    fault.error = EAGAIN;
    faults(strcmp(loop_backend(loop), "uring") == 0);
    start_crowd(loop, pairs);
    faults(false);
    seen_passes(loop, 2);
    loop_close_all(loop);
    each_until(loop, crowd_has_ended, NULL, "the crowd");
}

/* In a child, for it ends with a message; a spin would end by the alarm. */
static void a_queue_that_is_never_taken_ends_the_program(struct loop *loop)
{
    int pairs[CROWD / 2][2], status;
    if (strcmp(loop_backend(loop), "uring") != 0)
        return;
    for (int i = 0; i < CROWD / 2; i++)
        each_pair(pairs[i]);
    const pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        const struct rlimit none = {0};
        setrlimit(RLIMIT_CORE, &none);
        base_log_set_level(BASE_GENERAL, BASE_NONE);
        signal(SIGABRT, SIG_DFL);
        alarm(10);
        struct loop *other = each_other(loop);
        let_fail("io_uring_submit", EAGAIN);
        start_crowd(other, pairs);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    for (int i = 0; i < CROWD / 2; i++) {
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(what_epoll_refuses_to_watch_is_told),
        EACH(a_wait_may_be_interrupted),
        EACH(a_queue_that_is_not_taken_is_offered_again),
        EACH(a_queue_that_is_never_taken_ends_the_program),
        EACH(nothing_fails),
        EACH(the_nth_call_fails),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
