/*
 * eventfd_unwatched.c - posts to itself through an eventfd that no wait looks
 * at: the wake-up is lost.
 */
#include "scene.h"

#include <sys/eventfd.h>

int main(void)
{
    const int listener = scene_listen();
    const int wake = scene_must(eventfd(0, EFD_NONBLOCK), "eventfd");
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_watch(epoll, listener, EPOLLIN);
    scene_must(eventfd_write(wake, 1), "eventfd_write");
    scene_say("now");
    scene_wait(epoll);
    return 0;
}
