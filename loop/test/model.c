/*
 * model.c - see model.h. Obvious before fast: whoever is next is searched for.
 */
#include "loop/test/model.h"

#include "loop/loop.h"

#include <errno.h>
#include <stdio.h>

enum { PATIENCE = 3 }; /* passes that the kernel may need for an operation */

void model_init(struct model *m, int64_t clock_ns)
{
    *m = (struct model){.clock_ns = clock_ns,
                        .wheel_tick = (uint64_t)(clock_ns / LOOP_MS),
                        .phase = PHASE_OUTSIDE,
                        .beating = -1};
    for (int i = 0; i < MODEL_STREAMS; i++)
        m->streams[i].reader = m->streams[i].writer = -1;
}

int64_t model_now(struct model *m)
{
    if (m->phase == PHASE_OUTSIDE)
        return m->clock_ns; /* between runs nobody caches it */
    if (!m->now_known)
        m->now_ns = m->clock_ns;
    m->now_known = true;
    return m->now_ns;
}

static int active_timers(const struct model *m)
{
    int n = 0;
    for (int i = 0; i < MODEL_TIMERS + MODEL_BEATS; i++)
        n += m->timers[i].active;
    return n;
}

int model_active(const struct model *m)
{
    int n = active_timers(m);
    for (int i = 0; i < MODEL_CALLS; i++)
        n += m->calls[i].waits;
    for (int i = 0; i < MODEL_STREAMS; i++)
        n += m->streams[i].watched;
    for (int i = 0; i < MODEL_OPS; i++)
        n += m->ops[i].active;
    return n;
}

/* --- timers and beats ----------------------------------------------------- */

/* Milliseconds, rounded up; one that has passed counts as now. */
void model_timer_start(struct model *m, int i, int64_t deadline_ns)
{
    const bool down = m->wrong == MODEL_DEADLINES_ROUNDED_DOWN;
    uint64_t tick = 0;
    if (deadline_ns > 0)
        tick = (uint64_t)(deadline_ns / LOOP_MS) +
               (deadline_ns % LOOP_MS != 0 && !down);
    if (tick < m->wheel_tick)
        tick = m->wheel_tick;
    m->timers[i] = (struct model_timer){
        .active = true, .tick = tick, .order = ++m->orders};
}

void model_timer_stop(struct model *m, int i)
{
    if (m->timers[i].due && m->wrong == MODEL_STOPPED_TIMERS_CALLED)
        return;
    m->timers[i] = (struct model_timer){0};
}

static void arm(struct model *m, int i)
{
    struct model_beat *b = &m->beats[i];
    do {
        b->next_ns += b->period_ns;
    } while (b->next_ns <= m->clock_ns && m->wrong != MODEL_BEATS_MADE_UP_FOR);
    model_timer_start(m, MODEL_TIMERS + i, b->next_ns);
}

void model_beat_start(struct model *m, int i, int64_t period_ns)
{
    model_beat_stop(m, i);
    m->beats[i] = (struct model_beat){
        .on = true, .period_ns = period_ns, .next_ns = model_now(m)};
    arm(m, i);
}

void model_beat_stop(struct model *m, int i)
{
    m->beats[i] = (struct model_beat){0};
    model_timer_stop(m, MODEL_TIMERS + i);
    if (m->beating == i)
        m->beating = -1;
}

void model_beat_hold(struct model *m, int i)
{
    m->beats[i].held = true;
    model_timer_stop(m, MODEL_TIMERS + i);
}

/* The beat that was to come still does, unless it was missed. */
void model_beat_release(struct model *m, int i)
{
    struct model_beat *b = &m->beats[i];
    const bool was_held = b->held;
    b->held = false;
    if (!was_held || !b->on || m->beating == i)
        return;
    if (b->next_ns > m->clock_ns)
        model_timer_start(m, MODEL_TIMERS + i, b->next_ns);
    else
        arm(m, i);
}

void model_beat_returns(struct model *m, int i)
{
    if (m->beating == i && !m->beats[i].held)
        arm(m, i);
    m->beating = -1;
}

/* --- calls and posts ------------------------------------------------------ */

void model_defer(struct model *m, int i)
{
    if (m->calls[i].waits)
        return;
    m->calls[i] =
        (struct model_call){.waits = true,
                            .due = m->phase == PHASE_CALLS &&
                                   m->wrong == MODEL_CALLS_IN_THE_SAME_PASS,
                            .order = ++m->orders};
}

void model_defer_cancel(struct model *m, int i)
{
    m->calls[i] = (struct model_call){0};
}

void model_post(struct model *m, int i)
{
    m->posts[i] = (struct model_post){
        .waits = true, .next_pass = m->posting, .order = ++m->orders};
}

/* --- streams, watchers, operations ---------------------------------------- */

unsigned model_ready(const struct model_stream *s)
{
    return (s->in > 0 || s->end ? LOOP_READ : 0U) | (s->full ? 0U : LOOP_WRITE);
}

void model_changed(struct model *m, int stream)
{
    struct model_stream *s = &m->streams[stream];
    s->seen |= model_ready(s);
    s->still &= model_ready(s);
}

int model_watch(struct model *m, int stream, unsigned events)
{
    struct model_stream *s = &m->streams[stream];
    if (s->watched || s->reader >= 0 || s->writer >= 0)
        return -EEXIST;
    s->watched = true;
    s->events = events;
    s->told = 0;
    return 0;
}

void model_watch_change(struct model *m, int stream, unsigned events)
{
    m->streams[stream].events = events;
    m->streams[stream].touched = true;
}

void model_watch_stop(struct model *m, int stream)
{
    m->streams[stream].watched = false;
}

static unsigned event_of(enum model_op_kind kind)
{
    return kind == MODEL_SEND || kind == MODEL_POLL_WRITE ? LOOP_WRITE
                                                          : LOOP_READ;
}

/* Where the operation stands in its stream. */
static int *side(struct model_stream *s, enum model_op_kind kind)
{
    return event_of(kind) == LOOP_READ ? &s->reader : &s->writer;
}

int model_op_start(struct model *m, int i, enum model_op_kind kind, int stream,
                   size_t len)
{
    struct model_stream *s = &m->streams[stream];
    if (s->watched)
        return -EEXIST;
    if (*side(s, kind) >= 0)
        return -EBUSY;
    *side(s, kind) = i;
    m->ops[i] = (struct model_op){
        .active = true, .kind = kind, .stream = stream, .len = len};
    return 0;
}

/* A send may have gone through already: only its callback will tell. */
void model_op_cancel(struct model *m, int i)
{
    struct model_op *op = &m->ops[i];
    if (!op->active || op->cancelled)
        return;
    op->cancelled = true;
    op->order = ++m->orders;
    if (!m->native && op->kind != MODEL_SEND)
        *side(&m->streams[op->stream], op->kind) = -1;
    if (m->wrong == MODEL_CANCELLED_ARE_SILENT)
        op->active = false;
}

void model_close(struct model *m, int stream)
{
    struct model_stream *s = &m->streams[stream];
    if (s->reader >= 0)
        model_op_cancel(m, s->reader);
    if (s->writer >= 0)
        model_op_cancel(m, s->writer);
    for (int i = 0; i < MODEL_OPS; i++)
        if (m->ops[i].stream == stream)
            m->ops[i].stream = -1;
    *s = (struct model_stream){.reader = -1, .writer = -1};
    model_changed(m, stream);
}

/* --- what must come ------------------------------------------------------- */

static bool op_ready(const struct model *m, const struct model_op *op)
{
    return op->active &&
           (op->cancelled ||
            model_ready(&m->streams[op->stream]) & event_of(op->kind));
}

/* The back end looks at the descriptors. */
static void look(struct model *m)
{
    m->now_known = false;
    for (int i = 0; i < MODEL_POSTS; i++)
        m->posts[i].due = m->posts[i].waits && !m->threads;
    for (int i = 0; i < MODEL_STREAMS; i++) {
        struct model_stream *s = &m->streams[i];
        const unsigned ready = model_ready(s);
        s->told = s->watched ? s->events : 0;
        if (m->wrong == MODEL_WATCHERS_SEE_CHANGES && s->was == ready)
            s->told = 0;
        s->called = s->touched = false;
        s->was = s->still = ready;
        s->before = s->seen;
        s->seen = ready;
    }
    for (int i = 0; i < MODEL_OPS; i++) {
        m->ops[i].due = op_ready(m, &m->ops[i]);
        m->ops[i].called = false;
    }
}

static void find_due_timers(struct model *m)
{
    if (active_timers(m) == 0)
        return;
    const uint64_t tick = (uint64_t)(model_now(m) / LOOP_MS);
    if (m->wheel_tick < tick)
        m->wheel_tick = tick;
    for (int i = 0; i < MODEL_TIMERS + MODEL_BEATS; i++)
        m->timers[i].due = m->timers[i].active && m->timers[i].tick <= tick;
}

static bool before(const struct model *m, const struct model_timer *a,
                   const struct model_timer *b)
{
    if (a->tick != b->tick)
        return a->tick < b->tick;
    return (a->order < b->order) != (m->wrong == MODEL_EQUAL_TIMERS_REVERSED);
}

/* Each of these three is an index, or -1 if nothing is due. */
static int next_timer(const struct model *m)
{
    int next = -1;
    for (int i = 0; i < MODEL_TIMERS + MODEL_BEATS; i++)
        if (m->timers[i].due &&
            (next < 0 || before(m, &m->timers[i], &m->timers[next])))
            next = i;
    return next;
}

static int next_call(const struct model *m)
{
    int next = -1;
    for (int i = 0; i < MODEL_CALLS; i++)
        if (m->calls[i].waits && m->calls[i].due &&
            (next < 0 || m->calls[i].order < m->calls[next].order))
            next = i;
    return next;
}

static int next_post(const struct model *m)
{
    int next = -1;
    for (int i = 0; i < MODEL_POSTS; i++)
        if (m->posts[i].waits &&
            (next < 0 || (m->posts[i].order < m->posts[next].order) !=
                             (m->wrong == MODEL_POSTS_REVERSED)))
            next = i;
    return next;
}

/* --- phases --------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static bool
differs(struct model *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(m->expected, sizeof m->expected, format, args);
    va_end(args);
    return false;
}

static bool watcher_missing(const struct model *m, const struct model_stream *s)
{
    const unsigned must = m->native ? s->still : s->was;
    return s->watched && !s->called && !s->touched &&
           s->events & s->told & must;
}

static bool descriptors_done(struct model *m)
{
    for (int i = 0; i < MODEL_POSTS; i++)
        if (m->posts[i].waits && m->posts[i].due)
            return differs(m, "post %d", i);
    for (int i = 0; i < MODEL_STREAMS; i++)
        if (watcher_missing(m, &m->streams[i]))
            return differs(m, "watcher of stream %d", i);
    return true;
}

/* If it was made unready meanwhile, the back end may have come too late. */
static bool op_pending(const struct model *m, const struct model_op *op)
{
    return op->active &&
           (op->cancelled || m->streams[op->stream].still & event_of(op->kind));
}

static bool ops_done(struct model *m)
{
    for (int i = 0; i < MODEL_OPS; i++) {
        struct model_op *op = &m->ops[i];
        if (op->due && !op->called && op_pending(m, op))
            op->overdue++;
        else
            op->overdue = 0;
        if (op->overdue > (m->native ? PATIENCE : 0))
            return differs(m, "operation %d on stream %d", i, op->stream);
    }
    for (int i = 0; i < MODEL_POSTS; i++)
        m->posts[i].next_pass = false;
    return true;
}

/* Nothing may be missing in a phase that is over. */
static bool leave_phase(struct model *m)
{
    switch (m->phase) {
    case PHASE_CALLS:
        return next_call(m) < 0 || differs(m, "call %d", next_call(m));
    case PHASE_IO:
        return descriptors_done(m);
    case PHASE_ENDED:
        return ops_done(m);
    default:
        return next_timer(m) < 0 || differs(m, "timer %d", next_timer(m));
    }
}

static const char *name_of(enum model_phase phase)
{
    switch (phase) {
    case PHASE_CALLS:
        return "calls";
    case PHASE_IO:
        return "input and output";
    case PHASE_ENDED:
        return "cancelled operations";
    case PHASE_TIMERS:
        return "timers";
    default:
        return "nothing, for no pass goes on";
    }
}

static bool go_to(struct model *m, enum model_phase phase)
{
    if (phase < m->phase)
        return differs(m, "none of this kind: it is time for %s",
                       name_of(m->phase));
    while (m->phase < phase) {
        if (!leave_phase(m))
            return false;
        m->phase++;
        if (m->phase == PHASE_IO)
            look(m);
        else if (m->phase == PHASE_TIMERS)
            find_due_timers(m);
    }
    return true;
}

/* --- callbacks ------------------------------------------------------------ */

static bool called_call(struct model *m, int i)
{
    if (!go_to(m, PHASE_CALLS))
        return false;
    if (next_call(m) != i)
        return differs(m, "call %d (-1: none)", next_call(m));
    m->calls[i].waits = false;
    return true;
}

static bool called_timer(struct model *m, int i)
{
    if (!go_to(m, PHASE_TIMERS))
        return false;
    if (next_timer(m) != i)
        return differs(m, "timer %d (-1: none; from %d on: beats)",
                       next_timer(m), MODEL_TIMERS);
    m->timers[i] = (struct model_timer){0};
    if (i >= MODEL_TIMERS)
        m->beating = i - MODEL_TIMERS;
    return true;
}

static bool called_post(struct model *m, int i)
{
    if (!m->freeing && !go_to(m, PHASE_IO))
        return false;
    if (next_post(m) != i)
        return differs(m, "post %d (-1: none)", next_post(m));
    if (m->posts[i].next_pass && !m->freeing)
        return differs(m, "post %d in the next pass", i);
    m->posts[i].waits = false;
    return true;
}

/* uring may tell of an event that has passed, and of one after the other. */
static bool called_watcher(struct model *m, int i, unsigned events)
{
    if (!go_to(m, PHASE_IO))
        return false;
    struct model_stream *s = &m->streams[i];
    if (!s->watched || s->called)
        return differs(m, "none of stream %d", i);
    const unsigned asked = s->events & s->told;
    const unsigned may = asked & (m->native ? s->seen | s->before : s->was);
    if (events == 0 || events & ~may || (!m->native && events != may))
        return differs(m, "events %u of stream %d", may, i);
    s->called = true;
    return true;
}

/* Elsewhere than on uring cancelled operations end in the order of that. */
static bool cancelled_in_time(struct model *m, int i)
{
    const struct model_op *op = &m->ops[i];
    if (!op->cancelled)
        return differs(m, "a result: nobody cancelled operation %d", i);
    if (m->native)
        return true;
    for (int k = 0; k < MODEL_OPS; k++)
        if (m->ops[k].active && m->ops[k].cancelled &&
            m->ops[k].order < op->order)
            return differs(m, "operation %d, cancelled before", k);
    return true;
}

/* uring has read before the callback; meanwhile there may be more. */
static bool read_is_right(const struct model *m, const struct model_op *op,
                          size_t n)
{
    const struct model_stream *s = &m->streams[op->stream];
    const size_t all = op->len < s->in ? op->len : s->in;
    if (s->in == 0 && !s->end)
        return false;
    return n == all || (m->native && n > 0 && n < all);
}

static bool result_is_right(struct model *m, const struct model_op *op,
                            long result, bool more)
{
    const struct model_stream *s = &m->streams[op->stream];
    const unsigned ready =
        model_ready(s) | (m->native ? s->seen | s->before : 0);
    const bool last = !more && result >= 0;
    switch (op->kind) {
    case MODEL_RECV:
        if (more)
            return (result > 0 && (size_t)result <= s->in) ||
                   differs(m, "1 to %zu bytes", s->in);
        return (result == 0 && s->in == 0 && s->end) ||
               differs(m, "more: the end is not reached");
    case MODEL_READ:
        return (last && read_is_right(m, op, (size_t)result)) ||
               differs(m, "at most %zu of %zu bytes", op->len, s->in);
    case MODEL_SEND:
        return (last && (size_t)result == op->len) ||
               differs(m, "%zu bytes", op->len);
    default:
        return (last && result == event_of(op->kind) &&
                (unsigned)result & ready) ||
               differs(m, "the event %u, if it is there", event_of(op->kind));
    }
}

static bool op_is_right(struct model *m, int i, long result, bool more)
{
    const struct model_op *op = &m->ops[i];
    if (m->freeing || (op->stream < 0 && m->native))
        return true; /* whichever won the race */
    if (result == -ECANCELED)
        return more ? differs(m, "no more") : cancelled_in_time(m, i);
    if (op->cancelled && !m->native && op->kind != MODEL_SEND)
        return differs(m, "%d: operation %d is cancelled", -ECANCELED, i);
    return op->stream < 0 || result_is_right(m, op, result, more);
}

/* What came of it: bytes that have been read, a place that is free. */
static void op_happened(struct model *m, int i, long result, bool more)
{
    const struct model_op *op = &m->ops[i];
    struct model_stream *s = &m->streams[op->stream];
    if ((op->kind == MODEL_RECV || op->kind == MODEL_READ) && result > 0)
        s->in -= (size_t)result;
    if (!more && *side(s, op->kind) == i)
        *side(s, op->kind) = -1;
    model_changed(m, op->stream);
}

static bool called_op(struct model *m, int i, long result, bool more)
{
    struct model_op *op = &m->ops[i];
    if (!op->active)
        return differs(m, "none of operation %d", i);
    const bool ended = result == -ECANCELED && !m->native;
    const bool any = op->kind == MODEL_SEND && m->phase == PHASE_ENDED;
    if (!m->freeing && !go_to(m, ended || any ? PHASE_ENDED : PHASE_IO))
        return false;
    if (!op_is_right(m, i, result, more))
        return false;
    op->called = true;
    if (op->stream >= 0)
        op_happened(m, i, result, more);
    op->active = more;
    return true;
}

bool model_called(struct model *m, enum model_kind kind, int i, long value,
                  bool more)
{
    m->n_called++;
    m->posting = kind == MODEL_POST || kind == MODEL_FOREIGN;
    switch (kind) {
    case MODEL_CALL:
        return called_call(m, i);
    case MODEL_POST:
        return called_post(m, i);
    case MODEL_FOREIGN:
        return m->freeing || go_to(m, PHASE_IO);
    case MODEL_WATCHER:
        return called_watcher(m, i, (unsigned)value);
    case MODEL_OP:
        return called_op(m, i, value, more);
    case MODEL_BEAT:
        return called_timer(m, MODEL_TIMERS + i);
    default:
        return called_timer(m, i);
    }
}

/* --- passes, and the end -------------------------------------------------- */

void model_pass_begins(struct model *m)
{
    m->n_called = 0;
    m->now_known = false;
    m->phase = PHASE_CALLS;
    for (int i = 0; i < MODEL_CALLS; i++)
        m->calls[i].due = m->calls[i].waits;
}

bool model_pass_ends(struct model *m)
{
    m->posting = false;
    return go_to(m, PHASE_OUTSIDE);
}

/* Only operations and posts have a last callback. */
void model_free_begins(struct model *m)
{
    m->freeing = true;
    for (int i = 0; i < MODEL_TIMERS + MODEL_BEATS; i++)
        m->timers[i].active = false;
    for (int i = 0; i < MODEL_CALLS; i++)
        m->calls[i].waits = false;
    for (int i = 0; i < MODEL_STREAMS; i++)
        m->streams[i].watched = false;
}

bool model_free_ends(struct model *m)
{
    if (next_post(m) >= 0)
        return differs(m, "post %d", next_post(m));
    for (int i = 0; i < MODEL_OPS; i++)
        if (m->ops[i].active)
            return differs(m, "the end of operation %d", i);
    return true;
}
