/*
 * play.h - a program that hangs and its clients, played from a line of steps,
 * so that a story is a row:
 *
 *     c     a client connects            s40   the latest sends 40 bytes
 *     n     the program has said "now"   f40   the first sends 40 bytes
 *     l     it has said a line           d     the latest reads all there is
 *     e     the latest sends no more
 *     g     it gets a byte on stdin      z     once it sleeps, it is stopped,
 *                                        C     ... and goes on
 *
 * No time decides: a step waits until it has happened, and a story is over when
 * /proc shows the program asleep in the expected call. The numbers of
 * descriptors are known, since nothing else is open: 3 is the listener, 4 the
 * first client, and so on.
 *
 * What does not come true fails the test. There is one program at a time.
 *
 * Read before: ../check/hang.h, hangs/scene.h. Read after: play.c,
 * play_stories.c, play_texts.c, test_hang.c.
 */
#ifndef EXERCISES_TEST_PLAY_H
#define EXERCISES_TEST_PLAY_H

#include "../check/hang_parts.h"

#include <stddef.h>

enum { PLAY_CLIENTS_MAX = 4, PLAY_TEXT_MAX = 1 << 16 };

/* The program that runs, and those who talk to it. */
struct play {
    pid_t pid;
    int in, out; /* its stdin and stdout */
    char said[PLAY_TEXT_MAX];
    size_t len, heard;
    int clients[PLAY_CLIENTS_MAX];
    int n_clients;
};
extern struct play play;

extern bool play_forbidden; /* to look into other processes */
extern bool play_jailed;    /* the next program runs in namespaces of its own */

/* --- the program and its clients ------------------------------------------ */

/* Starts hangs/NAME. */
void play_start(const char *name);

/* Ends it, its children too, which come to us (PR_SET_CHILD_SUBREAPER); a
 * teardown of cmocka. */
int play_end(void **state);

/* The next line that it says; valid until the end. */
const char *play_hear(void);

/* Goes on to "now"; skips the test if the kernel refuses what it needs. */
void play_hear_now(void);

/* Sends n bytes; returns when the kernel on the other side has them. */
void play_say(int fd, size_t n);

/* Reads the first word that /proc has in this file of a task. */
bool play_reads(pid_t tid, const char *file, const char *format, char *to);

/* True if the task is in that call. */
bool play_is_in(pid_t tid, const char *call);

/* --- stories -------------------------------------------------------------- */

struct play_story {
    const char *program, *steps;
    enum hang_kind kind;
    const char *call; /* NULL: none */
    int fd, other;
    size_t waiting;
    const char *section; /* a part of it; NULL: none */
    const char *phrase;  /* in the text */
    int threads;         /* that have to stand in the call; 0: one */
    const char *until;   /* call to wait for, if not `call` */
};
extern const struct play_story play_stories[];
extern const size_t play_n_stories;

/* The first of that program, which must be in the table. */
const struct play_story *play_story_of(const char *program);

/* One step; returns the steps behind it. */
const char *play_step(const char *at, const struct play_story *s);

/* All of it; skips the test where others may not be looked at. */
void play_all(const struct play_story *s);

/* --- tests ---------------------------------------------------------------- */

/* The text holds this part, or the test fails. */
void play_assert_has(const char *text, const char *part);

/* The state is a story: played, and explained as its row says. */
void play_test_story(void **state);

/* Some explanations as a whole, word for word. */
void play_test_texts(void **state);

#endif
