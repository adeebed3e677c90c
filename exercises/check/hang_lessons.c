/*
 * hang_lessons.c - what there is to learn from a hang: a few sentences in the
 * words of the lessons, and the section that says more.
 *
 * The first row that fits is taken, so a row for a special case stands before
 * the one for its kind. Sections are headings of the lessons' pages; a test
 * sees that they exist.
 *
 * Read before: hang_parts.h, lessons/GLOSSARY.md. Read after: hang_words.c.
 */
#include "hang_parts.h"

#include <errno.h>
#include <sys/epoll.h>

/* What makes a case of one kind special. */
enum twist {
    ANY,
    LISTENER,   /* what waits elsewhere is a connection in a backlog */
    BEYOND,     /* an interest with a flaw: of FLAW_BEYOND, ... */
    NEGATIVE,   /* ... of FLAW_NEGATIVE */
    STALE,      /* ... of FLAW_STALE */
    ELSEWHERE,  /* ... of FLAW_ELSEWHERE */
    EXCEPT,     /* interest in urgent bytes alone */
    NO_READING, /* interest in room to write alone */
    OWN_PIPE,   /* who reads a pipe holds its other end */
    ROOM,       /* busy: there is room, and it is asked for */
    AGAIN,      /* busy: a call says EAGAIN */
    COMPUTES,   /* busy: no call at all */
    SEVERAL,    /* io_uring: waits for more completions than come */
    HELD,       /* a lock: another thread has it, ... */
    OWN,        /* ... or who waits */
    JOIN,       /* of a thread: it has not ended */
    TASKS,      /* of a thread: they wait for each other */
    BYTES,      /* something waits elsewhere */
};

enum { ANY_CALL = -1 };

#define L01 "lessons/01-blocking/README.md, "
#define L02 "lessons/02-nonblocking/README.md, "
#define L03 "lessons/03-select/README.md, "
#define L04 "lessons/04-poll/README.md, "
#define L05 "lessons/05-epoll/README.md, "
#define L06 "lessons/06-uring/README.md, "
#define L07 "lessons/07-callbacks/README.md, "
#define L08 "lessons/08-coroutines/README.md, "

static const struct row {
    enum hang_kind kind;
    int class; /* of the call, or ANY_CALL */
    enum twist twist;
    struct hang_lesson lesson;
} rows[] = {
    {HANG_SPINS,
     ANY_CALL,
     ROOM,
     {"A socket nearly always has room, so a wait that asks for it returns at "
      "once, for ever. Ask for room only while bytes are left to be sent.",
      L03 "\"Arm: in one set, and out of the other\""}},
    {HANG_SPINS,
     ANY_CALL,
     BYTES,
     {"The wait reports it again and again, for it is still ready: take what "
      "lies there, and close the descriptor when a read returns 0.",
      L05 "\"Level repeats, edge speaks once, one-shot disarms\""}},
    {HANG_SPINS,
     ANY_CALL,
     AGAIN,
     {"EAGAIN says \"nothing to do now, ask again later\". Who asks at once "
      "has a busy loop: wait for the descriptor in select, poll or epoll "
      "instead.",
      L02
      "\"A non-blocking call never sleeps, so the process has to ask again\""}},
    {HANG_SPINS,
     ANY_CALL,
     COMPUTES,
     {"It makes no system call, so no wait can be the cause: look for a loop "
      "whose condition does not change.",
      NULL}},
    {HANG_SPINS,
     ANY_CALL,
     ANY,
     {"A loop that asks again and again without sleeping is a busy loop. Look "
      "for a call that returns at once where the program takes it for a wait: "
      "with a time limit of 0, an error, or an event that nobody takes.",
      L02
      "\"A non-blocking call never sleeps, so the process has to ask again\""}},
    {HANG_READ,
     ANY_CALL,
     OWN_PIPE,
     {"A pipe ends when its last end to write is closed. This process holds "
      "one itself, so a read never returns 0: close it before reading.",
      L01 "\"`recv` has three outcomes\""}},
    {HANG_READ,
     ANY_CALL,
     ANY,
     {"The call sleeps until bytes come, and the other side sends none. Either "
      "all has been read and an answer is due, or the program waits for more "
      "than the other side sends: one read may bring a part, or all at once.",
      L01 "\"`recv` has three outcomes\""}},
    {HANG_READ_OTHER,
     ANY_CALL,
     LISTENER,
     {"While a call blocks for one client, the process does nothing else, and "
      "the others wait in the backlog.",
      L01 "\"While a call blocks, the process does nothing else\""}},
    {HANG_READ_OTHER,
     ANY_CALL,
     ANY,
     {"One call blocks for one descriptor; bytes for another have to wait. Ask "
      "which descriptor is ready before you read, or make each non-blocking.",
      L01 "\"While a call blocks, the process does nothing else\""}},
    {HANG_WRITE,
     CALL_SELECT,
     ANY,
     {"It waits for room to write, and there is none as long as the peer does "
      "not read.",
      L03 "\"Re-arm: a partial write waits in the other set\""}},
    {HANG_WRITE,
     CALL_POLL,
     ANY,
     {"It waits for room to write, and there is none as long as the peer does "
      "not read.",
      L04 "\"Wait, serve, re-arm: the walk goes backwards\""}},
    {HANG_WRITE,
     CALL_EPOLL,
     ANY,
     {"It waits for room to write, and there is none as long as the peer does "
      "not read.",
      L05 "\"Re-arm: one system call more, or none\""}},
    {HANG_WRITE,
     ANY_CALL,
     ANY,
     {"The kernel's buffer is full, and the call sleeps until the peer reads. "
      "A non-blocking descriptor takes a part and says EAGAIN; keep the rest, "
      "and serve the others. If the peer waits to be read as well, both wait "
      "for ever.",
      L02 "\"Send what the kernel takes, keep the rest\""}},
    {HANG_ACCEPT,
     ANY_CALL,
     ANY,
     {"accept blocks until the next client comes, and those that are connected "
      "wait meanwhile. With a non-blocking listener it says EAGAIN when the "
      "backlog is empty.",
      L02 "\"Take: until the backlog is empty\""}},
    {HANG_CONNECT,
     ANY_CALL,
     ANY,
     {"The handshake has no answer yet, and the call sleeps until it has. A "
      "non-blocking connect says EINPROGRESS and returns.",
      L02 "\"The client: `connect` returns before it is connected\""}},
    {HANG_NOT_WATCHED,
     CALL_SELECT,
     BEYOND,
     {"The first argument of select is the highest descriptor plus one: the "
      "kernel looks no farther. It has to grow with each new connection.",
      L03 "\"The kernel sleeps for you, and forgets the question\""}},
    {HANG_NOT_WATCHED,
     CALL_SELECT,
     EXCEPT,
     {"exceptfds tells of urgent bytes, not of errors and not of what came in "
      "order: what is to be read belongs into readfds.",
      L03 "\"Arm: in one set, and out of the other\""}},
    {HANG_NOT_WATCHED,
     CALL_SELECT,
     NO_READING,
     {"Its bit stands in the set to write alone. When the answer is out, the "
      "descriptor goes back into the set to read.",
      L03 "\"Arm: in one set, and out of the other\""}},
    {HANG_NOT_WATCHED,
     CALL_SELECT,
     ANY,
     {"select leaves in the sets only what is ready, so they have to be built "
      "anew before each call, with every descriptor that waits for something.",
      L03 "\"The kernel sleeps for you, and forgets the question\""}},
    {HANG_NOT_WATCHED,
     CALL_POLL,
     NEGATIVE,
     {"poll passes over an entry whose descriptor is negative. That is good "
      "for a pause; afterwards the number has to come back.",
      L04 "\"Wait, serve, re-arm: the walk goes backwards\""}},
    {HANG_NOT_WATCHED,
     CALL_POLL,
     NO_READING,
     {"Its entry does not ask for POLLIN. When the answer is out, the entry "
      "waits for the next request.",
      L04 "\"Wait, serve, re-arm: the walk goes backwards\""}},
    {HANG_NOT_WATCHED,
     CALL_POLL,
     ANY,
     {"poll looks at the entries of its array and at nothing else, as many as "
      "the second argument says. Give each new descriptor a place.",
      L04 "\"Take: each connection gets the next place\""}},
    {HANG_NOT_WATCHED,
     CALL_EPOLL,
     STALE,
     {"The interest was in a file that is closed under this number and still "
      "open under another: a copy, by dup or fork. The new descriptor of that "
      "number is in no list. Remove the old before close, and add the new.",
      L05 "\"Re-arm: one system call more, or none\""}},
    {HANG_NOT_WATCHED,
     CALL_EPOLL,
     ELSEWHERE,
     {"Each epoll has an interest list of its own, and this one stands in the "
      "list of an epoll that nobody waits for.",
      L05 "\"The kernel lists a descriptor at the moment it becomes ready\""}},
    {HANG_NOT_WATCHED,
     CALL_EPOLL,
     NO_READING,
     {"Its interest does not ask for EPOLLIN. When the answer is out, arm it "
      "for the next request: EPOLL_CTL_MOD.",
      L05 "\"Arm: the kernel is told only what is news\""}},
    {HANG_NOT_WATCHED,
     CALL_URING,
     ANY,
     {"A receive in flight would have taken these bytes, so there is none for "
      "this descriptor. A completion may be the last one: then arm anew.",
      L06 "\"Re-arm: ask for what is missing\""}},
    {HANG_NOT_WATCHED,
     ANY_CALL,
     ANY,
     {"epoll_wait tells only of what stands in the interest list: a new "
      "descriptor has to be added, with EPOLL_CTL_ADD.",
      L05 "\"Arm: the kernel is told only what is news\""}},
    {HANG_EDGE,
     ANY_CALL,
     LISTENER,
     {"Edge-triggered interest is reported once, when a connection comes. What "
      "was not accepted then is not reported again: accept until EAGAIN.",
      L05 "\"Level repeats, edge speaks once, one-shot disarms\""}},
    {HANG_EDGE,
     ANY_CALL,
     ANY,
     {"Edge-triggered interest is reported once, when bytes arrive. What was "
      "not read then is not reported again: read until EAGAIN.",
      L05 "\"Level repeats, edge speaks once, one-shot disarms\""}},
    {HANG_ONESHOT,
     ANY_CALL,
     ANY,
     {"One-shot interest is reported once and then disarmed: even new bytes do "
      "not count until EPOLL_CTL_MOD arms it again.",
      L05 "\"1. Forget to re-arm\""}},
    {HANG_NOT_ACCEPTED,
     CALL_SELECT,
     ANY,
     {"The listener is a descriptor like the others: it belongs into readfds, "
      "and is ready when its backlog is not empty.",
      L03 "\"Take: a new descriptor is made non-blocking\""}},
    {HANG_NOT_ACCEPTED,
     CALL_POLL,
     NEGATIVE,
     {"poll passes over an entry whose descriptor is negative. That is good "
      "for a pause of the listener; afterwards its number has to come back.",
      L04 "\"Wait, serve, re-arm: the walk goes backwards\""}},
    {HANG_NOT_ACCEPTED,
     CALL_POLL,
     ANY,
     {"The listener is a descriptor like the others: it needs a place in the "
      "array, with POLLIN, and is ready when its backlog is not empty.",
      L04 "\"Take: each connection gets the next place\""}},
    {HANG_NOT_ACCEPTED,
     CALL_URING,
     ANY,
     {"An accept in flight would have taken the connection, so there is none. "
      "A completion may be the last one: then arm anew.",
      L06 "\"Arm: a descriptor, a memory, a name\""}},
    {HANG_NOT_ACCEPTED,
     ANY_CALL,
     ANY,
     {"The listener is a descriptor like the others: it needs an interest in "
      "EPOLLIN, and is ready when its backlog is not empty.",
      L05 "\"Take: connections come in batches\""}},
    {HANG_UNSENT,
     CALL_SELECT,
     ANY,
     {"Once there was no room for all of the answer. If a part is left in the "
      "program, the descriptor has to stand in writefds, or nobody wakes it "
      "when there is room again.",
      L03 "\"Re-arm: a partial write waits in the other set\""}},
    {HANG_UNSENT,
     CALL_POLL,
     ANY,
     {"Once there was no room for all of the answer. If a part is left in the "
      "program, the entry has to ask for POLLOUT, or nobody wakes it when "
      "there is room again.",
      L04 "\"Wait, serve, re-arm: the walk goes backwards\""}},
    {HANG_UNSENT,
     ANY_CALL,
     ANY,
     {"Once there was no room for all of the answer. If a part is left in the "
      "program, its interest has to be EPOLLOUT, or nobody wakes it when there "
      "is room again.",
      L05 "\"1. Forget to re-arm\""}},
    {HANG_LOCK,
     ANY_CALL,
     TASKS,
     {"The thread itself only waits for events. Its tasks wait for each other, "
      "as the program's own list says: look at who holds what, and at who has "
      "notified before anybody waited.",
      L08 "\"A gallery of mistakes\""}},
    {HANG_LOCK,
     ANY_CALL,
     OWN,
     {"A lock that is held cannot be taken a second time, not by its holder "
      "either. Look for a function that locks and is called with the lock "
      "held.",
      L08 "\"A gallery of mistakes\""}},
    {HANG_LOCK,
     ANY_CALL,
     HELD,
     {"If the holder waits for something that this thread has, both wait for "
      "ever: a deadlock. One order for all locks is the cure.",
      L08 "\"A gallery of mistakes\""}},
    {HANG_LOCK,
     ANY_CALL,
     JOIN,
     {"To join is to wait for the end of another thread, and that one waits, "
      "too. Look at what it waits for.",
      L08 "\"A gallery of mistakes\""}},
    {HANG_LOCK,
     ANY_CALL,
     ANY,
     {"Nobody has woken it. A condition has no memory: who waits after the "
      "signal waits for ever. Look first, and wait in a loop.",
      L08 "\"A gallery of mistakes\""}},
    {HANG_CHILD,
     ANY_CALL,
     ANY,
     {"The call sleeps until a child ends, and nobody tells the child to. "
      "While it blocks, the process does nothing else.",
      L01 "\"A process for each connection\""}},
    {HANG_SLEEP,
     ANY_CALL,
     ANY,
     {"A call that sleeps stops the whole thread, with all of its connections. "
      "In a loop, waiting for a time is a timer, and the wait goes on.",
      L07 "\"A timer is a call with a deadline\""}},
    {HANG_IDLE,
     CALL_ACCEPT,
     ANY,
     {"Nobody connects, and on no connection does anything wait. The call is "
      "sound; if a client waits for an answer, the answer was never sent.",
      L01 "\"Take one, serve it to its end, take the next\""}},
    {HANG_IDLE,
     CALL_SELECT,
     ANY,
     {"Nothing waits anywhere: all that came was read. If a client waits, its "
      "answer lies in the program or was never made. Did the program wait for "
      "more bytes than the client sends?",
      L03 "\"Serve: ready once means `recv` once\""}},
    {HANG_IDLE,
     CALL_POLL,
     ANY,
     {"Nothing waits anywhere: all that came was read. If a client waits, its "
      "answer lies in the program or was never made. Did the program wait for "
      "more bytes than the client sends?",
      L04 "\"Wait, serve, re-arm: the walk goes backwards\""}},
    {HANG_IDLE,
     CALL_URING,
     SEVERAL,
     {"Some completions have come, and the call sleeps until there are more. "
      "To wait for several is right only with a time limit.",
      L06 "\"2. Wait for two\""}},
    {HANG_IDLE,
     CALL_URING,
     ANY,
     {"Nothing waits on any descriptor. Operations in flight are known to the "
      "kernel alone: see that each was submitted, and each completion taken.",
      L06 "\"Wait: one call submits all that was armed\""}},
    {HANG_IDLE,
     ANY_CALL,
     ANY,
     {"Nothing waits anywhere: all that came was read. If a client waits, its "
      "answer lies in the program or was never made. Did the program wait for "
      "more bytes than the client sends?",
      L05 "\"Serve: until EAGAIN, but not for ever\""}},
    {HANG_STOPPED,
     ANY_CALL,
     ANY,
     {"A signal has stopped it (SIGSTOP, or SIGTTIN of a terminal); SIGCONT "
      "lets it go on.",
      NULL}},
    {HANG_OTHER, ANY_CALL, ANY, {"No descriptor of it explains that.", NULL}},
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

/* --- which row ------------------------------------------------------------ */

static bool says_again(const struct hang_case *c)
{
    for (int i = 0; i < c->n_turns; i++)
        if (c->turns[i].result == -EAGAIN)
            return true;
    return false;
}

static bool has_negative(const struct hang_case *c)
{
    for (size_t i = 0; i < c->interests.n; i++)
        if (c->interests.at[i].flaw == FLAW_NEGATIVE)
            return true;
    return false;
}

/* Of an interest that is heard, which events it asks for. */
static bool asks_only(const struct hang_case *c, uint32_t events)
{
    const struct hang_interest *why = c->why;
    return why != NULL && why->flaw == FLAW_NONE &&
           !(why->events & (EPOLLIN | EPOLLRDNORM)) &&
           (events == 0 || (why->events & events) == why->events);
}

static bool spins_for(const struct hang_case *c, uint32_t event)
{
    return c->there != NULL && c->why != NULL && c->there->ready != -1 &&
           (c->why->events & (uint32_t)c->there->ready & event);
}

static bool has_flaw(const struct hang_case *c, enum hang_flaw flaw)
{
    return c->why != NULL && c->why->flaw == flaw;
}

static bool is_twisted(const struct hang_case *c, enum twist twist)
{
    switch (twist) {
    case ANY:
        return true;
    case LISTENER:
        return c->there != NULL && c->there->kind == FD_LISTENER;
    case BEYOND:
        return has_flaw(c, FLAW_BEYOND);
    case NEGATIVE:
        return has_flaw(c, FLAW_NEGATIVE) ||
               (c->why == NULL && has_negative(c));
    case STALE:
        return has_flaw(c, FLAW_STALE);
    case ELSEWHERE:
        return has_flaw(c, FLAW_ELSEWHERE);
    case EXCEPT:
        return asks_only(c, EPOLLPRI);
    case NO_READING:
        return asks_only(c, 0);
    case OWN_PIPE:
        return c->writer;
    case ROOM:
        return spins_for(c, EPOLLOUT) && !spins_for(c, EPOLLIN);
    case AGAIN:
        return says_again(c);
    case COMPUTES:
        return c->followed && c->n_turns == 0;
    case SEVERAL:
        return c->had > 0 && c->had < c->wanted;
    case HELD:
        return c->lock == LOCK_HELD;
    case OWN:
        return c->lock == LOCK_OWN;
    case JOIN:
        return c->lock == LOCK_JOIN;
    case TASKS:
        return c->tasks_wait;
    case BYTES:
        return c->there != NULL;
    }
    return false;
}

const struct hang_lesson *hang_lesson_of(const struct hang_case *c)
{
    const struct row *r = rows;
    while (r->kind != HANG_OTHER &&
           !(r->kind == c->kind &&
             (r->class == ANY_CALL || r->class == (int)c->task.call->class) &&
             is_twisted(c, r->twist)))
        r++;
    return &r->lesson;
}

const char *hang_section_at(size_t i)
{
    for (const struct row *r = rows; r < rows + N_ROWS; r++)
        if (r->lesson.section != NULL && i-- == 0)
            return r->lesson.section;
    return NULL;
}
