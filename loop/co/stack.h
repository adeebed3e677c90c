/*
 * stack.h - memory for stacks; see stack.c.
 *
 * Read before: context.h. Read after: stack.c.
 */
#ifndef LOOP_CO_STACK_H
#define LOOP_CO_STACK_H

#include "loop/co.h"

enum {
    STACKS_A_SLAB = 64,
    PAGE_SIZE = 4096,
    GUARD_SIZE = 16384,
    SLOT_LEAST = 2 * GUARD_SIZE,
    SLOT_MOST = 1 << 30,
};

/* One stack's address space: a guard, then `size` bytes from `low` on. */
struct stack {
    char *low;
    size_t size;
    struct slab *slab;
};

/* Those of one loop. */
struct stacks {
    size_t slot_size; /* guard and stack */
    int most;         /* stacks in use */
    enum co_guard guard;
    struct base_list slabs, cold; /* all; those that have cold stacks */
    int n;
    bool refused; /* it is logged once in a row that there are none */
};

void stacks_init(struct stacks *s, const struct co_options *options);
void stacks_fini(struct stacks *s);

/* False: there is none. give: its memory goes back to the kernel. */
bool stack_take(struct stacks *s, struct stack *stack);
void stack_give(struct stacks *s, struct stack stack);

/* How many of its bytes have ever been written to. */
size_t stack_used(struct stack stack);
size_t stacks_high(const struct stacks *s);

#endif
