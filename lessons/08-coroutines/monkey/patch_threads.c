/*
 * patch_threads.c - threads that are tasks, and their locks.
 *
 * A mutex of the C library would put the one thread to sleep that could unlock
 * it. So the memory of a mutex is used for a co_lock, and that of a condition
 * variable for a co_condition: they fit, and all zero is a good beginning for
 * each of them, also for those that were initialised statically.
 *
 * Read before: patch_io.c. Rests on: pthreads(7).
 */
#include "monkey.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- threads -------------------------------------------------------------- */

struct thread {
    struct co_task *task;
    void *(*fn)(void *arg);
    void *arg, *result;
    bool detached; /* nobody will join it: it frees itself */
};

static int run(void *arg)
{
    struct thread *t = arg;
    t->result = t->fn(t->arg);
    if (t->detached)
        free(t);
    return 0;
}

static struct thread *thread_of(pthread_t id)
{
    return (struct thread *)id;
}

static bool wants_detached(const pthread_attr_t *attr)
{
    int state = PTHREAD_CREATE_JOINABLE;
    if (attr != NULL)
        pthread_attr_getdetachstate(attr, &state);
    return state == PTHREAD_CREATE_DETACHED;
}

/* What else `attr` says, such as the size of a stack, is not looked at. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                   void *(*fn)(void *arg), void *arg)
{
    if (!in_task())
        return real()->pthread_create(thread, attr, fn, arg);
    struct thread *t = base_alloc(sizeof *t);
    t->fn = fn;
    t->arg = arg;
    t->task = co_spawn(monkey_loop, run, t);
    if (t->task == NULL) {
        free(t);
        return EAGAIN;
    }
    *thread = (pthread_t)t;
    return wants_detached(attr) ? pthread_detach(*thread) : 0;
}

int pthread_join(pthread_t thread, void **result)
{
    if (!in_task())
        return real()->pthread_join(thread, result);
    struct thread *t = thread_of(thread);
    const int error = co_join(t->task, NULL);
    if (error != 0)
        return -error;
    if (result != NULL)
        *result = t->result;
    free(t);
    return 0;
}

int pthread_detach(pthread_t thread)
{
    if (!in_task())
        return real()->pthread_detach(thread);
    struct thread *t = thread_of(thread);
    const bool ended = co_ended(t->task);
    t->detached = true;
    co_detach(t->task);
    if (ended)
        free(t);
    return 0;
}

/* --- mutexes -------------------------------------------------------------- */

_Static_assert(sizeof(struct co_lock) <= sizeof(pthread_mutex_t), "no room");
_Static_assert(sizeof(struct co_condition) <= sizeof(pthread_cond_t),
               "no room");

static struct co_lock *lock_of(pthread_mutex_t *mutex)
{
    return (struct co_lock *)(void *)mutex;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    (void)attr;
    memset(mutex, 0, sizeof *mutex);
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    (void)mutex;
    return 0;
}

/* Outside of tasks there is but one thread, which needs no lock. */
int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return in_task() ? -co_lock(lock_of(mutex)) : 0;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    if (in_task() && lock_of(mutex)->owner != NULL)
        return EBUSY;
    return pthread_mutex_lock(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    return in_task() ? -co_unlock(lock_of(mutex)) : 0;
}

/* --- condition variables -------------------------------------------------- */

static struct co_condition *condition_of(pthread_cond_t *cond)
{
    return (struct co_condition *)(void *)cond;
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
    (void)attr;
    memset(cond, 0, sizeof *cond);
    return 0;
}

int pthread_cond_destroy(pthread_cond_t *cond)
{
    (void)cond;
    return 0;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    return -co_condition_wait(condition_of(cond), lock_of(mutex));
}

int pthread_cond_signal(pthread_cond_t *cond)
{
    co_condition_notify(condition_of(cond), 1);
    return 0;
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
    co_condition_notify_all(condition_of(cond));
    return 0;
}
