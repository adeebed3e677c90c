/*
 * hang_parts.h - what the files behind hang.h share. Not for check programs.
 *
 *     hang_proc.c      reading /proc and memory
 *     hang_tasks.c     who: threads and children; the call each is in
 *     hang_calls.c     names of calls, and which argument is the descriptor
 *     hang_fds.c       what: each descriptor, and what lies unread in it
 *     hang_tcp.c       ... from the kernel's table of TCP connections
 *     hang_interest.c  which events were asked for: epoll, poll, select
 *     hang_judge.c     why: the kind of hang
 *     hang_futex.c     ... of threads that wait for each other
 *     hang_spin.c      ... of a thread that does not wait at all
 *     hang_lessons.c   what there is to learn, and where to read it
 *     hang_words.c     the text
 *     hang.c           all of it, in this order
 *
 * Read before: hang.h. Read after: hang.c.
 */
#ifndef CHECK_HANG_PARTS_H
#define CHECK_HANG_PARTS_H

#include "hang.h"

enum { HANG_ARGS = 6 };

/* --- files of /proc -------------------------------------------------------
 *
 * Reads the file of that name, which printf(3) makes, behind what `out` holds.
 * Returns 0 or a negative errno value; -ENOBUFS: the first part is there.
 */
int hang_slurp(struct base_buf *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The number behind `name` in "name:  123", of that base; or `otherwise`. */
long long hang_field(struct base_slice text, const char *name, int base,
                     long long otherwise);

/* Copies `size` bytes at `address` of that process. False: not readable. */
bool hang_peek(pid_t pid, uint64_t address, void *bytes, size_t size);

/* --- calls ---------------------------------------------------------------- */

enum hang_call_class {
    CALL_OTHER,
    CALL_READ,
    CALL_WRITE,
    CALL_ACCEPT,
    CALL_CONNECT,
    CALL_EPOLL, /* the first of those that wait for events */
    CALL_POLL,
    CALL_SELECT,
    CALL_URING, /* and the last */
    CALL_FUTEX,
    CALL_CHILD,
    CALL_SLEEP,
};

struct hang_call {
    long number;
    const char *name;
    enum hang_call_class class;
    int fd_arg;   /* which argument is the descriptor; -1: none */
    int time_arg; /* which points to a timespec; -1: none */
};

/* Never NULL: a number that is not in the table is "system call". */
const struct hang_call *hang_call_of(long number);

/* The first row of that name, which must be in the table. */
const struct hang_call *hang_call_named(const char *name);

/* restart_syscall(2): another call that goes on after a stop. */
bool hang_call_is_restart(long number);

static inline bool hang_waits_for_events(const struct hang_call *c)
{
    return c->class >= CALL_EPOLL && c->class <= CALL_URING;
}

/* --- tasks ---------------------------------------------------------------- */

struct hang_task {
    pid_t pid, tid;
    pid_t inner; /* tid, as the thread itself knows it */
    char state;  /* R, S, T, ... as in proc(5); 0: it has ended */
    bool spins;
    long number; /* of the call; -1: none */
    const struct hang_call *call;
    uint64_t args[HANG_ARGS];
    uint64_t cpu_ns, cpu_first_ns; /* now, and when we began to watch */
    int asleep;                    /* times it was seen so */
};

struct hang_tasks {
    struct hang_task *at;
    size_t n;
    pid_t asked;      /* the process that was asked about */
    const char *dump; /* what its own loop says; or NULL */
    int error;        /* why one was left out: it may not be read; 0 */
};

/* All threads of `pid` and of those that descend from it, and what they do.
 * Watches them until each has slept, or used the processor, long enough. */
void hang_tasks_init(struct hang_tasks *tasks, pid_t pid);

/* The same after one look, which does not tell who spins. */
void hang_tasks_list(struct hang_tasks *tasks, pid_t pid);
void hang_tasks_fini(struct hang_tasks *tasks);

/* Reads state, call and times anew. */
void hang_task_look(struct hang_task *t);

/* For how long its call sleeps; -1 if it is no sleep. */
double hang_task_sleeps_s(const struct hang_task *t);

/* --- descriptors ---------------------------------------------------------- */

enum hang_fd_kind {
    FD_OTHER, /* a file, a terminal, ... */
    FD_LISTENER,
    FD_TCP,
    FD_SOCKET, /* of another kind: UNIX, UDP */
    FD_PIPE,
    FD_EVENTFD,
    FD_TIMERFD,
    FD_SIGNALFD,
    FD_EPOLL,
    FD_URING,
};

enum { HANG_NAME = 80 };

struct hang_fd {
    int fd;
    enum hang_fd_kind kind;
    unsigned flags; /* of open(2) */
    uint64_t inode;
    long long unread; /* bytes; connections; a count. -1: unknown */
    long long unsent; /* bytes that the peer's kernel has not taken; -1 */
    int ready;        /* revents of poll(2) just now; -1: unknown */
    bool accepted;    /* FD_TCP: its port is one that we listen on */
    bool ended;       /* the peer sends no more ... */
    bool gone;        /* ... and takes no more: nobody waits there */
    int tcp_state;
    bool stalled; /* FD_TCP: sending stood for want of room, and nothing
                     was received since */
    long long received, sent; /* FD_TCP: bytes since it began; -1 */
    long long peer_unread;    /* at the other end, if it is here; -1 */
    char name[HANG_NAME];     /* what readlink says, escaped */
    char local[HANG_NAME], peer[HANG_NAME]; /* addresses, "" if unknown */
};

struct hang_fds {
    struct hang_fd *at; /* in the order of their numbers */
    size_t n;
    bool refused; /* pidfd_getfd(2) is not permitted: some stay unknown */
};

void hang_fds_init(struct hang_fds *fds, pid_t pid, pid_t tid);
void hang_fds_fini(struct hang_fds *fds);
const struct hang_fd *hang_fds_find(const struct hang_fds *fds, int fd);

/* How much waits there, for ranks: 0 nothing, then an end, then more. */
enum hang_waits { WAITS_NOT, WAITS_END, WAITS_SIGN, WAITS_CONN, WAITS_BYTES };
enum hang_waits hang_fd_waits(const struct hang_fd *f);

/* True if there is certainly no room to write. */
bool hang_fd_full(const struct hang_fd *f);

/* Puts in states, addresses and queues of TCP; of all of them. */
void hang_tcp_fill(struct hang_fds *fds, pid_t pid);

/*
 * The kernel counts the end of the peer (FIN) as a byte that came. Of a
 * connection that was reset nobody can tell whether an end came before: -1.
 */
long long hang_tcp_received(int state, long long counted);

/* --- interests ------------------------------------------------------------ */

enum hang_flaw {
    FLAW_NONE,
    FLAW_BEYOND,    /* select: the bit lies at or above nfds */
    FLAW_NEGATIVE,  /* poll: the entry holds a negative number */
    FLAW_STALE,     /* epoll: of a file closed under that number */
    FLAW_ELSEWHERE, /* of an epoll that the call does not wait for */
};

struct hang_interest {
    enum hang_call_class source; /* CALL_EPOLL, CALL_POLL or CALL_SELECT */
    int from;                    /* the epoll; the place in poll's array */
    int fd;
    uint32_t events; /* EPOLL...; those of poll and select as epoll's */
    enum hang_flaw flaw;
    int number; /* that stands there, of FLAW_NEGATIVE; nfds, of BEYOND */
};

struct hang_interests {
    struct hang_interest *at;
    size_t n, size;
};

/* All that `t` and its process have asked for. */
void hang_interests_init(struct hang_interests *in, const struct hang_task *t,
                         const struct hang_tasks *tasks,
                         const struct hang_fds *fds);
void hang_interests_fini(struct hang_interests *in);

/* The interest in `fd` that comes nearest to being heard; or NULL. */
const struct hang_interest *hang_interest_in(const struct hang_interests *in,
                                             int fd);

/* --- the judgement -------------------------------------------------------- */

enum hang_lock { LOCK_UNKNOWN, LOCK_HELD, LOCK_OWN, LOCK_JOIN, LOCK_CONDITION };

/* What a spinning thread was seen to call, again and again. */
struct hang_turn {
    const struct hang_call *call;
    int fd;
    long long result; /* the last one; negative errno */
    int times;
};

enum { HANG_TURNS = 6 };

struct hang_case {
    const struct hang_tasks *tasks; /* all of them */
    struct hang_task task;
    struct hang_fds fds; /* the process's; shared */
    struct hang_interests interests;
    enum hang_kind kind;
    int fd, other;
    size_t waiting;
    int weight; /* how much it explains, among the threads */
    const struct hang_fd *on, *there; /* `fd` and `other`; or NULL */
    const struct hang_interest *why;  /* the interest in `other`; or NULL */
    enum hang_lock lock;
    pid_t holder; /* of the lock, or the thread that is joined */
    bool writer;  /* FD_PIPE `on`: the process has its other end, too */
    struct hang_turn turns[HANG_TURNS];
    int n_turns;
    bool followed;        /* it was traced for a moment */
    unsigned had, wanted; /* CALL_URING: completions */
    bool tasks_wait;      /* the dump: for each other, in one thread */
};

void hang_judge(struct hang_case *c);

/* Who holds the lock, or what else it is. */
void hang_futex(struct hang_case *c);

/* What the thread calls; looks over its shoulder for a moment. */
void hang_spin(struct hang_case *c);

/* --- words ---------------------------------------------------------------- */

/* What there is to learn from it. */
struct hang_lesson {
    const char *text;    /* sentences, in one line */
    const char *section; /* or NULL */
};
const struct hang_lesson *hang_lesson_of(const struct hang_case *c);

/* The i-th section that is ever named, for a test; NULL behind the last. */
const char *hang_section_at(size_t i);

/* "1 byte", "5 bytes" */
void hang_put_count(struct base_buf *out, long long n, const char *what);

/* What it is, what lies in it, what its peer did, the interest in it. */
void hang_put_fd(struct base_buf *out, const struct hang_case *c,
                 const struct hang_fd *f);

/* The text; the caller frees it. */
char *hang_words(const struct hang_case *c);

#endif
