/* cases.c - see cases.h. */
#include "cases.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- programs ------------------------------------------------------------- */

enum { ARGS_MAX = 16 };

/* Puts the build folder before the program's path. */
static void place(const char *const *args, const char **argv, char *path,
                  size_t size)
{
    const char *build = getenv("KIT_BUILD");
    snprintf(path, size, "%s/%s", build != NULL ? build : "build", args[0]);
    argv[0] = path;
    int i = 1;
    for (; args[i] != NULL; i++)
        argv[i] = args[i];
    argv[i] = NULL;
}

static void start(struct proc *p, const char *const *args, int nofile)
{
    const char *argv[ARGS_MAX];
    char path[512];
    place(args, argv, path, sizeof path);
    const struct proc_options options = {.cpu = -1, .nofile = nofile};
    const int error = proc_start(p, argv, &options);
    if (error != 0) {
        proc_stop(p);
        fail_msg("%s does not listen (%s); it said: %s", path, strerror(-error),
                 p->said);
    }
}

void subject_start(struct proc *p, const struct subject *s, int nofile)
{
    const char *args[ARGS_MAX] = {NULL};
    int i = 0;
    for (; s->args[i] != NULL; i++)
        args[i] = s->args[i];
    args[i++] = "--port";
    args[i] = "0";
    start(p, args, nofile);
}

static bool nothing_left(void *group)
{
    return proc_orphans(*(pid_t *)group) == 0;
}

void subject_stop(struct proc *p)
{
    pid_t group = p->pid;
    kill(group, SIGTERM);
    const int status = proc_wait(p, 10000);
    if (status == -ETIMEDOUT)
        fail_msg("still runs 10 s after SIGTERM");
    if (status != 0)
        fail_msg("ended with wait status 0x%x; it said: %s", (unsigned)status,
                 p->said);
    wait_until(nothing_left, &group, "a process was left behind");
}

int run_program(struct proc *p, const char *const *args, int timeout_ms)
{
    const char *argv[ARGS_MAX];
    char path[512];
    place(args, argv, path, sizeof path);
    assert_int_equal(proc_spawn(p, argv, NULL), 0);
    const int status = proc_wait(p, timeout_ms);
    if (status == -ETIMEDOUT) {
        proc_stop(p);
        fail_msg("%s still runs after %d ms; it said: %s", path, timeout_ms,
                 p->said);
    }
    if (!WIFEXITED(status))
        fail_msg("%s was ended by signal %d; it said: %s", path,
                 WTERMSIG(status), p->said);
    return WEXITSTATUS(status);
}

void wait_until(bool (*done)(void *arg), void *arg, const char *what)
{
    for (int i = 0; i < 10000; i++) {
        if (done(arg))
            return;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    fail_msg("%s, even after 10 s", what);
}

/* --- the cases ------------------------------------------------------------ */

/* What a case is given: a server that runs, and what it is. */
struct context {
    const struct subject *subject;
    struct proc *server;
    int port;
};

static void one_request(struct context *t)
{
    const int fd = client_connect(t->port);
    client_send(fd, HELLO_REQUEST);
    client_expect_hello(fd, 1);
    close(fd);
}

static void keep_alive(struct context *t)
{
    const int fd = client_connect(t->port);
    for (int i = 0; i < 20; i++) {
        client_send(fd, HELLO_REQUEST);
        client_expect_hello(fd, 1);
    }
    close(fd);
}

static void close_when_asked(struct context *t)
{
    const int fd = client_connect(t->port);
    char text[1024];
    client_send(fd, HELLO_AND_CLOSE);
    client_receive_all(fd, text, sizeof text);
    assert_non_null(strstr(text, "200 OK"));
    assert_non_null(strstr(text, "Connection: close\r\n"));
    assert_non_null(strstr(text, "Hello, world!\n"));
    close(fd);
}

static void pipelined(struct context *t)
{
    enum { N = 100 };
    char text[N * sizeof HELLO_REQUEST] = "";
    for (int i = 0; i < N; i++)
        strcat(text, HELLO_REQUEST);
    const int fd = client_connect(t->port);
    client_send(fd, text);
    client_expect_hello(fd, N);
    close(fd);
}

/* `n` requests in a row; the caller frees them. */
static char *many_requests(int n)
{
    const size_t len = sizeof HELLO_REQUEST - 1;
    char *all = malloc((size_t)n * len + 1);
    assert_non_null(all);
    for (int i = 0; i < n; i++)
        memcpy(all + (size_t)i * len, HELLO_REQUEST, len + 1);
    return all;
}

/* Sends `n` bytes of requests without reading, as long as the server takes
 * them; returns how many it took before it stopped. */
static size_t send_until_stuck(int fd, const char *bytes, size_t n)
{
    size_t sent = 0;
    while (sent < n) {
        if (poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 500) == 0)
            break; /* it reads no more: its answers find no room */
        const ssize_t part =
            send(fd, bytes + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (part == -1 && errno != EAGAIN)
            fail_msg("cannot send: %s", strerror(errno));
        sent += part > 0 ? (size_t)part : 0;
    }
    return sent;
}

/*
 * A client that asks and asks and does not read: the server's writes come up
 * short. When it reads at last, not a byte may be missing. And while it did
 * not, the server may not have read on without bound.
 */
static void slow_reader(struct context *t)
{
    enum { N = 200000, LEN = sizeof HELLO_REQUEST - 1 };
    char *all = many_requests(N);
    const int fd = client_connect_small(t->port);
    const size_t sent = send_until_stuck(fd, all, (size_t)N * LEN);
    assert_true(sent < (size_t)N * LEN);
    client_expect_hello(fd, (int)(sent / LEN));
    /* It is still there, and has kept the part of a request that it got. */
    client_send(fd, HELLO_REQUEST + sent % LEN);
    client_expect_hello(fd, 1);
    close(fd);
    free(all);
}

static void byte_by_byte(struct context *t)
{
    const int fd = client_connect(t->port);
    for (const char *at = HELLO_REQUEST HELLO_REQUEST; *at != '\0'; at++)
        client_send(fd, (char[]){*at, '\0'});
    client_expect_hello(fd, 2);
    close(fd);
}

static void half_close(struct context *t)
{
    const int fd = client_connect(t->port);
    client_send(fd, HELLO_REQUEST HELLO_REQUEST);
    client_finish(fd);
    client_expect_hello(fd, 2);
    client_expect_close(fd);
    close(fd);
}

static void client_vanishes(struct context *t)
{
    for (int i = 0; i < 10; i++) {
        const int half = client_connect(t->port);
        client_send(half, "GET / HTT");
        client_vanish(half);
        const int unread = client_connect(t->port);
        for (int j = 0; j < 50; j++)
            client_send(unread, HELLO_REQUEST);
        client_vanish(unread);
    }
    one_request(t);
}

/*
 * The server is in the middle of sending when the client hangs up with answers
 * unread: the next send gets EPIPE, and a server that forgot to say
 * MSG_NOSIGNAL gets SIGPIPE, too.
 */
static void client_hangs_up_on_answers(struct context *t)
{
    enum { N = 200000 };
    char *all = many_requests(N);
    const int fd = client_connect_small(t->port);
    send_until_stuck(fd, all, strlen(all));
    client_finish(fd);
    close(fd);
    free(all);
    one_request(t);
}

static void silent_beside_quick(struct context *t)
{
    int silent[10];
    const int n = t->subject->at_once - 1 < 10 ? t->subject->at_once - 1 : 10;
    if (n == 0)
        return; /* iterative: lesson 01's own tests show what happens */
    for (int i = 0; i < n; i++) {
        silent[i] = client_connect(t->port);
        if (i % 2 == 0)
            client_send(silent[i], "GET / HTTP/1.1\r\nHo");
    }
    one_request(t);
    for (int i = 0; i < n; i++)
        close(silent[i]);
}

static void refusals(struct context *t)
{
    static const struct {
        const char *request, *status;
    } bad[] = {
        {"nonsense\r\n\r\n", "400"},
        {"GET /\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"}, /* no Host */
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", "400"},
        {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "413"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
         "413"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const int fd = client_connect(t->port);
        char text[1024];
        client_send(fd, bad[i].request);
        client_receive_all(fd, text, sizeof text);
        if (strncmp(text, "HTTP/1.1 ", 9) != 0 ||
            strncmp(text + 9, bad[i].status, 3) != 0)
            fail_msg("to \"%s\" it answered \"%s\", not %s", bad[i].request,
                     text, bad[i].status);
        close(fd);
    }
    one_request(t);
}

/* Refused, but the framing is sound: the connection goes on. */
static void not_found_goes_on(struct context *t)
{
    const int fd = client_connect(t->port);
    client_send(fd, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n"
                    "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"
                    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
                    "GET / HTTP/1.0\r\n\r\n");
    char text[2048];
    client_receive_all(fd, text, sizeof text);
    const char *at = strstr(text, "HTTP/1.1 404 ");
    assert_non_null(at);
    at = strstr(at + 1, "HTTP/1.1 405 ");
    assert_non_null(at);
    assert_non_null(strstr(at, "Allow: GET, HEAD\r\n"));
    at = strstr(at + 1, "HTTP/1.1 200 ");
    assert_non_null(at);
    at = strstr(at, "\r\n\r\n");
    assert_memory_equal(at + 4, "HTTP/1.1 200 ", 13); /* HEAD: no body */
    assert_non_null(strstr(at, "Connection: close\r\n\r\nHello, world!\n"));
    close(fd);
}

static void too_long_a_head(struct context *t)
{
    char head[10000];
    memset(head, 'x', sizeof head - 1);
    head[sizeof head - 1] = '\0';
    const int fd = client_connect(t->port);
    char text[1024];
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    client_send(fd, head);
    client_receive_all(fd, text, sizeof text);
    assert_memory_equal(text, "HTTP/1.1 431 ", 13);
    close(fd);
    one_request(t);
}

static void two_hundred_at_once(struct context *t)
{
    enum { N = 200 };
    int fds[N];
    for (int i = 0; i < N; i++)
        fds[i] = client_connect(t->port);
    const bool all = t->subject->at_once >= N;
    for (int i = 0; i < N; i++)
        client_send(fds[i], all ? HELLO_REQUEST : HELLO_AND_CLOSE);
    for (int i = 0; i < N; i++) {
        char text[256];
        if (all)
            client_expect_hello(fds[i], 1);
        else if (client_receive_all(fds[i], text, sizeof text) == 0)
            fail_msg("connection %d of %d got no answer", i + 1, N);
    }
    for (int i = 0; i < N; i++)
        close(fds[i]);
}

static void term_with_connections_open(struct context *t)
{
    const int asked = client_connect(t->port);
    client_send(asked, HELLO_REQUEST);
    client_expect_hello(asked, 1);
    const int half = client_connect(t->port);
    client_send(half, "GET /");
    subject_stop(t->server);
    client_expect_close(asked);
    client_expect_close(half);
    close(asked);
    close(half);
}

struct count {
    struct proc *server;
    int wanted;
};

static bool processes_are(void *arg)
{
    const struct count *count = arg;
    return proc_processes(count->server) == count->wanted;
}

static bool descriptors_are(void *arg)
{
    const struct count *count = arg;
    return proc_descriptors(count->server) == count->wanted;
}

static void no_descriptor_leaks(struct context *t)
{
    struct count processes = {t->server, t->subject->processes};
    wait_until(processes_are, &processes, "not all workers have started");
    struct count descriptors = {t->server, proc_descriptors(t->server)};
    for (int i = 0; i < 30; i++) {
        char text[1024];
        const int asked = client_connect(t->port);
        client_send(asked, HELLO_AND_CLOSE);
        client_receive_all(asked, text, sizeof text);
        close(asked);
        const int refused = client_connect(t->port);
        client_send(refused, "nonsense\r\n\r\n");
        client_receive_all(refused, text, sizeof text);
        close(refused);
        const int mute = client_connect(t->port);
        close(mute);
        const int gone = client_connect(t->port);
        client_send(gone, HELLO_REQUEST);
        client_vanish(gone);
    }
    wait_until(descriptors_are, &descriptors, "descriptors have leaked");
    wait_until(processes_are, &processes, "a child was not waited for");
}

/* True if the server was found asleep 20 times in a row. */
static bool sleeps(void *server)
{
    for (int i = 0; i < 20; i++) {
        if (proc_state(server) != 'S')
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return true;
}

/* Connections that have nothing to say must not cost processor time. */
static void idle_sleeps(struct context *t)
{
    if (t->subject->spins)
        return; /* lesson 02: that it never sleeps is its lesson */
    const int asked = client_connect(t->port);
    client_send(asked, HELLO_REQUEST);
    client_expect_hello(asked, 1);
    const int half = client_connect(t->port);
    client_send(half, "GET /");
    wait_until(sleeps, t->server, "the server does not sleep");
    close(asked);
    close(half);
}

/* Started with 32 descriptors: see the table. */
static void out_of_descriptors(struct context *t)
{
    enum { N = 64, SURE = 16 };
    int fds[N];
    const int n = t->subject->at_once < N ? t->subject->at_once : N;
    for (int i = 0; i < n; i++) {
        fds[i] = client_connect(t->port);
        client_send(fds[i], HELLO_REQUEST);
    }
    for (int i = 0; i < n && i < SURE; i++)
        client_expect_hello(fds[i], 1);
    if (!t->subject->spins)
        wait_until(sleeps, t->server, "without descriptors it does not sleep");
    for (int i = 0; i < n; i++)
        close(fds[i]);
    one_request(t);
}

static const struct {
    const char *name;
    void (*run)(struct context *t);
    int nofile; /* limit of descriptors, 0: as it is */
    bool stops; /* the case stops the server itself */
} cases[] = {
    {"one request", one_request, 0, false},
    {"keep-alive", keep_alive, 0, false},
    {"close when asked", close_when_asked, 0, false},
    {"pipelined", pipelined, 0, false},
    {"slow reader", slow_reader, 0, false},
    {"byte by byte", byte_by_byte, 0, false},
    {"half-close", half_close, 0, false},
    {"client vanishes", client_vanishes, 0, false},
    {"client hangs up on answers", client_hangs_up_on_answers, 0, false},
    {"silent beside quick", silent_beside_quick, 0, false},
    {"refusals", refusals, 0, false},
    {"not found goes on", not_found_goes_on, 0, false},
    {"too long a head", too_long_a_head, 0, false},
    {"200 at once", two_hundred_at_once, 0, false},
    {"SIGTERM with connections open", term_with_connections_open, 0, true},
    {"no descriptor leaks", no_descriptor_leaks, 0, false},
    {"idle sleeps", idle_sleeps, 0, false},
    {"out of descriptors", out_of_descriptors, 32, false},
};

enum { N_CASES = sizeof cases / sizeof cases[0] };

/* One line of the result: a case and a subject. */
struct pairing {
    const struct subject *subject;
    int i;
    char name[96];
};

static void run_case(void **state)
{
    const struct pairing *pair = *state;
    struct proc server;
    subject_start(&server, pair->subject, cases[pair->i].nofile);
    struct context context = {pair->subject, &server, server.port};
    cases[pair->i].run(&context);
    if (!cases[pair->i].stops)
        subject_stop(&server);
}

/* --- every server's options ----------------------------------------------- */

static void expect_error(const struct subject *s, const char *option,
                         const char *value, const char *message)
{
    const char *args[ARGS_MAX] = {s->args[0], option, value, NULL};
    struct proc p;
    const int status = run_program(&p, args, 10000);
    if (status != 2 || strstr(p.said, message) == NULL)
        fail_msg("%s %s: status %d, said: %s", option, value, status, p.said);
}

static void bad_options(void **state)
{
    const struct pairing *pair = *state;
    expect_error(pair->subject, "--nonsense", "1", "unknown option");
    expect_error(pair->subject, "--port", "65536", "a number, 0 to 65535");
    expect_error(pair->subject, "--port", "http", "a number, 0 to 65535");
    expect_error(pair->subject, "--port", NULL, "needs a value");
    struct proc server;
    subject_start(&server, pair->subject, 0);
    char port[16];
    snprintf(port, sizeof port, "%d", server.port);
    expect_error(pair->subject, "--port", port, "Address already in use");
    subject_stop(&server);
}

int run_lesson_tests(const char *lesson, const struct subject *subjects, int n,
                     const struct CMUnitTest *own, int n_own)
{
    const int n_pairs = n * (N_CASES + 1);
    struct pairing *pairs = calloc((size_t)n_pairs, sizeof *pairs);
    struct CMUnitTest *tests = calloc((size_t)(n_pairs + n_own), sizeof *tests);
    if (pairs == NULL || tests == NULL)
        abort();
    for (int i = 0; i < n_pairs; i++) {
        const int which = i % (N_CASES + 1);
        pairs[i].subject = &subjects[i / (N_CASES + 1)];
        pairs[i].i = which;
        snprintf(pairs[i].name, sizeof pairs[i].name, "%s: %s",
                 pairs[i].subject->name,
                 which < N_CASES ? cases[which].name : "bad options");
        tests[i] = (struct CMUnitTest){
            .name = pairs[i].name,
            .test_func = which < N_CASES ? run_case : bad_options,
            .initial_state = &pairs[i],
        };
    }
    memcpy(tests + n_pairs, own, (size_t)n_own * sizeof *own);
    const int failed = _cmocka_run_group_tests(
        lesson, tests, (size_t)(n_pairs + n_own), NULL, NULL);
    free(tests);
    free(pairs);
    return failed;
}

/* --- fetch ---------------------------------------------------------------- */

void expect_fetch(const char *program, int pages)
{
    struct proc backend, fetch;
    start(&backend,
          (const char *[]){"bench/slowd", "--port", "0", "--delay", "1", NULL},
          0);
    char url[64], n[16], result[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/page/3", backend.port);
    snprintf(n, sizeof n, "%d", pages);
    const int status = run_program(
        &fetch, (const char *[]){program, "-n", n, url, NULL}, 60000);
    snprintf(result, sizeof result, "%d pages, %d bytes, ", pages, 228 * pages);
    if (status != 0 || strstr(fetch.said, result) != fetch.said)
        fail_msg("status %d, said: %s (not: %s)", status, fetch.said, result);

    snprintf(url, sizeof url, "http://127.0.0.1:%d/missing", backend.port);
    assert_int_equal(run_program(&fetch,
                                 (const char *[]){program, "-n", n, url, NULL},
                                 60000),
                     2);
    assert_non_null(strstr(fetch.said, "status is not 200"));
    proc_stop(&backend);

    /* Nobody listens there any more. */
    assert_int_equal(run_program(&fetch,
                                 (const char *[]){program, "-n", n, url, NULL},
                                 60000),
                     2);
    assert_non_null(strstr(fetch.said, "Connection refused"));
    assert_non_null(strstr(fetch.said, "try: "));
}

void expect_fetch_errors(const char *program)
{
    static const struct {
        const char *args[4], *message;
    } bad[] = {
        {{NULL}, "no URL given"},
        {{"ftp://127.0.0.1/", NULL}, "is no URL"},
        {{"http://", NULL}, "is no URL"},
        {{"-n", "0", "http://127.0.0.1:1/", NULL}, "a number, 1 to 1000000"},
        {{"-n", "many", "http://127.0.0.1:1/", NULL}, "a number, 1 to"},
        {{"http://no-such-host.invalid/", NULL}, "cannot look up"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *args[ARGS_MAX] = {program};
        for (int j = 0; j < 4 && bad[i].args[j] != NULL; j++)
            args[j + 1] = bad[i].args[j];
        struct proc p;
        const int status = run_program(&p, args, 30000);
        if (status != 2 || strstr(p.said, bad[i].message) == NULL)
            fail_msg("%s: status %d, said: %s", bad[i].message, status, p.said);
    }
}
