/*
 * pool.c - a fixed number of threads that take connections from a queue: how
 * Java's servers and WSGI threads work.
 *
 * One thread accepts and puts connections into a bounded queue; when that is
 * full it stops accepting, and the rest wait in the kernel's backlog. As with
 * prefork, as many slow clients as there are threads stop the server: a pool
 * bounds the cost, not the wait.
 *
 *     accept -> [ 7 | 8 | 9 |   ] -> worker 1: serves 4 until it closes
 *                 bounded queue      worker 2: serves 5 ...
 */
#include "models.h"

#include "../common/common.h"

#include <pthread.h>
#include <stdint.h>

enum { QUEUE_MAX = 128 };

static struct {
    pthread_mutex_t lock; /* held when any of these is used: */
    pthread_cond_t not_full, not_empty;
    int fds[QUEUE_MAX]; /* a ring: `n` descriptors from `first` on */
    int first, n;
} queue = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .not_full = PTHREAD_COND_INITIALIZER,
    .not_empty = PTHREAD_COND_INITIALIZER,
};

static void put(int fd)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.n == QUEUE_MAX)
        pthread_cond_wait(&queue.not_full, &queue.lock);
    queue.fds[(queue.first + queue.n++) % QUEUE_MAX] = fd;
    pthread_cond_signal(&queue.not_empty);
    pthread_mutex_unlock(&queue.lock);
}

static int take(void)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.n == 0)
        pthread_cond_wait(&queue.not_empty, &queue.lock);
    const int fd = queue.fds[queue.first];
    queue.first = (queue.first + 1) % QUEUE_MAX;
    queue.n--;
    pthread_cond_signal(&queue.not_full);
    pthread_mutex_unlock(&queue.lock);
    return fd;
}

static void *work(void *arg)
{
    for (;;)
        serve_connection(take());
    return arg;
}

noreturn void serve_pool(int listener, int workers)
{
    for (int i = 0; i < workers; i++) {
        pthread_t thread;
        const int error = pthread_create(&thread, NULL, work, NULL);
        if (error != 0)
            die(error, "fewer --workers", "cannot start worker %d", i + 1);
    }
    for (;;) {
        const int fd = next_connection(listener);
        if (fd != -1)
            put(fd);
    }
}
