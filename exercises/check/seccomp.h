/*
 * seccomp.h - takes from a process, and from all that it starts, system calls
 * that no exercise needs and that reach beyond a jail.
 *
 * Read before: jail.h. Read after: seccomp.c.
 */
#ifndef CHECK_SECCOMP_H
#define CHECK_SECCOMP_H

/* From now on these calls fail with EPERM. 0 or a negative errno value. */
int seccomp_forbid(void);

#endif
