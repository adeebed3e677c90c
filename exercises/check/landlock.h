/*
 * landlock.h - takes files from a process, and from all that it starts, where
 * there is no namespace to hide them in.
 *
 * Read before: jail.h. Read after: landlock.c.
 */
#ifndef CHECK_LANDLOCK_H
#define CHECK_LANDLOCK_H

#include "jail.h"

/* True if the kernel has it: Linux 5.13 or later, and switched on. */
bool landlock_works(void);

/*
 * From now on this process sees the files that a jail with these options would
 * hold, changes none but those in a writable options->work, and, from Linux
 * 6.12 on, signals none but those it has started. 0 or a negative errno value;
 * 0 also if there is no Landlock.
 */
int landlock_confine(const struct jail_options *options);

#endif
