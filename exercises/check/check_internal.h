/*
 * check_internal.h - what the parts of the library of checks share: what the
 * grader has told the check program, and the message that is being written.
 *
 * Read before: check.h. Read after: main.c.
 */
#ifndef CHECK_CHECK_INTERNAL_H
#define CHECK_CHECK_INTERNAL_H

#include "check.h"
#include "finding.h"
#include "jail.h"

/* From the command line of the check program, see main.c; set once. */
struct setting {
    const char *exercise; /* "05-drain" */
    const char *dir;      /* its folder: the kit's files of the exercise */
    const char *work;     /* folder of what was built: plain/, sanitized/ */
    const char *program;  /* the name of the student's program there */
    const char *answers;  /* the student's file of answers, or "" */
    const char *warden;   /* the path of that program */
    int tier;             /* enum jail_tier */
    int64_t seed;         /* of this run; each check has its own from it */
    bool own_stacks;      /* the program has coroutines */
    int patience_s;       /* see check.h, "In time" */
    struct jail_limits limits;
    const struct check *check; /* the one that runs in this process */
};
extern struct setting setting;

/* How the process of a check ends: whether the finding is written. */
enum { CHECK_PASSED = 0, CHECK_NOT_PASSED = 3, CHECK_BROKE = 1 };

/* Runs one check in a process of its own, and ends that process. */
noreturn void check_run(const struct check *check, int report, uint64_t nonce);

/*
 * From now on the check has so much time: in the first wait after it, a check
 * whose student's program still runs fails; others go on.
 */
void check_limit(int seconds);

/* Adds what happened to the story, without the program's name (printf). */
void story_add(const char *what, ...) __attribute__((format(printf, 1, 2)));
/* While it is mute, nothing is added: of work that is done hundreds of times.
 */
void story_mute(bool mute);
char *story_text(void);
const char *story_command(void);

/* What is said of a program that failed a check, if there is a program. */
void program_evidence(struct finding *f);

/* The sanitizers' report within what a program printed, cut to what a student
 * needs; or NULL. *where: "server.c:42", the first place in the student's own
 * file; or NULL. */
char *sanitizer_report(const char *said, const char **where);

/* Likely cause, by the kind of fault that the report names. */
const char *sanitizer_cause(const char *report);

/*
 * Waits as pump_until, with patience: until `done`, or `fd` has `events`. Gives
 * up when the program has neither moved nor used its processor for the time
 * allowed; a slow machine is given more. Returns false then.
 */
bool program_wait_for(struct program *p, bool (*done)(void *arg), void *arg,
                      int fd, short events);

/* Fails the check: p did not do what was waited for. Explains the hang. */
noreturn void program_hangs(struct program *p, const char *expected);

/* The same when a part has come: "3 of 6 bytes: \"HEL\", then nothing". */
noreturn void program_hangs_after(struct program *p, const char *expected,
                                  const char *came);

/* Fails the check if p has ended, in words that say how. */
void program_expect_runs(struct program *p, const char *expected);

/* "ended by signal 11, Segmentation fault", "exited with status 3". */
char *status_text(int status);

/*
 * Where two byte strings differ first: lines with both, the offset and a caret.
 */
char *bytes_difference(const void *expected, size_t expected_len,
                       const void *came, size_t came_len);

/* For a shell: 'GET / HTTP/1.1\r\n' as printf(1) takes it, in quotes. */
char *bytes_for_printf(const void *bytes, size_t len);

#endif
