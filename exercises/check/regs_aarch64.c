/*
 * regs_aarch64.c - see regs.h; for aarch64.
 *
 * Read before: regs.h. Read after: trace.c. Rests on: ptrace(2).
 */
#ifdef __aarch64__
#include "regs.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

enum { CALL_SIZE = 4, NUMBER = 8 /* x8: the number of the call */ };

typedef struct user_regs_struct regs;

static int get(pid_t tid, regs *r)
{
    struct iovec part = {r, sizeof *r};
    return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &part) == -1 ? -errno : 0;
}

static int set(pid_t tid, regs *r)
{
    struct iovec part = {r, sizeof *r};
    return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &part) == -1 ? -errno : 0;
}

int regs_skip(pid_t tid)
{
    int number = -1;
    struct iovec part = {&number, sizeof number};
    return ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &part) == -1
               ? -errno
               : 0;
}

int regs_set_arg(pid_t tid, int i, uint64_t value)
{
    regs r;
    const int error = get(tid, &r);
    if (error != 0)
        return error;
    r.regs[i] = value;
    return set(tid, &r);
}

int regs_finish(pid_t tid, const uint64_t args[REGS_ARGS], int64_t result)
{
    regs r;
    const int error = get(tid, &r);
    if (error != 0)
        return error;
    for (int i = 1; i < REGS_ARGS; i++)
        r.regs[i] = args[i];
    r.regs[0] = (uint64_t)result;
    return set(tid, &r);
}

int regs_repeat(pid_t tid, long number, const uint64_t args[REGS_ARGS])
{
    regs r;
    const int error = get(tid, &r);
    if (error != 0)
        return error;
    for (int i = 0; i < REGS_ARGS; i++)
        r.regs[i] = args[i];
    r.regs[NUMBER] = (uint64_t)number;
    r.pc -= CALL_SIZE;
    return set(tid, &r);
}

int regs_stack(pid_t tid, uint64_t *address)
{
    regs r;
    const int error = get(tid, &r);
    if (error == 0)
        *address = r.sp;
    return error;
}

uint32_t regs_arch(void)
{
    return AUDIT_ARCH_AARCH64;
}
#endif
