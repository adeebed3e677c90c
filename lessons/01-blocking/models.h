/*
 * models.h - the five ways to serve with blocking calls, one file each.
 *
 * Read before: serve.c. Read after: iterative.c, fork.c, thread.c, prefork.c,
 * pool.c, in this order: each mends a flaw of the one before.
 */
#ifndef BLOCKING_MODELS_H
#define BLOCKING_MODELS_H

#include <stdnoreturn.h>
#include <sys/types.h>

/*
 * Each serves the connections of `listener` until a signal ends the program.
 * `workers`, where a model has them, is their number.
 */
noreturn void serve_iterative(int listener, int workers);
noreturn void serve_fork(int listener, int workers);
noreturn void serve_thread(int listener, int workers);
noreturn void serve_prefork(int listener, int workers);
noreturn void serve_pool(int listener, int workers);

/*
 * Waits for the next connection and returns its descriptor. While the system
 * has no descriptors or memory left it waits for that, too. Returns -1 only if
 * a signal was handled meanwhile.
 */
int next_connection(int listener);

/* Serves one connection to its end and closes it. */
void serve_connection(int fd);

/* In a child process: end when `parent` does. See prctl(2). */
void die_with_parent(pid_t parent);

#endif
