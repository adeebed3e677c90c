/*
 * select_except.c - takes the third set for the one that tells of everything.
 */
#include "scene.h"

#include <sys/select.h>

int main(void)
{
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    fd_set readable, special;
    FD_ZERO(&readable);
    FD_ZERO(&special);
    FD_SET(listener, &readable);
    FD_SET(client, &special);
    scene_say("now");
    scene_must(select(client + 1, &readable, NULL, &special, NULL), "select");
    return 0;
}
