/*
 * trace.c - what the loop does, written down for a picture of it.
 *
 * The file is in the trace-event format that chrome://tracing and
 * https://ui.perfetto.dev open: a JSON array, an object a line.
 *
 *     [
 *     {"ph":"M",...,"name":"process_name","args":{"name":"crawl"}},
 *     {"ph":"B",...,"ts":81.250,"cat":"loop","name":"pass"},
 *     {"ph":"B",...,"ts":81.400,"cat":"timer","name":"on_timer",
 *      "args":{"place":"crawl.c:42"}},
 *     {"ph":"E",...,"ts":95.017}
 *
 * Slices begin (B) and end (E), or come whole when they are known afterwards
 * (X: jobs and waits); M names lanes. A wait lasts until the kernel wakes the
 * loop; that is when the first callback begins, for back ends call back while
 * they look through what they got. Times are microseconds of the monotonic
 * clock, so traces of several processes can be laid beside each other. Viewers
 * do without the array's end: the trace of a program that dies is readable up
 * to the last time that it went to sleep.
 *
 * In the file's name %p stands for the process number. A file that another loop
 * is writing to, of this process or of another, is left alone: the name gets a
 * number, trace.json.2. A trace that cannot be written (the disk is full) ends
 * with a line in the log; the program goes on. In a child of fork(2) it is
 * closed and not written to.
 *
 * Left out: a thread of its own that writes. A slow disk slows the loop, and
 * the picture shows it, in the wait or wherever the buffer was full.
 *
 * Read before: trace_internal.h, observe.c. Read after: watchdog.c.
 * Rests on: "Trace Event Format" (the Chromium project), RFC 8259 (JSON),
 * flock(2), clock_gettime(2), signal(7) for SIGPIPE and SIGXFSZ.
 */
#include "loop/core/core_internal.h"
#include "loop/core/trace_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 65536,
    TEXT_SIZE = 256,      /* bytes of a name; what is longer is cut */
    EVENT_SIZE = 4096,    /* two names of \u00xx and all the rest */
    MOST_NUMBERS = 1000,  /* trace.json.1000 */
    FIRST_LANE = 1 << 22, /* PID_MAX_LIMIT, so no thread's number: proc(5) */
};

/* A thread of a pool that has a lane. */
struct worker {
    const struct loop_pool *pool;
    int thread;
    int lane;
};

struct trace {
    int fd; /* -1: it has ended */
    char *path;
    off_t written;
    struct base_buf buf; /* whole events */
    pid_t pid, tid;
    int n_lanes;
    struct worker *workers;
    int n_workers;
    bool in_pass, in_wait;
    int64_t wait_ns, woken_ns; /* when the wait began and ended */
    int64_t latest_ns;         /* when anything began or ended */
};

/* --- to the file --------------------------------------------------------- */

/* A write(2) that may fail, and raises no signal that ends the program. */
static ssize_t write_quietly(int fd, struct base_slice bytes)
{
    const struct timespec at_once = {0};
    sigset_t quiet, before;
    sigemptyset(&quiet);
    sigaddset(&quiet, SIGPIPE);
    sigaddset(&quiet, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &quiet, &before);
    const ssize_t n = write(fd, bytes.ptr, bytes.len);
    const int error = errno;
    if (n == -1 && (error == EPIPE || error == EFBIG))
        sigtimedwait(&quiet, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return n;
}

static void give_up(struct trace *t, int error)
{
    /* Half an event at its end would spoil the file for the viewers. */
    const bool whole = ftruncate(t->fd, t->written) == 0;
    base_log_warning("the trace %s ends here%s: %s", t->path,
                     whole ? "" : ", perhaps within a line", strerror(error));
    close(t->fd);
    t->fd = -1;
    base_buf_fini(&t->buf);
}

static void flush(struct trace *t)
{
    const size_t len = base_buf_len(&t->buf);
    while (base_buf_len(&t->buf) > 0) {
        const ssize_t n = write_quietly(t->fd, base_buf_slice(&t->buf));
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0) {
            give_up(t, n == -1 ? errno : ENOSPC);
            return;
        }
        base_buf_consume(&t->buf, (size_t)n);
    }
    t->written += (off_t)len;
}

/* --- an event ------------------------------------------------------------ */

static int64_t now_ns(struct trace *t)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    t->latest_ns = now.tv_sec * LOOP_SECOND + now.tv_nsec;
    return t->latest_ns;
}

/* One character of a JSON string, of `len` bytes; 0: not UTF-8. */
static void put_character(struct base_buf *b, const char *ptr, size_t len)
{
    const unsigned char first = (unsigned char)*ptr;
    if (len == 0)
        base_buf_printf(b, "\\ufffd");
    else if (first < 0x20)
        base_buf_printf(b, "\\u%04x", (unsigned)first);
    else if (first == '"' || first == '\\')
        base_buf_printf(b, "\\%c", first);
    else
        base_buf_append(b, (struct base_slice){ptr, len});
}

/* Puts a member's key, as it comes with its comma, and a text. */
static void put_text(struct base_buf *b, const char *key,
                     struct base_slice text)
{
    if (text.len > TEXT_SIZE)
        text.len = TEXT_SIZE;
    base_buf_printf(b, "%s:\"", key);
    while (text.len > 0) {
        const size_t len = base_slice_utf8(text);
        put_character(b, text.ptr, len);
        text = base_slice_skip(text, len > 0 ? len : 1);
    }
    base_buf_printf(b, "\"");
}

/* Puts category, name and place of "on_reply (crawl.c:42)". */
static void put_place(struct base_buf *b, const char *category,
                      const char *place)
{
    struct base_slice name = base_slice_of(place != NULL ? place : "?");
    struct base_slice where = {0};
    const ssize_t at = base_slice_find(name, base_slice_of(" ("));
    if (at >= 0) {
        where = base_slice_skip(name, (size_t)at + 2);
        name.len = (size_t)at;
    }
    if (base_slice_ends(where, base_slice_of(")")))
        where.len--;
    put_text(b, ",\"cat\"", base_slice_of(category));
    put_text(b, ",\"name\"", name);
    if (where.len > 0) {
        put_text(b, ",\"args\":{\"place\"", where);
        base_buf_printf(b, "}");
    }
}

static int tid_of(const struct trace *t, int lane)
{
    return lane == TRACE_LOOP ? t->tid : FIRST_LANE + lane;
}

/* Begins an event, which the caller ends with "}"; false: there is no room. */
static bool put_head(struct trace *t, char phase, int lane)
{
    if (t->fd != -1 && base_buf_len(&t->buf) > BUFFER_SIZE - EVENT_SIZE)
        flush(t);
    if (t->fd == -1)
        return false;
    base_buf_printf(&t->buf, ",\n{\"ph\":\"%c\",\"pid\":%d,\"tid\":%d", phase,
                    t->pid, tid_of(t, lane));
    return true;
}

static void put_time(struct base_buf *b, const char *key, int64_t ns)
{
    base_buf_printf(b, ",\"%s\":%" PRId64 ".%03d", key, ns / 1000,
                    (int)(ns % 1000));
}

static void name_lane(struct trace *t, int lane, const char *name)
{
    if (!put_head(t, 'M', lane))
        return;
    base_buf_printf(&t->buf, ",\"name\":\"thread_name\"");
    put_text(&t->buf, ",\"args\":{\"name\"", base_slice_of(name));
    base_buf_printf(&t->buf, "}}");
}

int trace_lane(struct trace *t, const char *name)
{
    t->n_lanes++;
    name_lane(t, t->n_lanes, name);
    return t->n_lanes;
}

/* The first thing that happens after a wait ends it. */
static void end_wait(struct trace *t)
{
    if (!t->in_wait)
        return;
    t->in_wait = false;
    t->woken_ns = t->latest_ns;
}

void trace_begin(struct trace *t, int lane, const char *category,
                 const char *place)
{
    const int64_t at_ns = now_ns(t);
    end_wait(t);
    if (!put_head(t, 'B', lane))
        return;
    put_time(&t->buf, "ts", at_ns);
    put_place(&t->buf, category, place);
    base_buf_printf(&t->buf, "}");
}

static void end_at(struct trace *t, int lane, int64_t at_ns)
{
    if (!put_head(t, 'E', lane))
        return;
    put_time(&t->buf, "ts", at_ns);
    base_buf_printf(&t->buf, "}");
}

void trace_end(struct trace *t, int lane)
{
    end_at(t, lane, now_ns(t));
}

/* --- what the loop tells ------------------------------------------------- */

/* Nobody says when a pass ends: it did when the last thing in it ended. */
static void end_pass(struct trace *t)
{
    if (t->in_pass)
        end_at(t, TRACE_LOOP, t->latest_ns);
    t->in_pass = false;
}

void trace_pass(struct loop *loop)
{
    struct trace *t = loop->trace;
    if (t == NULL)
        return;
    end_pass(t);
    trace_begin(t, TRACE_LOOP, "loop", "pass");
    t->in_pass = true;
}

void trace_wait(struct loop *loop, bool begins, int n)
{
    struct trace *t = loop->trace;
    if (t == NULL)
        return;
    if (begins) {
        /* It may be a long sleep, and the end of the program. */
        if (t->fd != -1)
            flush(t);
        t->wait_ns = now_ns(t);
        t->in_wait = true;
        return;
    }
    now_ns(t);
    end_wait(t);
    if (!put_head(t, 'X', TRACE_LOOP))
        return;
    put_time(&t->buf, "ts", t->wait_ns);
    put_time(&t->buf, "dur", t->woken_ns - t->wait_ns);
    put_place(&t->buf, "loop", "wait");
    base_buf_printf(&t->buf, ",\"args\":{\"events\":%d}}", n > 0 ? n : 0);
}

static int worker_lane(struct trace *t, const struct loop_job *job)
{
    for (int i = 0; i < t->n_workers; i++)
        if (t->workers[i].pool == job->pool &&
            t->workers[i].thread == job->thread)
            return t->workers[i].lane;
    char name[32] = "jobs of the loop's thread";
    if (job->thread > 0)
        snprintf(name, sizeof name, "worker %d", job->thread);
    const size_t n = (size_t)t->n_workers + 1;
    t->workers = base_realloc(t->workers, n * sizeof *t->workers);
    t->workers[t->n_workers++] =
        (struct worker){job->pool, job->thread, trace_lane(t, name)};
    return t->workers[t->n_workers - 1].lane;
}

void trace_job(struct loop *loop, const struct loop_job *job)
{
    struct trace *t = loop->trace;
    if (t == NULL || !put_head(t, 'X', worker_lane(t, job)))
        return;
    put_time(&t->buf, "ts", job->begun_ns);
    put_time(&t->buf, "dur", job->ended_ns - job->begun_ns);
    put_place(&t->buf, "job", job->place);
    base_buf_printf(&t->buf, "}");
}

/* --- its life ------------------------------------------------------------ */

/* `path` with the process number for each %p, and ".n" if n is above 1. */
static char *file_name(const char *path, pid_t pid, int n)
{
    struct base_buf b;
    base_buf_init(&b, SIZE_MAX / 4);
    struct base_slice rest = base_slice_of(path);
    ssize_t at = 0;
    while ((at = base_slice_find(rest, base_slice_of("%p"))) >= 0) {
        base_buf_append(&b, (struct base_slice){rest.ptr, (size_t)at});
        base_buf_printf(&b, "%d", pid);
        rest = base_slice_skip(rest, (size_t)at + 2);
    }
    base_buf_append(&b, rest);
    if (n > 1)
        base_buf_printf(&b, ".%d", n);
    char *name = base_slice_dup(base_buf_slice(&b));
    base_buf_fini(&b);
    return name;
}

/*
 * Opens a file, emptied, for this trace alone; a device or a pipe as it is.
 * Returns its descriptor, or a negative errno value; -EBUSY: another writes it.
 */
static int open_alone(const char *name)
{
    struct stat st;
    const int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd == -1)
        return -errno;
    if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
        return fd;
    int error = 0;
    /* Some file systems know no locks: then there is no protection either. */
    if (flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK)
        error = -EBUSY;
    else if (ftruncate(fd, 0) == -1)
        error = -errno;
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

/* The array begins, and with it the names of process and loop. */
static void put_start(struct trace *t, const struct loop *loop)
{
    char name[64];
    base_buf_printf(&t->buf,
                    "[\n{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\"",
                    t->pid);
    put_text(&t->buf, ",\"args\":{\"name\"",
             base_slice_of(program_invocation_short_name));
    base_buf_printf(&t->buf, "}}");
    snprintf(name, sizeof name, "loop (%s)", loop->backend->name);
    name_lane(t, TRACE_LOOP, name);
}

int trace_open(struct loop *loop, const char *path)
{
    const pid_t pid = getpid();
    char *name = NULL;
    int fd = -EBUSY;
    for (int n = 1; n <= MOST_NUMBERS && fd == -EBUSY; n++) {
        free(name);
        name = file_name(path, pid, n);
        fd = open_alone(name);
    }
    if (fd < 0) {
        free(name);
        return fd;
    }
    struct trace *t = base_alloc(sizeof *t);
    *t = (struct trace){.fd = fd, .path = name, .pid = pid, .tid = gettid()};
    base_buf_init(&t->buf, BUFFER_SIZE);
    put_start(t, loop);
    loop->trace = t;
    loop->observed = true;
    return 0;
}

void trace_close(struct loop *loop)
{
    struct trace *t = loop->trace;
    if (t == NULL)
        return;
    /* The child of a fork shares the file, and must not end it. */
    if (t->fd != -1 && t->pid == getpid()) {
        end_pass(t);
        base_buf_printf(&t->buf, "\n]\n");
        flush(t);
    }
    if (t->fd != -1)
        close(t->fd);
    base_buf_fini(&t->buf);
    free(t->workers);
    free(t->path);
    free(t);
    loop->trace = NULL;
    loop->observed = loop->watchdog != NULL;
}
