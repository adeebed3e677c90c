/*
 * claim_disk.c - E31: files. A disk is never "not ready", so read(2) of a file
 * blocks until the bytes are there. Who pays for that?
 *
 *     in the handler    pread in the task: the loop stands still meanwhile
 *     in the pool       co_file_read on epoll: a thread blocks, the task waits
 *     by io_uring       co_file_read on uring: the kernel reads, the task waits
 *
 * A server reads 4 KiB at random places of a file, in several tasks without a
 * pause, and echoes a byte to a client in another process; how long does that
 * client wait? Once with the file in the page cache, and once without it
 * (posix_fadvise(2) drops what is clean; an advice is no order, so mincore(2)
 * says how much is left).
 *
 * Read before: claim_crowd.c, ../../loop/core/file.c.
 * Rests on: pread(2), posix_fadvise(2), mincore(2), open(2) on O_TMPFILE.
 */
#include "claims.h"

#include "../common/common.h"
#include "loop/co.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BLOCK = 4096,
    FILE_SIZE = 128 << 20,
    READERS = 8,
    PROBES = 300, /* at most, for so long: */
    PROBING_MS = 300,
    PAUSE_US = 500, /* between two */
};

enum way { NOT_AT_ALL, IN_HANDLER, IN_POOL, BY_URING, WAYS };

static const struct {
    const char *name, *backend;
} ways[WAYS] = {
    {"nobody reads", "epoll"},
    {"in the handler", "epoll"},
    {"in the pool", "epoll"},
    {"by io_uring", "uring"},
};

/* --- the server ----------------------------------------------------------- */

static struct {
    enum way way;
    int file, client;
    bool over;
    long n_reads;
} server;

static off_t random_place(void)
{
    return random() % (FILE_SIZE / BLOCK) * (off_t)BLOCK;
}

static int reader(void *arg)
{
    (void)arg;
    char *block = base_alloc(BLOCK);
    ssize_t n = BLOCK;
    for (; n == BLOCK && !server.over; server.n_reads++) {
        if (server.way == IN_HANDLER) {
            n = pread(server.file, block, BLOCK, random_place());
            co_yield_turn();
        } else {
            n = co_file_read(server.file, block, BLOCK, random_place());
        }
    }
    free(block);
    return n == BLOCK ? 0 : -EIO;
}

static int echo(void)
{
    char byte;
    ssize_t n;
    while ((n = co_recv(server.client, &byte, 1)) > 0)
        if ((n = co_send(server.client, &byte, 1)) < 0)
            break;
    return (int)n;
}

static int be_server(void *arg)
{
    (void)arg;
    struct co_group readers;
    co_group_begin(&readers);
    int error = 0;
    for (int i = 0; i < READERS && server.way != NOT_AT_ALL; i++)
        error = error == 0 ? co_group_go(&readers, reader, NULL) : error;
    if (error == 0)
        error = echo();
    server.over = true;
    const int failed = co_group_wait(&readers);
    return error != 0 ? error : failed;
}

/* Ends with 0 if it served; `report` gets the number of reads. */
static noreturn void run_server(int report)
{
    struct loop *loop;
    const struct loop_options options = {.backend = ways[server.way].backend};
    int error = loop_new(&loop, &options);
    if (error == 0)
        error = co_run(loop, be_server, NULL);
    if (error == 0 &&
        write(report, &server.n_reads, sizeof server.n_reads) == -1)
        error = -errno;
    _exit(error != 0);
}

/* --- the client ----------------------------------------------------------- */

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Microseconds that 99 of 100 probes stay below; -1: nobody answers. */
static double probe_us(int fd)
{
    static double us[PROBES];
    const int64_t end_ns = claim_now_ns() + PROBING_MS * LOOP_MS;
    int n = 0;
    while (n < PROBES && (n == 0 || claim_now_ns() < end_ns)) {
        char byte = 'p';
        const int64_t start_ns = claim_now_ns();
        if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || read(fd, &byte, 1) != 1)
            return -1;
        us[n++] = (double)(claim_now_ns() - start_ns) / 1e3;
        usleep(PAUSE_US);
    }
    qsort(us, (size_t)n, sizeof *us, by_value);
    return us[n * 99 / 100];
}

/* What one round says: the reads are those of the server, of a second. */
struct round {
    double p99_us, reads;
};

static struct round measure(enum way way, int file)
{
    int ends[2], report[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1 ||
        pipe2(report, O_CLOEXEC) == -1)
        die(errno, NULL, "cannot make a pair of sockets");
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        server.way = way;
        server.file = file;
        server.client = ends[1];
        run_server(report[1]);
    }
    close(ends[1]);
    close(report[1]);
    const int64_t start_ns = claim_now_ns();
    struct round round = {.p99_us = probe_us(ends[0])};
    const double s = (double)(claim_now_ns() - start_ns) / 1e9;
    close(ends[0]);
    long n_reads;
    if (read(report[0], &n_reads, sizeof n_reads) == sizeof n_reads)
        round.reads = (double)n_reads / s;
    else
        round.p99_us = -1;
    close(report[0]);
    if (child != -1)
        waitpid(child, NULL, 0);
    return round;
}

/* --- the file ------------------------------------------------------------- */

/* Without a name, in the build folder; or -1 and errno. */
static int make_file(void)
{
    enum { PIECE = 1 << 20 };
    const char *build = getenv("KIT_BUILD");
    const int fd = open(build != NULL ? build : "build",
                        O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd == -1)
        return -1;
    char *piece = allocate(PIECE);
    memset(piece, 'x', PIECE);
    bool written = true;
    for (int i = 0; i < FILE_SIZE / PIECE && written; i++)
        written = write(fd, piece, PIECE) == PIECE;
    free(piece);
    if (written && fdatasync(fd) == 0)
        return fd;
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* The share of the file that is in the page cache, 0 to 1. */
static double cached(int file)
{
    const size_t pages = FILE_SIZE / BLOCK;
    void *map = mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED)
        return 1;
    unsigned char *in_cache = allocate(pages);
    size_t n = 0;
    if (mincore(map, FILE_SIZE, in_cache) == -1)
        n = pages;
    else
        for (size_t i = 0; i < pages; i++)
            n += in_cache[i] & 1;
    free(in_cache);
    munmap(map, FILE_SIZE);
    return (double)n / (double)pages;
}

/* Brings the file into the page cache, or out of it. */
static void prepare(int file, bool cold)
{
    posix_fadvise(file, 0, 0, POSIX_FADV_NORMAL);
    char block[BLOCK];
    for (off_t at = 0; at < FILE_SIZE && !cold; at += BLOCK)
        if (pread(file, block, BLOCK, at) != BLOCK)
            die(errno, NULL, "cannot read the file");
    posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM); /* no reading ahead */
    if (cold)
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
}

/* --- the claim ------------------------------------------------------------ */

struct table {
    struct round of[2][WAYS]; /* [cold] */
};

/* Medians of the rounds. A way that once failed has failed: p99_us is -1. */
static struct round median(const struct round rounds[CLAIM_RUNS])
{
    double us[CLAIM_RUNS], reads[CLAIM_RUNS];
    for (int i = 0; i < CLAIM_RUNS; i++) {
        if (rounds[i].p99_us < 0)
            return rounds[i];
        us[i] = rounds[i].p99_us;
        reads[i] = rounds[i].reads;
    }
    return (struct round){claim_median(us, CLAIM_RUNS),
                          claim_median(reads, CLAIM_RUNS)};
}

static void fill(struct table *t, int file)
{
    struct round rounds[2][WAYS][CLAIM_RUNS];
    for (int i = 0; i < CLAIM_RUNS; i++)
        for (int cold = 0; cold < 2; cold++)
            for (int way = 0; way < WAYS; way++) {
                prepare(file, cold);
                rounds[cold][way][i] = measure((enum way)way, file);
            }
    for (int cold = 0; cold < 2; cold++)
        for (int way = 0; way < WAYS; way++)
            t->of[cold][way] = median(rounds[cold][way]);
}

/* As two columns of 12 characters. */
static void print_round(char text[80], const struct round *round)
{
    if (round->p99_us < 0)
        snprintf(text, 80, "%24s", "refused");
    else
        snprintf(text, 80, "%9s us%12s", claim_short(round->p99_us).text,
                 claim_number((long)round->reads).text);
}

static void print_table(const struct claim_result *r, const struct table *t)
{
    claim_row(r, "%-22s%24s  %24s", "8 tasks read 4 KiB", "from the page cache",
              "from the disk");
    claim_row(r, "%-22s%12s%12s  %12s%12s", "", "others: p99", "reads / s",
              "others: p99", "reads / s");
    for (int way = 0; way < WAYS; way++) {
        char warm[80], cold[80];
        print_round(warm, &t->of[0][way]);
        print_round(cold, &t->of[1][way]);
        claim_row(r, "%-22s%s  %s", ways[way].name, warm, cold);
    }
}

int claim_disk(struct claim_result *r)
{
    const int file = make_file();
    if (file == -1)
        return claim_not_measured(r, "cannot make a file of 128 MiB: %s",
                                  strerror(errno));
    prepare(file, true);
    const double left = cached(file);
    if (left > 0.1) {
        close(file);
        return claim_not_measured(
            r, "%.0f %% of the file stay in memory, whatever one asks",
            left * 100);
    }
    struct table t;
    fill(&t, file);
    close(file);
    print_table(r, &t);
    const struct round *cold = t.of[1];
    if (cold[IN_HANDLER].p99_us < 0 || cold[IN_POOL].p99_us < 0)
        return claim_not_measured(r, "the server does not run");
    const bool uring = cold[BY_URING].p99_us >= 0;
    return claim_conclude(
        r,
        cold[IN_HANDLER].p99_us > 1.5 * cold[IN_POOL].p99_us &&
            (!uring || cold[IN_HANDLER].p99_us > 1.5 * cold[BY_URING].p99_us),
        "while files are read from the disk in the handler, 1 of 100 waits of "
        "another client is longer than %s us; with the pool %s us, with "
        "io_uring %s%s; from the page cache the handler reads %s times a "
        "second, the pool %s times",
        claim_short(cold[IN_HANDLER].p99_us).text,
        claim_short(cold[IN_POOL].p99_us).text,
        uring ? claim_short(cold[BY_URING].p99_us).text : "refused",
        uring ? " us" : "", claim_number((long)t.of[0][IN_HANDLER].reads).text,
        claim_number((long)t.of[0][IN_POOL].reads).text);
}
