/*
 * epoll_elsewhere.c - has two epolls, arms in the one and waits for the other.
 */
#include "scene.h"

int main(void)
{
    const int listener = scene_listen();
    const int old = scene_must(epoll_create1(0), "epoll_create1");
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(old, scene_accept(listener), EPOLLIN);
    scene_watch(epoll, listener, EPOLLIN);
    scene_say("now");
    scene_wait(epoll);
    return 0;
}
