/*
 * waits_for_room.c - does it right, and the client does not read.
 */
#include "scene.h"

int main(void)
{
    static const char bytes[1 << 16];
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_non_blocking(client);
    while (send(client, bytes, sizeof bytes, MSG_NOSIGNAL) != -1)
        ;
    scene_watch(epoll, client, EPOLLOUT);
    scene_say("now");
    scene_wait(epoll);
    return 0;
}
