/*
 * busy_again.c - a non-blocking recv, asked again and again.
 */
#include "scene.h"

int main(void)
{
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    char byte;
    scene_say("now");
    while (recv(client, &byte, 1, MSG_DONTWAIT) == -1)
        ;
    return 0;
}
