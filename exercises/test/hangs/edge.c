/*
 * edge.c - edge-triggered, and reads 10 bytes of each event.
 */
#include "scene.h"

int main(void)
{
    char bytes[10];
    const int listener = scene_listen();
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(epoll, listener, EPOLLIN);
    for (;;) {
        const int ready = scene_wait(epoll);
        if (ready == listener) {
            const int client = scene_accept(listener);
            scene_non_blocking(client);
            scene_watch(epoll, client, EPOLLIN | EPOLLET);
            scene_say("connected");
        } else {
            scene_must((int)recv(ready, bytes, sizeof bytes, 0), "recv");
            scene_say("now");
        }
    }
}
