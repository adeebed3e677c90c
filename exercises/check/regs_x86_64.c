/*
 * regs_x86_64.c - see regs.h; for x86-64.
 *
 * Read before: regs.h. Read after: regs_aarch64.c. Rests on: ptrace(2).
 */
#ifdef __x86_64__
#include "regs.h"

#include <errno.h>
#include <linux/audit.h>
#include <sys/ptrace.h>
#include <sys/user.h>

enum { CALL_SIZE = 2 }; /* bytes of the instruction `syscall` */

typedef struct user_regs_struct regs;

static int get(pid_t tid, regs *r)
{
    return ptrace(PTRACE_GETREGS, tid, NULL, r) == -1 ? -errno : 0;
}

static int set(pid_t tid, const regs *r)
{
    return ptrace(PTRACE_SETREGS, tid, NULL, r) == -1 ? -errno : 0;
}

static void set_arg(regs *r, int i, uint64_t value)
{
    switch (i) {
    case 0:
        r->rdi = value;
        break;
    case 1:
        r->rsi = value;
        break;
    case 2:
        r->rdx = value;
        break;
    case 3:
        r->r10 = value;
        break;
    case 4:
        r->r8 = value;
        break;
    default:
        r->r9 = value;
    }
}

int regs_skip(pid_t tid)
{
    regs r;
    const int error = get(tid, &r);
    if (error != 0)
        return error;
    r.orig_rax = (unsigned long long)-1;
    return set(tid, &r);
}

int regs_set_arg(pid_t tid, int i, uint64_t value)
{
    regs r;
    const int error = get(tid, &r);
    if (error != 0)
        return error;
    set_arg(&r, i, value);
    return set(tid, &r);
}

int regs_finish(pid_t tid, const uint64_t args[REGS_ARGS], int64_t result)
{
    regs r;
    const int error = get(tid, &r);
    if (error != 0)
        return error;
    for (int i = 0; i < REGS_ARGS; i++)
        set_arg(&r, i, args[i]);
    r.rax = (uint64_t)result;
    return set(tid, &r);
}

int regs_repeat(pid_t tid, long number, const uint64_t args[REGS_ARGS])
{
    regs r;
    const int error = get(tid, &r);
    if (error != 0)
        return error;
    for (int i = 0; i < REGS_ARGS; i++)
        set_arg(&r, i, args[i]);
    r.rax = (uint64_t)number;
    r.orig_rax = (unsigned long long)-1; /* lest the kernel restart it too */
    r.rip -= CALL_SIZE;
    return set(tid, &r);
}

int regs_stack(pid_t tid, uint64_t *address)
{
    regs r;
    const int error = get(tid, &r);
    if (error == 0)
        *address = r.rsp;
    return error;
}

uint32_t regs_arch(void)
{
    return AUDIT_ARCH_X86_64;
}
#endif
