/*
 * epoll_stale.c - closes a client of which a copy is open, so that its interest
 * stays in the list; the next client gets the number, and is not added.
 */
#include "scene.h"

int main(void)
{
    const int listener = scene_listen();
    const int first = scene_accept(listener);
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(epoll, first, EPOLLIN);
    scene_must(dup(first), "dup");
    close(first);
    scene_say("closed");
    const int second = scene_accept(listener); /* the same number */
    scene_say(second == first ? "now" : "another number");
    scene_wait(epoll);
    return 0;
}
