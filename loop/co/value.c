/*
 * value.c - values that belong to a task: what a thread keeps in _Thread_local.
 *
 * A request's number, its user, the transaction it is in: whatever any function
 * may need and none wants to pass on. A task has few of them, so they are a
 * chain, searched by the address of the key. They are not inherited: the value
 * has one owner, and is dropped when that ends.
 *
 * Read before: task.c. Read after: dump.c.
 * Rests on: pthread_setspecific(3), contextvars of Python.
 */
#include "loop/co/co_internal.h"

#include <assert.h>
#include <stdlib.h>

struct task_value {
    struct task_value *next;
    const struct co_key *key;
    void *value;
};

static struct task_value *find(const struct co_key *key)
{
    struct task_value *v = co_running != NULL ? co_running->values : NULL;
    while (v != NULL && v->key != key)
        v = v->next;
    return v;
}

void *co_get(const struct co_key *key)
{
    const struct task_value *v = find(key);
    return v != NULL ? v->value : NULL;
}

void co_set(const struct co_key *key, void *value)
{
    assert(co_running != NULL);
    if (co_running == NULL)
        return;
    struct task_value *v = find(key);
    if (v == NULL) {
        v = base_alloc(sizeof *v);
        v->next = co_running->values;
        v->key = key;
        co_running->values = v;
    }
    v->value = value;
}

/* In the task, so that a drop may look at other values, and wait. */
void values_drop(struct co_task *t)
{
    struct task_value *v;
    while ((v = t->values) != NULL) {
        t->values = v->next;
        if (v->key->drop != NULL && v->value != NULL)
            v->key->drop(v->value);
        free(v);
    }
}
