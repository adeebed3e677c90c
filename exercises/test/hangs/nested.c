/*
 * nested.c - an epoll in an epoll: the client stands in the inner one, so it is
 * heard of. It has sent a part of a request, which was read: nothing is amiss
 * here but what the client did not say.
 */
#include "scene.h"

int main(void)
{
    char bytes[100];
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    const int outer = scene_must(epoll_create1(0), "epoll_create1");
    const int inner = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(outer, inner, EPOLLIN);
    scene_watch(inner, client, EPOLLIN);
    for (;;) {
        scene_wait(outer);
        scene_must((int)recv(client, bytes, sizeof bytes, 0), "recv");
        scene_say("now");
    }
}
