/*
 * backlog.c - an iterative server: while it waits for its client, the next is
 * connected and waits in the backlog.
 */
#include "scene.h"

int main(void)
{
    const int listener = scene_listen();
    char byte;
    for (;;) {
        const int client = scene_accept(listener);
        scene_say("now");
        scene_must((int)recv(client, &byte, 1, 0), "recv");
        close(client);
    }
}
