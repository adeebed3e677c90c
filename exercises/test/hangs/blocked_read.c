/*
 * blocked_read.c - a blocking server of two clients: it waits for the first,
 * and the second has sent its request.
 */
#include "scene.h"

int main(void)
{
    const int listener = scene_listen();
    const int first = scene_accept(listener);
    const int second = scene_accept(listener);
    char byte;
    scene_say("now");
    scene_must((int)recv(first, &byte, 1, 0), "recv");
    scene_must((int)recv(second, &byte, 1, 0), "recv");
    return 0;
}
