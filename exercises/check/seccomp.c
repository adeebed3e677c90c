/*
 * seccomp.c - see seccomp.h.
 *
 * A list of what is forbidden, not of what is allowed: which calls the C
 * library makes differs from version to version. The namespaces are the wall;
 * this takes away the tools for climbing it. ptrace(2) stays: LeakSanitizer
 * uses it, and in a jail there is nobody else to trace.
 *
 * Rests on: seccomp(2), prctl(2) PR_SET_NO_NEW_PRIVS.
 */
#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined __x86_64__
enum { MACHINE = (int)AUDIT_ARCH_X86_64 };
#elif defined __aarch64__
enum { MACHINE = (int)AUDIT_ARCH_AARCH64 };
#else
enum { MACHINE = 0 }; /* no filter can be written: seccomp_forbid says so */
#endif

static const unsigned forbidden[] = {
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_swapon,
    SYS_swapoff,
    SYS_reboot,
    SYS_acct,
    SYS_quotactl,
    SYS_open_by_handle_at,
    SYS_process_vm_writev,
    SYS_syslog,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
};

enum { N_FORBIDDEN = sizeof forbidden / sizeof forbidden[0] };

/*
 *     load machine; another? end the process
 *     load call; is it forbidden[0]? -> EPERM; forbidden[1]? -> EPERM; ...
 *     allow
 *     EPERM
 */
int seccomp_forbid(void)
{
    if (MACHINE == 0)
        return -ENOSYS;
    struct sock_filter code[N_FORBIDDEN + 6];
    unsigned short n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                             (unsigned)MACHINE, 1, 0);
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                             offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < N_FORBIDDEN; i++)
        code[n++] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, forbidden[i],
            (unsigned char)(N_FORBIDDEN - i), 0);
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
                                             SECCOMP_RET_ERRNO | EPERM);
    const struct sock_fprog program = {.len = n, .filter = code};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1)
        return -errno;
    return 0;
}
