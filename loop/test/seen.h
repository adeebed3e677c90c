/*
 * seen.h - operations that note what they are told, for tests; and the sockets
 * and bytes to feed them.
 *
 * Every callback is checked against the promise of loop.h: never from inside
 * another callback or the function that started it, in the loop's thread, and
 * none after the last.
 *
 * Read before: each.h. Read after: test_core_op.c.
 */
#ifndef LOOP_TEST_SEEN_H
#define LOOP_TEST_SEEN_H

#include "loop/test/each.h"

struct seen;
typedef void seen_fn(struct seen *s, ssize_t result);

/* An operation, and what came of it. All zero before each start. */
struct seen {
    struct loop_op op; /* first: a pointer to it is one to all */
    int progress;      /* callbacks with op.more */
    int last;          /* and without: 0 or 1 */
    ssize_t result;    /* of the newest callback */
    size_t bytes;      /* received by loop_recv */
    bool wrong;        /* some byte was not the pattern's */
    seen_fn *then;     /* called with each callback; may be NULL */
    void *arg;         /* for `then` */
};

/* The callback to start operations with: arg is not used. */
void seen_note(struct loop_op *op, ssize_t result);

/* Makes `s` as new, with `then`. */
void seen_reset(struct seen *s, seen_fn *then, void *arg);

/* Runs the loop until the last callback; until so many bytes have come. */
void seen_until_last(struct loop *loop, struct seen *s);
void seen_until_bytes(struct loop *loop, struct seen *s, size_t bytes);

/* Runs a few passes without sleeping: what should not come has its chance. */
void seen_passes(struct loop *loop, int n);

/* Byte number `from` on of an endless text without short repetitions. */
void seen_pattern(char *bytes, size_t n, size_t from);

/* The first mebibyte of it, more than a socket or a pipe holds. The tests read
 * it; that iovecs take no const is theirs to know. */
enum { SEEN_MUCH = 1 << 20 };
char *seen_text(void);
struct base_slice seen_much(void);

/* Writes bytes of the text, which have to fit. */
void seen_feed(int fd, size_t from, size_t n);

/* Closes both ends by the loop, and lets what was cancelled end. */
void seen_close_pair(struct loop *loop, const int pair[2]);

/* A connected pair of non-blocking TCP sockets. */
void seen_tcp_pair(int pair[2]);

/* A connected socket, or one that connects, to `addr`; non-blocking. */
int seen_tcp_socket(void);

/* A pipe, both ends non-blocking. */
void seen_pipe(int ends[2]);

/* Reads with the pattern until EAGAIN or the end: how many bytes came. */
size_t seen_drain(int fd, size_t from);

#endif
