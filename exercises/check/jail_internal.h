/*
 * jail_internal.h - what the tiers of the jail share; see jail.c.
 */
#ifndef CHECK_JAIL_INTERNAL_H
#define CHECK_JAIL_INTERNAL_H

#include "jail.h"

enum {
    JAIL_WARDEN_ARGS = 10, /* warden's name and its numbers */
    JAIL_ARGS = 32,        /* of a student's program, and more for bwrap */
};

/*
 * A tier: all run in the process that is to become the keeper. `enter` makes
 * what the tier has of walls, and then this or a child of it executes `argv`,
 * the warden; it returns only if that failed, with a negative errno value.
 */
struct jail_tier_ops {
    const char *name;
    const char *missing;
    bool own_files; /* the program is below /work */
    bool own_pids;  /* the end of the warden is the end of all */
    bool own_user;  /* the warden makes the program another user */
    int keepers;    /* processes of ours that are of the program's user */
    int (*enter)(const struct jail_options *o, char *const *argv);
};

extern const struct jail_tier_ops jail_limits, jail_user, jail_spaces,
    jail_bwrap;

/* Where the warden lies in a tier with own files. */
#define JAIL_WARDEN "/warden"

/* What of the system is seen there, read-only; NULL at the end. */
extern const char *const jail_system_paths[];

/* The user id reserved for the jail of this keeper. */
uid_t jail_user_of(pid_t keeper);

/*
 * Of root: becomes a user whom nobody else is, not even in another jail at the
 * same time. Of others: nothing. 0 or a negative errno value.
 */
int jail_drop_root(void);

/*
 * In a new user namespace: user `uid` and group `gid` of the one around it are
 * `inside` and `inside_group`, and there are no others.
 */
int jail_map_user(uid_t inside, uid_t uid, gid_t inside_group, gid_t gid);

/* execv with this environment: NULL: only PATH. */
int jail_exec(const struct jail_options *o, const char *path,
              char *const *argv);

#endif
