/*
 * half_closed.c - the client has sent its last byte and says so; the server has
 * read the bytes and taken the client out of its wait.
 */
#include "scene.h"

int main(void)
{
    char bytes[100];
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_must((int)recv(client, bytes, sizeof bytes, 0), "recv");
    scene_watch(epoll, listener, EPOLLIN);
    scene_say("now");
    scene_wait(epoll);
    return 0;
}
