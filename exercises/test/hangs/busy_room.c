/*
 * busy_room.c - asks for room to write when there is nothing to send.
 */
#include "scene.h"

int main(void)
{
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(epoll, client, EPOLLIN | EPOLLOUT);
    scene_say("now");
    for (;;)
        scene_wait(epoll);
}
