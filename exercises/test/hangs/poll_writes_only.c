/*
 * poll_writes_only.c - has answered, and leaves an entry that asks for nothing.
 */
#include "scene.h"

#include <poll.h>

int main(void)
{
    const int listener = scene_listen();
    struct pollfd entries[] = {{.fd = listener, .events = POLLIN},
                               {.fd = scene_accept(listener), .events = 0}};
    scene_say("now");
    scene_must(poll(entries, 2, -1), "poll");
    return 0;
}
