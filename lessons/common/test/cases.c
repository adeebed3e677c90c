/* cases.c - what every server must do. See cases.h. */
#include "cases.h"

#include "../common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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
    client_send(fd, &HELLO_REQUEST[sent % LEN]);
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

/* What the kernel knows of the server's end of a connection, in bytes. */
struct peer {
    uint64_t written; /* by the server, since the connection stands */
    unsigned unread;  /* received, and not yet taken by the server */
};

/*
 * The attribute INET_DIAG_INFO among those that fill `len` bytes. By hand:
 * netlink(3)'s macros RTA_NEXT and RTA_OK mix signs.
 */
static struct tcp_info tcp_info_of(const char *bytes, size_t len)
{
    struct tcp_info info = {.tcpi_bytes_acked = 0};
    struct rtattr at;
    for (size_t i = 0; i + sizeof at <= len; i += RTA_ALIGN(at.rta_len)) {
        memcpy(&at, bytes + i, sizeof at);
        const size_t payload = at.rta_len - sizeof at;
        if (at.rta_type == INET_DIAG_INFO)
            memcpy(&info, bytes + i + sizeof at,
                   payload < sizeof info ? payload : sizeof info);
    }
    return info;
}

/* Asks sock_diag(7) about the other end of `fd`. */
static struct peer peer_of(int fd)
{
    struct sockaddr_in us, server;
    socklen_t len = sizeof us;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&us, &len), 0);
    assert_int_equal(getpeername(fd, (struct sockaddr *)&server, &len), 0);
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } ask = {
        .header = {.nlmsg_len = sizeof ask,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = AF_INET,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_ext = 1 << (INET_DIAG_INFO - 1),
                 .id = {.idiag_sport = server.sin_port,
                        .idiag_dport = us.sin_port,
                        .idiag_src = {server.sin_addr.s_addr},
                        .idiag_dst = {us.sin_addr.s_addr},
                        .idiag_cookie = {INET_DIAG_NOCOOKIE,
                                         INET_DIAG_NOCOOKIE}}},
    };
    struct {
        struct nlmsghdr header;
        struct inet_diag_msg body;
        char more[2048];
    } answer;
    const int netlink =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    assert_int_not_equal(netlink, -1);
    assert_int_equal(send(netlink, &ask, sizeof ask, 0), sizeof ask);
    assert_true(recv(netlink, &answer, sizeof answer, 0) > 0);
    close(netlink);
    assert_int_equal(answer.header.nlmsg_type, SOCK_DIAG_BY_FAMILY);
    const struct tcp_info info = tcp_info_of(
        answer.more, answer.header.nlmsg_len - offsetof(typeof(answer), more));
    return (struct peer){
        .written = info.tcpi_bytes_acked + answer.body.idiag_wqueue,
        .unread = answer.body.idiag_rqueue,
    };
}

/*
 * True if the server has taken all of `n` requests and cannot send all answers:
 * it was found so 20 times, a millisecond apart.
 */
static bool holds_answers(int fd, int n)
{
    const uint64_t due = (uint64_t)n * 79; /* an answer's length */
    for (int found = 0; found < 20;) {
        const struct peer server = peer_of(fd);
        if (server.written + 1 >= due) /* the SYN counts as one, or not */
            return false;
        found = server.unread == 0 ? found + 1 : 0;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return true;
}

/*
 * Asks until the server has read all requests but cannot send all answers, as
 * we do not read them: it waits to write, and nothing is left to read. Returns
 * the number of answers due.
 */
static int block_the_server(int fd)
{
    enum { BATCH = 100 };
    char *batch = many_requests(BATCH);
    int n = 0;
    while (n == 0 || !holds_answers(fd, n)) {
        client_send(fd, batch);
        n += BATCH;
    }
    free(batch);
    return n;
}

/* Nothing of it was found running 20 times in a row. */
bool sleeps(void *server)
{
    for (int i = 0; i < 20; i++) {
        if (proc_awake(server) > 0)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return true;
}

static void expect_sleep(struct context *t, const char *otherwise)
{
    if (!t->subject->spins) /* lesson 02: that it never sleeps is its lesson */
        wait_until(sleeps, t->server, otherwise);
}

/* When the client reads at last, the server goes on, and finds no input. */
static void blocked_then_read(struct context *t)
{
    const int fd = client_connect_small(t->port);
    const int n = block_the_server(fd);
    expect_sleep(t, "while it waits to write it does not sleep");
    client_expect_hello(fd, n);
    client_send(fd, HELLO_REQUEST);
    client_expect_hello(fd, 1);
    expect_sleep(t, "after it has waited to write it does not sleep");
    close(fd);
}

/*
 * The client hangs up with answers unread while the server waits to send more:
 * its send gets EPIPE, and a server that forgot MSG_NOSIGNAL gets SIGPIPE too.
 */
static void blocked_then_hung_up(struct context *t)
{
    const int fd = client_connect_small(t->port);
    block_the_server(fd);
    client_finish(fd);
    close(fd);
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

/* A loop that always finds something ready must still hear the signal. */
static void term_under_load(struct context *t)
{
    const int fd = client_connect(t->port);
    client_send(fd, HELLO_REQUEST);
    client_expect_hello(fd, 1);
    const pid_t feeder = client_feed(fd);
    subject_stop(t->server);
    client_feed_end(feeder);
    close(fd);
}

void expect_nobody_starves(const struct subject *s)
{
    struct proc server;
    subject_start(&server, s, 0);
    const int busy = client_connect(server.port);
    const pid_t feeder = client_feed(busy);
    for (int i = 0; i < 100; i++) {
        const int fd = client_connect(server.port);
        client_send(fd, HELLO_REQUEST);
        client_expect_hello(fd, 1);
        close(fd);
    }
    subject_stop(&server);
    client_feed_end(feeder);
    close(busy);
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

/* Connections that have nothing to say must not cost processor time. */
static void idle_sleeps(struct context *t)
{
    const int asked = client_connect(t->port);
    client_send(asked, HELLO_REQUEST);
    client_expect_hello(asked, 1);
    const int half = client_connect(t->port);
    client_send(half, "GET /");
    expect_sleep(t, "the server does not sleep");
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
    expect_sleep(t, "without descriptors it does not sleep");
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
    {"blocked, then read", blocked_then_read, 0, false},
    {"blocked, then hung up", blocked_then_hung_up, 0, false},
    {"silent beside quick", silent_beside_quick, 0, false},
    {"refusals", refusals, 0, false},
    {"not found goes on", not_found_goes_on, 0, false},
    {"too long a head", too_long_a_head, 0, false},
    {"200 at once", two_hundred_at_once, 0, false},
    {"SIGTERM with connections open", term_with_connections_open, 0, true},
    {"SIGTERM under load", term_under_load, 0, true},
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
    raise_descriptor_limit();
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
