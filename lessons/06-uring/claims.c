/*
 * claims.c - checks what the course claims of reading and copying.
 *
 *     E05   select, poll and epoll are synchronous: the read itself blocks
 *     E20   to send a file by read and write costs much in copies
 *
 * Read before: server.c, ../common/claim.h.
 * Rests on: read(2), poll(2), BUGS of select(2) on "ready" that is not,
 * sendfile(2), splice(2), io_uring_prep_read_fixed(3), tcp(7) on MSG_TRUNC.
 */
#include "../common/claim.h"
#include "../common/common.h"
#include "uring.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

static void make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) == -1)
        die(errno, NULL, "cannot make a pipe");
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static void write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t part = CALL(write(fd, bytes, n));
        if (part == -1)
            die(errno, NULL, "cannot write");
        bytes += part;
        n -= (size_t)part;
    }
}

/* --- E05: who waits ------------------------------------------------------- */

enum { LATE_MS = 100, MESSAGE = 16 };

/* Another process reads from the pipe; returns how many bytes it got. */
static int steal(const int ends[2])
{
    const pid_t thief = fork();
    if (thief == 0) {
        char bytes[MESSAGE];
        fcntl(ends[0], F_SETFL, O_NONBLOCK); /* of both, see fcntl(2) */
        const ssize_t n = read(ends[0], bytes, sizeof bytes);
        fcntl(ends[0], F_SETFL, 0);
        _exit(n > 0 ? (int)n : 0);
    }
    int status = 0;
    if (thief == -1 || waitpid(thief, &status, 0) == -1)
        die(errno, NULL, "cannot start a process");
    return WEXITSTATUS(status);
}

/* Another process writes a byte after LATE_MS. */
static pid_t write_late(const int ends[2])
{
    const pid_t writer = fork();
    if (writer == 0) {
        usleep(LATE_MS * 1000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    return writer;
}

/* What a read came to: its result or -errno, and how long it took. */
struct outcome {
    int result;
    double us;
};

/* poll says that bytes are there; another process reads them; then we read. */
static struct outcome read_what_was_stolen(int flags)
{
    int ends[2];
    char bytes[MESSAGE] = "fifteen bytes..";
    make_pipe(ends);
    write_all(ends[1], bytes, sizeof bytes);
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    if (poll(&ready, 1, -1) != 1 || steal(ends) != sizeof bytes)
        die(0, NULL, "the pipe was not ready, or nothing was stolen");
    fcntl(ends[0], F_SETFL, flags);
    const pid_t writer = write_late(ends);
    const int64_t start_ns = claim_now_ns();
    const ssize_t n = read(ends[0], bytes, sizeof bytes);
    const struct outcome outcome = {
        .result = n == -1 ? -errno : (int)n,
        .us = (double)(claim_now_ns() - start_ns) / 1e3,
    };
    if (writer != -1)
        waitpid(writer, NULL, 0);
    close_both(ends);
    return outcome;
}

/* Asks for a read, submits and waits; returns its result. */
static int ring_read(struct io_uring *ring, int fd, char *bytes, unsigned n)
{
    io_uring_prep_read(uring_sqe(ring), fd, bytes, n, 0);
    struct io_uring_cqe *cqe = NULL;
    while (cqe == NULL) {
        uring_check(io_uring_submit_and_wait(ring, 1));
        if (io_uring_peek_cqe(ring, &cqe) != 0)
            cqe = NULL; /* a signal ended the wait */
    }
    const int result = cqe->res;
    io_uring_cqe_seen(ring, cqe);
    return result;
}

/* Asked for by a completion; the thief comes when "ready" would be told. */
static int stolen_after_completion(struct io_uring *ring, int *result)
{
    int ends[2];
    char bytes[MESSAGE] = "fifteen bytes..", mine[MESSAGE];
    make_pipe(ends);
    write_all(ends[1], bytes, sizeof bytes);
    *result = ring_read(ring, ends[0], mine, sizeof mine);
    const int stolen = steal(ends);
    if (memcmp(mine, bytes, sizeof bytes) != 0)
        *result = -EIO;
    close_both(ends);
    return stolen;
}

/* --- E05: who copies, and when -------------------------------------------- */

enum { BLOCK = 65536, COPIES = 201 };

/* Microseconds until the wait is over, and from then until the bytes are ours.
 */
struct copying {
    double wait_us, after_us;
};

static struct copying copy_by(struct io_uring *ring)
{
    static char bytes[BLOCK];
    static double wait_us[COPIES], after_us[COPIES];
    int ends[2];
    make_pipe(ends);
    for (int i = 0; i < COPIES; i++) {
        write_all(ends[1], bytes, sizeof bytes);
        struct pollfd ready = {.fd = ends[0], .events = POLLIN};
        const int64_t start_ns = claim_now_ns();
        ssize_t n = 0;
        if (ring != NULL)
            n = ring_read(ring, ends[0], bytes, sizeof bytes);
        else
            poll(&ready, 1, -1);
        const int64_t told_ns = claim_now_ns();
        if (ring == NULL)
            n = read(ends[0], bytes, sizeof bytes);
        const int64_t end_ns = claim_now_ns();
        if (n != BLOCK)
            die(0, NULL, "a pipe gave %zd bytes, not %d", n, BLOCK);
        wait_us[i] = (double)(told_ns - start_ns) / 1e3;
        after_us[i] = (double)(end_ns - told_ns) / 1e3;
    }
    close_both(ends);
    return (struct copying){claim_median(wait_us, COPIES),
                            claim_median(after_us, COPIES)};
}

/* --- E05: what it saves --------------------------------------------------- */

/* System calls a request of a server beside 50 connections, or -1. */
static double calls_per_request(struct claim_result *r, const char *lesson,
                                const char *option, const char *word)
{
    const char *build = getenv("KIT_BUILD");
    char path[512], url[64];
    struct proc server, client;
    snprintf(path, sizeof path, "%s/lessons/%s/server",
             build != NULL ? build : "build", lesson);
    if (!claim_start(r, &server, -1,
                     (const char *[]){"bench/calls", path, "--port", "0",
                                      option, word, NULL}))
        return -1;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
    const bool ran = claim_run(
        r, &client, -1,
        (const char *[]){"bench/load", "-c", "50", "--ms", "300", url, NULL});
    proc_stop(&server);
    const char *total = ran ? strstr(client.said, "total\t") : NULL;
    const char *calls_made = strchr(server.said, '\n');
    if (total == NULL || calls_made == NULL)
        return -1;
    return atof(calls_made + 1) / atof(total + strlen("total\t"));
}

static void calls_row(struct claim_result *r, const char *lesson,
                      const char *option, const char *word)
{
    const double each = calls_per_request(r, lesson, option, word);
    char name[64];
    snprintf(name, sizeof name, "%s %s %s", lesson, option, word);
    if (each > 0)
        claim_row(r, "%-40s%18.2f", name, each);
    else
        claim_row(r, "%-40s%18s", name, "not counted");
}

static int reads_are_synchronous(struct claim_result *r)
{
    struct io_uring ring;
    const int error = uring_try(&ring, 4);
    if (error != 0)
        return claim_not_measured(r, "this system refuses io_uring: %s; %s",
                                  strerror(-error), uring_advice(-error));
    const struct outcome blocking = read_what_was_stolen(0);
    const struct outcome nonblocking = read_what_was_stolen(O_NONBLOCK);
    int result;
    const int stolen = stolen_after_completion(&ring, &result);
    claim_row(r, "%-40s%18s%14s", "told, then another process reads",
              "our read", "took");
    claim_row(r, "%-40s%16d B%11.1f ms", "poll, then a blocking read",
              blocking.result, blocking.us / 1e3);
    claim_row(r, "%-40s%18s%11.1f us", "poll, then a non-blocking read",
              nonblocking.result < 0 ? strerrorname_np(-nonblocking.result)
                                     : "bytes",
              nonblocking.us);
    claim_row(r, "%-40s%16d B%14s", "io_uring (the other finds nothing)",
              result, "-");

    const struct copying by_poll = copy_by(NULL), by_ring = copy_by(&ring);
    io_uring_queue_exit(&ring);
    claim_row(r, "%-40s%18s%14s", "64 KiB are there", "until told",
              "after that");
    claim_row(r, "%-40s%15.1f us%11.1f us", "poll, then read", by_poll.wait_us,
              by_poll.after_us);
    claim_row(r, "%-40s%15.1f us%11.1f us", "io_uring, a read", by_ring.wait_us,
              by_ring.after_us);

    claim_row(r, "%-40s%18s", "server, 50 connections", "calls a request");
    calls_row(r, "05-epoll", "--trigger", "level");
    calls_row(r, "06-uring", "--receive", "oneshot");
    calls_row(r, "06-uring", "--receive", "multishot");
    return claim_conclude(
        r,
        blocking.us > LATE_MS * 500.0 && nonblocking.result == -EAGAIN &&
            result == MESSAGE && stolen == 0 &&
            by_ring.after_us * 5 < by_poll.after_us,
        "after poll said \"ready\" a blocking read waited %.0f ms, because "
        "another process was quicker; a non-blocking one said %s; with "
        "io_uring the bytes were ours when it told. Blocking, then, is not the "
        "difference: it is who copies, 64 KiB by us for %.1f us after poll, by "
        "the kernel before the completion",
        blocking.us / 1e3,
        nonblocking.result < 0 ? strerrorname_np(-nonblocking.result)
                               : "nothing",
        by_poll.after_us);
}

/* --- E20 ------------------------------------------------------------------ */

enum {
    MIB = 1 << 20,
    FILE_SIZE = 256 * MIB,
    PIECE = 65536, /* bytes of one read, write or splice */
    DEPTH = 8,     /* io_uring: pieces in flight */
};

/* What is sent, and where to. */
struct job {
    int file, socket;
};

/* Each way sends the whole file; returns 0 or a negative errno value. */
static int by_read_write(const struct job *job)
{
    static char bytes[PIECE];
    for (off_t at = 0; at < FILE_SIZE; at += PIECE) {
        if (CALL(pread(job->file, bytes, PIECE, at)) != PIECE)
            return -EIO;
        write_all(job->socket, bytes, PIECE);
    }
    return 0;
}

static int by_mmap_write(const struct job *job)
{
    char *bytes =
        CALL(mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, job->file, 0));
    if (bytes == MAP_FAILED)
        return -errno;
    for (size_t at = 0; at < FILE_SIZE; at += PIECE)
        write_all(job->socket, bytes + at, PIECE);
    return CALL(munmap(bytes, FILE_SIZE)) == -1 ? -errno : 0;
}

static int by_sendfile(const struct job *job)
{
    for (off_t at = 0; at < FILE_SIZE;)
        if (CALL(sendfile(job->socket, job->file, &at,
                          FILE_SIZE - (size_t)at)) <= 0)
            return -EIO;
    return 0;
}

/* Pages of the file go through a pipe by reference, without a copy. */
static int by_splice(const struct job *job)
{
    int ends[2];
    make_pipe(ends);
    int error = 0;
    for (off_t at = 0; at < FILE_SIZE && error == 0;) {
        ssize_t left =
            CALL(splice(job->file, &at, ends[1], NULL, PIECE, SPLICE_F_MOVE));
        error = left > 0 ? 0 : -EIO;
        while (left > 0 && error == 0) {
            const ssize_t n = CALL(splice(ends[0], NULL, job->socket, NULL,
                                          (size_t)left, SPLICE_F_MOVE));
            error = n > 0 ? 0 : -EIO;
            left -= n;
        }
    }
    close_both(ends);
    return error;
}

/* Asks for DEPTH pieces, each a read and then a send, all in this order. */
static void arm_pieces(struct io_uring *ring, const struct job *job,
                       char (*bytes)[PIECE], off_t at)
{
    for (int i = 0; i < DEPTH; i++) {
        struct io_uring_sqe *sqe = uring_sqe(ring);
        io_uring_prep_read_fixed(sqe, job->file, bytes[i], PIECE,
                                 (uint64_t)at + (uint64_t)i * PIECE, i);
        sqe->flags |= IOSQE_IO_LINK; /* the next begins when this is done */
        sqe = uring_sqe(ring);
        io_uring_prep_send(sqe, job->socket, bytes[i], PIECE,
                           MSG_WAITALL | MSG_NOSIGNAL);
        sqe->flags |= i < DEPTH - 1 ? IOSQE_IO_LINK : 0;
    }
}

static int send_by_ring(struct io_uring *ring, const struct job *job,
                        char (*bytes)[PIECE])
{
    struct iovec vectors[DEPTH];
    for (int i = 0; i < DEPTH; i++)
        vectors[i] = (struct iovec){bytes[i], PIECE};
    int error = CALL(io_uring_register_buffers(ring, vectors, DEPTH));
    for (off_t at = 0; at < FILE_SIZE && error == 0;
         at += (off_t)DEPTH * PIECE) {
        arm_pieces(ring, job, bytes, at);
        for (int done = 0; done < 2 * DEPTH;) {
            uring_check(CALL(
                io_uring_submit_and_wait(ring, 2 * DEPTH - (unsigned)done)));
            struct io_uring_cqe *cqe;
            for (; io_uring_peek_cqe(ring, &cqe) == 0; done++) {
                if (cqe->res != PIECE)
                    error = cqe->res < 0 ? cqe->res : -EIO;
                io_uring_cqe_seen(ring, cqe);
            }
        }
    }
    return error;
}

static int by_uring(const struct job *job)
{
    static char bytes[DEPTH][PIECE] __attribute__((aligned(4096)));
    struct io_uring ring;
    const int error = uring_try(&ring, 2 * DEPTH);
    if (error != 0)
        return error;
    const int result = send_by_ring(&ring, job, bytes);
    io_uring_queue_exit(&ring);
    return result;
}

/* --- E20: one way, measured ----------------------------------------------- */

/*
 * A process that takes what comes and throws it away: of TCP, MSG_TRUNC does
 * not even copy. It ends well if it got the whole file.
 */
static pid_t start_sink(const int ends[2])
{
    const pid_t sink = fork();
    if (sink != 0)
        return sink;
    size_t total = 0;
    ssize_t n;
    close(ends[0]); /* else the end never comes */
    while ((n = recv(ends[1], NULL, MIB, MSG_TRUNC)) > 0)
        total += (size_t)n;
    _exit(total != FILE_SIZE);
}

/* The two ends of a connection through the loopback interface. */
static void connect_loopback(int ends[2])
{
    const int listener = listen_on(0, 0);
    struct sockaddr_in addr = {.sin_port = 0};
    socklen_t len = sizeof addr;
    getsockname(listener, (struct sockaddr *)&addr, &len);
    ends[0] = claim_connect(ntohs(addr.sin_port));
    ends[1] = accept(listener, NULL, NULL);
    if (ends[0] == -1 || ends[1] == -1)
        die(errno, NULL, "cannot connect to this machine");
    close(listener);
}

/*
 * Processor time of both ends together: the kernel takes in what is sent in the
 * name of the one or of the other, as it happens.
 */
static double cpu_of_both_s(void)
{
    struct rusage sinks;
    getrusage(RUSAGE_CHILDREN, &sinks);
    return (double)claim_cpu_ns() / 1e9 +
           (double)(sinks.ru_utime.tv_sec + sinks.ru_stime.tv_sec) +
           (double)(sinks.ru_utime.tv_usec + sinks.ru_stime.tv_usec) / 1e6;
}

struct cost {
    double wall_s, cpu_s;
    unsigned long calls;
};

/* Sends the file one way, until the sink has it; 0 or a negative errno. */
static int measure_way(int (*way)(const struct job *), int file,
                       struct cost *cost)
{
    int ends[2];
    connect_loopback(ends);
    const pid_t sink = start_sink(ends);
    if (sink == -1)
        die(errno, NULL, "cannot start a process");
    close(ends[1]);
    calls = 0;
    const int64_t start_ns = claim_now_ns();
    const double cpu_s = cpu_of_both_s();
    int error = way(&(struct job){.file = file, .socket = ends[0]});
    close(ends[0]);
    int status;
    waitpid(sink, &status, 0);
    cost->wall_s = (double)(claim_now_ns() - start_ns) / 1e9;
    cost->cpu_s = cpu_of_both_s() - cpu_s;
    cost->calls = calls;
    if (error == 0 && status != 0)
        error = -EPIPE; /* not all of it arrived */
    return error;
}

/* A file that is in the page cache and has no name; or -1. */
static int make_file(void)
{
    static char bytes[MIB];
    FILE *file = tmpfile();
    if (file == NULL)
        return -1;
    const int fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
    fclose(file);
    for (int i = 0; i < FILE_SIZE / MIB; i++) {
        memset(bytes, 'a' + i % 26, sizeof bytes);
        if (write(fd, bytes, sizeof bytes) != sizeof bytes) {
            const int error = errno;
            close(fd);
            errno = error;
            return -1;
        }
    }
    return fd;
}

enum { WAYS = 5, READ_WRITE = 0, SENDFILE = 2, ROUNDS = 11 };

static const struct {
    const char *name;
    int (*send)(const struct job *);
} ways[WAYS] = {
    {"read, write", by_read_write},
    {"mmap, write", by_mmap_write},
    {"sendfile", by_sendfile},
    {"splice", by_splice},
    {"io_uring, registered buffers", by_uring},
};

/* A row of the table, of medians. */
static void way_row(const struct claim_result *r, int way, int error,
                    const struct cost costs[ROUNDS])
{
    double wall_s[ROUNDS], cpu_s[ROUNDS];
    if (error != 0) {
        claim_row(r, "%-30s%14s  %s", ways[way].name,
                  "failed:", strerror(-error));
        return;
    }
    for (int round = 0; round < ROUNDS; round++) {
        wall_s[round] = costs[round].wall_s;
        cpu_s[round] = costs[round].cpu_s;
    }
    claim_row(r, "%-30s%14.2f%12.3f s%15s", ways[way].name,
              FILE_SIZE / claim_median(wall_s, ROUNDS) / 1e9,
              claim_median(cpu_s, ROUNDS),
              claim_number((long)costs[0].calls).text);
}

static int copies_cost(struct claim_result *r)
{
    static struct cost costs[WAYS][ROUNDS];
    int errors[WAYS] = {0};
    const int file = make_file();
    if (file == -1)
        return claim_not_measured(r, "cannot make a file of 256 MiB: %s",
                                  strerror(errno));
    for (int round = 0; round < ROUNDS; round++)
        for (int way = 0; way < WAYS; way++)
            if (errors[way] == 0)
                errors[way] =
                    measure_way(ways[way].send, file, &costs[way][round]);
    close(file);
    claim_row(r, "%-30s%14s%14s%15s", "256 MiB from cache to socket", "GB/s",
              "CPU time", "system calls");
    for (int way = 0; way < WAYS; way++)
        way_row(r, way, errors[way], costs[way]);
    if (errors[READ_WRITE] != 0 || errors[SENDFILE] != 0)
        return claim_not_measured(r, "the file could not be sent");
    double dearer[ROUNDS]; /* of the same round */
    for (int round = 0; round < ROUNDS; round++)
        dearer[round] =
            costs[READ_WRITE][round].cpu_s / costs[SENDFILE][round].cpu_s;
    const double ratio = claim_median(dearer, ROUNDS);
    return claim_conclude(
        r, ratio > 1.05,
        "to send 256 MiB by read and write, which copy twice, takes the "
        "processor %.2f times as long as by sendfile, which does not copy "
        "(%.2f to %.2f in %d rounds): what the copies cost beside the rest of "
        "sending",
        ratio, dearer[0], dearer[ROUNDS - 1], ROUNDS);
}

int main(int argc, char **argv)
{
    static const struct claim claims[] = {
        {"E05", "readiness is synchronous: the read that follows can block",
         reads_are_synchronous},
        {"E20", "buffered reads and writes cost much, for they copy",
         copies_cost},
        {.id = NULL},
    };
    return claims_main(argc, argv, "06-uring", claims);
}
