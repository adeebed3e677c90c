/*
 * ticker.c - a thread that sleeps in short steps, as the sanitizers have one,
 * and beside it the first one, whose array has no place for the listener.
 */
#include "scene.h"

#include <poll.h>
#include <pthread.h>
#include <time.h>

static void *tick(void *arg)
{
    (void)arg;
    for (;;)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    const int listener = scene_listen();
    struct pollfd entries[] = {
        {.fd = scene_accept(listener), .events = POLLIN}};
    pthread_create(&thread, NULL, tick, NULL);
    scene_say("now");
    scene_must(poll(entries, 1, -1), "poll");
    return 0;
}
