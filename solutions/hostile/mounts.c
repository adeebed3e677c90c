/* against 05-drain: makes itself another root, other mounts, other names. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void try(const char *what, long result)
{
    if (result != -1)
        printf("done: %s\n", what);
    fflush(stdout);
}

int main(void)
{
    const long more = SIGCHLD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET;
    try("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS));
    try("clone", syscall(SYS_clone, more, NULL, NULL, NULL, NULL));
    try("mount", mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
    try("bind", mount("/proc/1/root", "/tmp", NULL, MS_BIND, NULL));
    try("remount", mount(NULL, "/work", NULL, MS_REMOUNT | MS_BIND, NULL));
    try("umount", umount2("/work", MNT_DETACH));
    try("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
    try("open_tree", syscall(SYS_open_tree, -100, "/", 1));
    try("chroot", chroot("/tmp"));
    try("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
    try("setns", syscall(SYS_setns, 0, 0));
    try("sethostname", sethostname("mine", 4));
    pause();
}
