/*
 * test_core_fork.c - a loop and its process's children: it stays with the
 * parent, a child may free its copy, and neither disturbs the other.
 *
 * A child says what it found by its exit status, 0 if all was well; it uses no
 * assertions, which would run the other tests in it.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int status_of(pid_t child)
{
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_child_may_not_run_the_loop(struct loop *loop)
{
    const pid_t child = fork();
    if (child == 0) {
        const bool refused = loop_run(loop) == -ECHILD &&
                             loop_run_once(loop, 0) == -ECHILD &&
                             loop_run_until(loop, 0) == -ECHILD;
        loop_free(loop);
        _exit(!refused);
    }
    assert_int_equal(status_of(child), 0);
    seen_passes(loop, 2);
}

/* --- a child frees its copy ----------------------------------------------- */

/* One of everything that is registered with the kernel. */
struct world {
    struct loop_watcher watcher;
    struct seen in, accept;
    struct loop_signal signal;
    struct loop_timer timer;
    struct loop_post post;
    int watched[2], pair[2], listener;
    struct sockaddr_storage addr;
    socklen_t len;
    int events, signals, posts;
};

static void on_event(struct loop_watcher *w, unsigned events)
{
    struct world *world = w->arg;
    char byte;
    (void)events;
    world->events += (int)read(w->fd, &byte, 1);
}

static void on_signal(struct loop_signal *s,
                      const struct signalfd_siginfo *info)
{
    struct world *world = s->arg;
    (void)info;
    world->signals++;
}

static void on_post(struct loop *loop, struct loop_post *post)
{
    struct world *world = post->arg;
    (void)loop;
    world->posts++;
}

static void on_timer(struct loop_timer *t)
{
    (void)t;
}

static void close_accepted(struct seen *s, ssize_t result)
{
    (void)s;
    if (result >= 0)
        close((int)result);
}

static void world_begin(struct loop *loop, struct world *w)
{
    memset(w, 0, sizeof *w);
    each_pair(w->watched);
    each_pair(w->pair);
    w->listener = each_listener(&w->addr, &w->len);
    w->accept.then = close_accepted;
    loop_watcher_start(loop, &w->watcher, w->watched[0], LOOP_READ, on_event,
                       w);
    loop_recv(loop, &w->in.op, w->pair[0], seen_note, NULL);
    loop_accept(loop, &w->accept.op, w->listener, seen_note, NULL);
    loop_signal_start(loop, &w->signal, SIGUSR1, on_signal, w);
    loop_timer_start(loop, &w->timer, loop_now(loop) + 1000 * LOOP_SECOND,
                     on_timer, NULL);
}

static bool all_came(void *arg)
{
    const struct world *w = arg;
    return w->events == 1 && w->in.bytes == 1 && w->accept.progress == 1 &&
           w->signals == 1;
}

/* Everything is still reported, once. */
static void world_check(struct loop *loop, struct world *w)
{
    char byte;
    seen_pattern(&byte, 1, w->in.bytes);
    w->events = w->signals = w->accept.progress = 0;
    w->in.bytes = 0;
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&w->addr, w->len), 0);
    assert_int_equal(write(w->watched[1], &byte, 1), 1);
    assert_int_equal(write(w->pair[1], &byte, 1), 1);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    each_until(loop, all_came, w, "all events");
    seen_passes(loop, 2);
    assert_true(all_came(w));
    close(client);
}

static void world_end(struct loop *loop, struct world *w)
{
    loop_watcher_stop(&w->watcher);
    loop_signal_stop(&w->signal);
    loop_timer_stop(&w->timer);
    loop_close(loop, w->pair[0]);
    loop_close(loop, w->listener);
    seen_until_last(loop, &w->in);
    seen_until_last(loop, &w->accept);
    close(w->pair[1]);
    close(w->watched[0]);
    close(w->watched[1]);
}

static void a_child_that_frees_the_loop_disturbs_nothing(struct loop *loop)
{
    for (int passes = 0; passes < 3; passes++) {
        struct world w;
        world_begin(loop, &w);
        seen_passes(loop, passes); /* 0: the kernel has been told nothing */
        const pid_t child = fork();
        if (child == 0) {
            loop_free(loop);
            _exit(w.in.last + w.accept.last); /* nothing was called */
        }
        assert_int_equal(status_of(child), 0);
        world_check(loop, &w);
        world_end(loop, &w);
    }
}

/* A post is called once, in the process of its loop. */
static void posts_stay_with_the_parent(struct loop *loop)
{
    struct world w = {0};
    struct loop_mailbox *mailbox = loop_mailbox_hold(loop);
    loop_post(mailbox, &w.post, on_post, &w);
    const pid_t child = fork();
    if (child == 0) {
        loop_free(loop);
        _exit(w.posts);
    }
    assert_int_equal(status_of(child), 0);
    seen_passes(loop, 2);
    assert_int_equal(w.posts, 1);
    loop_mailbox_release(mailbox);
}

/* --- a child has its own ------------------------------------------------- */

static void stop_on_byte(struct seen *s, ssize_t result)
{
    if (result > 0)
        loop_stop(s->op.loop);
}

/* Sends itself a byte through a loop of its own. */
static int run_own_loop(const char *backend)
{
    struct loop *own;
    struct seen s = {.then = stop_on_byte};
    const struct loop_options options = {.backend = backend};
    int pair[2];
    char byte;
    if (loop_new(&own, &options) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
        return 1;
    seen_pattern(&byte, 1, 0);
    if (loop_recv(own, &s.op, pair[0], seen_note, NULL) != 0 ||
        write(pair[1], &byte, 1) != 1)
        return 2;
    if (loop_run_until(own, loop_now(own) + 10 * LOOP_SECOND) != 0)
        return 3;
    loop_close(own, pair[0]);
    loop_free(own);
    return s.bytes == 1 && s.last == 1 && !s.wrong ? 0 : 4;
}

static void a_child_makes_its_own_loop(struct loop *loop)
{
    struct world w;
    const char *backend = loop_backend(loop);
    world_begin(loop, &w);
    seen_passes(loop, 2);
    const pid_t child = fork();
    if (child == 0) {
        int status = run_own_loop(backend);
        loop_free(loop);
        if (status == 0)
            status = run_own_loop(backend);
        _exit(status);
    }
    assert_int_equal(status_of(child), 0);
    world_check(loop, &w);
    world_end(loop, &w);
}

/* --- forks in callbacks -------------------------------------------------- */

static pid_t forked;

static void fork_and_return(struct loop_timer *t)
{
    (void)t;
    forked = fork();
    if (forked == 0)
        return;
    loop_stop(loop_current());
}

static void fork_and_run(struct loop_timer *t)
{
    struct loop *loop = t->arg;
    forked = fork();
    if (forked == 0)
        _exit(loop_run_once(loop, 0) != -ECHILD ||
              run_own_loop(loop_backend(loop)) != 0);
}

static void a_run_that_goes_on_in_a_child_ends(struct loop *loop)
{
    struct loop_timer t = {0};
    struct world w;
    world_begin(loop, &w);
    loop_timer_start(loop, &t, 0, fork_and_return, NULL);
    const int result = loop_run(loop);
    if (forked == 0) {
        loop_free(loop);
        _exit(result != -ECHILD);
    }
    assert_int_equal(result, 0);
    assert_int_equal(status_of(forked), 0);
    world_check(loop, &w);
    world_end(loop, &w);
}

static void a_callback_may_fork_a_child_with_a_loop(struct loop *loop)
{
    struct loop_timer t = {0};
    loop_timer_start(loop, &t, 0, fork_and_run, loop);
    while (loop_timer_active(&t))
        loop_run_once(loop, 0);
    assert_int_equal(status_of(forked), 0);
    seen_passes(loop, 1);
}

/* --- a child holds descriptors that the parent closes -------------------- */

static bool is_quiet(struct loop *loop)
{
    const uint64_t before = loop_stats(loop)->passes;
    loop_run_until(loop, loop_now(loop) + 30 * LOOP_MS);
    return loop_stats(loop)->passes - before < 20; /* a spin is thousands */
}

/* epoll goes on to report what is open elsewhere: epoll(7), question 6. */
static void what_a_child_keeps_open_does_not_wake_the_parent(struct loop *loop)
{
    struct world w;
    int hold[2];
    char byte;
    assert_int_equal(pipe(hold), 0);
    world_begin(loop, &w);
    seen_passes(loop, 2);
    const pid_t child = fork();
    if (child == 0) {
        close(hold[1]);
        (void)!read(hold[0], &byte, 1); /* until the parent lets go */
        _exit(0);
    }
    loop_watcher_stop(&w.watcher);
    close(w.watched[0]);
    loop_close(loop, w.pair[0]);
    loop_close(loop, w.listener);
    seen_until_last(loop, &w.in);
    seen_until_last(loop, &w.accept);
    assert_int_equal(write(w.watched[1], "", 1), 1);
    assert_int_equal(write(w.pair[1], "", 1), 1);
    assert_true(is_quiet(loop));
    int again[2]; /* the same numbers */
    struct seen s = {0};
    each_pair(again);
    loop_recv(loop, &s.op, again[0], seen_note, NULL);
    seen_pattern(&byte, 1, 0);
    assert_int_equal(write(again[1], &byte, 1), 1);
    seen_until_bytes(loop, &s, 1);
    assert_false(s.wrong);
    close(hold[1]);
    assert_int_equal(status_of(child), 0);
    close(hold[0]);
    loop_close(loop, again[0]);
    loop_close(loop, again[1]);
    seen_until_last(loop, &s);
    loop_signal_stop(&w.signal);
    loop_timer_stop(&w.timer);
    close(w.pair[1]);
    close(w.watched[1]);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_child_may_not_run_the_loop),
        EACH(a_child_that_frees_the_loop_disturbs_nothing),
        EACH(posts_stay_with_the_parent),
        EACH(a_child_makes_its_own_loop),
        EACH(a_run_that_goes_on_in_a_child_ends),
        EACH(a_callback_may_fork_a_child_with_a_loop),
        EACH(what_a_child_keeps_open_does_not_wake_the_parent),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
