/*
 * test_core_child.c - children: their end, their streams, and what they are
 * started with.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
    struct loop_child child;
    int n_ends, status;
    struct process *stops; /* whom its end makes us forget */
};

static void on_end(struct loop_child *child)
{
    struct process *p = child->arg;
    p->n_ends++;
    p->status = child->status;
    if (p->stops != NULL)
        loop_child_stop(&p->stops->child);
}

static bool has_ended(void *arg)
{
    return ((struct process *)arg)->n_ends > 0;
}

enum { I = LOOP_INHERIT, P = LOOP_PIPE, N = LOOP_NULL };

static int start_with(struct loop *loop, struct process *p, const char *script,
                      struct loop_child_options options)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    options.argv = argv;
    return loop_child_start(loop, &p->child, &options, on_end, p);
}

static void start(struct loop *loop, struct process *p, const char *script,
                  int in, int out, int err)
{
    assert_int_equal(
        start_with(loop, p, script,
                   (struct loop_child_options){.stream = {in, out, err}}),
        0);
    assert_true(p->child.pid > 0);
}

static int run(struct loop *loop, const char *script)
{
    struct process p = {0};
    start(loop, &p, script, I, I, I);
    assert_int_equal(loop_active(loop), 1);
    each_until(loop, has_ended, &p, script);
    assert_int_equal(p.n_ends, 1);
    return p.status;
}

/* --- talking ------------------------------------------------------------- */

struct talk {
    struct loop_op op;
    char text[4096];
    size_t len;
    ssize_t result;
    bool done;
};

static void on_done(struct loop_op *op, ssize_t result)
{
    struct talk *t = op->arg;
    t->result = result;
    t->done = true;
}

static bool is_done(void *arg)
{
    return ((struct talk *)arg)->done;
}

static void say(struct loop *loop, int fd, const char *text)
{
    struct talk t = {0};
    assert_int_equal(
        loop_write(loop, &t.op, fd, base_slice_of(text), on_done, &t), 0);
    each_until(loop, is_done, &t, "writing to a child");
    assert_int_equal(t.result, strlen(text));
}

/* Reads on until the text ends with `end`, or (NULL) the stream ends. */
static void hear(struct loop *loop, int fd, struct talk *t, const char *end)
{
    memset(t, 0, sizeof *t);
    for (;;) {
        const struct iovec room = {t->text + t->len,
                                   sizeof t->text - 1 - t->len};
        t->done = false;
        assert_int_equal(loop_read(loop, &t->op, fd, room, on_done, t), 0);
        each_until(loop, is_done, t, "reading from a child");
        assert_true(t->result >= 0);
        t->len += (size_t)t->result;
        const struct base_slice heard = {t->text, t->len};
        if (t->result == 0 ||
            (end != NULL && base_slice_ends(heard, base_slice_of(end))))
            break;
    }
    assert_true(end == NULL ? t->result == 0 : t->result > 0);
}

static void an_interactive_session(struct loop *loop)
{
    struct process p = {0};
    struct talk t;
    start(loop, &p, "while read line; do echo \"got $line\"; done; echo bye", P,
          P, I);
    assert_int_equal(p.child.pipe[2], -1);
    say(loop, p.child.pipe[0], "one\n");
    hear(loop, p.child.pipe[1], &t, "\n");
    assert_string_equal(t.text, "got one\n");
    say(loop, p.child.pipe[0], "two\n");
    hear(loop, p.child.pipe[1], &t, "\n");
    assert_string_equal(t.text, "got two\n");
    assert_int_equal(p.n_ends, 0);

    assert_int_equal(loop_close(loop, p.child.pipe[0]), 0);
    hear(loop, p.child.pipe[1], &t, NULL);
    assert_string_equal(t.text, "bye\n");
    each_until(loop, has_ended, &p, "the end of the session");
    assert_int_equal(p.status, 0);
    loop_close(loop, p.child.pipe[1]);
}

static void errors_have_a_stream_of_their_own(struct loop *loop)
{
    struct process p = {0};
    struct talk t;
    start(loop, &p, "echo fine; echo oops >&2", I, P, P);
    hear(loop, p.child.pipe[2], &t, NULL);
    assert_string_equal(t.text, "oops\n");
    hear(loop, p.child.pipe[1], &t, NULL);
    assert_string_equal(t.text, "fine\n");
    each_until(loop, has_ended, &p, "the child");
    loop_close(loop, p.child.pipe[1]);
    loop_close(loop, p.child.pipe[2]);
}

/* A descriptor's flags as the child sees them, from its /proc/self/fdinfo. */
static int child_flags(struct loop *loop, int fd, const char *script)
{
    struct process p = {0};
    struct talk t;
    const bool out = fd == STDOUT_FILENO;
    start(loop, &p, script, out ? I : P, P, I);
    hear(loop, p.child.pipe[1], &t, NULL);
    each_until(loop, has_ended, &p, script);
    if (!out)
        loop_close(loop, p.child.pipe[0]);
    loop_close(loop, p.child.pipe[1]);
    const char *flags = strstr(t.text, "flags:");
    assert_non_null(flags);
    return (int)strtol(flags + strlen("flags:"), NULL, 8);
}

static void only_our_ends_are_non_blocking(struct loop *loop)
{
    assert_false(child_flags(loop, 0, "cat /proc/self/fdinfo/0") & O_NONBLOCK);
    assert_false(child_flags(loop, 1, "cat /proc/self/fdinfo/1") & O_NONBLOCK);
    struct process p = {0};
    start(loop, &p, "cat >/dev/null", P, P, I);
    for (int i = 0; i < 2; i++) {
        assert_true(fcntl(p.child.pipe[i], F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(p.child.pipe[i], F_GETFD) & FD_CLOEXEC);
    }
    loop_close(loop, p.child.pipe[0]);
    each_until(loop, has_ended, &p, "cat");
    loop_close(loop, p.child.pipe[1]);
}

/* If b had a's pipe, a would not see the end of its input. */
static void children_do_not_get_each_others_pipes(struct loop *loop)
{
    struct process a = {0}, b = {0};
    start(loop, &a, "cat", P, N, I);
    start(loop, &b, "cat", P, N, I);
    loop_close(loop, a.child.pipe[0]);
    each_until(loop, has_ended, &a, "the end of a's input");
    assert_int_equal(b.n_ends, 0);
    loop_close(loop, b.child.pipe[0]);
    each_until(loop, has_ended, &b, "the end of b's input");
}

static void null_is_empty(struct loop *loop)
{
    struct process p = {0};
    start(loop, &p, "cat; echo unseen; echo unseen >&2", N, N, N);
    each_until(loop, has_ended, &p, "cat of nothing");
    assert_int_equal(p.status, 0);
}

/* Ours are 1 -> a and 2 -> b; the child gets them the other way round. */
static void streams_may_be_exchanged(struct loop *loop)
{
    int a[2], b[2];
    char text[16] = "";
    assert_int_equal(pipe2(a, O_CLOEXEC), 0);
    assert_int_equal(pipe2(b, O_CLOEXEC), 0);
    fflush(NULL);
    const int saved_1 = fcntl(1, F_DUPFD_CLOEXEC, 3);
    const int saved_2 = fcntl(2, F_DUPFD_CLOEXEC, 3);
    dup2(a[1], 1);
    dup2(b[1], 2);
    struct process p = {0};
    const int error = start_with(
        loop, &p, "echo x", (struct loop_child_options){.stream = {N, 2, 1}});
    dup2(saved_1, 1);
    dup2(saved_2, 2);
    close(saved_1);
    close(saved_2);
    assert_int_equal(error, 0);
    each_until(loop, has_ended, &p, "echo");
    close(a[1]);
    close(b[1]);
    assert_int_equal(read(a[0], text, sizeof text), 0);
    assert_int_equal(read(b[0], text, sizeof text), 2);
    close(a[0]);
    close(b[0]);
}

/* Copies of descriptors then get the numbers that the streams shall have. */
static void a_program_without_stdin_starts_children(struct loop *loop)
{
    struct process p = {0};
    struct talk t;
    int out[2];
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    const int saved = fcntl(0, F_DUPFD_CLOEXEC, 3);
    assert_int_not_equal(saved, -1);
    close(0);
    start(loop, &p, "cat; echo oops >&2", P, out[1], P);
    close(out[1]);
    say(loop, p.child.pipe[0], "one\n");
    loop_close(loop, p.child.pipe[0]);
    hear(loop, out[0], &t, NULL);
    assert_string_equal(t.text, "one\n");
    hear(loop, p.child.pipe[2], &t, NULL);
    assert_string_equal(t.text, "oops\n");
    each_until(loop, has_ended, &p, "the child");
    loop_close(loop, out[0]);
    loop_close(loop, p.child.pipe[2]);
    loop_run_once(loop, 0); /* the numbers are free from its end on */
    dup2(saved, 0);
    close(saved);
}

/* --- ending -------------------------------------------------------------- */

static void the_status_is_told(struct loop *loop)
{
    assert_int_equal(run(loop, "exit 0"), 0);
    assert_int_equal(run(loop, "exit 3"), 3);
    assert_int_equal(run(loop, "kill -9 $$"), -SIGKILL);
}

static void kill_hits_the_child(struct loop *loop)
{
    struct process p = {0};
    start(loop, &p, "exec cat", P, N, I);
    assert_int_equal(loop_child_kill(&p.child, 0), 0);
    assert_int_equal(loop_child_kill(&p.child, 12345), -EINVAL);
    assert_int_equal(loop_child_kill(&p.child, SIGTERM), 0);
    each_until(loop, has_ended, &p, "a killed cat");
    assert_int_equal(p.status, -SIGTERM);
    assert_int_equal(loop_child_kill(&p.child, SIGTERM), -ESRCH);
    loop_close(loop, p.child.pipe[0]);
}

static void no_other_child_is_reaped(struct loop *loop)
{
    const pid_t own = fork();
    if (own == 0)
        _exit(7);
    assert_int_equal(run(loop, "exit 3"), 3);
    int status;
    assert_int_equal(waitpid(own, &status, 0), own);
    assert_int_equal(WEXITSTATUS(status), 7);
}

static bool is_reaped(void *arg)
{
    const pid_t *pid = arg;
    siginfo_t info;
    return waitid(P_PID, (id_t)*pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
               -1 &&
           errno == ECHILD;
}

static void a_forgotten_child_is_reaped(struct loop *loop)
{
    struct process p = {0};
    start(loop, &p, "cat", P, N, I);
    pid_t pid = p.child.pid;
    loop_child_stop(&p.child);
    loop_child_stop(&p.child);
    assert_int_equal(loop_active(loop), 0);
    assert_false(is_reaped(&pid));
    loop_close(loop, p.child.pipe[0]);
    each_until(loop, is_reaped, &pid, "the forgotten child");
    assert_int_equal(p.n_ends, 0);
}

static void a_callback_may_forget_another(struct loop *loop)
{
    struct process a = {0}, b = {0};
    start(loop, &a, "exit 1", N, N, I);
    start(loop, &b, "exit 2", N, N, I);
    a.stops = &b;
    b.stops = &a;
    pid_t pids[] = {a.child.pid, b.child.pid};
    /* Both have ended before the loop looks: they come in one batch. */
    siginfo_t info;
    for (int i = 0; i < 2; i++)
        waitid(P_PID, (id_t)pids[i], &info, WEXITED | WNOWAIT);
    each_until(loop, is_reaped, &pids[0], "the first child");
    each_until(loop, is_reaped, &pids[1], "the second child");
    assert_int_equal(a.n_ends + b.n_ends, 1);
}

static void a_child_may_be_started_again(struct loop *loop)
{
    struct process p = {0};
    for (int i = 0; i < 3; i++) {
        p.n_ends = 0;
        start(loop, &p, "exit 5", I, I, I);
        each_until(loop, has_ended, &p, "a child of several");
        assert_int_equal(p.status, 5);
    }
}

static void free_reaps_what_has_ended(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct process ended = {0}, lives = {0}, forgotten = {0};
    start(other, &ended, "exit 1", N, N, I);
    start(other, &lives, "cat", P, N, I);
    start(other, &forgotten, "cat", P, N, I);
    loop_child_stop(&forgotten.child);
    siginfo_t info;
    waitid(P_PID, (id_t)ended.child.pid, &info, WEXITED | WNOWAIT);
    loop_free(other);
    assert_true(is_reaped(&ended.child.pid));
    assert_int_equal(ended.n_ends + lives.n_ends, 0);
    assert_null(lives.child.watcher.loop);
    close(lives.child.pipe[0]);
    close(forgotten.child.pipe[0]);
    assert_int_equal(waitpid(lives.child.pid, NULL, 0), lives.child.pid);
    assert_int_equal(waitpid(forgotten.child.pid, NULL, 0),
                     forgotten.child.pid);
}

/* A program that ignores SIGCHLD has no children to wait for: see wait(2). */
static void a_lost_status_is_no_trap(struct loop *loop)
{
    struct sigaction before, ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    struct process p = {0};
    start(loop, &p, "cat; exit 3", P, N, I);
    sigaction(SIGCHLD, &ignore, &before);
    base_log_set_level(BASE_GENERAL, BASE_ERROR);
    loop_close(loop, p.child.pipe[0]);
    each_until(loop, has_ended, &p, "a child without a status");
    assert_int_equal(p.status, 255);
    base_log_set_level(BASE_GENERAL, BASE_INFO);
    sigaction(SIGCHLD, &before, NULL);
}

/* --- starting ------------------------------------------------------------ */

static void what_cannot_start_says_why(struct loop *loop)
{
    struct process p = {0};
    const char *argv[] = {"no-such-program-here", NULL};
    const struct loop_child_options none = {.argv = argv, .stream = {P, P, P}};
    assert_int_equal(loop_child_start(loop, &p.child, &none, on_end, &p),
                     -ENOENT);
    const struct loop_child_options closed = {.stream = {P, 9999, I}};
    assert_int_equal(start_with(loop, &p, "exit 0", closed), -EBADF);
    assert_int_equal(loop_active(loop), 0);
    loop_child_stop(&p.child);
    assert_int_equal(loop_child_kill(&p.child, SIGTERM), -ESRCH);
}

static void the_environment_can_be_given(struct loop *loop)
{
    setenv("OURS", "1", 1);
    assert_int_equal(run(loop, "test \"$OURS\" = 1"), 0);
    char *env[] = {"THEIRS=2", NULL};
    struct process p = {0};
    const struct loop_child_options options = {.envp = env,
                                               .stream = {I, I, I}};
    assert_int_equal(start_with(loop, &p, "test \"$OURS$THEIRS\" = 2", options),
                     0);
    each_until(loop, has_ended, &p, "the child");
    assert_int_equal(p.status, 0);
    unsetenv("OURS");
}

/* Without a shell between, for shells have a mask of their own. */
static void grep_status(struct loop *loop, const char *pattern)
{
    struct process p = {0};
    const char *argv[] = {"grep", "-q", pattern, "/proc/self/status", NULL};
    const struct loop_child_options options = {.argv = argv,
                                               .stream = {I, I, I}};
    assert_int_equal(loop_child_start(loop, &p.child, &options, on_end, &p), 0);
    each_until(loop, has_ended, &p, "grep");
    assert_int_equal(p.status, 0);
}

/* Signals 32 and 33 are the C library's own, and some ignore them for us. */
static void signals_are_at_their_defaults(struct loop *loop)
{
    sigset_t set, mask_before;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &mask_before);
    struct sigaction before, ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, &before);
    grep_status(loop, "^SigBlk:.0*$");
    grep_status(loop, "^SigIgn:.0*[01][08]0000000$");
    sigaction(SIGPIPE, &before, NULL);
    pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
}

/* Their descriptors are the loop's: closing them would lose the end. */
static void closing_all_descriptors_keeps_children(struct loop *loop)
{
    struct process p = {0};
    start(loop, &p, "exit 3", I, I, I);
    loop_close_all(loop);
    each_until(loop, has_ended, &p, "the end");
    assert_int_equal(p.status, 3);
}

/* So that options that say nothing of streams are harmless. */
static void streams_are_inherited_if_nothing_is_said(struct loop *loop)
{
    struct process p = {0};
    assert_int_equal(start_with(loop, &p, "test -e /proc/self/fd/1 && exit 5",
                                (struct loop_child_options){.envp = NULL}),
                     0);
    each_until(loop, has_ended, &p, "the end");
    assert_int_equal(p.status, 5);
    assert_int_equal(p.child.pipe[1], -1);
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(closing_all_descriptors_keeps_children),
        EACH(streams_are_inherited_if_nothing_is_said),
        EACH(an_interactive_session),
        EACH(errors_have_a_stream_of_their_own),
        EACH(only_our_ends_are_non_blocking),
        EACH(children_do_not_get_each_others_pipes),
        EACH(null_is_empty),
        EACH(streams_may_be_exchanged),
        EACH(a_program_without_stdin_starts_children),
        EACH(the_status_is_told),
        EACH(kill_hits_the_child),
        EACH(no_other_child_is_reaped),
        EACH(a_forgotten_child_is_reaped),
        EACH(a_callback_may_forget_another),
        EACH(a_child_may_be_started_again),
        EACH(free_reaps_what_has_ended),
        EACH(a_lost_status_is_no_trap),
        EACH(what_cannot_start_says_why),
        EACH(the_environment_can_be_given),
        EACH(signals_are_at_their_defaults),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
