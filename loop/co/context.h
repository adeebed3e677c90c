/*
 * context.h - the saved place of a function that does not run: what the CPU has
 * to be given back so that it goes on.
 *
 * A function call may lose all registers but a few, the callee-saved ones; so a
 * switch that looks like a call need save only these: on x86-64 six and the
 * stack pointer, and where to go on. The rest the compiler has put aside before
 * the call, if it needs it.
 *
 * Not saved: the signal mask (a system call; tasks of a loop share it) and the
 * control words of floating point (rounding, traps: they belong to the thread,
 * and saving them would cost a third of the switch).
 *
 * This header is read by C and by the assembler; the offsets are checked in
 * context.c. Read before: lessons/08-coroutines. Read after: context.c, and the
 * .S files of your CPU.
 * Rests on: System V ABI for x86-64, 3.2.1; AAPCS64, 6.1; getcontext(3).
 */
#ifndef LOOP_CO_CONTEXT_H
#define LOOP_CO_CONTEXT_H

#if defined __x86_64__
#define CONTEXT_RBX 0
#define CONTEXT_RBP 8
#define CONTEXT_R12 16
#define CONTEXT_R13 24
#define CONTEXT_R14 32
#define CONTEXT_R15 40
#define CONTEXT_RSP 48 /* there lies the return address */
#elif defined __aarch64__
#define CONTEXT_X19 0
#define CONTEXT_X21 16
#define CONTEXT_X23 32
#define CONTEXT_X25 48
#define CONTEXT_X27 64
#define CONTEXT_X29 80 /* frame pointer, and x30: where to go on */
#define CONTEXT_SP  96
#define CONTEXT_D8  104
#define CONTEXT_D10 120
#define CONTEXT_D12 136
#define CONTEXT_D14 152
#endif

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#if defined LOOP_CO_UCONTEXT
#include <ucontext.h>
struct context {
    ucontext_t saved;
    int brought; /* what context_switch returns here */
    struct context *resumer;
};
#elif defined __x86_64__
struct context {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp;
};
#elif defined __aarch64__
struct context {
    uint64_t x19[10], x29, x30, sp, d8[8];
};
#else
#error "no switch for this CPU: build with CONTEXT=ucontext"
#endif

/*
 * Makes a context which, when it is switched to, calls entry(arg) on the stack
 * of `size` bytes from `low` on. entry never returns. `resumer` is where a
 * debugger looks for the caller of a task that runs.
 */
void context_init(struct context *c, void *low, size_t size,
                  void (*entry)(void *arg), void *arg, struct context *resumer);

/*
 * Saves the present place in `from` and goes on where `to` was saved. There,
 * the switch that saved it returns `value`; here, what somebody else brings.
 */
int context_switch(struct context *from, struct context *to, int value);

/* Goes on where `to` was saved, for ever. */
void context_end(struct context *to);

/* Where a new context begins; in assembly. */
void context_entry(void);

#endif
#endif
