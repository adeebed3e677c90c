/*
 * nested.c - an epoll in an epoll: the client stands in the inner one, so it is
 * heard of; it is edge-triggered there, and not drained.
 */
#include "scene.h"

int main(void)
{
    char bytes[10];
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    const int outer = scene_must(epoll_create1(0), "epoll_create1");
    const int inner = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(outer, inner, EPOLLIN);
    scene_watch(inner, client, EPOLLIN | EPOLLET);
    for (;;) {
        scene_wait(outer);
        scene_wait(inner);
        scene_must((int)recv(client, bytes, sizeof bytes, 0), "recv");
        scene_say("now");
    }
}
