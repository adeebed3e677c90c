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
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct person {
    pid_t pid, parent;
    char state;
    bool ours;
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
                         "%lu %lu %ld %ld %*d %*d %*d %*d %*u %*u %ld",
                         &p->state, &p->parent, &user, &system, &waited_user,
                         &waited_system, &rss);
    const int64_t tick_ns = INT64_C(1000000000) / sysconf(_SC_CLK_TCK);
    p->cpu_ns =
        ((int64_t)user + (int64_t)system + waited_user + waited_system) *
        tick_ns;
    p->memory = rss * sysconf(_SC_PAGESIZE);
    return n == 7;
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

static struct list look(pid_t root)
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
            if (!p->ours && (p->parent == root || is_ours(&l, p->parent)))
                news = p->ours = true;
        }
    }
    return l;
}

struct crowd crowd_look(pid_t root)
{
    struct list l = look(root);
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
    }
    free(l.all);
    return c;
}

int crowd_kill(pid_t root, int signo)
{
    struct list l = look(root);
    int n = 0;
    for (size_t i = 0; i < l.n; i++)
        if (l.all[i].ours && l.all[i].state != 'Z' &&
            kill(l.all[i].pid, signo) == 0)
            n++;
    free(l.all);
    return n;
}
