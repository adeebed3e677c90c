/*
 * minico.h - coroutines: functions that can wait, on the loop of lesson 07.
 *
 * A callback must never wait: it says who goes on, returns, and its local
 * variables are gone. A *task* is a function with a stack of its own. When it
 * waits, it is left where it stands, and the loop goes on. Later the task goes
 * on behind that line, its local variables as they were:
 *
 *     begin and end     mini_main   mini_spawn   mini_join   mini_cancel
 *     wait              mini_await   mini_sleep   mini_yield   mini_suspend
 *     wait if need be   mini_connect   mini_send   mini_recv
 *
 * All tasks share one thread. Another one runs only when this one waits, so
 * what lies between two waits needs no lock. A blocking call, or a computation
 * that does not end, still holds up everybody.
 *
 * Errors are negative errno values. Every wait, whatever for, can end early:
 *
 *     -ECANCELED   somebody has cancelled the task. Told once: at the wait that
 *                  goes on, or else at the next one. A task that is told cleans
 *                  up and returns.
 *     -ETIMEDOUT   the task's deadline has passed. Told by each wait, until
 *                  mini_deadline sets another.
 *
 * Deliberately simple, and done fully in loop/co: SIMPLIFIED in minico.c.
 *
 * Read before: ../07-callbacks/miniloop.h, ucontext.c. Read after: minico.c.
 */
#ifndef LESSONS_MINICO_H
#define LESSONS_MINICO_H

#include "../07-callbacks/miniloop.h"

#include <sys/socket.h>

struct task; /* lies at the top of its own stack */

/* What a task runs. The result is for mini_join. */
typedef int task_function(void *arg);

/*
 * A descriptor that tasks wait for, one at a time. Its user owns it, often as a
 * local variable of the task, and fills in the first field alone. It may not
 * move, and must be forgotten before it goes.
 */
struct descriptor {
    int fd; /* non-blocking; the user opens and closes it */
    struct watcher watcher;
    struct task *waiter;
};

/* --- begin and end -------------------------------------------------------- */

/*
 * Runs function(arg) as the first task, then all that it spawns, and returns 0
 * when the last has ended. Must run alone, and `l` must not run yet. Errors: as
 * mini_spawn; or what epoll_wait said, and then all tasks are left where they
 * stand: the program should end.
 */
int mini_main(struct miniloop *l, task_function *function, void *arg);

/*
 * Makes a task, which begins in the next pass; `arg` is borrowed until it ends.
 * If `t` is not NULL, *t is the new task, to be joined by somebody. If it is
 * NULL, the task goes at its end, and nobody learns its result. -ENOMEM: there
 * is no room for a stack; see vm.max_map_count in proc(5).
 */
int mini_spawn(struct task **t, task_function *function, void *arg);

/*
 * Waits until `t` has ended; its result is in *result (NULL: not wanted), and
 * `t` is gone. Returns 0; after an error `t` is still there. Only one task may
 * join it, and not `t` itself.
 */
int mini_join(struct task *t, int *result);

/*
 * Lets the task's present or next wait return -ECANCELED. It may still take its
 * time, or ignore it: to know that it has ended, join it.
 */
void mini_cancel(struct task *t);

/* Cancels all tasks but the one that calls. */
void mini_cancel_all(void);

/*
 * Lets waits of the calling task fail with -ETIMEDOUT from `delay_ms` on;
 * negative: never. Replaces the deadline that was set before.
 */
void mini_deadline(int delay_ms);

/* The task that runs; NULL in a callback. */
struct task *mini_self(void);

/* --- wait ----------------------------------------------------------------- */

/*
 * Waits until d->fd is ready for `interest` (EPOLLIN, EPOLLOUT, both), or has
 * an error. Always lets others run first. Returns 0, or as mini_watch.
 */
int mini_await(struct descriptor *d, uint32_t interest);

/*
 * Lets the loop forget the descriptor; harmless if it does not know it. Must
 * come before close(d->fd), and when no task waits for it.
 */
void mini_forget(struct descriptor *d);

/* Waits for `ms`, or up to 1 ms longer. */
int mini_sleep(int ms);

/* Lets all others that can go on have their turn. */
int mini_yield(void);

/*
 * What else a task may wait for is built of these two: mini_suspend waits until
 * mini_wake says what it is to return. mini_wake is for tasks and callbacks of
 * the loop's thread; the task goes on in the next pass. It is harmless if the
 * task does not wait; if it waits for something else, that is not.
 */
int mini_suspend(void);
void mini_wake(struct task *t, int result);

/* --- wait if need be ------------------------------------------------------ */

/*
 * Like the system calls, for a descriptor that is non-blocking: they try first,
 * and wait only if there is nothing yet. So nobody else runs while a peer sends
 * as fast as the task receives.
 */

/* Returns 0 when the connection stands. */
int mini_connect(struct descriptor *d, const struct sockaddr *addr,
                 socklen_t len);

/* Returns 0 when all bytes are sent. */
int mini_send(struct descriptor *d, const void *bytes, size_t len);

/* Returns how many bytes were received; 0: the peer sends no more. */
ssize_t mini_recv(struct descriptor *d, void *bytes, size_t size);

#endif
