/*
 * hang_words.c - the text: one sentence that says what stands where, a line or
 * three for each descriptor that matters, what there is to learn, and where to
 * read it.
 *
 * Those that matter come first: where something waits, what the call is blocked
 * on, other descriptors with something in them, listeners, interests. A server
 * may have thousands, so the rest is counted.
 *
 * Read before: hang_judge.c, hang_lessons.c, hang_words_fd.c. Read after:
 * test/test_hang.c.
 */
#include "hang_parts.h"
#include "trace_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 16, SHOWN_MAX = 6, DUMP_LINES_MAX = 12, WIDTH = 62 };

/* --- the first sentence --------------------------------------------------- */

static size_t threads_of(const struct hang_case *c, pid_t pid)
{
    size_t n = 0;
    for (size_t i = 0; i < c->tasks->n; i++)
        n += c->tasks->at[i].pid == pid;
    return n;
}

static void put_who(struct base_buf *out, const struct hang_case *c)
{
    const struct hang_task *t = &c->task;
    if (threads_of(c, t->pid) > 1)
        base_buf_printf(out, "thread %d of ", t->tid);
    if (t->pid == c->tasks->asked)
        base_buf_printf(out, "the program");
    else
        base_buf_printf(out, "process %d, a child of the program,", t->pid);
}

static void put_call(struct base_buf *out, const struct hang_case *c)
{
    base_buf_printf(out, "%s", c->task.call->name);
    if (c->task.call->number == -1 && c->task.number != -1)
        base_buf_printf(out, " %ld", c->task.number);
    if (c->fd != -1 && c->task.call->fd_arg != -1)
        base_buf_printf(out, "(%d)", c->fd);
}

/* "5 bytes lie unread in descriptor 7" */
static void put_waiting(struct base_buf *out, const struct hang_case *c)
{
    const struct hang_fd *f = c->there;
    const long long n = f->unread;
    if (f->kind == FD_LISTENER) {
        hang_put_count(out, n, "connection");
        base_buf_printf(out, " %s to be accepted", n == 1 ? "waits" : "wait");
    } else if (n <= 0) {
        base_buf_printf(out, "the end of descriptor %d is unread", f->fd);
    } else if (hang_fd_waits(f) == WAITS_BYTES || f->kind == FD_PIPE) {
        hang_put_count(out, n, "byte");
        base_buf_printf(out, " %s unread in descriptor %d",
                        n == 1 ? "lies" : "lie", f->fd);
    } else {
        base_buf_printf(out, "descriptor %d is ready", f->fd);
    }
}

static void put_lock(struct base_buf *out, const struct hang_case *c)
{
    if (c->tasks_wait) {
        base_buf_printf(out, " waits in ");
        put_call(out, c);
        base_buf_printf(out, ", and its tasks wait for each other");
    } else if (c->lock == LOCK_OWN) {
        base_buf_printf(out, " waits for a lock that it holds itself");
    } else if (c->lock == LOCK_HELD) {
        base_buf_printf(out, " waits for a lock that thread %d holds",
                        c->holder);
    } else if (c->lock == LOCK_JOIN) {
        base_buf_printf(out, " waits for the end of thread %d", c->holder);
    } else {
        base_buf_printf(out, " waits for %s (futex)",
                        c->lock == LOCK_CONDITION ? "a condition"
                                                  : "another thread");
    }
}

static void put_spins(struct base_buf *out, const struct hang_case *c)
{
    base_buf_printf(out, " never waits: it burns the processor");
    if (c->n_turns > 0) {
        base_buf_printf(out, " and calls ");
        put_call(out, c);
        base_buf_printf(out, " again and again");
    } else if (c->followed) {
        base_buf_printf(out, " and makes no system call");
    }
}

/* What comes behind "waits in recv(5)". */
static void put_situation(struct base_buf *out, const struct hang_case *c)
{
    switch (c->kind) {
    case HANG_READ:
        base_buf_printf(out, ", and nothing comes");
        return;
    case HANG_WRITE:
        base_buf_printf(out, " for room in descriptor %d",
                        hang_waits_for_events(c->task.call) ? c->there->fd
                                                            : c->fd);
        return;
    case HANG_CONNECT:
        base_buf_printf(out, ", and the other side does not answer");
        return;
    case HANG_EDGE:
    case HANG_ONESHOT:
        base_buf_printf(out, ", and nothing will wake it");
        return;
    case HANG_UNSENT:
        base_buf_printf(out, ", and not for room in descriptor %d",
                        c->there->fd);
        return;
    case HANG_CHILD:
        base_buf_printf(out, " for a child, and none ends");
        return;
    case HANG_IDLE:
        base_buf_printf(out, c->task.call->class == CALL_ACCEPT
                                 ? ", and nobody connects"
                                 : ", and nothing comes");
        return;
    default:
        return;
    }
}

/* What waits elsewhere belongs to the sentence. */
static bool is_news(enum hang_kind kind)
{
    return kind == HANG_READ_OTHER || kind == HANG_ACCEPT ||
           kind == HANG_NOT_WATCHED || kind == HANG_NOT_ACCEPTED ||
           kind == HANG_SLEEP || kind == HANG_CHILD;
}

static void put_headline(struct base_buf *out, const struct hang_case *c)
{
    put_who(out, c);
    if (c->kind == HANG_STOPPED) {
        base_buf_printf(out, " is stopped by a signal");
    } else if (c->kind == HANG_LOCK) {
        put_lock(out, c);
    } else if (c->kind == HANG_SPINS) {
        put_spins(out, c);
    } else {
        base_buf_printf(out,
                        c->kind == HANG_SLEEP ? " sleeps in " : " waits in ");
        put_call(out, c);
        put_situation(out, c);
        if (c->there != NULL && is_news(c->kind)) {
            base_buf_printf(out, hang_waits_for_events(c->task.call)
                                     ? ", and does not hear that "
                                     : ", while ");
            put_waiting(out, c);
        }
    }
    base_buf_printf(out, "\n");
}

/* --- those that matter ---------------------------------------------------- */

static bool is_there(const struct hang_case *c, const struct hang_fd *f)
{
    return f == c->there;
}

static bool is_on(const struct hang_case *c, const struct hang_fd *f)
{
    return f == c->on && f->kind != FD_EPOLL && f->kind != FD_URING;
}

static bool is_waiting(const struct hang_case *c, const struct hang_fd *f)
{
    (void)c;
    return f->fd > STDERR_FILENO && hang_fd_waits(f) != WAITS_NOT;
}

static bool is_listener(const struct hang_case *c, const struct hang_fd *f)
{
    (void)c;
    return f->kind == FD_LISTENER;
}

static bool is_connection(const struct hang_case *c, const struct hang_fd *f)
{
    (void)c;
    return f->kind == FD_TCP;
}

static bool is_asked_for(const struct hang_case *c, const struct hang_fd *f)
{
    return f->fd > STDERR_FILENO &&
           hang_interest_in(&c->interests, f->fd) != NULL;
}

static bool is_other_end(const struct hang_case *c, const struct hang_fd *f)
{
    return c->writer && c->on != NULL && f->inode == c->on->inode;
}

/* The first of these that fits is a descriptor's rank. */
static bool (*const ranks[])(const struct hang_case *,
                             const struct hang_fd *) = {
    is_there,    is_on,         is_other_end, is_waiting,
    is_listener, is_connection, is_asked_for};

enum { N_RANKS = sizeof ranks / sizeof ranks[0] };

static int rank_of(const struct hang_case *c, const struct hang_fd *f)
{
    int rank = 0;
    while (rank < N_RANKS && !ranks[rank](c, f))
        rank++;
    return rank;
}

static void put_fds(struct base_buf *out, const struct hang_case *c)
{
    size_t shown = 0, left = 0;
    for (int rank = 0; rank < N_RANKS; rank++)
        for (size_t i = 0; i < c->fds.n; i++) {
            const struct hang_fd *f = &c->fds.at[i];
            if (rank_of(c, f) != rank)
                continue;
            if (shown == SHOWN_MAX) {
                left++;
                continue;
            }
            hang_put_fd(out, c, f);
            shown++;
        }
    if (left > 0)
        base_buf_printf(out, "  and %zu descriptor%s more\n", left,
                        left == 1 ? "" : "s");
}

/* --- what else there is --------------------------------------------------- */

static void put_turns(struct base_buf *out, const struct hang_case *c)
{
    for (int i = 0; i < c->n_turns; i++) {
        const struct hang_turn *t = &c->turns[i];
        base_buf_printf(out, "  %s", t->call->name);
        if (t->fd != -1)
            base_buf_printf(out, "(%d)", t->fd);
        if (t->result < 0)
            base_buf_printf(out, " fails: %s\n", trace_errno((int)-t->result));
        else
            base_buf_printf(out, " returns %lld\n", t->result);
    }
}

static void put_time(struct base_buf *out, const struct hang_case *c)
{
    const double s = hang_task_sleeps_s(&c->task);
    if (c->kind == HANG_SLEEP && s >= 0)
        base_buf_printf(out, "  for %.3f s\n", s);
}

/* Those that the thread waits for: its children, or who holds its lock. */
static void put_others(struct base_buf *out, const struct hang_case *c)
{
    for (size_t i = 0; i < c->tasks->n; i++) {
        const struct hang_task *t = &c->tasks->at[i];
        const bool child = c->kind == HANG_CHILD && t->pid != c->task.pid;
        const bool holder = c->kind == HANG_LOCK && t->tid == c->holder &&
                            t->tid != c->task.tid;
        if (!child && !holder)
            continue;
        base_buf_printf(out, "  %s %d %s", child ? "process" : "thread", t->tid,
                        t->spins          ? "burns the processor"
                        : t->state == 'T' ? "is stopped"
                                          : "waits in ");
        if (!t->spins && t->state != 'T')
            base_buf_printf(out, "%s", t->call->name);
        base_buf_printf(out, "\n");
    }
}

/* The program wrote it: what could steer a terminal is left out. */
static void put_dump(struct base_buf *out, const struct hang_case *c)
{
    if (c->tasks->dump == NULL)
        return;
    struct base_slice rest = base_slice_of(c->tasks->dump);
    base_buf_printf(out, "Its own loop says:\n");
    for (int n = 0; n < DUMP_LINES_MAX && rest.len > 0; n++) {
        const struct base_slice line = base_slice_cut(&rest, '\n', NULL);
        base_buf_printf(out, "  ");
        for (size_t i = 0; i < line.len && i < 160; i++)
            base_buf_printf(out, "%c",
                            isprint((unsigned char)line.ptr[i]) ? line.ptr[i]
                                                                : '?');
        base_buf_printf(out, "\n");
    }
    if (rest.len > 0)
        base_buf_printf(out, "  ...\n");
}

static void put_completions(struct base_buf *out, const struct hang_case *c)
{
    if (c->task.call->class == CALL_URING && c->wanted > 0)
        base_buf_printf(out,
                        "  it waits for %u completion%s; %u lie%s in the "
                        "ring\n",
                        c->wanted, c->wanted == 1 ? "" : "s", c->had,
                        c->had == 1 ? "s" : "");
}

/* Sentences in lines that fit beside the heading of a message. */
static void put_wrapped(struct base_buf *out, const char *sentences)
{
    struct base_slice rest = base_slice_of(sentences);
    size_t column = 0;
    while (rest.len > 0) {
        const struct base_slice word = base_slice_cut(&rest, ' ', NULL);
        const bool fits = column + 1 + word.len <= WIDTH;
        if (column > 0)
            base_buf_printf(out, fits ? " " : "\n");
        column = column > 0 && fits ? column + 1 + word.len : word.len;
        base_buf_append(out, word);
    }
    base_buf_printf(out, "\n");
}

char *hang_words(const struct hang_case *c)
{
    struct base_buf out;
    base_buf_init(&out, TEXT_MAX);
    put_headline(&out, c);
    put_turns(&out, c);
    put_time(&out, c);
    put_completions(&out, c);
    put_others(&out, c);
    put_fds(&out, c);
    put_dump(&out, c);
    const struct hang_lesson *lesson = hang_lesson_of(c);
    put_wrapped(&out, lesson->text);
    if (c->fds.refused)
        put_wrapped(&out, "(What lies in pipes and UNIX sockets may not be "
                          "asked here.)");
    if (lesson->section != NULL)
        base_buf_printf(&out, "read: %s\n", lesson->section);
    const struct base_slice lines = base_buf_slice(&out);
    char *text = base_slice_dup((struct base_slice){lines.ptr, lines.len - 1});
    base_buf_fini(&out);
    return text;
}

const char *hang_kind_name(enum hang_kind kind)
{
    static const char *const names[] = {
        [HANG_GONE] = "has ended",
        [HANG_SPINS] = "busy loop",
        [HANG_READ] = "blocked in a read",
        [HANG_READ_OTHER] = "blocked in a read, bytes wait elsewhere",
        [HANG_WRITE] = "no room to write",
        [HANG_ACCEPT] = "blocked in accept, bytes wait elsewhere",
        [HANG_CONNECT] = "blocked in connect",
        [HANG_NOT_WATCHED] = "bytes wait where it does not look",
        [HANG_EDGE] = "edge-triggered, not drained",
        [HANG_ONESHOT] = "one-shot, not armed again",
        [HANG_NOT_ACCEPTED] = "a connection waits to be accepted",
        [HANG_UNSENT] = "does not wait for room to write",
        [HANG_LOCK] = "waits for another thread or task",
        [HANG_CHILD] = "waits for a child",
        [HANG_SLEEP] = "sleeps",
        [HANG_IDLE] = "waits, and nothing comes",
        [HANG_STOPPED] = "stopped by a signal",
        [HANG_OTHER] = "waits",
    };
    return names[kind];
}
