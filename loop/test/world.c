/*
 * world.c - see world.h.
 *
 * What is asked of the loop, the model is told first: so that a callback that
 * came too early, from inside the asking function, would be found too. What is
 * stopped is cleared at once, for its memory is the caller's again.
 *
 * Streams are pairs of sockets, of which the loop has `fd` and the world plays
 * the other side `far`; and eventfds. Bytes are numbered: whoever receives one
 * knows whether it is the next.
 */
#include "loop/test/world.h"

#include "loop/loop.h"
#include "loop/test/random.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    EVENTS = 3,   /* the first streams are eventfds */
    CHUNKS = 8,   /* unread messages one way: a socket takes them all */
    MESSAGE = 48, /* bytes, at most */
    KEPT = 20,    /* operations that are kept for a report */
    FOREIGN = 32  /* posts of the other thread on their way, at most */
};

struct stream {
    int fd, far;
    uint8_t far_sent, in_next;  /* numbers of bytes: sent to us, read by us */
    uint8_t out_next, far_next; /* sent by us, read by the other side */
    int in_chunks, out_chunks;
};

/* Posts, with their numbers as arg, as long as the loop keeps up. */
struct poster {
    pthread_t thread;
    struct loop_mailbox *mailbox;
    atomic_uint delivered;
    atomic_bool stop;
    struct loop_post posts[FOREIGN];
    unsigned posted; /* its own, until it has ended */
};

struct world {
    const struct world_options *options;
    struct world_result *result;
    struct loop *loop;
    struct model model;
    uint64_t random, n_done;
    bool over; /* by a difference, or because the loop is being freed */
    enum model_kind within;
    int within_i;
    char done[KEPT][96]; /* the last ones, in words */
    int64_t last_deadline_ns;
    bool stop; /* loop_stop was called */
    struct loop_timer timers[MODEL_TIMERS];
    struct loop_periodic beats[MODEL_BEATS];
    struct loop_call calls[MODEL_CALLS];
    struct loop_post posts[MODEL_POSTS];
    struct loop_watcher watchers[MODEL_STREAMS];
    struct stream streams[MODEL_STREAMS];
    struct loop_op ops[MODEL_OPS];
    uint8_t buffers[MODEL_OPS][MESSAGE];
    struct loop_mailbox *mailbox;
    struct poster poster;
};

static struct world *world; /* for callbacks, which may be handed any memory */

static unsigned below(unsigned n)
{
    return random_below(&world->random, n);
}

/* --- telling -------------------------------------------------------------- */

static const char *const kind_names[] = {
    [MODEL_CALL] = "call",       [MODEL_POST] = "post",
    [MODEL_FOREIGN] = "foreign", [MODEL_WATCHER] = "watcher of stream",
    [MODEL_OP] = "operation",    [MODEL_TIMER] = "timer",
    [MODEL_BEAT] = "beat",
};

/* Keeps what is done for the report. */
__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    char what[64];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    char *text = world->done[world->n_done++ % KEPT];
    if (world->within_i < 0)
        snprintf(text, sizeof *world->done, "%s", what);
    else
        snprintf(text, sizeof *world->done, "(in %s %d) %s",
                 kind_names[world->within], world->within_i, what);
}

/* The first difference counts; with it the world is over. */
static void differs(const char *expected, const char *actual)
{
    const struct world_options *o = world->options;
    if (world->over)
        return;
    world->over = world->result->differs = true;
    FILE *out = fmemopen(world->result->text, sizeof world->result->text, "w");
    fprintf(out,
            "a difference on %s, seed %llu, after operation %llu\n"
            "  expected  %s\n  actual    %s\nthe last operations:\n",
            o->backend, (unsigned long long)o->seed,
            (unsigned long long)world->n_done, expected, actual);
    const uint64_t n = world->n_done < KEPT ? world->n_done : KEPT;
    for (uint64_t i = world->n_done - n; i < world->n_done; i++)
        fprintf(out, "  %6llu  %s\n", (unsigned long long)i + 1,
                world->done[i % KEPT]);
    fprintf(out, "repeat it with:\n  LOOP_BACKEND=%s SEED=%llu OPS=%llu %s\n",
            o->backend, (unsigned long long)o->seed, (unsigned long long)o->ops,
            program_invocation_name);
    fclose(out);
}

static void expect(bool as_expected, const char *what)
{
    if (!as_expected)
        differs(what, "otherwise");
}

/* --- callbacks ------------------------------------------------------------ */

static void act(void);

static bool callback(enum model_kind kind, int i, long value, bool more)
{
    if (world->over)
        return false;
    world->result->callbacks++;
    if (!model_called(&world->model, kind, i, value, more)) {
        char actual[64];
        snprintf(actual, sizeof actual, "%s %d called with %ld%s",
                 kind_names[kind], i, value, more ? ", more" : "");
        differs(world->model.expected, actual);
        return false;
    }
    if (world->model.freeing)
        return false;
    world->within = kind;
    world->within_i = i;
    return true;
}

static void on_timer(struct loop_timer *t)
{
    if (callback(MODEL_TIMER, (int)(t - world->timers), 0, false))
        act();
}

static void on_beat(struct loop_periodic *p)
{
    const int i = (int)(p - world->beats);
    if (!callback(MODEL_BEAT, i, 0, false))
        return;
    act();
    model_beat_returns(&world->model, i);
}

static void on_call(struct loop_call *c)
{
    const int i = (int)(c - world->calls);
    *c = (struct loop_call){0};
    if (callback(MODEL_CALL, i, 0, false))
        act();
}

static void on_post(struct loop *loop, struct loop_post *post)
{
    (void)loop;
    const int i = (int)(post - world->posts);
    *post = (struct loop_post){0};
    if (callback(MODEL_POST, i, 0, false))
        act();
}

static void on_watcher(struct loop_watcher *w, unsigned events)
{
    if (callback(MODEL_WATCHER, (int)(w - world->watchers), (long)events,
                 false))
        act();
}

/* `n` bytes that stand in memory continue the numbers at `next`. */
static void check_bytes(const void *bytes, ssize_t n, uint8_t *next)
{
    const uint8_t *byte = bytes;
    for (ssize_t i = 0; i < n; i++)
        expect(byte[i] == (*next)++, "the next byte of the stream");
}

static void on_op(struct loop_op *op, ssize_t result)
{
    const int i = (int)(op - world->ops);
    const struct model_op model = world->model.ops[i];
    if (!callback(MODEL_OP, i, (long)result, op->more))
        return;
    if (model.stream >= 0 && result > 0) {
        struct stream *s = &world->streams[model.stream];
        if (model.kind == MODEL_RECV)
            check_bytes(op->data.ptr, result, &s->in_next);
        if (model.kind == MODEL_READ)
            check_bytes(world->buffers[i], result, &s->in_next);
        if (model.kind == MODEL_SEND)
            s->out_next += (uint8_t)result;
    }
    act();
}

/* --- timers, beats, calls, posts ------------------------------------------ */

/* Near, equal to another, past, far, absurd. */
static int64_t some_deadline(void)
{
    const int64_t now_ns = world->model.clock_ns;
    switch (below(16)) {
    case 0:
        return now_ns - below(5000) * LOOP_MS;
    case 1:
        return below(2) == 0 ? INT64_MIN : LOOP_NEVER - below(2);
    case 2:
    case 3:
    case 4:
        return world->last_deadline_ns;
    case 5:
        return now_ns;
    case 6:
        return now_ns + below(600) * LOOP_SECOND + below(LOOP_SECOND);
    case 7:
    case 8:
        return now_ns + below(5000) * LOOP_MS + below(LOOP_MS);
    default:
        return now_ns + below(6) * LOOP_MS - below(2) * below(LOOP_MS);
    }
}

static void timer_start(void)
{
    const int i = (int)below(MODEL_TIMERS);
    struct loop_timer *t = &world->timers[i];
    const int64_t deadline_ns = some_deadline();
    world->last_deadline_ns = deadline_ns;
    model_timer_start(&world->model, i, deadline_ns);
    note("timer %d start, clock %+lld ns", i, /* absurd ones wrap around */
         (long long)((uint64_t)deadline_ns - (uint64_t)world->model.clock_ns));
    if (t->loop != NULL && below(2) == 0)
        loop_timer_again(t, deadline_ns);
    else
        loop_timer_start(world->loop, t, deadline_ns, on_timer, NULL);
}

static void timer_stop(void)
{
    const int i = (int)below(MODEL_TIMERS);
    note("timer %d stop", i);
    expect(loop_timer_active(&world->timers[i]) ==
               world->model.timers[i].active,
           "as active as in the model");
    model_timer_stop(&world->model, i);
    loop_timer_stop(&world->timers[i]);
    world->timers[i] = (struct loop_timer){0};
}

static void beat_start(void)
{
    const int i = (int)below(MODEL_BEATS);
    const int64_t period_ns = LOOP_MS + below(50 * LOOP_MS);
    note("beat %d start, period %lld ns", i, (long long)period_ns);
    model_beat_start(&world->model, i, period_ns);
    loop_periodic_start(world->loop, &world->beats[i], period_ns, 0, on_beat,
                        NULL);
}

static void beat_stop(void)
{
    const int i = (int)below(MODEL_BEATS);
    note("beat %d stop", i);
    expect(loop_periodic_active(&world->beats[i]) == world->model.beats[i].on,
           "as active as in the model");
    model_beat_stop(&world->model, i);
    loop_periodic_stop(&world->beats[i]);
    world->beats[i] = (struct loop_periodic){0};
}

static void beat_hold(void)
{
    const int i = (int)below(MODEL_BEATS);
    note("beat %d hold", i);
    model_beat_hold(&world->model, i);
    loop_periodic_hold(&world->beats[i]);
}

static void beat_release(void)
{
    const int i = (int)below(MODEL_BEATS);
    note("beat %d release", i);
    model_beat_release(&world->model, i);
    loop_periodic_release(&world->beats[i]);
}

static void defer(void)
{
    const int i = (int)below(MODEL_CALLS);
    note("call %d defer", i);
    model_defer(&world->model, i);
    loop_defer(world->loop, &world->calls[i], on_call, NULL);
}

static void defer_cancel(void)
{
    const int i = (int)below(MODEL_CALLS);
    note("call %d cancel", i);
    model_defer_cancel(&world->model, i);
    loop_defer_cancel(&world->calls[i]);
    world->calls[i] = (struct loop_call){0};
}

static void post(void)
{
    const int i = (int)below(MODEL_POSTS);
    if (world->model.posts[i].waits)
        return;
    note("post %d", i);
    model_post(&world->model, i);
    expect(loop_post(world->mailbox, &world->posts[i], on_post, NULL) == 0,
           "the post is accepted");
}

/* --- streams -------------------------------------------------------------- */

/* The model and the loop know of everything by the stream's index. */
static int some_stream(void)
{
    return (int)below(MODEL_STREAMS);
}

static int some_socket(void)
{
    return EVENTS + (int)below(MODEL_STREAMS - EVENTS);
}

static void must(bool done)
{
    if (!done) {
        perror("world");
        abort();
    }
}

static void open_stream(int i)
{
    struct stream *s = &world->streams[i];
    *s = (struct stream){.far = -1};
    if (i < EVENTS) {
        s->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        must(s->fd != -1);
        return;
    }
    int pair[2];
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                    pair) == 0);
    const int size = 32768; /* small, to be filled quickly */
    must(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0);
    s->fd = pair[0];
    s->far = pair[1];
}

static void close_far(int i)
{
    if (world->streams[i].far != -1)
        close(world->streams[i].far);
}

/* Its number may be given out at once, to the stream that follows. */
static void stream_close(void)
{
    const int i = some_stream();
    note("stream %d close", i);
    model_close(&world->model, i);
    if (i < EVENTS) {
        loop_watcher_stop(&world->watchers[i]);
        close(world->streams[i].fd);
    } else {
        expect(loop_close(world->loop, world->streams[i].fd) == 0,
               "it is closed");
    }
    world->watchers[i] = (struct loop_watcher){0};
    close_far(i);
    open_stream(i);
}

static ssize_t send_numbers(int fd, size_t n, uint8_t *next)
{
    uint8_t bytes[4096];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(*next + i);
    const ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
    if (sent > 0)
        *next += (uint8_t)sent;
    return sent;
}

/* The other side sends. */
static void make_readable(void)
{
    const int i = some_stream();
    struct stream *s = &world->streams[i];
    struct model_stream *m = &world->model.streams[i];
    if (m->in == 0)
        s->in_chunks = 0;
    if (m->end || s->in_chunks++ >= CHUNKS)
        return;
    const size_t n = i < EVENTS ? 1 : 1 + below(MESSAGE);
    note("stream %d gets %zu bytes", i, n);
    if (i < EVENTS)
        must(eventfd_write(s->fd, n) == 0);
    else
        must(send_numbers(s->far, n, &s->far_sent) == (ssize_t)n);
    m->in += n;
    model_changed(&world->model, i);
}

static bool reads(const struct model_stream *m)
{
    return m->reader >= 0 &&
           world->model.ops[m->reader].kind != MODEL_POLL_READ;
}

/* Reads, all or a part, past the loop. */
static void drain(void)
{
    const int i = some_stream();
    struct stream *s = &world->streams[i];
    struct model_stream *m = &world->model.streams[i];
    if (m->in == 0 || reads(m))
        return;
    uint8_t bytes[CHUNKS * MESSAGE];
    const size_t len = below(2) == 0 ? sizeof bytes : 1 + below(MESSAGE);
    eventfd_t count;
    ssize_t n;
    if (i < EVENTS)
        n = eventfd_read(s->fd, &count) == 0 ? (ssize_t)count : -1;
    else
        n = recv(s->fd, bytes, len, 0);
    must(n > 0 && (size_t)n <= m->in);
    note("stream %d drained of %zd bytes", i, n);
    if (i >= EVENTS)
        check_bytes(bytes, n, &s->in_next);
    m->in -= (size_t)n;
    model_changed(&world->model, i);
}

/* A send that is on its way, as far as the model knows. */
static bool sends(const struct model_stream *m)
{
    return m->writer >= 0 && world->model.ops[m->writer].kind == MODEL_SEND;
}

static void end_stream(void)
{
    const int i = some_socket();
    if (below(4) > 0)
        return;
    note("stream %d ends", i);
    must(shutdown(world->streams[i].far, SHUT_WR) == 0);
    world->model.streams[i].end = true;
    model_changed(&world->model, i);
}

static void fill(void)
{
    const int i = some_socket();
    struct stream *s = &world->streams[i];
    struct model_stream *m = &world->model.streams[i];
    if (m->full || sends(m))
        return;
    note("stream %d filled", i);
    while (send_numbers(s->fd, 4096, &s->out_next) > 0)
        ;
    must(errno == EAGAIN);
    m->full = true;
    model_changed(&world->model, i);
}

/* The other side reads all. */
static void drain_far(void)
{
    const int i = some_socket();
    struct stream *s = &world->streams[i];
    struct model_stream *m = &world->model.streams[i];
    note("stream %d emptied", i);
    uint8_t bytes[65536];
    ssize_t n;
    while ((n = recv(s->far, bytes, sizeof bytes, 0)) > 0)
        check_bytes(bytes, n, &s->far_next);
    must(n == -1 && errno == EAGAIN);
    expect(sends(m) || s->far_next == s->out_next, "all that was sent");
    s->out_chunks = 0;
    m->full = false;
    model_changed(&world->model, i);
}

/* --- watchers and operations ---------------------------------------------- */

static void watch_start(void)
{
    const int i = some_stream();
    const unsigned events = below(4);
    if (sends(&world->model.streams[i]))
        return;
    const int error = model_watch(&world->model, i, events);
    note("stream %d watch for %u: %d", i, events, error);
    struct loop_watcher refused = {0};
    struct loop_watcher *w = error == 0 ? &world->watchers[i] : &refused;
    expect(loop_watcher_start(world->loop, w, world->streams[i].fd, events,
                              on_watcher, NULL) == error,
           "the error, or none");
}

static void watch_change(void)
{
    const int i = some_stream();
    const unsigned events = below(4);
    if (!world->model.streams[i].watched)
        return;
    note("stream %d watch for %u", i, events);
    model_watch_change(&world->model, i, events);
    loop_watcher_change(&world->watchers[i], events);
}

static void watch_stop(void)
{
    const int i = some_stream();
    note("stream %d watch no more", i);
    model_watch_stop(&world->model, i);
    loop_watcher_stop(&world->watchers[i]);
    world->watchers[i] = (struct loop_watcher){0};
}

static int start(int i, enum model_op_kind kind, int stream, size_t len)
{
    struct loop *loop = world->loop;
    struct loop_op *op = &world->ops[i];
    struct stream *s = &world->streams[stream];
    uint8_t *buffer = world->buffers[i];
    switch (kind) {
    case MODEL_RECV:
        return loop_recv(loop, op, s->fd, on_op, NULL);
    case MODEL_READ:
        return loop_read(loop, op, s->fd, ((struct iovec){buffer, len}), on_op,
                         NULL);
    case MODEL_POLL_READ:
        return loop_poll(loop, op, s->fd, LOOP_READ, on_op, NULL);
    case MODEL_POLL_WRITE:
        return loop_poll(loop, op, s->fd, LOOP_WRITE, on_op, NULL);
    default:
        for (size_t k = 0; k < len; k++)
            buffer[k] = (uint8_t)(s->out_next + k);
        return loop_send(loop, op, s->fd,
                         ((struct base_slice){(char *)buffer, len}), on_op,
                         NULL);
    }
}

static void op_start(void)
{
    static const char *const names[] = {"recv", "read", "poll for reading",
                                        "send", "poll for writing"};
    const int i = (int)below(MODEL_OPS), stream = some_socket();
    const enum model_op_kind kind = below(5);
    struct stream *s = &world->streams[stream];
    if (world->model.ops[i].active)
        return;
    const bool writes = kind == MODEL_SEND || kind == MODEL_POLL_WRITE;
    if (writes && sends(&world->model.streams[stream]))
        return;
    if (kind == MODEL_SEND && s->out_chunks++ >= CHUNKS)
        return;
    const size_t len = 1 + below(MESSAGE);
    const int error = model_op_start(&world->model, i, kind, stream, len);
    note("operation %d start: stream %d %s, %zu bytes: %d", i, stream,
         names[kind], len, error);
    expect(start(i, kind, stream, len) == error, "the error, or none");
}

static void op_cancel(void)
{
    const int i = (int)below(MODEL_OPS);
    note("operation %d cancel", i);
    model_op_cancel(&world->model, i);
    loop_cancel(&world->ops[i]);
}

/* --- time, and stopping --------------------------------------------------- */

static int64_t clock_ns(void *arg)
{
    const struct world *w = arg;
    return w->model.clock_ns;
}

static void move_clock(void)
{
    int64_t step_ns;
    switch (below(32)) {
    case 0:
        step_ns = -(int64_t)below(5 * LOOP_MS);
        break;
    case 1:
        step_ns = below(600) * LOOP_SECOND;
        break;
    case 2:
    case 3:
        step_ns = below(5000) * LOOP_MS;
        break;
    case 4:
    case 5:
    case 6:
        step_ns = below(80 * LOOP_MS);
        break;
    default:
        step_ns = below(3 * LOOP_MS);
        break;
    }
    note("clock %+lld ns", (long long)step_ns);
    world->model.clock_ns += step_ns;
}

static void read_clock(void)
{
    note("the time");
    expect(loop_now(world->loop) == model_now(&world->model),
           "the time of the pass");
}

static void stop(void)
{
    note("stop");
    world->stop = true;
    loop_stop(world->loop);
}

/* --- what is done --------------------------------------------------------- */

static const struct {
    void (*act)(void);
    unsigned weight;
} actions[] = {
    {move_clock, 8}, /* the first: not during input and output */
    {timer_start, 16}, {timer_stop, 6},   {beat_start, 3},
    {beat_stop, 2},    {beat_hold, 2},    {beat_release, 2},
    {defer, 6},        {defer_cancel, 2}, {post, 4},
    {read_clock, 1},   {stop, 1},         {watch_start, 8},
    {watch_change, 4}, {watch_stop, 3},   {make_readable, 10},
    {drain, 8},        {end_stream, 1},   {fill, 2},
    {drain_far, 3},    {op_start, 12},    {op_cancel, 3},
    {stream_close, 1},
};

enum { ACTIONS = sizeof actions / sizeof *actions };

static void act_once(bool may_move_clock)
{
    unsigned sum = 0;
    const int first = may_move_clock ? 0 : 1;
    for (int i = first; i < ACTIONS; i++)
        sum += actions[i].weight;
    unsigned drawn = below(sum);
    int i = first;
    while (drawn >= actions[i].weight)
        drawn -= actions[i++].weight;
    actions[i].act();
}

/*
 * At the end of a callback. The time of a pass is read when somebody asks for
 * it first: it stands still while that may be, or model and loop would have to
 * ask at the same time.
 */
static void act(void)
{
    const bool may_move_clock = world->within == MODEL_CALL ||
                                world->within == MODEL_TIMER ||
                                world->within == MODEL_BEAT;
    const unsigned n = below(3) == 0 ? 1 + below(3) : 0;
    for (unsigned i = 0; i < n && !world->over; i++)
        act_once(may_move_clock);
    world->within_i = -1;
}

static void check_pass(bool ended_well, int n_called)
{
    struct model *m = &world->model;
    if (world->over)
        return;
    if (!ended_well)
        differs(m->expected, "the pass ended");
    expect(n_called < 0 || n_called == m->n_called, "the number of callbacks");
    expect(loop_active(world->loop) == (size_t)model_active(m),
           "the number of what is active");
}

static void pass(void)
{
    note("pass");
    model_pass_begins(&world->model);
    const int n = loop_run_once(world->loop, 0);
    world->stop = false;
    check_pass(model_pass_ends(&world->model), n);
}

/* Stopped before, it makes no pass; else one, for its deadline has come. */
static void run(void)
{
    note("run");
    const bool stopped = world->stop;
    if (stopped)
        world->model.now_known = false;
    else
        model_pass_begins(&world->model);
    const int status = stopped && below(2) == 0
                           ? loop_run(world->loop)
                           : loop_run_until(world->loop, 1);
    expect(status == (world->stop ? 0 : -ETIMEDOUT), "the run's status");
    world->stop = false;
    if (!stopped)
        check_pass(model_pass_ends(&world->model), -1);
}

static void act_outside(void)
{
    switch (below(16)) {
    case 0:
        run();
        break;
    case 1:
    case 2:
    case 3:
        pass();
        break;
    default:
        act_once(true);
        break;
    }
}

/* --- the other thread ----------------------------------------------------- */

static void on_foreign(struct loop *loop, struct loop_post *p)
{
    (void)loop;
    struct poster *poster = &world->poster;
    const unsigned number = (unsigned)(uintptr_t)p->arg;
    expect(number == atomic_load(&poster->delivered),
           "posts of a thread in order");
    atomic_fetch_add(&poster->delivered, 1);
    callback(MODEL_FOREIGN, (int)(number % FOREIGN), 0, false);
    world->within_i = -1;
}

static void *post_on(void *arg)
{
    struct poster *p = arg;
    while (!atomic_load(&p->stop)) {
        if (p->posted - atomic_load(&p->delivered) < FOREIGN) {
            loop_post(p->mailbox, &p->posts[p->posted % FOREIGN], on_foreign,
                      (void *)(uintptr_t)p->posted);
            p->posted++;
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static void poster_start(void)
{
    struct poster *p = &world->poster;
    p->mailbox = world->mailbox;
    must(pthread_create(&p->thread, NULL, post_on, p) == 0);
}

static void poster_stop(void)
{
    atomic_store(&world->poster.stop, true);
    pthread_join(world->poster.thread, NULL);
}

/* --- a world's life ------------------------------------------------------- */

static int begin(const struct world_options *options)
{
    world->random = options->seed;
    world->within_i = -1;
    const int64_t now_ns =
        LOOP_SECOND +
        (int64_t)(random_next(&world->random) >> (18 + below(20)));
    model_init(&world->model, now_ns);
    const struct loop_options loop_options = {
        .backend = options->backend, .clock_ns = clock_ns, .clock_arg = world};
    const int error = loop_new(&world->loop, &loop_options);
    if (error != 0)
        return error;
    world->model.native = strcmp(options->backend, "uring") == 0;
    world->model.threads = options->threads;
    world->model.wrong = options->wrong;
    world->mailbox = loop_mailbox_hold(world->loop);
    for (int i = 0; i < MODEL_STREAMS; i++) {
        open_stream(i);
        model_changed(&world->model, i);
    }
    if (options->threads)
        poster_start();
    return 0;
}

/* With all that is active: only operations and posts call back. */
static void end(void)
{
    if (world->options->threads)
        poster_stop();
    note("free");
    model_free_begins(&world->model);
    loop_free(world->loop);
    if (!world->over && !model_free_ends(&world->model))
        differs(world->model.expected, "the loop is freed");
    expect(world->poster.posted == atomic_load(&world->poster.delivered),
           "all posts of the other thread");
    loop_mailbox_release(world->mailbox);
    for (int i = 0; i < MODEL_STREAMS; i++) {
        close(world->streams[i].fd);
        close_far(i);
    }
}

void world_run(const struct world_options *options, struct world_result *result)
{
    *result = (struct world_result){0};
    world = base_alloc(sizeof *world);
    world->options = options;
    world->result = result;
    result->error = begin(options);
    if (result->error == 0) {
        while (world->n_done < options->ops && !world->over)
            act_outside();
        end();
    }
    free(world);
    world = NULL;
}
