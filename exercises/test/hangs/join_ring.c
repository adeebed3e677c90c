/*
 * join_ring.c - three threads, each of which waits for the end of the next.
 */
#include "scene.h"

#include <pthread.h>

static pthread_t threads[3];
static pthread_barrier_t all;

static void *join(void *next)
{
    pthread_barrier_wait(&all);
    pthread_join(*(pthread_t *)next, NULL);
    return NULL;
}

int main(void)
{
    pthread_barrier_init(&all, NULL, 3);
    threads[0] = pthread_self();
    pthread_create(&threads[1], NULL, join, &threads[2]);
    pthread_create(&threads[2], NULL, join, &threads[0]);
    scene_say("now");
    join(&threads[1]);
    return 0;
}
