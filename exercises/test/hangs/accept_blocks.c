/*
 * accept_blocks.c - takes each client, then looks for the next with a listener
 * that blocks, before it serves the first.
 */
#include "scene.h"

int main(void)
{
    const int listener = scene_listen();
    const int first = scene_accept(listener);
    scene_say("now");
    const int second = scene_accept(listener);
    char byte;
    scene_must((int)recv(first, &byte, 1, 0), "recv");
    scene_must((int)recv(second, &byte, 1, 0), "recv");
    return 0;
}
