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

enum { EXITING = 4 }; /* PF_EXITING among the flags of the kernel */

struct person {
    pid_t pid;
    bool ours;
    struct crowd_stat stat;
};

struct list {
    struct person *all;
    size_t n, size;
};

/* --- one ------------------------------------------------------------------ */

/* Fields are counted from behind the name, which may hold ") S 2 3". */
static bool parse(const char *text, struct crowd_stat *s)
{
    const char *rest = strrchr(text, ')');
    if (rest == NULL)
        return false;
    unsigned flags;
    unsigned long user, system;
    long waited_user, waited_system, rss;
    const int n = sscanf(rest + 1,
                         " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u "
                         "%lu %lu %ld %ld %*d %*d %d %*d %*u %*u %ld",
                         &s->state, &s->parent, &flags, &user, &system,
                         &waited_user, &waited_system, &s->threads, &rss);
    if (n != 9)
        return false;
    const int64_t tick_ns = INT64_C(1000000000) / sysconf(_SC_CLK_TCK);
    s->exits = (flags & EXITING) != 0;
    s->cpu_ns = ((int64_t)user + (int64_t)system) * tick_ns;
    s->waited_ns = ((int64_t)waited_user + waited_system) * tick_ns;
    s->memory = rss * sysconf(_SC_PAGESIZE);
    return true;
}

bool crowd_stat(pid_t pid, pid_t tid, struct crowd_stat *s)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (tid != 0)
        snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, tid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    const ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    return parse(text, s);
}

/* --- all ------------------------------------------------------------------ */

static void add(struct list *l, pid_t pid)
{
    struct person p = {.pid = pid};
    if (!crowd_stat(pid, 0, &p.stat))
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
            add(&l, atoi(e->d_name));
    closedir(dir);
    for (bool news = true; news;) {
        news = false;
        for (size_t i = 0; i < l.n; i++) {
            struct person *p = &l.all[i];
            if (!p->ours &&
                (p->stat.parent == root || is_ours(&l, p->stat.parent) ||
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
        c.cpu_ns += p->stat.cpu_ns + p->stat.waited_ns;
        c.memory += p->stat.memory;
        if (p->stat.state == 'Z' || p->stat.state == 'X')
            c.zombies++;
        else
            c.processes++;
        c.threads += p->stat.threads;
    }
    free(l.all);
    return c;
}

int crowd_kill(pid_t root, int signo)
{
    struct list l = look(root, false);
    int n = 0;
    for (size_t i = 0; i < l.n; i++)
        if (l.all[i].ours && l.all[i].stat.state != 'Z' &&
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
        if (l.all[i].ours && l.all[i].stat.state != 'Z')
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
    struct crowd_stat s;
    /* t: it stands before its tracer, and goes on soon. */
    if (crowd_stat(pid, tid, &s) && strchr("RDt", s.state) != NULL)
        (*(int *)n)++;
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
    struct crowd_stat s;
    return crowd_stat(pid, 0, &s) ? s.parent : 0;
}
