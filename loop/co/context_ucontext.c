/*
 * context_ucontext.c - the same by swapcontext(3), for CPUs without a switch of
 * their own: build with CONTEXT=ucontext.
 *
 * A system call a switch, because it saves the signal mask as well: twenty-five
 * times the price and more (bench/switch). makecontext passes only ints, so a
 * pointer goes in two halves.
 *
 * Read before: context.h. Rests on: makecontext(3), swapcontext(3).
 */
#include "loop/co/context.h"

#ifdef LOOP_CO_UCONTEXT

static void *join(unsigned high, unsigned low)
{
    return (void *)((uintptr_t)high << 32 | low);
}

static void enter(unsigned entry_high, unsigned entry_low, unsigned arg_high,
                  unsigned arg_low)
{
    void (*entry)(void *) = (void (*)(void *))join(entry_high, entry_low);
    entry(join(arg_high, arg_low));
}

void context_init(struct context *c, void *low, size_t size,
                  void (*entry)(void *arg), void *arg, struct context *resumer)
{
    const uintptr_t e = (uintptr_t)entry, a = (uintptr_t)arg;
    getcontext(&c->saved);
    c->saved.uc_stack.ss_sp = low;
    c->saved.uc_stack.ss_size = size;
    c->saved.uc_link = NULL;
    c->resumer = resumer;
    makecontext(&c->saved, (void (*)(void))enter, 4, (unsigned)(e >> 32),
                (unsigned)e, (unsigned)(a >> 32), (unsigned)a);
}

int context_switch(struct context *from, struct context *to, int value)
{
    to->brought = value;
    swapcontext(&from->saved, &to->saved);
    return from->brought;
}

void context_end(struct context *to)
{
    setcontext(&to->saved);
}

#endif
