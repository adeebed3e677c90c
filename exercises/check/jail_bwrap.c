/*
 * jail_bwrap.c - the tier "bubblewrap": Debian's tool makes the namespaces.
 *
 * The network is not unshared here: the check program has a private one
 * already, and it is where the program's clients are.
 *
 * Rests on: bwrap(1). Read before: jail.c.
 */
#include "jail_internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARGS_MAX = 128 };

struct args {
    char *all[ARGS_MAX];
    int n;
};

static void add(struct args *a, const char *const *words)
{
    for (; *words != NULL && a->n < ARGS_MAX - 1; words++)
        a->all[a->n++] = (char *)*words;
}

/* A path of the system as it is: the folder, or the link that leads to it. */
static void add_system(struct args *a, const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0)
        add(a, (const char *[]){"--ro-bind", path, path, NULL});
}

static int enter(const struct jail_options *o, char *const *argv)
{
    static char tmp_size[24];
    snprintf(tmp_size, sizeof tmp_size, "%d", o->limits.file_mb << 20);
    struct args a = {.n = 0};
    add(&a, (const char *[]){
                "bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc",
                "--unshare-uts", "--unshare-cgroup-try", "--as-pid-1",
                "--die-with-parent", "--cap-drop", "ALL", "--uid", "1000",
                "--gid", "1000", "--hostname", "jail", NULL});
    for (int i = 0; jail_system_paths[i] != NULL; i++)
        add_system(&a, jail_system_paths[i]);
    add(&a, (const char *[]){"--proc", "/proc", "--dev", "/dev", "--size",
                             tmp_size, "--tmpfs", "/tmp", "--remount-ro",
                             "/dev", "--ro-bind", o->warden, JAIL_WARDEN,
                             o->writable ? "--bind" : "--ro-bind", o->work,
                             "/work", "--chdir", "/work", NULL});
    if (o->kit != NULL)
        add(&a, (const char *[]){"--ro-bind", o->kit, "/kit", NULL});
    /* bwrap's root is its own, and so is /dev: memory that nobody counts. */
    add(&a, (const char *[]){"--remount-ro", "/", "--", NULL});
    add(&a, (const char *const *)argv);
    a.all[a.n] = NULL;
    const int error = jail_drop_root();
    return error != 0 ? error : jail_exec(o, "/usr/bin/bwrap", a.all);
}

const struct jail_tier_ops jail_bwrap = {
    .name = "bubblewrap",
    .own_files = true,
    .own_pids = true,
    .keepers = 2, /* bwrap itself, and the warden */
    .enter = enter,
};
