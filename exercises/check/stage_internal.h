/*
 * stage_internal.h - what the files behind stage.h share.
 *
 *     stage.c         turns: play, stand, go on; time; the transcript
 *     stage_call.c    what happens at the entry and the exit of each call
 *     stage_wait.c    waits: the time-out is the stage's
 *     stage_ready.c   ... and what they report is changed
 *     stage_clock.c   clocks and chance, as the program sees them
 *     stage_rule.c    which fault strikes which call
 *     stage_actor.c   actors
 *     stage_diag.c    one TCP connection, as the kernel sees it
 *     stage_wire.c    has arrived what was sent? whose connection is it?
 *
 * Read before: stage.h, trace_internal.h. Read after: stage.c.
 */
#ifndef CHECK_STAGE_INTERNAL_H
#define CHECK_STAGE_INTERNAL_H

#include "stage.h"
#include "trace_internal.h"

#include <sys/select.h>

enum {
    STAGE_ACTORS = 64,
    STAGE_RULES = 32,
    STAGE_PATIENCE_S = 10, /* of the stage's time, for an expectation */
    STAGE_FRUITLESS = 64,  /* EAGAINs in a row: the program asks, and waits */
};

#define STAGE_NEVER INT64_MAX

/* --- a call of the program ------------------------------------------------ */

enum stage_kind { STAGE_EPOLL, STAGE_POLL, STAGE_SELECT, STAGE_SLEEP };
enum stage_unit { STAGE_MS, STAGE_TIMESPEC, STAGE_TIMEVAL };

/* A call that waits: which argument is the time, and in what it is given. */
struct stage_wait {
    long number;
    enum stage_kind kind;
    int time_arg;
    enum stage_unit unit;
};

/* NULL: the call does not wait. */
const struct stage_wait *stage_wait_of(long number);

/* Calls that may fail in the same ways. */
enum stage_group {
    GROUP_OTHER,
    GROUP_RECEIVE,
    GROUP_SEND,
    GROUP_ACCEPT,
    GROUP_CONNECT,
    GROUP_WAIT,
};
enum stage_group stage_group_of(long number);

/* Of those that receive or send: the argument that says how many bytes, or how
 * many pieces; -1: there is none that could be changed. */
int stage_length_arg(long number);
bool stage_counts_pieces(long number);

/* What a fault does to one call; none: everything is false. */
struct stage_strike {
    bool any;
    int rule; /* the one that did it */
    enum fault fault;
    int error;
    int bytes;
};

/* Beside a task, for the call that it is in. */
struct stage_task {
    const struct stage_wait *wait; /* NULL: another call */
    int64_t deadline_ns;           /* of a wait; STAGE_NEVER: it has none */
    bool asks;                     /* a wait with a time-out of 0 */
    bool skipped;                  /* the kernel makes no call ... */
    int64_t planned;               /* ... and this is the result */
    bool changed;                  /* arguments or result are not its own */
    bool begun, looked, again;     /* a wait's steps, see stage_wait.c */
    struct stage_strike strike;    /* what has hit it */
    uint64_t length; /* FAULT_SHORT: what the kernel was asked for */
    bool has_set[3]; /* of select: which sets it gave, */
    fd_set sets[3];  /* ... and what was in them */
};

/* --- the stage ------------------------------------------------------------ */

struct actor {
    char *name;
    struct program *program;
    int fd;            /* negative: it has closed, or has not accepted yet */
    int port, to_port; /* its own, and that of the program's end */
    bool listens;
    long long given; /* bytes that the program has sent it, */
    long long taken; /* ... and those of them that it has received */
    bool let_go;     /* the program has closed its end */
    bool ended, was_reset;
    /* What is expected: */
    char *bytes; /* these have come, */
    size_t got;
    const void *hoped; /* and these should, so many */
    size_t wanted;
};

struct stage {
    bool open;
    struct trace *trace;     /* of the program that plays; NULL: none yet */
    struct program *program; /* NULL: not known yet */
    int64_t now_ns;
    uint64_t zero; /* where 16 bytes of the program are 0 */
    bool playing;
    bool idle;     /* nothing has moved for a while: who is in a call, sleeps */
    bool let_go;   /* calls are the kernel's alone, for hang_explain */
    int fruitless; /* calls in a row that brought nothing */
    int64_t asks_again_ns; /* of the stage's time, until it asks again */
    int faults;
    uint64_t chance, data; /* of faults; of what the program gets as chance */
    struct actor *actors[STAGE_ACTORS];
    int n_actors;
};
extern struct stage stage;

/* Adds a line to the transcript, and to what was done (printf). */
void stage_tell(const char *what, ...) __attribute__((format(printf, 1, 2)));

/* The task's call is done: with `result` for the program. It goes on. */
void stage_finish(struct trace_task *t, int64_t result);

/* Lets it play until it stands; or has ended. */
void stage_settle(struct program *p);

/* The same, but only if it may have moved since it stood. */
void stage_stand(struct program *p);

/* It stands, and not for ever. */
bool stage_has_deadline(void);

/* Lets pass the time up to the next deadline, but not beyond `end_ns`. False:
 * there is none. */
bool stage_pass(int64_t end_ns);

/* Ends the check: the program stands for ever. */
noreturn void stage_hangs(struct program *p, const char *expected);

/* A number below `below`, the next of the seed. */
unsigned stage_chance(uint64_t *state, unsigned below);

/* --- calls ---------------------------------------------------------------- */

extern const struct trace_stage stage_hooks;

void stage_wait_entry(struct trace_task *t);

/* At the exit of a wait: false if the task has to stand. */
bool stage_wait_exit(struct trace_task *t);

/* The task stands: it looks again, or its time has come. */
void stage_wait_wake(struct trace_task *t);

/* Changes what a wait reports, before the program sees it. */
void stage_ready_change(struct trace_task *t);

/* "anna in, listener in": what a wait reports. */
void stage_ready_text(struct trace_task *t, struct base_buf *out);

/* Bytes of one of select's sets that the kernel reads and writes. */
size_t stage_set_size(const struct trace_task *t);

/* What a clock shows when the program begins; 0: it is not the stage's. */
int64_t stage_clock_zero_ns(int clock);

/* Clocks and random bytes, at the exit. */
void stage_clock_exit(struct trace_task *t);

/*
 * Which fault strikes, if any: a call at its entry (fewer bytes, an error); a
 * wait that reports so many, at its exit. `spare`: others could be reported for
 * nothing.
 */
struct stage_strike stage_strike_call(struct trace_task *t);
struct stage_strike stage_strike_ready(struct trace_task *t, int ready,
                                       bool spare);

/* It had no effect: fewer bytes were there. Forgets it. */
void stage_strike_missed(struct stage_strike *strike);

/* --- connections ---------------------------------------------------------- */

/* Whose connection descriptor `fd` of the task is; NULL: nobody's. */
struct actor *stage_actor_of(struct trace_task *t, int fd);

/* "anna", "listener", "descriptor 5". */
const char *stage_name_of(struct trace_task *t, int fd);

/* The program has called connect(2): whom has it called? */
void stage_connected(struct trace_task *t);

/* Waits until the kernel has handed to `a` all that the program has sent. */
void stage_wire_to(struct actor *a);

/* One end of a connection: its state as in /proc/net/tcp, 0: there is none; and
 * how many bytes lie unread there. */
struct stage_end {
    int state;
    long long unread;
};
struct stage_end stage_end_of(int port, int to_port);

/* How many bytes lie unread at the program's end, or -1: it has none. */
long long stage_wire_unread(const struct actor *a);

/* Waits until they are `n`; or until the connection is in one of the states,
 * see stage_wire.c. */
void stage_wire_from(const struct actor *a, long long n);
enum stage_wire { STAGE_WIRE_MADE, STAGE_WIRE_FINISHED, STAGE_WIRE_GONE };
void stage_wire_until(const struct actor *a, enum stage_wire state);

#endif
