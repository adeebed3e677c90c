/*
 * backend.c - the table of back ends.
 *
 * Read before: core_internal.h. Read after: select.c, poll.c, epoll.c, uring.c.
 */
#include "loop/core/core_internal.h"

#include <string.h>

static const struct backend *const backends[] = {
    &backend_select,
    &backend_poll,
    &backend_epoll,
#ifdef LOOP_HAS_URING
    &backend_uring,
#endif
};

static const char *const names[] = {
    "select", "poll", "epoll",
#ifdef LOOP_HAS_URING
    "uring",
#endif
    NULL,
};

enum { BACKENDS = sizeof backends / sizeof *backends };

const struct backend *backend_find(const char *name)
{
    for (int i = 0; i < BACKENDS; i++)
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
    return NULL;
}

const char *const *loop_backends(void)
{
    return names;
}
