/*
 * poll_negative.c - puts a client aside by a negative number, and does not take
 * it back.
 */
#include "scene.h"

#include <poll.h>

int main(void)
{
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    struct pollfd entries[] = {{.fd = listener, .events = POLLIN},
                               {.fd = -client, .events = POLLIN}};
    scene_say("now");
    scene_must(poll(entries, 2, -1), "poll");
    return 0;
}
