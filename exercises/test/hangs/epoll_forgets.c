/*
 * epoll_forgets.c - accepts a client and does not add it to the interest list.
 */
#include "scene.h"

int main(void)
{
    const int listener = scene_listen();
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(epoll, listener, EPOLLIN);
    for (;;) {
        scene_accept(scene_wait(epoll));
        scene_say("now");
    }
}
