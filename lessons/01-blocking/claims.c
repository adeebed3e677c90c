/*
 * claims.c - checks what the course claims of blocking sockets.
 *
 *     E02   while a program waits for the network, the processor idles
 *     E19   each worker of a pre-forked server serves one client at a time
 *     E21   a connection for each request costs more than keep-alive
 *
 * Read before: server.c, fetch.c, ../common/claim.h.
 * Read after: ../02-nonblocking/server.c.
 * Rests on: RFC 9112 section 9.3 on persistence and pipelining,
 * sched_setaffinity(2).
 */
#include "../common/claim.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char last_request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n"
                                   "Connection: close\r\n\r\n";

/* --- E02 ------------------------------------------------------------------ */

enum { PAGES = 20, DELAY_MS = 50 };

static int waiting_is_idle(struct claim_result *r)
{
    static const char *const backend[] = {"bench/slowd", "--port", "0",
                                          "--delay",     "50",     NULL};
    enum { IN_TURN, AT_ONCE, CLIENTS };
    static const char *const names[CLIENTS] = {
        "one after the other (lesson 01)", "at once, by epoll (lesson 05)"};
    static const char *const lessons[CLIENTS] = {"01-blocking", "05-epoll"};
    double wall_ms[CLIENTS][CLAIM_RUNS], cpu_ms[CLIENTS][CLAIM_RUNS];
    struct proc server;
    if (!claim_start(r, &server, 0, backend))
        return CLAIM_NOT_MEASURED;
    bool measured = true;
    for (int run = 0; run < CLAIM_RUNS; run++) {
        for (int i = 0; measured && i < CLIENTS; i++) {
            struct claim_fetched fetched = {.calls = 0};
            measured = claim_fetch(r, lessons[i], PAGES, server.port, &fetched);
            wall_ms[i][run] = 1e3 * fetched.wall_s;
            cpu_ms[i][run] = 1e3 * fetched.cpu_s;
        }
    }
    proc_stop(&server);
    if (!measured)
        return CLAIM_NOT_MEASURED;

    double wall[CLIENTS], cpu[CLIENTS];
    claim_row(r, "%-33s%12s%16s%12s", "20 pages, each after 50 ms", "took",
              "processor time", "idle");
    for (int i = 0; i < CLIENTS; i++) {
        wall[i] = claim_median(wall_ms[i], CLAIM_RUNS);
        cpu[i] = claim_median(cpu_ms[i], CLAIM_RUNS);
        claim_row(r, "%-33s%9s ms%13.1f ms%10.1f %%", names[i],
                  claim_number((long)wall[i]).text, cpu[i],
                  100 - 100 * cpu[i] / wall[i]);
    }
    return claim_conclude(
        r,
        wall[IN_TURN] > 0.9 * PAGES * DELAY_MS &&
            cpu[IN_TURN] < wall[IN_TURN] / 10 &&
            wall[AT_ONCE] < wall[IN_TURN] / 4,
        "one after the other, 20 pages took %s ms, of which the processor "
        "worked %.1f ms; at once they took %.0f ms and %.1f ms: the same work, "
        "but all the waiting at the same time",
        claim_number((long)wall[IN_TURN]).text, cpu[IN_TURN], wall[AT_ONCE],
        cpu[AT_ONCE]);
}

/* --- E19 ------------------------------------------------------------------ */

enum { VISITORS = 8, PAUSE_MS = 200 };

/* Asks and takes the answer, which comes whole; its length, or 0. */
static size_t ask(int fd, const char *what, size_t len)
{
    char answer[1024];
    if (send(fd, what, len, MSG_NOSIGNAL) != (ssize_t)len)
        return 0;
    const ssize_t n = recv(fd, answer, sizeof answer, 0);
    return n > 0 ? (size_t)n : 0;
}

/* A client that reads what it got for a while, and then wants more. */
static noreturn void visit(int port)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = claim_connect(port);
    if (fd == -1 || ask(fd, request, sizeof request - 1) == 0)
        _exit(1);
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    _exit(ask(fd, last_request, sizeof last_request - 1) == 0);
}

/* Milliseconds until all visitors, who come at once, have gone; < 0: failed. */
static double visits_ms(int port)
{
    const int64_t start_ns = claim_now_ns();
    pid_t pids[VISITORS];
    for (int i = 0; i < VISITORS; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            visit(port);
    }
    int failed = 0;
    for (int i = 0; i < VISITORS; i++) {
        int status;
        failed +=
            pids[i] == -1 || waitpid(pids[i], &status, 0) == -1 || status != 0;
    }
    return failed > 0 ? -1 : (double)(claim_now_ns() - start_ns) / 1e6;
}

static int a_worker_serves_one(struct claim_result *r)
{
    enum { FOUR, EIGHT, LOOP, SERVERS };
    static const char *const names[SERVERS] = {"4 processes (prefork)",
                                               "8 processes (prefork)",
                                               "1 process, epoll (lesson 05)"};
    static const char *const blocking[] = {"lessons/01-blocking/server",
                                           "--port",
                                           "0",
                                           "--model",
                                           "prefork",
                                           "--workers",
                                           "4",
                                           NULL};
    static const char *const blocking8[] = {"lessons/01-blocking/server",
                                            "--port",
                                            "0",
                                            "--model",
                                            "prefork",
                                            "--workers",
                                            "8",
                                            NULL};
    static const char *const loop[] = {"lessons/05-epoll/server", "--port", "0",
                                       NULL};
    static const char *const *const argvs[SERVERS] = {blocking, blocking8,
                                                      loop};
    double ms[SERVERS];
    claim_row(r, "%-40s%12s", "8 clients, each pauses for 200 ms", "took");
    for (int i = 0; i < SERVERS; i++) {
        struct proc server;
        double samples[CLAIM_RUNS];
        if (!claim_start(r, &server, -1, argvs[i]))
            return CLAIM_NOT_MEASURED;
        bool served = true;
        for (int run = 0; served && run < CLAIM_RUNS; run++) {
            samples[run] = visits_ms(server.port);
            served = samples[run] >= 0;
        }
        proc_stop(&server);
        if (!served)
            return claim_not_measured(r, "%s did not serve a client",
                                      argvs[i][0]);
        ms[i] = claim_median(samples, CLAIM_RUNS);
        claim_row(r, "%-40s%9.0f ms", names[i], ms[i]);
    }
    return claim_conclude(
        r, ms[FOUR] > 1.5 * ms[LOOP] && ms[FOUR] > 1.5 * ms[EIGHT],
        "8 clients with a pause of 200 ms took %.0f ms from 4 workers and %.0f "
        "ms from 8: a client keeps its worker while it pauses; a loop of one "
        "process took %.0f ms",
        ms[FOUR], ms[EIGHT], ms[LOOP]);
}

/* --- E21 ------------------------------------------------------------------ */

enum { SAMPLE_NS = 60000000, DEPTH_MAX = 16 };

/* A connection for one request; closed by RST, to leave no TIME_WAIT. */
static bool ask_once(int port)
{
    const struct linger reset = {.l_onoff = 1};
    const int fd = claim_connect(port);
    if (fd == -1)
        return false;
    const bool answered = ask(fd, last_request, sizeof last_request - 1) > 0;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    return answered;
}

/* Sends `depth` requests in one go and takes as many answers. */
static bool ask_many(int fd, int depth, size_t answer_len)
{
    char requests[DEPTH_MAX * sizeof request], answers[DEPTH_MAX * 512];
    const size_t len = sizeof request - 1;
    for (int i = 0; i < depth; i++)
        memcpy(requests + (size_t)i * len, request, len);
    const ssize_t to_send = (ssize_t)len * depth;
    const ssize_t to_come = (ssize_t)answer_len * depth;
    return send(fd, requests, (size_t)to_send, MSG_NOSIGNAL) == to_send &&
           recv(fd, answers, (size_t)to_come, MSG_WAITALL) == to_come;
}

/* What a way of asking yields. */
struct rate {
    double per_s;     /* requests */
    double server_us; /* processor time of the server for one */
};

/*
 * Asks for SAMPLE_NS: with `depth` requests on their way over one connection,
 * or, if that is 0, with a connection a request. False if the server failed.
 */
static bool sample(const struct proc *server, int depth, struct rate *rate)
{
    size_t answer_len = 0;
    const int fd = depth > 0 ? claim_connect(server->port) : -1;
    if (depth > 0 &&
        (fd == -1 || (answer_len = ask(fd, request, sizeof request - 1)) == 0))
        return false;
    const uint64_t cpu_ns = proc_cpu_ns(server);
    const int64_t start_ns = claim_now_ns();
    int64_t took_ns = 0;
    long n = 0;
    bool fine = true;
    while (fine && took_ns < SAMPLE_NS) {
        fine = depth > 0 ? ask_many(fd, depth, answer_len)
                         : ask_once(server->port);
        n += depth > 0 ? depth : 1;
        took_ns = claim_now_ns() - start_ns;
    }
    rate->per_s = (double)n * 1e9 / (double)took_ns;
    rate->server_us = (double)(proc_cpu_ns(server) - cpu_ns) / 1e3 / (double)n;
    if (fd != -1)
        close(fd);
    return fine;
}

static int keep_alive_is_cheaper(struct claim_result *r)
{
    enum { CLOSE, KEEP, WAYS = 4 };
    static const int depths[WAYS] = {0, 1, 4, DEPTH_MAX};
    static const char *const names[WAYS] = {
        "a connection a request", "keep-alive",
        "keep-alive, 4 requests at once",
        "keep-alive, 16 at once (pipelining)"};
    static const char *const server_argv[] = {"lessons/01-blocking/server",
                                              "--port", "0", NULL};
    double per_s[WAYS][CLAIM_RUNS], us[WAYS][CLAIM_RUNS];
    struct proc server;
    if (!claim_start(r, &server, 0, server_argv))
        return CLAIM_NOT_MEASURED;
    /* The client beside the server: to wake each other across processors would
     * take longer than all the work, and is not what is compared. */
    cpu_set_t before, same;
    CPU_ZERO(&same);
    CPU_SET(0, &same);
    sched_getaffinity(0, sizeof before, &before);
    sched_setaffinity(0, sizeof same, &same);
    bool fine = true;
    for (int run = 0; run < CLAIM_RUNS; run++) {
        for (int way = 0; fine && way < WAYS; way++) {
            struct rate rate = {.per_s = 0};
            fine = sample(&server, depths[way], &rate);
            per_s[way][run] = rate.per_s;
            us[way][run] = rate.server_us;
        }
    }
    sched_setaffinity(0, sizeof before, &before);
    proc_stop(&server);
    if (!fine)
        return claim_not_measured(r, "%s did not answer", server_argv[0]);

    double rate[WAYS], cost[WAYS];
    claim_row(r, "%-36s%12s%24s", "one client", "requests/s", "server works");
    for (int way = 0; way < WAYS; way++) {
        rate[way] = claim_median(per_s[way], CLAIM_RUNS);
        cost[way] = claim_median(us[way], CLAIM_RUNS);
        claim_row(r, "%-36s%12s%13.1f us/request", names[way],
                  claim_number((long)rate[way]).text, cost[way]);
    }
    return claim_conclude(
        r, cost[CLOSE] > 1.5 * cost[KEEP],
        "a request costs the server %.1f us on a connection of its own, %.1f "
        "us "
        "with keep-alive: %.1f times as much, and %s requests a second instead "
        "of %s; 16 requests at once cost %.1f us each",
        cost[CLOSE], cost[KEEP], cost[CLOSE] / cost[KEEP],
        claim_number((long)rate[CLOSE]).text,
        claim_number((long)rate[KEEP]).text, cost[WAYS - 1]);
}

int main(int argc, char **argv)
{
    static const struct claim claims[] = {
        {"E02", "while a program waits for the network, the processor idles",
         waiting_is_idle},
        {"E19",
         "each worker of a pre-forked server serves one client at a time",
         a_worker_serves_one},
        {"E21", "a connection for each request costs more than keep-alive",
         keep_alive_is_cheaper},
        {.id = NULL},
    };
    return claims_main(argc, argv, "01-blocking", claims);
}
