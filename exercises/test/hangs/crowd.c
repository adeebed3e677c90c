/*
 * crowd.c - a thousand descriptors; what waits is in one in the middle, a pipe
 * that stands in no interest list.
 */
#include "scene.h"

enum { PIPES = 500, MIDDLE = 250 };

int main(void)
{
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    for (int i = 0; i < PIPES; i++) {
        int ends[2];
        scene_must(pipe(ends), "pipe");
        if (i == MIDDLE)
            scene_must((int)write(ends[1], "x", 1), "write");
        else
            scene_watch(epoll, ends[0], EPOLLIN);
    }
    scene_say("now");
    scene_wait(epoll);
    return 0;
}
