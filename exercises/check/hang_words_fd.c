/*
 * hang_words_fd.c - the lines on one descriptor: what it is, what lies in it,
 * what its peer did, and which interest the program has in it.
 *
 * Read before: hang_parts.h. Read after: hang_words.c.
 */
#include "hang_parts.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

static const char indent[] = "                 ";
enum { INDENT = sizeof indent - 1 };

void hang_put_count(struct base_buf *out, long long n, const char *what)
{
    base_buf_printf(out, "%lld %s%s", n, what, n == 1 ? "" : "s");
}

static void put_tcp(struct base_buf *out, const struct hang_fd *f)
{
    if (f->tcp_state == TCP_SYN_SENT) {
        base_buf_printf(out, "a connection to %s, not answered yet", f->peer);
        return;
    }
    base_buf_printf(
        out, "%s %s: ", f->accepted ? "a connection from" : "connected to",
        f->peer);
}

static void put_unread(struct base_buf *out, const struct hang_fd *f)
{
    if (f->unread == -1) {
        base_buf_printf(out, "what lies in it is unknown");
    } else if (f->unread == 0) {
        base_buf_printf(out, "nothing lies unread");
    } else {
        hang_put_count(out, f->unread, "byte");
        base_buf_printf(out, " %s unread", f->unread == 1 ? "lies" : "lie");
    }
}

static void put_listener(struct base_buf *out, const struct hang_fd *f)
{
    const char *port = strrchr(f->local, ':');
    if (port != NULL)
        base_buf_printf(out, "listens on port %s: ", port + 1);
    else
        base_buf_printf(out, "listens: ");
    if (f->unread == -1)
        base_buf_printf(out, "whether a connection waits is unknown");
    else if (f->unread == 0)
        base_buf_printf(out, "no connection waits");
    else
        hang_put_count(out, f->unread, "connection");
    if (f->unread > 0)
        base_buf_printf(out, " %s", f->unread == 1 ? "waits" : "wait");
}

static void put_pipe(struct base_buf *out, const struct hang_fd *f)
{
    if ((f->flags & O_ACCMODE) == O_WRONLY) {
        base_buf_printf(out, "a pipe, its end to write");
        return;
    }
    base_buf_printf(out, "a pipe, its end to read: ");
    put_unread(out, f);
}

/* A first line: what it is, and what lies in it. */
static void put_what(struct base_buf *out, const struct hang_fd *f)
{
    switch (f->kind) {
    case FD_LISTENER:
        put_listener(out, f);
        return;
    case FD_TCP:
        put_tcp(out, f);
        if (f->tcp_state != TCP_SYN_SENT)
            put_unread(out, f);
        return;
    case FD_SOCKET:
        base_buf_printf(out, "%s: ", f->peer[0] != '\0' ? f->peer : "a socket");
        put_unread(out, f);
        return;
    case FD_PIPE:
        put_pipe(out, f);
        return;
    case FD_EVENTFD:
        base_buf_printf(out, "an eventfd: its count is %lld", f->unread);
        return;
    case FD_TIMERFD:
        base_buf_printf(out, "a timerfd: %lld expirations are unread",
                        f->unread);
        return;
    case FD_SIGNALFD:
        base_buf_printf(out, "a signalfd: %s",
                        f->unread > 0 ? "a signal waits" : "no signal waits");
        return;
    case FD_EPOLL:
        base_buf_printf(out, "an epoll");
        return;
    case FD_URING:
        base_buf_printf(out, "an io_uring");
        return;
    default:
        base_buf_printf(out, "%s", f->name);
    }
}

/* What the peer did, and what has been said so far. */
static void put_history(struct base_buf *out, const struct hang_fd *f)
{
    if (f->tcp_state == TCP_SYN_SENT)
        return;
    if (f->kind == FD_TCP && f->received >= 0) {
        base_buf_printf(out, "%sso far ", indent);
        hang_put_count(out, f->received, "byte");
        base_buf_printf(out, " came in, ");
        hang_put_count(out, f->sent, "byte");
        base_buf_printf(out, " went out\n");
    }
    if (f->ended)
        base_buf_printf(out, "%s%s\n", indent,
                        f->gone ? "the peer is gone: close it"
                                : "the peer sends no more: a read returns 0 "
                                  "behind the last byte");
    if (f->unsent > 0) {
        base_buf_printf(out, "%s", indent);
        hang_put_count(out, f->unsent, "byte");
        base_buf_printf(out, " more %s to be taken by the peer\n",
                        f->unsent == 1 ? "is" : "are");
    }
    if (f->unsent > 0 && f->peer_unread > 0)
        base_buf_printf(out, "%sthe peer leaves what it has unread\n", indent);
}

/* --- its interest --------------------------------------------------------- */

/* "EPOLLIN | EPOLLET (edge-triggered)" */
static void put_events(struct base_buf *out, const char *prefix,
                       uint32_t events)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {{EPOLLIN, "IN"},
                 {EPOLLOUT, "OUT"},
                 {EPOLLPRI, "PRI"},
                 {EPOLLRDHUP, "RDHUP"},
                 {EPOLLEXCLUSIVE, "EXCLUSIVE"},
                 {EPOLLET, "ET"},
                 {EPOLLONESHOT, "ONESHOT"}};
    bool any = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(events & names[i].bit))
            continue;
        base_buf_printf(out, "%s%s%s", any ? " | " : "", prefix, names[i].name);
        any = true;
    }
    if (!any)
        base_buf_printf(out, "no event");
    if ((events & EPOLLONESHOT) && !(events & (EPOLLIN | EPOLLOUT | EPOLLPRI)))
        base_buf_printf(out, " alone (disarmed)");
    else if (events & EPOLLET)
        base_buf_printf(out, " (edge-triggered)");
}

static void put_sets(struct base_buf *out, uint32_t events)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } sets[] = {
        {EPOLLIN, "readfds"}, {EPOLLOUT, "writefds"}, {EPOLLPRI, "exceptfds"}};
    bool any = false;
    for (size_t i = 0; i < 3; i++) {
        if (!(events & sets[i].bit))
            continue;
        base_buf_printf(out, "%s%s", any ? " and " : "stands in ",
                        sets[i].name);
        any = true;
    }
}

static void put_interest(struct base_buf *out, const struct hang_interest *i)
{
    if (i->source == CALL_SELECT) {
        put_sets(out, i->events);
        if (i->flaw == FLAW_BEYOND)
            base_buf_printf(out,
                            ", but nfds is %d: descriptors below that "
                            "count",
                            i->number);
    } else if (i->source == CALL_POLL) {
        base_buf_printf(out, "place %d of poll's array: ", i->from);
        if (i->flaw == FLAW_NEGATIVE)
            base_buf_printf(out, "%d, a negative number", i->number);
        else
            put_events(out, "POLL", i->events);
    } else {
        base_buf_printf(out, "interest in epoll %d: ", i->from);
        put_events(out, "EPOLL", i->events);
        if (i->flaw == FLAW_STALE)
            base_buf_printf(out, ", of a file that was closed here");
        if (i->flaw == FLAW_ELSEWHERE)
            base_buf_printf(out, ", for which nobody waits");
    }
}

static void put_no_interest(struct base_buf *out, const struct hang_case *c)
{
    const enum hang_call_class class = c->task.call->class;
    base_buf_printf(out, "%s%s\n", indent,
                    class == CALL_EPOLL    ? "no interest in it"
                    : class == CALL_POLL   ? "no place in poll's array"
                    : class == CALL_SELECT ? "in none of select's sets"
                                           : "no operation takes from it");
}

void hang_put_fd(struct base_buf *out, const struct hang_case *c,
                 const struct hang_fd *f)
{
    const struct hang_interest *i = hang_interest_in(&c->interests, f->fd);
    const size_t before = base_buf_len(out);
    base_buf_printf(out, "  descriptor %d", f->fd);
    const size_t len = base_buf_len(out) - before;
    base_buf_printf(out, "%*s", len < INDENT ? (int)(INDENT - len) : 1, "");
    put_what(out, f);
    base_buf_printf(out, "\n");
    put_history(out, f);
    if (i != NULL) {
        base_buf_printf(out, "%s", indent);
        put_interest(out, i);
        base_buf_printf(out, "\n");
    } else if (hang_waits_for_events(c->task.call) && f == c->there) {
        put_no_interest(out, c);
    }
}
