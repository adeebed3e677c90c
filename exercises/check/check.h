/*
 * check.h - what the checks of an exercise are written with.
 *
 * A check is a function that starts the student's program, does something to it
 * as a client, a clock or a kernel would, and says what it expects. The first
 * expectation that does not come true ends the check, with a message: what was
 * done, what was expected, what came, the likely cause, what to run. The parts
 * come from the calls themselves; a check adds the cause:
 *
 *     static void answers(void)
 *     {
 *         struct program *server = server_start(PLAIN, NULL);
 *         struct peer *peer = peer_connect(server);
 *         peer_send_text(peer, "ping\n");
 *         peer_expect_text(peer, "pong\n");
 *         program_stop(server);
 *     }
 *
 *     const struct check visible_checks[] = {
 *         {.name = "answers",
 *          .title = "a line is answered",
 *          .run = answers,
 *          .cause = "One recv is not one line: ...",
 *          .section = "lessons/01-blocking/README.md, \"Experiments ...\""},
 *         {0},
 *     };
 *
 * Where it runs. The student's program is a process of its own, locked in (see
 * jail.h); the check is another, in the same private network, and no student's
 * code is in it. So nothing that the program prints, writes or calls is a
 * verdict. Each check has processes and a network of its own: port 0 is not
 * needed to keep them apart, and nothing of one check is there for the next.
 *
 * In time. No check sleeps. Every wait is for a condition, and ends when it
 * comes true. It gives up when it cannot come true any more: all programs have
 * been asleep for `patience_s` (1 s, or what exercise.ini says) with everything
 * delivered that was sent to them; or one has burnt two seconds of processor
 * time. Then hang.h says why. A slow or busy machine only makes it last longer.
 *
 * Three builds, because sanitizers and the tracer exclude each other:
 *
 *     SANITIZED   -fsanitize=address,undefined; leaks, if it ends by exit(3)
 *                 and not by _exit(2); what checks use if they have no other
 *                 wish
 *     PLAIN       -O2; for what costs time
 *     TRACED      the plain build, every system call seen: see trace.h for what
 *                 was called, stage.h for a scripted network and clock
 *
 * All functions end the check on a failure, and so return no errors, unless
 * they say otherwise. Memory is the check's process's: nobody frees anything.
 *
 * Read before: ../../exercises/05-drain/checks.c. Read after: trace.h, stage.h.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/types.h>

/* --- the table of an exercise --------------------------------------------- */

struct check {
    const char *name;    /* as in exercise.ini; NULL ends the table */
    const char *title;   /* what it looks at: "two lines in one segment" */
    const char *needs;   /* names with spaces: without these it is skipped */
    void (*run)(void);   /* the check; it returns if it has passed */
    const char *cause;   /* of a failure, if nothing below says another: two
                            or three sentences in the words of the lesson */
    const char *section; /* where to read: "lessons/NN/README.md, \"...\"" */
};

/* checks.c defines the first, hidden.c of solutions/ the second. */
extern const struct check visible_checks[];
extern const struct check hidden_checks[];

/*
 * Of the kinds predict and trace: prints the questions, with numbers of the
 * student's own seed. It may start GIVEN programs, as a check does.
 */
void exercise_ask(void);

/* --- the student's program ------------------------------------------------ */

/* The last two are programs of the kit that exercise.ini gives beside the
 * student's; which does not see them. */
enum build { SANITIZED, PLAIN, TRACED, GIVEN, GIVEN_TRACED };

struct program;

/*
 * Starts the program that exercise.ini names with `options` (NULL: none; else
 * ended by NULL) after its name, and goes on at once.
 */
struct program *program_start(enum build build, const char *const *options);

/*
 * Starts another of `given` in exercise.ini. "given/good.c" is called good,
 * "lessons/05-epoll/server" 05-epoll-server. If one that is a server does not
 * come to listen, that is an error and not the student's fault.
 */
struct program *program_start_named(enum build build, const char *name,
                                    const char *const *options);

/*
 * Starts it as a server, with "--port 0" before `options`, and waits until it
 * prints "listening on http://127.0.0.1:PORT". A server that ends before a
 * client has reached it, never says that line, or is not there, fails the check
 * with a cause that is about its start and not about what the check does.
 */
struct program *server_start(enum build build, const char *const *options);
struct program *server_start_named(enum build build, const char *name,
                                   const char *const *options);

/*
 * Gives the connections that it accepts from now on the smallest buffer to send
 * from, so that a client that does not read stops its sends after a few
 * kilobytes.
 */
void server_squeeze(struct program *server);

int program_port(const struct program *p);

/* The program itself, as seen from outside: for trace.h, hang.h and proc(5). */
pid_t program_pid(const struct program *p);

/*
 * Programs started from now on, and clients, are in another network. What
 * others have left in the kernel (connections that have ended, counters) tells
 * them nothing: not, say, that they are the second to be run.
 */
void check_fresh_network(void);

/* Writes to its standard input, which is empty otherwise; NULL: closes it. */
void program_type(struct program *p, const char *text);

/* Waits until it has ended by itself; returns its status, see wait(2). */
int program_wait(struct program *p);

/* The same; it may sleep for so long in all. On a busy machine it gets more. */
int program_wait_within(struct program *p, int seconds);

/*
 * Sends SIGTERM, and expects that it ends with status 0, that no process of it
 * is left, and that the sanitizers have found nothing.
 */
void program_stop(struct program *p);

/* Expects that it ends by itself, with this status of exit(3). */
void program_expect_exit(struct program *p, int status);

/*
 * Stops it with all its processes, so that what clients do meanwhile is all
 * there when it goes on. A call that has slept half-way returns what it has
 * done, and a wait ends with EINTR: signal(7), "Interruption ... by stop
 * signals". TRACED, it must have one thread and no children.
 */
void program_pause(struct program *p);
void program_resume(struct program *p);

/* Fails the check if the program has ended, or a sanitizer has spoken. */
void program_expect_alive(struct program *p);

/* What it printed until now, standard output and error; with a NUL. */
const char *program_said(struct program *p);

/* Waits until it has printed `text`, from the last such wait on. */
void program_expect_said(struct program *p, const char *text);

/*
 * The program asks in turn and never sleeps, as lesson 02's does: from here on,
 * nobody is told that it keeps the processor busy.
 */
void program_may_spin(void);

/* --- what it holds, from /proc -------------------------------------------- */

int program_descriptors(const struct program *p); /* open, all processes */
int program_listeners(const struct program *p);   /* ... that listen */
int program_threads(const struct program *p);     /* of all processes */
int program_processes(const struct program *p);   /* zombies too */
int program_zombies(const struct program *p);
int64_t program_cpu_ns(const struct program *p); /* user and system time */

/*
 * Waits until the program sleeps with nothing left to do: no thread runs and
 * no byte that it could read lies unread in a socket it watches. Fails the
 * check, with what it found, if the program keeps the processor busy: a second
 * of CPU time without coming to rest is a busy loop.
 */
void program_rest(struct program *p);

/* --- clients -------------------------------------------------------------- */

struct peer;

/* Connects to the server (not to another). */
struct peer *peer_connect(struct program *server);

/* The same with a receive buffer of a few kilobytes, so that the server's sends
 * are partial soon. */
struct peer *peer_connect_small(struct program *server);

/* The same with the kernel's least: one send is partial after two kilobytes.
 * For a few kilobytes in all, see peer.c. */
struct peer *peer_connect_least(struct program *server);

void peer_send(struct peer *p, const void *bytes, size_t len);
void peer_send_text(struct peer *p, const char *text);

/* Sends as much as fits without waiting; returns how much. */
size_t peer_send_some(struct peer *p, const void *bytes, size_t len);

/* Expects that exactly these bytes come next. More may follow. */
void peer_expect(struct peer *p, const void *bytes, size_t len);
void peer_expect_text(struct peer *p, const char *text);

/* Receives up to `size` bytes, waits for at least one; 0: end. */
size_t peer_receive(struct peer *p, void *bytes, size_t size);

/* Expects that the server closes, and sends nothing before. */
void peer_expect_close(struct peer *p);

/*
 * The same, but RST is an end, too: of a server that closes while more comes.
 * And the server itself may have ended.
 */
void peer_expect_end(struct peer *p);

/*
 * Expects that nothing has come, now that the program is at rest. (Nothing can
 * be proved by waiting.)
 */
void peer_expect_nothing(struct peer *p);

void peer_finish(struct peer *p); /* shutdown: sends no more, may receive */
void peer_close(struct peer *p);
void peer_reset(struct peer *p); /* closes with RST, as one who vanishes */

int peer_fd(const struct peer *p); /* for what this header does not have */

/* --- say what is expected ------------------------------------------------- */

/* Adds a line to "what was done" (printf). The calls above do so themselves. */
void check_did(const char *what, ...) __attribute__((format(printf, 1, 2)));

/*
 * Until it is called with false, the calls above add nothing by themselves: for
 * many steps that one line of check_did says better.
 */
void check_quiet(bool yes);

/* The shell's way of doing the same; replaces the last one. */
void check_command(const char *command, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * The likely cause of a failure is the first of these that there is:
 *
 *     of a sanitizer's report, of a server that no client has reached, of a
 *     wrong model; these functions know it
 *     check_cause, the last one
 *     check_cause_when, the first that fits to what was seen
 *     that of the table
 *
 * A hang changes none of that: it has a part of the message for itself, with
 * its own advice and where to read of it.
 *
 * check_cause: from here on, a failure has this cause and section; NULL: as
 * before; cause "": none of check_cause any more.
 */
void check_cause(const char *cause, const char *section);

/*
 * Of a failure that has this text in what was expected or came, or in
 * where it hangs; of several, the first that fits. "": then no cause is told.
 */
void check_cause_when(const char *seen, const char *cause);

/* Ends the check: `expected` and `came` are texts, or printf by check_text. */
noreturn void check_fail(const char *expected, const char *came);

/* Fails unless both are equal; `what`: "wake-ups for ten bytes". */
void check_equal(const char *what, long long expected, long long came);

/* Fails unless `came` is at most this. */
void check_at_most(const char *what, long long limit, long long came);

/* Fails unless `holds`; expected and came as for check_fail. */
void check_that(bool holds, const char *expected, const char *came);

/* For kinds predict, trace and speed: ends the check with a share (0 to 1). */
noreturn void check_share(double share, const char *expected, const char *came);

/* Ends the check without a score: what was measured cannot be told. */
noreturn void check_noisy(const char *why);

/* Ends the check as one that could not be made; never the student's fault. */
noreturn void check_error(const char *what, ...)
    __attribute__((format(printf, 1, 2)));

/* Something measured, told also when the check passes (printf). */
void check_note(const char *what, ...) __attribute__((format(printf, 1, 2)));

/* --- chance, texts and answers -------------------------------------------- */

/*
 * Numbers that depend on the seed and on the check's name, and on nothing else:
 * the same seed makes the same bytes, in the same order.
 */
uint64_t check_seed(void);

/*
 * A seed for what the questions and several checks have in common: the same in
 * all of them.
 */
uint64_t check_seed_of(const char *what);
unsigned check_random(unsigned below);
void check_random_bytes(void *bytes, size_t len); /* all 256 values */
void check_random_text(char *text, size_t len);   /* letters; no NUL added */

/* printf to memory that stays until the check ends. */
char *check_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "GET /\r\n\x00", in quotes, cut in the middle beyond 60 columns. */
char *bytes_escape(const void *bytes, size_t len);

/*
 * The student's answer `name` (a whole number) in answers.txt. Missing, or no
 * number: fails the check and says so.
 */
long long answer_number(const char *name);
const char *answer_word(const char *name);

/* A file of the exercise's folder that came with the kit, whole; with a NUL. */
char *check_file(const char *name, size_t *len);

#endif
