/*
 * poll_listener_aside.c - has put its listener aside with -1, and does not take
 * it back.
 */
#include "scene.h"

#include <poll.h>

int main(void)
{
    struct pollfd entries[] = {{.events = POLLIN}, {.events = POLLIN}};
    const int listener = scene_listen();
    entries[1].fd = scene_accept(listener);
    entries[0].fd = -1;
    scene_say("now");
    scene_must(poll(entries, 2, -1), "poll");
    return 0;
}
