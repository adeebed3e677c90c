/*
 * model.h - a naive loop, the oracle of test_core_model.c: what loop.h
 * promises, written down with arrays and searches, without a wheel, lists,
 * queues or system calls.
 *
 * It calls nobody. Whoever runs it beside a loop (world.c) tells it what was
 * asked of the loop, by functions of the same names, and each callback that
 * came; the model says whether that one was right:
 *
 *     model_pass_begins   model_called model_called ...   model_pass_ends
 *
 * Timers, beats, calls and posts have one right order. Between descriptors that
 * are ready in one pass there is none: there the model has a set of callbacks
 * that may come and a set of those that must, of which none may be missing when
 * the phase is over. The sets differ where a callback of the same phase makes
 * another's descriptor ready or not ready, and on uring (`native`), where the
 * kernel does the work and may need passes for it.
 *
 * Read before: loop.h, `pass` in core/loop.c. Read after: model.c, world.h.
 */
#ifndef LOOP_TEST_MODEL_H
#define LOOP_TEST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_TIMERS = 16,
    MODEL_BEATS = 4,
    MODEL_CALLS = 8,
    MODEL_POSTS = 8,
    MODEL_STREAMS = 8,
    MODEL_OPS = 12
};

enum model_kind {
    MODEL_CALL,
    MODEL_POST,
    MODEL_FOREIGN, /* a post of another thread */
    MODEL_WATCHER,
    MODEL_OP,
    MODEL_TIMER,
    MODEL_BEAT
};

enum model_op_kind {
    MODEL_RECV,
    MODEL_READ,
    MODEL_POLL_READ,
    MODEL_SEND,
    MODEL_POLL_WRITE
};

/* Rules to be broken on purpose: who compares must find each of them. */
enum model_wrong {
    MODEL_RIGHT,
    MODEL_EQUAL_TIMERS_REVERSED,
    MODEL_DEADLINES_ROUNDED_DOWN,
    MODEL_STOPPED_TIMERS_CALLED,
    MODEL_BEATS_MADE_UP_FOR,
    MODEL_CALLS_IN_THE_SAME_PASS,
    MODEL_POSTS_REVERSED,
    MODEL_WATCHERS_SEE_CHANGES,
    MODEL_CANCELLED_ARE_SILENT,
    MODEL_WRONGS
};

/* `order`: of arming, deferring, posting, cancelling: who came first. */
struct model_timer {
    bool active, due;
    uint64_t tick, order;
};

struct model_beat { /* its timer stands behind the MODEL_TIMERS others */
    bool on, held;
    int64_t period_ns, next_ns;
};

struct model_call {
    bool waits, due;
    uint64_t order;
};

struct model_post {
    bool waits, due, next_pass;
    uint64_t order;
};

/* A socket, or an eventfd, as its other side and its watcher see it. */
struct model_stream {
    size_t in; /* bytes to be read */
    bool end;  /* and then no more will come */
    bool full; /* nothing can be written */
    bool watched;
    unsigned events;
    unsigned told;        /* of these the back end knew when it waited */
    bool called, touched; /* since it waited */
    unsigned was, still;  /* ready when it waited, and all the time since */
    unsigned seen,
        before;         /* ready at some time since; and in the pass before */
    int reader, writer; /* operations, or -1 */
};

struct model_op {
    bool active, cancelled, due, called;
    enum model_op_kind kind;
    int stream; /* -1: closed */
    size_t len;
    uint64_t order;
    int overdue; /* passes in which it was due and not called */
};

enum model_phase {
    PHASE_CALLS,
    PHASE_IO,
    PHASE_ENDED,
    PHASE_TIMERS,
    PHASE_OUTSIDE
};

struct model {
    bool native, threads;
    enum model_wrong wrong;
    int64_t clock_ns; /* the fake clock; whoever runs the model moves it */
    int64_t now_ns;   /* of the pass, if known */
    bool now_known;
    uint64_t wheel_tick; /* of the last pass that had timers */
    enum model_phase phase;
    bool freeing;
    uint64_t orders;
    int n_called; /* in this pass */
    int beating;  /* the beat whose callback runs, or -1 */
    bool posting; /* a post's callback runs */
    struct model_timer timers[MODEL_TIMERS + MODEL_BEATS];
    struct model_beat beats[MODEL_BEATS];
    struct model_call calls[MODEL_CALLS];
    struct model_post posts[MODEL_POSTS];
    struct model_stream streams[MODEL_STREAMS];
    struct model_op ops[MODEL_OPS];
    char expected[160]; /* after a difference */
};

void model_init(struct model *m, int64_t clock_ns);
int64_t model_now(struct model *m);
int model_active(const struct model *m);

void model_timer_start(struct model *m, int i, int64_t deadline_ns);
void model_timer_stop(struct model *m, int i);
void model_beat_start(struct model *m, int i, int64_t period_ns);
void model_beat_stop(struct model *m, int i);
void model_beat_hold(struct model *m, int i);
void model_beat_release(struct model *m, int i);
void model_beat_returns(struct model *m, int i); /* from its callback */
void model_defer(struct model *m, int i);
void model_defer_cancel(struct model *m, int i);
void model_post(struct model *m, int i);

/* What is ready of a stream now; and to be told after each change of it. */
unsigned model_ready(const struct model_stream *s);
void model_changed(struct model *m, int stream);

/* Those that may be refused return the error that the loop returns. */
int model_watch(struct model *m, int stream, unsigned events);
void model_watch_change(struct model *m, int stream, unsigned events);
void model_watch_stop(struct model *m, int stream);
int model_op_start(struct model *m, int i, enum model_op_kind kind, int stream,
                   size_t len);
void model_op_cancel(struct model *m, int i);
void model_close(struct model *m, int stream); /* a new one, fresh, follows */

/* Each false: a difference, and m->expected says what was right. */
void model_pass_begins(struct model *m);
bool model_called(struct model *m, enum model_kind kind, int i, long value,
                  bool more);
bool model_pass_ends(struct model *m);
void model_free_begins(struct model *m);
bool model_free_ends(struct model *m);

#endif
