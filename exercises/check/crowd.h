/*
 * crowd.h - what all processes that have sprung from one use together.
 *
 * Read before: warden.h. Read after: crowd.c.
 */
#ifndef CHECK_CROWD_H
#define CHECK_CROWD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What /proc tells of one process or thread. */
struct crowd_stat {
    char state; /* as ps(1) shows it: R, S, D, T, t, Z, X */
    bool exits; /* its exit has begun */
    pid_t parent;
    int threads;
    int64_t cpu_ns;    /* its own, in the kernel and out of it */
    int64_t waited_ns; /* of children that it has waited for */
    int64_t memory;    /* resident bytes */
};

/*
 * Asks for a process, with the times of all its threads, if `tid` is 0; else
 * for that thread of it. False: there is none any more.
 */
bool crowd_stat(pid_t pid, pid_t tid, struct crowd_stat *s);

struct crowd {
    int processes; /* that live: no zombies */
    int zombies;
    int threads;
    int64_t cpu_ns; /* theirs and that of children they have waited for */
    int64_t memory; /* resident bytes, shared ones counted for each */
};

/*
 * Looks through /proc for the descendants of `root`, and itself if `with_root`.
 */
struct crowd crowd_look(pid_t root, bool with_root);

/* Their open descriptors; negative: not allowed. */
int crowd_descriptors(pid_t root, bool with_root);

/* Calls fn for each descriptor of the descendants. */
void crowd_each_descriptor(pid_t root, void (*fn)(pid_t pid, int fd, void *arg),
                           void *arg);

/* Their threads that run, or would like to. */
int crowd_awake(pid_t root, bool with_root);

/* The parent of a process; 0: there is no such process. */
pid_t crowd_parent(pid_t pid);

/* Sends a signal to all descendants of `root`; returns to how many. */
int crowd_kill(pid_t root, int signo);

/*
 * Of root: ends all processes of this user at once, so that none of them can
 * make another meanwhile. For users that exist for one jail, see jail.c.
 */
void crowd_end_user(uid_t uid);

#endif
