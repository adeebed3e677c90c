/*
 * checks.c - the visible checks of 06-count, its questions, and the runs that
 * answer them.
 *
 * Each step of a client is taken when the server has come to rest after the
 * one before. So there is one order of events, and one number.
 *
 * Read before: README.md, measure.h. Rests on: proc(5), fdinfo of io_uring.
 */
#include "measure.h"

#include "../check/trace.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE "lessons/06-uring/README.md, "

enum { CLIENTS_MAX = 6, RUNS = 3 };

static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\n"
                             "Content-Type: text/plain\r\n"
                             "Content-Length: 14\r\n"
                             "\r\n"
                             "Hello, world!\n";

int clients(void)
{
    return 4 + (int)((check_seed_of("clients") >> 33) % (CLIENTS_MAX - 3));
}

int requests(void)
{
    return 3 + (int)((check_seed_of("requests") >> 33) % 3);
}

/* --- the rings, as proc(5) shows them ------------------------------------- */

/* The descriptor of the program's ring; -1: it has none. */
static int find_ring(pid_t pid)
{
    char path[64], target[64];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    int found = -1;
    if (dir == NULL)
        check_error("cannot read %s", path);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        const ssize_t n =
            readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        if (strcmp(target, "anon_inode:[io_uring]") == 0)
            found = atoi(e->d_name);
    }
    closedir(dir);
    return found;
}

/* How far the tails of both queues are: what was put in since the start. */
static struct counts look_at_rings(pid_t pid)
{
    struct counts c = {.operations = -1, .completions = -1};
    const int ring = find_ring(pid);
    char path[64], line[200];
    if (ring == -1)
        return (struct counts){0};
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", pid, ring);
    FILE *info = fopen(path, "r");
    while (info != NULL && fgets(line, sizeof line, info) != NULL) {
        sscanf(line, "SqTail: %lld", &c.operations);
        sscanf(line, "CqTail: %lld", &c.completions);
    }
    if (info != NULL)
        fclose(info);
    if (c.operations == -1 || c.completions == -1)
        check_error("this kernel does not show the queues in %s", path);
    return c;
}

/* --- the runs ------------------------------------------------------------- */

static void ask(struct program *server, struct peer *peer, int n)
{
    for (int i = 0; i < n; i++)
        peer_expect_text(peer, answer);
    program_rest(server);
}

static void connect_all(struct program *server, struct peer **peers)
{
    for (int i = 0; i < clients(); i++) {
        peers[i] = peer_connect(server);
        program_rest(server);
    }
}

static void work_one_by_one(struct program *server, struct peer **peers)
{
    connect_all(server, peers);
    for (int i = 0; i < clients(); i++)
        for (int n = 0; n < requests(); n++) {
            peer_send_text(peers[i], request);
            ask(server, peers[i], 1);
        }
}

static void work_in_one_piece(struct program *server, struct peer **peers)
{
    char *all = check_text("%s", "");
    for (int n = 0; n < requests(); n++)
        all = check_text("%s%s", all, request);
    connect_all(server, peers);
    for (int i = 0; i < clients(); i++) {
        peer_send_text(peers[i], all);
        ask(server, peers[i], requests());
    }
}

static void work_all_at_once(struct program *server, struct peer **peers)
{
    for (int i = 0; i < clients(); i++)
        peer_send_text(peers[i], request);
    program_resume(server);
    for (int i = 0; i < clients(); i++)
        ask(server, peers[i], 1);
}

struct counts measure(enum server which, enum workload workload)
{
    static const char *const names[] = {"05-epoll-server", "06-uring-server",
                                        "06-uring-server"};
    static const char *const options[][3] = {{"--trigger", "level", NULL},
                                             {"--receive", "multishot", NULL},
                                             {"--receive", "oneshot", NULL}};
    static const char *const words[] = {"one by one", "in one piece",
                                        "all at once"};
    struct program *server =
        server_start_named(GIVEN_TRACED, names[which], options[which]);
    struct peer *peers[CLIENTS_MAX];
    check_quiet(true);
    program_rest(server);
    if (workload == ALL_AT_ONCE) {
        connect_all(server, peers);
        program_pause(server);
    }
    const struct counts before = look_at_rings(program_pid(server));
    trace_mark(server);
    if (workload == ONE_BY_ONE)
        work_one_by_one(server, peers);
    else if (workload == IN_ONE_PIECE)
        work_in_one_piece(server, peers);
    else
        work_all_at_once(server, peers);
    const struct counts after = look_at_rings(program_pid(server));
    const struct counts counts = {
        .waits = trace_count_named(
            server, "epoll_wait epoll_pwait epoll_pwait2 io_uring_enter"),
        .transfers = trace_count_named(server, "recvfrom recvmsg read sendto "
                                               "sendmsg write writev"),
        .operations = after.operations - before.operations,
        .completions = after.completions - before.completions,
    };
    program_stop(server);
    check_quiet(false);
    check_did("%s, by %d clients with %d request%s each", words[workload],
              clients(), workload == ALL_AT_ONCE ? 1 : requests(),
              workload == ALL_AT_ONCE ? "" : "s");
    return counts;
}

/*
 * If the first run does not agree, two more show how far runs differ: any
 * number between the least and the greatest is right.
 */
void expect_answer(const char *name, enum server server, enum workload workload,
                   size_t field)
{
    const long long said = answer_number(name);
    long long least = 0, greatest = 0;
    for (int i = 0; i < RUNS; i++) {
        const struct counts counts = measure(server, workload);
        long long n;
        memcpy(&n, (const char *)&counts + field, sizeof n);
        least = i == 0 || n < least ? n : least;
        greatest = i == 0 || n > greatest ? n : greatest;
        if (said >= least && said <= greatest)
            return;
    }
    if (least != greatest)
        check_note("runs differ here, by %lld: all between is right",
                   greatest - least);
    check_did("answers.txt says: %s = %lld", name, said);
    check_fail(check_text("%s is what a run counts", name),
               said < least ? "it is more" : "it is less");
}

/* --- questions and checks ------------------------------------------------- */

void exercise_ask(void)
{
    printf(
        "Questions of 06-count. Your numbers:\n"
        "\n"
        "clients  = %d\n"
        "requests = %d\n"
        "\n"
        "The server is asleep in its wait. Then the clients do something, one "
        "step\n"
        "after the other, and each step when the server is asleep again. What "
        "calls\n"
        "does it begin until it sleeps after the last step? The call in which "
        "it\n"
        "sleeps at the end counts, too; nobody closes.\n"
        "\n"
        "One by one: the clients connect, one after the other. Then the first\n"
        "client asks and gets its answer, `requests` times; then the second; "
        "and\n"
        "so on.\n"
        "\n"
        "epoll_waits            calls of epoll_wait, by lesson 05's server\n"
        "epoll_transfers        its calls of recv and send together\n"
        "uring_enters           calls of io_uring_enter, by lesson 06's "
        "server\n"
        "uring_transfers        its calls of recv and send together\n"
        "uring_completions      completions that the kernel puts into the CQ\n"
        "multishot_operations   operations that the server puts into the SQ\n"
        "oneshot_operations     the same with --receive oneshot\n"
        "\n"
        "In one piece: the clients connect, one after the other. Then the "
        "first\n"
        "sends all its requests in one piece, and gets all answers; then the\n"
        "second; and so on.\n"
        "\n"
        "piece_transfers        calls of recv and send, by lesson 05's server\n"
        "piece_enters           calls of io_uring_enter, by lesson 06's "
        "server\n"
        "\n"
        "All at once: the clients are connected. A signal ends the server's "
        "wait "
        "and\n"
        "stops it; each client sends one request; it goes on, and waits anew.\n"
        "\n"
        "once_waits             calls of epoll_wait, by lesson 05's server\n"
        "once_transfers         its calls of recv and send together\n"
        "once_enters            calls of io_uring_enter, by lesson 06's "
        "server\n",
        clients(), requests());
}

static void waits(void)
{
    expect_answer("epoll_waits", EPOLL, ONE_BY_ONE,
                  offsetof(struct counts, waits));
}

static void calls(void)
{
    expect_answer("epoll_transfers", EPOLL, ONE_BY_ONE,
                  offsetof(struct counts, transfers));
    expect_answer("uring_transfers", URING, ONE_BY_ONE,
                  offsetof(struct counts, transfers));
}

static void enters(void)
{
    expect_answer("uring_enters", URING, ONE_BY_ONE,
                  offsetof(struct counts, waits));
}

static void completions(void)
{
    expect_answer("uring_completions", URING, ONE_BY_ONE,
                  offsetof(struct counts, completions));
}

static void operations(void)
{
    expect_answer("multishot_operations", URING, ONE_BY_ONE,
                  offsetof(struct counts, operations));
    expect_answer("oneshot_operations", URING_ONESHOT, ONE_BY_ONE,
                  offsetof(struct counts, operations));
}

const struct check visible_checks[] = {
    {.name = "waits",
     .title = "how often epoll_wait is called",
     .run = waits,
     .cause = "One wait ends for each thing that happens alone: a client that "
              "connects, a request. And who has served it waits again.",
     .section = "lessons/05-epoll/README.md, \"One connection's life: arm, "
                "wait, take\""},
    {.name = "calls",
     .title = "how often recv and send are called",
     .run = calls,
     .cause = "Readiness only tells that a call would find something: the "
              "process still makes it. With operations nobody calls recv or "
              "send: the kernel does the work.",
     .section = PAGE "\"Two rings in shared memory: one to ask, one to be "
                     "told\""},
    {.name = "enters",
     .title = "how often io_uring_enter is called",
     .run = enters,
     .cause = "Each wait ends with a completion. The send is an operation, "
              "too: its completion ends a wait of its own when nothing else "
              "happens meanwhile.",
     .section = PAGE "\"Wait: one call submits all that was armed\""},
    {.name = "completions",
     .title = "how many completions there are",
     .run = completions,
     .cause = "What completes: the accept for each client, the receive for "
              "each request, each send. A multishot operation completes again "
              "and again.",
     .section = PAGE "\"One connection's life: arm, wait, take\""},
    {.name = "operations",
     .title = "how many operations are submitted",
     .run = operations,
     .cause = "A multishot operation is armed once: the accept before the "
              "first client, a receive for each client. A one-shot receive is "
              "armed again after each of its completions.",
     .section = PAGE "\"Arm: a descriptor, a memory, a name\""},
    {.name = NULL},
};
