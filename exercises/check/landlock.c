/*
 * landlock.c - see landlock.h.
 *
 * A ruleset names the accesses that it forbids, and then, folder by folder,
 * those that it allows again. The headers of older systems lack the newer
 * fields and numbers, so what is used of them is written out here.
 *
 * Rests on: landlock(7), landlock_create_ruleset(2).
 */
#include "landlock.h"

#include "jail_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct landlock_ruleset_attr, as of Linux 6.12. */
struct ruleset {
    uint64_t files, network, scopes;
};

enum {
    SCOPES_SINCE = 6, /* version of the interface */
    SCOPE_ABSTRACT_SOCKETS = 1,
    SCOPE_SIGNALS = 2,
    READ = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
           LANDLOCK_ACCESS_FS_READ_DIR,
    READ_WRITE = READ | LANDLOCK_ACCESS_FS_WRITE_FILE,
    OF_FILES = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
               LANDLOCK_ACCESS_FS_WRITE_FILE,
};

/* How many accesses each version of the interface knows, from version 1 on. */
static const int accesses[] = {13, 14, 15, 15, 16};

static int version(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
                        LANDLOCK_CREATE_RULESET_VERSION);
}

static uint64_t all_accesses(int of_version)
{
    enum { KNOWN = sizeof accesses / sizeof accesses[0] };
    const int last = of_version < KNOWN ? of_version : KNOWN;
    return (UINT64_C(1) << accesses[last - 1]) - 1;
}

bool landlock_works(void)
{
    return version() >= 1;
}

/* What is not there needs no rule. */
static int allow(int ruleset, const char *path, uint64_t access)
{
    const int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd == -1)
        return errno == ENOENT ? 0 : -errno;
    struct stat info;
    if (fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode))
        access &= OF_FILES;
    const struct landlock_path_beneath_attr rule = {.allowed_access = access,
                                                    .parent_fd = fd};
    const int error = syscall(SYS_landlock_add_rule, ruleset,
                              LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == -1
                          ? -errno
                          : 0;
    close(fd);
    return error;
}

static int allow_all(int ruleset, const struct jail_options *o, uint64_t all)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full",
                                          "/dev/random", "/dev/urandom"};
    int error = allow(ruleset, o->work, o->writable ? all : (uint64_t)READ);
    if (error == 0)
        error = allow(ruleset, o->warden, READ);
    if (error == 0 && o->kit != NULL)
        error = allow(ruleset, o->kit, READ);
    for (int i = 0; error == 0 && jail_system_paths[i] != NULL; i++)
        error = allow(ruleset, jail_system_paths[i], READ);
    for (int i = 0; error == 0 && i < 5; i++)
        error = allow(ruleset, devices[i], READ_WRITE);
    return error != 0 ? error : allow(ruleset, "/proc", READ_WRITE);
}

int landlock_confine(const struct jail_options *options)
{
    const int v = version();
    if (v < 1)
        return 0;
    const struct ruleset attr = {
        .files = all_accesses(v),
        .scopes =
            v >= SCOPES_SINCE ? SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS : 0};
    const int ruleset =
        (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset == -1)
        return -errno;
    int error = allow_all(ruleset, options, attr.files);
    if (error == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
                       syscall(SYS_landlock_restrict_self, ruleset, 0) == -1))
        error = -errno;
    close(ruleset);
    return error;
}
