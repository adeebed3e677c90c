/*
 * stage.h - for tests of tasks: a loop whose clock moves only when the test
 * says so, and a text of what the tasks did, in order.
 *
 * Tasks note what they do; the test compares. To fail is for the test's own
 * stack: an assertion that leaves a task by longjmp would leave it running.
 *
 * Read before: each.h. Read after: test_co_lock.c.
 */
#ifndef LOOP_TEST_STAGE_H
#define LOOP_TEST_STAGE_H

#include "loop/co.h"

/* Another loop with the back end of `like`, and a clock that stands still. */
struct loop *stage_open(const struct loop *like);

/* Fails the test if a task is left or the text was not compared. */
void stage_close(struct loop *loop);

/* Starts a task that nobody joins, and whose argument is a name. */
#define stage_go(loop, fn, name) stage_go_named(loop, fn, name, LOOP_PLACE(fn))
struct co_task *stage_go_named(struct loop *loop, co_fn *fn, const char *name,
                               const char *place);

/* Runs passes until no task is ready. */
void stage_settle(struct loop *loop);

/* Moves the clock and runs one pass: tasks that are ready, then timers that are
 * due; those whom these wake run in the next pass. */
void stage_advance(struct loop *loop, int64_t ns);

/* Adds to the text, with a space before it if it is not the first. */
void stage_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a wait returned, as a word: "ok", "late" (-ETIMEDOUT), "cancelled", ...
 */
const char *stage_word(int result);

/* Fails the test if that is not the text; then it is empty. */
#define stage_expect(text) stage_expect_at(text, __FILE__, __LINE__)
void stage_expect_at(const char *text, const char *file, int line);

#endif
