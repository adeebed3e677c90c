/*
 * herd.c - several processes wait for connections on one port: who is woken?
 *
 * To use all processors, a server runs a process each, with an epoll each. A
 * connection has to reach one of them. There are three ways, --share picks one:
 *
 *       listener              exclusive              reuseport
 *
 *      connection             connection             connection
 *          |                      |                      | hash of addresses
 *       listener               listener            L1   L2   L3   L4
 *      /  |  |  \             /  |  |  \            |    |    |    |
 *     W1! W2! W3! W4!        W1! W2 W3 W4          W1   W2!  W3   W4
 *
 *     listener    one listener wakes all: one gets the connection, the others
 *                 were woken in vain. That is a thundering herd
 *     exclusive   EPOLLEXCLUSIVE wakes one. But the kernel asks in a fixed
 *                 order, so that one which sleeps again at once gets everything
 *     reuseport   SO_REUSEPORT: a listener each. The kernel picks one by the
 *                 hash of the addresses, and all get about the same
 *
 * herd makes its own load: one connection after the other, each when all
 * workers are asleep. It prints what each worker did:
 *
 *     woken       times it was put to run (its voluntary context switches)
 *     returned    times epoll_wait came back: fewer, for a worker that is woken
 *                 looks again inside of the call, and sleeps on if it is late
 *     accepted    connections it got; the rest of `woken` was in vain
 *
 * Read before: server.c. Read after: claims.c.
 * Rests on: epoll_ctl(2) on EPOLLEXCLUSIVE, socket(7) on SO_REUSEPORT, proc(5).
 */
#include "../common/common.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORKERS = 64 };

/* Counted by the worker, in memory that it shares with the parent. */
struct counters {
    atomic_long returned, accepted;
};

static struct counters *counters;  /* one a worker */
static pid_t workers[MAX_WORKERS]; /* and what the parent knows of it: */
static long switches[MAX_WORKERS]; /* voluntary ones, when it was last seen */

/* --- a worker ------------------------------------------------------------- */

/* Waits, accepts, sends a byte, closes, until it is killed. */
static noreturn void work(int listener, uint32_t interest, struct counters *my)
{
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = interest};
    if (epoll == -1 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == -1)
        die(errno, NULL, "a worker cannot set up epoll");
    for (;;) {
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        atomic_fetch_add(&my->returned, 1);
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd == -1)
            continue; /* EAGAIN: another worker was faster */
        atomic_fetch_add(&my->accepted, 1);
        send(fd, "!", 1, MSG_NOSIGNAL);
        close(fd);
    }
}

/*
 * The state of a process as proc(5) has it, 'S' if it is asleep, and how often
 * it gave up the processor by itself. '?' if it is not there.
 */
static char state_of(pid_t pid, long *n_switches)
{
    char path[64], line[256], state = '?';
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "State: %c", &state) != 1)
            sscanf(line, "voluntary_ctxt_switches: %ld", n_switches);
    }
    if (file != NULL)
        fclose(file);
    return state;
}

/* Waits until a worker is asleep, which is where epoll_wait keeps it. */
static void wait_until_asleep(int i)
{
    char state;
    while ((state = state_of(workers[i], &switches[i])) != 'S') {
        if (state == 'Z' || state == '?')
            die(0, NULL, "worker %d has ended", i + 1);
        sched_yield();
    }
}

/* A socket that listens on `port` beside others that do (0: on a free one). */
static int listen_beside(int port)
{
    const struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((in_port_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int on = 1;
    const int fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == -1 ||
        bind(fd, (const struct sockaddr *)&addr, sizeof addr) == -1 ||
        listen(fd, SOMAXCONN) == -1)
        die(errno, NULL, "cannot listen with SO_REUSEPORT");
    return fd;
}

/*
 * Starts `n` workers, in order, that share the port as the letter says with
 * which --share begins. Returns the address that they listen on.
 */
static struct sockaddr_in start_workers(int n, char share)
{
    const uint32_t exclusive = share == 'e' ? EPOLLEXCLUSIVE : 0;
    struct sockaddr_in addr = {.sin_port = 0};
    socklen_t len = sizeof addr;
    int listener = listen_beside(0);
    if (getsockname(listener, (struct sockaddr *)&addr, &len) == -1)
        die(errno, NULL, "cannot learn the port");
    for (int i = 0; i < n; i++) {
        if (share == 'r' && i > 0)
            listener = listen_beside(ntohs(addr.sin_port));
        workers[i] = fork();
        if (workers[i] == -1)
            die(errno, "fewer --workers", "cannot fork a worker");
        if (workers[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            work(listener, EPOLLIN | exclusive, &counters[i]);
        }
        wait_until_asleep(i);
    }
    return addr;
}

/* --- the load and the table ---------------------------------------------- */

/* Connects, waits for the byte, closes. */
static void visit(const struct sockaddr_in *addr)
{
    char byte;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1 ||
        connect(fd, (const struct sockaddr *)addr, sizeof *addr) == -1 ||
        recv(fd, &byte, 1, 0) != 1)
        die(errno, NULL, "a connection was not served");
    close(fd);
}

/* With commas between thousands. */
static void print_number(long n)
{
    if (n >= 1000)
        print_number(n / 1000);
    printf(n >= 1000 ? ",%03ld" : "%ld", n % 1000);
}

static void print_table(int n_workers, int n, const long *before)
{
    long all_woken = 0;
    puts("worker   woken  returned  accepted  in vain");
    for (int i = 0; i < n_workers; i++) {
        const long accepted = atomic_load(&counters[i].accepted);
        long woken = switches[i] - before[i];
        if (woken < accepted)
            woken = accepted; /* 'S' was seen just before the switch counted */
        printf("%6d  %6ld  %8ld  %8ld  %7ld\n", i + 1, woken,
               atomic_load(&counters[i].returned), accepted, woken - accepted);
        all_woken += woken;
    }
    print_number(n);
    printf(" connections, ");
    print_number(all_woken);
    printf(" wake-ups, ");
    print_number(all_woken - n);
    puts(" in vain");
}

int main(int argc, char **argv)
{
    int n_workers = 4, n = 200;
    const char *word = "listener";
    const struct option options[] = {
        {"share", "how workers share the port", NULL, 0, 0, &word,
         "listener,exclusive,reuseport"},
        {"workers", "processes that wait", &n_workers, 1, MAX_WORKERS, NULL,
         NULL},
        {"n", "connections to make", &n, 1, 1000000, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Counts who is woken by a connection.", options);

    counters = mmap(NULL, MAX_WORKERS * sizeof *counters,
                    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counters == MAP_FAILED)
        die(errno, NULL, "cannot get shared memory");
    const struct sockaddr_in addr = start_workers(n_workers, word[0]);
    long before[MAX_WORKERS];
    memcpy(before, switches, sizeof before);
    for (int i = 0; i < n; i++) {
        visit(&addr);
        for (int worker = 0; worker < n_workers; worker++)
            wait_until_asleep(worker);
    }
    print_table(n_workers, n, before);
    for (int i = 0; i < n_workers; i++)
        kill(workers[i], SIGKILL);
    while (wait(NULL) != -1)
        continue;
}
