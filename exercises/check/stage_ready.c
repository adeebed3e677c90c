/*
 * stage_ready.c - what a wait reports is changed in the program's memory,
 * before the program sees it. See stage_internal.h.
 *
 *     shuffle    epoll's events in another order; poll and select have none
 *     part       of several that are ready some are left out: they are told by
 *                the next wait. With EPOLLET the kernel would not: those are
 *                owed.
 *     spurious   one that is not ready is added: a call on it gets EAGAIN.
 *                select(2) says so of its own reports, under "BUGS".
 *     owed       events that were kept back, for EPOLLET; see stage_call.c
 *
 * What is armed once (EPOLLONESHOT) is left as it is: the kernel disarms it
 * when it reports it.
 *
 * Read before: stage_wait.c. Read after: stage_clock.c.
 */
#include "stage_internal.h"

#include <poll.h>
#include <sys/epoll.h>

enum { EVENTS_MAX = 512, FDS_MAX = 4096 };

size_t stage_set_size(const struct trace_task *t)
{
    const uint64_t n =
        t->call.args[0] < FD_SETSIZE ? t->call.args[0] : FD_SETSIZE;
    return (size_t)(n + NFDBITS - 1) / NFDBITS * sizeof(fd_mask);
}

/* A report of bytes or connections on it would only bring EAGAIN. */
static bool can_be_spurious(const struct trace_fd *fd)
{
    return fd->nonblocking &&
           (fd->kind == TRACE_FD_LISTENER || fd->kind == TRACE_FD_ACCEPTED ||
            fd->kind == TRACE_FD_CONNECTED);
}

/*
 * A fault, if one is due. A wait that reports nothing is asked for one when it
 * looks for the first time: how often it looks later says nothing.
 */
static struct stage_strike strike(struct trace_task *t, int ready, bool spare)
{
    if (ready == 0 && t->staged->looked)
        return (struct stage_strike){.any = false};
    t->staged->looked = true;
    return stage_strike_ready(t, ready, spare);
}

/* --- epoll ---------------------------------------------------------------- */

struct events {
    struct epoll_event at[EVENTS_MAX];
    int n, room;
};

static struct epoll_event *event_with(struct events *e, uint64_t data)
{
    for (int i = 0; i < e->n; i++)
        if (e->at[i].data.u64 == data)
            return &e->at[i];
    return NULL;
}

/* The descriptor that this epoll reports with `data`; -1: not known. */
static int fd_with(struct trace_task *t, uint64_t data)
{
    const struct trace_fds *fds = t->fds;
    for (int i = 0; i < fds->n; i++)
        if (fds->at[i].epoll == (int)t->call.args[0] && fds->at[i].data == data)
            return i;
    return -1;
}

static void add_owed(struct trace_task *t, struct events *e)
{
    for (int i = 0; i < t->fds->n; i++) {
        struct trace_fd *fd = &t->fds->at[i];
        if (fd->epoll != (int)t->call.args[0] || fd->owed == 0)
            continue;
        struct epoll_event *event = event_with(e, fd->data);
        if (event == NULL && e->n < e->room) {
            event = &e->at[e->n++];
            *event = (struct epoll_event){.data.u64 = fd->data};
        }
        if (event != NULL) {
            event->events |= fd->owed;
            fd->owed = 0;
        }
    }
}

/* The first of those that could be reported for nothing, from a place that
 * chance picks; -1: there is none. */
static int spare_in_epoll(struct trace_task *t, struct events *e, bool pick)
{
    const int n = t->fds->n;
    const int first = pick ? (int)stage_chance(&stage.chance, (unsigned)n) : 0;
    for (int i = 0; i < n && e->n < e->room; i++) {
        const int at = (first + i) % n;
        const struct trace_fd *fd = &t->fds->at[at];
        if (fd->epoll == (int)t->call.args[0] && can_be_spurious(fd) &&
            (fd->events & EPOLLIN) != 0 && (fd->events & EPOLLONESHOT) == 0 &&
            event_with(e, fd->data) == NULL)
            return at;
    }
    return -1;
}

static void shuffle(struct events *e)
{
    for (int i = e->n - 1; i > 0; i--) {
        const unsigned j = stage_chance(&stage.chance, (unsigned)i + 1);
        const struct epoll_event event = e->at[i];
        e->at[i] = e->at[j];
        e->at[j] = event;
    }
}

/* Keeps some of them, at least one; the others will be told again. */
static void keep_part(struct trace_task *t, struct events *e)
{
    const int keep = 1 + (int)stage_chance(&stage.chance, (unsigned)e->n - 1);
    int n = 0;
    for (int i = 0; i < e->n; i++) {
        const struct epoll_event event = e->at[i];
        const int fd = fd_with(t, event.data.u64);
        const bool once =
            fd == -1 || (t->fds->at[fd].events & EPOLLONESHOT) != 0;
        if (n < keep || once)
            e->at[n++] = event;
        else if ((t->fds->at[fd].events & EPOLLET) != 0)
            t->fds->at[fd].owed |= event.events;
    }
    e->n = n;
}

static void change_epoll(struct trace_task *t)
{
    struct events e = {.n = (int)t->call.result,
                       .room = (int)t->call.args[2] < EVENTS_MAX
                                   ? (int)t->call.args[2]
                                   : EVENTS_MAX};
    const size_t size = sizeof e.at[0];
    if (e.n > e.room || trace_peek(t->tid, t->call.args[1], e.at,
                                   (size_t)e.n * size) < (size_t)e.n * size)
        return;
    add_owed(t, &e);
    const bool spare = spare_in_epoll(t, &e, false) != -1;
    const struct stage_strike hit = strike(t, e.n, spare);
    if (hit.any && hit.fault == FAULT_SPURIOUS) {
        const int fd = spare_in_epoll(t, &e, true);
        e.at[e.n++] = (struct epoll_event){.events = EPOLLIN,
                                           .data.u64 = t->fds->at[fd].data};
    } else if (hit.any) {
        shuffle(&e);
    }
    if (hit.any && hit.fault == FAULT_PART)
        keep_part(t, &e);
    t->call.result = e.n;
    (void)trace_poke(t->tid, t->call.args[1], e.at, (size_t)e.n * size);
}

/* --- poll and select: a row of places, each ready or not ------------------ */

struct place {
    int fd;
    bool ready, spare;
};

/* Makes the fault; returns how many are ready then. */
static int change_places(struct trace_task *t, struct place *places, int n)
{
    int ready = 0, spare = 0;
    for (int i = 0; i < n; i++) {
        ready += places[i].ready;
        spare += places[i].spare;
    }
    const struct stage_strike hit = strike(t, ready, spare > 0);
    if (!hit.any)
        return ready;
    const bool adds = hit.fault == FAULT_SPURIOUS;
    int left = adds ? (int)stage_chance(&stage.chance, (unsigned)spare)
                    : (int)stage_chance(&stage.chance, (unsigned)ready);
    for (int i = 0; i < n; i++) {
        if (adds && places[i].spare && left-- == 0)
            places[i].ready = true;
        /* Of those that are ready, `left` is the one that surely stays. */
        if (!adds && places[i].ready && left-- != 0)
            places[i].ready = stage_chance(&stage.chance, 2) == 0;
    }
    ready = 0;
    for (int i = 0; i < n; i++)
        ready += places[i].ready;
    return ready;
}

static void change_poll(struct trace_task *t)
{
    static struct pollfd fds[FDS_MAX];
    static struct place places[FDS_MAX];
    const uint64_t n = t->call.args[1];
    if (n > FDS_MAX ||
        trace_peek(t->tid, t->call.args[0], fds, (size_t)n * sizeof *fds) <
            (size_t)n * sizeof *fds)
        return;
    for (uint64_t i = 0; i < n; i++)
        places[i] = (struct place){
            .fd = fds[i].fd,
            .ready = fds[i].revents != 0,
            .spare = fds[i].revents == 0 && (fds[i].events & POLLIN) != 0 &&
                     can_be_spurious(trace_fd(t->fds, fds[i].fd))};
    t->call.result = change_places(t, places, (int)n);
    for (uint64_t i = 0; i < n; i++) {
        if (!places[i].ready)
            fds[i].revents = 0;
        else if (fds[i].revents == 0)
            fds[i].revents = POLLIN;
    }
    (void)trace_poke(t->tid, t->call.args[0], fds, (size_t)n * sizeof *fds);
}

/* Only the set of those that are to be read: the others stay as they are. */
static void change_select(struct trace_task *t)
{
    static struct place places[FD_SETSIZE];
    const struct stage_task *s = t->staged;
    const size_t size = stage_set_size(t);
    fd_set in;
    FD_ZERO(&in);
    if (!s->has_set[0] || trace_peek(t->tid, t->call.args[1], &in, size) < size)
        return;
    int before = 0;
    for (int fd = 0; fd < FD_SETSIZE; fd++) {
        const bool ready = FD_ISSET(fd, &in);
        before += ready;
        places[fd] =
            (struct place){.fd = fd,
                           .ready = ready,
                           .spare = !ready && FD_ISSET(fd, &s->sets[0]) &&
                                    can_be_spurious(trace_fd(t->fds, fd))};
    }
    t->call.result += change_places(t, places, FD_SETSIZE) - before;
    for (int fd = 0; fd < FD_SETSIZE; fd++) {
        if (places[fd].ready)
            FD_SET(fd, &in);
        else
            FD_CLR(fd, &in);
    }
    (void)trace_poke(t->tid, t->call.args[1], &in, size);
}

void stage_ready_change(struct trace_task *t)
{
    switch (t->staged->wait->kind) {
    case STAGE_EPOLL:
        change_epoll(t);
        break;
    case STAGE_POLL:
        change_poll(t);
        break;
    case STAGE_SELECT:
        change_select(t);
        break;
    default:
        break;
    }
}

/* --- in words ------------------------------------------------------------- */

static void put(struct trace_task *t, struct base_buf *out, int fd,
                const char *what)
{
    (void)base_buf_printf(out, "%s%s %s", base_buf_len(out) > 0 ? ", " : "",
                          fd == -1 ? "?" : stage_name_of(t, fd), what);
}

static const char *words_of(uint32_t events)
{
    if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        return "hup";
    if ((events & EPOLLIN) != 0)
        return (events & EPOLLOUT) != 0 ? "in+out" : "in";
    return (events & EPOLLOUT) != 0 ? "out" : "other";
}

static void put_epoll(struct trace_task *t, struct base_buf *out)
{
    struct epoll_event event;
    for (int64_t i = 0; i < t->call.result && i < EVENTS_MAX; i++)
        if (trace_peek(t->tid, t->call.args[1] + (uint64_t)i * sizeof event,
                       &event, sizeof event) == sizeof event)
            put(t, out, fd_with(t, event.data.u64), words_of(event.events));
}

/* POLLIN and the others are the same bits as EPOLLIN and the others. */
static void put_poll(struct trace_task *t, struct base_buf *out)
{
    struct pollfd p;
    for (uint64_t i = 0; i < t->call.args[1] && i < FDS_MAX; i++)
        if (trace_peek(t->tid, t->call.args[0] + i * sizeof p, &p, sizeof p) ==
                sizeof p &&
            p.revents != 0)
            put(t, out, p.fd, words_of((uint16_t)p.revents));
}

static void put_select(struct trace_task *t, struct base_buf *out)
{
    static const char *const words[] = {"in", "out", "except"};
    for (int i = 0; i < 3; i++) {
        fd_set set;
        FD_ZERO(&set);
        if (t->staged->has_set[i])
            (void)trace_peek(t->tid, t->call.args[i + 1], &set,
                             stage_set_size(t));
        for (int fd = 0; fd < FD_SETSIZE; fd++)
            if (FD_ISSET(fd, &set))
                put(t, out, fd, words[i]);
    }
}

void stage_ready_text(struct trace_task *t, struct base_buf *out)
{
    if (t->call.result <= 0)
        return;
    if (t->staged->wait->kind == STAGE_EPOLL)
        put_epoll(t, out);
    else if (t->staged->wait->kind == STAGE_POLL)
        put_poll(t, out);
    else if (t->staged->wait->kind == STAGE_SELECT)
        put_select(t, out);
}
