/*
 * ready_list.c - what one select or poll has found, gathered before the first
 * callback: a callback may change the very sets that are looked through.
 *
 * Read before: core_internal.h. Read after: select.c.
 */
#include "loop/core/core_internal.h"

void ready_list_add(struct ready_list *l, uint64_t tag, unsigned events,
                    bool hung_up)
{
    if (l->n == l->capacity) {
        l->capacity = l->capacity == 0 ? 64 : 2 * l->capacity;
        l->items =
            base_realloc(l->items, (size_t)l->capacity * sizeof *l->items);
    }
    l->items[l->n].tag = tag;
    l->items[l->n].events = events;
    l->items[l->n++].hung_up = hung_up;
}

int ready_list_report(struct loop *loop, struct ready_list *l)
{
    const int n = l->n;
    for (int i = 0; i < n; i++)
        core_ready(loop, l->items[i].tag, l->items[i].events,
                   l->items[i].hung_up);
    l->n = 0;
    return n;
}
