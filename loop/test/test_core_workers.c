/*
 * test_core_workers.c - workers: who is started again, who is not, and what
 * the parent comes back with.
 *
 * The central test repeats Tornado's ProcessTest. Three workers share a
 * listener: two serve, the third drives. A server takes one connection at a
 * time, tells its number and process, and does what the driver then asks: go
 * on, exit with a status, or die by a signal. So the driver, which keeps the
 * connection to one server, reaches the other one with the next.
 *
 * A driver that finds something wrong exits with a status; that is a restart
 * too many, and the parent tells.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GUARD_S = 60, WRONG = 99 };

/* Against a hang only: the parent dies, and its workers with it. */
static int guard_begin(void **state)
{
    (void)state;
    base_log_set_level(BASE_GENERAL, BASE_ERROR);
    alarm(GUARD_S);
    return 0;
}

static int guard_end(void **state)
{
    (void)state;
    alarm(0);
    base_log_set_level(BASE_GENERAL, BASE_INFO);
    /* Nobody is left: neither running nor as a zombie. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(loop_worker_number(), -1);
    return 0;
}

static struct loop *new_loop(const char *backend)
{
    struct loop *loop;
    const struct loop_options options = {.backend = backend};
    const int error = loop_new(&loop, &options);
    if (error == -ENOSYS || error == -EPERM) {
        print_message("the kernel refuses %s: %s\n", backend, strerror(-error));
        skip();
    }
    assert_int_equal(error, 0);
    return loop;
}

/* In a worker, where cmocka's asserts would go back to the test's runner. */
static void check(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "worker %d: not so: %s\n", loop_worker_number(), what);
    _exit(WRONG);
}

/* --- servers ------------------------------------------------------------- */

struct greeting {
    int number;
    pid_t pid;
};

static void obey(char order)
{
    if (order == 'k')
        kill(getpid(), SIGKILL);
    if (order != '-')
        _exit(order - '0');
}

/* Answers one connection to its end; the next waits in the listener. */
static void on_listener(struct loop_watcher *w, unsigned events)
{
    (void)events;
    const int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd == -1)
        return; /* the other server was faster */
    const struct greeting greeting = {loop_worker_number(), getpid()};
    check(write(fd, &greeting, sizeof greeting) == (ssize_t)sizeof greeting,
          "the driver listens");
    char order = '-';
    check(read(fd, &order, 1) == 1, "the driver gives an order");
    close(fd);
    obey(order);
}

static void serve(const char *backend, int listener)
{
    struct loop *loop;
    const struct loop_options options = {.backend = backend};
    check(loop_new(&loop, &options) == 0, "a worker can have a loop");
    struct loop_watcher w = {0};
    check(loop_watcher_start(loop, &w, listener, LOOP_READ, on_listener,
                             NULL) == 0,
          "it can watch the listener");
    loop_run(loop);
    check(false, "the loop goes on for ever");
}

/* --- the driver ---------------------------------------------------------- */

struct peer {
    int fd;
    struct greeting is;
};

static struct peer meet(const struct sockaddr_storage *addr, socklen_t len)
{
    struct peer peer = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    check(connect(peer.fd, (const struct sockaddr *)addr, len) == 0,
          "a server listens");
    check(recv(peer.fd, &peer.is, sizeof peer.is, MSG_WAITALL) ==
              (ssize_t)sizeof peer.is,
          "a server greets");
    return peer;
}

static void order(const struct peer *peer, char what)
{
    check(write(peer->fd, &what, 1) == 1, "a server takes an order");
    char end;
    if (what != '-')
        check(read(peer->fd, &end, 1) <= 0, "it hangs up when it ends");
    close(peer->fd);
}

/* Both servers at once: each has one connection and takes no other. */
static void meet_both(struct peer both[2], const struct sockaddr_storage *addr,
                      socklen_t len)
{
    for (int i = 0; i < 2; i++) {
        const struct peer peer = meet(addr, len);
        check(peer.is.number == 0 || peer.is.number == 1,
              "the driver serves nobody");
        both[peer.is.number] = peer;
    }
    check(both[0].is.pid != both[1].is.pid, "two servers, two processes");
}

static void drive(const struct sockaddr_storage *addr, socklen_t len)
{
    static const char orders[] = "234k";
    struct peer both[2] = {{.fd = -1}, {.fd = -1}};
    meet_both(both, addr, len);
    for (int i = 0; orders[i] != '\0'; i++) {
        const int victim = i % 2;
        const struct peer before[2] = {both[0], both[1]};
        order(&both[victim], orders[i]);
        order(&both[1 - victim], '-');
        meet_both(both, addr, len);
        check(both[victim].is.pid != before[victim].is.pid,
              "a new process has the number of the one that failed");
        check(both[1 - victim].is.pid == before[1 - victim].is.pid,
              "the other one lives on");
    }
    order(&both[0], '0');
    order(&both[1], '0');
    _exit(0);
}

/* Four restarts are allowed, and four are needed. */
static void failed_workers_are_started_again(void **state)
{
    loop_free(new_loop(*state));
    struct sockaddr_storage addr;
    socklen_t len;
    const int listener = each_listener(&addr, &len);
    int worker = -1;
    const int result = loop_fork_workers(3, 4, &worker);
    if (result == 1 && worker == 2)
        drive(&addr, len);
    if (result == 1)
        serve(*state, listener);
    assert_int_equal(result, 0);
    close(listener);
}

/* --- too many restarts --------------------------------------------------- */

/* Worker 0 fails each time; the others would stay for ever. */
static void too_many_restarts_end_all(void **state)
{
    (void)state;
    int starts[2], worker;
    assert_int_equal(pipe(starts), 0);
    const int result = loop_fork_workers(3, 2, &worker);
    if (result == 1) {
        if (worker == 0) {
            check(write(starts[1], "x", 1) == 1, "the pipe is there");
            _exit(7);
        }
        pause();
    }
    assert_int_equal(result, -ECHILD);
    close(starts[1]);
    char text[16];
    assert_int_equal(read(starts[0], text, sizeof text), 3);
    close(starts[0]);
}

/* --- signals ------------------------------------------------------------- */

static void a_signal_to_the_parent_ends_all(void **state)
{
    const int signo = *(const int *)*state;
    const pid_t parent = getpid();
    int worker;
    const int result = loop_fork_workers(3, 0, &worker);
    if (result == 1) {
        if (worker == 0)
            kill(parent, signo);
        pause();
    }
    assert_int_equal(result, 0);
}

/* The mask and the fate of SIGCHLD are as before, here and there. */
static void signals_are_left_as_they_were(void **state)
{
    (void)state;
    sigset_t usr1, before, after;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, &before);
    struct sigaction chld, ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGCHLD, &ignore, &chld);

    int worker;
    const int result = loop_fork_workers(1, 0, &worker);
    pthread_sigmask(SIG_SETMASK, &before, &after);
    const bool blocked = sigismember(&after, SIGUSR1) == 1 &&
                         sigismember(&after, SIGTERM) == 0 &&
                         sigismember(&after, SIGCHLD) == 0;
    sigaction(SIGCHLD, &chld, &ignore);
    if (result == 1) {
        check(blocked, "a worker's mask is the one before");
        check(ignore.sa_handler == SIG_IGN, "and so is SIGCHLD");
        _exit(0);
    }
    assert_int_equal(result, 0);
    assert_true(blocked);
    assert_true(ignore.sa_handler == SIG_IGN);
}

/* --- a parent that dies -------------------------------------------------- */

/* The workers hold the pipe's end; when all have ended, it reads as empty. */
static void workers_die_with_their_parent(void **state)
{
    (void)state;
    int alive[2];
    assert_int_equal(pipe(alive), 0);
    const pid_t parent = fork();
    if (parent == 0) {
        int worker;
        if (loop_fork_workers(2, 0, &worker) == 1) {
            check(write(alive[1], "x", 1) == 1, "the test reads");
            pause();
        }
        _exit(WRONG);
    }
    close(alive[1]);
    char text[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(read(alive[0], &text[i], 1), 1);
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    assert_int_equal(read(alive[0], text, 1), 0);
    close(alive[0]);
}

/* --- arguments ----------------------------------------------------------- */

static void a_loop_must_come_later(void **state)
{
    struct loop *loop = new_loop(*state);
    int worker = 5;
    assert_int_equal(loop_fork_workers(2, 0, &worker), -EBUSY);
    assert_int_equal(worker, 5);
    loop_free(loop);
    const int result = loop_fork_workers(1, 0, &worker);
    if (result == 1)
        _exit(worker == 0 && loop_worker_number() == 0 ? 0 : WRONG);
    assert_int_equal(result, 0);
}

static void numbers_make_sense(void **state)
{
    (void)state;
    int worker;
    assert_int_equal(loop_fork_workers(-1, 0, &worker), -EINVAL);
    assert_int_equal(loop_fork_workers(1, -1, &worker), -EINVAL);
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(loop_cpu_count(), CPU_COUNT(&before));
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &before))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(loop_cpu_count(), 1);
    const int result = loop_fork_workers(0, 0, &worker);
    if (result == 1)
        _exit(worker == 0 ? 0 : WRONG);
    sched_setaffinity(0, sizeof before, &before);
    assert_int_equal(result, 0);
}

/* --- all of them ---------------------------------------------------------- */

#define PLAIN(test, with)                                                      \
    cmocka_unit_test_prestate_setup_teardown(test, guard_begin, guard_end, with)

/* Those that use a loop, on each back end. */
static int run_on(const char *backend)
{
    const struct CMUnitTest tests[] = {
        PLAIN(failed_workers_are_started_again, (void *)backend),
        PLAIN(a_loop_must_come_later, (void *)backend),
    };
    return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int main(void)
{
    static int term = SIGTERM, interrupt = SIGINT;
    const struct CMUnitTest tests[] = {
        PLAIN(too_many_restarts_end_all, NULL),
        PLAIN(a_signal_to_the_parent_ends_all, &term),
        PLAIN(a_signal_to_the_parent_ends_all, &interrupt),
        PLAIN(signals_are_left_as_they_were, NULL),
        PLAIN(workers_die_with_their_parent, NULL),
        PLAIN(numbers_make_sense, NULL),
    };
    int failed = cmocka_run_group_tests_name("workers", tests, NULL, NULL);
    for (int i = 0; loop_backends()[i] != NULL; i++)
        failed += run_on(loop_backends()[i]);
    return failed;
}
