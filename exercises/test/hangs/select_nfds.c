/*
 * select_nfds.c - its first argument does not grow with a new client.
 */
#include "scene.h"

#include <sys/select.h>

int main(void)
{
    const int listener = scene_listen();
    const int highest = listener;
    const int client = scene_accept(listener);
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(listener, &readable);
    FD_SET(client, &readable);
    scene_say("now");
    scene_must(select(highest + 1, &readable, NULL, NULL, NULL), "select");
    return 0;
}
