/*
 * trace_internal.h - what the files behind trace.h, model and stage share. Not
 * for check programs.
 *
 *     trace.c          stops come in, the program goes on; counts
 *     trace_ask.c      what checks ask: counts, tables, the last calls
 *     trace_calls.c    the calls: numbers, names, kinds of arguments
 *     trace_text.c     one call in the form of strace(1)
 *     trace_names.c    flags and constants by their names
 *     trace_memory.c   bytes of the program
 *     trace_fds.c      what each descriptor is, from the calls seen
 *     regs_*.c         registers
 *     model*.c         judges the I/O model from the calls
 *     stage*.c         changes calls: faults, readiness, time
 *
 * The life of a call: it stands at its entry, before the kernel has looked at
 * it, and at its exit, before the program has seen the result. In between the
 * kernel works, or the program sleeps.
 *
 *     program ----> entry stop ----> kernel ----> exit stop ----> program
 *                   text: name, in   may sleep    text: out, result
 *                   stage: change,                model: what was done
 *                     or skip                     stage: change, or repeat
 *
 * Read before: trace.h. Read after: trace.c.
 */
#ifndef CHECK_TRACE_INTERNAL_H
#define CHECK_TRACE_INTERNAL_H

#include "../../loop/base.h"
#include "regs.h"
#include "trace.h"

#include <sys/syscall.h>

enum {
    TRACE_CALLS = 512, /* numbers below this are counted one by one */
    TRACE_LAST = 200,  /* calls that are kept as text */
    TRACE_TEXT = 1024, /* bytes of one of them */
    TRACE_BYTES = 32,  /* bytes shown of what is sent or received */
    TRACE_FDS = 65536, /* descriptors that are remembered */
};

/* --- descriptors, see trace_fds.c ----------------------------------------- */

enum trace_fd_kind {
    TRACE_FD_NONE,  /* closed, or never seen: 0, 1, 2, a file */
    TRACE_FD_OTHER, /* a file, a device: reading it is allowed anywhere */
    TRACE_FD_SOCKET,
    TRACE_FD_LISTENER,
    TRACE_FD_ACCEPTED,  /* a connection that a client made */
    TRACE_FD_CONNECTED, /* ... and one that the program made */
    TRACE_FD_PIPE,
    TRACE_FD_EVENT, /* eventfd, signalfd */
    TRACE_FD_TIMER,
    TRACE_FD_EPOLL,
    TRACE_FD_URING,
};

struct trace_fd {
    enum trace_fd_kind kind;
    bool nonblocking;
    int epoll;             /* the epoll that watches it; -1: none */
    uint32_t events;       /* ... and for what */
    uint64_t data;         /* what it hands out with an event */
    uint32_t owed;         /* events that the stage has kept back */
    int port, remote_port; /* of a connection; 0: not asked yet */
    int serial; /* of the open file, so that a number used twice differs */
};

/* The descriptors of a process; its threads share it. */
struct trace_fds {
    struct trace_fd *at;
    int n;
    int users;
};

struct trace_fds *trace_fds_new(void);
struct trace_fds *trace_fds_copy(const struct trace_fds *fds);
void trace_fds_release(struct trace_fds *fds);

/* Never NULL: what was never seen is a TRACE_FD_NONE that nobody keeps. */
struct trace_fd *trace_fd(struct trace_fds *fds, int fd);

/* --- programs, threads, calls --------------------------------------------- */

enum trace_arg_limit { TRACE_ARGS = REGS_ARGS };

struct trace_call {
    long number; /* -1: of another kind of CPU */
    uint64_t args[TRACE_ARGS];
    int64_t result; /* at the exit; a negative errno value if it failed */
};

/* All that is known of one program, with its threads and children. */
struct trace {
    pid_t root;
    bool begun; /* its first exec is done: what comes is counted */
    bool ended; /* no thread is left */
    /* What it has made, from its own exec on; of execs, has tried: the jail
     * may forbid it. */
    int execs, children, threads;
    long long counts[TRACE_CALLS], other, total;
    char *last[TRACE_LAST]; /* a ring; `lasts` were ever put in */
    long long lasts;
    struct model_seen *model; /* see model.c */
    struct trace *next;
};

/* One thread. */
struct trace_task {
    pid_t tid, tgid;
    struct trace *trace;    /* NULL: it stands until its parent is heard of */
    struct trace_fds *fds;  /* of its process */
    bool inside;            /* between the entry and the exit of `call` */
    bool repeats;           /* the tracer makes it do `call` once more */
    bool stands;            /* the stage holds it */
    struct trace_call call; /* the arguments as the program gave them */
    struct base_buf text;   /* of the call, as far as it is known */
    int text_arg;           /* the first argument that is not in it yet */
    struct stage_task *staged; /* NULL: the stage knows nothing of it */
    struct trace_task *next;
};

extern struct trace *trace_programs;
extern struct trace_task *trace_tasks;

/* The program that `p` is, or an error of the check: not started TRACED. */
struct trace *trace_of(const struct program *p);

/*
 * Has `pid` traced, which has not begun its program yet: what it does before
 * exec(2) is not seen. For program.c, between jail_start and jail_go. Returns 0
 * or a negative errno value.
 */
int trace_attach(pid_t pid);

/* For pump.c: a process has ended, of which the pump does not know. */
void trace_gone(pid_t pid, int status);

/* Lets a thread that stands go on to its next entry or exit. */
void trace_resume(struct trace_task *t);

/* Of a thread that stands at an exit: the call is done, and can be noted. */
void trace_call_done(struct trace_task *t);

/* --- what listens --------------------------------------------------------- */

/*
 * The stage: what changes calls. entry and exit are called while the thread
 * stands; if exit returns false, it stands on, until trace_resume.
 */
struct trace_stage {
    void (*begin)(struct trace_task *t); /* after the program's exec */
    void (*entry)(struct trace_task *t);
    bool (*exit)(struct trace_task *t);
};
extern const struct trace_stage *trace_stage; /* NULL: there is none */

/* trace_fds.c: what this call says about descriptors; at its exit. */
void trace_fds_learn(struct trace_task *t);

/* model.c: the same about the model. */
void model_learn(struct trace_task *t);

/* --- memory --------------------------------------------------------------- */

/* Copies up to `size` bytes; returns how many could be read, 0 if none. */
size_t trace_peek(pid_t tid, uint64_t address, void *bytes, size_t size);

/* Overwrites `size` bytes. False: not all could be. */
bool trace_poke(pid_t tid, uint64_t address, const void *bytes, size_t size);

/* --- names and texts ------------------------------------------------------ */

struct trace_name {
    long number;
    const char *name;
    const char *args; /* a letter an argument, see trace_text.c */
};

/* NULL: not in the table. */
const struct trace_name *trace_name_of(long number);
const struct trace_name *trace_name_find(const char *name, size_t len);

/* printf to a text. What does not fit is left out of it. */
void trace_put(struct base_buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The names of a value of the kind `letter`, see trace_text.c. */
void trace_put_value(struct base_buf *b, char letter, uint64_t value);

/* Begin t->text with what is known at the entry; end it at the exit. */
void trace_text_entry(struct trace_task *t);
void trace_text_exit(struct trace_task *t);

/* "EAGAIN", "ECONNRESET"; of an errno value. */
const char *trace_errno(int error);

#endif
