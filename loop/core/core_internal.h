/*
 * core_internal.h - what the files of loop/core/ share: the loop itself, its
 * table of descriptors, and the seam between the loop and its back ends.
 *
 * The seam. A back end is one const table. It can always watch descriptors
 * (`interest`, `wait`), and it starts, cancels and releases operations. Three
 * of them (select, poll, epoll) know only readiness, so these functions are
 * those of ready.c, which does an operation when its descriptor is ready;
 * uring hands operations to the kernel.
 *
 *     public functions    watcher.c  op.c  file.c
 *                              |       |
 *     the seam            struct backend: interest, start, cancel, wait
 *                         |       |       |          |
 *     back ends        select   poll    epoll      uring
 *                         \_______|_______/
 *                              ready.c
 *
 * Interest changes are queued: who changes what a descriptor is watched for
 * calls core_changed, and before it waits the loop tells the back end once what
 * came of it, however often it changed.
 *
 * Stale events. A batch may hold an event of a descriptor that was closed, or
 * watched anew, earlier in the same batch. So what a back end gives the kernel
 * as a tag is descriptor and serial number; the serial number changes at each
 * start, change and close, and an event with an old one finds nothing
 * (slot_tagged).
 *
 * Read before: loop.h. Read after: loop.c.
 */
#ifndef LOOP_CORE_INTERNAL_H
#define LOOP_CORE_INTERNAL_H

#include "loop/base/wheel_internal.h"
#include "loop/loop.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* --- descriptors ---------------------------------------------------------- */

/* All that the loop knows of one descriptor, found by its number. */
struct slot {
    struct loop_watcher *watcher;    /* either this */
    struct loop_op *reader, *writer; /* or these */
    uint32_t serial;                 /* see "Stale events" */
    uint32_t told_serial;            /* what the kernel knows it by */
    uint8_t told;                    /* LOOP_* bits that the kernel watches */
    uint8_t ready;                   /* LOOP_* bits it has reported, not used */
    bool hung_up; /* or urgent data: a short read does not mean drained */
    bool changed : 1, again : 1; /* in that queue */
    bool internal : 1;           /* the loop's own, not counted */
    bool kept : 1;               /* loop_close_all leaves it alone */
    bool paused : 1;             /* accepting waits for descriptors */
};

enum { SLOTS_A_PAGE = 256 };

/* Descriptors that have to be looked at before the loop waits. */
struct fd_queue {
    int *fds;
    int n, capacity;
};

void fd_queue_add(struct fd_queue *q, int fd);

/* Takes the first `n` off; those that came meanwhile move up. */
void fd_queue_drop(struct fd_queue *q, int n);

/* Gives a slot the next serial number. */
void slot_renew(struct slot *s);
void slots_free(struct loop *loop);

/* The slot after *fd, which moves to it; NULL at the end. Begin with -1. */
struct slot *core_slot_next(const struct loop *loop, int *fd);

/* The slot, made if need be; NULL: no descriptor is open. It never moves. */
struct slot *core_slot(struct loop *loop, int fd);

/* Notes that what `fd` is watched for may have changed. */
void core_changed(struct loop *loop, int fd, struct slot *s);

/* Notes that there is more to be done for `fd` without waiting. */
void core_again(struct loop *loop, int fd, struct slot *s);

/* --- back ends ----------------------------------------------------------- */

struct backend {
    const char *name;
    bool edge; /* reports changes, not states, of operations' descriptors */
    bool completes; /* does operations itself: watches nothing for them */
    int limit;      /* watches descriptors below this; 0: all */

    /* Sets loop->back up, or returns a negative errno value. */
    int (*open)(struct loop *loop);
    void (*close)(struct loop *loop);

    /* Hands to the kernel what waits to be; NULL: nothing ever does. */
    void (*flush)(struct loop *loop);

    /* The descriptor for another loop, or -ENOTSUP. */
    int (*fd)(const struct loop *loop);

    /*
     * Tells the kernel what to watch `fd` for: LOOP_READ, LOOP_WRITE,
     * LOOP_EDGE; 0: nothing. s->told is what it watches now; the caller sets it
     * anew.
     */
    int (*interest)(struct loop *loop, int fd, const struct slot *s,
                    unsigned wanted);

    /*
     * Sleeps until something happens, at most `timeout_ns` (-1: for ever), and
     * reports it: core_ready for descriptors, op_progress for operations.
     * Returns the number of events, or a negative errno value.
     */
    int (*wait)(struct loop *loop, int64_t timeout_ns);

    /*
     * What can be had at once of an operation that is filled but not started:
     * its result, or -EAGAIN. NULL: nothing.
     */
    ssize_t (*attempt)(struct loop *loop, struct loop_op *op);

    /*
     * start: the operation is checked, in its slot and in loop->ops. cancel: it
     * is active; end it by op_end, now or later. release: `fd`, whose
     * operations have been cancelled, is to be closed.
     */
    void (*start)(struct loop_op *op);
    void (*cancel)(struct loop_op *op);
    int (*release)(struct loop *loop, int fd);
};

extern const struct backend backend_select, backend_poll, backend_epoll,
    backend_uring;

/* Finds a back end by its name; NULL if there is none of that name. */
const struct backend *backend_find(const char *name);

/* A back end's events come in here. `tag`: see slot_tag. */
void core_ready(struct loop *loop, uint64_t tag, unsigned events, bool hung_up);

/* ready.c, for the tables of select, poll and epoll. */
ssize_t ready_attempt(struct loop *loop, struct loop_op *op);
void ready_start(struct loop_op *op);
void ready_cancel(struct loop_op *op);
int ready_release(struct loop *loop, int fd);

/* Goes on with the descriptor's operations; called by the loop for `again`. */
void ready_resume(struct loop *loop, int fd, struct slot *s);

/* Events of one wait, gathered before the first callback changes anything. */
struct ready_list {
    struct {
        uint64_t tag;
        unsigned events;
        bool hung_up;
    } * items;
    int n, capacity;
};

void ready_list_add(struct ready_list *l, uint64_t tag, unsigned events,
                    bool hung_up);
int ready_list_report(struct loop *loop, struct ready_list *l);

/* --- the loop ------------------------------------------------------------ */

struct trace;
struct watchdog;
struct signals;

/* What the floor above, of tasks, hands down when it is first used. */
struct loop_tasks {
    void (*run)(struct loop *loop); /* those that are ready, or some */

    /* The loop is freed: before all else ends, and after it. */
    void (*cancel)(struct loop *loop);
    void (*close)(struct loop *loop);
};

struct loop {
    const struct backend *backend;
    void *back; /* the back end's own */

    struct slot **pages; /* of SLOTS_A_PAGE slots each */
    int n_pages;
    struct fd_queue changed, again;

    struct base_wheel wheel;
    struct base_list calls;     /* struct loop_call, of the next pass */
    struct base_list ops;       /* struct loop_op, active */
    struct base_list finished;  /* struct loop_op, last callback due */
    struct base_list jobs;      /* struct loop_job, active */
    struct base_list periodics; /* struct loop_periodic, active */
    struct loop_mailbox *mailbox;
    struct loop_watcher mail; /* its eventfd */
    struct signals *signals;  /* NULL: none is watched */
    struct loop_pool *pool;   /* NULL: not used yet */
    struct loop_timer resume; /* for accepting that pauses */
    int n_paused;
    struct loop_periodic *beating;  /* its callback runs */
    const struct loop_tasks *tasks; /* NULL: there was none yet */
    struct co_scheduler *scheduler; /* theirs */
    bool tasks_ready;               /* tasks->run has something to do */

    int64_t now_ns; /* of this pass, if known */
    bool now_known;
    bool running, closing; /* closing: nothing is started any more */
    atomic_int stop;
    struct loop *outer;         /* in whose callback this one runs */
    struct co_task *outer_task; /* or in which task */
    unsigned born;              /* see core_forks */
    size_t n_active;            /* see loop_active */
    char *scratch;              /* where loop_recv receives */
    const char *place;          /* of the callback that runs */
    bool observed;              /* by trace or watchdog */
    struct trace *trace;
    struct watchdog *watchdog;
    struct loop_stats stats;
    struct loop_options options; /* completed from the environment */
};

/* The slot, or NULL if there never was one. */
static inline struct slot *core_slot_find(const struct loop *loop, int fd)
{
    const unsigned page = (unsigned)fd / SLOTS_A_PAGE;
    if (page >= (unsigned)loop->n_pages || loop->pages[page] == NULL)
        return NULL;
    return &loop->pages[page][(unsigned)fd % SLOTS_A_PAGE];
}

/* What travels through the kernel with an event: never NULL's 0. */
static inline uint64_t slot_tag(const struct slot *s, int fd)
{
    return (uint64_t)s->serial << 32 | (uint32_t)fd;
}

/* The slot that was given this tag, unless it has another by now. */
static inline struct slot *slot_tagged(const struct loop *loop, uint64_t tag)
{
    struct slot *s = core_slot_find(loop, (int)(uint32_t)tag);
    return s != NULL && s->serial == tag >> 32 ? s : NULL;
}

enum { SCRATCH_SIZE = 65536 };

/*
 * The task that runs in this thread (co.h); NULL: none does, or it runs a loop,
 * whose callbacks are not the task. Tasks do not change threads, so its address
 * may be kept over a switch.
 */
extern _Thread_local struct co_task *co_running
    __attribute__((tls_model("initial-exec")));

/* One pass; see loop.c. */
void core_pass(struct loop *loop, int64_t deadline_ns);

/* From here on the loop runs, whoever calls its callbacks; to leave. */
void core_enter(struct loop *loop);
void core_leave(struct loop *loop);

/* Sets what loop_current says; returns what it said before. */
struct loop *core_set_current(struct loop *loop);

/* The system's clock: what threads and traces compare. */
static inline int64_t core_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * LOOP_SECOND + now.tv_nsec;
}

/* The loop's clock itself, which may be a test's; not loop_now. */
int64_t core_clock(const struct loop *loop);

/* Loops of this process; and how often it is the child of a fork. */
extern atomic_int core_loops;
extern atomic_uint core_forks;

/* --- calling back -------------------------------------------------------- */

enum callback_kind {
    CALL_WATCHER,
    CALL_TIMER,
    CALL_DEFERRED,
    CALL_POST,
    CALL_OP,
    CALL_SIGNAL,
    CALL_JOB,
    CALL_TASK,
    CALL_KINDS
};

/* trace.c and watchdog.c, if somebody observes. */
void observe_begin(struct loop *loop, enum callback_kind kind);
void observe_end(struct loop *loop, enum callback_kind kind);

/* Around every callback; what they cost is a store, a count and two branches.
 */
static inline void callback_begin(struct loop *loop, enum callback_kind kind,
                                  const char *place)
{
    loop->place = place;
    loop->stats.callbacks++;
    if (loop->observed)
        observe_begin(loop, kind);
}

static inline void callback_end(struct loop *loop, enum callback_kind kind)
{
    if (loop->observed)
        observe_end(loop, kind);
    loop->place = NULL;
}

/* --- operations ---------------------------------------------------------- */

enum op_kind {
    OP_ACCEPT,
    OP_CONNECT,
    OP_RECV,
    OP_SEND,
    OP_READ,
    OP_WRITE,
    OP_POLL,
    OP_FILE_OPEN,
    OP_FILE_READ,
    OP_FILE_WRITE,
    OP_FILE_SYNC
};

enum op_state { OP_IDLE, OP_ACTIVE, OP_CANCELLING, OP_FINISHED };

/* Whether it waits for the descriptor to be readable, or writable. */
static inline bool op_is_reader(const struct loop_op *op)
{
    return op->kind == OP_ACCEPT || op->kind == OP_RECV ||
           op->kind == OP_READ ||
           (op->kind == OP_POLL && op->event == LOOP_READ);
}

static inline bool op_is_file(const struct loop_op *op)
{
    return op->kind >= OP_FILE_OPEN;
}

/*
 * Checks an operation, fills it, and has the back end start it. File operations
 * are in no slot. What the kind needs beside is set before.
 */
int op_start_common(struct loop *loop, struct loop_op *op, enum op_kind kind,
                    int fd, loop_op_fn *fn, void *arg, const char *place);

/* The buffer of an operation that is about to start. */
static inline void op_set_memory(struct loop_op *op, struct iovec memory)
{
    op->one = memory;
    op->iov = &op->one;
    op->n_iov = 1;
    op->done = 0;
}

static inline void op_set_vector(struct loop_op *op, struct iovec *iov, int n)
{
    op->iov = iov;
    op->n_iov = n;
    op->done = 0;
}

/* How many of its buffers one sendmsg(2) takes. */
static inline size_t op_buffers(const struct loop_op *op)
{
    return op->n_iov < IOV_MAX ? (size_t)op->n_iov : IOV_MAX;
}

/* `n` more bytes of a send or write have gone. */
void op_sent(struct loop_op *op, size_t n);

/* A callback that is not the last. In the phase of input and output only. */
void op_progress(struct loop_op *op, ssize_t result);

/* The last callback, now: in the phase of input and output only. */
void op_end(struct loop_op *op, ssize_t result);

/* The last callback, later in this pass or in the next: from anywhere. */
void op_end_later(struct loop_op *op, ssize_t result);

/* Delivers what op_end_later has gathered. */
void ops_finish(struct loop *loop);
void ops_cancel_all(struct loop *loop);

/*
 * True if accepting has to pause after this (positive) error: the operation is
 * started anew when descriptors may be there again.
 */
bool op_pause(struct loop_op *op, int error);
/* Accepting, which has paused, is to be tried again. */
void pause_end(struct loop *loop, struct slot *s);

/* True if accept(2) failed because of the one connection: try the next. */
bool op_accept_again(int error);

/* file.c: does a file operation in the pool; and cancels it there. */
void file_start(struct loop_op *op);
void file_cancel(struct loop_op *op);

/* --- small parts, each in the file of its name --------------------------- */

/* Watches a descriptor of the loop's own; not counted, not traced. */
int watcher_start_internal(struct loop *loop, struct loop_watcher *w, int fd,
                           loop_watcher_fn *fn, void *arg);

int mailbox_open(struct loop *loop);
void mailbox_close(struct loop *loop); /* delivers what was accepted */
void mailbox_deliver(struct loop *loop);
void mailbox_wake(struct loop_mailbox *mailbox);

/* Tells the back end of all changes that are queued. */
void core_apply(struct loop *loop);

/* Stops all watchers that are not the loop's own; all timers. */
void watchers_close(struct loop *loop);
void timers_run(struct loop *loop);
void periodics_close(struct loop *loop);
void timers_close(struct loop *loop);
void calls_run(struct loop *loop);
void calls_close(struct loop *loop);

void signals_close(struct loop *loop);

/* Stops watching children; before watchers_close. */
void children_close(struct loop *loop);

/* Cancels all jobs of the loop and waits for those that run. */
void pool_close(struct loop *loop);

/* The place of the job in a trace: from the pool's threads, with times. */
int trace_open(struct loop *loop, const char *path);
void trace_close(struct loop *loop);
void trace_pass(struct loop *loop);                     /* a pass begins */
void trace_wait(struct loop *loop, bool begins, int n); /* n events */
void trace_job(struct loop *loop, const struct loop_job *job);

int watchdog_open(struct loop *loop, int64_t limit_ns);
void watchdog_close(struct loop *loop);
void watchdog_begin(struct loop *loop);
void watchdog_end(struct loop *loop);

/* The bucket of loop_stats for `value`. */
static inline unsigned stats_bucket(uint64_t value)
{
    const unsigned bits =
        value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
    return bits < LOOP_BUCKETS ? bits : LOOP_BUCKETS - 1;
}

#endif
