/*
 * iterative.c - one connection after the other.
 *
 * The next client waits in the kernel's queue (listen(2), backlog) until the
 * one before has gone. One client that connects and says nothing stops all.
 */
#include "models.h"

noreturn void serve_iterative(int listener, int workers)
{
    (void)workers;
    for (;;) {
        const int fd = next_connection(listener);
        if (fd != -1)
            serve_connection(fd);
    }
}
