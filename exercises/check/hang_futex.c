/*
 * hang_futex.c - a thread that sleeps in futex(2): on a lock, a condition, or
 * the end of another thread.
 *
 * To the kernel all are one word of memory. Which it is shows in what the C
 * library does (glibc, nptl): a lock waits for the word to be no longer 2, and
 * behind the word stands the number of the thread that holds it; a join waits
 * for a word that holds the number of a living thread, and is not private to
 * the process, since the kernel clears it; a condition waits with a bit set.
 *
 * Read before: hang_judge.c. Read after: hang_spin.c. Rests on: futex(2).
 */
#include "hang_parts.h"

#include <linux/futex.h>

/* The beginning of glibc's pthread_mutex_t. */
struct mutex {
    int32_t word;
    uint32_t count;
    int32_t owner;
};

enum { WORD_CONTENDED = 2 };

/* As we see it: a thread in a pid namespace knows itself by another number. */
static pid_t thread_of(const struct hang_case *c, int64_t inner)
{
    for (size_t i = 0; i < c->tasks->n; i++)
        if (c->tasks->at[i].pid == c->task.pid &&
            c->tasks->at[i].inner == inner)
            return c->tasks->at[i].tid;
    return 0;
}

void hang_futex(struct hang_case *c)
{
    const int op = (int)c->task.args[1];
    const int64_t expected = (int32_t)c->task.args[2];
    struct mutex m;
    if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT && expected == WORD_CONTENDED &&
        hang_peek(c->task.pid, c->task.args[0], &m, sizeof m)) {
        c->holder = thread_of(c, m.owner);
        if (c->holder != 0)
            c->lock = c->holder == c->task.tid ? LOCK_OWN : LOCK_HELD;
        return;
    }
    if (!(op & FUTEX_PRIVATE_FLAG)) {
        c->holder = thread_of(c, expected);
        if (c->holder != 0)
            c->lock = LOCK_JOIN;
        return;
    }
    if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET)
        c->lock = LOCK_CONDITION;
}
