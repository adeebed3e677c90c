/*
 * hang_judge.c - which kind of hang it is: from the call of a thread, what
 * waits on its process's descriptors, and which events were asked for.
 *
 *     blocked in read, send ...   does something wait elsewhere?
 *     waits for events            is there something that it does not hear of?
 *                                   no interest, another event, other place
 *                                   edge: told once, and not drained
 *                                   one-shot: told once, and disarmed
 *                                 does it wait for room to write, or forget to?
 *
 * Something waits that was asked for at level, and the thread sleeps: that
 * cannot last, so it is no cause; it came while we looked.
 *
 * Read before: hang_interest.c. Read after: hang_futex.c, hang_words.c.
 */
#include "hang_parts.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

/* --- what was asked for --------------------------------------------------- */

enum { MARKS = EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE };

static bool is_disarmed(const struct hang_interest *i)
{
    const uint32_t events = i->events & ~((uint32_t)MARKS | EPOLLET);
    return (i->events & EPOLLONESHOT) && events == 0;
}

/* What is there to read is reported, if at all. */
static bool asks_to_read(const struct hang_interest *i, enum hang_waits what)
{
    const uint32_t reading =
        EPOLLIN | EPOLLRDNORM | (what == WAITS_END ? EPOLLRDHUP : (uint32_t)0);
    return i != NULL && i->flaw == FLAW_NONE && (i->events & reading);
}

static bool asks_to_write(const struct hang_interest *i)
{
    return i != NULL && i->flaw == FLAW_NONE && (i->events & EPOLLOUT);
}

/*
 * The call will return for it, or has told of a wake-up that need not be read:
 * many a loop leaves the count of its own eventfd there.
 */
static bool is_heard(const struct hang_interest *i, const struct hang_fd *f)
{
    return asks_to_read(i, hang_fd_waits(f)) &&
           (!(i->events & EPOLLET) || f->kind == FD_EVENTFD ||
            f->kind == FD_TIMERFD);
}

/* --- what waits ----------------------------------------------------------- */

/* The lower number wins among equals; the terminal or its like comes last. */
static int rank(const struct hang_fd *f)
{
    return f->fd == STDIN_FILENO ? hang_fd_waits(f) != WAITS_NOT
                                 : 2 * (int)hang_fd_waits(f);
}

/* The descriptor on which most waits and is not heard of; or NULL. */
static const struct hang_fd *find_waiting(const struct hang_case *c)
{
    const bool events = hang_waits_for_events(c->task.call);
    const struct hang_fd *best = NULL;
    for (size_t i = 0; i < c->fds.n; i++) {
        const struct hang_fd *f = &c->fds.at[i];
        if (f == c->on || rank(f) == 0 ||
            (events && is_heard(hang_interest_in(&c->interests, f->fd), f)))
            continue;
        if (best == NULL || rank(f) > rank(best))
            best = f;
    }
    return best;
}

static void set_other(struct hang_case *c, const struct hang_fd *f)
{
    c->there = f;
    if (f == NULL)
        return;
    c->other = f->fd;
    c->waiting = f->unread > 0 ? (size_t)f->unread : 0;
    c->why = hang_interest_in(&c->interests, f->fd);
}

/* --- a thread that waits for events --------------------------------------- */

static enum hang_kind unheard(const struct hang_case *c)
{
    const struct hang_interest *why = c->why;
    const bool asked = why != NULL && why->flaw == FLAW_NONE;
    if (asked && is_disarmed(why))
        return HANG_ONESHOT;
    if (asked && (why->events & EPOLLET) &&
        asks_to_read(why, hang_fd_waits(c->there)))
        return HANG_EDGE;
    return hang_fd_waits(c->there) == WAITS_CONN ? HANG_NOT_ACCEPTED
                                                 : HANG_NOT_WATCHED;
}

/* Waits for room there, and there is none. */
static const struct hang_fd *find_full(const struct hang_case *c)
{
    for (size_t i = 0; i < c->fds.n; i++) {
        const struct hang_fd *f = &c->fds.at[i];
        if ((f->kind == FD_TCP || f->kind == FD_SOCKET || f->kind == FD_PIPE) &&
            hang_fd_full(f) &&
            asks_to_write(hang_interest_in(&c->interests, f->fd)))
            return f;
    }
    return NULL;
}

/* Stood for want of room once, or does now, and does not ask for it. */
static const struct hang_fd *find_unsent(const struct hang_case *c)
{
    for (size_t i = 0; i < c->fds.n; i++) {
        const struct hang_fd *f = &c->fds.at[i];
        const bool full = hang_fd_full(f) && f->unsent > 0;
        if (f->kind == FD_TCP && f->tcp_state == TCP_ESTABLISHED &&
            (full || f->stalled) &&
            !asks_to_write(hang_interest_in(&c->interests, f->fd)))
            return f;
    }
    return NULL;
}

/* How many completions lie in the ring, and for how many the call waits. */
static void count_completions(struct hang_case *c)
{
    struct base_buf text;
    base_buf_init(&text, 1 << 20);
    hang_slurp(&text, "/proc/%d/task/%d/fdinfo/%d", c->task.pid, c->task.tid,
               c->fd);
    const struct base_slice info = base_buf_slice(&text);
    c->had = (unsigned)(hang_field(info, "CqTail:", 10, 0) -
                        hang_field(info, "CqHead:", 10, 0));
    c->wanted = (unsigned)c->task.args[2];
    base_buf_fini(&text);
}

static void judge_events(struct hang_case *c)
{
    if (c->task.call->class == CALL_URING)
        count_completions(c);
    const struct hang_fd *full = find_full(c);
    const struct hang_fd *waiting = find_waiting(c);
    const struct hang_fd *unsent = find_unsent(c);
    if (full != NULL && (waiting == NULL || waiting == full)) {
        c->kind = HANG_WRITE;
        set_other(c, full);
    } else if (waiting != NULL) {
        set_other(c, waiting);
        c->kind = unheard(c);
    } else if (unsent != NULL && c->task.call->class != CALL_URING) {
        c->kind = HANG_UNSENT;
        set_other(c, unsent);
    }
    if (c->kind == HANG_WRITE || c->kind == HANG_UNSENT)
        c->waiting = c->there->unsent > 0 ? (size_t)c->there->unsent : 0;
}

/* --- the others ----------------------------------------------------------- */

/* Somebody who reads a pipe whose other end it has open sees no end. */
static bool has_writer(const struct hang_case *c)
{
    for (size_t i = 0; c->on != NULL && i < c->fds.n; i++)
        if (c->on->kind == FD_PIPE && c->fds.at[i].inode == c->on->inode &&
            (c->fds.at[i].flags & O_ACCMODE) == O_WRONLY)
            return true;
    return false;
}

static void judge_call(struct hang_case *c)
{
    static const enum hang_kind kinds[] = {
        [CALL_OTHER] = HANG_OTHER,     [CALL_READ] = HANG_READ,
        [CALL_WRITE] = HANG_WRITE,     [CALL_ACCEPT] = HANG_IDLE,
        [CALL_CONNECT] = HANG_CONNECT, [CALL_EPOLL] = HANG_IDLE,
        [CALL_POLL] = HANG_IDLE,       [CALL_SELECT] = HANG_IDLE,
        [CALL_URING] = HANG_IDLE,      [CALL_FUTEX] = HANG_LOCK,
        [CALL_CHILD] = HANG_CHILD,     [CALL_SLEEP] = HANG_SLEEP,
    };
    c->kind = kinds[c->task.call->class];
    if (hang_waits_for_events(c->task.call)) {
        judge_events(c);
        return;
    }
    set_other(c, find_waiting(c));
    if (c->kind == HANG_READ && c->other != -1)
        c->kind = HANG_READ_OTHER;
    if (c->kind == HANG_IDLE && c->other != -1)
        c->kind = HANG_ACCEPT;
    c->writer = has_writer(c);
    if (c->kind == HANG_LOCK)
        hang_futex(c);
}

/* --- of several threads, the one that tells most -------------------------- */

static int weigh(const struct hang_case *c)
{
    static const int weights[] = {
        [HANG_STOPPED] = 100,     [HANG_SPINS] = 95,  [HANG_READ_OTHER] = 80,
        [HANG_ONESHOT] = 79,      [HANG_EDGE] = 79,   [HANG_NOT_WATCHED] = 78,
        [HANG_NOT_ACCEPTED] = 76, [HANG_WRITE] = 75,  [HANG_CONNECT] = 74,
        [HANG_ACCEPT] = 70,       [HANG_UNSENT] = 60, [HANG_READ] = 50,
        [HANG_IDLE] = 45,         [HANG_CHILD] = 42,  [HANG_SLEEP] = 41,
        [HANG_LOCK] = 30,         [HANG_OTHER] = 10,  [HANG_GONE] = 0,
    };
    if (c->kind == HANG_LOCK &&
        (c->lock == LOCK_HELD || c->lock == LOCK_OWN || c->tasks_wait))
        return 85; /* what waits elsewhere waits for this lock */
    if (c->kind == HANG_LOCK && c->lock == LOCK_JOIN)
        return 43;
    if (c->kind == HANG_SLEEP && c->other != -1)
        return 77;
    return weights[c->kind];
}

/*
 * To the kernel all tasks of one thread are one that waits for events. A lock
 * that another task holds is never left while nothing comes; the other waits
 * of tasks for tasks count if none waits for a descriptor.
 */
static bool tasks_wait(const char *dump)
{
    static const char *const waits[] = {"waits: condition",   "waits: event",
                                        "waits: semaphore",   "waits: channel",
                                        "waits: end of task", "of a queue",
                                        "room in a queue"};
    if (dump == NULL)
        return false;
    if (strstr(dump, "waits: lock") != NULL)
        return true;
    bool found = false;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        found = found || strstr(dump, waits[i]) != NULL;
    static const char *const descriptors[] = {"waits: accept", "waits: recv",
                                              "waits: read", "waits: send"};
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++)
        found = found && strstr(dump, descriptors[i]) == NULL;
    return found;
}

void hang_judge(struct hang_case *c)
{
    const struct hang_call *call = c->task.call;
    c->fd = call->fd_arg == -1 ? -1 : (int)c->task.args[call->fd_arg];
    c->on = c->fd == -1 ? NULL : hang_fds_find(&c->fds, c->fd);
    c->other = -1;
    if (c->task.state == 'T') {
        c->kind = HANG_STOPPED;
        c->fd = -1;
        c->on = NULL;
    } else if (c->task.spins) {
        c->kind = HANG_SPINS;
        hang_spin(c);
    } else {
        judge_call(c);
    }
    if (c->kind == HANG_IDLE && tasks_wait(c->tasks->dump)) {
        c->kind = HANG_LOCK;
        c->tasks_wait = true;
    }
    c->weight = weigh(c);
}
