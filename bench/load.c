/*
 * load.c - a small load client that costs less than any server it measures.
 *
 * It keeps C connections busy for a while, one request at a time on each, and
 * counts answers without parsing more than their end. What wrk does not tell,
 * it tells: how many of the C connections got an answer at all. A first answer
 * counts with its whole wait, from the start of the connect; and a connection
 * that waits when the time is over counts with the time it has waited so far,
 * so that a stall is not lost. Percentiles are over all of these: a server that
 * serves a few and starves the rest has a fine p99, and shows in `answered` and
 * `max_us`.
 *
 * The time until --warm is not counted: caches are cold, connections are being
 * made. A first answer that comes later counts with its whole wait.
 * Latencies go into a histogram of 64 steps to each doubling: within 1.6 %.
 *
 * Output: "counting" when that begins, so that others can begin to count too;
 * at the end one line each, name TAB value:
 *     seconds, requests (counted), total (with --warm), errors,
 * answered, connections, p50_us, p99_us, max_us
 *
 * Rests on: epoll(7), connect(2).
 */
#include "../lessons/common/common.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, STEPS = 64, DOUBLINGS = 30, BUCKETS = DOUBLINGS * STEPS };

struct conn {
    int fd;
    bool answered;    /* at least once since the start */
    size_t sent;      /* bytes of the request */
    int64_t asked_ns; /* when this request was begun */
    size_t head_len;  /* bytes of the answer's head kept so far */
    size_t body_left; /* once the head is whole */
    bool in_body;
    char head[512];
};

static struct target target;
static int epoll;
static bool close_each; /* one request a connection */
static bool counting;   /* the server is warm */
static unsigned long long total, requests, errors;
static unsigned long long histogram[BUCKETS];

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* --- latency -------------------------------------------------------------- */

/* Bucket i stands for [ (64 + i%64) << i/64 ) / 64 microseconds, about. */
static void note_latency(int64_t ns)
{
    uint64_t value = (uint64_t)ns / 16; /* 1/64 us steps at the bottom */
    unsigned doubling = 0;
    while (value >= 2 * STEPS && doubling < DOUBLINGS - 1) {
        value >>= 1;
        doubling++;
    }
    const uint64_t step = value < STEPS ? 0 : value - STEPS;
    histogram[doubling * STEPS + (step < STEPS ? step : STEPS - 1)]++;
}

static double bucket_us(int i)
{
    return ldexp(STEPS + i % STEPS, i / STEPS) * 16 / 1e3;
}

/* The latency that `share` of all answers stayed below. */
static double percentile(double share)
{
    unsigned long long all = 0, seen = 0;
    for (int i = 0; i < BUCKETS; i++)
        all += histogram[i];
    for (int i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (all > 0 && (double)seen >= share * (double)all)
            return bucket_us(i);
    }
    return 0;
}

/* --- one connection ------------------------------------------------------- */

static void watch(int op, struct conn *c)
{
    struct epoll_event event = {
        .events = c->sent < target.request_len ? EPOLLOUT : EPOLLIN,
        .data.ptr = c,
    };
    epoll_ctl(epoll, op, c->fd, &event);
}

static void begin_request(struct conn *c)
{
    c->sent = 0;
    c->head_len = 0;
    c->in_body = false;
    c->asked_ns = now_ns();
}

/* Connects; a failure is counted and tried again when the loop comes round. */
static void open_conn(struct conn *c)
{
    begin_request(c);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd == -1 || (connect(c->fd, (const struct sockaddr *)&target.addr,
                                target.addr_len) == -1 &&
                        errno != EINPROGRESS)) {
        errors++;
        if (c->fd != -1)
            close(c->fd);
        c->fd = -1;
        return;
    }
    watch(EPOLL_CTL_ADD, c);
}

static void reopen(struct conn *c)
{
    /* RST instead of TIME_WAIT: else a minute's ports are used up in seconds.
     */
    const struct linger reset = {.l_onoff = 1};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(c->fd);
    open_conn(c);
}

static void send_request(struct conn *c)
{
    const ssize_t n = send(c->fd, target.request + c->sent,
                           target.request_len - c->sent, MSG_NOSIGNAL);
    if (n == -1 && errno == EAGAIN)
        return;
    if (n == -1) {
        errors++;
        reopen(c);
        return;
    }
    c->sent += (size_t)n;
}

static void answered(struct conn *c)
{
    c->answered = true;
    total++;
    if (counting) {
        requests++;
        note_latency(now_ns() - c->asked_ns);
    }
    if (close_each) {
        reopen(c);
        return;
    }
    begin_request(c);
    send_request(c);
    if (c->sent < target.request_len)
        watch(EPOLL_CTL_MOD, c);
}

/*
 * Takes `n` bytes of the answer into the head, until that is whole; then only
 * counts. Returns true when the answer is complete, and 1 request is one
 * answer: we never send the next before.
 */
static bool answer_ends(struct conn *c, const char *bytes, size_t n)
{
    if (c->in_body) {
        c->body_left -= n < c->body_left ? n : c->body_left;
        return c->body_left == 0;
    }
    const size_t room = sizeof c->head - 1 - c->head_len;
    const size_t part = n < room ? n : room;
    memcpy(c->head + c->head_len, bytes, part);
    c->head_len += part;
    c->head[c->head_len] = '\0';
    const char *end = strstr(c->head, "\r\n\r\n");
    const char *length = strstr(c->head, "Content-Length: ");
    if (end == NULL || length == NULL ||
        strncmp(c->head, "HTTP/1.1 200", 12) != 0)
        return false;
    const size_t whole =
        (size_t)(end + 4 - c->head) + strtoul(length + 16, NULL, 10);
    const size_t got = c->head_len - part + n;
    c->in_body = true;
    c->body_left = whole > got ? whole - got : 0;
    return c->body_left == 0;
}

static void receive(struct conn *c)
{
    char bytes[4096];
    const ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n == -1 && errno == EAGAIN)
        return;
    if (n <= 0) {
        errors++;
        reopen(c);
    } else if (answer_ends(c, bytes, (size_t)n)) {
        answered(c);
    }
}

static void ready(struct conn *c)
{
    if (c->sent < target.request_len) {
        send_request(c);
        if (c->fd != -1 && c->sent == target.request_len)
            watch(EPOLL_CTL_MOD, c);
    } else {
        receive(c);
    }
}

/* --- the run -------------------------------------------------------------- */

/* Keeps all connections busy until `end_ns`; counts from `count_ns` on. */
static void run(struct conn *conns, int n, int64_t count_ns, int64_t end_ns)
{
    for (;;) {
        struct epoll_event events[BATCH];
        const int64_t now = now_ns();
        if (!counting && now >= count_ns) {
            counting = true;
            puts("counting");
            fflush(stdout);
        }
        if (now >= end_ns)
            return;
        const int n_events = epoll_wait(epoll, events, BATCH, 1);
        for (int i = 0; i < n_events; i++)
            ready(events[i].data.ptr);
        for (int i = 0; n_events == 0 && i < n; i++)
            if (conns[i].fd == -1)
                open_conn(&conns[i]);
    }
}

static void print_results(const struct conn *conns, int n, double seconds)
{
    const int64_t now = now_ns();
    int n_answered = 0;
    for (int i = 0; i < n; i++) {
        n_answered += conns[i].answered;
        note_latency(now - conns[i].asked_ns); /* it waits still */
    }
    printf("seconds\t%.3f\nrequests\t%llu\ntotal\t%llu\nerrors\t%llu\n",
           seconds, requests, total, errors);
    printf("answered\t%d\nconnections\t%d\n", n_answered, n);
    printf("p50_us\t%.1f\np99_us\t%.1f\nmax_us\t%.1f\n", percentile(0.5),
           percentile(0.99), percentile(1));
}

int main(int argc, char **argv)
{
    int n = 64, ms = 1000, warm_ms = 100;
    const char *url = NULL, *mode = "keep-alive";
    const struct option options[] = {
        {"c", "connections", &n, 1, 100000, NULL, NULL},
        {"ms", "milliseconds to run", &ms, 20, 600000, NULL, NULL},
        {"warm", "milliseconds of these that do not count", &warm_ms, 0, 600000,
         NULL, NULL},
        {"mode", "many requests a connection, or one", NULL, 0, 0, &mode,
         "keep-alive,close"},
        {"URL", "the server", NULL, 0, 0, &url, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Keeps C connections busy and counts.", options);
    target_parse(&target, url);
    if (warm_ms >= ms)
        die(0, "a greater --ms", "nothing is left to count of %d ms", ms);
    close_each = strcmp(mode, "close") == 0;
    if (!close_each) {
        strcpy(strstr(target.request, "Connection: close\r\n"), "\r\n");
        target.request_len = strlen(target.request);
    }
    pages_at_once(n, n, raise_descriptor_limit());
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1)
        die(errno, NULL, "cannot set up epoll");

    struct conn *conns = allocate_array(n, sizeof *conns);
    const int64_t start = now_ns();
    for (int i = 0; i < n; i++)
        open_conn(&conns[i]);
    const int64_t count = start + warm_ms * 1000000LL;
    run(conns, n, count, start + ms * 1000000LL);
    print_results(conns, n, (double)(now_ns() - count) / 1e9);
    free(conns);
}
