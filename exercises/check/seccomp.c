/*
 * seccomp.c - see seccomp.h.
 *
 * A list of what is forbidden, not of what is allowed: which calls the C
 * library makes differs from version to version. The namespaces are the wall;
 * this takes away the tools for climbing it (mounts, namespaces of one's own),
 * what reaches the warden although it is another process of the same user
 * (limits, priorities), memory that belongs to no process and so is not counted
 * (memfd, System V), and what hides from a tracer.
 *
 * A program that may start others could start itself again, with sanitizers
 * that look away, or become one that does the exercise for it. It must be let
 * through execve(2) once, though, to begin at all. A filter sees no string, but
 * it does see its address: so the one call that passes has the program's name
 * at an address that was chosen by chance and is forgotten by the exec.
 *
 * Rests on: seccomp(2), prctl(2) PR_SET_NO_NEW_PRIVS, clone(2).
 */
#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>

#if defined __x86_64__
enum { MACHINE = (int)AUDIT_ARCH_X86_64 };
#elif defined __aarch64__
enum { MACHINE = (int)AUDIT_ARCH_AARCH64 };
#else
enum { MACHINE = 0 }; /* no filter can be written: seccomp_forbid says so */
#endif

enum { SECOND_NUMBERS = 0x40000000 }; /* x86: the same calls once more (x32) */

static const unsigned forbidden[] = {
    /* mounts and namespaces */
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    SYS_fsopen,
    SYS_fspick,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_move_mount,
    SYS_open_tree,
    SYS_mount_setattr,
    /* the system as a whole */
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_fanotify_init,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_swapon,
    SYS_swapoff,
    SYS_reboot,
    SYS_acct,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_open_by_handle_at,
    SYS_syslog,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    /* other processes of the same user */
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_sched_setattr,
    /* memory, and other things, that belong to no process */
    SYS_memfd_create,
    SYS_memfd_secret,
    SYS_shmget,
    SYS_semget,
    SYS_msgget,
    SYS_mq_open,
};

enum {
    N_FORBIDDEN = sizeof forbidden / sizeof forbidden[0],
    CODE_MAX = 2 * N_FORBIDDEN + 64,
    NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET,
};

struct code {
    struct sock_filter at[CODE_MAX];
    unsigned short n;
};

static void add(struct code *c, unsigned what, unsigned value)
{
    c->at[c->n++] = (struct sock_filter)BPF_STMT((unsigned short)what, value);
}

/* Tests the loaded word: if it is so the next is done, else `skip` are not. */
static void add_if(struct code *c, unsigned test, unsigned value, int skip)
{
    c->at[c->n++] =
        (struct sock_filter)BPF_JUMP((unsigned short)(BPF_JMP | test | BPF_K),
                                     value, 0, (unsigned char)skip);
}

static void add_load(struct code *c, size_t offset)
{
    add(c, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset);
}

static void add_answer(struct code *c, unsigned answer)
{
    add(c, BPF_RET | BPF_K, answer);
}

static void add_refusal(struct code *c)
{
    add_answer(c, SECCOMP_RET_ERRNO | EPERM);
}

/* The lower half of an argument; on the machines above it comes first. */
static size_t argument(int i)
{
    return offsetof(struct seccomp_data, args) + (size_t)i * sizeof(uint64_t);
}

/* Refuses the call if its argument `i` is such, and allows it else. */
static void refuse_if(struct code *c, unsigned call, int i, unsigned test,
                      unsigned value)
{
    add_if(c, BPF_JEQ, call, 4);
    add_load(c, argument(i));
    add_if(c, test, value, 1);
    add_refusal(c);
    add_answer(c, SECCOMP_RET_ALLOW);
}

/* Any other kind of machine would have other numbers: ends the process. */
static void add_machine(struct code *c)
{
    add_load(c, offsetof(struct seccomp_data, arch));
    c->at[c->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                 (unsigned)MACHINE, 1, 0);
    add_answer(c, SECCOMP_RET_KILL_PROCESS);
    add_load(c, offsetof(struct seccomp_data, nr));
    add_if(c, BPF_JGE, SECOND_NUMBERS, 1);
    add_refusal(c);
}

/* What depends on how it is called. */
static void add_conditions(struct code *c, const struct seccomp_needs *needs)
{
    /* CLONE_PARENT: a child that is not its maker's. */
    unsigned flags = (unsigned)NAMESPACES | CLONE_PARENT;
    if (!needs->sanitized) {
        flags |= CLONE_UNTRACED;
        add_if(c, BPF_JEQ, SYS_ptrace, 1);
        add_refusal(c);
    }
    refuse_if(c, SYS_clone, 0, BPF_JSET, flags);
    /* Its flags are in memory; who is told that there is none calls clone. */
    add_if(c, BPF_JEQ, SYS_clone3, 1);
    add_answer(c, SECCOMP_RET_ERRNO | ENOSYS);
    refuse_if(c, SYS_prlimit64, 0, BPF_JGT, 0);
    refuse_if(c, SYS_sched_setaffinity, 0, BPF_JGT, 0);
    refuse_if(c, SYS_prctl, 0, BPF_JEQ, PR_SET_DUMPABLE);
}

/* Allows execve of the name at this address, and no other. */
static void add_exec(struct code *c, const char *program)
{
    const uint64_t address = (uintptr_t)program;
    add_if(c, BPF_JEQ, SYS_execveat, 1);
    add_refusal(c);
    add_if(c, BPF_JEQ, SYS_execve, 6);
    add_load(c, argument(0));
    add_if(c, BPF_JEQ, (unsigned)address, 3);
    add_load(c, argument(0) + 4);
    add_if(c, BPF_JEQ, (unsigned)(address >> 32), 1);
    add_answer(c, SECCOMP_RET_ALLOW);
    add_refusal(c);
}

/* Moves a name to a place that cannot be guessed; NULL: there is none. */
static const char *hide(const char *name)
{
    enum { PAGE = 4096, PAGES = 2 };
    uint64_t chance;
    if (getrandom(&chance, sizeof chance, 0) != sizeof chance ||
        strlen(name) >= PAGE)
        return NULL;
    void *wish = (void *)(chance >> 18); /* 46 bits; the kernel rounds it */
    char *room = mmap(wish, PAGES * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return room == MAP_FAILED ? NULL : strcpy(room + chance % PAGE, name);
}

int seccomp_forbid(const struct seccomp_needs *needs, const char **program)
{
    if (MACHINE == 0)
        return -ENOSYS;
    struct code c = {.n = 0};
    add_machine(&c);
    for (unsigned i = 0; i < N_FORBIDDEN; i++) {
        add_if(&c, BPF_JEQ, forbidden[i], 1);
        add_refusal(&c);
    }
    add_conditions(&c, needs);
    if (!needs->execs) {
        const char *hidden = hide(*program);
        if (hidden == NULL)
            return -ENOMEM;
        *program = hidden;
        add_exec(&c, hidden);
    }
    add_answer(&c, SECCOMP_RET_ALLOW);
    const struct sock_fprog filter = {.len = c.n, .filter = c.at};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == -1)
        return -errno;
    return 0;
}
