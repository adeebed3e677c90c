/*
 * loop.h - the event loop.
 *
 * One thread waits for everything at once and calls back. What can be waited
 * for, each as a structure that the caller owns and embeds where it likes:
 *
 *   struct loop_watcher   a descriptor that is ready (libraries' own sockets)
 *   struct loop_op        an operation: accept, connect, recv, send, ...
 *   struct loop_timer     a deadline;  struct loop_periodic  a beat
 *   struct loop_call      the next pass of the loop
 *   struct loop_post      a message from another thread or a signal handler
 *   struct loop_signal    a signal;    struct loop_child     a process
 *   struct loop_job       work done by a thread of a pool
 *   struct loop_future    a result that somebody will set
 *
 * Rules that hold for all of them
 * - A structure starts as all zero and is not copied while it is active.
 * - A loop belongs to the thread that made it; only loop_post, loop_stop and
 *   the mailbox's functions may be called from elsewhere. No function blocks,
 *   but loop_run* (and loop_free, for jobs that run).
 * - Nothing calls back before the function that asked for it has returned.
 * - A callback may start, stop and close anything, also itself. What is
 *   stopped does not call any more, not even in this pass, and its memory is
 *   the caller's again at once. Operations are the exception: see there.
 * - Errors are negative errno values. Time is in nanoseconds on the monotonic
 *   clock; a deadline is a point of it: loop_now(loop) + 5 * LOOP_SECOND.
 * - The functions that take a callback are macros that note its name and place
 *   for traces and messages; a function NAME_named takes the place as a text.
 *
 * Read before: base.h. Read after: loop/README.md, loop/core/loop.c.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include "loop/base.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct loop;
struct loop_mailbox;
struct loop_pool;

#define LOOP_MS     INT64_C(1000000)
#define LOOP_SECOND INT64_C(1000000000)
#define LOOP_NEVER  INT64_MAX

/* "on_reply (crawl.c:42)": what a callback is called, and where it was given.
 */
#define LOOP_PLACE(fn) #fn " (" __FILE__ ":" LOOP_TEXT(__LINE__) ")"
#define LOOP_TEXT(x)   LOOP_TEXT_(x)
#define LOOP_TEXT_(x)  #x

/* --- life of a loop ------------------------------------------------------- */

/* What may be chosen; all zero is a good choice. */
struct loop_options {
    const char *backend; /* "select", "poll", "epoll", "uring"; NULL: what
                            LOOP_BACKEND in the environment says, or epoll */
    const char *trace;   /* file for a Chrome trace, %p is the pid; NULL:
                              what LOOP_TRACE says, or none */
    int64_t watchdog_ns; /* log callbacks that take longer, with a backtrace;
                            0: LOOP_WATCHDOG (in ms), or none */
    int pool_threads;    /* of the loop's own pool; 0: five a CPU */
    int pool_queue;      /* jobs that may wait for a thread; 0: 1024 */
    int64_t (*clock_ns)(void *arg); /* NULL: CLOCK_MONOTONIC; for tests */
    void *clock_arg;
};

/*
 * Makes a loop of the calling thread. `options` may be NULL. On an error
 * *loop is NULL: -EINVAL unknown back end (loop_backends has the names),
 * -ENOSYS or -EPERM the kernel refuses io_uring, -EMFILE, -EBUSY no real-time
 * signal is free for the watchdog, or what opening the trace file said.
 */
int loop_new(struct loop **loop, const struct loop_options *options);

/*
 * Ends a loop that does not run: cancels operations and jobs and delivers their
 * last callbacks (it waits for jobs that run), and the posts that were
 * accepted. Stops all else without a call; debug builds log what was still
 * active. Descriptors stay open. NULL is allowed. In the child of a fork
 * nothing is called: what was under way is the parent's.
 */
void loop_free(struct loop *loop);

/* Closes every descriptor with a watcher or an operation, see loop_close. */
void loop_close_all(struct loop *loop);

/* The names of the back ends in this build; NULL ends the list. */
const char *const *loop_backends(void);

/* The name of this loop's back end. */
const char *loop_backend(const struct loop *loop);

/* The loop that runs in this thread; NULL if none does. */
struct loop *loop_current(void);

/*
 * Runs passes until loop_stop: 0. A loop with nothing to do sleeps; a post can
 * still wake it. -EBUSY: this loop runs already. -ECHILD: the process has
 * forked since loop_new; a loop stays with the parent, the child may only
 * loop_free it (and makes its own). A callback that forks calls exec or _exit
 * in the child: to return there would go on with the parent's events.
 */
int loop_run(struct loop *loop);

/* The same, but at most until `deadline_ns`: then -ETIMEDOUT. */
int loop_run_until(struct loop *loop, int64_t deadline_ns);

/*
 * Runs one pass, which sleeps until something happens or `deadline_ns` (0: not
 * at all; LOOP_NEVER). Returns how many callbacks it called, or an error of
 * loop_run.
 */
int loop_run_once(struct loop *loop, int64_t deadline_ns);

/*
 * Lets the run that goes on return at the end of its pass, or else the next one
 * at once. May be called from everywhere, also from a signal handler.
 */
void loop_stop(struct loop *loop);

/* The time; in callbacks that of the pass, read once. */
int64_t loop_now(struct loop *loop);

/*
 * Says that the work of the current callback failed: logs `what`, `error` (a
 * negative errno value) and the callback's name and place, and the loop goes
 * on. It counts in loop_stats.failed.
 */
void loop_fail(struct loop *loop, int error, const char *what);

/*
 * For running inside another loop. loop_fd: a descriptor that is readable when
 * loop_run_once(loop, 0) has work; -ENOTSUP on select and poll. loop_prepare:
 * hands queued changes to the kernel and returns the deadline by which
 * loop_run_once wants to be called even if the descriptor stays silent. Call
 * it after each loop_run_once and after each change made from outside.
 */
int loop_fd(const struct loop *loop);
int64_t loop_prepare(struct loop *loop);

/* --- watchers: readiness of a descriptor ---------------------------------- */

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_ERROR = 4, LOOP_EDGE = 8 };

struct loop_watcher;
/*
 * `events`: what is ready of what was asked (a hang-up or an error of the
 * descriptor counts as both). LOOP_ERROR alone: the kernel refused to watch,
 * w->error says why (-ENOSPC: epoll(7), max_user_watches), and w is stopped.
 */
typedef void loop_watcher_fn(struct loop_watcher *w, unsigned events);

struct loop_watcher {
    loop_watcher_fn *fn;
    void *arg;
    const char *place;
    struct loop *loop; /* NULL: not active */
    int fd;
    unsigned events;
    int error;
};

/*
 * Calls back as long as `fd` is ready for `events` (level-triggered). With
 * LOOP_EDGE among them the callback promises to go on until EAGAIN or a short
 * read, and may be called only when more has come: cheaper, above all on uring.
 * The descriptor stays the caller's, who stops the watcher before closing it.
 * Errors: -EBADF, -EPERM a regular file (see loop_file_read), -EEXIST the
 * descriptor has a watcher or operations already, -ERANGE too high for select.
 */
#define loop_watcher_start(loop, w, fd, events, fn, arg)                       \
    loop_watcher_start_named(loop, w, fd, events, fn, arg, LOOP_PLACE(fn))
int loop_watcher_start_named(struct loop *loop, struct loop_watcher *w, int fd,
                             unsigned events, loop_watcher_fn *fn, void *arg,
                             const char *place);

/* Asks for other events from now on; 0 is allowed. */
void loop_watcher_change(struct loop_watcher *w, unsigned events);

/* Harmless if it is not active. */
void loop_watcher_stop(struct loop_watcher *w);

/* Before its memory goes: asserts that it is not active. */
void loop_watcher_fini(const struct loop_watcher *w);

/* --- timers --------------------------------------------------------------- */

struct loop_timer;
typedef void loop_timer_fn(struct loop_timer *t);

struct loop_timer {
    struct base_wheel_entry entry;
    struct loop *loop; /* beside the entry: moving a timer touches no more */
    loop_timer_fn *fn;
    void *arg;
    const char *place;
};

/*
 * Calls back once when `deadline_ns` has come, rounded up to a millisecond;
 * one that has passed counts as now, which is the next pass. Due timers are
 * called by deadline, and those of one millisecond in the order of starting.
 * An active timer is moved. Constant time, whatever their number.
 */
#define loop_timer_start(loop, t, deadline_ns, fn, arg)                        \
    loop_timer_start_named(loop, t, deadline_ns, fn, arg, LOOP_PLACE(fn))
void loop_timer_start_named(struct loop *loop, struct loop_timer *t,
                            int64_t deadline_ns, loop_timer_fn *fn, void *arg,
                            const char *place);

/* Moves an active timer, or starts one that was started before, anew. */
void loop_timer_again(struct loop_timer *t, int64_t deadline_ns);

/* Harmless if it is not active. */
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_active(const struct loop_timer *t);

struct loop_periodic;
typedef void loop_periodic_fn(struct loop_periodic *p);

struct loop_periodic {
    struct base_list link;
    struct loop_timer timer;
    loop_periodic_fn *fn;
    void *arg;
    int64_t period_ns, next_ns;
    double jitter;
    bool held;
};

/*
 * Calls back every `period_ns` (a millisecond to 70 years, else -EINVAL), first
 * after one period. A beat that is missed is skipped, never made up for: the
 * beats stay at multiples of the period. `jitter` (0 to 1) varies each period
 * by a random part of that share, half of it up and half down, so that
 * programs started together do not beat together.
 */
#define loop_periodic_start(loop, p, period_ns, jitter, fn, arg)               \
    loop_periodic_start_named(loop, p, period_ns, jitter, fn, arg,             \
                              LOOP_PLACE(fn))
int loop_periodic_start_named(struct loop *loop, struct loop_periodic *p,
                              int64_t period_ns, double jitter,
                              loop_periodic_fn *fn, void *arg,
                              const char *place);
void loop_periodic_stop(struct loop_periodic *p);
bool loop_periodic_active(const struct loop_periodic *p);

/*
 * For a beat whose work goes on after its callback: no beat comes until
 * release, so that slow work never overlaps itself.
 */
void loop_periodic_hold(struct loop_periodic *p);
void loop_periodic_release(struct loop_periodic *p);

/* --- deferred calls ------------------------------------------------------- */

struct loop_call;
typedef void loop_call_fn(struct loop_call *c);

struct loop_call {
    struct base_list link;
    loop_call_fn *fn;
    void *arg;
    const char *place;
    struct loop *loop; /* NULL: not active */
};

/*
 * Calls back in the next pass, never in this one: input and output come in
 * between, however often a call defers itself. In order. One that waits
 * already keeps its place.
 */
#define loop_defer(loop, c, fn, arg)                                           \
    loop_defer_named(loop, c, fn, arg, LOOP_PLACE(fn))
void loop_defer_named(struct loop *loop, struct loop_call *c, loop_call_fn *fn,
                      void *arg, const char *place);
void loop_defer_cancel(struct loop_call *c);

/* --- posts: from other threads and from signal handlers ------------------- */

struct loop_post;
typedef void loop_post_fn(struct loop *loop, struct loop_post *post);

struct loop_post {
    struct loop_post *next;
    loop_post_fn *fn;
    void *arg;
    const char *place;
};

/*
 * A loop's mailbox outlives the loop as long as somebody holds it: a thread
 * takes it (in the loop's thread), posts, and lets it go (anywhere).
 */
struct loop_mailbox *loop_mailbox_hold(struct loop *loop);
void loop_mailbox_release(struct loop_mailbox *mailbox);

/*
 * Has `fn` called in the loop's thread, which it wakes. May be called from any
 * thread and from signal handlers: no lock, no allocation; one write(2) at
 * most. 0: `fn` is called exactly once, by loop_free at the latest; until then
 * `post` belongs to the loop. Posts of one thread are called in order.
 * -ESHUTDOWN: the loop has gone, nothing happens.
 */
#define loop_post(mailbox, post, fn, arg)                                      \
    loop_post_named(mailbox, post, fn, arg, LOOP_PLACE(fn))
int loop_post_named(struct loop_mailbox *mailbox, struct loop_post *post,
                    loop_post_fn *fn, void *arg, const char *place);

/* --- operations -------------------------------------------------------------
 *
 * An operation is started, and calls back when it is done: exactly once with
 * op->more false, also after loop_cancel, loop_close and loop_free. Until that
 * last callback the operation and the memory that it names belong to the loop
 * (under io_uring the kernel writes there); in it they are the caller's again,
 * who may start the operation anew. A start that returns an error never calls.
 *
 * On uring the kernel does the operation; elsewhere the loop does it when the
 * descriptor is ready. Descriptors given to operations are non-blocking and are
 * closed by loop_close alone. One reading and one writing operation at a time
 * each: else -EBUSY. -EBADF: a negative descriptor; -EEXIST: it has a watcher;
 * -ERANGE: too high for select. What the kernel finds later, also that a number
 * is no descriptor any more, comes with the callback.
 */

struct loop_op;
/* `result`: what the system call of that name returns, or a negative errno
 * value; -ECANCELED if it was cancelled in time. */
typedef void loop_op_fn(struct loop_op *op, ssize_t result);

struct loop_job;
typedef void loop_work_fn(struct loop_job *job);
typedef void loop_job_fn(struct loop_job *job, int result);

struct loop_job {
    struct base_list link;
    struct loop_post post;
    loop_work_fn *work;
    loop_job_fn *fn;
    void *arg;
    const char *place;
    struct loop *loop; /* NULL: not active */
    struct loop_pool *pool;
    int64_t begun_ns, ended_ns;
    int state;
    int thread;
};

struct loop_op {
    struct base_slice data; /* loop_recv: the bytes, valid in the callback */
    bool more;              /* in the callback: another will come */
    void *arg;
    /* the rest is the loop's */
    loop_op_fn *fn;
    const char *place;
    struct loop *loop; /* NULL: not active */
    struct base_list link;
    int fd;
    uint8_t kind, state;
    uint8_t event;    /* of loop_poll */
    bool once;        /* of accept and recv: ends with the first result */
    bool asked;       /* connect(2) was called: its outcome is awaited */
    bool behind_poll; /* uring: a poll stands in front of it, */
    bool half_closed; /* of a peer that has shut down its side */
    ssize_t result;
    size_t done;
    off_t offset;
    int flags; /* of a file to be opened; its path is one.iov_base */
    mode_t mode;
    struct iovec *iov, one;
    int n_iov;
    socklen_t addr_len;
    union {
        struct msghdr msg;
        struct sockaddr_storage addr;
        struct loop_job job;
    };
};

/*
 * Accepts connections until it is cancelled: op->more is true at each but the
 * last. `result` is a descriptor, non-blocking and close-on-exec, that is the
 * callback's to close. Out of descriptors or memory it pauses, and goes on when
 * loop_close has closed one or after 100 ms.
 * See accept(2).
 */
#define loop_accept(loop, op, fd, fn, arg)                                     \
    loop_accept_named(loop, op, fd, fn, arg, LOOP_PLACE(fn))
int loop_accept_named(struct loop *loop, struct loop_op *op, int fd,
                      loop_op_fn *fn, void *arg, const char *place);

/* Accepts one connection: the only callback has its descriptor, or an error. */
#define loop_accept_once(loop, op, fd, fn, arg)                                \
    loop_accept_once_named(loop, op, fd, fn, arg, LOOP_PLACE(fn))
int loop_accept_once_named(struct loop *loop, struct loop_op *op, int fd,
                           loop_op_fn *fn, void *arg, const char *place);

/* Connects a socket; `addr` is copied. See connect(2). */
#define loop_connect(loop, op, fd, addr, addr_len, fn, arg)                    \
    loop_connect_named(loop, op, fd, addr, addr_len, fn, arg, LOOP_PLACE(fn))
int loop_connect_named(struct loop *loop, struct loop_op *op, int fd,
                       const struct sockaddr *addr, socklen_t addr_len,
                       loop_op_fn *fn, void *arg, const char *place);

/*
 * Receives from a stream socket until its end: op->data holds `result` bytes
 * of the loop's own memory, valid in the callback alone, and op->more is true.
 * The last callback has 0 (the peer has shut down) or an error. Where
 * descriptors are passed with the bytes (unix(7)), use a watcher. To stop
 * reading for a while, cancel; bytes may still come before the last callback.
 */
#define loop_recv(loop, op, fd, fn, arg)                                       \
    loop_recv_named(loop, op, fd, fn, arg, LOOP_PLACE(fn))
int loop_recv_named(struct loop *loop, struct loop_op *op, int fd,
                    loop_op_fn *fn, void *arg, const char *place);

/*
 * Receives once into `memory`, from a stream socket. To read a socket with
 * loop_read does as well, but costs a system call more.
 */
#define loop_recv_once(loop, op, fd, memory, fn, arg)                          \
    loop_recv_once_named(loop, op, fd, memory, fn, arg, LOOP_PLACE(fn))
int loop_recv_once_named(struct loop *loop, struct loop_op *op, int fd,
                         struct iovec memory, loop_op_fn *fn, void *arg,
                         const char *place);

/*
 * Sends all bytes of `data` to a socket, without SIGPIPE: `result` is their
 * number. loop_sendv: of n buffers; the array belongs to the loop as well,
 * which changes it. After an error op->done says how many had gone.
 */
#define loop_send(loop, op, fd, data, fn, arg)                                 \
    loop_send_named(loop, op, fd, data, fn, arg, LOOP_PLACE(fn))
int loop_send_named(struct loop *loop, struct loop_op *op, int fd,
                    struct base_slice data, loop_op_fn *fn, void *arg,
                    const char *place);
#define loop_sendv(loop, op, fd, iov, n, fn, arg)                              \
    loop_sendv_named(loop, op, fd, iov, n, fn, arg, LOOP_PLACE(fn))
int loop_sendv_named(struct loop *loop, struct loop_op *op, int fd,
                     struct iovec *iov, int n, loop_op_fn *fn, void *arg,
                     const char *place);

/*
 * Reads once into `memory` from a pipe, terminal or socket. See read(2).
 * loop_readv: into n buffers; the array has to stay.
 */
#define loop_read(loop, op, fd, memory, fn, arg)                               \
    loop_read_named(loop, op, fd, memory, fn, arg, LOOP_PLACE(fn))
int loop_read_named(struct loop *loop, struct loop_op *op, int fd,
                    struct iovec memory, loop_op_fn *fn, void *arg,
                    const char *place);

#define loop_readv(loop, op, fd, iov, n, fn, arg)                              \
    loop_readv_named(loop, op, fd, iov, n, fn, arg, LOOP_PLACE(fn))
int loop_readv_named(struct loop *loop, struct loop_op *op, int fd,
                     struct iovec *iov, int n, loop_op_fn *fn, void *arg,
                     const char *place);

/*
 * Writes all bytes of `data` to a pipe, terminal or socket. A pipe without a
 * reader raises SIGPIPE: programs ignore that signal, see write(2).
 * loop_writev: of n buffers; the array belongs to the loop, which changes it.
 */
#define loop_write(loop, op, fd, data, fn, arg)                                \
    loop_write_named(loop, op, fd, data, fn, arg, LOOP_PLACE(fn))
int loop_write_named(struct loop *loop, struct loop_op *op, int fd,
                     struct base_slice data, loop_op_fn *fn, void *arg,
                     const char *place);

#define loop_writev(loop, op, fd, iov, n, fn, arg)                             \
    loop_writev_named(loop, op, fd, iov, n, fn, arg, LOOP_PLACE(fn))
int loop_writev_named(struct loop *loop, struct loop_op *op, int fd,
                      struct iovec *iov, int n, loop_op_fn *fn, void *arg,
                      const char *place);

/* Waits once until `fd` is ready for `event`, LOOP_READ or LOOP_WRITE. */
#define loop_poll(loop, op, fd, event, fn, arg)                                \
    loop_poll_named(loop, op, fd, event, fn, arg, LOOP_PLACE(fn))
int loop_poll_named(struct loop *loop, struct loop_op *op, int fd,
                    unsigned event, loop_op_fn *fn, void *arg,
                    const char *place);

/*
 * Files, which are always ready and still block: done by the loop's pool, on
 * uring by the kernel. Open a file (flags and mode as open(2), close-on-exec is
 * added; the path must stay until the callback), read and write at an offset
 * (once: the result may be short), bring it to the disk (fsync(2)). As many at
 * once as you like; close(2) the file after their last callbacks. A result of
 * -EAGAIN: the pool's queue is full. At once: -EBADF, -EINVAL for an offset
 * below 0.
 */
#define loop_file_open(loop, op, path, flags, mode, fn, arg)                   \
    loop_file_open_named(loop, op, path, flags, mode, fn, arg, LOOP_PLACE(fn))
int loop_file_open_named(struct loop *loop, struct loop_op *op,
                         const char *path, int flags, mode_t mode,
                         loop_op_fn *fn, void *arg, const char *place);
#define loop_file_read(loop, op, fd, memory, offset, fn, arg)                  \
    loop_file_read_named(loop, op, fd, memory, offset, fn, arg, LOOP_PLACE(fn))
int loop_file_read_named(struct loop *loop, struct loop_op *op, int fd,
                         struct iovec memory, off_t offset, loop_op_fn *fn,
                         void *arg, const char *place);
#define loop_file_write(loop, op, fd, data, offset, fn, arg)                   \
    loop_file_write_named(loop, op, fd, data, offset, fn, arg, LOOP_PLACE(fn))
int loop_file_write_named(struct loop *loop, struct loop_op *op, int fd,
                          struct base_slice data, off_t offset, loop_op_fn *fn,
                          void *arg, const char *place);
#define loop_file_sync(loop, op, fd, fn, arg)                                  \
    loop_file_sync_named(loop, op, fd, fn, arg, LOOP_PLACE(fn))
int loop_file_sync_named(struct loop *loop, struct loop_op *op, int fd,
                         loop_op_fn *fn, void *arg, const char *place);

/*
 * Asks an operation to end. Its last callback comes later, in this pass or
 * another, with -ECANCELED or with the result that came first. Harmless if it
 * is not active.
 */
void loop_cancel(struct loop_op *op);

/*
 * Cancels the operations of a descriptor and closes it; its number may be
 * given out anew from the end of this pass on. A watcher of it is stopped.
 * Returns 0, or what close(2) says where it is known now (on uring it is not).
 */
int loop_close(struct loop *loop, int fd);

/* --- signals, children, workers ------------------------------------------- */

struct loop_signal;
typedef void loop_signal_fn(struct loop_signal *s,
                            const struct signalfd_siginfo *info);

struct loop_signal {
    struct base_list link;
    loop_signal_fn *fn;
    void *arg;
    const char *place;
    struct loop *loop; /* NULL: not active */
    int signo;
};

/*
 * Calls back for a signal of the process, by signalfd(2): the signal is blocked
 * in this thread (start it before other threads) until the last watcher of it
 * stops. -EINVAL: no such signal, or one that cannot be caught.
 */
#define loop_signal_start(loop, s, signo, fn, arg)                             \
    loop_signal_start_named(loop, s, signo, fn, arg, LOOP_PLACE(fn))
int loop_signal_start_named(struct loop *loop, struct loop_signal *s, int signo,
                            loop_signal_fn *fn, void *arg, const char *place);
void loop_signal_stop(struct loop_signal *s);

/* For a child's standard streams: a descriptor of ours above 0, or one of
 * these. */
enum { LOOP_INHERIT = 0, LOOP_PIPE = -1, LOOP_NULL = -2 };

struct loop_child;
typedef void loop_child_fn(struct loop_child *child);

struct loop_child {
    pid_t pid;   /* in the callback still that of the child */
    int pipe[3]; /* our ends of stdin, stdout, stderr, or -1; to loop_close */
    int status; /* in the callback: exit status, or minus the signal's number */
    void *arg;
    loop_child_fn *fn;
    const char *place;
    struct loop_watcher watcher;
};

struct loop_child_options {
    const char *const *argv; /* argv[0] is looked up in PATH; NULL ends it */
    char *const *envp;       /* NULL: ours */
    int stream[3];           /* LOOP_INHERIT, LOOP_PIPE, ...; or a descriptor */
};

/*
 * Starts a program (posix_spawn(3)) with default signals and calls back when
 * it has ended, by pidfd_open(2): the child is reaped, no other is touched.
 * Returns the error of posix_spawn (-ENOENT: no such program).
 */
#define loop_child_start(loop, child, options, fn, arg)                        \
    loop_child_start_named(loop, child, options, fn, arg, LOOP_PLACE(fn))
int loop_child_start_named(struct loop *loop, struct loop_child *child,
                           const struct loop_child_options *options,
                           loop_child_fn *fn, void *arg, const char *place);

/* Sends a signal to the child, and to no process that came after it. */
int loop_child_kill(struct loop_child *child, int signo);

/* Forgets a child: no callback comes; the child is reaped when it ends. */
void loop_child_stop(struct loop_child *child);

/* CPUs that this process may use. */
int loop_cpu_count(void);

/*
 * Forks `n` workers (0: one a CPU) and keeps them: one that fails, by status or
 * signal, is started again under its number, `max_restarts` times in all.
 * Returns 1 in a worker, with its number in *worker; 0 in the parent when all
 * have ended with status 0; -ECHILD there when there were too many restarts
 * (the others are ended and reaped); -EBUSY: this process has a loop, fork
 * first. The parent passes SIGTERM and SIGINT on to the workers, and then
 * starts none again.
 */
int loop_fork_workers(int n, int max_restarts, int *worker);

/* The worker's number, kept for later; -1 in a process that is none. */
int loop_worker_number(void);

/* --- worker pool ---------------------------------------------------------- */

/*
 * `threads` threads and a queue of at most `queue_limit` jobs; with 0 threads
 * jobs run at once in the caller (the callback still comes later). The pool is
 * for any number of loops and threads. Free it after their jobs have ended.
 */
struct loop_pool *loop_pool_new(int threads, int queue_limit);
void loop_pool_free(struct loop_pool *pool);

/*
 * Has `work` called in a thread of the pool (NULL: the loop's own, made at the
 * first use), and then `fn` in the loop, exactly once: with 0, or -ECANCELED if
 * it was cancelled before it began. -EAGAIN: the queue is full, nothing
 * happens.
 */
#define loop_job_start(loop, pool, job, work, fn, arg)                         \
    loop_job_start_named(loop, pool, job, work, fn, arg, LOOP_PLACE(work))
int loop_job_start_named(struct loop *loop, struct loop_pool *pool,
                         struct loop_job *job, loop_work_fn *work,
                         loop_job_fn *fn, void *arg, const char *place);

/* Takes a job back from the queue: 0, or -EBUSY if it runs or is done. */
int loop_job_cancel(struct loop_job *job);

/* --- futures: a result that somebody will set ---------------------------- */

enum loop_future_state { LOOP_PENDING, LOOP_DONE, LOOP_FAILED, LOOP_CANCELLED };

struct loop_future {
    enum loop_future_state state;
    int error;   /* negative errno value; -ECANCELED if cancelled */
    void *value; /* whose it is, setter and waiters agree */
    struct loop *loop;
    struct base_list waiters;
};

/*
 * The future has to stay until it is settled and its waiters have been called,
 * and that of loop_future_run until its job has ended.
 */
void loop_future_init(struct loop *loop, struct loop_future *f);

/*
 * Each settles a pending future and returns true; one that is settled already
 * stays as it is: false. Waiters are called in the next pass. In the loop's
 * thread only: from elsewhere by loop_post.
 */
bool loop_future_set(struct loop_future *f, void *value);
bool loop_future_fail(struct loop_future *f, int error);
bool loop_future_cancel(struct loop_future *f);

struct loop_waiter;
typedef void loop_waiter_fn(struct loop_waiter *w);

struct loop_waiter {
    struct loop_call call;
    struct base_list link;
    struct loop_future *future;
    loop_waiter_fn *fn;
    void *arg;
};

/* Calls back when the future is settled, also if it is already: never at once.
 */
#define loop_future_then(f, waiter, fn, arg)                                   \
    loop_future_then_named(f, waiter, fn, arg, LOOP_PLACE(fn))
void loop_future_then_named(struct loop_future *f, struct loop_waiter *waiter,
                            loop_waiter_fn *fn, void *arg, const char *place);
void loop_future_forget(struct loop_waiter *waiter);

/* When `from` is settled, settles `to` alike, unless it is settled already. */
void loop_future_chain(struct loop_future *from, struct loop_future *to,
                       struct loop_waiter *waiter);

/*
 * Runs `work` in a pool (see loop_job_start); the future is set to what it left
 * in job->arg, or cancelled with the job.
 */
int loop_future_run(struct loop_future *f, struct loop_pool *pool,
                    struct loop_job *job, loop_work_fn *work, void *arg);

/* A future's value or error on its way from another thread. */
struct loop_delivery {
    struct loop_post post;
    struct loop_future *future;
    void *value;
    int error;
};

/*
 * Has the future set to `value`, or failed with `error` (unless 0), in the
 * loop's thread. May be called from any thread. As loop_post: 0, and `d`
 * belongs to the loop until the future is settled; or -ESHUTDOWN.
 */
int loop_future_deliver(struct loop_mailbox *mailbox, struct loop_delivery *d,
                        struct loop_future *f, void *value, int error);

/*
 * Runs the loop until the future is settled: returns its error or 0. -ETIMEDOUT
 * at the deadline; -EINTR if the loop was stopped before; or as loop_run.
 */
int loop_future_wait(struct loop_future *f, int64_t deadline_ns);

/* --- counters ------------------------------------------------------------ */

enum { LOOP_BUCKETS = 24 };

/*
 * Buckets are powers of two: bucket 0 counts zeros, bucket i those from
 * 2^(i-1) on, the last all that are larger.
 */
struct loop_stats {
    uint64_t passes, waits, events, callbacks;
    uint64_t timers, calls, posts, operations, jobs;
    uint64_t failed;        /* loop_fail */
    uint64_t accept_pauses; /* out of descriptors */
    uint64_t slow;          /* callbacks that the watchdog has logged */
    uint64_t events_per_wait[LOOP_BUCKETS];
    uint64_t timer_lag_us[LOOP_BUCKETS]; /* how late timers were called */
};

/* Borrowed; valid until loop_free, kept up to date. */
const struct loop_stats *loop_stats(const struct loop *loop);

/* Active watchers, operations, timers, calls, signals, children and jobs. */
size_t loop_active(const struct loop *loop);

#ifdef __cplusplus
}
#endif

#endif
