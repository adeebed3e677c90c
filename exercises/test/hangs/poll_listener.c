/*
 * poll_listener.c - its array has no place for the listener.
 */
#include "scene.h"

#include <poll.h>

int main(void)
{
    const int listener = scene_listen();
    struct pollfd entries[] = {
        {.fd = scene_accept(listener), .events = POLLIN}};
    scene_say("now");
    scene_must(poll(entries, 1, -1), "poll");
    return 0;
}
