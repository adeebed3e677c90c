/*
 * heard.h - for tests: the log's warnings and errors are kept instead of
 * printed, to be compared; and what a program says that ends itself.
 *
 * Read before: each.h. Read after: test_co_task.c.
 */
#ifndef LOOP_TEST_HEARD_H
#define LOOP_TEST_HEARD_H

#include "loop/test/each.h"

/* From begin to end nothing is printed. end: fails if a line is left. */
void heard_begin(void);
void heard_end(void);

/* Takes the oldest line, in which `part` must stand. */
#define heard_expect(part) heard_expect_at(part, __FILE__, __LINE__)
void heard_expect_at(const char *part, const char *file, int line);

/* Fails the test if there is a line. */
#define heard_nothing() heard_nothing_at(__FILE__, __LINE__)
void heard_nothing_at(const char *file, int line);

/*
 * Calls `fn` in a child process with a loop of its own, which must end by
 * abort(3) after a line with `part`.
 */
void heard_abort(const struct loop *like, void (*fn)(struct loop *loop),
                 const char *part);

#endif
