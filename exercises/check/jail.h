/*
 * jail.h - runs a program that may be hostile: it sees what it needs, may use
 * so much and no more, and leaves nothing behind.
 *
 *     who       check program          warden (trusted)      student's program
 *     -----------------------------------------------------------------------
 *     lives in  the private network    its own processes, files, users; the
 *               namespace              same network
 *
 * Tiers, best first; jail_tier says which one there is, and what is absent:
 *
 *     bubblewrap   Debian's tool makes the namespaces
 *     namespaces   the same by clone(2) and mount(2), see jail_spaces.c
 *     user         root without namespaces (a container): an own user id,
 *                  limits, seccomp; Landlock if the kernel has it
 *     limits       limits alone; for one's own code, or with --unsafe
 *
 * In all of them the last steps are the warden's (warden.c): it starts the
 * program behind a gate, watches memory, processor time, processes and the
 * clock, reports how it ended, and ends all that it has started. The gate is a
 * socket: through it comes the program's pid as we see it, and the word to go,
 * so that a tracer can be there first.
 *
 * Functions return 0 or a negative errno value.
 * Rests on: namespaces(7), user_namespaces(7), pid_namespaces(7), seccomp(2),
 * prctl(2), unix(7) SCM_CREDENTIALS, bwrap(1).
 * Read before: check.h. Read after: jail.c, warden.c.
 */
#ifndef CHECK_JAIL_H
#define CHECK_JAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum jail_tier { JAIL_LIMITS, JAIL_USER, JAIL_SPACES, JAIL_BWRAP };

const char *jail_tier_name(enum jail_tier tier);

/* The names of all, as an option's words; and the tier of a name among them. */
extern const char jail_tier_words[];
enum jail_tier jail_tier_named(const char *name);

/* True if programs see files of their own: /work, /kit; else those of all. */
bool jail_own_files(enum jail_tier tier);

/* True if the tier works here, tried out with this warden; and the best one. */
bool jail_tier_works(enum jail_tier tier, const char *warden);
enum jail_tier jail_best_tier(const char *warden);

/* What protection a tier does not give, in words; NULL: none is missing. */
const char *jail_missing(enum jail_tier tier);

/*
 * Gives the calling process a network of its own, with loopback alone, if the
 * tier has namespaces. The process must have one thread.
 */
int jail_own_network(enum jail_tier tier);

/*
 * After jail_own_network: another one, for jails and sockets made from now on.
 */
int jail_fresh_network(enum jail_tier tier);

struct jail_limits {
    int cpu_s;      /* processor time, all processes together */
    int wall_s;     /* from the start */
    int memory_mb;  /* resident, all processes together */
    int processes;  /* and threads, of the program itself; 0: no limit */
    int files;      /* descriptors a process */
    int file_mb;    /* a file, and all of /tmp */
    bool sanitized; /* address space may not be limited */
};

struct jail_options {
    enum jail_tier tier;
    const char *warden;     /* the path of that program */
    const char *work;       /* the folder seen as /work, its current one */
    bool writable;          /* ... and may write to it: for compilers */
    bool execs;             /* it may start other programs: for compilers */
    const char *kit;        /* a folder seen as /kit, read-only; or NULL */
    const char *const *env; /* "NAME=value", NULL at the end; NULL: only PATH */
    int input;              /* its standard input; -1: empty */
    struct jail_limits limits;
};

/* How the program ended. */
enum jail_end {
    JAIL_RUNS,
    JAIL_EXITED, /* status as of wait(2): it may have been a signal */
    JAIL_MEMORY, /* the warden ended it: too much memory, */
    JAIL_CPU,    /* processor time, */
    JAIL_WALL,   /* time, */
    JAIL_NOEXEC, /* it could not be started; status is the errno value */
    JAIL_LOST,   /* the warden has gone without a word */
};

struct jail {
    enum jail_tier tier;
    pid_t pid;    /* the program, as we see it */
    pid_t warden; /* its parent, and that of all who lose theirs */
    pid_t keeper; /* our child: what holds the jail; its end ends the rest */
    int gate;     /* the socket to the warden */
    int output;   /* read end of a pipe: standard output and error; does not
                     block: the program may take back what it has written */
    enum jail_end end;
    int status; /* of its end */
    int left;   /* processes it left behind, which the warden ended */
};

/*
 * Starts `argv` (argv[0] is a path inside) up to the gate. Then j->pid is
 * known, and nothing of the program has run.
 */
int jail_start(struct jail *j, const struct jail_options *options,
               const char *const *argv);

/*
 * Who the program is, as we see it: a user whom nobody else is, or ourselves
 * if we are not root.
 */
uid_t jail_owner(const struct jail *j);

/* Opens the gate. */
int jail_go(struct jail *j);

/*
 * Looks whether the warden has said how the program ended, without waiting (to
 * wait, poll j->gate for POLLIN). Returns 1 if it has, 0 if not yet.
 */
int jail_look(struct jail *j);

/* Ends everything that runs in it, and closes its descriptors. */
void jail_end(struct jail *j);

/*
 * The path of a file of the exercise as the program sees it: "/work/server", or
 * below options->work in tiers without own files. Valid until the next call.
 */
const char *jail_path(const struct jail_options *options, const char *name);

#endif
