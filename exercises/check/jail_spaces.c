/*
 * jail_spaces.c - the tier "namespaces": what bubblewrap does, by hand.
 *
 *     keeper   unshare user, mount, IPC, host name, pid   -> fork
 *     child    process 1 of its namespace: builds a root in memory, with the
 *              system read-only, /work, /kit, /proc, /dev, /tmp -> the warden
 *
 * The network is not unshared: the check program has a private one already.
 *
 * Rests on: user_namespaces(7), mount_namespaces(7), pivot_root(2),
 * mount_setattr(2). Read before: jail.c. Read after: warden.c.
 */
#include "jail_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INSIDE_UID = 1000 };

static int write_text(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd == -1)
        return -errno;
    const ssize_t n = write(fd, text, strlen(text));
    const int error = n == -1 ? -errno : 0;
    close(fd);
    return error;
}

int jail_map_user(uid_t inside, uid_t uid, gid_t inside_group, gid_t gid)
{
    char users[64], groups[64];
    snprintf(users, sizeof users, "%u %u 1", inside, uid);
    snprintf(groups, sizeof groups, "%u %u 1", inside_group, gid);
    int error = write_text("/proc/self/uid_map", users);
    if (error == 0)
        error = write_text("/proc/self/setgroups", "deny");
    if (error == 0)
        error = write_text("/proc/self/gid_map", groups);
    return error;
}

/* A mount point like `from`: a folder or a file. */
static int make_place(const char *from, const char *place)
{
    struct stat info;
    if (stat(from, &info) == -1)
        return -errno;
    if (S_ISDIR(info.st_mode))
        return mkdir(place, 0755) == -1 && errno != EEXIST ? -errno : 0;
    const int fd = open(place, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd == -1)
        return -errno;
    close(fd);
    return 0;
}

/* Shows `from` of the old root at `to` of the new one, which is at /tmp. */
static int show(const char *from, const char *to, uint64_t attributes)
{
    char place[4096];
    snprintf(place, sizeof place, "/tmp%s", to);
    const int error = make_place(from, place);
    if (error != 0)
        return error;
    if (mount(from, place, NULL, MS_BIND | MS_REC, NULL) == -1)
        return -errno;
    struct mount_attr attr = {.attr_set = attributes};
    if (syscall(SYS_mount_setattr, -1, place, AT_RECURSIVE, &attr,
                sizeof attr) == -1)
        return -errno;
    return 0;
}

static int show_system(void)
{
    mkdir("/tmp/etc", 0755);
    for (int i = 0; jail_system_paths[i] != NULL; i++) {
        const char *path = jail_system_paths[i];
        const int error =
            show(path, path,
                 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        if (error != 0 && error != -ENOENT)
            return error;
    }
    mkdir("/tmp/dev", 0755);
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full",
                                          "/dev/random", "/dev/urandom"};
    for (int i = 0; i < 5; i++) {
        const int error = show(devices[i], devices[i], MOUNT_ATTR_NOSUID);
        if (error != 0)
            return error;
    }
    return 0;
}

/* The folders are named by descriptors: /tmp, where they lie, gets covered. */
static int show_folder(int fd, const char *to, bool writable)
{
    char from[64];
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    return show(from, to,
                MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                    (writable ? 0 : MOUNT_ATTR_RDONLY));
}

static int make_tmp(const struct jail_options *o)
{
    char size[64];
    snprintf(size, sizeof size, "size=%dm,nr_inodes=4096,mode=1777",
             o->limits.file_mb);
    mkdir("/tmp/tmp", 0777);
    if (mount("tmpfs", "/tmp/tmp", "tmpfs", MS_NOSUID | MS_NODEV, size) == -1)
        return -errno;
    mkdir("/tmp/proc", 0755);
    if (mount("proc", "/tmp/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              NULL) == -1)
        return -errno;
    return 0;
}

static int turn_over(void)
{
    mkdir("/tmp/old", 0700);
    if (chdir("/tmp") == -1 || syscall(SYS_pivot_root, ".", "old") == -1 ||
        umount2("/old", MNT_DETACH) == -1 || rmdir("/old") == -1 ||
        mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID,
              NULL) == -1 ||
        chdir("/work") == -1)
        return -errno;
    return 0;
}

static int make_root(const struct jail_options *o)
{
    const int work = open(o->work, O_PATH | O_CLOEXEC);
    const int warden = open(o->warden, O_PATH | O_CLOEXEC);
    const int kit = o->kit == NULL ? -1 : open(o->kit, O_PATH | O_CLOEXEC);
    if (work == -1 || warden == -1 || (o->kit != NULL && kit == -1))
        return -errno;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
        mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") == -1)
        return -errno;
    int error = show_system();
    if (error == 0)
        error = show_folder(work, "/work", o->writable);
    if (error == 0)
        error = show_folder(warden, JAIL_WARDEN, false);
    if (error == 0 && kit != -1)
        error = show_folder(kit, "/kit", false);
    if (error == 0)
        error = make_tmp(o);
    return error == 0 ? turn_over() : error;
}

/* Gives up all that it was allowed for building: for itself, and for ever. */
static int drop_capabilities(void)
{
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap) == -1)
            return -errno;
    struct {
        unsigned version;
        int pid;
    } header = {0x20080522, 0}; /* _LINUX_CAPABILITY_VERSION_3 */
    const struct {
        unsigned effective, permitted, inheritable;
    } none[2] = {{0, 0, 0}, {0, 0, 0}};
    return syscall(SYS_capset, &header, none) == -1 ? -errno : 0;
}

static int be_first(const struct jail_options *o, char *const *argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int error = make_root(o);
    if (error == 0)
        error = drop_capabilities();
    return error != 0 ? error : jail_exec(o, argv[0], argv);
}

static int enter(const struct jail_options *o, char *const *argv)
{
    int error = jail_drop_root();
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    if (error != 0)
        return error;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
                CLONE_NEWUTS) == -1)
        return -errno;
    /* Inside, the program is user 1000, who may do nothing special. */
    error = jail_map_user(INSIDE_UID, uid, INSIDE_UID, gid);
    if (error != 0)
        return error;
    const pid_t first = fork();
    if (first == -1)
        return -errno;
    if (first == 0)
        return be_first(o, argv);
    int status;
    while (waitpid(first, &status, 0) == -1 && errno == EINTR)
        ;
    _exit(0);
}

const struct jail_tier_ops jail_spaces = {
    .name = "namespaces",
    .own_files = true,
    .own_pids = true,
    .keepers =
        3, /* what holds the spaces, the first process there, the warden */
    .enter = enter,
};
