/*
 * seccomp.h - takes from a process, and from all that it starts, system calls
 * that no exercise needs and that reach beyond a jail.
 *
 * Read before: jail.h. Read after: seccomp.c.
 */
#ifndef CHECK_SECCOMP_H
#define CHECK_SECCOMP_H

#include <stdbool.h>

/* What is left to it all the same. */
struct seccomp_needs {
    bool execs;     /* other programs: compilers need it */
    bool sanitized; /* ptrace(2), and threads that no tracer sees: LeakSanitizer
                       stops all others so */
};

/*
 * From now on these calls fail with EPERM. Without `execs` the process may
 * still become *program, once: its name is moved to where nobody finds it. 0 or
 * a negative errno value.
 */
int seccomp_forbid(const struct seccomp_needs *needs, const char **program);

#endif
