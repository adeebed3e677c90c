/*
 * test.c - lesson 06: the server with each kind of receive, its queues and its
 * buffers at their limits, and what happens where io_uring is forbidden.
 */
#include "../common/common.h"
#include "../common/test/cases.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER "lessons/06-uring/server"

static const struct subject subjects[] = {
    {"06-uring/multishot", {SERVER, "--receive", "multishot"}, 1000, 1, false},
    {"06-uring/oneshot", {SERVER, "--receive", "oneshot"}, 1000, 1, false},
};

/* Queues of one place and of two buffers: each limit is met at once. */
static const struct subject small[] = {
    {"multishot", {SERVER, "--entries", "1", "--buffers", "2"}, 1000, 1, false},
    {"oneshot",
     {SERVER, "--entries", "1", "--receive", "oneshot"},
     1000,
     1,
     false},
};

enum { SUBJECTS = 2, LEN = sizeof HELLO_REQUEST - 1 };

/* `n` requests in a row; the caller frees them. */
static char *many_requests(int n)
{
    char *all = malloc((size_t)n * LEN + 1);
    assert_non_null(all);
    for (int i = 0; i < n; i++)
        memcpy(all + (size_t)i * LEN, HELLO_REQUEST, LEN + 1);
    return all;
}

/*
 * 1 place in the SQ and 16 in the CQ, for 500 connections that all come, ask
 * and leave while the server does not look.
 */
static void more_connections_than_places(void **state)
{
    (void)state;
    enum { N = 500 };
    for (int i = 0; i < SUBJECTS; i++) {
        struct proc server;
        int fds[N];
        subject_start(&server, &small[i], 0);
        const int before = proc_descriptors(&server);
        kill(server.pid, SIGSTOP);
        for (int j = 0; j < N; j++)
            fds[j] = client_connect(server.port);
        for (int j = 0; j < N; j++)
            client_send(fds[j], HELLO_REQUEST);
        kill(server.pid, SIGCONT);
        for (int j = 0; j < N; j++)
            client_expect_hello(fds[j], 1);
        assert_int_equal(proc_descriptors(&server), before + N);
        for (int j = 0; j < N; j++)
            client_send(fds[j], HELLO_AND_CLOSE);
        for (int j = 0; j < N; j++) {
            char text[1024];
            assert_true(client_receive_all(fds[j], text, sizeof text) > 0);
            close(fds[j]);
        }
        subject_stop(&server);
    }
}

/*
 * All send at once, and each more than both buffers hold; twice, so that the
 * receives that ended for want of a buffer must have been armed again.
 */
static void more_bytes_than_buffers(void **state)
{
    (void)state;
    enum { N = 50, EACH = 300 };
    char *many = many_requests(EACH);
    struct proc server;
    int fds[N];
    subject_start(&server, &small[0], 0);
    for (int i = 0; i < N; i++)
        fds[i] = client_connect(server.port);
    for (int round = 0; round < 2; round++) {
        kill(server.pid, SIGSTOP);
        for (int i = 0; i < N; i++)
            client_send(fds[i], many);
        kill(server.pid, SIGCONT);
        for (int i = 0; i < N; i++)
            client_expect_hello(fds[i], EACH);
    }
    for (int i = 0; i < N; i++)
        close(fds[i]);
    subject_stop(&server);
    free(many);
}

/*
 * Asks without reading until the server takes no more: it has a send in flight.
 * Returns how many bytes of requests it took.
 */
static size_t block_a_send(int fd)
{
    enum { N = 10000 };
    char *many = many_requests(N);
    size_t sent = 0;
    while (poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 500) == 1) {
        const size_t at = sent % ((size_t)N * LEN);
        const ssize_t n = send(fd, many + at, (size_t)N * LEN - at,
                               MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_true(n > 0 || errno == EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
    }
    free(many);
    return sent;
}

/* The small buffer has done its work: megabytes by two kilobytes take long. */
static void widen(int fd)
{
    const int size = 1 << 20;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size),
                     0);
}

/*
 * One that does not read keeps no buffer from the others; and when it reads at
 * last, nothing that was held for it is missing, double, or out of order.
 */
static void a_slow_reader_keeps_no_buffers(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * SUBJECTS; i++) {
        struct proc server;
        subject_start(&server, i < 2 ? &small[i] : &subjects[i - 2], 0);
        const int slow = client_connect_small(server.port);
        const size_t sent = block_a_send(slow);
        for (int j = 0; j < 20; j++) {
            const int fd = client_connect(server.port);
            client_send(fd, HELLO_REQUEST);
            client_expect_hello(fd, 1);
            close(fd);
        }
        widen(slow);
        client_expect_hello(slow, (int)(sent / LEN));
        client_send(slow, &HELLO_REQUEST[sent % LEN]);
        client_expect_hello(slow, 1);
        client_finish(slow);
        client_expect_close(slow);
        close(slow);
        subject_stop(&server);
    }
}

struct count {
    struct proc *server;
    int wanted;
};

static bool descriptors_are(void *arg)
{
    const struct count *count = arg;
    return proc_descriptors(count->server) == count->wanted;
}

/*
 * A send is in flight, and of a multishot a receive too: the client vanishes,
 * or sends nonsense, or the server is stopped. Each connection is cancelled,
 * closed once, and the server goes on, or ends.
 */
static void closed_with_operations_in_flight(void **state)
{
    (void)state;
    for (int i = 0; i < SUBJECTS; i++) {
        struct proc server;
        subject_start(&server, &subjects[i], 0);
        struct count base = {&server, proc_descriptors(&server)};
        const int gone = client_connect_small(server.port);
        block_a_send(gone);
        client_vanish(gone);
        const int refused = client_connect(server.port);
        client_send(refused, HELLO_REQUEST "nonsense\r\n\r\n" HELLO_REQUEST);
        client_expect_hello(refused, 1);
        char text[1024];
        client_receive_all(refused, text, sizeof text);
        assert_memory_equal(text, "HTTP/1.1 400 ", 13);
        close(refused);
        wait_until(descriptors_are, &base, "a connection was not closed");

        const int blocked = client_connect_small(server.port);
        block_a_send(blocked);
        subject_stop(&server);
        close(blocked);
    }
}

/* As in lesson 05: a multishot receive that never ends is one of many. */
static void a_busy_peer_starves_nobody(void **state)
{
    (void)state;
    for (int i = 0; i < SUBJECTS; i++)
        expect_nobody_starves(&subjects[i]);
}

/* Those in the backlog are accepted once there are descriptors again. */
static void accepts_go_on_after_emfile(void **state)
{
    (void)state;
    enum { N = 64 };
    for (int i = 0; i < SUBJECTS; i++) {
        struct proc server;
        int fds[N];
        subject_start(&server, &subjects[i], 32);
        for (int j = 0; j < N; j++) {
            fds[j] = client_connect(server.port);
            client_send(fds[j], HELLO_REQUEST);
        }
        wait_until(sleeps, &server, "without descriptors it does not sleep");
        for (int j = 0; j < N; j++) {
            client_expect_hello(fds[j], 1); /* each after one before has left */
            close(fds[j]);
        }
        subject_stop(&server);
    }
}

/* 1,000 requests on one connection: two calls each, where epoll makes three. */
static void two_calls_a_request(void **state)
{
    (void)state;
    enum { N = 1000, START_AND_END = 400 };
    const char *build = getenv("KIT_BUILD");
    for (int i = 0; i < SUBJECTS; i++) {
        char path[512];
        struct proc server;
        snprintf(path, sizeof path, "%s/" SERVER,
                 build != NULL ? build : "build");
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* not under ptrace */
        start_program(&server,
                      (const char *[]){"bench/calls", path, "--port", "0",
                                       "--receive", subjects[i].args[2], NULL},
                      0);
        unsetenv("ASAN_OPTIONS");
        const int fd = client_connect(server.port);
        for (int j = 0; j < N; j++) {
            client_send(fd, HELLO_REQUEST);
            client_expect_hello(fd, 1);
        }
        close(fd);
        kill(server.pid, SIGTERM);
        assert_int_equal(proc_wait(&server, 10000), 0);
        const char *line = strchr(server.said, '\n');
        assert_non_null(line);
        assert_in_range(atoi(line + 1), N, 2 * N + START_AND_END);
    }
}

static void bad_buffers_are_refused(void **state)
{
    (void)state;
    struct proc p;
    const char *const args[] = {SERVER, "--port", "0", "--buffers", "3", NULL};
    assert_int_equal(run_program(&p, args, 10000), 2);
    assert_non_null(strstr(p.said, "a power of two"));
    assert_non_null(strstr(p.said, "try: "));
}

/* --- where io_uring is forbidden ------------------------------------------ */

/* From now on io_uring_setup fails in this process, as in a container. */
static void forbid_uring(unsigned error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1)
        _exit(99);
}

/* A program of the lesson, and the argument that it is given. */
struct command {
    const char *program, *argument;
};

/* Runs it so; returns its exit status, `said` holds its words. */
static int run_forbidden(const struct command *command, unsigned error,
                         char *said, size_t size)
{
    const char *build = getenv("KIT_BUILD");
    char path[512];
    int ends[2];
    snprintf(path, sizeof path, "%s/lessons/06-uring/%s",
             build != NULL ? build : "build", command->program);
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        forbid_uring(error);
        execl(path, path, command->argument, (char *)NULL);
        _exit(98);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t n;
    while ((n = read(ends[0], said + len, size - 1 - len)) > 0)
        len += (size_t)n;
    said[len] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void forbidden_is_explained(void **state)
{
    (void)state;
    static const struct command commands[] = {
        {"server", "--port=0"},
        {"fetch", "http://127.0.0.1:1/"},
        {"rings", NULL},
    };
    static const struct {
        unsigned error;
        const char *text, *advice;
    } errors[] = {
        {EPERM, "Operation not permitted", "kernel.io_uring_disabled"},
        {ENOSYS, "Function not implemented", "a virtual machine"},
        {EINVAL, "Invalid argument", "Linux 6.1 or newer"},
    };
    char said[4096];
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        for (size_t j = 0; j < sizeof errors / sizeof errors[0]; j++) {
            const int status =
                run_forbidden(&commands[i], errors[j].error, said, sizeof said);
            if (status != 2 || strstr(said, "cannot open a ring") == NULL ||
                strstr(said, errors[j].text) == NULL ||
                strstr(said, errors[j].advice) == NULL)
                fail_msg("%s: status %d, said: %s", commands[i].program, status,
                         said);
        }
    }
}

static void forbidden_is_not_measured(void **state)
{
    (void)state;
    char said[4096];
    const struct command command = {"claims", "E05"};
    assert_int_equal(run_forbidden(&command, EPERM, said, sizeof said), 0);
    assert_non_null(strstr(said, "this system refuses io_uring"));
    assert_non_null(strstr(said, "not measured"));
}

/* --- the other programs --------------------------------------------------- */

/* The four ends, as they must stand after each step. */
static void rings_move(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "a ring for 4 operations and 8 completions\n",
        "SQ head 0 tail 0   CQ head 0 tail 0    3 calls\n",
        "SQ head 0 tail 3   CQ head 0 tail 0    3 calls\n", /* by memory */
        "SQ head 3 tail 3   CQ head 0 tail 1    4 calls\n", /* by the kernel */
        "  file: 16 bytes, ",
        "SQ head 3 tail 3   CQ head 1 tail 1    4 calls\n", /* by memory */
        "  pipe 2: 14 bytes, \"to the second\"\n", /* done before pipe 1 */
        "  pipe 1: 13 bytes, \"to the first\"\n",
        "SQ head 3 tail 3   CQ head 3 tail 3 ",
    };
    struct proc p;
    const char *const args[] = {"lessons/06-uring/rings", NULL};
    assert_int_equal(run_program(&p, args, 10000), 0);
    const char *at = p.said;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        at = strstr(at, lines[i]);
        if (at == NULL)
            fail_msg("\"%s\" is not in its place in: %s", lines[i], p.said);
        at += strlen(lines[i]);
    }
}

static void fetch_gets_pages(void **state)
{
    (void)state;
    expect_fetch("lessons/06-uring/fetch", 1500);
}

static void fetch_explains_errors(void **state)
{
    (void)state;
    expect_fetch_errors("lessons/06-uring/fetch");
}

/* Also if a second operation is linked to the one that fails: exercise 1. */
static void fetch_counts_a_failure_once(void **state)
{
    (void)state;
    struct proc server, fetch;
    char url[64];
    subject_start(&server, &subjects[0], 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
    subject_stop(&server); /* nobody listens there any more */
    assert_int_equal(
        run_program(&fetch,
                    (const char *[]){"lessons/06-uring/fetch", "-n", "20", "-c",
                                     "3", url, NULL},
                    30000),
        2);
    if (strstr(fetch.said, "fetch: 20 of 20 pages failed") == NULL)
        fail_msg("20 pages were asked for, each fails once; fetch said: %s",
                 fetch.said);
}

/* More transfers than places, and more pages than transfers. */
static void fetch_shares_its_calls(void **state)
{
    (void)state;
    struct proc server, fetch;
    char url[64];
    int pages = 0, calls_made = 0;
    subject_start(&server, &subjects[0], 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
    assert_int_equal(
        run_program(&fetch,
                    (const char *[]){"lessons/06-uring/fetch", "-n", "2000",
                                     "-c", "400", url, NULL},
                    60000),
        0);
    assert_int_equal(sscanf(fetch.said,
                            "%d pages, 196000 bytes, %*s s wall, %*s s cpu, "
                            "%d system calls",
                            &pages, &calls_made),
                     2);
    assert_int_equal(pages, 2000);
    assert_in_range(calls_made, 10, 2000); /* 05 makes 8 a page */
    subject_stop(&server);
}

/*
 * Why this kernel refuses a ring as the lesson needs it, or 0. Another process
 * tries: the kernel tears a ring down later, and interrupts its owner for that,
 * who may be in a connect(2) by then.
 */
static int refusal(void)
{
    const pid_t child = fork();
    if (child == 0) {
        struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                                  IORING_SETUP_DEFER_TASKRUN};
        _exit(syscall(SYS_io_uring_setup, 1, &params) == -1 ? errno : 0);
    }
    int status;
    if (child == -1 || waitpid(child, &status, 0) == -1)
        return errno;
    return WEXITSTATUS(status);
}

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(more_connections_than_places),
        cmocka_unit_test(more_bytes_than_buffers),
        cmocka_unit_test(a_slow_reader_keeps_no_buffers),
        cmocka_unit_test(closed_with_operations_in_flight),
        cmocka_unit_test(a_busy_peer_starves_nobody),
        cmocka_unit_test(accepts_go_on_after_emfile),
        cmocka_unit_test(two_calls_a_request),
        cmocka_unit_test(bad_buffers_are_refused),
        cmocka_unit_test(forbidden_is_explained),
        cmocka_unit_test(forbidden_is_not_measured),
        cmocka_unit_test(rings_move),
        cmocka_unit_test(fetch_gets_pages),
        cmocka_unit_test(fetch_counts_a_failure_once),
        cmocka_unit_test(fetch_shares_its_calls),
        cmocka_unit_test(fetch_explains_errors),
    };
    const int error = refusal();
    if (error != 0) {
        printf("1..0 # SKIP this kernel refuses io_uring: %s\n",
               strerror(error));
        return 0;
    }
    return run_lesson_tests("06-uring", subjects,
                            sizeof subjects / sizeof subjects[0], own,
                            sizeof own / sizeof own[0]);
}
