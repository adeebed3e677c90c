/*
 * oneshot.c - one-shot, and not armed again after the first request.
 */
#include "scene.h"

int main(void)
{
    char bytes[100];
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(epoll, client, EPOLLIN | EPOLLONESHOT);
    for (;;) {
        scene_must((int)recv(scene_wait(epoll), bytes, sizeof bytes, 0),
                   "recv");
        scene_say("now");
    }
}
