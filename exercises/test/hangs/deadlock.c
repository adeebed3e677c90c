/*
 * deadlock.c - two threads, two locks, two orders.
 */
#include "scene.h"

#include <pthread.h>

static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER,
                                   PTHREAD_MUTEX_INITIALIZER};
static pthread_barrier_t both;

static void *take(void *arg)
{
    const int mine = *(int *)arg;
    pthread_mutex_lock(&locks[mine]);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&locks[1 - mine]);
    return NULL;
}

int main(void)
{
    int first = 0, second = 1;
    pthread_t thread;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&thread, NULL, take, &second);
    scene_say("now");
    take(&first);
    return 0;
}
