/*
 * lock.c - a lock for tasks, and a semaphore, which is the same with a number.
 *
 * Between two waits a task is alone: a counter, a list, a whole data structure
 * need no lock here. It is for work that waits in its middle, and that another
 * task must not enter meanwhile.
 *
 * Handing over. An unlock with tasks waiting does not free the lock, it gives
 * it to the first of them. So nobody can slip in between, nobody starves, and a
 * task that has been given the lock has it, also if it is cancelled before it
 * runs: that strikes at its next wait.
 *
 * Read before: wait.c. Read after: condition.c.
 * Rests on: tornado.locks, whose rules it keeps.
 */
#include "loop/co/co_internal.h"

#include <errno.h>
#include <limits.h>

/* --- locks --------------------------------------------------------------- */

static void lock_describe(const struct co_task *t, struct base_buf *out)
{
    const struct waiter *w = t->wait;
    const struct co_lock *lock = w->object;
    if (lock->owner != NULL)
        base_buf_printf(out, " held by task %llu, %s",
                        (unsigned long long)lock->owner->number,
                        co_name(lock->owner));
}

static const struct wait_kind for_lock = {"lock", waiter_interrupt,
                                          lock_describe};
static const struct wait_kind for_lock_again = {"lock", NULL, lock_describe};

static void own(struct co_lock *lock, struct co_task *t)
{
    lock->owner = t;
    t->n_locks++;
}

static int take(struct co_lock *lock, const struct wait_kind *kind)
{
    if (lock->owner == NULL) {
        own(lock, co_running);
        return 0;
    }
    struct waiter w;
    return waiters_wait(&lock->waiters, &w, kind, lock, NULL);
}

int co_lock(struct co_lock *lock)
{
    if (co_running == NULL)
        return -EPERM;
    if (lock->owner == co_running)
        return -EDEADLK;
    return take(lock, &for_lock);
}

void lock_again(struct co_lock *lock)
{
    take(lock, &for_lock_again);
}

int co_unlock(struct co_lock *lock)
{
    if (co_running == NULL || lock->owner != co_running)
        return -EPERM;
    struct waiter *w = waiters_first(&lock->waiters);
    co_running->n_locks--;
    lock->owner = NULL;
    if (w != NULL) {
        own(lock, w->task);
        waiter_wake(w, 0);
    }
    return 0;
}

int co_lock_begin(struct co_lock **held, struct co_lock *lock)
{
    const int error = co_lock(lock);
    *held = error == 0 ? lock : NULL;
    return error;
}

void co_lock_end(struct co_lock **held)
{
    if (*held != NULL)
        co_unlock(*held);
    *held = NULL;
}

/* --- semaphores ---------------------------------------------------------- */

static const struct wait_kind for_semaphore = {"semaphore", waiter_interrupt,
                                               NULL};

int co_semaphore_init(struct co_semaphore *s, int value, int bound)
{
    if (value < 0 || bound < value)
        return -EINVAL;
    *s = (struct co_semaphore){.value = value, .bound = bound};
    return 0;
}

int co_semaphore_try(struct co_semaphore *s)
{
    if (s->value == 0)
        return -EAGAIN;
    s->value--;
    return 0;
}

int co_semaphore_acquire(struct co_semaphore *s)
{
    if (co_running == NULL)
        return -EPERM;
    if (co_semaphore_try(s) == 0)
        return 0;
    struct waiter w;
    return waiters_wait(&s->waiters, &w, &for_semaphore, s, NULL);
}

int co_semaphore_release(struct co_semaphore *s)
{
    if (s->value == s->bound)
        return -EOVERFLOW;
    struct waiter *w = waiters_first(&s->waiters);
    if (w != NULL)
        waiter_wake(w, 0);
    else
        s->value++;
    return 0;
}
