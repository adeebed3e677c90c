/*
 * sleeps.c - a callback that sleeps, in the middle of a loop.
 */
#include "scene.h"

#include <time.h>

int main(void)
{
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(epoll, listener, EPOLLIN);
    scene_watch(epoll, client, EPOLLIN);
    scene_say("now");
    nanosleep(&(struct timespec){.tv_sec = 1000}, NULL);
    scene_wait(epoll);
    return 0;
}
