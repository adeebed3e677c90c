/*
 * stage.h - a network and a clock that follow a script: for programs started
 * TRACED. What happens to the program, and when, is decided by the check and
 * its seed alone; so it happens again, exactly, and thirty seconds of waiting
 * take no time.
 *
 *     static void lets_silent_clients_go(void)
 *     {
 *         stage_open();
 *         struct program *server = server_start(TRACED, NULL);
 *         struct actor *anna = actor_connect(server, "anna");
 *         actor_send_text(anna, "GET / HT");
 *         stage_play_ms(server, 29999);
 *         actor_expect_nothing(anna);
 *         stage_play_ms(server, 1);
 *         actor_expect_close(anna);
 *     }
 *
 * In turns. The program plays until it stands: it waits, and nothing is ready.
 * Then the actors act, all at the same moment, and what they send has arrived
 * before the program goes on. An expectation lets it play.
 *
 * Time. clock_gettime and its kin tell the time of the stage, and a wait or a
 * sleep lasts as long there. It passes only while the program stands: from one
 * deadline to the next, by jumps. stage_play_ms lets so much of it pass; an
 * expectation lets pass what is needed, ten seconds at most. A program that
 * stands without a deadline is at an end: if something was expected of it, that
 * is a hang, and is told at once.
 *
 * Faults. Whatever the kernel may do to a correct program, the stage can do:
 * by rules, one by one, or all together in a storm.
 *
 * SIMPLIFIED: one program. Of several threads or children the order is the
 * kernel's, and so is the amount that goes into a full socket; setitimer,
 * timer_create and timerfd are of the real time.
 *
 * Read before: check.h, trace.h. Read after: stage.c.
 * Rests on: ptrace(2), vdso(7), and the pages of the calls for what may fail.
 */
#ifndef CHECK_STAGE_H
#define CHECK_STAGE_H

#include "check.h"

/* Opens the stage: the next program started TRACED plays on it. */
void stage_open(void);

/* Lets it play until it stands, or has ended; no time passes. */
void stage_play(struct program *p);

/* Lets it play for so long. */
void stage_play_ms(struct program *p, int64_t ms);

/* The time of the stage, from the program's start on. */
int64_t stage_now_ms(void);

/*
 * All that happened until now, a line each: time, who, what. The same seed
 * makes the same text; of a failed check it is part of what was done.
 */
const char *stage_transcript(void);

/* --- actors: clients and servers around the program ----------------------- */

struct actor;

/* Connects to the server on the stage, and is called `name` from then on. */
struct actor *actor_connect(struct program *server, const char *name);

/*
 * For programs that are clients: listens, before the program is started; its
 * port is told to the program as an option. actor_accept waits until the
 * program has connected.
 */
struct actor *actor_listen(const char *name);
int actor_port(const struct actor *a);
struct actor *actor_accept(struct program *p, struct actor *listener,
                           const char *name);

void actor_send(struct actor *a, const void *bytes, size_t len);
void actor_send_text(struct actor *a, const char *text);

/* Expects that exactly these bytes come next. More may follow. */
void actor_expect(struct actor *a, const void *bytes, size_t len);
void actor_expect_text(struct actor *a, const char *text);

/* Expects that nothing comes, without time passing. */
void actor_expect_nothing(struct actor *a);

/* Expects the end of the connection, and nothing before. */
void actor_expect_close(struct actor *a);

void actor_finish(struct actor *a); /* sends no more, may receive */
void actor_close(struct actor *a);
void actor_reset(struct actor *a); /* vanishes, with RST */

/* --- faults --------------------------------------------------------------- */

enum fault {
    FAULT_SHORT,    /* fewer bytes than asked for are received, or taken */
    FAULT_ERROR,    /* the call fails */
    FAULT_SHUFFLE,  /* epoll's events come in another order */
    FAULT_PART,     /* some of those that are ready are told later */
    FAULT_SPURIOUS, /* one that is not ready is told as if it were */
};

/*
 * Does `fault` to calls of the program. Only what the call's page allows, on
 * that kind of descriptor: a rule that never could apply (EMFILE of recv) is an
 * error of the check, one that cannot now (EAGAIN on a blocking descriptor, a
 * short read of one byte) waits for the next call.
 *
 *     stage_rule((struct stage_rule){.calls = "wait", .nth = 1,
 *                                    .fault = FAULT_ERROR, .error = EINTR});
 *     stage_rule((struct stage_rule){.calls = "send", .who = "anna",
 *                                    .fault = FAULT_SHORT, .bytes = 1});
 */
struct stage_rule {
    const char *calls; /* "receive", "send", "accept", "connect", "wait", or
                          names of system calls, with spaces */
    const char *who;   /* of that actor's connection alone; NULL: of all */
    enum fault fault;
    int error;   /* of FAULT_ERROR */
    int bytes;   /* of FAULT_SHORT: so many at most; 0: 1 */
    int nth;     /* the n-th such call alone, from 1; 0: every one */
    int percent; /* of these, by chance; 0: all */
    int times;   /* so often at most; 0: no limit */
};

void stage_rule(struct stage_rule rule);

/*
 * To `percent` of all calls, everything that may happen to a correct program
 * and must make no difference: short reads and writes, EAGAIN, EINTR of waits,
 * ECONNABORTED, events in another order, in parts, and for nothing.
 */
void stage_storm(int percent);

/* How many faults there were. */
int stage_faults(void);

#endif
