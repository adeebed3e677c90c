/*
 * co.h - tasks: functions that wait.
 *
 * A task is a function with a stack of its own. Where a callback has to end and
 * say who goes on, a task calls a function that returns when the answer is
 * there; meanwhile the loop runs others. So it reads as if it blocked:
 *
 *     static int echo(void *arg)
 *     {
 *         const int fd = *(int *)arg;
 *         char bytes[512];
 *         ssize_t n;
 *         while ((n = co_recv(fd, bytes, sizeof bytes)) > 0)
 *             if ((n = co_send(fd, bytes, (size_t)n)) < 0)
 *                 break;
 *         loop_close(loop_current(), fd);
 *         return (int)n;
 *     }
 *
 * Rules that hold for all of it
 * - Tasks of a loop run in its thread, one at a time. A task is switched only
 *   where it waits, in a function that says "may suspend"; between two of these
 *   nobody else touches what it works on.
 * - What is there already does not suspend (descriptors: as a rule). So a task
 *   that never has to wait keeps the others waiting: co_yield_turn.
 * - A wait that would suspend can end early, once with -ECANCELED if the task
 *   is cancelled, or with -ETIMEDOUT if a deadline has passed. Then it has had
 *   no effect: nothing was read, taken or sent, no place in a queue is left.
 *   What came first wins, and is returned. While the loop is freed every wait
 *   ends so, also behind a shield.
 * - Those who wait for the same are served first in, first out.
 * - Functions that may suspend return -EPERM outside a task; also in callbacks
 *   of a loop that a task runs. Of those that return nothing, co_defer and
 *   co_set assert there, and the others do nothing.
 * - Memory that a wait names belongs to it until it returns. Structures that
 *   are waited on (locks, queues, groups) may live on a task's stack; they may
 *   not go while somebody waits on them.
 * - A stack is small (48 KiB): large arrays belong elsewhere. To run out of it
 *   ends the program with a line that names the task; compile with
 *   -fstack-clash-protection (loop.pc has it), so that no frame leaps over the
 *   16 KiB of guard.
 * - What belongs to the thread may change over a wait: errno, the rounding
 * mode.
 * - Errors are negative errno values. Time is in nanoseconds, see loop.h.
 *
 * (co_await and co_yield are words of C++: here they are co_wait,
 * co_yield_turn.)
 *
 * Read before: loop.h. Read after: loop/README.md, loop/co/task.c.
 */
#ifndef LOOP_CO_H
#define LOOP_CO_H

#include "loop/loop.h"

#ifdef __cplusplus
extern "C" {
#endif

struct co_task;

/* What a task does. Its result: 0 or more, or a negative errno value. */
typedef int co_fn(void *arg);

/* --- tasks ---------------------------------------------------------------- */

/*
 * Starts a task, which runs when the loop comes to it: never in here. The
 * result is its handle, valid until co_join or co_detach, of which there has to
 * be one. NULL: there is no stack (co_options.max_tasks, or the kernel refuses
 * memory; it is logged), or the loop is being freed.
 */
#define co_spawn(loop, fn, arg) co_spawn_named(loop, fn, arg, LOOP_PLACE(fn))
struct co_task *co_spawn_named(struct loop *loop, co_fn *fn, void *arg,
                               const char *place);

/*
 * The same for a task that nobody joins: 0 or -ENOMEM. Its error is logged
 * (-ECANCELED is none).
 */
#define co_go(loop, fn, arg) co_go_named(loop, fn, arg, LOOP_PLACE(fn))
int co_go_named(struct loop *loop, co_fn *fn, void *arg, const char *place);

/*
 * co_go and co_spawn for callbacks: run the task here and now until it first
 * suspends or ends. Called from a task they are co_go and co_spawn.
 */
#define co_start(loop, fn, arg) co_start_named(loop, fn, arg, LOOP_PLACE(fn))
int co_start_named(struct loop *loop, co_fn *fn, void *arg, const char *place);
#define co_spawn_now(loop, fn, arg)                                            \
    co_spawn_now_named(loop, fn, arg, LOOP_PLACE(fn))
struct co_task *co_spawn_now_named(struct loop *loop, co_fn *fn, void *arg,
                                   const char *place);

/*
 * Runs the loop until the task has ended, and returns its result. If the loop
 * is stopped before, the task is cancelled, and still waited for. -ENOMEM: no
 * stack; or an error of loop_run. For main; a task cannot call it (-EBUSY).
 */
#define co_run(loop, fn, arg) co_run_named(loop, fn, arg, LOOP_PLACE(fn))
int co_run_named(struct loop *loop, co_fn *fn, void *arg, const char *place);

/*
 * Waits for the end of a task, which `result` (may be NULL) gets; the handle is
 * gone then. 0; or what ended the wait: the handle stays. -EDEADLK: its own;
 * -EBUSY: another waits for it. May suspend.
 */
int co_join(struct co_task *task, int *result);

/* Gives the handle up, also one's own: an error of the task is logged. */
void co_detach(struct co_task *task);

/*
 * Has the wait that the task is in, or else its next one that would suspend,
 * return -ECANCELED, once. What the task does then is its own affair: it should
 * clean up and return; a shield keeps a second cancel away from that. Cancels
 * that have not struck yet are one. Harmless if it has ended, as long as the
 * handle is valid.
 */
void co_cancel(struct co_task *task);

bool co_ended(const struct co_task *task);

/* The task that runs; NULL: none does. No handle: valid until it ends. */
struct co_task *co_current(void);

/* What traces, logs and co_dump call it; at first the name of its function. */
const char *co_name(const struct co_task *task);

/* Names the running task; `name` is borrowed until the task ends. */
void co_set_name(const char *name);

/* Lets the others run that are ready, and now and then the loop. Suspends. */
int co_yield_turn(void);

/* --- the end of a task ---------------------------------------------------- */

struct co_cleanup {
    void (*fn)(void *arg);
    void *arg;
    struct co_cleanup *before;
};

/*
 * Has `fn` called when the running task's function has returned, the last
 * first. It may suspend; a cancel does not concern it any more. `cleanup` lies
 * in what is cleaned up, not in a frame of the task: these are gone by then.
 */
void co_defer(struct co_cleanup *cleanup, void (*fn)(void *arg), void *arg);

/* Runs it now, out of turn, in the task that has it; harmless if it has run. */
void co_defer_run(struct co_cleanup *cleanup);

/* --- time ----------------------------------------------------------------- */

/* Waits; 0 or less is co_yield_turn. Returns 0 or what ended the wait.
 * Suspends. */
int co_sleep(int64_t duration_ns);
int co_sleep_until(int64_t deadline_ns);

struct co_deadline {
    struct loop_timer timer;
    struct co_task *task;
    struct co_deadline *outer;
    int shields;
    bool expired;
};

/*
 * From begin to end, each wait of the running task that would suspend after
 * `deadline_ns` returns -ETIMEDOUT. Deadlines nest, the nearest counts; the
 * task's own tasks do not inherit them. end: whether it has struck; it must
 * come before `d` goes, so that a way out of the block does not forget it:
 *     struct co_deadline d __attribute__((cleanup(co_deadline_end)));
 */
void co_deadline_begin(struct co_deadline *d, int64_t deadline_ns);
bool co_deadline_end(struct co_deadline *d);

/*
 * From begin to end, the running task is neither cancelled nor stopped by a
 * deadline from before: for what has to be brought to its end. They nest. A
 * cancel that came meanwhile strikes afterwards. (Freeing the loop breaks it.)
 */
void co_shield_begin(void);
void co_shield_end(void);

/* --- groups: tasks that end together -------------------------------------- */

/* A list of tasks that wait, in order; all zero: nobody. */
struct co_waiters {
    struct base_list list;
};

struct co_group {
    struct loop *loop;
    struct co_task *owner;
    struct base_list tasks;
    struct co_waiters waiters;
    int n;     /* tasks that have not ended */
    int error; /* the first */
    bool cancelled;
};

/*
 * A group belongs to the task that begins it, which must co_group_wait before
 * it ends. When one of its tasks ends with an error the others are cancelled.
 */
void co_group_begin(struct co_group *g);

/* Starts a task in the group; 0, -ENOMEM, -ECANCELED: it is cancelled, or
 * -EPERM: it is over, or was begun outside a task. */
#define co_group_go(g, fn, arg) co_group_go_named(g, fn, arg, LOOP_PLACE(fn))
int co_group_go_named(struct co_group *g, co_fn *fn, void *arg,
                      const char *place);

/* Cancels those that are in it. To do so again does nothing. */
void co_group_cancel(struct co_group *g);

/*
 * Waits until all have ended, always. If the wait is to end early, by a cancel
 * or a deadline, the tasks are cancelled, waited for, and that is the result;
 * otherwise the first error of a task, or 0. The other errors are logged. After
 * that the group is over; co_group_begin makes it new. -EPERM: it is not the
 * running task's. May suspend.
 */
int co_group_wait(struct co_group *g);

/* --- futures ----------------------------------------------------------------
 *
 * A callback that sets a loop_future (loop.h) is turned into a function that
 * waits by co_wait. Where the wait may end early, what sets the future has to
 * be stopped by the caller.
 */

/*
 * Waits until it is settled, then returns its error, or 0 and its value in
 * `value` (may be NULL). -EINVAL: it is no future of this loop. May suspend.
 */
int co_wait(struct loop_future *f, void **value);

/* For co_wait_all. */
enum { CO_FAIL_FAST = 1, CO_CANCEL_REST = 2, CO_QUIET = 4 };

/*
 * Waits for all n, in whatever order they are settled; the values stand in the
 * futures, which stay until then. Returns 0; or the error that came first
 * (others are logged, unless CO_QUIET), or what ended the wait. One future may
 * be named twice. CO_FAIL_FAST: returns with the first error. CO_CANCEL_REST:
 * and if it does not return 0, cancels those that are pending. -EINVAL: n is
 * below 0, or one is no future of this loop. May suspend.
 */
int co_wait_all(struct loop_future *const futures[], int n, unsigned flags);

/* Waits for the first of n > 0 to be settled: its index. -EINVAL as above. May
 * suspend. */
int co_wait_any(struct loop_future *const futures[], int n);

/*
 * In the order in which they are settled: co_each_next returns the index of the
 * next, -ENOENT after the last, or what ended the wait; it may suspend. Between
 * begin and end the array and the futures stay, and one task at a time calls
 * next (-EBUSY). begin: 0, or -EINVAL as above.
 */
struct co_each {
    struct loop_future *const *futures;
    struct loop_waiter *waiters; /* owned, one a future */
    struct base_list settled;    /* of the waiters, not taken yet */
    struct co_task *sleeper;
    int n, taken;
};
int co_each_begin(struct co_each *each, struct loop_future *const futures[],
                  int n);
int co_each_next(struct co_each *each);
void co_each_end(struct co_each *each);

/*
 * Starts a task that settles `f` when it ends: with `arg` as the value, or its
 * error. If somebody else settles it, by loop_future_cancel for one, the future
 * may go, and the task is cancelled: it uses `arg` until it ends, and its error
 * is logged. 0 or -ENOMEM. `f` is initialised here.
 */
#define co_promise(loop, f, fn, arg)                                           \
    co_promise_named(loop, f, fn, arg, LOOP_PLACE(fn))
int co_promise_named(struct loop *loop, struct loop_future *f, co_fn *fn,
                     void *arg, const char *place);

/*
 * Calls `work` in a thread of the pool (NULL: the loop's own) and waits for its
 * end. 0; -EAGAIN: the pool's queue is full. A wait that is to end early takes
 * the work back, unless it has begun: then it is waited for. May suspend.
 */
int co_work(struct loop_pool *pool, void (*work)(void *arg), void *arg);

/* --- descriptors ------------------------------------------------------------
 *
 * As the system calls of these names, but the task waits where they would
 * block: on uring the kernel does them, elsewhere they are done when the
 * descriptor is ready. Descriptors are non-blocking; loop_close closes them,
 * and ends waits with -ECANCELED. One task at a time reads, one writes: -EBUSY.
 * All may suspend; on uring, and where nothing is said of bytes, they do, also
 * if what they wait for is there.
 */

/* Waits until it is ready for `event`, LOOP_READ or LOOP_WRITE: 0. */
int co_wait_fd(int fd, unsigned event);

/* A connection, non-blocking and close-on-exec. Pauses when out of them. */
int co_accept(int fd);
int co_connect(int fd, const struct sockaddr *addr, socklen_t len);

/* Up to `len` bytes: their number, 0 at the end. co_recv: stream sockets. */
ssize_t co_recv(int fd, void *memory, size_t len);
ssize_t co_read(int fd, void *memory, size_t len);
ssize_t co_readv(int fd, struct iovec *iov, int n);

/*
 * All bytes, or an error. co_send: sockets, without SIGPIPE. The arrays of the
 * v-forms are changed. If a wait ends early, *some* may have gone.
 */
ssize_t co_send(int fd, const void *bytes, size_t len);
ssize_t co_sendv(int fd, struct iovec *iov, int n);
ssize_t co_write(int fd, const void *bytes, size_t len);
ssize_t co_writev(int fd, struct iovec *iov, int n);

/*
 * `len` bytes of the file `file` from `offset` on to the socket `fd`: their
 * number, less if the file ends. The file is read by this thread. Without
 * SIGPIPE. See sendfile(2).
 */
ssize_t co_sendfile(int fd, int file, off_t offset, size_t len);

/* Files, by the pool or, on uring, the kernel: see loop_file_read in loop.h. */
int co_file_open(const char *path, int flags, mode_t mode);
ssize_t co_file_read(int fd, void *memory, size_t len, off_t offset);
ssize_t co_file_write(int fd, const void *bytes, size_t len, off_t offset);
int co_file_sync(int fd);

/* --- locks, semaphores, conditions, events ---------------------------------
 *
 * Within one loop, between its tasks. A lock is needed only where a task waits
 * while it holds it. All zero is a good beginning for these, but for
 * semaphores.
 */

struct co_lock {
    struct co_waiters waiters;
    struct co_task *owner;
};

/* 0 or what ended the wait; -EDEADLK: the task has it already. May suspend. */
int co_lock(struct co_lock *lock);

/* Hands it to the first that waits. 0, or -EPERM: the task does not have it. */
int co_unlock(struct co_lock *lock);

/*
 * A guard, which no way out of a block forgets to unlock; NULL: was not locked.
 *     struct co_lock *held __attribute__((cleanup(co_lock_end))) = NULL;
 *     if (co_lock_begin(&held, &lock) != 0) return ...;
 */
int co_lock_begin(struct co_lock **held, struct co_lock *lock);
void co_lock_end(struct co_lock **held);

struct co_semaphore {
    struct co_waiters waiters;
    int value, bound;
};

/* Begins with `value`; a release beyond `bound` is refused (INT_MAX: none).
 * -EINVAL: value below 0 or above bound. */
int co_semaphore_init(struct co_semaphore *s, int value, int bound);
int co_semaphore_acquire(struct co_semaphore *s); /* may suspend */
int co_semaphore_try(struct co_semaphore *s);     /* -EAGAIN: it is 0 */
int co_semaphore_release(struct co_semaphore *s); /* -EOVERFLOW: the bound */

struct co_condition {
    struct co_waiters waiters;
};

/*
 * Waits to be notified. `lock` (may be NULL) is unlocked meanwhile and locked
 * again before it returns, also with -ETIMEDOUT or -ECANCELED. May suspend.
 */
int co_condition_wait(struct co_condition *c, struct co_lock *lock);

/* Wakes the first n that wait, or all of them. */
void co_condition_notify(struct co_condition *c, int n);
void co_condition_notify_all(struct co_condition *c);

struct co_event {
    struct co_waiters waiters;
    bool is_set;
};

/* Waits unless it is set. Who waits when it is set goes on, even if it is
 * cleared at once. May suspend. */
int co_event_wait(struct co_event *e);
void co_event_set(struct co_event *e);
void co_event_clear(struct co_event *e);

/* --- queues and channels -------------------------------------------------- */

enum co_queue_kind { CO_FIFO, CO_LIFO, CO_PRIORITY };

/* Whether a goes before b; equals go in the order in which they came. */
typedef bool co_before_fn(const void *a, const void *b);

struct co_queue {
    enum co_queue_kind kind;
    int limit, n;
    uint64_t unfinished; /* put, and not yet told done */
    co_before_fn *before;
    struct co_queue_item *items; /* owned; capacity of them, first at `head` */
    int capacity, head;
    uint64_t serial;
    struct co_waiters getters, putters, joiners;
};

/*
 * A queue of pointers for at most `limit`. `before` is for CO_PRIORITY, else
 * NULL: -EINVAL, as a limit below 1. fini: nobody may be waiting; what the
 * items point to stays the caller's.
 */
int co_queue_init(struct co_queue *q, enum co_queue_kind kind, int limit,
                  co_before_fn *before);
void co_queue_fini(struct co_queue *q);

/* Wait for room or an item: may suspend. The try forms, for callbacks too,
 * return -EAGAIN. */
int co_queue_put(struct co_queue *q, void *item);
int co_queue_get(struct co_queue *q, void **item);
int co_queue_try_put(struct co_queue *q, void *item);
int co_queue_try_get(struct co_queue *q, void **item);

/* One item that was got is done with; -EINVAL: not that many were got. */
int co_queue_done(struct co_queue *q);

/* Waits until as many are done as were put. May suspend. */
int co_queue_join(struct co_queue *q);

struct co_channel {
    size_t size; /* of an element */
    int capacity, n, head;
    char *ring; /* owned */
    bool closed;
    uint64_t send_turn, receive_turn; /* when co_select last chose it */
    struct co_waiters senders, receivers;
};

/*
 * A channel copies elements of `size` bytes from senders to receivers.
 * `capacity` of them may be under way; 0: a sender waits for its receiver.
 * -EINVAL: a size of 0 or a capacity below 0. fini: nobody may be waiting.
 */
int co_channel_init(struct co_channel *c, size_t size, int capacity);
void co_channel_fini(struct co_channel *c);

/*
 * 0; -EPIPE: closed (for receivers: and nothing is left). May suspend. close
 * wakes all who wait; what they would have sent stays theirs.
 */
int co_channel_send(struct co_channel *c, const void *element);
int co_channel_receive(struct co_channel *c, void *element);
void co_channel_close(struct co_channel *c);

/* One of the things that co_select waits for. */
struct co_case {
    struct co_channel *channel;
    const void *send; /* the element to send; NULL: */
    void *receive;    /* where the received goes */
    int result;       /* of the case that was chosen: 0 or -EPIPE */
};

/* How many cases co_select takes; they are on the task's stack. */
enum { CO_CASES_MAX = 16 };

/*
 * Waits until one of the n cases can be done, does it and returns its index;
 * of several that can be done, one by turns. May suspend. If `wait` is false
 * it never does, may be called by callbacks, and returns -EAGAIN if none can.
 * -EINVAL: n is below 1 or above CO_CASES_MAX.
 */
int co_select(struct co_case *cases, int n, bool wait);

/* --- values of a task ----------------------------------------------------- */

/* Identified by its address. */
struct co_key {
    void (*drop)(void *value); /* called at the task's end; or NULL */
};

/* The running task's own; NULL as long as it was not set. Never inherited. */
void *co_get(const struct co_key *key);
void co_set(const struct co_key *key, void *value);

/* --- stacks, options, looking on ------------------------------------------ */

enum co_guard { CO_GUARD_BEST, CO_GUARD_MPROTECT, CO_GUARD_NONE };

/* All zero is a good choice. */
struct co_options {
    size_t stack_size;   /* with 16 KiB of guard, in pages; 0: 64 KiB */
    int max_tasks;       /* 0: 10 million */
    int stacks_kept;     /* with their memory when nobody uses them; 0: 1024 */
    enum co_guard guard; /* BEST: without a mapping each, if the kernel can */
};

/* Before the loop's first task: 0, -EBUSY too late, -EINVAL a bad size. */
int co_setup(struct loop *loop, const struct co_options *options);

struct co_stats {
    uint64_t spawned, switches;
    size_t tasks, most_tasks;   /* alive now, and at most */
    size_t stacks, stacks_warm; /* mapped; free with their memory */
    size_t stack_size;          /* what a task may use of its stack */
};
void co_stats(const struct loop *loop, struct co_stats *stats);

/* The most bytes of its stack that a task, or one before it, has used. */
size_t co_stack_used(const struct co_task *task);

/* The same over all the loop's stacks, also those that are kept for later. */
size_t co_stack_high(const struct loop *loop);

/*
 * Writes all tasks to a descriptor: name, place, state, what each waits for,
 * how long, and the stack it has used. dump_on: whenever the signal comes, to
 * stderr; 0: no more. Errors as loop_signal_start.
 */
void co_dump(struct loop *loop, int fd);
int co_dump_on(struct loop *loop, int signo);

#ifdef __cplusplus
}
#endif

#endif
