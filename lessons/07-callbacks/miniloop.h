/*
 * miniloop.h - a reactor: an event loop that calls functions.
 *
 * Lessons 03 to 05 each wrote the loop anew, around one server. Here the loop
 * is a part of its own, which knows no sockets and no HTTP. It is told what to
 * call, and when:
 *
 *     watcher    when a descriptor is ready              mini_watch
 *     timer      when a time has come                    mini_timer_start
 *     call       in the next pass                        mini_defer
 *     the same   ... and another thread asks for it      mini_post
 *
 * A callback runs to its end before the next one begins, always on the thread
 * that is in mini_run. It may start, stop and free anything, also what it
 * belongs to itself and what is ready beside it; and it must never wait.
 *
 * All memory is the caller's: the loop links a struct call, timer or watcher
 * into its lists from start to stop, and until then it may not move or go. So
 * nothing here can run out of memory. What starts as all zero, but for its
 * function and argument, is stopped. Errors are negative errno values.
 *
 * Deliberately simple, and done fully in loop/core: SIMPLIFIED in miniloop.c.
 *
 * Read before: ../05-epoll/server.c. Read after: miniloop.c.
 */
#ifndef LESSONS_MINILOOP_H
#define LESSONS_MINILOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* A function to be called later. The user fills the first two fields. */
struct call {
    void (*function)(void *arg);
    void *arg;
    struct call *next, *prev; /* in a list of the loop; NULL: in none */
};

struct timer {
    struct call call; /* what to do; the first field, see miniloop.c */
    int64_t due_ns;
};

struct watcher {
    struct call call;  /* what to do; the first field, see miniloop.c */
    int fd;            /* borrowed: the user opens and closes it */
    uint32_t interest; /* EPOLLIN, EPOLLOUT, both; 0: stopped */
    uint32_t found; /* while it is called: what the descriptor is ready for */
};

/* Embedded by its user; may not move. Only mini_post is for other threads. */
struct miniloop {
    int epoll;
    struct call ready;  /* head: to be called in this pass */
    struct call later;  /* head: to be called in the next */
    struct call timers; /* head: in order of their deadlines */
    int64_t now_ns;     /* monotonic, read once a pass */
    bool running, stopped;
    struct watcher wake;  /* an eventfd, which tells of posted calls */
    pthread_mutex_t lock; /* must be held when using ... */
    struct call posted;   /* head: from other threads */
};

/* --- create and destroy --------------------------------------------------- */

int mini_init(struct miniloop *l);

/*
 * Closes the loop's own descriptors. What is still started is not called any
 * more, and need not be stopped; a watcher may not be stopped after this.
 * Threads that post must have ended. Not to be called from a callback.
 */
void mini_fini(struct miniloop *l);

/* --- what to call --------------------------------------------------------- */

/*
 * Calls w->call whenever w->fd is ready for `interest` (not 0), as long as that
 * lasts (level); or changes the interest of a watcher that is started. Errors
 * and hang-ups of the descriptor (EPOLLERR, EPOLLHUP) are reported always; the
 * next recv or send tells which. -EEXIST: another watcher has the descriptor;
 * -EPERM: a regular file; -ENOSPC: see epoll(7), max_user_watches.
 */
int mini_watch(struct miniloop *l, struct watcher *w, uint32_t interest);

/* Stops it; harmless if it is stopped. Must come before close(w->fd). */
void mini_unwatch(struct miniloop *l, struct watcher *w);

/*
 * Calls t->call once, `delay_ms` from mini_now on, or up to 1 ms later, and
 * never in this pass. Of timers that are due together, the one with the earlier
 * deadline goes first, then the one started first. One that runs starts anew.
 */
void mini_timer_start(struct miniloop *l, struct timer *t, int delay_ms);

/* Stops it; harmless if it is stopped, or has been called. */
void mini_timer_stop(struct timer *t);

/*
 * Calls c in the next pass, never in this one; but if it waits to be called
 * already, that one call does for both.
 */
void mini_defer(struct miniloop *l, struct call *c);

/* Takes it back; harmless if it has been called. Not for posted calls. */
void mini_undefer(struct call *c);

/*
 * mini_defer for any thread; not for signal handlers, because it locks. Calls
 * of one thread are called in the order in which it posted them. `c` must not
 * be posted again before it is called.
 */
void mini_post(struct miniloop *l, struct call *c);

/* --- run ------------------------------------------------------------------ */

/*
 * Runs passes until mini_stop. Returns 0; -EBUSY if called from a callback; or
 * what epoll_wait said.
 */
int mini_run(struct miniloop *l);

/*
 * Ends mini_run after this pass; before mini_run: lets it return at once. From
 * another thread, post a call that does it.
 */
void mini_stop(struct miniloop *l);

/* Nanoseconds of CLOCK_MONOTONIC: read once a pass, after the sleep. */
int64_t mini_now(const struct miniloop *l);

#endif
