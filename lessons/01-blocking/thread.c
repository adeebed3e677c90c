/*
 * thread.c - a thread per connection: the same idea, without the copy of the
 * process.
 *
 * Cheaper than fork, but each client still costs a stack, a place in the
 * kernel's scheduler and two context switches a request. A semaphore bounds
 * their number: a server without a bound is one that a crowd can kill.
 */
#include "models.h"

#include "../common/common.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <unistd.h>

enum { MAX_THREADS = 1000 };

static sem_t slots;

static void *serve_one(void *arg)
{
    serve_connection((int)(intptr_t)arg);
    sem_post(&slots);
    return NULL;
}

noreturn void serve_thread(int listener, int workers)
{
    (void)workers;
    pthread_attr_t detached;
    if (sem_init(&slots, 0, MAX_THREADS) == -1 ||
        pthread_attr_init(&detached) != 0 ||
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) != 0)
        die(errno, NULL, "cannot set up threads");
    for (;;) {
        sem_wait(&slots);
        const int fd = next_connection(listener);
        pthread_t thread;
        if (fd != -1 && pthread_create(&thread, &detached, serve_one,
                                       (void *)(intptr_t)fd) == 0)
            continue;
        if (fd != -1)
            close(fd); /* no thread for it: the client may try again */
        sem_post(&slots);
    }
}
