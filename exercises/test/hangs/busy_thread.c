/*
 * busy_thread.c - one thread reads, the other spins.
 */
#include "scene.h"

#include <pthread.h>

static void *spin(void *arg)
{
    volatile bool *more = arg;
    while (*more)
        ;
    return NULL;
}

int main(void)
{
    static volatile bool more = true;
    pthread_t thread;
    char byte;
    pthread_create(&thread, NULL, spin, (void *)&more);
    scene_say("now");
    scene_must((int)read(STDIN_FILENO, &byte, 1), "read");
    return 0;
}
