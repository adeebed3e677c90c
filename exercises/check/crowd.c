/*
 * crowd.c - see crowd.h.
 *
 * /proc lists processes in no useful order, and a parent may come behind its
 * child. So all are read first, then marked from the root outwards until a
 * round marks nobody.
 *
 * Rests on: proc(5), /proc/PID/stat.
 */
#include "crowd.h"

#include "../../loop/base.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct person {
    pid_t pid, parent;
    char state;
    bool ours;
    int threads;
    int64_t cpu_ns, memory;
};

struct list {
    struct person *all;
    size_t n, size;
};

/* Fields are counted from behind the name, which may hold ") 1 2 3". */
static bool parse(char *stat, struct person *p)
{
    char *rest = strrchr(stat, ')');
    if (rest == NULL)
        return false;
    unsigned long user, system;
    long waited_user, waited_system, rss;
    const int n = sscanf(rest + 1,
                         " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
                         "%lu %lu %ld %ld %*d %*d %d %*d %*u %*u %ld",
                         &p->state, &p->parent, &user, &system, &waited_user,
                         &waited_system, &p->threads, &rss);
    const int64_t tick_ns = INT64_C(1000000000) / sysconf(_SC_CLK_TCK);
    p->cpu_ns =
        ((int64_t)user + (int64_t)system + waited_user + waited_system) *
        tick_ns;
    p->memory = rss * sysconf(_SC_PAGESIZE);
    return n == 8;
}

static void read_one(const char *name, struct list *l)
{
    char path[300], stat[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return; /* it has just ended */
    const ssize_t len = read(fd, stat, sizeof stat - 1);
    close(fd);
    struct person p = {.pid = atoi(name)};
    stat[len > 0 ? len : 0] = '\0';
    if (!parse(stat, &p))
        return;
    if (l->n == l->size) {
        l->size = l->size * 2 + 64;
        l->all = base_realloc(l->all, l->size * sizeof *l->all);
    }
    l->all[l->n++] = p;
}

static bool is_ours(const struct list *l, pid_t pid)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->all[i].pid == pid)
            return l->all[i].ours;
    return false;
}

static struct list look(pid_t root, bool with_root)
{
    struct list l = {.all = NULL};
    DIR *dir = opendir("/proc");
    if (dir == NULL)
        return l;
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (isdigit((unsigned char)e->d_name[0]))
            read_one(e->d_name, &l);
    closedir(dir);
    for (bool news = true; news;) {
        news = false;
        for (size_t i = 0; i < l.n; i++) {
            struct person *p = &l.all[i];
            if (!p->ours && (p->parent == root || is_ours(&l, p->parent) ||
                             (with_root && p->pid == root)))
                news = p->ours = true;
        }
    }
    return l;
}

struct crowd crowd_look(pid_t root, bool with_root)
{
    struct list l = look(root, with_root);
    struct crowd c = {0};
    for (size_t i = 0; i < l.n; i++) {
        const struct person *p = &l.all[i];
        if (!p->ours)
            continue;
        c.cpu_ns += p->cpu_ns;
        c.memory += p->memory;
        if (p->state == 'Z' || p->state == 'X')
            c.zombies++;
        else
            c.processes++;
        c.threads += p->threads;
    }
    free(l.all);
    return c;
}

int crowd_kill(pid_t root, int signo)
{
    struct list l = look(root, false);
    int n = 0;
    for (size_t i = 0; i < l.n; i++)
        if (l.all[i].ours && l.all[i].state != 'Z' &&
            kill(l.all[i].pid, signo) == 0)
            n++;
    free(l.all);
    return n;
}

/* A process may signal those of its own user: so one becomes that user. */
void crowd_end_user(uid_t uid)
{
    const pid_t helper = fork();
    if (helper == 0) {
        if (setresuid(uid, uid, uid) == 0)
            kill(-1, SIGKILL);
        _exit(0);
    }
    while (helper > 0 && waitpid(helper, NULL, 0) == -1 && errno == EINTR)
        ;
}

/* Calls fn for each entry of /proc/PID/`what`; false if it may not be read. */
static bool each_entry(pid_t pid, const char *what,
                       void (*fn)(pid_t pid, int number, void *arg), void *arg)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT; /* it has just ended */
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (isdigit((unsigned char)e->d_name[0]))
            fn(pid, atoi(e->d_name), arg);
    closedir(dir);
    return true;
}

static bool each(pid_t root, bool with_root, const char *what,
                 void (*fn)(pid_t pid, int number, void *arg), void *arg)
{
    struct list l = look(root, with_root);
    bool allowed = true;
    for (size_t i = 0; i < l.n; i++)
        if (l.all[i].ours && l.all[i].state != 'Z')
            allowed = each_entry(l.all[i].pid, what, fn, arg) && allowed;
    free(l.all);
    return allowed;
}

static void count_one(pid_t pid, int number, void *n)
{
    (void)pid;
    (void)number;
    (*(int *)n)++;
}

static void count_awake(pid_t pid, int tid, void *n)
{
    char path[80], stat[1024] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, tid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return;
    if (read(fd, stat, sizeof stat - 1) > 0) {
        const char *state = strrchr(stat, ')');
        /* t: it stands before its tracer, and goes on soon. */
        if (state != NULL && strchr("RDt", state[2]) != NULL)
            (*(int *)n)++;
    }
    close(fd);
}

int crowd_descriptors(pid_t root, bool with_root)
{
    int n = 0;
    return each(root, with_root, "fd", count_one, &n) ? n : -1;
}

void crowd_each_descriptor(pid_t root, void (*fn)(pid_t pid, int fd, void *arg),
                           void *arg)
{
    each(root, false, "fd", fn, arg);
}

int crowd_awake(pid_t root, bool with_root)
{
    int n = 0;
    return each(root, with_root, "task", count_awake, &n) ? n : -1;
}

pid_t crowd_parent(pid_t pid)
{
    char name[16];
    struct list l = {.all = NULL};
    snprintf(name, sizeof name, "%d", pid);
    read_one(name, &l);
    const pid_t parent = l.n > 0 ? l.all[0].parent : 0;
    free(l.all);
    return parent;
}
