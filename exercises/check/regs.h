/*
 * regs.h - the registers of a program that stands at a system call, as far as
 * the tracer changes them; what it only reads comes from
 * PTRACE_GET_SYSCALL_INFO, which is the same on every CPU.
 *
 *                x86-64                       aarch64
 *     -----------------------------------------------------------------
 *     number     orig_rax, at the entry       NT_ARM_SYSTEM_CALL
 *     arguments  rdi rsi rdx r10 r8 r9        x0 x1 x2 x3 x4 x5
 *     result     rax                          x0, so it covers the first
 *     the call   syscall, 2 bytes             svc #0, 4 bytes
 *
 * Functions return 0 or a negative errno value (-ESRCH: the program has gone).
 * Rests on: ptrace(2), syscall(2) for the table above.
 * Read before: trace_internal.h. Read after: regs_x86_64.c, regs_aarch64.c.
 */
#ifndef CHECK_REGS_H
#define CHECK_REGS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { REGS_ARGS = 6 };

/* At an entry: the kernel makes no call, and the result is set at the exit. */
int regs_skip(pid_t tid);

/* At an entry: argument `i`, from 0. */
int regs_set_arg(pid_t tid, int i, uint64_t value);

/*
 * At an exit: `result`, and the arguments as they were before the tracer
 * changed them, since a compiler relies on the kernel to keep those registers.
 */
int regs_finish(pid_t tid, const uint64_t args[REGS_ARGS], int64_t result);

/* At an exit: the program makes the same call again, with these arguments. */
int regs_repeat(pid_t tid, long number, const uint64_t args[REGS_ARGS]);

/* Where the stack ends. */
int regs_stack(pid_t tid, uint64_t *address);

/* AUDIT_ARCH_... of linux/audit.h: what calls of this CPU are marked with. */
uint32_t regs_arch(void);

#endif
