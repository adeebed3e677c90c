/*
 * claims.c - checks what the course claims of epoll.
 *
 *     E06   with epoll, thousands of silent connections cost no speed
 *     E07   epoll beats poll only if many watched descriptors are silent
 *     E22   epoll keeps what it watches in a red-black tree
 *     E23   epoll has no limit of descriptors
 *     E25   epoll reports by level or by edge and wakes only who is needed
 *
 * Read before: server.c, herd.c, ../common/claim.h.
 * Rests on: epoll(7), getrlimit(2) on RLIMIT_NOFILE.
 */
#include "../common/claim.h"
#include "../common/common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- E06 ------------------------------------------------------------------ */

enum { FEW = 100, MANY = 9500, ACTIVE = 50, SPARE = 200, LOADS = 7 };

/* A server, and a crowd of silent connections to it. */
struct crowd {
    struct proc server, idle;
    int held;
    uint64_t memory_each;               /* of the server, in bytes */
    double per_s[LOADS], cpu_us[LOADS]; /* of requests of the active ones */
    double p99_us[LOADS];
};

static void disperse(struct crowd *c)
{
    proc_stop(&c->idle);
    proc_stop(&c->server);
}

/* False, with the reason noted and nothing running, if it does not come. */
static bool gather(struct claim_result *r, struct crowd *c, int n)
{
    static const char *const server[] = {"lessons/05-epoll/server", "--port",
                                         "0", NULL};
    if (!claim_start(r, &c->server, 0, server))
        return false;
    const uint64_t before = proc_memory(&c->server);
    c->held = claim_hold(r, &c->idle, n, c->server.port);
    if (c->held == -1) {
        proc_stop(&c->server);
        return false;
    }
    const uint64_t after = proc_memory(&c->server);
    if (c->held > 0)
        c->memory_each = (after - before) / (uint64_t)c->held;
    return true;
}

/* The value behind a name in what bench/load printed. */
static double value_of(const struct proc *load, const char *name)
{
    const char *at = strstr(load->said, name);
    return at != NULL ? atof(at + strlen(name)) : 0;
}

/* Lets ACTIVE connections ask for a while beside the crowd. */
static bool load(struct claim_result *r, struct crowd *c, int run)
{
    char url[64], active[16];
    struct proc client;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", c->server.port);
    snprintf(active, sizeof active, "%d", ACTIVE);
    const uint64_t cpu_ns = proc_cpu_ns(&c->server);
    if (!claim_run(r, &client, 1,
                   (const char *[]){"bench/load", "-c", active, "--ms", "300",
                                    url, NULL}))
        return false;
    const double requests = value_of(&client, "requests\t");
    const double seconds = value_of(&client, "seconds\t");
    /* A tenth of the time goes by before requests are counted. */
    const double counted = 0.9;
    c->per_s[run] = requests / seconds;
    c->cpu_us[run] =
        (double)(proc_cpu_ns(&c->server) - cpu_ns) / 1e3 * counted / requests;
    c->p99_us[run] = value_of(&client, "p99_us\t");
    if (requests > 0)
        return true;
    claim_not_measured(r, "no request was answered");
    return false;
}

static void crowd_row(const struct claim_result *r, struct crowd *c)
{
    claim_row(r, "%17s%13s%11.1f us%11s us%11.1f KiB",
              claim_number(c->held).text,
              claim_number((long)claim_median(c->per_s, LOADS)).text,
              claim_median(c->cpu_us, LOADS),
              claim_short(claim_median(c->p99_us, LOADS)).text,
              (double)c->memory_each / 1024);
}

static int crowds_cost_no_speed(struct claim_result *r)
{
    const int limit = getdtablesize() - SPARE;
    const int n = limit < MANY ? limit : MANY;
    struct crowd few, many;
    if (n < 10 * FEW)
        return claim_not_measured(r, "ulimit -n is %d, which is too low",
                                  getdtablesize());
    if (!gather(r, &few, FEW))
        return CLAIM_NOT_MEASURED;
    if (!gather(r, &many, n))
        return disperse(&few), CLAIM_NOT_MEASURED;
    bool measured = true;
    for (int run = 0; measured && run < LOADS; run++) {
        struct crowd *first = run % 2 == 0 ? &few : &many;
        measured =
            load(r, first, run) && load(r, first == &few ? &many : &few, run);
    }
    disperse(&few);
    disperse(&many);
    if (!measured)
        return CLAIM_NOT_MEASURED;

    double kept[LOADS], dearer[LOADS]; /* of the same round */
    for (int run = 0; run < LOADS; run++) {
        kept[run] = many.per_s[run] / few.per_s[run];
        dearer[run] = many.cpu_us[run] / few.cpu_us[run];
    }
    const double speed = claim_median(kept, LOADS);
    const double cost = claim_median(dearer, LOADS);
    claim_row(r, "%-17s%13s%14s%14s%15s", "silent, 50 active", "requests/s",
              "server works", "p99", "memory each");
    crowd_row(r, &few);
    crowd_row(r, &many);
    return claim_conclude(
        r, many.held == n && speed > 0.7 && cost < 1.3,
        "with %s silent connections instead of %d the 50 active ones got %.2f "
        "times as many answers, and one took the server %.2f times as long; a "
        "silent connection costs it %.1f KiB",
        claim_number(many.held).text, FEW, speed, cost,
        (double)many.memory_each / 1024);
}

/* --- E07 ------------------------------------------------------------------ */

enum { SILENTS = 6, READIES = 3 };

static const int silents[SILENTS] = {0, 100, 500, 900, 5000, 9000};
static const int readies[READIES] = {1, 10, 100};

/* How many times as long as a turn of epoll one of poll takes. */
static double poll_to_epoll(int ready, int silent)
{
    double us[CLAIM_WAYS];
    const struct claim_turn turn = {
        .watched = silent + ready, .ready = ready, .echo = true};
    return claim_turn_us(&turn, us) == 0 ? us[BY_POLL] / us[BY_EPOLL] : 0;
}

/* The fewest silent descriptors at which epoll is ahead by a tenth, about. */
static int crossover(int ready)
{
    static const int grid[] = {1,  2,  3,   5,   7,   10,  15,  20,  30,
                               50, 70, 100, 150, 200, 300, 500, 700, 1000};
    const int n = sizeof grid / sizeof grid[0];
    int i = 0;
    while (i < n - 1 && poll_to_epoll(ready, grid[i]) < 1.1)
        i++;
    return grid[i];
}

/* Measures and prints a row; false if there are not enough descriptors. */
static bool turn_row(const struct claim_result *r, int ready, int silent,
                     double *ratio)
{
    double us[CLAIM_WAYS];
    const struct claim_turn turn = {
        .watched = silent + ready, .ready = ready, .echo = true};
    if (claim_turn_us(&turn, us) != 0)
        return false;
    *ratio = us[BY_POLL] / us[BY_EPOLL];
    char by_select[40] = "-   "; /* an fd_set stops at 1,024 */
    if (silent <= 900)
        snprintf(by_select, sizeof by_select, "%s us",
                 claim_short(us[BY_SELECT]).text);
    claim_row(r, "%6d%8s%15s%12s us%12s us%13s", ready,
              claim_number(silent).text, by_select,
              claim_short(us[BY_POLL]).text, claim_short(us[BY_EPOLL]).text,
              claim_short(*ratio).text);
    return true;
}

static int silent_ones_decide(struct claim_result *r)
{
    double ratio[SILENTS][READIES];
    claim_row(r, "%6s%8s%15s%15s%15s%13s", "ready", "silent", "select", "poll",
              "epoll", "poll/epoll");
    int n = 0;
    for (; n < SILENTS; n++) {
        bool measured = silents[n] + SPARE < getdtablesize();
        for (int i = 0; measured && i < READIES; i++)
            measured = turn_row(r, readies[i], silents[n], &ratio[n][i]);
        if (!measured)
            break;
    }
    if (n < 4)
        return claim_not_measured(r, "ulimit -n is %d, which is too low",
                                  getdtablesize());
    bool holds = ratio[n - 1][0] > 10;
    for (int i = 0; i < READIES; i++)
        holds = holds && ratio[0][i] < 1.2;
    return claim_conclude(
        r, holds,
        "with 1, 10 and 100 ready and none silent a turn of poll takes %.2f, "
        "%.2f and %.2f times as long as one of epoll; with 1 ready and %s "
        "silent %s times; epoll is ahead by a tenth from about %d, %d and %d "
        "silent ones on: how many are silent for each that is ready decides",
        ratio[0][0], ratio[0][1], ratio[0][2],
        claim_number(silents[n - 1]).text, claim_short(ratio[n - 1][0]).text,
        crossover(1), crossover(10), crossover(100));
}

/* --- E22 ------------------------------------------------------------------ */

enum { TREES = 5, CHANGES = 5000 };
enum change { ADD, MOD, DEL, CHANGE_KINDS };

static uint32_t next_random(uint32_t random) /* xorshift; never 0 */
{
    random ^= random << 13;
    random ^= random >> 17;
    return random ^ random << 5;
}

/*
 * Nanoseconds of each change to an epoll that watches `n` descriptors: medians
 * over CHANGES of them, picked at random, which are modified, taken out and
 * put in again.
 */
static void change_ns(int epoll, const int *fds, int n, double ns[CHANGE_KINDS])
{
    static double took_ns[CHANGE_KINDS][CHANGES];
    struct epoll_event event = {.events = EPOLLIN};
    uint32_t random = 1;
    for (int i = 0; i < CHANGES; i++) {
        random = next_random(random);
        const int fd = fds[random % (uint32_t)n];
        const int64_t start_ns = claim_now_ns();
        epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
        const int64_t mod_ns = claim_now_ns();
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
        const int64_t del_ns = claim_now_ns();
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        took_ns[ADD][i] = (double)(claim_now_ns() - del_ns);
        took_ns[DEL][i] = (double)(del_ns - mod_ns);
        took_ns[MOD][i] = (double)(mod_ns - start_ns);
    }
    for (int change = 0; change < CHANGE_KINDS; change++)
        ns[change] = claim_median(took_ns[change], CHANGES);
}

/* The same with a new epoll; false if there are not so many descriptors. */
static bool measure_changes(int n, double ns[CHANGE_KINDS])
{
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    int *fds = allocate_array(n, sizeof *fds), opened = 0;
    for (; opened < n; opened++) {
        struct epoll_event event = {.events = EPOLLIN};
        fds[opened] = eventfd(0, EFD_CLOEXEC);
        if (fds[opened] == -1 ||
            epoll_ctl(epoll, EPOLL_CTL_ADD, fds[opened], &event) == -1)
            break;
    }
    const bool enough = opened == n;
    if (enough)
        change_ns(epoll, fds, n, ns);
    else if (fds[opened] != -1)
        close(fds[opened]);
    while (opened > 0)
        close(fds[--opened]);
    free(fds);
    close(epoll);
    return enough;
}

static int epoll_is_a_tree(struct claim_result *r)
{
    static const int sizes[TREES] = {10, 100, 1000, 10000, 100000};
    double ns[TREES][CHANGE_KINDS], grew[CHANGE_KINDS];
    int n = 0;
    claim_row(r, "%-16s%16s%16s%16s", "watched", "ADD", "MOD", "DEL");
    for (; n < TREES && sizes[n] + SPARE < getdtablesize(); n++) {
        if (!measure_changes(sizes[n], ns[n]))
            break;
        claim_row(r, "%16s%13s ns%13s ns%13s ns", claim_number(sizes[n]).text,
                  claim_short(ns[n][ADD]).text, claim_short(ns[n][MOD]).text,
                  claim_short(ns[n][DEL]).text);
    }
    if (n < 3)
        return claim_not_measured(r, "ulimit -n is %d, which is too low",
                                  getdtablesize());
    for (int change = 0; change < CHANGE_KINDS; change++)
        grew[change] = ns[n - 1][change] / ns[0][change];
    /* The binary logarithm grows 4 or 5 times; the rest is cache misses. */
    const struct claim_number times = claim_number(sizes[n - 1] / sizes[0]);
    return claim_conclude(
        r, grew[ADD] < 15 && grew[MOD] < 15 && grew[DEL] < 15,
        "%s times as many descriptors make an ADD take %.1f times as long, a "
        "MOD %.1f and a DEL %.1f times: some steps more down a tree, and "
        "caches "
        "that miss; to go through a list would take %s times as long",
        times.text, grew[ADD], grew[MOD], grew[DEL], times.text);
}

/* --- E23 ------------------------------------------------------------------ */

/*
 * Adds eventfds to an epoll until that fails. Returns how many it watches;
 * *error is why not more, *refused_fd if there was no descriptor to be had.
 */
static int watch_until_failure(int *error, bool *refused_fd)
{
    const int epoll = epoll_create1(EPOLL_CLOEXEC), limit = getdtablesize();
    int *fds = allocate_array(limit, sizeof *fds), n = 0;
    for (*error = 0; *error == 0;) {
        struct epoll_event event = {.events = EPOLLIN};
        fds[n] = eventfd(0, EFD_CLOEXEC);
        *refused_fd = fds[n] == -1;
        if (*refused_fd) {
            *error = errno;
        } else if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[n], &event) == -1) {
            *error = errno;
            close(fds[n]);
        } else {
            n++;
        }
    }
    for (int i = 0; i < n; i++)
        close(fds[i]);
    free(fds);
    close(epoll);
    return n;
}

/* The limit of watches of one user, which is there to save memory; or 0. */
static long max_user_watches(void)
{
    long limit = 0;
    FILE *file = fopen("/proc/sys/fs/epoll/max_user_watches", "re");
    if (file != NULL) {
        if (fscanf(file, "%ld", &limit) != 1)
            limit = 0;
        fclose(file);
    }
    return limit;
}

static int epoll_is_unlimited(struct claim_result *r)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t all = limit.rlim_cur, limits[] = {1024, 4096, all};
    if (all < 2048)
        return claim_not_measured(r, "ulimit -n is %d, which is too low",
                                  getdtablesize());
    int n = 0;
    bool holds = true;
    claim_row(r, "%-24s%12s  %s", "limit of descriptors", "watched",
              "then fails");
    for (int i = 0; i < 3; i++) {
        if (limits[i] > all)
            continue;
        limit.rlim_cur = limits[i];
        setrlimit(RLIMIT_NOFILE, &limit);
        int error;
        bool refused_fd;
        n = watch_until_failure(&error, &refused_fd);
        holds = holds && refused_fd && error == EMFILE;
        claim_row(r, "%24s%12s  %s, %s", claim_number((long)limits[i]).text,
                  claim_number(n).text,
                  refused_fd ? "the next descriptor" : "epoll_ctl",
                  strerrorname_np(error));
    }
    const long watches = max_user_watches();
    return claim_conclude(
        r, holds && n > 1024,
        "epoll took all %s descriptors that the process could open, and the "
        "next failed with EMFILE: the limits are ulimit -n and, for a user, "
        "fs.epoll.max_user_watches, which is %s here (then ENOSPC)",
        claim_number(n).text, claim_number(watches).text);
}

/* --- E25 ------------------------------------------------------------------ */

enum { SENT = 16384, PIECE = 1024 };

/* How bytes that came at once were read, PIECE by PIECE. */
struct reading {
    int wakeups, left;
};

/*
 * Writes SENT bytes into a pipe and reads what epoll reports, with `events`:
 * a piece each time, or, to `drain`, until there is no more.
 */
static struct reading read_by(uint32_t events, bool drain)
{
    static char bytes[SENT];
    struct reading reading = {.left = SENT};
    int ends[2];
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
        die(errno, NULL, "cannot make a pipe");
    struct epoll_event event = {.events = events};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == -1 ||
        write(ends[1], bytes, SENT) != SENT)
        die(errno, NULL, "cannot fill a pipe");
    while (epoll_wait(epoll, &event, 1, 0) == 1) {
        reading.wakeups++;
        ssize_t n;
        do {
            n = read(ends[0], bytes, PIECE);
            reading.left -= n > 0 ? (int)n : 0;
        } while (drain && n > 0);
    }
    close(ends[0]);
    close(ends[1]);
    close(epoll);
    return reading;
}

enum { CONNECTIONS = 100 };

/* What herd told: all wake-ups, and what the busiest got of the connections. */
struct woken {
    int wakeups;
    double most; /* per cent */
};

/* Runs herd; false, with the reason noted, if it failed. */
static bool wake_workers(struct claim_result *r, const char *share,
                         struct woken *woken)
{
    struct proc herd;
    if (!claim_run(r, &herd, -1,
                   (const char *[]){"lessons/05-epoll/herd", "--share", share,
                                    "-n", "100", NULL}))
        return false;
    *woken = (struct woken){.wakeups = 0};
    char *next;
    for (char *line = strtok_r(herd.said, "\n", &next); line != NULL;
         line = strtok_r(NULL, "\n", &next)) {
        int of_worker, accepted;
        if (sscanf(line, "%*d %d %*d %d %*d", &of_worker, &accepted) != 2)
            continue;
        woken->wakeups += of_worker;
        const double took = 100.0 * accepted / CONNECTIONS;
        woken->most = took > woken->most ? took : woken->most;
    }
    return true;
}

static int epoll_wakes_as_asked(struct claim_result *r)
{
    const struct reading level = read_by(EPOLLIN, false);
    const struct reading edge = read_by(EPOLLIN | EPOLLET, true);
    const struct reading careless = read_by(EPOLLIN | EPOLLET, false);
    claim_row(r, "%-40s%12s%16s", "16 KiB come at once", "wake-ups",
              "left unread");
    claim_row(r, "%-40s%12d%14d B", "level, reads 1 KiB each time",
              level.wakeups, level.left);
    claim_row(r, "%-40s%12d%14d B", "edge, reads until there is no more",
              edge.wakeups, edge.left);
    claim_row(r, "%-40s%12d%14s B", "edge, reads 1 KiB each time",
              careless.wakeups, claim_number(careless.left).text);

    static const char *const shares[3] = {"listener", "exclusive", "reuseport"};
    struct woken woken[3];
    claim_row(r, "%-40s%12s%16s", "4 processes, 100 connections", "wake-ups",
              "busiest took");
    for (int i = 0; i < 3; i++) {
        if (!wake_workers(r, shares[i], &woken[i]))
            return CLAIM_NOT_MEASURED;
        claim_row(r, "herd --share %-27s%12d%14.0f %%", shares[i],
                  woken[i].wakeups, woken[i].most);
    }
    return claim_conclude(
        r,
        level.left == 0 && edge.left == 0 && edge.wakeups == 1 &&
            careless.left > 0 && woken[0].wakeups > 2 * CONNECTIONS &&
            2 * woken[1].wakeups < 3 * CONNECTIONS,
        "level woke %d times, edge once, but without reading all %s bytes lay "
        "there unseen; 100 connections woke 4 processes %d times, with "
        "EPOLLEXCLUSIVE %d times, with SO_REUSEPORT %d times",
        level.wakeups, claim_number(careless.left).text, woken[0].wakeups,
        woken[1].wakeups, woken[2].wakeups);
}

int main(int argc, char **argv)
{
    static const struct claim claims[] = {
        {"E06", "with epoll, thousands of silent connections cost no speed",
         crowds_cost_no_speed},
        {"E07", "epoll beats poll only if many watched descriptors are silent",
         silent_ones_decide},
        {"E22", "epoll keeps what it watches in a red-black tree",
         epoll_is_a_tree},
        {"E23", "epoll has no limit of descriptors", epoll_is_unlimited},
        {"E25",
         "epoll reports by level or by edge and wakes only who is needed",
         epoll_wakes_as_asked},
        {.id = NULL},
    };
    return claims_main(argc, argv, "05-epoll", claims);
}
