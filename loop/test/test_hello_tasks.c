/*
 * test_hello_tasks.c - the example hello_tasks, as its clients see it: each
 * request has its answer, however it arrives, and who goes leaves nothing.
 *
 * The server is a process of its own, on a free port. How many tasks it has
 * says its co_dump, which SIGQUIT asks for.
 *
 * Read before: examples/hello_tasks.c, each.h. Read after: test_co_io.c.
 * Rests on: RFC 9112, shutdown(2), SO_LINGER in socket(7).
 */
#include "loop/test/each.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: test\r\n\r\n"

static const char hello[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                            "Content-Length: 14\r\n\r\nHello, world!\n";

enum { HELLO = sizeof hello - 1, PATIENCE_S = 20 };

/* --- the server ---------------------------------------------------------- */

struct server {
    pid_t pid;
    int out, err; /* what it says */
    in_port_t port;
};

/* build/loop/test/test_hello_tasks: beside it is build/loop/examples. */
static void find_program(char *path, size_t size)
{
    const ssize_t n = readlink("/proc/self/exe", path, size - 1);
    assert_true(n > 0);
    path[n] = '\0';
    for (int i = 0; i < 2; i++)
        *strrchr(path, '/') = '\0';
    const size_t len = strlen(path);
    snprintf(path + len, size - len, "/examples/hello_tasks");
}

/* A line without its end; false: it has come to an end itself. */
static bool read_line(int fd, char *line, size_t size)
{
    size_t n = 0;
    while (n < size - 1 && read(fd, line + n, 1) == 1)
        if (line[n++] == '\n') {
            line[n - 1] = '\0';
            return true;
        }
    line[n] = '\0';
    return false;
}

/* All until its end. */
static void read_out(int fd, char *text, size_t size)
{
    size_t len = 0;
    ssize_t n;
    while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
}

static void be_server(const char *path, const char *backend, int out, int err)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* if a test has failed */
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execl(path, path, "--port", "0", "--backend", backend, (char *)NULL);
    _exit(127);
}

/* What the kernel refuses (io_uring) is skipped with the reason. */
static void explain(const struct server *s, const char *backend)
{
    char said[4096];
    read_out(s->err, said, sizeof said);
    close(s->out);
    close(s->err);
    waitpid(s->pid, NULL, 0);
    if (strstr(said, "Function not implemented") == NULL &&
        strstr(said, "Operation not permitted") == NULL)
        fail_msg("the server does not begin, saying: %s", said);
    print_message("# skipped: the kernel refuses %s\n", backend);
    skip();
}

static struct server server_start(const char *backend)
{
    char path[4096], line[256];
    int out[2], err[2];
    unsigned port = 0;
    find_program(path, sizeof path);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    struct server s = {.pid = fork(), .out = out[0], .err = err[0]};
    if (s.pid == 0)
        be_server(path, backend, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    if (!read_line(s.out, line, sizeof line))
        explain(&s, backend);
    assert_int_equal(sscanf(line, "listening on http://127.0.0.1:%u", &port),
                     1);
    s.port = (in_port_t)port;
    return s;
}

/* It has to end well; what it says meanwhile is `said`. */
static void server_end(const struct server *s, char *said, size_t size)
{
    int status = -1;
    kill(s->pid, SIGTERM);
    read_out(s->err, said, size);
    close(s->out);
    close(s->err);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("ended with status %x, saying: %s", status, said);
}

/* With nothing to say. */
static void server_stop(const struct server *s)
{
    char said[4096];
    server_end(s, said, sizeof said);
    assert_string_equal(said, "");
}

/* How many tasks it has now; its dump is a line, and one for each. */
static unsigned long server_tasks(const struct server *s)
{
    char line[512], *end;
    kill(s->pid, SIGQUIT);
    assert_true(read_line(s->err, line, sizeof line));
    const unsigned long n = strtoul(line, &end, 10);
    assert_int_equal(strncmp(end, " tasks, ", 8), 0);
    for (unsigned long i = 0; i < n; i++)
        assert_true(read_line(s->err, line, sizeof line));
    return n;
}

static void until_tasks(const struct server *s, unsigned long n)
{
    alarm(PATIENCE_S);
    while (server_tasks(s) != n)
        ;
    alarm(0);
}

/* --- its clients --------------------------------------------------------- */

static int client(const struct server *s)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const struct sockaddr_in addr = {.sin_family = AF_INET,
                                     .sin_port = htons(s->port),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_not_equal(fd, -1);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    assert_int_equal(connect(fd, (const struct sockaddr *)&addr, sizeof addr),
                     0);
    return fd;
}

static void send_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        assert_true(n > 0);
        bytes += n;
        len -= (size_t)n;
    }
}

static void say(int fd, const char *text)
{
    send_bytes(fd, text, strlen(text));
}

/* The next n answers, each of which has to be hello. */
static void hear_hello(int fd, int n)
{
    char answer[HELLO];
    for (int i = 0; i < n; i++) {
        for (size_t len = 0; len < HELLO;) {
            const ssize_t got = recv(fd, answer + len, HELLO - len, 0);
            assert_true(got > 0);
            len += (size_t)got;
        }
        assert_memory_equal(answer, hello, HELLO);
    }
}

/* All until the server closes. */
static void hear_out(int fd, char *text, size_t size)
{
    size_t len = 0;
    ssize_t n;
    while ((n = recv(fd, text + len, size - 1 - len, 0)) > 0)
        len += (size_t)n;
    assert_int_equal(n, 0);
    text[len] = '\0';
    close(fd);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

/* A reset: nobody reads any more. (A mere end would be half a close.) */
static void go_away(int fd)
{
    const struct linger hard = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}

/* --- tests --------------------------------------------------------------- */

#if defined __has_feature && !defined __SANITIZE_THREAD__
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

/* For ThreadSanitizer each task is a fiber, which takes its time. */
#ifdef __SANITIZE_THREAD__
enum { PIPELINED = 2000 };
#else
enum { PIPELINED = 100000 };
#endif

static void *say_much(void *arg)
{
    const int fd = *(int *)arg;
    enum { AT_ONCE = 1000 };
    static char bytes[AT_ONCE * (sizeof GET("/") - 1)];
    const size_t len = sizeof GET("/") - 1;
    for (size_t i = 0; i < AT_ONCE; i++)
        memcpy(bytes + i * len, GET("/"), len);
    for (int i = 0; i < PIPELINED / AT_ONCE; i++)
        send_bytes(fd, bytes, sizeof bytes);
    return NULL;
}

/* The second time while one waits: then the server stops receiving. */
static void requests_in_a_row_are_all_answered(const char *backend)
{
    const struct server s = server_start(backend);
    int fd = client(&s);
    pthread_t thread;
    for (int waits = 0; waits < 2; waits++) {
        if (waits)
            say(fd, GET("/wait/50"));
        assert_int_equal(pthread_create(&thread, NULL, say_much, &fd), 0);
        hear_hello(fd, waits + PIPELINED);
        pthread_join(thread, NULL);
    }
    say(fd, GET("/wait/1")); /* and nothing was left over */
    hear_hello(fd, 1);
    close(fd);
    server_stop(&s);
}

static void who_has_said_all_still_hears_all(const char *backend)
{
    static const struct {
        const char *says;
        int answers;
    } cases[] = {
        {GET("/"), 1},
        {GET("/wait/50"), 1},
        {GET("/") GET("/wait/1") GET("/"), 3},
        {GET("/wait/1") GET("/wait/50") "GET / HTTP/1.1\r\nHo", 2},
        {"", 0},
        {"GET / HT", 0},
    };
    const struct server s = server_start(backend);
    char heard[4096];
    for (size_t i = 0; i < 4 * (sizeof cases / sizeof *cases); i++) {
        const int fd = client(&s);
        say(fd, cases[i / 4].says);
        shutdown(fd, SHUT_WR);
        hear_out(fd, heard, sizeof heard);
        assert_int_equal(count(heard, hello), cases[i / 4].answers);
        assert_int_equal(strlen(heard), (size_t)cases[i / 4].answers * HELLO);
    }
    until_tasks(&s, 0);
    server_stop(&s);
}

/* What follows would be its body, and not a request. */
static void a_post_is_refused_and_ends_the_connection(const char *backend)
{
    const struct server s = server_start(backend);
    char heard[4096];
    const int fd = client(&s);
    say(fd, GET("/") "POST /x HTTP/1.1\r\nContent-Length: 33\r\n\r\n" GET("/"));
    hear_out(fd, heard, sizeof heard);
    assert_int_equal(strncmp(heard, hello, HELLO), 0);
    assert_int_equal(count(heard, "HTTP/1.1 "), 2);
    assert_int_equal(count(heard, "HTTP/1.1 501 Not Implemented\r\n"), 1);
    assert_int_equal(count(heard, "Connection: close\r\n"), 1);
    server_stop(&s);
}

static void pages_that_are_not_there(const char *backend)
{
    static const char *const paths[] = {"/wait/",   "/wait/60001", "/wait/-1",
                                        "/wait/1x", "/missing",    "*"};
    const struct server s = server_start(backend);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char heard[4096], request[128];
        const int fd = client(&s);
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nConnection: close\r\n\r\n", paths[i]);
        say(fd, request);
        hear_out(fd, heard, sizeof heard);
        assert_int_equal(count(heard, "HTTP/1.1 404 Not Found\r\n"), 1);
    }
    server_stop(&s);
}

/* A head of `len` bytes in all. */
static void say_head(int fd, size_t len)
{
    static const char begin[] = "GET / HTTP/1.1\r\nX: ", end[] = "\r\n\r\n";
    char head[16384];
    memset(head, 'x', len);
    mempcpy(head, begin, strlen(begin));
    mempcpy(head + len - strlen(end), end, strlen(end));
    send_bytes(fd, head, len);
}

static void say_bytes(int fd, size_t len)
{
    char bytes[16384];
    memset(bytes, 'x', len);
    send_bytes(fd, bytes, len);
}

static void a_head_has_a_bound(const char *backend)
{
    const struct server s = server_start(backend);
    char heard[4096];
    for (size_t len = 8193; len <= 9000; len += 9000 - 8193) {
        const int fd = client(&s);
        say_head(fd, 8192);
        hear_hello(fd, 1);
        say_head(fd, len);
        hear_out(fd, heard, sizeof heard);
        assert_int_equal(count(heard, "HTTP/1.1 "), 1);
        assert_int_equal(count(heard, "HTTP/1.1 431 "), 1);
    }
    const int fd = client(&s);
    say_bytes(fd, 9000); /* and no end in sight */
    hear_out(fd, heard, sizeof heard);
    assert_int_equal(count(heard, "HTTP/1.1 431 "), 1);
    server_stop(&s);
}

/* Between two parts another client is served, so that they do come apart. */
static void a_request_may_come_in_parts(const char *backend)
{
    const struct server s = server_start(backend);
    const char request[] = GET("/") GET("/wait/1");
    const size_t len = sizeof request - 1;
    const int fd = client(&s), other = client(&s);
    for (size_t i = 1; i < len; i++) {
        send_bytes(fd, request, i);
        say(other, GET("/"));
        hear_hello(other, 1);
        send_bytes(fd, request + i, len - i);
        hear_hello(fd, 2);
    }
    for (size_t i = 0; i < len; i++) {
        send_bytes(fd, request + i, 1);
        say(other, GET("/"));
        hear_hello(other, 1);
    }
    hear_hello(fd, 2);
    close(fd);
    close(other);
    server_stop(&s);
}

enum { GO_AWAY = 20 };

static void who_goes_has_the_task_cancelled(const char *backend)
{
    const struct server s = server_start(backend);
    int fds[GO_AWAY];
    for (int i = 0; i < GO_AWAY; i++) {
        fds[i] = client(&s);
        say(fds[i], GET("/wait/60000"));
        for (int more = 0; more < i; more++)
            say(fds[i], GET("/wait/60000"));
    }
    until_tasks(&s, GO_AWAY);
    for (int i = 0; i < GO_AWAY; i++)
        go_away(fds[i]);
    until_tasks(&s, 0);
    server_stop(&s);
}

enum { CLIENTS = 200, MORE = 3 };

/*
 * The input of one who waits stays while that of the others comes: a request
 * that begins late must not look at what has been there.
 */
static void many_wait_and_say_more(const char *backend)
{
    const struct server s = server_start(backend);
    static int fds[CLIENTS];
    char padding[61] = "", request[256];
    memset(padding, 'y', sizeof padding - 1);
    snprintf(request, sizeof request,
             "%sGET /wait/300 HTTP/1.1\r\nX: %s\r\n\r\n", GET("/wait/1"),
             padding);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client(&s);
        say(fds[i], request);
    }
    for (int i = 0; i < CLIENTS; i++)
        hear_hello(fds[i], 1); /* now it waits with the second */
    for (int i = 0; i < CLIENTS * MORE; i++)
        say_head(fds[i % CLIENTS], 3000);
    for (int i = 0; i < CLIENTS; i++)
        hear_hello(fds[i], 1 + MORE);
    until_tasks(&s, 0);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    server_stop(&s);
}

/* What is under way when it is told to end is ended, and named. */
static void it_ends_while_clients_wait(const char *backend)
{
    const struct server s = server_start(backend);
    char said[4096];
    const int fd = client(&s), idle = client(&s);
    say(fd, GET("/wait/60000"));
    until_tasks(&s, 1);
    server_end(&s, said, sizeof said);
    assert_int_equal(count(said, "still waits (sleep)"), 1);
    close(fd);
    close(idle);
}

/* --- on every back end --------------------------------------------------- */

struct test {
    const char *name;
    void (*run)(const char *backend);
};

struct trial {
    char name[128];
    const char *backend;
    const struct test *test;
};

/* Without a loop of its own: io_uring's work for this process would interrupt
 * its system calls. */
static void run_trial(void **state)
{
    const struct trial *t = *state;
    const int fds = each_count_fds();
    t->test->run(t->backend);
    assert_int_equal(each_count_fds(), fds);
}

#define TRIAL(test)                                                            \
    {                                                                          \
#test, test                                                            \
    }

int main(void)
{
    static const struct test tests[] = {
        TRIAL(requests_in_a_row_are_all_answered),
        TRIAL(who_has_said_all_still_hears_all),
        TRIAL(a_post_is_refused_and_ends_the_connection),
        TRIAL(pages_that_are_not_there),
        TRIAL(a_head_has_a_bound),
        TRIAL(a_request_may_come_in_parts),
        TRIAL(who_goes_has_the_task_cancelled),
        TRIAL(many_wait_and_say_more),
        TRIAL(it_ends_while_clients_wait),
    };
    enum { TESTS = sizeof tests / sizeof *tests, BACKENDS = 8 };
    static struct trial trials[TESTS * BACKENDS];
    static struct CMUnitTest units[TESTS * BACKENDS];
    size_t n = 0;
    for (const char *const *b = loop_backends(); *b != NULL; b++)
        for (size_t i = 0; i < TESTS; i++, n++) {
            assert_true(n < TESTS * BACKENDS);
            trials[n] = (struct trial){.backend = *b, .test = &tests[i]};
            snprintf(trials[n].name, sizeof trials[n].name, "%s on %s",
                     tests[i].name, *b);
            units[n] = (struct CMUnitTest){.name = trials[n].name,
                                           .test_func = run_trial,
                                           .initial_state = &trials[n]};
        }
    return _cmocka_run_group_tests("hello_tasks", units, n, NULL, NULL);
}
