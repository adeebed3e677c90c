/*
 * context.c - making a context; to switch between them is context_x86_64.S,
 * context_aarch64.S, or context_ucontext.c.
 *
 * A new context looks as if it had been saved in front of its first
 * instruction: the stack pointer at the top of an empty stack, the place to go
 * on at context_entry, which finds function and argument in registers that are
 * restored like all others.
 *
 * Read before: context.h. Read after: context_x86_64.S.
 */
#include "loop/co/context.h"

#if defined LOOP_CO_UCONTEXT

/* All of it is in context_ucontext.c. */

#elif defined __x86_64__

_Static_assert(offsetof(struct context, rbx) == CONTEXT_RBX, "see context.h");
_Static_assert(offsetof(struct context, rbp) == CONTEXT_RBP, "see context.h");
_Static_assert(offsetof(struct context, r12) == CONTEXT_R12, "see context.h");
_Static_assert(offsetof(struct context, r13) == CONTEXT_R13, "see context.h");
_Static_assert(offsetof(struct context, r14) == CONTEXT_R14, "see context.h");
_Static_assert(offsetof(struct context, r15) == CONTEXT_R15, "see context.h");
_Static_assert(offsetof(struct context, rsp) == CONTEXT_RSP, "see context.h");

void context_init(struct context *c, void *low, size_t size,
                  void (*entry)(void *arg), void *arg, struct context *resumer)
{
    uint64_t *top = (uint64_t *)(((uint64_t)low + size) & ~UINT64_C(15));
    *--top = (uint64_t)context_entry; /* the return address */
    c->rsp = (uint64_t)top;
    c->rbx = (uint64_t)resumer;
    c->rbp = 0; /* where a chain of frame pointers ends */
    c->r12 = (uint64_t)entry;
    c->r13 = (uint64_t)arg;
}

#elif defined __aarch64__

_Static_assert(offsetof(struct context, x19) == CONTEXT_X19, "see context.h");
_Static_assert(offsetof(struct context, x19[2]) == CONTEXT_X21,
               "see context.h");
_Static_assert(offsetof(struct context, x19[8]) == CONTEXT_X27,
               "see context.h");
_Static_assert(offsetof(struct context, x29) == CONTEXT_X29, "see context.h");
_Static_assert(offsetof(struct context, sp) == CONTEXT_SP, "see context.h");
_Static_assert(offsetof(struct context, d8) == CONTEXT_D8, "see context.h");
_Static_assert(offsetof(struct context, d8[6]) == CONTEXT_D14, "see context.h");

void context_init(struct context *c, void *low, size_t size,
                  void (*entry)(void *arg), void *arg, struct context *resumer)
{
    c->sp = ((uint64_t)low + size) & ~UINT64_C(15);
    c->x30 = (uint64_t)context_entry;
    c->x29 = 0; /* where a chain of frame pointers ends */
    c->x19[0] = (uint64_t)resumer;
    c->x19[1] = (uint64_t)entry;
    c->x19[2] = (uint64_t)arg;
}

#endif
