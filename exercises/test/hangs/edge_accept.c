/*
 * edge_accept.c - an edge-triggered listener, and one accept for each event:
 * two clients came before the first wait.
 */
#include "scene.h"

int main(void)
{
    const int listener = scene_listen();
    scene_non_blocking(listener);
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    char go;
    scene_must((int)read(STDIN_FILENO, &go, 1), "read"); /* both are there */
    scene_watch(epoll, listener, EPOLLIN | EPOLLET);
    for (;;) {
        scene_wait(epoll);
        scene_accept(listener);
        scene_say("now");
    }
}
