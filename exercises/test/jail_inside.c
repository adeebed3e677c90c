/*
 * jail_inside.c - see jail_inside.h: programs that look around in a jail, and
 * such that use too much.
 *
 * Read before: jail_inside.h.
 */
#include "jail_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MIB = 1 << 20 };

static void say(const char *text)
{
    puts(text);
    fflush(stdout);
}

/* --- looks around --------------------------------------------------------- */

static void print_file(const char *path)
{
    char line[500];
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        fputs(line, stdout);
    if (file != NULL)
        fclose(file);
}

static void print_folder(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        printf("[%s]\n", e->d_name);
    if (dir != NULL)
        closedir(dir);
}

static int status(void)
{
    print_file("/proc/self/status");
    for (char **e = environ; *e != NULL; e++)
        printf("env %s\n", *e);
    return 0;
}

static int root(void)
{
    print_folder("/");
    return 0;
}

static int processes(void)
{
    print_folder("/proc");
    return 0;
}

static int devices(void)
{
    print_file("/proc/net/dev");
    return 0;
}

/* Before any file is opened: 0 to 2, and the folder that is looked into. */
static int descriptors(void)
{
    print_folder("/proc/self/fd");
    return 0;
}

static void try_write(const char *folder)
{
    char path[300];
    snprintf(path, sizeof path, "%s/probe.%d", folder, getpid());
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd == -1)
        return;
    printf("wrote in %s\n", folder);
    close(fd);
    unlink(path);
}

static int writes(void)
{
    static const char *const folders[] = {
        "/",    "/dev", "/dev/shm", "/etc",  "/proc", "/tmp",
        "/usr", "/var", "/var/tmp", "/home", ".",     ".."};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        try_write(folders[i]);
    return 0;
}

static int secrets(void)
{
    static const char *const paths[] = {
        "/etc/shadow",     "/root",         "/proc/1/environ",
        "/proc/1/mem",     "/proc/1/root/", "/proc/1/cwd/",
        "/proc/1/fd/3",    "/proc/1/maps",  "/proc/1/stack",
        "/proc/kcore",     "/proc/kmsg",    "/dev/mem",
        "/proc/1/syscall", "/etc/passwd",   "/var",
        "/home",           "/proc/1/auxv",  "/proc/1/exe",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (open(paths[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC) != -1)
            printf("opened %s\n", paths[i]);
    return 0;
}

/* --- calls that must be refused ------------------------------------------- */

static void tried(const char *what, long result)
{
    if (result != -1 || errno != EPERM)
        printf("%s: %ld, %s\n", what, result, strerror(errno));
    fflush(stdout);
}

static void try_namespaces(void)
{
    tried("unshare", unshare(CLONE_NEWUSER));
    tried("setns", syscall(SYS_setns, 0, 0));
    tried("clone",
          syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, NULL, NULL, NULL, NULL));
    tried("clone to the parent",
          syscall(SYS_clone, SIGCHLD | CLONE_PARENT, NULL, NULL, NULL, NULL));
    tried("mount", mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
    tried("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
    tried("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
    tried("chroot", chroot("/tmp"));
    tried("second numbers", syscall(0x40000000 | SYS_getpid));
}

static void try_warden(void)
{
    const struct rlimit none = {0, 0};
    const struct sched_param least = {0};
    const pid_t warden = getppid();
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    tried("prlimit",
          syscall(SYS_prlimit64, warden, RLIMIT_NOFILE, &none, NULL));
    tried("setscheduler", sched_setscheduler(warden, SCHED_IDLE, &least));
    tried("setaffinity", sched_setaffinity(warden, sizeof all, &all));
    tried("setpriority", setpriority(PRIO_PROCESS, (id_t)warden, 19));
    tried("ptrace", ptrace(PTRACE_SEIZE, warden, NULL, NULL));
}

static int refused(void)
{
    char *const argv[] = {"true", NULL};
    try_namespaces();
    try_warden();
    tried("memfd_create", syscall(SYS_memfd_create, "x", 0));
    tried("shmget", syscall(SYS_shmget, 1, 1, 01666));
    tried("msgget", syscall(SYS_msgget, 1, 01666));
    tried("semget", syscall(SYS_semget, 1, 1, 01666));
    tried("mq_open", syscall(SYS_mq_open, "x", O_CREAT, 0666, NULL));
    tried("dumpable", prctl(PR_SET_DUMPABLE, 0));
    tried("execve", execve("/bin/true", argv, environ));
    tried("execveat",
          syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, environ, 0));
    say("all tried");
    return 0;
}

static int executes(void)
{
    char *const argv[] = {"sh", "-c", "echo executed", NULL};
    execve("/bin/sh", argv, environ);
    return 1;
}

/* --- ends others ---------------------------------------------------------- */

static int kills_all(void)
{
    kill(getppid(), SIGSTOP);
    kill(getppid(), SIGKILL);
    kill(1, SIGSTOP);
    kill(1, SIGKILL);
    kill(-1, SIGKILL);
    say("alone");
    return 7;
}

/* --- uses too much -------------------------------------------------------- */

static noreturn void takes(size_t mib)
{
    for (size_t i = 0; i < mib; i++) {
        char *at = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at != MAP_FAILED)
            memset(at, 1, MIB);
    }
    for (;;)
        pause();
}

static noreturn int memory(void)
{
    takes(SIZE_MAX);
}

/* None of the children has too much. */
static noreturn int memory_of_many(void)
{
    for (int i = 0; i < 6; i++)
        if (fork() == 0)
            takes(16);
    takes(1);
}

static noreturn int spins(void)
{
    for (;;)
        ;
}

/* None of the children has used much when it ends. */
static noreturn int spins_in_children(void)
{
    for (;;) {
        if (fork() == 0) {
            for (volatile long i = 0; i < 20000000; i++)
                ;
            _exit(0);
        }
        wait(NULL);
    }
}

static noreturn int sleeps(void)
{
    say("asleep");
    for (;;)
        pause();
}

static int forks(void)
{
    int n = 0;
    pid_t child;
    while ((child = fork()) > 0)
        n++;
    if (child == 0)
        for (;;)
            pause();
    printf("%d children, then %s\n", n, strerror(errno));
    fflush(stdout);
    return 0;
}

static int opens(void)
{
    int n = 0;
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) != -1)
        n++;
    printf("%d descriptors, then %s\n", n + 3, strerror(errno));
    return 0;
}

static int fills_file(void)
{
    static char bytes[MIB];
    const int fd = open("/tmp/large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, bytes, sizeof bytes) > 0)
        ;
    return 3;
}

static int fills_tmp(void)
{
    static char bytes[MIB];
    int mib = 0, full = 0;
    for (int i = 0; i < 100 && !full; i++) {
        char path[100];
        snprintf(path, sizeof path, "/tmp/large.%d", i);
        const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        full = write(fd, bytes, sizeof bytes) != sizeof bytes;
        mib += !full;
        close(fd);
    }
    printf("%d MiB\n", mib);
    return 0;
}

static int fills_inodes(void)
{
    for (int i = 0; i < 2000000; i++) {
        char path[100];
        snprintf(path, sizeof path, "/tmp/empty.%d", i);
        if (mkdir(path, 0700) == -1)
            break;
    }
    return 0;
}

/* --- leaves others behind ------------------------------------------------- */

static int leaves_three(void)
{
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            setsid();
            for (;;)
                pause();
        }
    return 0;
}

/* Says whose child an orphan becomes: of the jail's first, who is ours. */
static int orphan(void)
{
    const pid_t warden = getppid();
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        return 1;
    if (fork() == 0) {
        const pid_t parent = getpid();
        if (fork() != 0)
            _exit(0);
        while (getppid() == parent)
            sched_yield();
        const pid_t now = getppid();
        _exit(write(ends[1], &now, sizeof now) != sizeof now);
    }
    pid_t adopter = 0;
    wait(NULL);
    if (read(ends[0], &adopter, sizeof adopter) == sizeof adopter)
        say(adopter == warden ? "adopted by the warden" : "by another");
    return 0;
}

/* A family that stays until somebody ends it. */
static int family(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        return 1;
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            setsid();
            if (i == 2 && fork() != 0)
                _exit(0);
            if (write(ends[1], "x", 1) == 1)
                for (;;)
                    pause();
        }
    char there[3];
    for (size_t n = 0; n < sizeof there;) {
        const ssize_t now = read(ends[0], there, sizeof there - n);
        n += now > 0 ? (size_t)now : 0;
    }
    sleeps();
}

static int marks(void)
{
    close(open("ran", O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    sleeps();
}

/* --- by name -------------------------------------------------------------- */

static const struct {
    const char *name;
    int (*run)(void);
} programs[] = {
    {"status", status},
    {"root", root},
    {"processes", processes},
    {"devices", devices},
    {"descriptors", descriptors},
    {"writes", writes},
    {"secrets", secrets},
    {"refused", refused},
    {"executes", executes},
    {"kills-all", kills_all},
    {"memory", memory},
    {"memory-of-many", memory_of_many},
    {"spins", spins},
    {"spins-in-children", spins_in_children},
    {"sleeps", sleeps},
    {"forks", forks},
    {"opens", opens},
    {"fills-file", fills_file},
    {"fills-tmp", fills_tmp},
    {"fills-inodes", fills_inodes},
    {"leaves-three", leaves_three},
    {"orphan", orphan},
    {"family", family},
    {"marks", marks},
};

int jail_inside(const char *name)
{
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (strcmp(name, programs[i].name) == 0)
            return programs[i].run();
    fprintf(stderr, "no program %s\n", name);
    return 100;
}
